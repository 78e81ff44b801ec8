"""Pure rules of claims: no clock, no database; whoever keeps claims looks up what they are given."""

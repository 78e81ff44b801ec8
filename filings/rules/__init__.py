"""Pure rules of files of claims: no clock, no database."""

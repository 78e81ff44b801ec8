"""Years insured in a row and without a claim, and the facts of a cover that a plan's arithmetic asks for (floor 5)."""

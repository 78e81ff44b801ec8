"""Months of a program are closed: their figures are kept, and what comes later falls into the next."""

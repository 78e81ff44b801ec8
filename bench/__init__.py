"""Measurements: `make bench`. Never part of a test, since machines are shared and noisy; quote ratios."""

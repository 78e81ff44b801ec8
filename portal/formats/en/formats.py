"""Numbers as accounts show them: grouped by three, a point before the fen."""

THOUSAND_SEPARATOR = ","
DECIMAL_SEPARATOR = "."
NUMBER_GROUPING = 3

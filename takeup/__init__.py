"""Take-up: who is to be won in a period, by county, and how many of them stand enrolled, day by day."""

"""Hand-overs to the insurer: whom it is told of, in its own columns, and what it answers, line by line."""

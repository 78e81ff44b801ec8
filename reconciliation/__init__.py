"""What was decided, owed, ordered, paid and booked of claims, held against one another; nothing here writes."""

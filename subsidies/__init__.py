"""What funders pay: requests with their lists, what came in, what is owed back and to whom; cover itself is decided below."""

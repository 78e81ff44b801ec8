"""Between enrollment and cover: the public notice, own payments, and a board of how many wait where."""

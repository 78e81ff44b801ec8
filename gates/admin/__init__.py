"""Pages of the room, one file for each noun."""

from gates.admin import notices, objections, payments, statements, unpaid

__all__ = ["notices", "objections", "payments", "statements", "unpaid"]

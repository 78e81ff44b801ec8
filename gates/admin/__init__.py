"""Pages of the room, one file for each noun."""

from gates.admin import notices, objections, payments, unpaid

__all__ = ["notices", "objections", "payments", "unpaid"]

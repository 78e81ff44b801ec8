"""Pages of the room, one file for each noun."""

from gates.admin import bills, clearings, held, notices, objections, payments, statements, uncollected, unpaid

__all__ = ["bills", "clearings", "held", "notices", "objections", "payments", "statements", "uncollected", "unpaid"]

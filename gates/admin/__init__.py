"""Pages of the room, one file for each noun."""

from gates.admin import clearings, held, notices, objections, payments, statements, uncollected, unpaid

__all__ = ["clearings", "held", "notices", "objections", "payments", "statements", "uncollected", "unpaid"]

"""Pages of the room, one file for each noun."""

from gates.admin import notices, objections

__all__ = ["notices", "objections"]

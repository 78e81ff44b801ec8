"""Pages of the room."""

from continuity.admin import lists

__all__ = ["lists"]

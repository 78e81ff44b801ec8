"""Pages of the room."""

from closing.admin import closings, figures

__all__ = ["closings", "figures"]

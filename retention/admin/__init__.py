"""Pages of the room."""

from retention.admin import holds, lines, runs, terms

__all__ = ["holds", "lines", "runs", "terms"]

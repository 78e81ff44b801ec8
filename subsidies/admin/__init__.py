"""Pages of the room, one file for each noun."""

from subsidies.admin import differences, lines, movements, requests

__all__ = ["differences", "lines", "movements", "requests"]

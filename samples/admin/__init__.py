"""Pages of the room, one file for each noun."""

from samples.admin import bundles, items, samples

__all__ = ["bundles", "items", "samples"]

"""Tables of the room."""

from __future__ import annotations

from continuity.models.earlier import EarlierChunk, EarlierList, EarlierListFile, EarlierRow, EarlierYears

__all__ = ["EarlierChunk", "EarlierList", "EarlierListFile", "EarlierRow", "EarlierYears"]

"""Importing an edition of the regions: set-based, retires what is missing, deletes nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RegionImport:
    """What an edition changed: counts of rows."""

    read: int
    added: int
    changed: int
    retired: int


def import_regions() -> None:
    """Placeholder until the reader of region files stands."""
    raise NotImplementedError

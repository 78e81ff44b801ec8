"""The base of every admin page, and the pages of this room."""

from audit.admin.base import ReadOnlyScopedAdmin, ScopedModelAdmin, VisibleRelatedFilter
from audit.admin.pages import EventAdmin, RevealAdmin

__all__ = ["EventAdmin", "ReadOnlyScopedAdmin", "RevealAdmin", "ScopedModelAdmin", "VisibleRelatedFilter"]

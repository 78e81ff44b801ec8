"""The room's pages in the admin."""

from reconciliation.admin import programs, statements

__all__ = ["programs", "statements"]

"""The room's pages in the admin."""

from reconciliation.admin import programs

__all__ = ["programs"]

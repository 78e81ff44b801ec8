"""The room's pages."""

from claims.admin import claims, payables, thresholds

__all__ = ["claims", "payables", "thresholds"]

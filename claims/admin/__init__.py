"""The room's pages."""

from claims.admin import calendar, claims, flags, letters, payables, recoveries, service_terms, thresholds

__all__ = ["calendar", "claims", "flags", "letters", "payables", "recoveries", "service_terms", "thresholds"]

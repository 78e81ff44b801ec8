"""The nouns of the room."""

from reconciliation.models.reconciliation import Reconciliation

__all__ = ["Reconciliation"]

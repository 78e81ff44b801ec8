"""The nouns of the room."""

from reconciliation.models.reconciliation import Reconciliation
from reconciliation.models.statement import ClaimStatement

__all__ = ["ClaimStatement", "Reconciliation"]

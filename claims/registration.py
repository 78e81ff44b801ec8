"""What this room tells the rooms below at start: verbs, permissions, blind indexes."""

from __future__ import annotations

from audit import blind_index, events
from claims import flag_registration, term_registration
from claims.models import ACCOUNT
from claims.verbs import VERBS


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    term_registration.register()
    flag_registration.register()
    for label in ("claims.Claim", "claims.Payable"):
        blind_index.register(blind_index.BlindIndex(ACCOUNT, label, "account_index", _account_of))


def _account_of(row: object) -> str | None:
    sealed = getattr(row, "payee_account", None)
    return None if sealed is None else str(sealed.reveal())

"""A hand-over's file on its way out: the archive is that of any file that leaves (`exports.locking`)."""

from __future__ import annotations

from exports.locking import LEAST, MOST, can_be_typed, locked, made_password
from handover.errors import HandOverRefused

__all__ = ["LEAST", "MOST", "checked_password", "locked", "made_password"]


def checked_password(password: str) -> bytes:
    """As the archive takes it: signs that every keyboard has, so that it can be typed anywhere; else HandOverRefused."""
    if not can_be_typed(password):
        raise HandOverRefused("PASSWORD", least=LEAST, most=MOST)
    return password.encode("ascii")

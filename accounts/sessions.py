"""Marks in a session: when it began, when it was last used, whether a second factor opened it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.sessions.backends.base import SessionBase

from accounts.policy import policy
from audit.faults import fault_point

if TYPE_CHECKING:
    from accounts.models import User

STARTED = "accounts.started"
SEEN = "accounts.seen"
SECOND_FACTOR = "accounts.second_factor"
PENDING = "accounts.pending"
#: Seconds between two writes of SEEN: not every page costs a write.
SEEN_EVERY = 30


def begin(session: SessionBase, *, at: datetime) -> None:
    """Mark a fresh sign-in."""
    session[STARTED] = session[SEEN] = int(at.timestamp())


def touch(session: SessionBase, *, at: datetime) -> None:
    """Mark use, at most every SEEN_EVERY seconds."""
    now = int(at.timestamp())
    if now - session.get(SEEN, 0) >= SEEN_EVERY:
        session[SEEN] = now


def end_reason(session: SessionBase, *, at: datetime) -> str | None:
    """Why a session is over: "idle", "absolute", "unmarked"; None while it lives."""
    started, seen = session.get(STARTED), session.get(SEEN)
    if started is None or seen is None:
        return "unmarked"
    now = int(at.timestamp())
    if now - started >= policy().session_absolute_seconds:
        return "absolute"
    return "idle" if now - seen >= policy().session_idle_seconds else None


def hold_pending(session: SessionBase, user: User, *, next_url: str, at: datetime) -> None:
    """Remember a user whose password was right until the second factor follows; nothing is open yet."""
    fault_point("accounts.hold_pending.before")
    session.flush()
    fault_point("accounts.hold_pending.after")
    session[PENDING] = {
        "user": user.pk,
        "bound": user.get_session_auth_hash(),
        "at": int(at.timestamp()),
        "next": next_url,
    }


def pending(session: SessionBase, *, at: datetime) -> dict[str, object] | None:
    """The held sign-in, unless it is too old."""
    held = session.get(PENDING)
    if held is None or int(at.timestamp()) - held["at"] >= policy().sign_in_pending_seconds:
        session.pop(PENDING, None)
        return None
    return held

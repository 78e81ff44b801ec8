"""Sessions in the database, as Django keeps them; reading one, which every request does, composes no statement."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db
from django.db import connection
from django.utils import timezone

_LIVE = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s"


class SessionStore(db.SessionStore):
    """What `SESSION_ENGINE` asks for."""

    def load(self) -> dict[str, Any]:
        """What a live session holds; one that is over or unknown is nobody's."""
        with connection.cursor() as cursor:
            cursor.execute(_LIVE, [self.session_key, timezone.now()])
            found = cursor.fetchone()
        if found is None:
            self._session_key = None
            return {}
        kept: dict[str, Any] = self.decode(found[0])
        return kept

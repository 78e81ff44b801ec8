"""How a process that answers requests asks the database: each page by one process of the server alone.

The server gives a statement that seems long two helpers. They start in the time that a page has, and take the processors of other
pages: a name sought among ten million claims took 440 ms with them and 120 without (docs/performance.md). Jobs keep them.
"""

from __future__ import annotations

from typing import Any

from django.core.signals import request_started
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

_ALONE = "SET max_parallel_workers_per_gather = 0"


class Serving:
    """Whether this process has been asked for a page."""

    begun = False

    def begin(self, **_told: Any) -> None:
        """The first request: before its connection."""
        self.begun = True

    def ask_alone(self, connection: BaseDatabaseWrapper, **_told: Any) -> None:
        """Of a new connection."""
        if self.begun:
            with connection.cursor() as cursor:
                cursor.execute(_ALONE)


SERVING = Serving()


def ask_alone() -> None:
    """To be called once, when the portal is loaded."""
    request_started.connect(SERVING.begin, dispatch_uid="portal.serving")
    connection_created.connect(SERVING.ask_alone, dispatch_uid="portal.serving")

"""Pages are answered by one process of the database server each, jobs by as many as it gives."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.backends.signals import connection_created
from django.test import Client

from portal.serving import SERVING

pytestmark = pytest.mark.django_db


def helpers() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW max_parallel_workers_per_gather")
        return str(cursor.fetchone()[0])


def test_a_process_that_was_asked_for_a_page_asks_the_database_without_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SERVING, "begun", False)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 2")
    connection_created.send(type(connection), connection=connection)
    assert helpers() == "2"
    Client().get("/health/live")
    assert SERVING.begun
    connection_created.send(type(connection), connection=connection)
    assert helpers() == "0"

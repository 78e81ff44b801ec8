"""The suite's own kit: a world put back is the world that was made, row by row, and tables are left empty after it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from audit.faults import FaultAt, handled_by
from audit.models import Event
from beneficiaries.testing import make_world, people, uploaded
from jobs.testing import drain
from portal.local.kept_rows import STAYING
from portal.local.pytest_plugin import OWN_SERVER, TABLES
from portal.verify import check_all
from programs.models import Program

pytestmark = pytest.mark.skipif(not OWN_SERVER, reason="worlds are kept on the embedded server alone")


def rows() -> dict[str, list[str]]:
    """Every row of every table that has any, as text."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL (%s)", [list(STAYING)]
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text FROM {name} t ORDER BY 1")
            if lines := [line for (line,) in cursor.fetchall()]:
                found[name] = lines
    return found


@pytest.mark.django_db(transaction=True)
def test_a_world_put_back_is_the_one_that_was_made_with_its_events_and_histories() -> None:
    TABLES.empty()
    made, wanted = make_world(code="KR"), rows()
    assert len(wanted["audit_event"]) > 10 and len(wanted) > 20
    TABLES.empty()
    assert rows() == {}
    again = make_world(code="KR")
    assert rows() == wanted
    assert (again, again.at) == (made, made.at) and again.clerk is not made.clerk
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []
    # New rows stand beside the old ones, and triggers work again.
    uploaded(again, people(1))
    drain()
    with pytest.raises(Exception, match="audit_event"), transaction.atomic():
        Event.objects.update(verb="forged")


@pytest.mark.django_db
def test_within_a_transaction_it_is_put_back_too_and_goes_with_it() -> None:
    with transaction.atomic():
        make_world(code="KT")
        wanted = rows()
        transaction.set_rollback(True)
    with transaction.atomic():
        make_world(code="KT")
        assert rows() == wanted
        with pytest.raises(Exception, match="audit_event"), transaction.atomic():
            Event.objects.update(verb="forged")
        transaction.set_rollback(True)
    assert not Program.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("how", ["beside another", "with other arguments", "under a fault"])
def test_what_is_not_the_same_is_made(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make_world(code="KS")
    if how == "beside another":
        assert make_world(code="KU").program.pk > first.program.pk
        return
    with transaction.atomic():
        _emptied()
        if how == "with other arguments":
            assert make_world(code="KS", granted=Decimal("5.00")).budgets[0].granted == Decimal("5.00")
        else:
            fault: Any = FaultAt()
            with handled_by(fault):
                make_world(code="KS")
            assert "audit.record.after" in fault.seen
        transaction.set_rollback(True)


def _emptied() -> None:
    """All rows gone, within this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in rows():
            cursor.execute(f"DELETE FROM {name}")
        cursor.execute("SET LOCAL session_replication_role = origin")

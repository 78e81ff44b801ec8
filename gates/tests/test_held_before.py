"""Money that was held before it was booked: the migration posts it, one posting a statement, and `verify` finds nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.testing import shared
from beneficiaries.actions import Gate, pass_gate
from beneficiaries.testing import World, applied, make_world, people
from beneficiaries.tests.test_lapses import balances
from gates.models import HeldPayment, Statement
from gates.testing import line_of, taken_in
from portal.verify import check_all
from programs.models import Books, LedgerTransaction
from programs.models.books import month_after, month_of

pytestmark = pytest.mark.django_db
D = Decimal
#: As the portal was before: nothing of it booked, nothing counted elsewhere.
BEFORE = (
    "SET CONSTRAINTS ALL IMMEDIATE",
    *(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in ("programs_ledgerentry", "programs_ledgertransaction")),
    "ALTER TABLE gates_heldpayment DROP CONSTRAINT held_payment_counted_elsewhere",
    "UPDATE gates_heldpayment SET state = 'held'",
    """UPDATE programs_ledgeraccount a SET balance = balance - e.amount FROM programs_ledgerentry e
    JOIN programs_ledgertransaction t ON t.id = e.transaction_id AND t.kind = 'held' WHERE e.account_id = a.id""",
    """DELETE FROM programs_ledgerentry WHERE transaction_id IN (
        SELECT id FROM programs_ledgertransaction WHERE kind = 'held')""",
    "DELETE FROM programs_ledgertransaction WHERE kind = 'held'",
    "DELETE FROM programs_ledgeraccount WHERE kind = 'own_held'",
    *(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in ("programs_ledgerentry", "programs_ledgertransaction")),
)


def made() -> tuple[World, Statement]:
    """One statement with two held lines, and one that reports a line again."""
    world = make_world(requires_notice=True, notice_days=0, requires_own_payment=True)
    roster = applied(world, people(3))
    pass_gate(roster, gate=Gate.NOTICE, by=world.clerk, at=timezone.now())
    one, two, three = roster.enrollments.select_related("person", "program", "period").order_by("pk")
    statement = taken_in(world, [line_of(one), line_of(two, amount="5.00"), line_of(three, name="赵六")])
    taken_in(world, [line_of(one)], reference="DZ-2")
    return world, statement


_django_db_helper, one_world, kept_world = shared(made)


def migrate() -> None:
    book = import_module("gates.migrations.0006_held_money_is_booked").book
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        book(None, SimpleNamespace(connection=connection))
        # As the commit does: every posting balances.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("closed", [False, True])
def test_what_was_held_before_is_booked_once_in_an_open_month_and_the_books_agree(kept_world: Any, closed: bool) -> None:
    world, statement = kept_world
    with connection.cursor() as cursor:
        for step in BEFORE:
            cursor.execute(step)
    assert "held_money_is_in_the_books" in [result.name for result in check_all() if result.rows]
    expected: date = timezone.localdate(statement.applied_at)
    if closed:
        expected = month_after(month_of(expected))
        Books.objects.create(program=world.program, open_from=expected)
    migrate()
    posted = LedgerTransaction.objects.get(kind="held")
    assert (posted.source_type, posted.source_id, posted.memo, posted.at) == (
        "gates.statement", statement.pk, "2", statement.applied_at,
    )
    assert (posted.booked_on, posted.by_label) == (expected, "system:upgrade")
    assert (balances()["own_received"], balances()["own_held"]) == (D("5.02"), D("-5.01"))
    assert sorted(HeldPayment.objects.values_list("kind", "state")) == [
        ("amount", "held"), ("doubtful", "held"), ("reported", "counted"),
    ]
    broken = [(result.name, result.examples) for result in check_all() if result.rows]
    # A month that no closing closed is this test's own doing.
    assert [found for found in broken if not closed or not found[0].startswith("books_")] == []

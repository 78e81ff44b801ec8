"""Each invariant of held money and of clearings finds its planted violation, and nothing in clearings as they are made."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.testing import shared
from beneficiaries.actions import Gate, pass_gate
from beneficiaries.testing import applied, make_world, people
from gates import actions
from gates.invariants import INVARIANTS
from gates.models import HeldPayment
from gates.testing import approved_clearing, clearing_of, line_of, paid, taken_in
from portal.verify import check

pytestmark = pytest.mark.django_db
H, L, P, PL = "gates_heldpayment", "gates_clearingline", "gates_ownpayment", "gates_ownpaymentline"
C, E, T, V = "gates_clearing", "programs_ledgerentry", "programs_ledgertransaction", "audit_event"
_OF = f"transaction_id IN (SELECT id FROM {T} WHERE kind = '{{kind}}')"

#: Name -> tables whose triggers stand aside, and what breaks it.
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "held_money_is_in_the_books": [
        ((H,), [f"UPDATE {H} SET amount = amount + 0.01 WHERE state = 'held'"]),
        ((H,), [f"UPDATE {H} SET state = 'assigned' WHERE state = 'held'"]),
        ((E,), [f"UPDATE {E} SET amount = 2 * amount WHERE {_OF.format(kind='held')}"]),
        ((T,), [f"UPDATE {T} SET source_id = 987654321 WHERE kind = 'held'"]),
        ((E,), [f"DELETE FROM {E} WHERE {_OF.format(kind='return')}"]),
    ],
    "every_fen_that_came_in_has_its_place": [
        ((E,), [f"DELETE FROM {E} WHERE {_OF.format(kind='return')}"]),
        ((E,), [f"DELETE FROM {E} WHERE {_OF.format(kind='receipt')}"]),
        ((H,), [f"UPDATE {H} SET state = 'held' WHERE state = 'returned'"]),
        ((H,), [
            f"ALTER TABLE {H} DROP CONSTRAINT held_payment_counted_elsewhere",
            f"UPDATE {H} SET state = 'counted' WHERE state = 'held'",
        ]),
    ],
    "clearing_approved_by_another": [
        ((C,), [f"ALTER TABLE {C} DROP CONSTRAINT clearing_approved_by_another", f"UPDATE {C} SET decided_by_id = proposed_by_id"]),
        ((C,), [f"UPDATE {C} SET digest = repeat('0', 64)"]),
        ((L,), [f"UPDATE {L} SET amount = amount + 0.01"]),
        ((L,), [f"UPDATE {L} SET enrollment_id = enrollment_id + 1000 WHERE enrollment_id IS NOT NULL"]),
        ((L,), [f"UPDATE {L} SET outcome = '', why = '' WHERE outcome = 'left'"]),
    ],
    "clearing_line_has_its_end": [
        ((H,), [f"UPDATE {H} SET state = 'listed' WHERE state = 'held'"]),
        ((H,), [f"UPDATE {H} SET state = 'held' WHERE state = 'returned'"]),
        ((L,), [f"UPDATE {L} SET outcome = 'left', why = 'x' WHERE paid_id IS NOT NULL"]),
        ((PL,), [f"UPDATE {PL} SET row_id = row_id + 1 WHERE payment_id IN (SELECT id FROM {P} WHERE clearing_id IS NOT NULL)"]),
    ],
    "every_clearing_has_its_events": [
        ((V,), [f"DELETE FROM {V} WHERE verb = 'clearing.{verb}'"]) for verb in ("proposed", "approved", "done")
    ],
    # Invariants of payments that read reversed lines, too.
    "payment_equals_its_lines": [
        ((P,), [f"UPDATE {P} SET reversed_amount = 0.02 WHERE state = 'reversed'"]),
        ((P,), [f"ALTER TABLE {P} DROP CONSTRAINT own_payment_reversed_within_it", f"UPDATE {P} SET state = 'recorded'"]),
    ],
    "payment_is_booked_and_recorded": [((E,), [f"DELETE FROM {E} WHERE {_OF.format(kind='unpaid')}"])],
    "statement_line_has_one_outcome": [((H,), [f"UPDATE {H} SET state = 'held' WHERE state = 'assigned'"])],
}


def made() -> None:
    """Three held lines: assigned, given back, and put back by the bank; and a payment that was reversed."""
    world = make_world(requires_notice=True, notice_days=0, requires_own_payment=True)
    roster = applied(world, people(4))
    pass_gate(roster, gate=Gate.NOTICE, by=world.clerk, at=timezone.now())
    one, two, three, four = roster.enrollments.select_related("person", "program", "period").order_by("pk")
    taken_in(world, [line_of(one), line_of(two, name="赵六"), line_of(three, amount="2.00"), line_of(four, amount="3.00")])
    approved_clearing(world, clearing_of(world, HeldPayment.objects.filter(kind="doubtful"), "assign"))
    back = approved_clearing(world, clearing_of(world, HeldPayment.objects.filter(kind="amount"), "return"))
    by: dict[str, Any] = {"by": world.finance_maker, "at": timezone.now()}
    actions.record_returned(back, numbers="1", reference="TK-1", returned_on=timezone.localdate(), **by)
    actions.record_not_returned(back, numbers="2", reason="账户已销户", **by)
    wrong = paid(world, roster.enrollments.filter(pk=four.pk), amount=Decimal("0.01"))
    approved_clearing(world, clearing_of(world, wrong, "reverse"))


_django_db_helper, one_world, kept_world = shared(made)


def broken() -> list[str]:
    return [invariant.name for invariant in INVARIANTS if check(invariant).rows]


def test_clearings_as_they_are_made_break_nothing(kept_world: Any) -> None:
    assert broken() == []


@pytest.mark.parametrize(
    ("name", "tables", "statements"),
    [(name, *planted) for name, all_planted in VIOLATIONS.items() for planted in all_planted],
)
def test_a_planted_violation_is_found(
    kept_world: Any, name: str, tables: tuple[str, ...], statements: list[str]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
    assert name in broken()

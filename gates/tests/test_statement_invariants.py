"""Each invariant of collection statements finds its planted violation, and nothing in statements as they are taken in."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.testing import shared
from beneficiaries.actions import Gate, pass_gate
from beneficiaries.testing import applied, make_world, people
from gates.invariants import INVARIANTS
from gates.testing import line_of, taken_in
from portal.verify import check

pytestmark = pytest.mark.django_db
S, R, H, L, P = (
    "gates_statement", "gates_statementrow", "gates_heldpayment", "gates_ownpaymentline", "gates_ownpayment",
)

#: Name -> tables whose triggers stand aside, and what breaks it.
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "statement_approved_by_another": [
        ((S,), [
            f"ALTER TABLE {S} DROP CONSTRAINT statement_approved_by_another", f"UPDATE {S} SET decided_by_id = uploaded_by_id",
        ]),
        ((S,), [
            f"ALTER TABLE {S} DROP CONSTRAINT statement_approved_digest_is_its_digest", f"UPDATE {S} SET digest = 'other'",
        ]),
    ],
    "statement_is_taken_in_whole": [
        ((S,), [f"UPDATE {S} SET control_amount = control_amount + 0.01"]),
        ((S,), [f"UPDATE {S} SET control_lines = control_lines + 1"]),
        ((H,), [f"UPDATE {H} SET amount = amount - 0.01"]), ((L,), [f"DELETE FROM {L} WHERE id = (SELECT min(id) FROM {L})"]),
        ((S,), [f"UPDATE {S} SET state = 'review', applied_at = NULL"]),
    ],
    "statement_line_has_one_outcome": [
        ((H,), [f"DELETE FROM {H}"]), ((L,), [f"DELETE FROM {L} WHERE id = (SELECT min(id) FROM {L})"]),
        ((R,), [f"UPDATE {R} SET verdict = 7 WHERE verdict = 6"]),
        ((R,), [f"UPDATE {R} SET set_aside = 'PAID_TWICE' WHERE verdict = 1"]),
        ((L,), [f"UPDATE {L} SET row_id = NULL WHERE id = (SELECT min(id) FROM {L})"]),
        ((L,), [f"UPDATE {L} SET row_id = 987654321 WHERE id = (SELECT min(id) FROM {L})"]),
        ((R,), [f"UPDATE {R} SET amount = amount + 0.01"]),
    ],
}


def made() -> None:
    """A statement that was taken in: two lines paid a share, one is held."""
    world = make_world(requires_notice=True, notice_days=0, requires_own_payment=True)
    roster = applied(world, people(3))
    pass_gate(roster, gate=Gate.NOTICE, by=world.clerk, at=timezone.now())
    one, two, three = roster.enrollments.select_related("person", "program", "period").order_by("pk")
    taken_in(world, [line_of(one), line_of(two), line_of(three, amount="1.00")])


_django_db_helper, one_world, kept_world = shared(made)


def broken() -> list[str]:
    return [invariant.name for invariant in INVARIANTS if check(invariant).rows]


def test_a_statement_as_it_is_taken_in_breaks_nothing(kept_world: Any) -> None:
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

"""Each invariant of the room finds its planted violation, and nothing in months as they are closed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from audit.testing import shared
from beneficiaries.models import Enrollment
from beneficiaries.testing import applied, make_world, people
from closing import actions
from closing.invariants import INVARIANTS
from closing.testing import closed, drawn, once_over, submitted, this_month
from portal.verify import check
from programs.models.books import month_after
from subsidies.testing import midnight

pytestmark = pytest.mark.django_db
C, F, B, V = "closing_monthclosing", "closing_closedfigure", "closing_closedbalance", "audit_event"
T, E, K = "programs_ledgertransaction", "programs_ledgerentry", "programs_books"
_FIRST = f"(SELECT min(id) FROM {C} WHERE state = 'closed')"

#: Name -> tables whose triggers stand aside, and what breaks it.
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "closed_figures_equal_ledger": [
        ((B,), [f"UPDATE {B} SET debits = debits + 1, credits = credits + 1 WHERE closing_id = {_FIRST}"]),
        ((B,), [f"DELETE FROM {B} WHERE id = (SELECT max(id) FROM {B})"]),
        ((E,), [f"UPDATE {E} SET amount = amount * 2"]),
        ((T,), [f"UPDATE {T} SET booked_on = booked_on + interval '1 month'"]),
    ],
    "no_posting_after_closing": [
        ((T,), [
            f"INSERT INTO {T} (kind, program_id, at, source_type, source_id, memo, by_label, booked_on) "
            f"SELECT kind, program_id, at, source_type, source_id, memo, by_label, booked_on FROM {T} LIMIT 1",
        ]),
    ],
    "books_follow_closings": [
        ((K,), [f"UPDATE {K} SET open_from = open_from - interval '1 month'"]), ((K,), [f"DELETE FROM {K}"]),
        ((C,), [f"UPDATE {C} SET state = 'withdrawn'"]),
    ],
    "chain_of_months_is_whole": [
        ((F,), [f"UPDATE {F} SET amount = amount + 1 WHERE closing_id = {_FIRST}"]),
        ((F,), [f"DELETE FROM {F} WHERE closing_id = {_FIRST}"]), ((B,), [f"UPDATE {B} SET funder_name = 'x'"]),
        ((C,), [f"UPDATE {C} SET measures = '[]'"]),
        ((C,), [f"UPDATE {C} SET previous_digest = 'x' WHERE previous_id IS NOT NULL"]),
        ((C,), [f"UPDATE {C} SET state = 'withdrawn' WHERE id = {_FIRST}"]),
        ((C,), [f"UPDATE {C} SET previous_id = NULL, previous_digest = '' WHERE state = 'drawn'"]),
        ((C,), [f"UPDATE {C} SET postings = postings + 1"]),
    ],
    "month_closed_by_another": [
        ((C,), [f"ALTER TABLE {C} DROP CONSTRAINT month_closed_by_another", f"UPDATE {C} SET decided_by_id = drawn_by_id"]),
    ],
    "every_month_has_its_event": [
        ((V,), [f"DELETE FROM {V} WHERE verb = '{verb}'"])
        for verb in ("month.drawn_up", "month.closed", "month.withdrawn", "month.declined")
    ],
    "no_raw_numbers_in_closings": [((C,), [f"UPDATE {C} SET reason = '441602196203151219'"])],
}


def made() -> None:
    """One month declined, withdrawn, closed; the next one drawn up."""
    world = make_world()
    applied(world, people(2))
    Enrollment.objects.update(starts_at=midnight(this_month()))
    actions.decline_closing(submitted(world), reason="漏记一笔", by=world.finance_checker, at=once_over())
    actions.withdraw_closing(drawn(world), by=world.finance_maker, at=once_over())
    closed(world)
    drawn(world, month_after(this_month()))


_django_db_helper, one_world, kept_world = shared(made)


def broken() -> list[str]:
    return [invariant.name for invariant in INVARIANTS if check(invariant).rows]


def test_months_as_they_are_closed_break_nothing(kept_world: Any) -> None:
    assert broken() == [] and {invariant.name for invariant in INVARIANTS} == VIOLATIONS.keys()


@pytest.mark.parametrize(
    ("name", "tables", "statements"),
    [(name, *planted) for name, all_planted in VIOLATIONS.items() for planted in all_planted],
)
def test_a_planted_violation_is_found(kept_world: Any, name: str, tables: tuple[str, ...], statements: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
    assert name in broken()

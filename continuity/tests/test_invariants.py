"""What must hold of earlier years holds after a list, and each planted violation is found."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from beneficiaries.tests.purchasing import Market, paid_market, person
from continuity.invariants import INVARIANTS
from continuity.models import EarlierYears
from continuity.testing import taken_in
from portal.verify import check_all

pytestmark = pytest.mark.django_db

#: Invariant -> what breaks it.
PLANTED = {
    "earlier_years_lie_in_their_list": (
        "UPDATE continuity_earlieryears SET as_of = as_of - 1",
        "UPDATE continuity_earlierlist SET state = 'review'",
        "UPDATE continuity_earlierlist SET decided_by_id = uploaded_by_id",
    ),
    "earlier_lines_are_let_go": (
        "UPDATE continuity_earlierrow SET raw = '\\x01'",
        "UPDATE continuity_earlierrow SET identity_index_a = '\\x01'",
    ),
}


@pytest.fixture
def market(db: None) -> Market:
    found = paid_market()
    taken_in(found.world, found.program, [[person(0)["document"], "3", "2"]], as_of=date(2025, 12, 31))
    return found


def broken() -> set[str]:
    return {result.name for result in check_all() if result.rows}


def test_each_invariant_of_the_room_has_its_planted_violations() -> None:
    assert PLANTED.keys() == {each.name for each in INVARIANTS}


def test_a_list_that_was_taken_in_leaves_all_of_them_whole(market: Market) -> None:
    assert EarlierYears.objects.count() == 1
    assert broken() == set()


@pytest.mark.parametrize(
    ("name", "statement"), [(name, statement) for name, statements in PLANTED.items() for statement in statements]
)
def test_a_planted_violation_is_found(market: Market, name: str, statement: str) -> None:
    table = statement.split()[1]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'", [table]
        )
        for (constraint,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{constraint}"')
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
    assert name in broken()

"""Each invariant of records finds its planted violation, and nothing in records as they are taken in."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.testing import shared
from portal.verify import check
from records.actions import open_claims
from records.invariants import INVARIANTS
from records.models import Proposal
from records.testing import Bureau, bureau, line, proposed, undone
from records.tests.test_records import WORKED

pytestmark = pytest.mark.django_db
L, R, K, C, P = (
    "records_recordlist", "records_recordrow", "records_recordchunk", "records_calculation", "records_proposal",
)
_FIRST = f"(SELECT min(id) FROM {P})"
#: Name -> tables whose triggers stand aside, and what breaks it.
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "proposal_is_its_record": [
        ((P,), [f"UPDATE {P} SET total = total + 0.01 WHERE id = {_FIRST}"]), ((P,), [f"DELETE FROM {P} WHERE id = {_FIRST}"]),
        ((R,), [f"UPDATE {R} SET set_aside = 'TAKEN_BEFORE' WHERE verdict = 1"]), ((C,), [f"UPDATE {C} SET due = due + 1"]),
        ((K,), [f"UPDATE {K} SET applied_rows = 0"]), ((P,), [f"UPDATE {P} SET row_id = 987654321 WHERE id = {_FIRST}"]),
    ],
    "proposal_sums_its_parts": [((P,), [f"UPDATE {P} SET parts = '{{\"a\": \"1.00\"}}' WHERE id = {_FIRST}"])],
    "record_sums_are_of_their_lines": [
        ((L,), [f"UPDATE {L} SET money = jsonb_set(money, '{{nothing}}', '7')"]), ((C,), [f"UPDATE {C} SET due = 0"]),
    ],
    "proposal_is_of_its_cover": [((P,), [f"UPDATE {P} SET organization_id = organization_id + 1 WHERE id = {_FIRST}"])],
    "proposal_is_claimed_once": [
        (("claims_bill", "claims_billline"), ["DELETE FROM claims_billline", "DELETE FROM claims_bill"]),
        ((P,), [f"UPDATE {P} SET enrollment_id = enrollment_id + 1 WHERE case_id IS NOT NULL"]),
    ],
    "proposal_lapses_with_its_file": [
        ((P,), [f"UPDATE {P} SET undone_at = NULL WHERE undone_at IS NOT NULL"]),
        ((P,), [f"UPDATE {P} SET undone_at = now(), state = 'lapsed', case_id = NULL WHERE undone_at IS NULL"]),
    ],
    "settlement_is_proposed_once": [
        ((P,), [
            f"ALTER TABLE {P} DROP CONSTRAINT IF EXISTS proposal_of_a_settlement_once",
            "DROP INDEX IF EXISTS proposal_of_a_settlement_once", f"UPDATE {P} SET settlement_number = 'same', undone_at = NULL",
        ]),
    ],
    "records_approved_by_another": [
        ((L,), [
            f"ALTER TABLE {L} DROP CONSTRAINT recordlist_approved_by_another", f"UPDATE {L} SET decided_by_id = uploaded_by_id",
        ]),
    ],
    "every_change_of_a_proposal_has_its_event": [(("audit_event",), ["DELETE FROM audit_event WHERE verb LIKE 'proposal.%'"])],
}


def made() -> Bureau:
    """A file proposed, one of its records claimed; one undone."""
    world = bureau()
    proposed(world, [line(world, 0, "A1", **WORKED), line(world, 1, "A2", **WORKED), line(world, 2, "A3")])
    open_claims([Proposal.objects.get(settlement_number="A2")], by=world.clerk, at=timezone.now())
    undone(world, proposed(world, [line(world, 3, "A4", **WORKED)], reference="J2"))
    return world


_django_db_helper, one_world, kept_world = shared(made)


def test_records_as_they_are_taken_in_break_none(kept_world: Any) -> None:
    assert [found.name for found in map(check, INVARIANTS) if found.rows] == []


@pytest.mark.parametrize(
    ("name", "tables", "statements"),
    [(name, tables, statements) for name, several in VIOLATIONS.items() for tables, statements in several],
)
def test_a_planted_violation_is_found(kept_world: Any, name: str, tables: tuple[str, ...], statements: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
    assert name in {found.name for found in map(check, INVARIANTS) if found.rows}


def test_each_invariant_has_a_planted_violation() -> None:
    assert {invariant.name for invariant in INVARIANTS} == set(VIOLATIONS)

"""Each invariant of results finds its planted violation, and nothing in results as they are recorded."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.testing import shared
from intake.held import Choice
from portal.verify import check
from results.actions import decide_lines
from results.invariants import INVARIANTS
from results.models import LineDecision
from results.testing import Payouts, approved, checked, line, payouts, recorded, undone
from results.tests.test_limits import decided

pytestmark = pytest.mark.django_db
P, R, K, X, D = (
    "results_report", "results_reportrow", "results_reportchunk", "results_result", "results_reportdecision",
)
_FIRST = f"(SELECT min(id) FROM {X})"
#: Name -> tables whose triggers stand aside, and what breaks it.
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "results_within_the_limit": [((X,), [f"UPDATE {X} SET paid = 2000000.01 WHERE id = {_FIRST}"])],
    # Each for itself is within 2,000,000.00.
    "claims_and_results_within_the_limit": [(("claims_decision",), ["UPDATE claims_decision SET amount = 1999999.00"])],
    "result_is_of_its_cover": [
        ((X,), [f"UPDATE {X} SET event_on = event_on - 4000 WHERE id = {_FIRST}"]),
        ((X,), [f"UPDATE {X} SET organization_id = organization_id + 1 WHERE id = {_FIRST}"]),
        (("beneficiaries_enrollment",), ["UPDATE beneficiaries_enrollment SET state = 'voided'"]),
    ],
    "result_is_its_line": [
        ((X,), [f"UPDATE {X} SET paid = paid + 0.01 WHERE id = {_FIRST}"]), ((X,), [f"DELETE FROM {X} WHERE id = {_FIRST}"]),
        ((R,), [f"UPDATE {R} SET set_aside = 'DOUBLED' WHERE verdict = 1"]),
        ((R,), [f"UPDATE {R} SET verdict = 6 WHERE verdict = 1"]),
        ((K,), [f"UPDATE {K} SET applied_rows = 0"]), ((X,), [f"UPDATE {X} SET row_id = 987654321 WHERE id = {_FIRST}"]),
    ],
    "result_is_undone_with_its_report": [
        ((X,), [f"UPDATE {X} SET undone_at = now() WHERE id = {_FIRST}"]),
        ((X,), [f"UPDATE {X} SET undone_at = NULL"]),
    ],
    "result_of_a_claim_counts_once": [
        ((X,), [
            f"ALTER TABLE {X} DROP CONSTRAINT IF EXISTS result_of_a_claim_once", "DROP INDEX IF EXISTS result_of_a_claim_once",
            f"UPDATE {X} SET claim_number = 'same', decision_id = NULL, undone_at = NULL",
        ]),
    ],
    "payout_report_approved_by_another": [
        ((P,), [f"ALTER TABLE {P} DROP CONSTRAINT report_approved_by_another", f"UPDATE {P} SET decided_by_id = uploaded_by_id"]),
        ((P,), [f"UPDATE {P} SET control_lines = control_lines + 1"]),
        ((D,), [f"UPDATE {D} SET decided_by_id = (SELECT min(decided_by_id) FROM {P} WHERE state = 'applied')"]),
    ],
    "every_decision_about_a_payout_has_its_event": [
        (("audit_event",), ["DELETE FROM audit_event WHERE verb = 'payout_report.decided'"]),
    ],
}


def made() -> Payouts:
    """A report recorded, one of them by decision; a claim of ours on one of its covers; one undone."""
    world = payouts()
    report = checked(world, [line(world, 0, "A1", paid="10.00"), line(world, 1, "A2", paid="5.00", name="张三丰")])
    decide_lines(
        report, choice=Choice(), kind=LineDecision.ACCEPT, reason="与保司核实是本人", by=world.clerk, at=timezone.now()
    )
    report.refresh_from_db()
    approved(world, report)
    decided(world.covers[0], in_catalogue="100.00")
    undone(world, recorded(world, [line(world, 2, "A3", paid="7.00")], reference="R2"))
    return world


_django_db_helper, one_world, kept_world = shared(made)


def test_results_as_they_are_recorded_break_none(kept_world: Any) -> None:
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

"""Each invariant of files of claims finds its planted violation, and nothing in files as they are opened."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.testing import shared
from filings.actions import decide_lines
from filings.invariants import INVARIANTS
from filings.models import ClaimFile, LineDecision
from filings.testing import PDF, Filings, approved, checked, filings, line, opened, papers, undone
from intake.held import Choice
from portal.verify import check

pytestmark = pytest.mark.django_db
F, R, C, E, D = "filings_claimfile", "filings_claimfilerow", "filings_filedcase", "filings_paperentry", "filings_filingdecision"
_FIRST = f"(SELECT min(id) FROM {C})"
#: Name -> tables whose triggers stand aside, and what breaks it.
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "filed_case_is_of_its_lines": [
        ((C,), [f"UPDATE {C} SET rows = '{{}}' WHERE id = {_FIRST}"]), ((C,), [f"DELETE FROM {C} WHERE id = {_FIRST}"]),
        ((R,), [f"UPDATE {R} SET set_aside = 'SINCE_FILED' WHERE verdict = 1"]),
        ((R,), [f"UPDATE {R} SET claim_number = 'other'"]),
        (("claims_claim",), ["UPDATE claims_claim SET enrollment_id = enrollment_id + 1000"]),
    ],
    "filed_case_counts_once": [
        ((C,), ["DROP INDEX filed_case_stands_once", f"ALTER TABLE {C} DROP CONSTRAINT filed_case_once_in_a_file",
            f"UPDATE {C} SET number = 'same', undone_at = NULL"]),
    ],
    "filed_case_is_undone_with_its_file": [((C,), [f"UPDATE {C} SET undone_at = now()"])],
    "filed_paper_is_its_entry": [
        ((E,), [f"UPDATE {E} SET kind = 'death'"]), ((E,), [f"UPDATE {E} SET number = 'other'"]),
        ((E,), [f"ALTER TABLE {E} DROP CONSTRAINT paper_entry_attached_is_a_paper", f"UPDATE {E} SET paper_id = NULL"]),
    ],
    "claim_file_approved_by_another": [
        ((F,), [
            f"ALTER TABLE {F} DROP CONSTRAINT claimfile_approved_by_another", f"UPDATE {F} SET decided_by_id = uploaded_by_id",
        ]),
        ((D,), [f"UPDATE {D} SET decided_by_id = (SELECT min(decided_by_id) FROM {F} WHERE state = 'applied')"]),
    ],
    "every_decision_about_a_filed_line_has_its_event": [
        (("audit_event",), ["DELETE FROM audit_event WHERE verb = 'claim_file.decided'"]),
    ],
}


def made() -> Filings:
    """A file opened, one line of it by decision, with a paper; one undone."""
    world = filings()
    subject = checked(world, [line(world, 0, "A1"), line(world, 1, "A2", name="张三丰")])
    decide_lines(subject, choice=Choice(), kind=LineDecision.ACCEPT, reason="与村里核实是本人", by=world.clerk, at=timezone.now())
    subject = approved(world, ClaimFile.objects.get(pk=subject.pk))
    papers(world, subject, {"A1_发票.pdf": PDF})
    undone(world, opened(world, [line(world, 2, "A3")], name="F2"))
    return world


_django_db_helper, one_world, kept_world = shared(made)


def test_files_as_they_are_opened_break_none(kept_world: Any) -> None:
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

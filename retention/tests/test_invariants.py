"""Each invariant of the room finds its planted violation, and nothing in a destruction as it is done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.testing import shared
from beneficiaries.models import Beneficiary, Enrollment
from intake.models import File
from portal.verify import check
from retention import actions
from retention.invariants import INVARIANTS
from retention.terms import Kind
from retention.testing import done, ended_long_ago, make_old, officer_of

pytestmark = pytest.mark.django_db
P, B, RR, EN = "beneficiaries_person", "beneficiaries_beneficiary", "beneficiaries_rosterrow", "beneficiaries_enrollment"
R, L, T, H, V = (
    "retention_destructionrun", "retention_destructionline", "retention_retentionterm", "retention_legalhold", "audit_event",
)
_GONE = f"(SELECT min(id) FROM {P} WHERE destroyed_at IS NOT NULL)"
_LIVING = f"(SELECT min(id) FROM {P} WHERE destroyed_at IS NULL)"
_ROW = f"(SELECT row_id FROM {EN} WHERE person_id = {_GONE})"

#: Name -> tables whose triggers stand aside, and what breaks it.
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "nothing_of_the_destroyed_can_be_read": [
        ((P,), [f"UPDATE {P} SET name = (SELECT name FROM {P} WHERE id = {_LIVING}) WHERE id = {_GONE}"]),
        ((B,), [f"UPDATE {B} SET phone = (SELECT name FROM {P} WHERE id = {_LIVING}) WHERE person_id = {_GONE}"]),
        ((B,), [f"UPDATE {B} SET bank_name = '中国农业银行' WHERE person_id = {_GONE}"]),
        ((RR,), [f"UPDATE {RR} SET raw = '\\x01' WHERE id = {_ROW}"]),
    ],
    "no_version_of_the_destroyed_is_kept": [
        # By their own triggers: a version is kept of what stood there for a moment.
        ((), [f"UPDATE {B} SET phone = (SELECT name FROM {P} WHERE id = {_LIVING}) WHERE person_id = {_GONE}",
              f"UPDATE {B} SET phone = NULL WHERE person_id = {_GONE}"]),
        ((), [f"UPDATE {RR} SET raw = '\\x01' WHERE id = {_ROW}", f"UPDATE {RR} SET raw = NULL WHERE id = {_ROW}"]),
    ],
    "nothing_kept_past_its_date": [
        ((P,), [f"UPDATE {P} SET destroyed_at = now() WHERE destroyed_at IS NULL",
                "UPDATE intake_file SET purge_on = current_date - 10"]),
    ],
    "destroyed_by_a_released_run": [
        ((L,), [f"DELETE FROM {L} WHERE subject_id = {_GONE}"]),
        ((P,), [f"UPDATE {P} SET destroyed_at = now() WHERE id = {_LIVING}"]),
        ((P,), [f"UPDATE {P} SET destroyed_at = NULL WHERE id = {_GONE}"]),
    ],
    "nothing_destroyed_within_its_term": [
        ((EN,), [f"UPDATE {EN} SET ends_at = now() - interval '9 years' WHERE person_id = {_GONE}"]),
        ((EN,), [f"UPDATE {EN} SET created_at = now() + interval '1 day' WHERE person_id = {_GONE}"]),
    ],
    "nothing_destroyed_under_a_hold": [
        ((H,), [f"UPDATE {H} SET placed_at = now() - interval '1 day', lifted_at = now() + interval '1 day'"]),
        ((H,), [f"UPDATE {H} SET placed_at = now() - interval '1 day', lifted_at = now() + interval '1 day', "
                "person_id = NULL, held_program_id = program_id"]),
    ],
    "every_destruction_has_its_events": [
        ((V,), [f"DELETE FROM {V} WHERE verb = '{verb}'"]) for verb in ("destruction.released", "destruction.done")
    ],
    "every_line_of_a_destruction_has_an_outcome": [
        ((L,), [f"UPDATE {L} SET done_at = NULL WHERE subject_id = {_GONE}"]),
        ((R,), [f"UPDATE {R} SET destroyed = destroyed - 1"]),
    ],
    "terms_and_destructions_by_two": [
        ((R,), [f"ALTER TABLE {R} DROP CONSTRAINT destruction_run_released_by_another",
                f"UPDATE {R} SET released_by_id = drawn_by_id"]),
        ((T,), [f"ALTER TABLE {T} DROP CONSTRAINT retention_term_decided_by_another",
                f"UPDATE {T} SET decided_by_id = proposed_by_id"]),
    ],
    "no_raw_numbers_in_retention": [
        ((table,), [f"UPDATE {table} SET reason = '441602196203151219'"]) for table in (R, T, H)
    ],
}


def made() -> None:
    """Two people destroyed under a term of their program; one stays; a hold that was lifted."""
    world, at = make_old(2), timezone.now()
    officer = officer_of(world)
    term = actions.propose_term(world.program, kind=Kind.COVER, length=10, reason="与保险公司约定", by=officer, at=at)
    actions.approve_term(term, by=world.reviewer, at=at)
    ended_long_ago(Enrollment.objects.order_by("pk")[:2], years=11)
    first = Beneficiary.objects.get(person=Enrollment.objects.order_by("pk")[0].person_id)
    hold = actions.place_hold(first, reason="诉讼保全", by=world.auditor, at=at)
    actions.lift_hold(hold, reason="结案", by=officer, at=at)
    assert done(world).destroyed == 2


_django_db_helper, one_world, kept_world = shared(made)


def broken() -> list[str]:
    return [invariant.name for invariant in INVARIANTS if check(invariant).rows]


def test_a_destruction_as_it_is_done_breaks_nothing(kept_world: Any) -> None:
    # What is left of cases and payouts is planted in test_claims.py, where there are some.
    of_claims = {"no_content_of_the_destroyed_is_kept"}
    assert broken() == [] and {invariant.name for invariant in INVARIANTS} == VIOLATIONS.keys() | of_claims


def test_a_file_past_its_date_that_somebody_needs_breaks_nothing(kept_world: Any) -> None:
    File.objects.update(purge_on=timezone.localdate() - timedelta(days=10))
    assert broken() == []


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

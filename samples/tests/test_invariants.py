"""Each invariant of the room finds its planted violation, and nothing in samples and evidence as they are made."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.roles import Role
from accounts.testing import make_user
from audit.testing import shared
from beneficiaries.testing import applied, make_world, people
from jobs.testing import drain
from portal.verify import check
from samples import actions
from samples.invariants import INVARIANTS
from samples.models import Finding, Stratum
from samples.testing import asked, drawn, gathering

pytestmark = pytest.mark.django_db
S, N, B, P, V = "samples_sample", "samples_sampleitem", "samples_evidencebundle", "samples_evidencepart", "audit_event"

#: Name -> tables whose triggers stand aside, and what breaks it.
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "sample_is_as_drawn": [
        ((S,), [f"UPDATE {S} SET seed = 'another-seed'"]), ((N,), [f"UPDATE {N} SET rank = repeat('0', 64)"]),
        ((N,), [f"UPDATE {N} SET enrollment_id = enrollment_id + 1000"]), ((N,), [f"DELETE FROM {N} WHERE position = 2"]),
        ((S,), [f"UPDATE {S} SET digest = repeat('0', 64)"]),
        ((N,), [f"UPDATE {N} SET position = position + 7 WHERE position = 1"]),
    ],
    "clear_evidence_approved_by_another": [
        ((B,), [f"ALTER TABLE {B} DROP CONSTRAINT evidence_approved_by_another", f"UPDATE {B} SET decided_by_id = asked_by_id"]),
    ],
    "opened_evidence_has_its_event": [((V,), [f"DELETE FROM {V} WHERE verb = 'cover.evidence_opened'"])],
    "evidence_is_its_parts": [
        ((P,), [f"DELETE FROM {P} WHERE position = 0"]), ((P,), [f"UPDATE {P} SET page_size = page_size + 1"]),
        ((B,), [f"UPDATE {B} SET items = items + 1"]),
    ],
    "every_sample_has_its_events": [
        ((V,), [f"DELETE FROM {V} WHERE verb = '{verb}'"])
        for verb in ("sample.drawn", "sample.finished", "evidence.gathered", "evidence.declined")
    ],
    "no_raw_numbers_in_samples": [
        ((S,), [f"UPDATE {S} SET purpose = '441602196203151219'"]), ((N,), [f"UPDATE {N} SET note = '441602196203151219'"]),
        ((B,), [f"UPDATE {B} SET reason = '441602196203151219'"]),
    ],
    "no_evidence_kept_past_its_time": [((B,), [f"UPDATE {B} SET purge_on = current_date - 8 WHERE folder <> ''"])],
}


def made() -> None:
    """A stratified sample with its evidence, masked, in the clear and declined; another that is finished."""
    world = make_world()
    applied(world, people(3))
    officer = make_user("hy-security", organization=world.city, role=Role.SECURITY_ADMIN)
    sample, at = drawn(world, stratum=Stratum.CATEGORY), timezone.now()
    gathering(world, sample)
    actions.approve_evidence(asked(world, sample), by=officer, at=at)
    drain()
    actions.decline_evidence(asked(world, sample), reason="范围过大", by=officer, at=at)
    finished = drawn(world, seed="another-one")
    for item in finished.items.all():
        actions.note_item(item, finding=Finding.CORRECT, note="", by=world.auditor, at=at)
    actions.finish_sample(finished, conclusion="合规", by=world.auditor, at=at)


_django_db_helper, one_world, kept_world = shared(made)


def broken() -> list[str]:
    return [invariant.name for invariant in INVARIANTS if check(invariant).rows]


def test_samples_as_they_are_made_break_nothing(kept_world: Any) -> None:
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

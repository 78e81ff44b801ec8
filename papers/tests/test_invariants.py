"""Each invariant of the room finds its planted violation, and nothing in papers and requests as they are made."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.roles import Role
from accounts.testing import make_user
from audit.testing import shared
from jobs.testing import drain
from papers import actions
from papers.font import Face
from papers.invariants import INVARIANTS
from papers.models import Asker, IdentityCheck, RequestKind
from papers.testing import PURPOSE, approved, covers, make_covered, no_outlines
from portal.verify import check

pytestmark = pytest.mark.django_db
P, PP, R = "papers_printing", "papers_printedpart", "papers_personrequest"
B, E, C = "beneficiaries_beneficiary", "beneficiaries_enrollment", "beneficiaries_personchange"
V = "audit_event"
LATER = "now() + interval '1 hour'"

#: Name -> tables whose triggers stand aside, and what breaks it.
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "printing_approved_by_another": [
        ((P,), [f"ALTER TABLE {P} DROP CONSTRAINT printing_approved_by_another", f"UPDATE {P} SET decided_by_id = asked_by_id"]),
    ],
    "every_print_has_its_event": [
        ((V,), [f"DELETE FROM {V} WHERE verb = '{verb}'"]) for verb in ("certificate.printed", "printing.made")
    ],
    "printing_is_its_parts": [
        ((PP,), [f"DELETE FROM {PP}"]), ((P,), [f"UPDATE {P} SET people = people + 1 WHERE state = 'ready'"]),
        ((PP,), [f"UPDATE {PP} SET size = size + 1"]), ((PP,), [f"UPDATE {PP} SET number = 7"]),
    ],
    "no_raw_numbers_in_papers": [((P,), [f"UPDATE {P} SET purpose = '441602196203151219'"])],
    "no_printing_kept_past_its_time": [((P,), [f"UPDATE {P} SET purge_on = current_date - 8 WHERE folder <> ''"])],
    "request_decided_by_another": [
        ((R,), [
            f"ALTER TABLE {R} DROP CONSTRAINT person_request_decided_by_another",
            f"UPDATE {R} SET decided_by_id = recorded_by_id WHERE state = 'granted'",
        ]),
    ],
    "every_request_step_has_its_event": [
        ((V,), [f"DELETE FROM {V} WHERE verb = '{verb}'"])
        for verb in ("request.granted", "request.recorded", "request.gathered")
    ],
    "restriction_was_asked_for": [
        ((B,), [f"UPDATE {B} SET restricted_at = now() WHERE restricted_at IS NULL"]),
        ((R,), [f"UPDATE {R} SET kind = 'access' WHERE kind = 'restriction'"]),
    ],
    "nothing_new_of_restricted_people": [
        ((E,), [f"UPDATE {E} SET created_at = {LATER}"]), ((P,), [f"UPDATE {P} SET asked_at = {LATER} WHERE state = 'sent'"]),
        ((C, E, B), [
            f"INSERT INTO {C} (kind, state, person_id, beneficiary_id, program_id, organization_id, region_code, reason, "
            "proposed_by_id, proposed_at, answer, end_reason, ended_on, document_type, sex, given_up, to_region, "
            "relation, role) "
            f"SELECT 'ending', 'proposed', person_id, id, program_id, organization_id, region_code, 'x', "
            f"(SELECT min(id) FROM accounts_user), {LATER}, '', 'left', current_date, '', '', '{{}}', '', '', '' "
            f"FROM {B} WHERE restricted_at IS NOT NULL",
        ]),
    ],
    "no_copy_kept_past_its_time": [((R,), [f"UPDATE {R} SET purge_on = current_date - 8 WHERE storage_key <> ''"])],
}


def made() -> None:
    """A printing of all, one of one person who then asks that the data only be kept, and a copy for another."""
    world = make_covered(2)
    officer = make_user("hy-security", organization=world.city, role=Role.SECURITY_ADMIN)
    first, second = covers(world)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Face, "part", no_outlines)
        approved(world)
        drain()
        actions.print_certificate(first, purpose=PURPOSE, by=world.clerk, at=timezone.now())
    for cover, kind in ((first, RequestKind.RESTRICTION), (second, RequestKind.ACCESS), (second, RequestKind.CORRECTION)):
        request = actions.record_request(
            cover.beneficiary, kind=kind, asker=Asker.SELF, identity_check=IdentityCheck.DOCUMENT,
            received_on=timezone.localdate(), by=world.clerk, at=timezone.now(),
        )
        if kind != RequestKind.CORRECTION:
            actions.grant_request(request, by=officer, at=timezone.now())
    drain()


_django_db_helper, one_world, kept_world = shared(made)


def broken() -> list[str]:
    return [invariant.name for invariant in INVARIANTS if check(invariant).rows]


def test_papers_as_they_are_made_break_nothing(kept_world: Any) -> None:
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

"""Each invariant of the room finds its planted violation, and nothing in hand-overs as they are made."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.testing import shared
from beneficiaries.actions import void_waiting
from beneficiaries.models import Enrollment
from beneficiaries.testing import applied, make_world, people
from handover.invariants import INVARIANTS
from handover.models import HandOver, Kind
from handover.premium_invariants import PREMIUM
from handover.testing import TERMS, answered, numbers_of, released
from portal.verify import check

pytestmark = pytest.mark.django_db
H, L, P, F = "handover_handover", "handover_handoverline", "handover_handoverpart", "handover_insurerformat"
R, C, E, V = "handover_receiptrow", "handover_receiptchunk", "beneficiaries_enrollment", "audit_event"

#: Name -> tables whose triggers stand aside, and what breaks it.
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "hand_over_released_by_another": [
        ((H,), [
            f"ALTER TABLE {H} DROP CONSTRAINT hand_over_released_by_another", f"UPDATE {H} SET released_by_id = proposed_by_id",
        ]),
        ((F,), [
            f"ALTER TABLE {F} DROP CONSTRAINT insurer_format_approved_by_another",
            f"UPDATE {F} SET approved_by_id = drafted_by_id",
        ]),
    ],
    "hand_over_equals_its_lines": [
        ((H,), [f"UPDATE {H} SET premium = premium + 0.01"]),
        ((L,), [f"DELETE FROM {L} WHERE answer = '' AND direction = 'entry'"]),
        ((L,), [f"UPDATE {L} SET number = 9 WHERE number = 4"]), ((H,), [f"UPDATE {H} SET digest = repeat('0', 64)"]),
    ],
    "handed_over_premium_is_its_division": [
        ((L,), [f"UPDATE {L} SET premium = premium + 0.01 WHERE number = 1"]),
        ((L,), [f"UPDATE {L} SET split_id = 987654321 WHERE number = 1"]),
        ((L,), [f"UPDATE {L} SET premium = 0 WHERE direction = 'entry'"]),
    ],
    "hand_over_counts_its_answers": [
        ((H,), [f"UPDATE {H} SET refused = refused - 1 WHERE refused > 0"]), ((H,), [f"UPDATE {H} SET statement = '[]'"]),
    ],
    "handed_over_once": [
        ((L,), [
            "DROP INDEX handed_over_once",
            f"UPDATE {L} SET enrollment_id = (SELECT min(enrollment_id) FROM {L}) WHERE direction = 'entry' AND answer = ''",
        ]),
        ((L,), [
            f"UPDATE {L} SET answer = 'refused', refusal = 'x', row_id = 1, answered_at = now() WHERE number = 4 AND answer = ''",
        ]),
    ],
    "handed_over_people_are_of_the_period": [
        ((H,), [f"UPDATE {H} SET region_code = '441621'"]), ((L,), [f"UPDATE {L} SET enrollment_id = 987654321 WHERE number = 3"]),
        ((H,), [f"UPDATE {H} SET organization_id = (SELECT max(id) FROM accounts_organization WHERE kind = 'insurer')"]),
        ((H,), [f"UPDATE {H} SET kind = 'additions' WHERE kind = 'removals'"]),
    ],
    "answer_comes_from_a_receipt": [
        ((L,), [f"UPDATE {L} SET row_id = 987654321 WHERE answer = 'accepted'"]),
        ((R,), [f"UPDATE {R} SET answer = 'accepted', policy_number = 'PX' WHERE answer = 'refused'"]),
    ],
    "receipt_row_has_one_outcome": [
        ((R,), [f"UPDATE {R} SET verdict = 1 WHERE verdict = 6"]),
        ((R,), [f"UPDATE {R} SET set_aside = 'LAPSED' WHERE verdict = 1"]),
    ],
    "accepted_cover_has_its_policy": [
        ((E,), [f"UPDATE {E} SET insurer_policy_number = ''"]),
        ((E,), [f"UPDATE {E} SET state = 'awaiting' WHERE id IN (SELECT enrollment_id FROM {L} WHERE answer = 'refused')"]),
        ((E,), [
            f"UPDATE {E} SET state = 'in_force', accepted_at = clock_timestamp(), insurer_policy_number = 'x' "
            f"WHERE id IN (SELECT enrollment_id FROM {L} WHERE answer = 'refused')",
        ]),
        ((E,), [
            f"UPDATE {E} SET state = 'in_force', accepted_at = now() - interval '9 days', insurer_policy_number = 'x' "
            f"WHERE id IN (SELECT enrollment_id FROM {L} WHERE answer = 'refused')",
        ]),
    ],
    "every_release_has_its_event": [
        ((V,), [f"DELETE FROM {V} WHERE verb = 'hand_over.released'"]), ((H,), [f"UPDATE {H} SET purpose = '别的用途'"]),
    ],
    "hand_over_file_is_its_parts": [((P,), [f"DELETE FROM {P}"]), ((P,), [f"UPDATE {P} SET rows = rows + 1"])],
    "no_hand_over_kept_past_its_time": [((H,), [f"UPDATE {H} SET purge_on = current_date - 3"])],
    "no_raw_numbers_in_hand_overs": [
        ((H,), [f"UPDATE {H} SET recipient = '441602196203151219'"]),
        ((L,), [f"UPDATE {L} SET refusal = '证件441602196203151219不符' WHERE answer = 'refused'"]),
    ],
}


def made() -> None:
    """Four people handed over: two accepted, one refused, one open and then voided; who goes is handed over, too."""
    world = make_world(**TERMS)
    applied(world, people(4))
    hand_over = released(world)
    one, two, three, _four = numbers_of(hand_over)
    answered(
        world, hand_over, [(one, "Y", "PA1", ""), (two, "Y", "PA2", ""), (three, "N", "", "年龄超限"), ("x", "Y", "PA4", "")]
    )
    void_waiting(Enrollment.objects.filter(state="awaiting"), by=world.clerk, at=timezone.now())
    released(world, kind=Kind.REMOVALS)
    assert HandOver.objects.count() == 2


_django_db_helper, one_world, kept_world = shared(made)


def broken() -> list[str]:
    return [invariant.name for invariant in INVARIANTS if check(invariant).rows]


def test_hand_overs_as_they_are_made_break_nothing(kept_world: Any) -> None:
    of_premium = {invariant.name for invariant in PREMIUM}
    assert broken() == [] and {invariant.name for invariant in INVARIANTS} - of_premium == VIOLATIONS.keys()


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

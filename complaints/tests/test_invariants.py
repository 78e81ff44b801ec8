"""Each invariant of the room finds its planted violation, and nothing in complaints as they are made."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from audit.testing import shared
from claims.models import Claim
from claims.testing import Ward
from complaints import actions
from complaints.invariants import INVARIANTS
from complaints.models import Channel, Complainant, Outcome, Topic
from complaints.testing import answered, recorded, told
from complaints.tests.test_complaints import make_court
from portal.verify import check

pytestmark = pytest.mark.django_db
C, E = "complaints_complaint", "complaints_extension"

#: Name -> tables whose triggers and constraints stand aside, and what breaks it.
VIOLATIONS: dict[str, list[tuple[str, list[str]]]] = {
    "complaint_answered_by_another": [
        (C, [f"ALTER TABLE {C} DROP CONSTRAINT complaint_answered_by_another_than_recorded",
             f"UPDATE {C} SET answered_by_id = recorded_by_id WHERE state = 'told'"]),
        (C, [f"UPDATE {C} SET answered_by_id = (SELECT proposed_by_id FROM claims_decision LIMIT 1) WHERE kind = 'appeal'"]),
    ],
    "complaint_extended_by_another": [
        (C, [f"UPDATE {C} SET due_on = due_on + 1 WHERE kind = 'review'"]),
        (E, [f"ALTER TABLE {E} DROP CONSTRAINT extension_decided_by_another", f"UPDATE {E} SET decided_by_id = asked_by_id"]),
        (E, [f"UPDATE {E} SET until = until + 1"]),
    ],
    "upheld_appeal_is_decided_anew": [("claims_claim", ["UPDATE claims_claim SET state = 'refused'"])],
    "complaint_told_after_its_answer": [
        (C, [f"UPDATE {C} SET received_on = received_on - 9, told_on = told_on - 1 WHERE state = 'told'"]),
    ],
    "review_within_its_days": [
        (C, [f"UPDATE {C} SET received_on = received_on + 31, due_on = due_on + 31 WHERE kind = 'review'"]),
    ],
    "every_complaint_step_has_its_event": [
        (C, [f"UPDATE {C} SET state = 'withdrawn', withdrawn_because = 'x' WHERE kind = 'review'"]),
    ],
    "no_raw_numbers_in_complaints": [(E, [f"UPDATE {E} SET reason = '440106199003077712'"])],
}


def make_all() -> tuple[Ward, User, User, Claim]:
    """A complaint that was told, with a longer term and a review; an appeal that was upheld."""
    ward, judge, other, claim = make_court()
    complaint = recorded(ward, claim)
    actions.ask_extension(complaint, reason="需核实", by=ward.colleague, at=ward.at)
    actions.approve_extension(complaint, by=judge, at=ward.at)
    done = told(ward, complaint, by=judge)
    actions.ask_review(
        done, complainant=Complainant.INSURED, words="不服", channel=Channel.LETTER, received_on=ward.today, by=ward.colleague,
        at=ward.at,
    )
    answered(ward, recorded(ward, claim, topic=Topic.REFUSAL), by=other, outcome=Outcome.UPHELD)
    return ward, judge, other, claim


_django_db_helper, one_world, kept_world = shared(make_all)


def broken() -> set[str]:
    return {each.name for each in INVARIANTS if check(each).rows}


def test_nothing_breaks_them_as_it_is_made(kept_world: Any) -> None:
    assert broken() == set() and set(VIOLATIONS) == {each.name for each in INVARIANTS}


@pytest.mark.parametrize(
    ("name", "table", "statements"), [(name, *each) for name, cases in VIOLATIONS.items() for each in cases]
)
def test_what_breaks_one_is_found(kept_world: Any, name: str, table: str, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
    assert name in broken()

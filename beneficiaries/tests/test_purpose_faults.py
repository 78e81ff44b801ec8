"""A fault at every point of applying an update, an ending, or what a second list adds: the end is that without a fault.

The suite strikes every thirtieth point, with either mode in turn; FULL_SWEEP=1 strikes all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.testing import FULL_SWEEP, in_turn
from beneficiaries.actions import upload_roster
from beneficiaries.models import Roster
from beneficiaries.models.roster import Purpose
from beneficiaries.testing import World, csv_of, make_world, people
from beneficiaries.tests.outcomes import Dropped, approved, broken, broken_chain, in_one_chunk, recover, struck, through
from beneficiaries.tests.test_purposes import file_of, who
from intake import staging
from jobs.testing import drain_through_failures

pytestmark = pytest.mark.django_db(transaction=True)

STEP = 1 if FULL_SWEEP else 48
#: Rosters to be struck, and people of each.
POINTS, ROOM = 80 if STEP == 1 else 7, 6
MODES = {"exception": FaultAt, "disconnect": Dropped}
#: The same for every case, also when midnight passes between two.
TODAY = str(timezone.localdate())
_STATE = """
SELECT r.line, r.verdict, r.codes, r.set_aside,
    (SELECT array_agg(concat_ws(' ', e.state, e.ends_at, e.starts_at) ORDER BY e.id)
        FROM beneficiaries_enrollment e WHERE e.person_id = r.known_person_id),
    (SELECT array_agg(concat_ws(' ', n.reason, n.ended_on, n.ended_before)) FROM beneficiaries_ending n WHERE n.row_id = r.id),
    (SELECT p.deceased_on FROM beneficiaries_person p WHERE p.id = r.known_person_id),
    (SELECT array_agg(concat_ws(' ', c.category_id, c.valid_from, c.valid_to, c.row_id = r.id, c.ended_row_id = r.id)
        ORDER BY c.category_id, c.id) FROM beneficiaries_beneficiarycategory c
        JOIN beneficiaries_beneficiary b ON b.id = c.beneficiary_id WHERE b.person_id = r.known_person_id),
    (SELECT array_agg(concat_ws(' ', b.bank_name, b.contact_digest = r.contact_digest)) FROM beneficiaries_beneficiary b
        WHERE b.person_id = r.known_person_id),
    (SELECT count(*) FROM beneficiaries_beneficiaryevent v JOIN beneficiaries_beneficiary b ON b.id = v.pgh_obj_id
        WHERE b.person_id = r.known_person_id)
FROM beneficiaries_rosterrow r WHERE r.roster_id = %s ORDER BY r.line
"""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six lines in two chunks."""
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", ROOM // 2)


def lines_of(purpose: Purpose, case: int) -> list[dict[str, str]]:
    """Six lines about the people of a case."""
    numbers = range(case * ROOM, case * ROOM + ROOM)
    if purpose == Purpose.END:
        return [{**who(n), "end_reason": ("退出", "身故", "迁出")[n % 3], "ended_on": TODAY} for n in numbers]
    kinds = (
        {"phone": "13911112222"}, {"categories": "低保对象", "valid_to": TODAY}, {"categories": "孤儿", "valid_from": "2026-01-01"},
    )
    return [{**who(n), **kinds[n % 3]} for n in numbers]


def start(world: World, purpose: Purpose, case: int) -> Roster:
    """The roster of one case, uploaded."""
    if purpose == Purpose.ENROLL:
        file = csv_of(people(ROOM, first=case * ROOM, categories="特困人员"))
    else:
        file = file_of(purpose, lines_of(purpose, case))
    return upload_roster(
        [("名册.csv", file)], period=world.period, organization=world.office, by=world.clerk, at=timezone.now(),
        purpose=purpose,
    )


def outcome(roster: Roster) -> dict[str, Any]:
    """What a roster brought about, without ids."""
    roster = Roster.objects.get(pk=roster.pk)
    with connection.cursor() as cursor:
        cursor.execute(_STATE, [roster.pk])
        rows = cursor.fetchall()
    chunks = [
        (chunk.number, chunk.applied_rows, chunk.set_aside_rows, chunk.applied_at is not None)
        for chunk in roster.chunks.order_by("number")
    ]
    return {"state": roster.state, "counts": roster.counts, "rows": rows, "chunks": chunks}


def points_of(run: Callable[[], Any]) -> list[str]:
    fault = FaultAt()
    with handled_by(fault):
        run()
    return fault.seen


@pytest.mark.parametrize("purpose", [Purpose.UPDATE, Purpose.END, Purpose.ENROLL])
@pytest.mark.parametrize("mode", in_turn(MODES, 1))
def test_a_fault_at_any_point_of_applying_changes_nothing_of_the_end(mode: str, purpose: Purpose) -> None:
    world = make_world()
    with in_one_chunk():
        through(world, _everybody(world))
    plain = start(world, purpose, 0)
    drain_through_failures()
    approved(world, plain)
    points = points_of(drain_through_failures)
    wanted = outcome(plain)
    assert (wanted["state"], wanted["counts"]["verdicts"]) == ("applied", {"2": ROOM})
    assert [chunk[1:] for chunk in wanted["chunks"]] == [(3, 0, True), (3, 0, True)]
    strikes = list(range(1 + (STEP // 2 if mode == "disconnect" else 0), len(points) + 1, STEP))
    assert len(strikes) < POINTS
    for case, k in enumerate(strikes, 1):
        roster = start(world, purpose, case)
        drain_through_failures()
        approved(world, roster)
        fault = MODES[mode](k=k)
        struck(fault)
        assert fault.struck, k
        recover()
        found = outcome(roster)
        for part, value in wanted.items():
            assert found[part] == value, (k, points[k - 1], part)
    assert broken() == []
    assert broken_chain() == []


def _everybody(world: World) -> Roster:
    file = csv_of(people(POINTS * ROOM))
    return upload_roster(
        [("全部.csv", file)], period=world.period, organization=world.office, by=world.clerk, at=timezone.now()
    )

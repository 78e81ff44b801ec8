"""A fault at every point of a roster's way: whatever dies where, the end is that of a run without a fault.

The suite strikes every thirtieth point, with either mode in turn; FULL_SWEEP=1 strikes all with both, and each recovery too.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from audit import keys
from audit.faults import FaultAt, PlantedFault, handled_by
from audit.testing import FULL_SWEEP, in_turn
from beneficiaries.actions import approve_roster, submit_roster
from beneficiaries.models import Roster
from beneficiaries.testing import World, make_world, people, uploaded
from beneficiaries.tests.outcomes import LOST, Cases, Dropped, approved, broken, broken_chain, outcome, recover, struck
from intake import staging
from intake.models import File
from jobs.testing import drain_through_failures
from programs.models import Budget, LedgerTransaction

pytestmark = pytest.mark.django_db(transaction=True)

STEP = 1 if FULL_SWEEP else 48
#: Rosters to be struck, each once.
POINTS, APPROVALS = (100, 60) if FULL_SWEEP else (8, 4)
MODES = {"exception": FaultAt, "disconnect": Dropped}
FIRST_MADE = ("audit.make_key.before", "audit.make_key.after", "programs.make_split.before", "programs.make_split.after")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """60 lines in three chunks."""
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 20)


def points_of(run: Callable[[], Any]) -> list[str]:
    """The fault points that a run without a fault passes."""
    fault = FaultAt()
    with handled_by(fault):
        run()
    return fault.seen


def chosen(points: list[str], mode: str) -> list[int]:
    """The numbers of the points to strike."""
    return list(range(1 + (STEP // 2 if mode == "disconnect" else 0), len(points) + 1, STEP))


def before_commit(points: list[str]) -> list[str]:
    """Without the doorbell, which is rung after the commit and may fail as it likes."""
    return [point for point in points if not point.startswith("jobs.ring")]


def strike(kind: type[FaultAt], k: int, points: list[str], wanted: dict[str, Any], roster: Roster) -> None:
    """Strike the k-th point, recover, compare."""
    fault = kind(k=k)
    struck(fault)
    assert fault.struck, k
    if FULL_SWEEP:
        struck(kind(k=random.Random(k).randint(1, len(points))))
    recover()
    found = outcome(roster)
    for part, value in wanted.items():
        assert found[part] == value, (k, points[k - 1], part)


@pytest.mark.parametrize("mode", in_turn(MODES, 0))
def test_a_fault_at_any_point_of_checking_changes_nothing_of_the_end(mode: str) -> None:
    cases = Cases(POINTS)
    warm = cases.start(0)
    drain_through_failures()
    plain = cases.start(1)
    points = points_of(drain_through_failures)
    wanted = outcome(plain)
    assert outcome(warm) == wanted
    assert wanted["state"] == "review"
    assert [chunk[:2] for chunk in wanted["chunks"]] == [(0, 20), (1, 20), (2, 20)]
    assert wanted["counts"]["verdicts"] == {"1": 30, "2": 5, "3": 10, "4": 5, "5": 5, "6": 5}
    assert all(wanted["digests_hold"])
    for case, k in enumerate(chosen(points, mode), 2):
        strike(MODES[mode], k, points, wanted, cases.start(case))
    assert broken() == []
    assert broken_chain() == []


@pytest.mark.parametrize("mode", in_turn(MODES, 1))
def test_a_fault_at_any_point_of_applying_changes_nothing_of_the_end(mode: str) -> None:
    cases = Cases(POINTS)
    rosters = [cases.start(0), cases.start(1)]
    drain_through_failures()
    cases.overtake([0, 1])
    approved(cases.world, rosters[0])
    drain_through_failures()
    approved(cases.world, rosters[1])
    points = points_of(drain_through_failures)
    wanted = outcome(rosters[1])
    assert wanted["state"] == "applied"
    assert outcome(rosters[0]) == wanted
    assert [chunk[3:] for chunk in wanted["chunks"]] == WANTED_CHUNKS
    strikes = chosen(points, mode)
    assert len(strikes) + 2 <= POINTS
    rosters += [cases.start(case) for case in range(2, len(strikes) + 2)]
    drain_through_failures()
    cases.overtake(list(range(2, len(strikes) + 2)))
    for roster, k in zip(rosters[2:], strikes, strict=True):
        approved(cases.world, roster)
        strike(MODES[mode], k, points, wanted, roster)
    assert broken() == []
    assert broken_chain() == []


#: (applied, rows, set aside) of each chunk of a case.
WANTED_CHUNKS = [(True, 14, 1), (True, 10, 0), (True, 17, 3)]


@pytest.mark.parametrize("mode", in_turn(MODES, 2))
def test_a_fault_at_any_point_of_an_upload_leaves_no_roster_and_the_next_try_succeeds(mode: str) -> None:
    cases = Cases(1)
    cases.upload(cases.rows(0)[:3], cases.period)
    points = before_commit(points_of(lambda: cases.upload(cases.rows(0)[3:6], cases.period)))
    for k in chosen(points, mode):
        before = Roster.objects.count()
        rows = cases.rows(0)[: 6 + k]
        with handled_by(MODES[mode](k=k)), pytest.raises(LOST):
            cases.upload(rows, cases.period)
        connection.close()
        assert Roster.objects.count() == before, points[k - 1]
        files = File.objects.count()
        cases.upload(rows, cases.period)
        assert (Roster.objects.count(), File.objects.count()) == (before + 1, files + 1)
    assert broken() == []


@pytest.mark.parametrize("mode", in_turn(MODES, 3))
def test_a_fault_at_any_point_of_an_approval_holds_no_money_and_the_next_try_succeeds(mode: str) -> None:
    cases = Cases(APPROVALS)
    rosters = [cases.start(case) for case in range(APPROVALS)]
    drain_through_failures()
    rosters = [submit_roster(roster, by=cases.world.clerk, at=timezone.now()) for roster in rosters]

    def approve(roster: Roster) -> Roster:
        digest = Roster.objects.get(pk=roster.pk).digest
        return approve_roster(roster, digest=digest, by=cases.world.reviewer, at=timezone.now())

    approve(rosters.pop())
    last = rosters.pop()
    points = before_commit(points_of(lambda: approve(last)))
    strikes = chosen(points, mode)
    assert len(strikes) <= len(rosters)
    for roster, k in zip(rosters, strikes, strict=False):
        before = money()
        with handled_by(MODES[mode](k=k)), pytest.raises(LOST):
            approve(roster)
        connection.close()
        assert Roster.objects.get(pk=roster.pk).state == "submitted", points[k - 1]
        assert money() == before
        assert approve(roster).state == "approved"
    assert broken() == []


def money() -> Any:
    """What is held and booked."""
    return (
        list(Budget.objects.order_by("pk").values_list("reserved", "used", "released")), LedgerTransaction.objects.count()
    )


@pytest.mark.parametrize(
    ("mode", "point"),
    [
        (mode, point) for point in FIRST_MADE for place, mode in enumerate(MODES)
        if FULL_SWEEP or point.endswith((".before", ".after")[place])
    ],
)
def test_keys_and_divisions_that_the_first_roster_makes_survive_a_fault_or_are_made_again(mode: str, point: str) -> None:
    world = make_world()
    points = points_of(lambda: staged_and_undone(world))
    k = points.index(point) + 1
    keys.forget()
    roster = uploaded(world, people(30))
    struck(MODES[mode](k=k))
    recover()
    found = outcome(roster)
    assert (found["state"], found["preview"]) == ("review", (30, "2970.00", "0.30"))
    assert all(found["digests_hold"])
    assert found["sealed"] == [(True, True, True, True, True)] * 30
    approved(world, roster)
    drain_through_failures()
    assert outcome(roster)["state"] == "applied"
    assert broken() == []


def staged_and_undone(world: World) -> None:
    """Check the first roster of all, and let nothing of it stay."""
    with transaction.atomic():
        uploaded(world, people(30))
        drain_through_failures()
        transaction.set_rollback(True)


def test_a_planted_loss_is_seen_by_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep itself is worth something: a chunk marked as applied before its rows are is found out."""
    cases = Cases(2)
    rosters = [cases.start(0), cases.start(1)]
    drain_through_failures()
    approved(cases.world, rosters[0])
    drain_through_failures()
    wanted = outcome(rosters[0])
    approved(cases.world, rosters[1])
    rosters[1].chunks.filter(number=1).update(applied_at=timezone.now(), applied_rows=0)
    recover()
    found = outcome(rosters[1])
    assert found["rows"] != wanted["rows"]
    names = {name for _number, name, _rows in broken()}
    assert {"every_row_has_one_outcome", "every_roster_step_has_its_event"} <= names
    assert PlantedFault in LOST

"""Renewals struck at their points, and two at once: the end is that of an undisturbed one. FULL_SWEEP=1 strikes every point."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.testing import FULL_SWEEP, Stepper
from beneficiaries.actions import renew_period
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Beneficiary, Enrollment, Roster, RosterChunk, RosterRow
from beneficiaries.tests.outcomes import Dropped, broken, broken_chain, in_one_chunk, recover, struck
from beneficiaries.tests.renewing import Years, approved, asked, covered, make_years
from beneficiaries.tests.test_known_elsewhere import asked as known_asked
from beneficiaries.tests.test_known_elsewhere import made
from beneficiaries.tests.test_purpose_races import work
from intake import template as engine
from jobs.actions.execute import Ending as Ran
from jobs.testing import drain_through_failures

pytestmark = pytest.mark.django_db(transaction=True)

ROOM = 6
POINTS = 60 if FULL_SWEEP else 4
MODES = {"exception": FaultAt, "disconnect": Dropped}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six people in two chunks."""
    monkeypatch.setattr(engine, "ROWS_PER_CHUNK", ROOM // 2)


def outcome(roster: Roster) -> dict[str, Any]:
    """What a renewal came to, without ids."""
    roster = Roster.objects.get(pk=roster.pk)
    rows = [
        (row.line, row.verdict, row.codes, row.set_aside, Enrollment.objects.filter(row_id=row.pk).count())
        for row in RosterRow.objects.filter(roster=roster).order_by("line")
    ]
    chunks = list(roster.chunks.order_by("number").values_list("number", "rows", "applied_rows", "set_aside_rows"))
    return {"state": roster.state, "counts": roster.counts["verdicts"], "rows": rows, "chunks": chunks}


def world_of(cases: int) -> Years:
    """So many villages of six people covered before."""
    years = make_years()
    with in_one_chunk():
        covered(years, cases * ROOM)
    for place, pk in enumerate(Beneficiary.objects.order_by("pk").values_list("pk", flat=True)):
        Beneficiary.objects.filter(pk=pk).update(region_code=village(place // ROOM))
    return years


def village(case: int) -> str:
    return f"441602{case:03d}"


def test_a_renewal_struck_at_any_point_ends_as_one_that_was_not() -> None:
    years = world_of(POINTS)
    plain = asked(years, region=village(0))
    fault = FaultAt()
    with handled_by(fault):
        drain_through_failures()
        approved(years.world, Roster.objects.get(pk=plain.pk))
        drain_through_failures()
    wanted = outcome(plain)
    assert (wanted["state"], wanted["counts"]) == ("applied", {"3": ROOM})
    assert wanted["chunks"] == [(0, 3, 3, 0), (1, 3, 3, 0)]
    assert wanted["rows"] == [(line, 3, [], "", 1) for line in (1, 2, 3, 4, 5, 6)]
    own = [k for k, point in enumerate(fault.seen, 1) if "renewal" in point]
    strikes = own if FULL_SWEEP else own[:: max(1, len(own) // (POINTS - 1))][: POINTS - 1]
    for case, k in enumerate(strikes, 1):
        roster = asked(years, region=village(case))
        fault = MODES[list(MODES)[case % 2]](k=k)
        struck(fault)
        assert fault.struck, (k, case)
        recover()
        approved(years.world, Roster.objects.get(pk=roster.pk))
        drain_through_failures()
        assert outcome(roster) == wanted, (case, k)
    assert broken() == []
    assert broken_chain() == []


class Once(FaultAt):
    """Strikes the first time that a point is passed."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)

    def __call__(self, name: str) -> None:
        """And never again."""
        if name in self.seen:
            return
        super().__call__(name)


@pytest.mark.parametrize(
    "point", ["note_contacts.before", "note_contacts.after", "make_renewal_chunk.made", "apply.categories.before"]
)
def test_enrolling_people_of_another_program_struck_at_a_point_ends_as_one_that_was_not(point: str) -> None:
    two = made()
    roster = known_asked(two)
    fault = Once(f"beneficiaries.{point}")
    if not point.startswith("apply"):
        struck(fault)
    recover()
    roster = approved(two.world, Roster.objects.get(pk=roster.pk))
    if fault.name not in fault.seen:
        struck(fault)
    recover()
    assert fault.name in fault.seen
    found = outcome(roster)
    assert (found["state"], found["counts"]) == ("applied", {"1": 6, "6": 2})
    assert sorted((verdict, covers) for _line, verdict, _codes, _aside, covers in found["rows"]) == [(1, 1)] * 6 + [(6, 0)] * 2
    assert sum(applied for _number, _rows, applied, _aside in found["chunks"]) == 6
    assert broken() == []
    assert broken_chain() == []


def test_two_clicks_at_once_begin_one_renewal_and_two_that_overlap_cover_each_once() -> None:
    years = world_of(1)
    with Stepper() as stepper:
        first = stepper.start(lambda: asked(years), stop_at="beneficiaries.renew_period.after")
        second = stepper.start(lambda: begun(years), stop_at="")
        assert second.waits()
        first.go_on()
        whole = first.result()
        assert second.result() == "RENEWAL_WAITS"
    part = asked(years, region=village(0))
    drain_through_failures()
    for roster in (whole, part):
        approved(years.world, Roster.objects.get(pk=roster.pk))
    with Stepper() as stepper:
        one = stepper.start(work(whole), stop_at="beneficiaries.apply.enrollments.before")
        other = stepper.start(work(part), stop_at="")
        one.go_on()
        # Whichever the server stops for the other's sake is tried again.
        endings = {one.result().ending, other.result().ending}
        assert Ran.DONE in endings and endings <= {Ran.DONE, Ran.RETRIED}
    recover()
    assert Enrollment.objects.filter(period=years.into).count() == ROOM
    done = [Enrollment.objects.filter(roster=each).count() for each in (whole, part)]
    assert sorted(done) == [0, ROOM]
    assert broken() == []


def begun(years: Years) -> str:
    try:
        renew_period(
            years.before, into=years.into, organization=years.world.office, by=years.world.clerk, at=timezone.now()
        )
    except BeneficiariesRefused as refused:
        return refused.code
    return ""


def test_a_check_that_begins_anew_leaves_no_row_twice() -> None:
    years = world_of(1)
    roster = asked(years)
    struck(FaultAt(name="beneficiaries.make_renewal_chunk.committed"))
    assert RosterChunk.objects.filter(roster=roster).exists()
    recover()
    roster = Roster.objects.get(pk=roster.pk)
    assert (roster.state, roster.row_count) == ("review", ROOM)
    assert RosterChunk.objects.filter(roster=roster).count() == 2
    assert RosterRow.objects.filter(roster=roster).values("before").distinct().count() == ROOM
    assert {row.birth_on for row in RosterRow.objects.filter(roster=roster)} == {date(1940 + n, 1, 1) for n in range(ROOM)}

"""Two at once: one person from two offices, two rosters at one budget, two clicks, two uploads, two workers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Organization, User
from accounts.testing import make_user
from audit.models import Event
from audit.testing import Stepper, Walker
from beneficiaries.actions import approve_roster, submit_roster, upload_roster, withdraw_roster
from beneficiaries.models import Beneficiary, BeneficiaryCategory, Enrollment, Person, Roster, RosterRow
from beneficiaries.testing import World, csv_of, make_world, people
from beneficiaries.tests.outcomes import broken, recover
from intake import applying, staging
from intake.errors import IntakeRefused
from intake.models import File, State
from jobs.actions import execute
from jobs.actions.execute import Ending, Outcome
from jobs.actions.run import claim
from jobs.models import Job
from jobs.testing import drain, drain_through_failures, let_lease_pass
from programs.errors import BudgetRefused
from programs.models import Budget, BudgetReservation, Period
from programs.testing import make_budget, make_funder, make_period

pytestmark = pytest.mark.django_db(transaction=True)

COUNTY_SHARE, FOUNDATION_SHARE = Decimal("30.00"), Decimal("68.99")


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def sibling_clerk(world: World) -> User:
    return make_user("sibling.clerk", organization=world.sibling, role="clerk")


def county_of_the_sibling(world: World, period: Period) -> None:
    """The sibling's county pays its share too."""
    funder = make_funder("紫金县财政", organization=world.sibling, kind="government", region="441621")
    make_budget(
        funder, period=period, granted=Decimal("100000.00"), maker=world.finance_maker, checker=world.finance_checker,
        at=world.at,
    )


def upload(rows: list[list[str]], *, period: Period, organization: Organization, by: User) -> Roster:
    return upload_roster([("名册.csv", csv_of(rows))], period=period, organization=organization, by=by, at=timezone.now())


def submitted(world: World, roster: Roster) -> Roster:
    roster = Roster.objects.get(pk=roster.pk)
    return submit_roster(roster, by=roster.uploaded_by, at=timezone.now())


def approve(world: World, roster: Roster) -> Roster:
    return approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())


def work(roster: Roster) -> Callable[[], Outcome]:
    """Take the roster's job and do it, as one worker."""
    job = Job.objects.about(roster).get(state=Job.State.QUEUED)

    def run() -> Outcome:
        taken = claim(job_id=job.pk)
        assert taken is not None
        return execute(taken)

    return run


def refused_by(walker: Walker, kind: type[Any]) -> str:
    error = walker.error()
    assert isinstance(error, kind), error
    return str(error.code)  # type: ignore[attr-defined]


def test_one_persons_first_rosters_of_two_programs_at_once_make_one_person_and_both_beneficiaries(world: World) -> None:
    other = make_world(code="BS")
    rosters = [
        upload(people(20), period=each.period, organization=each.office, by=each.clerk) for each in (world, other)
    ]
    drain()
    for each, roster in zip((world, other), rosters, strict=True):
        approve(each, submitted(each, roster))
    with Stepper() as stepper:
        first = stepper.start(work(rosters[0]), stop_at="beneficiaries.apply.beneficiaries.before")
        second = stepper.start(work(rosters[1]), stop_at="beneficiaries.apply.people.before")
        second.go_on()
        assert second.waits()
        first.go_on()
        assert first.result().ending == Ending.DONE
        assert second.result().ending == Ending.RETRIED
    drain_through_failures()
    assert (Person.objects.count(), Beneficiary.objects.count(), Enrollment.objects.count()) == (20, 40, 40)
    # Nobody was known when the second office's roster was reviewed, and the name is the same: nothing has drifted.
    assert [Roster.objects.get(pk=roster.pk).state for roster in rosters] == [State.APPLIED, State.APPLIED]
    assert set(RosterRow.objects.values_list("set_aside", flat=True)) == {""}
    assert broken() == []


def test_two_offices_of_one_program_bring_the_same_people_at_once_and_each_is_covered_once(
    world: World, sibling_clerk: User
) -> None:
    county_of_the_sibling(world, world.period)
    mine = upload(people(12), period=world.period, organization=world.office, by=world.clerk)
    moved = [[*row[:5], "441621", *row[6:]] for row in people(12, first=6)]
    theirs = upload(moved, period=world.period, organization=world.sibling, by=sibling_clerk)
    drain()
    for roster in (mine, theirs):
        approve(world, submitted(world, roster))
    with Stepper() as stepper:
        first = stepper.start(work(mine), stop_at="beneficiaries.apply.people.before")
        second = stepper.start(work(theirs), stop_at="beneficiaries.apply.people.before")
        first.go_on()
        assert first.result().ending == Ending.DONE
        second.go_on()
        assert second.result().ending == Ending.RETRIED
    drain_through_failures()
    assert (Person.objects.count(), Enrollment.objects.count()) == (18, 18)
    assert Enrollment.objects.filter(roster=mine).count() == 12
    assert RosterRow.objects.filter(roster=theirs, set_aside="ALREADY_COVERED").count() == 6
    used = Budget.objects.get(funder=world.foundation)
    assert (used.used, used.reserved) == (18 * FOUNDATION_SHARE, Decimal("0.00"))
    assert broken() == []


def test_a_contact_changed_by_a_roster_running_beside_is_seen_as_drift_and_not_written_over(world: World) -> None:
    year = timezone.localdate(world.at).year
    periods = [world.period]
    for later in (2, 3):
        period = make_period(
            world.plan, year=year + later, by=world.finance_checker, at=world.at,
            enrollment_opens_on=world.period.enrollment_opens_on,
        )
        for funder in (world.foundation, world.county):
            make_budget(
                funder, period=period, granted=Decimal("10000.00"), maker=world.finance_maker,
                checker=world.finance_checker, at=world.at,
            )
        periods.append(period)
    known = upload(people(4), period=periods[0], organization=world.office, by=world.clerk)
    drain()
    approve(world, submitted(world, known))
    drain()
    rosters = [
        upload(people(4, phone=phone), period=period, organization=world.office, by=world.clerk)
        for period, phone in zip(periods[1:], ("13911111111", "13922222222"), strict=True)
    ]
    drain()
    assert [Roster.objects.get(pk=roster.pk).counts["verdicts"] for roster in rosters] == [{"2": 4}, {"2": 4}]
    for roster in rosters:
        approve(world, submitted(world, roster))
    with Stepper() as stepper:
        first = stepper.start(work(rosters[0]), stop_at="beneficiaries.apply.enrollments.after")
        second = stepper.start(work(rosters[1]))
        assert second.waits()
        first.go_on()
        assert [first.result().ending, second.result().ending] == [Ending.DONE, Ending.DONE]
    assert set(RosterRow.objects.filter(roster=rosters[1]).values_list("set_aside", flat=True)) == {
        "CHANGED_SINCE_REVIEW"
    }
    assert {each.phone.reveal() for each in Beneficiary.objects.all()} == {"13911111111"}
    assert Enrollment.objects.filter(roster=rosters[1]).count() == 0
    assert BeneficiaryCategory.objects.count() == 4
    assert broken() == []


@pytest.mark.parametrize("granted", [Decimal("1379.80"), Decimal("700.00")])
def test_two_rosters_approved_at_once_never_hold_more_than_the_budget(granted: Decimal) -> None:
    world = make_world(granted=granted)
    rosters = [
        upload(people(10, first=first), period=world.period, organization=world.office, by=world.clerk)
        for first in (0, 10)
    ]
    drain()
    rosters = [submitted(world, roster) for roster in rosters]
    with Stepper() as stepper:
        first = stepper.start(lambda: approve(world, rosters[0]), stop_at="programs.reserve.before")
        second = stepper.start(lambda: approve(world, rosters[1]))
        assert second.waits()
        first.go_on()
        assert first.result().state == State.APPROVED
        if granted > 20 * FOUNDATION_SHARE - 1:
            assert second.result().state == State.APPROVED
        else:
            assert refused_by(second, BudgetRefused) == "BUDGET"
    foundation = Budget.objects.get(funder=world.foundation)
    held = 20 if granted == Decimal("1379.80") else 10
    assert foundation.reserved == held * FOUNDATION_SHARE
    assert foundation.reserved <= foundation.granted
    drain()
    assert Enrollment.objects.count() == held
    assert broken() == []


def test_a_double_click_on_approve_holds_the_money_once(world: World) -> None:
    roster = upload(people(3), period=world.period, organization=world.office, by=world.clerk)
    drain()
    roster = submitted(world, roster)
    with Stepper() as stepper:
        first = stepper.start(lambda: approve(world, roster), stop_at="programs.reserve.locked")
        second = stepper.start(lambda: approve(world, roster))
        assert second.waits()
        first.go_on()
        assert first.result().state == State.APPROVED
        assert refused_by(second, IntakeRefused) == "STATE"
    assert BudgetReservation.objects.filter(owner_id=roster.pk).count() == 2
    assert Budget.objects.get(funder=world.foundation).reserved == 3 * FOUNDATION_SHARE
    assert Event.objects.filter(verb="roster.approved").count() == 1
    assert Job.objects.about(roster).filter(kind="beneficiaries.apply_roster").count() == 1


def test_an_approval_and_a_withdrawal_at_once_let_one_of_them_happen(world: World) -> None:
    roster = upload(people(3), period=world.period, organization=world.office, by=world.clerk)
    drain()
    roster = submitted(world, roster)
    with Stepper() as stepper:
        first = stepper.start(
            lambda: withdraw_roster(roster, reason="名单有误", by=world.clerk, at=timezone.now()),
            stop_at="roster.locked",
        )
        second = stepper.start(lambda: approve(world, roster))
        assert second.waits()
        first.go_on()
        assert first.result().state == State.WITHDRAWN
        assert refused_by(second, IntakeRefused) == "STATE"
    assert Budget.objects.get(funder=world.foundation).reserved == 0


def test_one_file_uploaded_twice_at_once_makes_one_roster(world: World) -> None:
    def send() -> Roster:
        return upload(people(3), period=world.period, organization=world.office, by=world.clerk)

    with Stepper() as stepper:
        first = stepper.start(send, stop_at="roster.receive.before")
        second = stepper.start(send)
        assert second.waits()
        first.go_on()
        kept = first.result()
        error = second.error()
    assert isinstance(error, IntakeRefused)
    assert (error.code, error.facts["number"]) == ("ALREADY_IMPORTED", kept.pk)
    assert list(Roster.objects.all()) == [kept]
    # The second content is held by nothing; the retention takes it.
    assert File.objects.count() == 2


def test_two_different_files_at_once_do_not_wait_for_each_other(world: World) -> None:
    with Stepper() as stepper:
        first = stepper.start(
            lambda: upload(people(3), period=world.period, organization=world.office, by=world.clerk),
            stop_at="roster.receive.before",
        )
        second = stepper.start(
            lambda: upload(people(3, first=9), period=world.period, organization=world.office, by=world.clerk)
        )
        assert second.result().state == State.RECEIVED
        first.go_on()
        assert first.result().state == State.RECEIVED


@pytest.mark.parametrize("point", ["intake.stage_chunk.before", "intake.stage_chunk.after", "intake.stage_chunk.committed"])
def test_a_worker_that_hangs_past_its_lease_while_checking_loses_to_the_one_that_followed(
    world: World, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 20)
    roster = upload(people(60), period=world.period, organization=world.office, by=world.clerk)
    hangs_and_loses(roster, point)
    assert Roster.objects.get(pk=roster.pk).state == State.REVIEW
    assert RosterRow.objects.filter(roster=roster).count() == 60
    assert list(roster.chunks.order_by("number").values_list("number", "rows")) == [(0, 20), (1, 20), (2, 20)]
    assert broken() == []


@pytest.mark.parametrize(
    "point", ["intake.apply_chunk.before", "beneficiaries.apply.enrollments.before", "intake.apply_chunk.committed"]
)
def test_a_worker_that_hangs_past_its_lease_while_applying_loses_to_the_one_that_followed(
    world: World, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 20)
    # The whole worker hangs: with a second chunk under way beside, its lease would be renewed and it would rightly go on.
    monkeypatch.setattr(applying, "ABREAST", 1)
    roster = upload(people(60), period=world.period, organization=world.office, by=world.clerk)
    drain()
    approve(world, submitted(world, roster))
    hangs_and_loses(roster, point)
    assert Roster.objects.get(pk=roster.pk).state == State.APPLIED
    assert Enrollment.objects.count() == 60
    assert Budget.objects.get(funder=world.foundation).used == 60 * FOUNDATION_SHARE
    assert Event.objects.filter(verb="roster.chunk_applied").count() == 3
    assert broken() == []


def hangs_and_loses(roster: Roster, point: str) -> None:
    """A first worker stops at a point; its lease passes; a second does the work; the first wakes up and is refused."""
    run = work(roster)
    with Stepper() as stepper:
        first = stepper.start(run, stop_at=point)
        # The row itself may be locked by the hanging step: then the second waits for it, as the sweep would.
        job = Job.objects.about(roster).get(state=Job.State.RUNNING)
        second = stepper.start(lambda: (let_lease_pass(job), recover()))
        if second.waits(1.5):
            first.go_on()
            second.result()
            first.result()
        else:
            second.result()
            first.go_on()
            assert first.result().ending == Ending.LOST
    recover()

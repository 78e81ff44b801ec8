"""An undo beside everything else that touches its roster or its people, and a fault at every point of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from audit.faults import FaultAt, fault_point, handled_by
from audit.models import Event
from audit.testing import FULL_SWEEP, Stepper, Walker, in_turn
from beneficiaries import tasks
from beneficiaries.actions import (
    Gate,
    approve_roster,
    approve_undo,
    pass_gate,
    queue_lapses,
    request_undo,
    submit_roster,
    turn_down_undo,
)
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.keepers import Keeper, forget_keeper, register_keeper
from beneficiaries.models import Beneficiary, BeneficiaryCategory, Enrollment, Roster, RosterRow
from beneficiaries.testing import World, make_world, people, uploaded
from beneficiaries.tests.outcomes import LOST, Dropped, broken, broken_chain, in_one_chunk, recover, struck
from beneficiaries.tests.undone import REASON, applied, asked, later_period, make_applied, money_of, ordered
from intake import staging
from intake.errors import IntakeRefused
from intake.models import State
from jobs.actions import execute
from jobs.actions.execute import Ending, Outcome
from jobs.actions.run import claim
from jobs.models import Job
from jobs.testing import drain, drain_through_failures, let_lease_pass
from programs.models import LedgerEntry, LedgerTransaction, Period

pytestmark = pytest.mark.django_db(transaction=True)
FOUNDATION = Decimal("68.99")
STEP = 1 if FULL_SWEEP else 34


@pytest.fixture
def world() -> World:
    return make_world()


def work(subject: Any) -> Callable[[], Outcome]:
    """Take the subject's job and do it, as one worker."""
    job = Job.objects.about(subject).get(state=Job.State.QUEUED)

    def run() -> Outcome:
        taken = claim(job_id=job.pk)
        assert taken is not None
        return execute(taken)

    return run


def refused_by(walker: Walker, kind: type[Any]) -> str:
    error = walker.error()
    assert isinstance(error, kind), error
    return str(error.code)  # type: ignore[attr-defined]


def test_an_undo_requested_twice_at_once_is_requested_once() -> None:
    world, roster = make_applied(2)
    with Stepper() as stepper:
        first = stepper.start(lambda: asked(world, roster), stop_at="roster.locked")
        second = stepper.start(lambda: asked(world, roster, by=world.reviewer))
        assert second.waits()
        first.go_on()
        assert first.result().undo_asked_by == world.clerk
        assert refused_by(second, IntakeRefused) == "STATE"
    assert Event.objects.filter(verb="roster.undo_requested").count() == 1


@pytest.mark.parametrize("other", ["approved", "turned down"])
def test_of_two_decisions_at_once_the_second_is_refused(other: str) -> None:
    world, roster = make_applied(2)
    roster = asked(world, roster)

    def approve() -> Roster:
        return approve_undo(roster, by=world.reviewer, at=timezone.now())

    def second_decision() -> Roster:
        if other == "approved":
            return approve()
        return turn_down_undo(roster, reason="名单没有问题", by=world.reviewer, at=timezone.now())

    with Stepper() as stepper:
        first = stepper.start(approve, stop_at="roster.approve_undo.before")
        second = stepper.start(second_decision)
        assert second.waits()
        first.go_on()
        assert first.result().state == State.UNDOING
        assert refused_by(second, IntakeRefused) == "STATE"
    assert Job.objects.about(roster).filter(kind="beneficiaries.undo_roster").count() == 1
    drain()
    assert money_of(world.foundation, world.period) == (Decimal(0), Decimal(0), 2 * FOUNDATION)
    assert broken() == []


def test_a_gate_and_the_approval_of_an_undo_at_once_come_one_after_the_other() -> None:
    world, roster = make_applied(2, requires_own_payment=True)
    roster = asked(world, roster)
    with Stepper() as stepper:
        paying = stepper.start(
            lambda: pass_gate(roster, gate=Gate.OWN_PAYMENT, by=world.clerk, at=timezone.now()),
            stop_at="beneficiaries.pass_gate.before",
        )
        approving = stepper.start(lambda: approve_undo(roster, by=world.reviewer, at=timezone.now()))
        assert approving.waits()
        paying.go_on()
        assert paying.result() == 2
        assert approving.result().state == State.UNDOING
    drain()
    assert Event.objects.get(verb="roster.chunk_undone").data["paid"] == 2
    assert broken() == []


def test_a_gate_waits_for_an_undo_under_way_and_is_then_refused() -> None:
    world, roster = make_applied(2, requires_own_payment=True)
    roster = ordered(world, roster)
    with Stepper() as stepper:
        undoing = stepper.start(work(roster), stop_at="beneficiaries.undo.covers.before")
        paying = stepper.start(lambda: pass_gate(roster, gate=Gate.OWN_PAYMENT, by=world.clerk, at=timezone.now()))
        assert paying.waits()
        undoing.go_on()
        assert undoing.result().ending == Ending.DONE
        assert refused_by(paying, BeneficiariesRefused) == "GATE_UNDONE"
    assert set(Enrollment.objects.values_list("state", "own_paid_at")) == {("voided", None)}
    assert broken() == []


@pytest.mark.parametrize("first", ["lapse", "undo"])
def test_a_lapse_and_an_undo_at_once_give_the_money_back_once(monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    world = make_world(requires_own_payment=True)
    Period.objects.filter(pk=world.period.pk).update(enrollment_closes_on=world.period.starts_on.replace(month=3))
    world.period.refresh_from_db()
    roster = ordered(world, applied(world, people(3)))
    at = timezone.make_aware(datetime.combine(world.period.enrollment_closes_on, time.min))

    class Clock:
        now = staticmethod(lambda: at)

    monkeypatch.setattr(tasks, "timezone", Clock)
    queue_lapses(at=at)
    undo, lapse = work(roster), work(world.period)
    points = {"lapse": "programs.give_back_used.before", "undo": "beneficiaries.undo.covers.before"}
    runs = {"lapse": lapse, "undo": undo}
    last = {"lapse": "undo", "undo": "lapse"}[first]
    with Stepper() as stepper:
        one = stepper.start(runs[first], stop_at=points[first])
        two = stepper.start(runs[last])
        assert two.waits()
        one.go_on()
        assert (one.result().ending, two.result().ending) == (Ending.DONE, Ending.DONE)
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"lapsed" if first == "lapse" else "voided"}
    assert money_of(world.foundation, world.period) == (Decimal(0), Decimal(0), 3 * FOUNDATION)
    assert LedgerTransaction.objects.filter(kind__in=["lapse", "undo"]).count() == 1
    assert broken() == []


def approved_beside(world: World, rows: list[list[str]], period: Period) -> Roster:
    """A second roster of the same people, approved and not applied."""
    second = uploaded(replace(world, period=period), rows)
    drain()
    second = submit_roster(Roster.objects.get(pk=second.pk), by=world.clerk, at=timezone.now())
    return approve_roster(second, digest=second.digest, by=world.reviewer, at=timezone.now())


@pytest.mark.parametrize("phone", ["13800138000", "13911111111"])
def test_a_second_roster_applied_during_an_undo_waits_and_stands_on_nothing_that_was_taken_away(
    phone: str
) -> None:
    world, first = make_applied(2)
    second = approved_beside(world, people(2, phone=phone), later_period(world, 1))
    ordered(world, first)
    with Stepper() as stepper:
        undoing = stepper.start(work(first), stop_at="beneficiaries.undo.kept.after")
        applying = stepper.start(work(second))
        assert applying.waits()
        undoing.go_on()
        assert (undoing.result().ending, applying.result().ending) == (Ending.DONE, Ending.DONE)
    # What the reviewer compared with is not there any more: the rows are set aside, to be reviewed again.
    assert set(RosterRow.objects.filter(roster=second).values_list("set_aside", flat=True)) == {"CHANGED_SINCE_REVIEW"}
    assert list(Enrollment.objects.values_list("state", flat=True)) == ["voided", "voided"]
    assert broken() == []


@pytest.mark.parametrize("phone", ["13800138000", "13911111111"])
def test_an_undo_waits_for_a_second_roster_being_applied_and_takes_nothing_from_it(phone: str) -> None:
    world, first = make_applied(2)
    second = approved_beside(world, people(2, phone=phone), later_period(world, 1))
    ordered(world, first)
    with Stepper() as stepper:
        applying = stepper.start(work(second), stop_at="beneficiaries.apply.enrollments.after")
        undoing = stepper.start(work(first))
        assert undoing.waits()
        applying.go_on()
        assert (undoing.result().ending, applying.result().ending) == (Ending.DONE, Ending.DONE)
    assert set(Enrollment.objects.filter(roster=second).values_list("state", flat=True)) == {"in_force"}
    assert set(Enrollment.objects.filter(roster=first).values_list("state", flat=True)) == {"voided"}
    assert {each.phone.reveal() for each in Beneficiary.objects.all()} == {phone}
    assert BeneficiaryCategory.objects.filter(valid_to=None).count() == 2
    assert set(RosterRow.objects.filter(roster=first).values_list("kept", flat=True)) == {"CHANGED_SINCE"}
    assert broken() == []


def test_a_claim_being_filed_is_waited_for_and_keeps_its_cover() -> None:
    world, roster = make_applied(2)
    cover = Enrollment.objects.earliest("pk")
    register_keeper(Keeper("CLAIMED", "a claim was filed", "e.insurer_policy_number = 'claimed'"))
    ordered(world, roster)
    filed = FilesAClaim(cover)
    try:
        with Stepper() as stepper:
            filing = stepper.start(filed, stop_at="test.claim.filed")
            undoing = stepper.start(work(roster))
            assert undoing.waits()
            filing.go_on()
            filing.result()
            assert undoing.result().ending == Ending.DONE
    finally:
        forget_keeper("CLAIMED")
    assert sorted(Enrollment.objects.values_list("state", flat=True)) == ["in_force", "voided"]
    assert RosterRow.objects.get(pk=cover.row_id).kept == "CLAIMED"
    assert broken() == []


class FilesAClaim:
    """Stands for a room above: locks the cover, writes, commits."""

    def __init__(self, cover: Enrollment) -> None:
        self.cover = cover

    def __call__(self) -> None:
        with transaction.atomic():
            Enrollment.objects.select_for_update().get(pk=self.cover.pk)
            Enrollment.objects.filter(pk=self.cover.pk).update(insurer_policy_number="claimed")
            fault_point("test.claim.filed")


@pytest.mark.parametrize(
    "point", ["intake.undo_chunk.before", "beneficiaries.undo.covers.before", "intake.undo_chunk.committed"]
)
def test_a_worker_that_hangs_past_its_lease_while_undoing_loses_to_the_one_that_followed(
    world: World, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 2)
    roster = ordered(world, applied(world, people(6)))
    run = work(roster)
    with Stepper() as stepper:
        first = stepper.start(run, stop_at=point)
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
    assert Roster.objects.get(pk=roster.pk).state == State.UNDONE
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"voided"}
    assert money_of(world.foundation, world.period) == (Decimal(0), Decimal(0), 6 * FOUNDATION)
    assert Event.objects.filter(verb="roster.chunk_undone").count() == 3
    assert broken() == []


def outcome(roster: Roster) -> dict[str, Any]:
    """All that an undo brought about, without ids."""
    roster = Roster.objects.get(pk=roster.pk)
    rows = RosterRow.objects.filter(roster=roster).order_by("line")
    found = []
    for row in rows:
        cover = Enrollment.objects.select_related("beneficiary").get(row_id=row.pk)
        known = cover.beneficiary
        categories = known.categories.order_by("pk")
        found.append(
            (
                row.line, row.kept, cover.state, known.phone.reveal() if known.phone else None,
                known.address.reveal() if known.address else None, known.bank_name,
                [(each.valid_to is None, each.valid_to == each.valid_from, each.row_id == row.pk) for each in categories],
            )
        )
    posted = LedgerEntry.objects.filter(transaction__kind="undo", transaction__source_id=roster.pk)
    return {
        "state": roster.state, "rows": found,
        "chunks": list(roster.chunks.order_by("number").values_list("undone_rows", "kept_counts")),
        "events": sorted(
            (event.verb, str(sorted(event.data.items())))
            for event in Event.objects.filter(subject_id=str(roster.pk), verb__contains="und").order_by("pk")
        ),
        "posted": sorted(
            posted.values_list("transaction__memo", "account__kind", "amount"), key=str
        ),
        "jobs": list(
            Job.objects.about(roster).filter(kind="beneficiaries.undo_roster").values_list("state", "done", "total")
        ),
    }


MODES = {"exception": FaultAt, "disconnect": Dropped}


@pytest.mark.parametrize("mode", in_turn(MODES, 0))
def test_a_fault_at_any_point_of_an_undo_changes_nothing_of_the_end(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 3)
    world, cases = make_world(), 80 if FULL_SWEEP else 6
    with in_one_chunk():
        applied(world, [line for case in range(cases) for line in people(3, first=case * 10)])
    period = later_period(world, 1)

    def case(number: int) -> Roster:
        rows = people(6, first=number * 10, phone="13911111111", address="新街1号", categories="低保对象、特困人员")
        return ordered(world, applied(world, rows, period=period))

    plain = case(0)
    seen = FaultAt()
    with handled_by(seen):
        drain_through_failures()
    wanted, points = outcome(plain), seen.seen
    assert wanted["state"] == "undone"
    assert [row[1:3] for row in wanted["rows"]] == [("", "voided")] * 6
    assert [row[3] for row in wanted["rows"]] == ["13800138000"] * 3 + [None] * 3
    strikes = list(range(1 + (STEP // 2 if mode == "disconnect" else 0), len(points) + 1, STEP))[: cases - 1]
    assert len(points) - strikes[-1] < STEP, (len(points), strikes)
    for number, k in enumerate(strikes, 1):
        roster = case(number)
        fault = MODES[mode](k=k)
        struck(fault)
        assert fault.struck, k
        recover()
        found = outcome(roster)
        for part, value in wanted.items():
            assert found[part] == value, (k, points[k - 1], part)
    assert broken() == []
    assert broken_chain() == []


@pytest.mark.parametrize("mode", in_turn(MODES, 1))
def test_a_fault_while_an_undo_is_decided_leaves_the_roster_as_it_was(mode: str) -> None:
    world, roster = make_applied(1)
    steps: list[tuple[str, Callable[[], Any]]] = [
        ("applied", lambda: request_undo(roster, reason=REASON, by=world.clerk, at=timezone.now())),
        ("undo_asked", lambda: approve_undo(roster, by=world.reviewer, at=timezone.now())),
    ]
    for state, step in steps:
        k = 1
        while True:
            fault = MODES[mode](k=k)
            error: BaseException | None = None
            try:
                with handled_by(fault):
                    step()
            except LOST as caught:
                error = caught
            connection.close()
            if not fault.struck and error is None:
                break
            if fault.seen[-1].startswith("jobs.ring"):
                break
            assert Roster.objects.get(pk=roster.pk).state == state, fault.seen[-1]
            assert not Job.objects.filter(kind="beneficiaries.undo_roster").exists()
            k += 1
        assert k > 3
    recover()
    assert Roster.objects.get(pk=roster.pk).state == State.UNDONE
    assert broken() == []

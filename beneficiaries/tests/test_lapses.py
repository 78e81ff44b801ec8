"""At the close of enrollment: the unpaid lapse and their money goes back, to the fen, once, whatever dies where."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, PlantedFault, handled_by
from audit.models import Event
from audit.testing import FULL_SWEEP, Stepper
from beneficiaries import tasks
from beneficiaries.actions import (
    Gate,
    approve_roster,
    lapses,
    pass_gate,
    periods_to_lapse,
    queue_lapses,
    submit_roster,
)
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Enrollment, Roster, RosterRow
from beneficiaries.testing import World, make_world, people, row, uploaded
from beneficiaries.tests.outcomes import LOST, broken, recover
from intake import staging
from intake.models import State
from jobs.actions import cancel_job
from jobs.models import Job
from jobs.testing import drain, drain_through_failures
from programs.models import Budget, BudgetReservation, LedgerAccount, LedgerEntry, LedgerTransaction, Period

D = Decimal
COUNTY, FOUNDATION = D("30.00"), D("68.99")


def closing_world(**terms: Any) -> World:
    """A world whose enrollment closes two months into its period."""
    world = make_world(**terms)
    starts_on = world.period.starts_on
    Period.objects.filter(pk=world.period.pk).update(enrollment_closes_on=starts_on.replace(month=3))
    world.period.refresh_from_db()
    return world


def closing(world: World) -> datetime:
    """The first moment on which enrollment is closed."""
    return timezone.make_aware(datetime.combine(world.period.enrollment_closes_on, time.min))


def approved(world: World, rows: list[list[str]]) -> Roster:
    roster = uploaded(world, rows)
    drain()
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    return approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())


def applied(world: World, count: int, *, first: int = 0) -> Roster:
    roster = approved(world, [*people(count, first=first), row(name="")])
    drain()
    return Roster.objects.get(pk=roster.pk)


@pytest.fixture
def at_the_close(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The room's clock, put to the close of a world's enrollment."""

    def put(world: World) -> datetime:
        at = closing(world)

        class Clock:
            now = staticmethod(lambda: at)

        monkeypatch.setattr(tasks, "timezone", Clock)
        return at

    return put


def money_of(funder: Any) -> tuple[Decimal, Decimal, Decimal]:
    return Budget.objects.values_list("reserved", "used", "released").get(funder=funder)


def balances() -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for kind, balance in LedgerAccount.objects.values_list("kind", "balance"):
        found[kind] = found.get(kind, D("0.00")) + balance
    return found


@pytest.mark.django_db
def test_the_unpaid_lapse_at_the_close_and_every_fen_goes_back(at_the_close: Any) -> None:
    world = closing_world(requires_own_payment=True)
    unpaid, paid = applied(world, 3), applied(world, 2, first=10)
    pass_gate(paid, gate=Gate.OWN_PAYMENT, by=world.reviewer, at=timezone.now())
    assert money_of(world.foundation) == (D("0.00"), 5 * FOUNDATION, D("0.00"))
    at = at_the_close(world)
    tasks.lapse()
    drain()
    assert list(Enrollment.objects.order_by("pk").values_list("roster", "state")) == [
        *[(unpaid.pk, "lapsed")] * 3, *[(paid.pk, "in_force")] * 2,
    ]
    assert money_of(world.foundation) == (D("0.00"), D("137.98"), D("206.97"))
    assert money_of(world.county) == (D("0.00"), D("60.00"), D("90.00"))
    assert Budget.objects.get(funder=world.foundation).available == D("1000000.00") - D("137.98")
    posting = LedgerTransaction.objects.get(kind="lapse")
    assert (posting.source_type, posting.source_id, posting.memo, posting.by_label, posting.at) == (
        "beneficiaries.roster", unpaid.pk, "3", "system:lapse", at,
    )
    legs = LedgerEntry.objects.filter(transaction=posting).values_list("account__kind", "account__funder", "amount")
    assert sorted(legs, key=str) == sorted(
        [
            ("budget_used", world.foundation.pk, D("-206.97")), ("budget_available", world.foundation.pk, D("206.97")),
            ("budget_used", world.county.pk, D("-90.00")), ("budget_available", world.county.pk, D("90.00")),
            ("funder_receivable", world.foundation.pk, D("-206.97")), ("funder_receivable", world.county.pk, D("-90.00")),
            ("person_receivable", None, D("-0.03")), ("insurer_payable", None, D("297.00")),
        ],
        key=str,
    )
    assert (balances()["insurer_payable"], balances()["person_receivable"]) == (D("-198.00"), D("0.00"))
    assert balances()["own_received"] == D("0.02")
    event = Event.objects.get(verb="roster.lapsed")
    assert (event.subject_id, event.data) == (str(unpaid.pk), {"people": 3, "released": "296.97"})
    job = Job.objects.get(kind="beneficiaries.lapse_period")
    assert (job.state, job.done, job.result) == ("done", 3, {"people": 3, "rosters": 0})
    assert broken() == []


@pytest.mark.django_db
def test_history_keeps_the_state_before_the_lapse(at_the_close: Any) -> None:
    world = closing_world(requires_own_payment=True)
    applied(world, 2)
    at_the_close(world)
    tasks.lapse()
    drain()
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'beneficiaries_enrollment%'")
        (history,) = {name for (name,) in cursor.fetchall()} - {"beneficiaries_enrollment"}
        cursor.execute(f"SELECT state, count(*) FROM {history} GROUP BY state ORDER BY state")
        assert cursor.fetchall() == [("awaiting", 2)]


@pytest.mark.django_db
def test_nothing_lapses_on_the_last_day_of_enrollment_and_a_second_run_does_nothing(at_the_close: Any) -> None:
    world = closing_world(requires_own_payment=True)
    applied(world, 2)
    day_before = closing(world) - timedelta(seconds=1)
    assert list(periods_to_lapse(at=day_before)) == []
    assert queue_lapses(at=day_before) == []
    at = at_the_close(world)
    assert list(periods_to_lapse(at=at)) == [world.period]
    assert len(queue_lapses(at=at)) == 1
    # A job waits already: a second ring queues none.
    assert queue_lapses(at=at) == []
    drain()
    assert list(periods_to_lapse(at=at)) == []
    assert queue_lapses(at=at) == []
    assert LedgerTransaction.objects.filter(kind="lapse").count() == 1
    assert Event.objects.filter(verb="roster.lapsed").count() == 1


@pytest.mark.django_db
def test_a_plan_without_own_payment_lets_nobody_lapse(at_the_close: Any) -> None:
    world = closing_world(requires_insurer_acceptance=True)
    applied(world, 2)
    at = at_the_close(world)
    assert queue_lapses(at=at) == []
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"awaiting"}


@pytest.mark.django_db
def test_whoever_has_paid_and_awaits_the_insurer_keeps_the_place(at_the_close: Any) -> None:
    world = closing_world(requires_own_payment=True, requires_insurer_acceptance=True)
    roster = applied(world, 2)
    pass_gate(roster, gate=Gate.OWN_PAYMENT, by=world.reviewer, at=timezone.now())
    at = at_the_close(world)
    assert queue_lapses(at=at) == []
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"awaiting"}


@pytest.mark.django_db
def test_own_payment_is_recorded_until_the_close_and_refused_from_then_on() -> None:
    world = closing_world(requires_own_payment=True)
    roster = applied(world, 2)
    with pytest.raises(BeneficiariesRefused) as refused:
        pass_gate(roster, gate=Gate.OWN_PAYMENT, by=world.reviewer, at=closing(world))
    assert (refused.value.code, refused.value.facts) == ("GATE_CLOSED", {"day": world.period.enrollment_closes_on})
    assert set(Enrollment.objects.values_list("own_paid_at", flat=True)) == {None}
    last = closing(world) - timedelta(days=1)
    assert pass_gate(roster, gate=Gate.OWN_PAYMENT, by=world.reviewer, at=last) == 2


@pytest.mark.django_db
def test_a_lapsed_person_can_be_enrolled_again_in_the_same_period(at_the_close: Any) -> None:
    world = closing_world(requires_own_payment=True)
    applied(world, 2)
    at_the_close(world)
    tasks.lapse()
    drain()
    again = applied(world, 3)
    assert Enrollment.objects.filter(roster=again, state="awaiting").count() == 3
    assert broken() == []


@pytest.mark.django_db
def test_a_roster_that_never_finished_gives_its_money_back_and_its_rows_are_set_aside(
    monkeypatch: pytest.MonkeyPatch, at_the_close: Any
) -> None:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 2)
    world = closing_world()
    roster = approved(world, people(5))
    job = Job.objects.about(roster).get(kind="beneficiaries.apply_roster")
    # Two of three parts are applied, then the job fails and is cancelled for good.
    arrivals: list[str] = []

    def third_part(name: str) -> None:
        arrivals.append(name)
        if name == "intake.apply_chunk.before" and arrivals.count(name) == 3:
            raise PlantedFault(name)

    with handled_by(third_part), pytest.raises(PlantedFault):
        drain()
    cancel_job(Job.objects.get(pk=job.pk), by=world.clerk, at=timezone.now())
    assert Enrollment.objects.count() == 4
    assert money_of(world.foundation) == (FOUNDATION, 4 * FOUNDATION, D("0.00"))
    at_the_close(world)
    tasks.lapse()
    drain()
    roster = Roster.objects.get(pk=roster.pk)
    assert roster.state == State.APPLIED
    assert list(RosterRow.objects.filter(roster=roster).order_by("line").values_list("set_aside", flat=True)) == [
        "", "", "", "", "LAPSED",
    ]
    assert (Enrollment.objects.count(), Enrollment.objects.filter(state="in_force").count()) == (4, 4)
    assert money_of(world.foundation) == (D("0.00"), 4 * FOUNDATION, FOUNDATION)
    assert not BudgetReservation.objects.filter(closed_at=None).exists()
    assert Event.objects.get(verb="roster.hold_lapsed").data == {"released": "98.99"}
    assert Job.objects.get(kind="beneficiaries.lapse_period").result == {"people": 0, "rosters": 1}
    assert broken() == []


@pytest.mark.django_db
def test_a_roster_whose_job_still_waits_was_approved_in_time_and_is_left_to_finish(at_the_close: Any) -> None:
    world = closing_world()
    roster = approved(world, people(3))
    waiting = Job.objects.about(roster).get(state="queued")
    at = at_the_close(world)
    Job.objects.filter(pk=waiting.pk).update(run_after=timezone.now() + timedelta(hours=1))
    (job,) = queue_lapses(at=at)
    assert job.kind == lapses.KIND
    drain()
    assert Job.objects.get(pk=job.pk).result == {"people": 0, "rosters": 0}
    assert Roster.objects.get(pk=roster.pk).state == State.APPLIED
    assert Enrollment.objects.filter(state="in_force").count() == 3
    assert Event.objects.filter(verb="roster.hold_lapsed").count() == 0
    assert broken() == []


@pytest.mark.django_db
def test_a_roster_applied_after_its_period_has_ended_enrolls_nobody_and_holds_nothing(at_the_close: Any) -> None:
    world = make_world()
    roster = approved(world, people(2))
    assert world.period.enrollment_closes_on == world.period.ends_on
    at_the_close(world)
    drain()
    assert Roster.objects.get(pk=roster.pk).state == State.APPLIED
    assert set(RosterRow.objects.filter(roster=roster).values_list("set_aside", flat=True)) == {"LAPSED"}
    assert money_of(world.foundation) == (D("0.00"), D("0.00"), 2 * FOUNDATION)
    assert broken() == []


@pytest.mark.django_db(transaction=True)
def test_a_payment_and_the_lapse_at_once_let_one_of_them_happen(monkeypatch: pytest.MonkeyPatch) -> None:
    world = closing_world(requires_own_payment=True)
    roster = applied(world, 3)
    queue_lapses(at=closing(world))

    class Clock:
        now = staticmethod(lambda: closing(world))

    monkeypatch.setattr(tasks, "timezone", Clock)
    last = closing(world) - timedelta(minutes=1)
    with Stepper() as stepper:
        paying = stepper.start(
            lambda: pass_gate(roster, gate=Gate.OWN_PAYMENT, by=world.reviewer, at=last),
            stop_at="beneficiaries.pass_gate.before",
        )
        lapsing = stepper.start(drain)
        assert lapsing.waits()
        paying.go_on()
        assert paying.result() == 3
        lapsing.result()
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"in_force"}
    assert LedgerTransaction.objects.filter(kind="lapse").count() == 0
    assert broken() == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_one_lapse_give_the_money_back_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lapses, "BATCH", 2)
    world = closing_world(requires_own_payment=True)
    roster = applied(world, 5)

    class Run:
        done = 0

        def check_stop(self) -> None: ...

        def advance(self, *, done: int = 0, **other: Any) -> None:
            self.done = done

    def lapse() -> dict[str, int]:
        return lapses.lapse_period(Run(), world.period, at=closing(world))

    with Stepper() as stepper:
        first = stepper.start(lapse, stop_at="programs.give_back_used.before")
        second = stepper.start(lapse)
        assert second.waits()
        first.go_on()
        done = [first.result()["people"], second.result()["people"]]
    assert sum(done) == 5
    assert Enrollment.objects.filter(roster=roster, state="lapsed").count() == 5
    assert money_of(world.foundation) == (D("0.00"), D("0.00"), 5 * FOUNDATION)
    assert broken() == []


@pytest.mark.django_db(transaction=True)
def test_a_fault_at_any_point_of_a_lapse_loses_and_doubles_nothing(
    monkeypatch: pytest.MonkeyPatch, at_the_close: Any
) -> None:
    monkeypatch.setattr(lapses, "BATCH", 2)
    world = closing_world(requires_own_payment=True)
    at = at_the_close(world)
    struck, k = 0, 1
    while True:
        roster = applied(world, 3, first=10 * k)
        queue_lapses(at=at)
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        recover()
        states = list(Enrollment.objects.filter(roster=roster).values_list("state", flat=True))
        assert states == ["lapsed"] * 3, fault.seen[-1]
        said = Event.objects.filter(verb="roster.lapsed", subject_id=str(roster.pk))
        assert sum(said.values_list("data__people", flat=True)) == 3
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 13
    assert struck > 1
    assert money_of(world.foundation) == (D("0.00"), D("0.00"), 3 * (struck + 1) * FOUNDATION)
    assert broken() == []

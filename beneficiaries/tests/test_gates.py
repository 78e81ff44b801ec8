"""Between enrollment and cover: public notice, own payment, the insurer's acceptance; in order, once, and in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.events import timeline
from audit.models import Event
from audit.testing import Stepper
from audit.worlds import keepable
from beneficiaries.actions import Gate, approve_roster, open_gates, pass_gate, submit_roster
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Enrollment, Roster
from beneficiaries.testing import World, make_world, people, row, uploaded
from jobs.testing import drain

ALL = {"requires_notice": True, "notice_days": 5, "requires_own_payment": True, "requires_insurer_acceptance": True}


def applied(world: World, count: int = 3) -> Roster:
    roster = uploaded(world, [*people(count), row(name="")])
    drain()
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    return Roster.objects.get(pk=roster.pk)


@keepable
def begun(**terms: Any) -> tuple[World, Roster]:
    """A world with an applied roster: made once for all tests that begin with it."""
    world = make_world(**terms)
    return world, applied(world)


def code_of(refused: pytest.ExceptionInfo[BeneficiariesRefused]) -> str:
    return refused.value.code


def midnight(at: datetime) -> datetime:
    return timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.mark.django_db
def test_a_plan_without_gates_covers_at_once_and_has_none_to_record() -> None:
    world, roster = begun()
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"in_force"}
    assert open_gates(roster) == []
    with pytest.raises(BeneficiariesRefused) as refused:
        pass_gate(roster, gate=Gate.NOTICE, by=world.reviewer, at=timezone.now())
    assert code_of(refused) == "GATE_NOT_ASKED"


@pytest.mark.django_db
def test_cover_comes_into_force_when_the_last_gate_is_passed_and_not_before() -> None:
    world, roster = begun(**ALL)
    at = timezone.now() + timedelta(days=5)
    assert open_gates(roster) == [Gate.NOTICE, Gate.OWN_PAYMENT, Gate.ACCEPTANCE]
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"awaiting"}
    assert pass_gate(roster, gate=Gate.NOTICE, by=world.reviewer, at=at) == 0
    assert open_gates(roster) == [Gate.OWN_PAYMENT, Gate.ACCEPTANCE]
    assert pass_gate(roster, gate=Gate.OWN_PAYMENT, by=world.reviewer, at=at) == 0
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"awaiting"}
    assert pass_gate(roster, gate=Gate.ACCEPTANCE, policy_number=" P-2027-0001 ", by=world.reviewer, at=at) == 3
    assert open_gates(roster) == []
    for cover in Enrollment.objects.all():
        assert (cover.state, cover.insurer_policy_number) == ("in_force", "P-2027-0001")
        assert (cover.notice_passed_at, cover.own_paid_at, cover.accepted_at) == (at, at, at)
        assert timezone.localtime(cover.starts_at).date() == world.period.starts_on
    recorded = Event.objects.filter(verb="roster.gate_passed").order_by("pk").values_list("data", flat=True)
    assert list(recorded) == [
        {"gate": "notice", "passed": 3, "in_force": 0}, {"gate": "own_payment", "passed": 3, "in_force": 0},
        {"gate": "acceptance", "passed": 3, "in_force": 3},
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "early"), [(0, True), (4, True), (5, False), (6, False)])
def test_the_notice_lasts_its_days(days: int, early: bool) -> None:
    world, roster = begun(**ALL)
    at = midnight(timezone.now()) + timedelta(days=days)
    if not early:
        assert pass_gate(roster, gate=Gate.NOTICE, by=world.reviewer, at=at) == 0
        return
    with pytest.raises(BeneficiariesRefused) as refused:
        pass_gate(roster, gate=Gate.NOTICE, by=world.reviewer, at=at)
    ends_on = timezone.localdate(roster.applied_at) + timedelta(days=5)
    assert (code_of(refused), refused.value.facts) == ("GATE_TOO_EARLY", {"days": 5, "day": ends_on})
    assert not Enrollment.objects.exclude(notice_passed_at=None).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("gate", [Gate.OWN_PAYMENT, Gate.ACCEPTANCE])
def test_a_gate_waits_for_those_before_it(gate: Gate) -> None:
    world, roster = begun(**ALL)
    at = timezone.now() + timedelta(days=9)
    if gate is Gate.ACCEPTANCE:
        pass_gate(roster, gate=Gate.NOTICE, by=world.reviewer, at=at)
    with pytest.raises(BeneficiariesRefused) as refused:
        pass_gate(roster, gate=gate, policy_number="P-1", by=world.reviewer, at=at)
    assert code_of(refused) == "GATE_ORDER"
    assert set(Enrollment.objects.values_list("state", "own_paid_at", "accepted_at")) == {("awaiting", None, None)}


@pytest.mark.django_db
def test_gates_that_the_plan_does_not_ask_for_do_not_hold_up_the_next() -> None:
    world, roster = begun(requires_insurer_acceptance=True)
    assert open_gates(roster) == [Gate.ACCEPTANCE]
    assert pass_gate(roster, gate=Gate.ACCEPTANCE, policy_number="P-1", by=world.reviewer, at=timezone.now()) == 3


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["", "  "])
def test_acceptance_names_the_insurers_policy(number: str) -> None:
    world, roster = begun(requires_insurer_acceptance=True)
    with pytest.raises(BeneficiariesRefused) as refused:
        pass_gate(roster, gate=Gate.ACCEPTANCE, policy_number=number, by=world.reviewer, at=timezone.now())
    assert code_of(refused) == "POLICY_NUMBER"
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"awaiting"}


@pytest.mark.django_db
def test_a_second_click_is_refused_and_changes_nothing() -> None:
    world, roster = begun(**ALL)
    at = timezone.now() + timedelta(days=5)
    pass_gate(roster, gate=Gate.NOTICE, by=world.reviewer, at=at)
    with pytest.raises(BeneficiariesRefused) as refused:
        pass_gate(roster, gate=Gate.NOTICE, by=world.reviewer, at=at + timedelta(days=1))
    assert code_of(refused) == "GATE_PASSED"
    assert set(Enrollment.objects.values_list("notice_passed_at", flat=True)) == {at}
    assert Event.objects.filter(verb="roster.gate_passed").count() == 1


@pytest.mark.django_db
def test_nothing_is_recorded_for_a_roster_that_is_not_applied() -> None:
    world = make_world(**ALL)
    roster = uploaded(world, people(2))
    drain()
    with pytest.raises(BeneficiariesRefused) as refused:
        pass_gate(roster, gate=Gate.NOTICE, by=world.reviewer, at=timezone.now() + timedelta(days=9))
    assert code_of(refused) == "GATE_NOT_APPLIED"


@pytest.mark.django_db
def test_gates_passed_before_the_period_leave_its_first_day_and_later_ones_move_the_start_to_the_next_midnight() -> None:
    world = make_world(requires_own_payment=True)
    before, late = applied(world), None
    pass_gate(before, gate=Gate.OWN_PAYMENT, by=world.reviewer, at=timezone.now())
    roster = uploaded(world, people(2, first=50))
    drain()
    late = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    approve_roster(late, digest=late.digest, by=world.reviewer, at=timezone.now())
    drain()
    first_day = Enrollment.objects.filter(roster=before).values_list("starts_at", flat=True)[0]
    assert timezone.localtime(first_day).date() == world.period.starts_on
    paid_at = first_day + timedelta(days=40, hours=15)
    assert pass_gate(late, gate=Gate.OWN_PAYMENT, by=world.reviewer, at=paid_at) == 2
    assert set(Enrollment.objects.filter(roster=late).values_list("starts_at", flat=True)) == {
        first_day + timedelta(days=41)
    }
    cover = Enrollment.objects.filter(roster=late)
    assert not cover.covering(at=paid_at).exists()
    assert cover.covering(at=first_day + timedelta(days=41)).count() == 2
    assert not cover.covering(at=cover[0].ends_at).exists()


@pytest.mark.django_db
def test_enrollments_that_have_ended_meanwhile_are_left_alone() -> None:
    world, roster = begun(requires_own_payment=True)
    gone = Enrollment.objects.order_by("pk")[0]
    Enrollment.objects.filter(pk=gone.pk).update(state="lapsed")
    assert pass_gate(roster, gate=Gate.OWN_PAYMENT, by=world.reviewer, at=timezone.now()) == 2
    gone.refresh_from_db()
    assert (gone.state, gone.own_paid_at) == ("lapsed", None)


@pytest.mark.django_db(transaction=True)
def test_two_people_recording_one_gate_at_once_record_it_once() -> None:
    world, roster = begun(requires_own_payment=True)

    def record() -> int:
        return pass_gate(roster, gate=Gate.OWN_PAYMENT, by=world.reviewer, at=timezone.now())

    with Stepper() as stepper:
        first = stepper.start(record, stop_at="beneficiaries.pass_gate.before")
        second = stepper.start(record)
        assert second.waits()
        first.go_on()
        assert first.result() == 3
        error = second.error()
    assert isinstance(error, BeneficiariesRefused)
    assert error.code == "GATE_PASSED"
    assert Event.objects.filter(verb="roster.gate_passed").count() == 1


@pytest.mark.django_db
def test_the_timeline_names_each_step_in_words(client: Client) -> None:
    world, roster = begun(**ALL)
    at = timezone.now() + timedelta(days=5)
    for gate in (Gate.NOTICE, Gate.OWN_PAYMENT, Gate.ACCEPTANCE):
        pass_gate(roster, gate=gate, policy_number="P-1", by=world.reviewer, at=at)
    said = [entry.sentence for entry in timeline(roster)[:3]]
    assert said == [
        "登记环节（保险公司已承保）：3 人，其中 3 份保障生效。", "登记环节（个人缴费已到账）：3 人，其中 0 份保障生效。",
        "登记环节（公示期满）：3 人，其中 0 份保障生效。",
    ]
    client.force_login(world.reviewer, backend="accounts.backends.RoleBackend")
    for page in ("change", "history"):
        told = client.get(reverse(f"admin:beneficiaries_roster_{page}", args=[roster.pk])).content.decode()
        assert said[1] in told
        assert "own_payment" not in told


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("verb", "data", "said"),
    [
        ("roster.failed", {"codes": "HEADER_MISSING, CHOOSE_SHEET"}, "名单文件无法读取（缺少必需的列、有多张工作表含有数据）。"),
        (
            "roster.closed", {"code": "TOO_MANY_CONFLICTS"},
            "名单未经查看即被关闭（与登记信息不符的行过多：文件已关闭，审计员可以看到）。",
        ),
    ],
)
def test_the_timeline_says_in_words_why_a_roster_was_not_read(
    client: Client, verb: str, data: dict[str, str], said: str
) -> None:
    world = make_world()
    roster = uploaded(world, people(1))
    events.record(
        verb, roster, by="system:intake", at=timezone.now(), organization=roster.organization,
        region_code=roster.region_code, program_id=roster.program_id, data=data,
    )
    client.force_login(world.reviewer, backend="accounts.backends.RoleBackend")
    for page in ("change", "history"):
        told = client.get(reverse(f"admin:beneficiaries_roster_{page}", args=[roster.pk])).content.decode()
        assert said in told
        assert not any(code in told for codes in data.values() for code in codes.split(", "))


@pytest.mark.django_db
def test_people_whose_cover_awaits_a_step_are_a_queue_of_who_records_it(client: Client, settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    world = make_world(requires_notice=True)
    applied(world, 4)

    def queues(user: User) -> list[Any]:
        client.force_login(user, backend="accounts.backends.RoleBackend")
        cards = client.get(reverse("admin:index")).context["queues"]
        return [(card.count, card.url) for card in cards if card.queue.key == "beneficiaries.gates"]

    assert queues(world.clerk) == [
        (4, f"{reverse('admin:beneficiaries_enrollment_changelist')}?queue=beneficiaries.gates")
    ]
    assert queues(world.auditor) == []

"""Own payments: to the fen, once, in time, for whom the list shows; by themselves or by a sponsor; booked as they come."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import Gate, approve_undo, pass_gate, request_undo
from beneficiaries.models import Enrollment, Person, Roster
from beneficiaries.testing import World, applied, make_world, people
from beneficiaries.tests.test_lapses import balances
from gates import actions
from gates.actions import payments
from gates.errors import GatesRefused
from gates.models import OwnPayment, Unpaid
from gates.testing import moment, paid
from jobs.models import Job
from jobs.testing import drain
from portal.verify import check_all
from programs.models import LedgerTransaction

pytestmark = pytest.mark.django_db
D = Decimal
PAGE = "admin:gates_unpaid_changelist"


def made() -> tuple[World, Roster, Roster]:
    """Two rosters of three and two people who have only to pay, and one of two that wait for their notice."""
    world = make_world(requires_notice=True, notice_days=0, requires_own_payment=True)
    first, second = applied(world, people(3)), applied(world, people(2, first=10))
    for roster in (first, second):
        pass_gate(roster, gate=Gate.NOTICE, by=world.clerk, at=timezone.now())
    applied(world, people(2, first=20))
    return world, first, second


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def test_nobody_pays_for_the_dead(kept_world: Any) -> None:
    world, first, _second = kept_world
    Person.objects.filter(pk=first.enrollments.order_by("pk")[0].person_id).update(deceased_on=timezone.localdate())
    assert payments.due_of(first.enrollments.all(), world.period)[1:] == (2, D("0.02"))
    payment = paid(world, first.enrollments.all(), amount=D("0.02"), at=timezone.now())
    assert (payment.people, payment.left_people) == (2, 0)
    assert sorted(first.enrollments.values_list("state", flat=True)) == ["awaiting", "in_force", "in_force"]


def test_a_payment_brings_its_people_into_force_and_is_booked_to_the_fen(kept_world: Any) -> None:
    world, first, second = kept_world
    before = balances()
    at = timezone.now()
    payment = paid(world, first.enrollments.all(), amount=D("0.03"), at=at)
    assert (payment.state, payment.people, payment.amount, payment.left_people) == ("recorded", 3, D("0.03"), 0)
    assert set(first.enrollments.values_list("state", "own_paid_at")) == {("in_force", at)}
    assert set(second.enrollments.values_list("state", "own_paid_at")) == {("awaiting", None)}
    now = balances()
    assert (now["own_received"], now["person_receivable"] - before["person_receivable"]) == (D("0.03"), D("-0.03"))
    booked = LedgerTransaction.objects.get(kind="receipt")
    assert (booked.source_type, booked.source_id, booked.memo) == ("gates.ownpayment", payment.pk, "3")
    event = Event.objects.get(verb="payment.recorded")
    assert (event.actor_id, event.data) == (world.finance_maker.pk, {"people": 3, "amount": "0.03"})
    assert Unpaid.objects.count() == 2
    assert broken() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": D("0.02")}, "AMOUNT"), ({"amount": D("0.04")}, "AMOUNT"), ({"reference": "  "}, "REFERENCE"),
        ({"reference": "441602196203151219"}, "REFERENCE"), ({"paid_on": timezone.localdate() + timedelta(days=1)}, "PAID_LATER"),
        ({"at": timezone.now() + timedelta(days=900)}, "ENROLLMENT_CLOSED"),
    ],
)
def test_what_does_not_fit_is_refused_whole(kept_world: Any, changes: Any, code: str) -> None:
    world, first, _second = kept_world
    with pytest.raises(GatesRefused) as refused:
        paid(world, first.enrollments.all(), **{"amount": D("0.03"), **changes})
    assert refused.value.code == code
    assert (OwnPayment.objects.count(), Enrollment.objects.exclude(own_paid_at=None).count()) == (0, 0)
    assert "own_received" not in balances()


def test_nobody_is_paid_for_twice_and_no_reference_stands_twice(kept_world: Any) -> None:
    world, first, second = kept_world
    two = [cover.pk for cover in first.enrollments.order_by("pk")[:2]]
    paid(world, first.enrollments.filter(pk__in=two), amount=D("0.02"))
    with pytest.raises(GatesRefused) as refused:
        paid(world, first.enrollments.all(), amount=D("0.03"), reference="B")
    assert (refused.value.code, refused.value.facts) == ("AMOUNT", {"paid": D("0.03"), "due": D("0.01")})
    with pytest.raises(GatesRefused) as refused:
        paid(world, second.enrollments.all(), amount=D("0.02"))
    assert refused.value.code == "REFERENCE_TAKEN"
    paid(world, first.enrollments.all(), amount=D("0.01"), reference="B")
    with pytest.raises(GatesRefused) as refused:
        paid(world, first.enrollments.all(), amount=D("0.01"), reference="C")
    assert refused.value.code == "NOBODY_OWES"
    # Whoever waits for the notice is not asked to pay yet.
    with pytest.raises(GatesRefused) as refused:
        paid(world, Enrollment.objects.filter(notice_passed_at=None), amount=D("0.02"), reference="D")
    assert refused.value.code == "NOBODY_OWES"
    assert broken() == []


def test_a_recorded_payment_and_its_lines_are_never_changed(kept_world: Any) -> None:
    world, first, _second = kept_world
    payment = paid(world, first.enrollments.all(), amount=D("0.03"))
    for change in (
        lambda: OwnPayment.objects.filter(pk=payment.pk).update(amount=D("0.01")),
        lambda: OwnPayment.objects.filter(pk=payment.pk).update(left_people=1),
        lambda: OwnPayment.objects.filter(pk=payment.pk).delete(),
        lambda: payment.lines.update(amount=D("0.02")), lambda: payment.lines.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_role_that_does_not_reach_the_program_records_nothing(kept_world: Any) -> None:
    world, first, _second = kept_world
    with pytest.raises(GatesRefused) as refused:
        paid(world, first.enrollments.all(), amount=D("0.03"), by=world.clerk)
    assert refused.value.code == "OUT_OF_SCOPE"


def test_the_page_of_a_payment_shows_how_far_its_job_has_come(kept_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world, _first, _second = kept_world
    monkeypatch.setattr(payments, "AT_ONCE", 2)
    payment = paid(world, Enrollment.objects.all(), amount=D("0.05"))
    job = Job.objects.get(kind="gates.record_payment")
    address = reverse("admin:gates_ownpayment_change", args=[payment.pk])
    page = signed_in(world.finance_maker).get(address).content.decode()
    assert f'data-live="job-{job.pk}-progress" data-live-on' in page and "jobs/refresh.js" in page
    assert 'max="5" value="0"></progress>' in page and "0 / 5 · 0%" in page
    drain()
    assert "data-live" not in signed_in(world.finance_maker).get(address).content.decode()


def test_many_people_are_recorded_by_a_job_and_whom_it_comes_too_late_for_is_told(
    kept_world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, first, second = kept_world
    monkeypatch.setattr(payments, "AT_ONCE", 2)
    monkeypatch.setattr(payments, "BATCH", 2)
    payment = paid(world, Enrollment.objects.all(), amount=D("0.05"), sponsor=world.foundation)
    assert (payment.state, payment.people) == ("recording", 5)
    # On a payment that is being recorded, nobody is asked again.
    assert payments.due_of(Enrollment.objects.all(), world.period)[1:] == (0, D("0.00"))
    assert broken() == []
    approve_undo(
        request_undo(second, reason="名单发错了镇街", by=world.clerk, at=timezone.now()), by=world.reviewer, at=timezone.now()
    )
    drain()
    payment.refresh_from_db()
    assert (payment.state, payment.left_people, payment.left_amount) == ("recorded", 2, D("0.02"))
    assert set(first.enrollments.values_list("state", "own_paid_at")) == {("in_force", payment.made_at)}
    assert set(second.enrollments.values_list("state", "own_paid_at")) == {("voided", None)}
    job = Job.objects.get(kind="gates.record_payment")
    assert (job.state, job.done, job.result) == ("done", 5, {"people": 3, "left": 2})
    assert Event.objects.get(verb="payment.too_late").data == {"people": 2, "amount": "0.02"}
    assert balances()["own_received"] == D("0.03")
    assert broken() == []


def test_whoever_paid_in_time_is_in_time_though_the_job_runs_after_the_close(
    kept_world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, first, _second = kept_world
    monkeypatch.setattr(payments, "AT_ONCE", 0)
    last = moment(world.period.enrollment_closes_on - timedelta(days=1), 23)
    payment = paid(world, first.enrollments.all(), amount=D("0.03"), at=last)

    class Run:
        cursor: Any = None

        def check_stop(self) -> None: ...

        def advance(self, **moved: Any) -> None: ...

    done = actions.pay_part(Run(), payment, at=moment(world.period.enrollment_closes_on))
    assert done == {"people": 3, "left": 0}
    assert set(first.enrollments.values_list("own_paid_at", flat=True)) == {last}


def test_the_list_shows_who_has_not_paid_masked_by_place_and_roster(kept_world: Any) -> None:
    world, first, second = kept_world
    person = first.enrollments.first().person
    for user, seen in ((world.clerk, 5), (world.finance_maker, 5), (world.auditor, 5), (world.foundation_maker, 0)):
        answer = signed_in(user).get(reverse(PAGE))
        assert (answer.status_code, answer.context["cl"].result_count) == (200, seen), user
        assert person.name.reveal() not in answer.content.decode()
    client = signed_in(world.clerk)
    for query, seen in (
        (f"roster={second.pk}", 2), ("roster=none", 0), ("place=441602", 5), ("place=441621", 0), ("place=x", 0), ("roster=x", 0),
        (f"q={person.document.reveal()}", 1), (f"period__id__exact={world.period.pk}&place=4416", 5),
    ):
        assert client.get(f"{reverse(PAGE)}?{query}").context["cl"].result_count == seen, query


def test_a_payment_is_recorded_for_what_the_list_shows_or_for_the_selected(kept_world: Any) -> None:
    world, first, second = kept_world
    client = signed_in(world.finance_maker)
    record = reverse("admin:gates_unpaid_record")
    page = client.get(f"{record}?roster={second.pk}")
    assert [value for _label, value in page.context["facts"]][2:4] == ["2", "0.02元"]
    given = {"reference": "YH-7", "paid_on": str(timezone.localdate()), "amount": "0.03", "sponsor": world.county.pk}
    refused = client.post(f"{record}?roster={second.pk}", given)
    assert (refused.status_code, OwnPayment.objects.count()) == (409, 0)
    done = client.post(f"{record}?roster={second.pk}", {**given, "amount": "0.02"})
    payment = OwnPayment.objects.get()
    assert done.headers["Location"] == reverse("admin:gates_ownpayment_change", args=[payment.pk])
    assert (payment.people, payment.sponsor, payment.amount) == (2, world.county, D("0.02"))
    assert set(second.enrollments.values_list("state", flat=True)) == {"in_force"}
    assert world.county.name in client.get(done.headers["Location"]).content.decode()
    one = first.enrollments.first()
    to = client.post(reverse(PAGE), {"action": "record_selected", "_selected_action": [one.pk], "index": "0"})
    assert to.headers["Location"] == f"{record}?picked={one.pk}"
    client.post(to.headers["Location"], {**given, "reference": "YH-8", "amount": "0.01", "sponsor": ""})
    assert list(Enrollment.objects.filter(own_payment_lines__payment__reference="YH-8")) == [one]
    assert broken() == []


def test_who_may_not_record_payments_has_no_button_and_no_page(kept_world: Any) -> None:
    world, _first, _second = kept_world
    for user in (world.clerk, world.reviewer, world.auditor):
        client = signed_in(user)
        assert reverse("admin:gates_unpaid_record") not in client.get(reverse(PAGE)).content.decode()
        assert client.get(reverse("admin:gates_unpaid_record")).status_code == 403

"""Gates for some of a roster's people, voided covers, and the counts that every statement leaves."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries import standing
from beneficiaries.actions import void_waiting
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.gating import Gate, Passed, next_gate, pass_gate_of, waiting_at
from beneficiaries.models import Enrollment, Roster, Standing
from beneficiaries.testing import World, make_world, people
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.test_lapses import applied, approved, balances, money_of
from beneficiaries.tests.undone import undone
from jobs.testing import drain
from programs.models import LedgerTransaction

D = Decimal
pytestmark = pytest.mark.django_db


def made() -> tuple[World, Roster, Roster]:
    world = make_world(requires_notice=True, notice_days=5, requires_own_payment=True)
    return world, applied(world, 3), applied(world, 2, first=10)


_django_db_helper, one_world, kept_world = shared(made)


def notice(world: World, covers: Any, **changes: Any) -> Passed:
    values = {"gate": Gate.NOTICE, "period": world.period, "by": world.clerk, "at": timezone.now(), **changes}
    return pass_gate_of(covers, **values)


def counts(**only: Any) -> dict[str, int]:
    """State and gates -> people, as boards read them."""
    rows = Standing.objects.filter(**only).values("state", "noticed", "paid").annotate(number=Sum("people"))
    return {
        f"{row['state']}{'+notice' * row['noticed']}{'+paid' * row['paid']}": row["number"] for row in rows if row["number"]
    }


def test_a_gate_is_recorded_for_the_chosen_alone_with_one_event_a_roster(kept_world: Any) -> None:
    world, first, second = kept_world
    chosen = [*first.enrollments.order_by("pk")[:2], *second.enrollments.order_by("pk")[:1]]
    covers = Enrollment.objects.filter(pk__in=[each.pk for each in chosen])
    assert notice(world, covers) == Passed(3, 0, D("0.03"))
    assert set(Enrollment.objects.exclude(notice_passed_at=None)) == set(chosen)
    told = Event.objects.filter(verb="roster.gate_passed").order_by("pk").values_list("subject_id", "data")
    assert list(told) == [
        (str(first.pk), {"gate": "notice", "passed": 2, "in_force": 0}),
        (str(second.pk), {"gate": "notice", "passed": 1, "in_force": 0}),
    ]
    assert notice(world, covers) == Passed()
    assert Enrollment.objects.filter(waiting_at(Gate.NOTICE)).count() == 2
    assert Enrollment.objects.filter(waiting_at(Gate.OWN_PAYMENT)).count() == 3
    assert {next_gate(each) for each in Enrollment.objects.select_related("plan")} == {Gate.NOTICE, Gate.OWN_PAYMENT}


def test_whoever_stands_before_an_earlier_gate_is_left_and_the_rest_come_into_force_the_next_midnight(kept_world: Any) -> None:
    world, first, _second = kept_world
    one = first.enrollments.order_by("pk")[0]
    notice(world, first.enrollments.filter(pk=one.pk))
    Enrollment.objects.filter(pk=one.pk).update(starts_at=timezone.now() - timedelta(days=9))
    at = timezone.now()
    assert notice(world, first.enrollments.all(), gate=Gate.OWN_PAYMENT, at=at) == Passed(1, 1, D("0.01"))
    one.refresh_from_db()
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    assert (one.state, one.own_paid_at, one.starts_at) == ("in_force", at, midnight)
    assert first.enrollments.filter(state="awaiting", own_paid_at=None).count() == 2


def test_what_the_plan_does_not_ask_and_what_comes_too_late_is_refused(kept_world: Any) -> None:
    world, first, _second = kept_world
    for changes, code in (
        ({"gate": Gate.ACCEPTANCE, "policy_number": "P1"}, "GATE_NOT_ASKED"),
        ({"gate": Gate.OWN_PAYMENT, "at": timezone.now() + timedelta(days=900)}, "GATE_CLOSED"),
    ):
        with pytest.raises(BeneficiariesRefused) as refused:
            notice(world, first.enrollments.all(), **changes)
        assert refused.value.code == code
    Roster.objects.filter(pk=first.pk).update(state="undoing", undo_reason="x", undo_asked_by=world.clerk,
                                              undo_asked_at=world.at, undo_decided_by=world.reviewer)
    assert notice(world, Enrollment.objects.all()) == Passed(2, 0, D("0.02"))
    assert not first.enrollments.exclude(notice_passed_at=None).exists()


def test_a_voided_cover_gives_every_fen_back_and_frees_the_place(kept_world: Any) -> None:
    world, first, _second = kept_world
    before = balances()
    one = first.enrollments.order_by("pk")[0]
    assert void_waiting(Enrollment.objects.filter(pk=one.pk), by=world.reviewer, at=timezone.now()) == 1
    assert Enrollment.objects.get(pk=one.pk).state == "voided"
    assert money_of(world.foundation) == (D("0.00"), 4 * D("68.99"), D("68.99"))
    assert money_of(world.county) == (D("0.00"), D("120.00"), D("30.00"))
    now = balances()
    assert now["person_receivable"] - before["person_receivable"] == D("-0.01")
    assert now["insurer_payable"] - before["insurer_payable"] == D("99.00")
    posted = LedgerTransaction.objects.get(kind="undo")
    assert (posted.source_type, posted.source_id, posted.memo) == ("beneficiaries.roster", first.pk, "1")
    event = Event.objects.get(verb="roster.covers_voided")
    assert (event.subject_id, event.data) == (str(first.pk), {"covers": 1, "released": "98.99"})
    assert void_waiting(Enrollment.objects.filter(pk=one.pk), by=world.reviewer, at=timezone.now()) == 0
    assert broken() == []
    # The same line again enrolls the person anew.
    approved(world, people(3))
    drain()
    assert Enrollment.objects.filter(person=one.person_id, state="awaiting").count() == 1
    assert broken() == []


def test_an_undo_after_a_voided_cover_gives_nothing_back_twice(kept_world: Any) -> None:
    world, first, _second = kept_world
    one = first.enrollments.order_by("pk")[0]
    void_waiting(Enrollment.objects.filter(pk=one.pk), by=world.reviewer, at=timezone.now())
    undone(world, first)
    assert set(first.enrollments.values_list("state", flat=True)) == {"voided"}
    assert money_of(world.foundation) == (D("0.00"), 2 * D("68.99"), 3 * D("68.99"))
    assert first.rows.get(pk=one.row_id).kept == "ALREADY_ENDED"
    assert broken() == []


def test_every_statement_leaves_its_difference_and_settling_keeps_the_sums(kept_world: Any) -> None:
    world, first, second = kept_world
    assert counts() == {"awaiting": 5}
    notice(world, first.enrollments.all())
    assert counts() == {"awaiting": 2, "awaiting+notice": 3}
    notice(world, first.enrollments.all(), gate=Gate.OWN_PAYMENT)
    one = second.enrollments.order_by("pk")[0]
    void_waiting(Enrollment.objects.filter(pk=one.pk), by=world.reviewer, at=timezone.now())
    wanted = {"awaiting": 1, "in_force+notice+paid": 3, "voided": 1}
    assert counts() == wanted
    assert counts(roster=second) == {"awaiting": 1, "voided": 1}
    rows = Standing.objects.count()
    assert standing.settle() == 1
    assert (counts(), Standing.objects.count()) == (wanted, 3)
    assert rows > 3
    assert standing.settle() == 0
    assert Standing.objects.aggregate(sum=Sum("own_share"))["sum"] == D("0.05")
    # Money is the caller's, and this one booked none.
    assert [name for _number, name, _rows in broken()] == ["receipts_equal_paid_shares"]


def test_a_row_moved_to_another_region_is_counted_there(kept_world: Any) -> None:
    _world, first, _second = kept_world
    one = first.enrollments.order_by("pk")[0]
    Enrollment.objects.filter(pk=one.pk).update(region_code="441602001")
    assert counts(region_code="441602001") == {"awaiting": 1}
    assert counts(region_code="441602") == {"awaiting": 4}


"""People who owe nothing under a plan that asks for own payments: they have nothing to wait for, and nothing to lapse for."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from beneficiaries.actions import lapse_period, periods_to_lapse
from beneficiaries.gating import Gate, Passed, pass_gate_of, waiting_at
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, make_world, people
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.test_lapses import approved
from jobs.testing import drain
from programs import actions
from programs.actions.plans import PlanDraft, SchemeDraft, ShareDraft
from programs.models import Category
from programs.testing import make_budget, make_period

D = Decimal
pytestmark = pytest.mark.django_db


def free_world(**terms: Any) -> World:
    """The severely disabled pay nothing, everybody else a fen."""
    world = make_world(**terms)
    maker, checker, at = world.finance_maker, world.finance_checker, timezone.now()
    rest = (ShareDraft("county", D("30.00")), ShareDraft("funder", None, world.foundation))
    draft = PlanDraft(
        categories=list(Category.objects.filter(holds_for_everybody=False)),
        schemes=[
            SchemeDraft("全部对象", [ShareDraft("person", D("0.01")), *rest]),
            SchemeDraft("重残全额资助", list(rest), category=Category.objects.get(code="zhongcan")),
        ],
    )
    said = {
        "name": "全额资助方案", "premium": D("99.00"), "cover_limit": D("1500000.00"), "requires_notice": False,
        "requires_own_payment": False, "requires_insurer_acceptance": False, **terms,
    }
    plan = actions.submit_plan(actions.create_plan(world.program, terms=said, draft=draft, by=maker, at=at), by=maker, at=at)
    plan = actions.put_in_force(actions.approve_plan(plan, by=checker, at=at), by=checker, at=at)
    year = world.period.starts_on.year + 1
    period = make_period(plan, year=year, by=checker, at=at, enrollment_opens_on=date(2020, 1, 1))
    for funder in (world.foundation, world.county):
        make_budget(funder, period=period, granted=D("1000.00"), maker=maker, checker=checker, at=at)
    return World(**{**vars(world), "plan": plan, "period": period})


def test_whoever_owes_nothing_is_covered_at_once_where_only_a_payment_is_asked_and_never_lapses() -> None:
    world = free_world(requires_own_payment=True)
    rows = people(2)
    rows[0][7] = "重度残疾人"
    approved(world, rows)
    drain()
    assert set(Enrollment.objects.values_list("own_share", "state", "own_paid_at")) == {
        (D("0.00"), "in_force", None), (D("0.01"), "awaiting", None),
    }
    assert broken() == []


def test_whoever_owes_nothing_waits_for_the_notice_alone_and_outlives_the_close_of_enrollment() -> None:
    world = free_world(requires_notice=True, notice_days=0, requires_own_payment=True)
    rows = people(3)
    rows[0][7] = rows[1][7] = "重度残疾人"
    approved(world, rows)
    drain()
    free = Enrollment.objects.filter(own_share=0).order_by("pk")
    assert (free.count(), Enrollment.objects.filter(waiting_at(Gate.NOTICE)).count()) == (2, 3)
    covers = Enrollment.objects.exclude(pk=free[0].pk)
    passed = pass_gate_of(covers, gate=Gate.NOTICE, period=world.period, by=world.clerk, at=timezone.now())
    assert passed == Passed(2, 1, D("0.01"))
    assert Enrollment.objects.filter(waiting_at(Gate.OWN_PAYMENT)).count() == 1
    closes = world.period.enrollment_closes_on
    at = timezone.make_aware(datetime.combine(closes, time.min))
    assert periods_to_lapse(at=at).count() == 1
    lapse_period(Unwatched(), world.period, at=at)
    assert sorted(Enrollment.objects.values_list("own_share", "state")) == [
        (D("0.00"), "awaiting"), (D("0.00"), "in_force"), (D("0.01"), "lapsed"),
    ]
    assert broken() == []


class Unwatched:
    """A job's run that nobody stops."""

    def check_stop(self) -> None: ...

    def advance(self, **moved: Any) -> None: ...

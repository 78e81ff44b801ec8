"""A year with a period for each tier of a plan: nobody holds both on one day, by purchase or by roster; later they may change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from audit.testing import shared
from beneficiaries.actions import Payment, approve_change, judge_family, propose_refund
from beneficiaries.actions.families import Member
from beneficiaries.errors import ApplicantRefused
from beneficiaries.models import Enrollment, RosterRow
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import applied, people
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.purchasing import Market, paid_market, person
from intake.findings import describe
from programs import actions
from programs.models import Period
from programs.testing import filed

pytestmark = pytest.mark.django_db
SENTENCE = (
    "第1行 证件号码：同一时段已由本项目另一期次（P1）承保，同一项目同一时段每人只有一份保障；如需更换，请先终止或退保原保障"
)


def tier(market: Market, code: str, **days: Any) -> Market:
    """Another plan of the program in force, with a period of its own."""
    by = {"at": market.at}
    maker, checker = market.world.finance_maker, market.world.finance_checker
    plan = actions.copy_plan(market.plan, by=maker, **by)
    plan = actions.submit_plan(filed(plan, by=maker, **by), by=maker, **by)
    plan = actions.put_in_force(actions.approve_plan(plan, by=checker, **by), by=checker, **by)
    first = market.period
    given = {
        "starts_on": first.starts_on, "ends_on": first.ends_on, "enrollment_opens_on": first.enrollment_opens_on,
        "enrollment_closes_on": first.enrollment_closes_on, **days,
    }
    return replace(market, plan=plan, period=actions.open_period(plan, code=code, by=checker, at=market.at, **given))


def made() -> tuple[Market, Market]:
    """A tier of everybody, and one above it, of the same days."""
    market = paid_market(refund_days=15)
    return market, tier(market, "P2")


_django_db_helper, one_world, kept_world = shared(made)


def test_whoever_holds_one_tier_is_refused_the_other_with_the_period(kept_world: Any) -> None:
    first, second = kept_world
    first.enroll(person(0))
    with pytest.raises(ApplicantRefused) as refused:
        second.enroll(person(0), reference="P2")
    ((column, code, _masked, period),) = refused.value.findings
    assert (column, code, period) == ("document", "COVERED_BESIDE", "P1")
    assert describe("COVERED_BESIDE", "证件号码", 1, extra="P1") == SENTENCE
    (judged,) = judge_family(
        [Member(person(0), "self")], period=second.period, organization=second.world.office, by=second.world.clerk, at=second.at
    )
    assert "P1" in judged.reason
    assert second.enroll(person(1), reference="P3").period_id == second.period.pk
    assert Enrollment.objects.count() == 2
    assert broken() == []


def test_whoever_gave_one_tier_back_takes_the_other(kept_world: Any) -> None:
    first, second = kept_world
    change = propose_refund(first.enroll(person(0)), reason="改买升级版", by=first.world.clerk, at=first.at)
    approve_change(change, shown=digest_of(change), by=first.world.reviewer, at=first.at)
    assert second.enroll(person(0), reference="P2").state == "in_force"


def test_a_roster_refuses_the_line_of_whoever_holds_the_other_tier(kept_world: Any) -> None:
    first, second = kept_world
    first.enroll(person(0))
    world = replace(second.world, program=second.program, plan=second.plan, period=second.period)
    applied(world, people(2, categories="不限类别"))
    found = RosterRow.objects.order_by("pk").values_list("verdict", "codes")
    assert [(verdict, codes) for verdict, codes in found] == [(6, ["COVERED_BESIDE"]), (1, [])]
    assert Enrollment.objects.filter(period=second.period).count() == 1


def test_a_tier_is_not_the_year_before_of_another_of_its_year(kept_world: Any) -> None:
    from years.actions.comparisons import before_of

    first, second = kept_world
    later = tier(first, "P3", starts_on=first.period.starts_on + timedelta(days=20))
    assert [before_of(each.period) for each in (first, second, later)] == [None, None, None]
    ends_on = first.period.ends_on
    following = tier(
        first, "N1", starts_on=ends_on, ends_on=ends_on + timedelta(days=365), enrollment_closes_on=ends_on,
    )
    before = before_of(following.period)
    assert isinstance(before, Period)
    assert before.ends_on == ends_on


def test_the_year_after_takes_whoever_was_covered_before(kept_world: Any) -> None:
    first, _second = kept_world
    first.enroll(person(0))
    ends_on = first.period.ends_on
    following = tier(first, "N1", starts_on=ends_on, ends_on=ends_on + timedelta(days=365), enrollment_closes_on=ends_on)
    payment = Payment("pay-N", timezone.now(), Decimal("150.00"))
    assert following.enroll(person(0), reference="PN", payment=payment).period_id == following.period.pk

"""Limits of responsibilities over the year: lines beyond one are held, and what stands beyond one all the same is found."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from audit.testing import shared
from beneficiaries.models import Enrollment
from beneficiaries.tests.purchasing import PLANS
from benefits import plan_file
from benefits.terms import PlanTerms, Row, SharedLimit
from claims.models import Case, Claim, Decision, DecisionLine
from intake.findings import Verdict
from intake.held import Choice
from portal.verify import check, check_all
from programs.plan_views import plans_of
from results.actions import decide_lines
from results.invariants import INVARIANTS
from results.limits import beyond_limits
from results.models import LineDecision, Report, ReportRow, Result
from results.testing import Payouts, approved, checked, line, payouts, recorded

pytestmark = pytest.mark.django_db
D = Decimal
(TOGETHER,) = (each for each in INVARIANTS if each.name == "claims_and_results_within_the_limit")


def shared_terms() -> PlanTerms:
    """北京 2025 with one limit of 1,200,000 over both responsibilities, beside the million of each."""
    terms = plan_file.load_path(PLANS / "beijing-2025.yaml")
    return replace(
        terms, limits=(SharedLimit("total", (Row(D("1200000")),)),),
        responsibilities=tuple(replace(part, shared_limits=("total",)) for part in terms.responsibilities),
    )


def made() -> Payouts:
    return payouts(pays=shared_terms())


_django_db_helper, one_world, kept_world = shared(made)


def of(world: Payouts, who: int, claim: str, *, within: str = "", outside: str = "") -> dict[str, str]:
    """A line that paid so much within and outside of the catalogue."""
    parts = {"paid:in_catalogue": within or "0.00", "paid:out_of_catalogue": outside or "0.00"}
    return line(
        world, who, claim, cost="3000000.00", paid=str(sum(map(D, parts.values()))), bill_number=claim.removeprefix("L"), **parts
    )


def held(report: Report) -> dict[str, tuple[int, str]]:
    """Claim number -> verdict and what its finding says."""
    return {
        row.claim_number: (row.verdict, "; ".join(str(found["extra"]) for found in row.findings or []))
        for row in ReportRow.objects.filter(report=report)
    }


def test_limits_of_a_plan_are_those_of_each_responsibility_and_those_that_several_share(kept_world: Payouts) -> None:
    (view,) = plans_of(kept_world.market.program.pk).values()
    assert view.limits == {
        ("in_catalogue",): D("1000000"), ("out_of_catalogue",): D("1000000"), ("in_catalogue", "out_of_catalogue"): D("1200000"),
    }


def test_a_line_beyond_the_limit_of_its_responsibility_is_held(kept_world: Payouts) -> None:
    recorded(kept_world, [of(kept_world, 0, "L1", within="900000.00")])
    report = checked(kept_world, [
        of(kept_world, 0, "L2", within="100000.00"), of(kept_world, 0, "L3", within="0.01"),
        of(kept_world, 0, "L4", outside="100000.00"), of(kept_world, 1, "L5", within="1000000.00"),
    ], reference="R2")
    assert held(report) == {
        "L2": (Verdict.NEW, ""), "L3": (Verdict.DOUBTFUL, "1000000.00, 1000000.01"), "L4": (Verdict.NEW, ""),
        "L5": (Verdict.NEW, ""),
    }
    assert report.money["beyond"] == [1, "0.01"]


def test_a_line_beyond_a_limit_that_responsibilities_share_is_held(kept_world: Payouts) -> None:
    recorded(kept_world, [of(kept_world, 0, "L1", within="900000.00")])
    report = checked(kept_world, [
        of(kept_world, 0, "L2", outside="300000.00"), of(kept_world, 0, "L3", outside="0.01"),
        of(kept_world, 1, "L4", outside="300000.01"),
    ], reference="R2")
    assert held(report) == {
        "L2": (Verdict.NEW, ""), "L3": (Verdict.DOUBTFUL, "1200000.00, 1200000.01"), "L4": (Verdict.NEW, ""),
    }


def test_our_decisions_and_an_insurers_payouts_beyond_a_limit_together_are_found(kept_world: Payouts) -> None:
    cover = kept_world.covers[0]
    recorded(kept_world, [of(kept_world, 0, "L1", within="600000.00"), of(kept_world, 1, "L2", within="600000.00")])
    decided(cover, in_catalogue="400000.00", out_of_catalogue="200000.00")
    assert beyond_limits() == []
    paid_more(in_catalogue="0.01")
    assert beyond_limits() == [(cover.pk, "in_catalogue"), (cover.pk, "in_catalogue+out_of_catalogue")]
    assert ("responsibilities_pay_within_their_limits", [
        f"{cover.pk}:in_catalogue", f"{cover.pk}:in_catalogue+out_of_catalogue"
    ]) in [(result.name, result.examples) for result in check_all()]
    paid_more(in_catalogue="-0.01", out_of_catalogue="0.01")
    assert beyond_limits() == [(cover.pk, "in_catalogue+out_of_catalogue")]


def test_our_decisions_alone_beyond_the_limit_of_a_responsibility_are_found(kept_world: Payouts) -> None:
    decided(kept_world.covers[0], out_of_catalogue="1000000.00")
    assert beyond_limits() == []
    paid_more(out_of_catalogue="0.01")
    assert beyond_limits() == [(kept_world.covers[0].pk, "out_of_catalogue")]


def test_our_decisions_and_an_insurers_payouts_beyond_the_cover_together_are_found(kept_world: Payouts) -> None:
    recorded(kept_world, [of(kept_world, 0, "L1", within="600000.00", outside="600000.00")])
    decided(kept_world.covers[0], in_catalogue="400000.00", out_of_catalogue="400000.00")
    assert check(TOGETHER).rows == 0
    paid_more(out_of_catalogue="0.01")
    assert check(TOGETHER).examples == [f"{kept_world.covers[0].pk}:2000000.01"]


def test_what_a_person_decided_to_record_beyond_a_limit_is_no_violation(kept_world: Payouts) -> None:
    recorded(kept_world, [of(kept_world, 0, "L1", within="1000000.00")])
    report = checked(kept_world, [of(kept_world, 0, "L2", within="0.01")], reference="R2")
    decide_lines(
        report, choice=Choice(code="BEYOND_LIMIT"), kind=LineDecision.ACCEPT, reason="保司已书面说明", by=kept_world.clerk,
        at=timezone.now(),
    )
    approved(kept_world, Report.objects.get(pk=report.pk))
    assert Result.objects.get(claim_number="L2").decision is not None
    assert (beyond_limits(), check(TOGETHER).rows) == ([], 0)


def decided(cover: Enrollment, **parts: str) -> None:
    """A claim with a decision in force that pays these parts, without the way there."""
    at, amount = timezone.now(), sum(map(D, parts.values()))
    user = User.objects.order_by("pk")[0]
    case = Case.objects.create(
        organization=cover.organization, region_code=cover.region_code, kind="illness", event_at=at, channel="counter",
        reporter="self", reported_on=timezone.localdate(at), recorded_by=user, recorded_at=at,
    )
    claim = Claim.objects.create(
        case=case, enrollment=cover, plan=cover.plan, period=cover.period, position=1, state="payable", amount=amount,
        settlement=1, payee="self", reported_at=at, program=cover.program, organization=cover.organization,
        region_code=cover.region_code,
    )
    decision = Decision.objects.create(
        claim=claim, number=1, kind="first", outcome="pay", state="approved", terms_digest="0" * 64, usage_version=1,
        proposed=amount, amount=amount, digest="0" * 64, signatures_needed=1, proposed_by=user, proposed_at=at, decided_at=at,
    )
    for position, (code, part) in enumerate(parts.items(), 1):
        DecisionLine.objects.create(
            decision=decision, position=position, responsibility=code, counted=D(part), deducted=D("0.00"), proposed=D(part),
            amount=D(part),
        )


def paid_more(**parts: str) -> None:
    """The decision's parts are so much more, past the guards of what is decided."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("claims_decisionline", "claims_decision"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for code, more in parts.items():
            cursor.execute(
                "UPDATE claims_decisionline SET amount = amount + %(more)s, proposed = proposed + %(more)s"
                " WHERE responsibility = %(code)s",
                {"more": more, "code": code},
            )
            cursor.execute("UPDATE claims_decision SET amount = amount + %(more)s, proposed = proposed + %(more)s", {"more": more})

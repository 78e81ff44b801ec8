"""Marks of a case, its bills and their charges: set by who handles it, counted by the engine, never behind a proposal's back."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from audit.models import Event
from claims import actions
from claims.errors import ClaimsRefused
from claims.facts import material_of
from claims.models import Bill, Case, Claim, Decision
from claims.testing import D, Ward, make_ward

pytestmark = pytest.mark.django_db
DRUNK = "drunk_driving"
#: As an event keeps them beside their codes.
WORDS = {"zh": "酒后驾驶", "en": "drunk driving"}


@pytest.fixture
def ward(settings: Any) -> Ward:
    """Of a plan that pays for accidents, and never for driving drunk: 90 % of what is above 100 yuan."""
    settings.SECOND_FACTOR_REQUIRED = False
    return make_ward(pays="day-cover-example")


def accident(ward: Ward, *charges: tuple[str, str]) -> Claim:
    """A bill of 1,100.00 yuan after an accident unless other charges are named: 900.00 are paid of it."""
    return ward.claim(*(charges or [("self_pay", "1100.00")]), kind="accident", diagnosis="S82.1", injuries=[])


def refused(run: Any) -> str:
    with pytest.raises(ClaimsRefused) as why:
        run()
    return str(why.value)


def excluded(refusals: Any) -> list[str]:
    """The places of what is excluded."""
    return [each.place for each in refusals if each.code == "EXCLUDED" and each.place]


def mark(ward: Ward, case: Case, *marks: str, reason: str = "交警认定书") -> Case:
    return actions.mark_case(case, marks, reason=reason, by=ward.clerk, at=ward.at)


def kept_marks(row: Any) -> list[list[str]]:
    """Of a row, version by version."""
    history = type(row).pgh_event_model
    return list(history.objects.filter(pgh_obj=row).order_by("pgh_id").values_list("marks", flat=True))


def bill_of(claim: Claim) -> Bill:
    return Bill.objects.get(case=claim.case)


def test_a_marked_claim_is_refused_as_excluded_and_an_unmarked_one_is_paid(ward: Ward) -> None:
    claim = accident(ward)
    paid = actions.calculate(claim, by=ward.clerk)
    assert (paid.amount, paid.calculated.refused("EXCLUDED")) == (D("900.00"), False)
    mark(ward, claim.case, DRUNK)
    assert material_of(Claim.objects.get()).facts.event.tags == frozenset({DRUNK})
    decision = ward.propose(claim)
    assert (decision.amount, decision.outcome) == (D("0.00"), "zero")
    assert ("EXCLUDED", "bills[0].lines[0]", "酒后驾驶") in [
        (each["code"], each["place"], each["reason"]) for each in decision.refusals
    ]
    # Signed, it holds: the facts are those that were calculated.
    ward.sign(decision)
    claim.refresh_from_db()
    assert claim.state == "zero"


def test_a_mark_of_a_bill_or_of_one_of_its_charges_excludes_that_alone(ward: Ward) -> None:
    claim = accident(ward, ("self_pay", "600.00"), ("self_pay", "500.00"))
    bill = bill_of(claim)
    second = bill.lines.get(position=2)
    actions.mark_bill(bill, [], lines={second.pk: [DRUNK]}, reason="与事故无关", by=ward.clerk, at=ward.at)
    # 600.00 are left, 100.00 of them are the deductible.
    proposal = actions.calculate(claim, by=ward.clerk)
    assert (proposal.amount, excluded(proposal.calculated.refusals)) == (D("450.00"), ["bills[0].lines[1]"])
    actions.mark_bill(bill, [DRUNK], lines={second.pk: []}, reason="整张票据", by=ward.clerk, at=ward.at)
    assert [line.marks for line in bill.lines.order_by("position")] == [[], []]
    facts = material_of(claim).facts
    assert (facts.bills[0].tags, facts.event.tags) == (frozenset({DRUNK}), frozenset())
    assert actions.calculate(claim, by=ward.clerk).amount == D("0.00")
    actions.mark_bill(bill, [], lines={}, reason="标错", by=ward.clerk, at=ward.at)
    assert actions.calculate(claim, by=ward.clerk).amount == D("900.00")


def test_each_change_of_marks_is_told_with_its_reason_and_kept_in_the_history(ward: Ward) -> None:
    claim = accident(ward)
    case, bill = claim.case, bill_of(claim)
    mark(ward, case, DRUNK)
    mark(ward, case, DRUNK, reason="再看一次")
    mark(ward, case, reason="复核：未饮酒")
    actions.mark_bill(bill, [], lines={bill.lines.get().pk: [DRUNK]}, reason="甲", by=ward.clerk, at=ward.at)
    actions.mark_bill(bill, [], lines={bill.lines.get().pk: []}, reason="乙", by=ward.clerk, at=ward.at)
    # What changes nothing is no change.
    told = Event.objects.filter(subject_type="claims.case", subject_id=str(case.pk), verb__contains="mark").order_by("pk")
    assert [(event.verb, event.data) for event in told] == [
        ("case.marked", {"marks": [DRUNK], "reason": "交警认定书", **WORDS}), ("case.unmarked", {"reason": "复核：未饮酒"}),
        ("case.bill_marked", {"amount": "1100.00", "marks": [DRUNK], "reason": "甲", **WORDS}),
        ("case.bill_unmarked", {"amount": "1100.00", "reason": "乙"}),
    ]
    assert kept_marks(case) == [[], [DRUNK], []]
    assert kept_marks(bill.lines.get()) == [[], [DRUNK], []]


def test_a_mark_that_no_plan_of_the_case_knows_is_refused_and_so_is_one_without_a_reason(ward: Ward) -> None:
    claim = accident(ward)
    bill = bill_of(claim)
    told = "本案各方案均无“cosmetic”这一标记。"
    assert refused(lambda: mark(ward, claim.case, DRUNK, "cosmetic")) == told
    assert refused(lambda: actions.mark_bill(bill, ["cosmetic"], reason="甲", by=ward.clerk, at=ward.at)) == told
    line = bill.lines.get().pk
    assert refused(lambda: actions.mark_bill(bill, [], lines={line: ["cosmetic"]}, reason="甲", by=ward.clerk, at=ward.at)) == told
    # A line of another bill is none of this one's.
    assert refused(lambda: actions.mark_bill(bill, [], lines={line + 99: [DRUNK]}, reason="甲", by=ward.clerk, at=ward.at)) == (
        "该票据没有这项费用。"
    )
    assert refused(lambda: mark(ward, claim.case, DRUNK, reason=" ")) == "请填写理由。"
    assert (Case.objects.get().marks, Bill.objects.get().marks, bill.lines.get().marks) == ([], [], [])
    assert Event.objects.filter(verb__contains="mark").count() == 0


def test_who_does_not_handle_claims_of_the_office_marks_nothing(ward: Ward) -> None:
    claim = accident(ward)
    for by in (ward.reviewer, ward.market.world.auditor, ward.market.world.finance_maker):
        with pytest.raises(ClaimsRefused) as why:
            actions.mark_case(claim.case, [DRUNK], reason="甲", by=by, at=ward.at)
        assert why.value.code == "OUT_OF_SCOPE"
    assert Case.objects.get().marks == []


def test_what_was_calculated_is_sent_back_before_a_mark_changes(ward: Ward) -> None:
    claim = accident(ward)
    decision = ward.propose(claim)
    for run in (
        lambda: mark(ward, claim.case, DRUNK),
        lambda: actions.mark_bill(bill_of(claim), [DRUNK], reason="甲", by=ward.clerk, at=ward.at),
    ):
        with pytest.raises(ClaimsRefused) as why:
            run()
        assert why.value.code == "CASE_DECIDED"
    actions.send_back_decision(decision, reason="核对事故认定", by=ward.reviewer, at=ward.at)
    mark(ward, claim.case, DRUNK)
    assert ward.propose(Claim.objects.get()).amount == D("0.00")


@pytest.mark.parametrize("table", ["claims_case", "claims_bill", "claims_billline"])
def test_a_proposal_is_not_signed_once_a_mark_moved_beneath_it(ward: Ward, table: str) -> None:
    """As if it were written past the action."""
    decision = ward.propose(accident(ward))
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET marks = %s", [f'["{DRUNK}"]'])
    with pytest.raises(ClaimsRefused) as why:
        actions.sign_decision(decision, digest=decision.digest, by=ward.reviewer, at=ward.at)
    assert why.value.code == "FACTS_MOVED"
    assert Decision.objects.get().signatures.count() == 0


# -- Pages


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def address(name: str, claim: Claim) -> str:
    return reverse(f"admin:claims_claim_{name}", args=[claim.pk])


def test_a_clerk_marks_a_case_by_what_its_plan_excludes_and_the_page_shows_it(ward: Ward) -> None:
    claim = accident(ward)
    clerk = client_of(ward.clerk)
    page = clerk.get(address("change", claim))
    assert address("mark_case", claim) in page.content.decode()
    form = clerk.get(address("mark_case", claim)).context["form"]
    assert form.fields["marks"].choices == [(DRUNK, "酒后驾驶")]
    assert clerk.post(address("mark_case", claim), {"marks": ["cosmetic"], "reason": "甲"}).context["form"].errors["marks"]
    assert Case.objects.get().marks == []
    sent = clerk.post(address("mark_case", claim), {"marks": [DRUNK], "reason": "交警认定书"})
    assert (sent.status_code, Case.objects.get().marks) == (302, [DRUNK])
    shown = clerk.get(address("change", claim))
    assert ("标记", "酒后驾驶") in shown.context["event"]
    assert "案件标记：酒后驾驶。交警认定书" in shown.content.decode()
    # What holds is ticked already.
    assert clerk.get(address("mark_case", claim)).context["form"].initial["marks"] == [DRUNK]


def test_a_clerk_marks_a_bill_and_each_of_its_charges_beside_the_bill(ward: Ward) -> None:
    claim = accident(ward, ("self_pay", "600.00"), ("self_pay", "500.00"))
    clerk, bill = client_of(ward.clerk), bill_of(claim)
    second = bill.lines.get(position=2)
    beside = f"{address('mark_bill', claim)}?bill={bill.pk}"
    assert beside in clerk.get(address("change", claim)).content.decode()
    form = clerk.get(beside).context["form"]
    assert [str(field.label) for field in form] == [
        "整张票据的标记", "费用1：医保目录内费用（全额），600.00元", "费用2：医保目录内费用（全额），500.00元", "原因",
    ]
    sent = clerk.post(beside, {f"line-{second.pk}": [DRUNK], "reason": "与事故无关"})
    assert sent.status_code == 302
    assert [line.marks for line in bill.lines.order_by("position")] == [[], [DRUNK]]
    shown = clerk.get(address("change", claim)).content.decode()
    assert "<span class=\"pp-quiet\">酒后驾驶</span>" in shown and "1,100.00元票据的标记：酒后驾驶。与事故无关" in shown


def test_marks_are_offered_only_where_a_plan_of_the_case_asks_for_one_and_nothing_is_calculated(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    ward = make_ward()
    claim = ward.claim()
    page = client_of(ward.clerk).get(address("change", claim)).content.decode()
    assert "/marks/" not in page and "/bill-marks/" not in page

"""What the rules of claims refuse, each with its code and facts, and that nothing is kept of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pgtrigger
import pytest

from accounts.testing import make_user
from beneficiaries.models import Enrollment, Person
from beneficiaries.tests.purchasing import day_market
from claims import actions
from claims.actions import Account, Adjustment
from claims.errors import ClaimsRefused
from claims.models import Bill, Case, Claim, Decision, Paper
from claims.scanning import ScannerFailed, forget_scanners, register_scanner
from claims.testing import ACCOUNT_NUMBER, Ward, make_ward
from programs.testing import pdf

D = Decimal
OUT = "out_of_catalogue"
pytestmark = pytest.mark.django_db


def _refused(code: str, act: Callable[..., Any], *args: Any, **given: Any) -> ClaimsRefused:
    with pytest.raises(ClaimsRefused) as refused:
        act(*args, **given)
    assert refused.value.code == code
    return refused.value


def test_a_minors_money_goes_to_the_guardian() -> None:
    ward = make_ward()
    claim = ward.report().claims.get()
    person = claim.enrollment.person
    Person.objects.filter(pk=person.pk).update(birth_on=ward.today.replace(year=ward.today.year - 17, day=1))
    name = person.name.reveal()
    _refused("PAYEE_MINOR", actions.state_payee, claim, Account("self", name, ACCOUNT_NUMBER), by=ward.clerk, at=ward.at)
    assert Claim.objects.get(pk=claim.pk).payee_account is None
    actions.state_payee(claim, Account("guardian", "李父亲", ACCOUNT_NUMBER), by=ward.clerk, at=ward.at)
    kept = Claim.objects.get(pk=claim.pk)
    assert (kept.payee, kept.payee_name.reveal()) == ("guardian", "李父亲")


def test_facts_that_moved_since_the_calculation_are_not_signed() -> None:
    ward = make_ward()
    decision = ward.propose(ward.claim())
    Bill.objects.filter(case=decision.claim.case_id).update(department="special_needs")
    _refused("FACTS_MOVED", actions.sign_decision, decision, digest=decision.digest, by=ward.reviewer, at=ward.at)
    assert (Decision.objects.get().state, decision.claim.payables.count()) == ("proposed", 0)


def test_what_the_terms_leave_open_is_set_by_a_person_or_not_decided() -> None:
    ward = make_ward(pays="chongqing-2022-basic")
    claim = ward.claim((OUT, "60000.00"))
    # A look says so; keeping it is refused.
    assert actions.calculate(claim, by=ward.clerk).decided.undecided == ("medical",)
    assert _refused("UNDECIDED", ward.propose, claim).facts == {"name": "医疗费用"}
    assert Decision.objects.count() == 0
    decision = ward.decide(claim, adjustments={"medical": Adjustment(D("20000.00"), "agreement", "保险公司核定")})
    assert (decision.proposed, decision.amount, decision.undecided) == (D("0.00"), D("20000.00"), ["medical"])


def test_a_person_sets_nothing_above_a_limit_of_the_terms() -> None:
    ward = make_ward()
    ward.decide(ward.claim((OUT, "1400000.00")))
    claim = ward.claim((OUT, "100000.00"), number="0000000002", diagnosis="I21.9")
    above = {OUT: Adjustment(D("30500.01"), "agreement", "协议让步")}
    found = _refused("ADJUST_LIMIT", ward.propose, claim, adjustments=above)
    assert found.facts["most"] == "30,500.00"
    assert ward.decide(claim, adjustments={OUT: Adjustment(D("30000.00"), "agreement", "协议让步")}).amount == D("30000.00")


def test_a_cover_of_hours_asks_for_the_hour() -> None:
    ward = make_ward()
    market = day_market(world=ward.market.world)
    bought = market.cover(market.span(market.worker(7), 1, 9))
    cover = Enrollment.objects.get(purchase=bought)
    at = cover.starts_at + timedelta(hours=2)
    told = ward.told(event_at=at, kind="accident", diagnosis="", injuries=[9])
    _refused("TIME_NEEDED", actions.report_case, [cover], told, by=ward.clerk, at=at + timedelta(hours=1))
    case = actions.report_case([cover], replace(told, time_known=True), by=ward.clerk, at=at + timedelta(hours=1))
    assert case.claims.get().enrollment == cover


def test_a_case_is_of_one_person() -> None:
    ward = make_ward()
    _refused("ONE_PERSON", ward.report, ward.cover, ward.insure(1))
    assert Case.objects.count() == 0


def test_an_agent_who_reports_is_named() -> None:
    ward = make_ward()
    _refused("REPORTER_NAME", ward.report, reporter="agent", reporter_name=" ")
    case = ward.report(reporter="agent", channel="agent", reporter_name="林村医", reporter_phone="13800001234")
    kept = Case.objects.get(pk=case.pk)
    assert (kept.reporter_name.reveal(), kept.reporter_phone.reveal()) == ("林村医", "13800001234")


def test_whoever_entered_a_bill_does_not_explain_it() -> None:
    ward = make_ward()
    bill = ward.bill(ward.report(), total=D("60000.01"))
    # As if one person had been a clerk first and checks now.
    with pgtrigger.ignore("claims.Bill:bill_keeps_its_case"):
        Bill.objects.filter(pk=bill.pk).update(entered_by=ward.reviewer)
    _refused("EXPLAINS_OWN", actions.explain_bill, bill, reason="四舍五入", by=ward.reviewer, at=ward.at)
    assert Bill.objects.get(pk=bill.pk).explanation == ""
    actions.explain_bill(bill, reason="四舍五入", by=ward.second, at=ward.at)


def test_whoever_corrected_an_account_does_not_confirm_it() -> None:
    ward = make_ward()
    claim = ward.claim()
    ward.decide(claim)
    payable = claim.payables.get()
    actions.take_payables([payable.pk], by=ward.second, at=ward.at)
    actions.fail_payables([(payable.pk, "ACCOUNT_CLOSED")], by=ward.second, at=ward.at)
    other = Account("self", "李伟", "6228480000000015", "中国农业银行河源分行")
    claim = actions.correct_account(Claim.objects.get(pk=claim.pk), other, by=ward.clerk, at=ward.at)
    Claim.objects.filter(pk=claim.pk).update(account_stated_by=ward.reviewer)
    _refused("CONFIRMS_OWN", actions.confirm_account, claim, by=ward.reviewer, at=ward.at)
    assert list(claim.payables.values_list("state", flat=True)) == ["failed"]
    assert actions.confirm_account(claim, by=ward.second, at=ward.at).state == "open"


def _paper(ward: Ward, case: Case) -> Paper:
    return actions.add_paper(case, kind="invoice", name="发票.pdf", stream=io.BytesIO(pdf()), by=ward.clerk, at=ward.at)


def test_a_paper_is_opened_by_who_sees_its_case_and_while_it_is_kept() -> None:
    ward = make_ward()
    paper = _paper(ward, ward.report())
    assert b"".join(actions.open_paper(paper, by=ward.clerk, at=ward.at)) == pdf()
    _refused("PAPER_GONE", actions.open_paper, paper, by=ward.market.world.finance_maker, at=ward.at)
    stranger = make_user("hy-papers.clerk", organization=ward.market.world.sibling, role="clerk")
    _refused("PAPER_GONE", actions.open_paper, paper, by=stranger, at=ward.at)
    actions.remove_paper(paper, reason="模糊", by=ward.clerk, at=ward.at)
    _refused("PAPER_GONE", actions.remove_paper, paper, reason="再次", by=ward.clerk, at=ward.at)
    # What was taken out stays to be seen, until it is destroyed.
    assert b"".join(actions.open_paper(paper, by=ward.reviewer, at=ward.at)) == pdf()
    assert actions.destroy_paper(paper, at=ward.at)
    _refused("PAPER_GONE", actions.open_paper, paper, by=ward.clerk, at=ward.at)


@pytest.mark.parametrize("failure", [ScannerFailed("no answer"), ConnectionRefusedError(), TimeoutError()])
def test_a_paper_that_no_scanner_could_look_at_is_refused_and_may_come_again(failure: Exception) -> None:
    ward = make_ward()
    case = ward.report()

    def fails(content: bytes, media_type: str) -> str:
        raise failure

    register_scanner(fails)
    try:
        _refused("PAPER_UNSCANNED", _paper, ward, case)
    finally:
        forget_scanners()
    assert Paper.objects.count() == 0
    assert b"".join(actions.open_paper(_paper(ward, case), by=ward.clerk, at=ward.at)) == pdf()

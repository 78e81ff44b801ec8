"""Bills of a case: what does not fit is found and kept, an invoice counts once in the whole portal, a second person explains."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from beneficiaries.tests.purchasing import paid_market
from claims import actions
from claims.actions import Charge
from claims.checking import in_words
from claims.errors import ClaimsRefused
from claims.models import Bill
from claims.testing import bought, make_ward

D = Decimal
OUT = "out_of_catalogue"
pytestmark = pytest.mark.django_db


def _refused(code: str, act: Callable[..., Any], *args: Any, **given: Any) -> ClaimsRefused:
    with pytest.raises(ClaimsRefused) as refused:
        act(*args, **given)
    assert refused.value.code == code
    return refused.value


def _codes(bill: Bill) -> list[str]:
    return [each["code"] for each in bill.findings]


def test_a_bill_that_fits_has_no_findings() -> None:
    ward = make_ward()
    person = ward.cover.person
    bill = ward.bill(
        ward.report(), ("self_pay", "50000.00"), (OUT, "10000.00"), fund=D("30000.00"), others=D("5000.00"),
        major_illness=D("5000.00"), account_paid=D("1000.00"), cash=D("24000.00"), self_paid=D("15000.00"),
        self_funded=D("10000.00"), printed_name=person.name.reveal(),
        printed_document=f"{person.document.reveal()[:6]}********{person.document.reveal()[14:]}",
    )
    assert _codes(bill) == []


@pytest.mark.parametrize(("changes", "code"), [
    ({"total": D("60000.01")}, "LINES_DIFFER"), ({"invoice_code": "4406012"}, "INVOICE_CODE"),
    ({"invoice_number": "123"}, "INVOICE_NUMBER"), ({"printed_name": "张*"}, "NAME_OTHER"),
    ({"printed_document": "110101************"}, "DOCUMENT_OTHER"),
    ({"fund": D("1.00"), "others": D("0.00"), "account_paid": D("0.00"), "cash": D("0.00")}, "TOTAL_DIFFERS"),
    ({"others": D("1.00"), "assistance": D("2.00")}, "OTHERS_LESS"), ({"commercial": D("60000.01")}, "PAID_ABOVE_COST"),
])
def test_what_does_not_fit_is_found_and_kept_and_nothing_is_refused_for_it(changes: dict[str, Any], code: str) -> None:
    ward = make_ward()
    claim = ward.report().claims.get()
    bill = ward.bill(claim.case, **changes)
    assert code in _codes(bill)
    assert bill.errors
    claim = ward.reviewed(claim.case)[0]
    assert _refused("BILLS_OPEN", ward.propose, claim).facts == {"number": 1}


def test_a_stay_that_the_event_does_not_lie_in_is_told_and_keeps_nothing_up() -> None:
    ward = make_ward()
    case = ward.report()
    day = ward.today - timedelta(days=1)
    bill = ward.bill(case, admitted_on=day, discharged_on=day, issued_on=day)
    happened = ward.today - timedelta(days=3)
    assert [in_words(each) for each in bill.findings] == [f"出险日期{happened}不在住院期间{day}至{day}之内。"]
    assert bill.errors == []
    assert ward.decide(ward.reviewed(case)[0]).amount == D("31500.00")


def test_a_second_person_lets_a_bill_count_and_says_why() -> None:
    ward = make_ward()
    case = ward.report()
    bill = ward.bill(case, total=D("60000.01"))
    _refused("OUT_OF_SCOPE", actions.explain_bill, bill, reason="四舍五入", by=ward.clerk, at=ward.at)
    _refused("REASON", actions.explain_bill, bill, reason=" ", by=ward.reviewer, at=ward.at)
    bill = actions.explain_bill(bill, reason="四舍五入", by=ward.reviewer, at=ward.at)
    assert (bill.errors, bill.explained_by, bill.standing) == ([], ward.reviewer, "stands")
    _refused("BILL_FITS", actions.explain_bill, bill, reason="再次", by=ward.reviewer, at=ward.at)
    assert ward.decide(ward.reviewed(case)[0]).amount == D("31500.00")


def test_an_invoice_of_another_office_does_not_count_before_somebody_looked_and_tells_nothing_of_it() -> None:
    ward = make_ward()
    elsewhere = make_ward(market=paid_market(code="ELSE", world=ward.market.world, pays="beijing-2025"), name="elsewhere")
    elsewhere.bill(elsewhere.report(), invoice_code="44060124")
    case = ward.report()
    bill = ward.bill(case, invoice_code="44060124")
    assert (bill.standing, bill.counts) == ("doubled", False)
    assert "ELSE" not in str(bill.findings)
    claim = ward.reviewed(case)[0]
    _refused("BILLS_OPEN", ward.propose, claim)
    actions.explain_bill(bill, reason="另一项目已赔付，已列入其他商业保险支付", by=ward.reviewer, at=ward.at)
    bill.refresh_from_db()
    assert (bill.standing, bill.counts) == ("allowed", True)
    third = ward.bill(ward.report(diagnosis="I21.9"), invoice_code="44060124")
    assert third.standing == "doubled"


def test_an_invoice_stands_in_its_case_once_and_may_come_again_after_it_was_taken_out() -> None:
    ward = make_ward()
    case = ward.report()
    bill = ward.bill(case)
    _refused("BILL_TWICE", ward.bill, case)
    actions.remove_bill(bill, reason="录错金额", by=ward.clerk, at=ward.at)
    _refused("BILL_REMOVED", actions.remove_bill, bill, reason="再次", by=ward.clerk, at=ward.at)
    assert ward.bill(case).standing == "stands"


def test_a_false_bill_stays_and_a_decision_counts_nothing_of_it() -> None:
    ward = make_ward()
    case = ward.report()
    false, true = ward.bill(case, total=D("60000.01")), ward.bill(case, (OUT, "20000.00"), invoice_number="0000000002")
    actions.call_bill_false(false, reason="医院查无此票", by=ward.clerk, at=ward.at)
    _refused("BILL_REMOVED", actions.call_bill_false, false, reason="再次", by=ward.clerk, at=ward.at)
    decision = ward.decide(ward.reviewed(case)[0])
    assert (true.standing, decision.amount) == ("stands", D("3500.00"))
    assert {each["code"] for each in decision.refusals} == {"FALSE_PAPERS"}


@pytest.mark.parametrize(("changes", "charges", "code"), [
    ({}, [], "BILL_LINES"), ({"total": D("0.00")}, [(OUT, "1.00")], "BILL_AMOUNT"), ({}, [("gold", "1.00")], "BILL_KIND"),
    ({"cash": D("-1.00")}, [(OUT, "1.00")], "BILL_AMOUNT"), ({"invoice_number": ""}, [(OUT, "1.00")], "BILL_NUMBER"),
    ({"issued_on": timedelta(days=1)}, [(OUT, "1.00")], "BILL_DAYS"), ({"admitted_on": timedelta(0)}, [(OUT, "1.00")], "BILL_DAYS"),
])
def test_what_cannot_be_kept_is_refused(changes: dict[str, Any], charges: list[tuple[str, str]], code: str) -> None:
    ward = make_ward()
    case = ward.report()
    said = {name: ward.today + value if isinstance(value, timedelta) else value for name, value in changes.items()}
    lines = [Charge(kind, D(amount)) for kind, amount in charges]
    bill = ward.invoice(lines, **{"total": D("1.00"), **said})
    _refused(code, actions.add_bill, case, bill, lines, by=ward.clerk, at=ward.at)
    assert Bill.objects.count() == 0


def test_public_payers_pay_of_costs_in_the_catalogue_alone() -> None:
    ward = make_ward()
    case = ward.report()
    # 60,404 in the catalogue less 20,000 of the fund and 10,000 of others: the deductible of 30,404 leaves nothing of 30,404.
    ward.bill(
        case, ("self_pay", "60404.00"), (OUT, "25000.00"), fund=D("20000.00"), others=D("10000.00"), major_illness=D("10000.00"),
    )
    decision = ward.decide(ward.reviewed(case)[0])
    assert {line.responsibility: line.amount for line in decision.lines.all()} == {"in_catalogue": D("0.00"), OUT: D("7000.00")}
    assert {who: D(amount) for who, amount in decision.burden.items() if D(amount)} == {
        "basic": D(20000), "major_illness": D(10000), "ours": D(7000), "person": D(48404),
    }


def test_what_the_first_cover_pays_is_another_payers_payment_for_the_second() -> None:
    ward = make_ward()
    market = paid_market(code="ZWEI", world=ward.market.world, pays="beijing-2025")
    second = bought(market)
    case = ward.report(ward.cover, second)
    ward.bill(case)
    claims = ward.reviewed(case)
    assert _refused("EARLIER_FIRST", ward.propose, claims[1]).facts == {"number": claims[0].number}
    first = ward.decide(claims[0])
    then = ward.decide(claims[1])
    # 60,000 less the 31,500 of the first, less the deductible of 15,000, 70 %.
    assert (first.amount, then.amount) == (D("31500.00"), D("9450.00"))
    actions.take_payables([claim.payables.get().pk for claim in claims], by=ward.second, at=ward.at)
    actions.settle_payables([claim.payables.get().pk for claim in claims], paid_on=ward.today, by=ward.second, at=ward.at)
    claims[0].refresh_from_db()
    reopened = actions.reopen_claim(claims[0], reason="更正", by=ward.reviewer, at=ward.at)
    assert [claim.pk for claim in reopened] == [claim.pk for claim in claims]
    assert [claim.state for claim in reopened] == ["review", "review"]

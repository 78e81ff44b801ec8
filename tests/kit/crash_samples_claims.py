"""Sample runs of actions with cases and claims: each in a supplementary program of its own."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from beneficiaries.models import Enrollment
from beneficiaries.testing import World
from beneficiaries.tests.purchasing import paid_market
from claims import actions
from claims.actions import Account, Charge, Facts, Opening
from claims.models import Case, Claim, Decision, Recovery
from claims.rules.states import State
from claims.testing import ACCOUNT_NUMBER, D, Ward, make_ward
from programs.testing import pdf
from tests.kit.crash_samples import Run, fresh, sample
from tests.kit.crashes import Token

OTHER = "6228480000000015"


def ward_of(world: World, token: Token, *, pays: str = "beijing-2025") -> Ward:
    """A program of its own in the same city."""
    return make_ward(market=paid_market(code=token.capitals, world=world, pays=pays), name=token.letters)


def simply(
    name: str, prepare: Callable[[Ward], Any], run: Callable[[Ward, Any], Any], *, pays: str = "beijing-2025"
) -> None:
    """A sample: what is prepared, and what is done with it, read anew; `pays`: the plan, where an action asks for its terms."""

    @sample(name)
    def made(world: World, token: Token) -> Run:
        ward = ward_of(world, token, pays=pays)
        subject = prepare(ward)
        return lambda: run(ward, fresh(subject))


def reported(ward: Ward) -> Claim:
    """A claim of a case that was just reported."""
    claim: Claim = ward.report().claims.get()
    return claim


def billed(ward: Ward) -> Case:
    """A case with a bill that does not add up."""
    case = ward.report()
    ward.bill(case, total=D("60000.01"))
    return case


def accepted(ward: Ward) -> Claim:
    """Accepted for handling."""
    return actions.accept_claim(reported(ward), by=ward.clerk, at=ward.at)


def investigated(ward: Ward) -> Claim:
    """Under investigation."""
    return actions.begin_investigation(ward.claim(), reason="核实", by=ward.clerk, at=ward.at)


def waiting(ward: Ward) -> Claim:
    """For papers."""
    claim = ward.claim()
    actions.ask_papers(claim, ["record"], by=ward.clerk, at=ward.at)
    return claim


def decided(ward: Ward) -> Claim:
    """To be paid."""
    claim = ward.claim()
    ward.decide(claim)
    return claim


def failed(ward: Ward) -> Claim:
    """The bank did not pay."""
    claim = decided(ward)
    payable = claim.payables.get()
    actions.take_payables([payable.pk], by=ward.second, at=ward.at)
    actions.fail_payables([(payable.pk, "ACCOUNT_CLOSED")], by=ward.second, at=ward.at)
    return claim


def corrected(ward: Ward) -> Claim:
    """With another account."""
    claim = failed(ward)
    return actions.correct_account(fresh(claim), account(ward, OTHER), by=ward.clerk, at=ward.at)


def paid(ward: Ward) -> Claim:
    """By the bank."""
    claim = decided(ward)
    ward.pay(claim)
    return claim


def account(ward: Ward, number: str = ACCOUNT_NUMBER) -> Account:
    """Of the insured person."""
    return Account("self", ward.cover.person.name.reveal(), number, "中国农业银行")


def at_the_bank(ward: Ward) -> Claim:
    """In a batch."""
    claim = decided(ward)
    actions.take_payables([claim.payables.get().pk], by=ward.second, at=ward.at)
    return claim


def with_paper(ward: Ward) -> Case:
    """A case with a paper."""
    case = ward.report()
    actions.add_paper(case, kind="invoice", name="发票.pdf", stream=io.BytesIO(pdf()), by=ward.clerk, at=ward.at)
    return case


def two_covers(ward: Ward) -> Case:
    """A case of two covers of one person, of two programs."""
    other = paid_market(code=f"{ward.market.program.code}B", world=ward.market.world, pays="beijing-2025")
    return ward.report(ward.cover, ward.insure(0, market=other))


def first_threshold(ward: Ward) -> Any:
    """To be approved."""
    return actions.propose_threshold(
        ward.market.program, second_above=D("1.00"), third_above=D("2.00"), by=ward.clerk, at=ward.at
    )


def _by(ward: Ward) -> dict[str, Any]:
    return {"by": ward.clerk, "at": ward.at}


def _checking(ward: Ward) -> dict[str, Any]:
    return {"by": ward.reviewer, "at": ward.at}


@sample("claims.open_cases")
def open_cases(world: World, token: Token) -> Run:
    """Two people's reports at once, filed, each with a bill, one with an account."""
    ward = ward_of(world, token)
    covers = [ward.cover, ward.insure(1)]
    own = Enrollment.objects.filter(program=ward.market.program)

    def run() -> object:
        lines = [Charge("out_of_catalogue", D("10.00"))]
        reports = [
            Opening(
                cover.pk, ward.told(), [(ward.invoice(lines, invoice_number=f"000000009{number}"), lines)],
                None if number else account(ward),
            )
            for number, cover in enumerate(covers)
        ]
        return actions.open_cases(reports, by=ward.clerk, at=ward.at, until=State.REGISTERED, among=own)

    return run


simply("claims.report_case", lambda ward: ward.cover, lambda ward, cover: ward.report(cover))
simply(
    "claims.change_case", lambda ward: ward.report(),
    lambda ward, case: actions.change_case(case, Facts("accident"), **_by(ward)),
)
simply(
    "claims.order_payers", two_covers,
    lambda ward, case: actions.order_payers(
        case, list(case.claims.order_by("-position").values_list("pk", flat=True)), reason="约定", **_by(ward)
    ),
)
simply(
    "claims.withdraw_cases", billed,
    lambda ward, case: actions.withdraw_cases([case.pk], reason="文件撤销", **_checking(ward)),
)
simply("claims.add_bill", lambda ward: ward.report(), lambda ward, case: ward.bill(case))
simply(
    "claims.explain_bill", billed, lambda ward, case: actions.explain_bill(case.bills.get(), reason="四舍五入", **_checking(ward))
)
simply(
    "claims.call_bill_false", billed,
    lambda ward, case: actions.call_bill_false(case.bills.get(), reason="查无此票", **_by(ward)),
)
simply(
    "claims.mark_case", lambda ward: ward.report(),
    lambda ward, case: actions.mark_case(case, ["drunk_driving"], reason="交警认定书", **_by(ward)), pays="day-cover-example",
)
simply(
    "claims.mark_bill", billed,
    lambda ward, case: actions.mark_bill(
        case.bills.get(), ["drunk_driving"], lines={line.pk: ["drunk_driving"] for line in case.bills.get().lines.all()},
        reason="交警认定书", **_by(ward),
    ),
    pays="day-cover-example",
)
simply("claims.remove_bill", billed, lambda ward, case: actions.remove_bill(case.bills.get(), reason="录错", **_by(ward)))
simply(
    "claims.add_paper", lambda ward: ward.report(),
    lambda ward, case: actions.add_paper(case, kind="invoice", name="发票.pdf", stream=io.BytesIO(pdf()), **_by(ward)),
)
simply("claims.open_paper", with_paper, lambda ward, case: list(actions.open_paper(case.papers.get(), **_by(ward))))
simply(
    "claims.destroy_paper", with_paper, lambda ward, case: actions.destroy_paper(case.papers.get(), at=ward.at)
)
simply("claims.remove_paper", with_paper, lambda ward, case: actions.remove_paper(case.papers.get(), reason="重传", **_by(ward)))
simply("claims.accept_claim", reported, lambda ward, claim: actions.accept_claim(claim, **_by(ward)))
simply("claims.register_claim", accepted, lambda ward, claim: actions.register_claim(claim, **_by(ward)))
simply("claims.decline_claim", reported, lambda ward, claim: actions.decline_claim(claim, reason="非本保障", **_by(ward)))
simply(
    "claims.take_claim", lambda ward: actions.register_claim(accepted(ward), **_by(ward)),
    lambda ward, claim: actions.take_claim(claim, **_by(ward)),
)
simply(
    "claims.hand_over", lambda ward: ward.claim(),
    lambda ward, claim: actions.hand_over(claim, ward.colleague, reason="休假", **_by(ward)),
)
simply("claims.ask_papers", lambda ward: ward.claim(), lambda ward, claim: actions.ask_papers(claim, ["record"], **_by(ward)))
simply(
    "claims.complete_papers", waiting, lambda ward, claim: actions.complete_papers(claim, complete_on=ward.today, **_by(ward))
)
simply(
    "claims.begin_investigation", lambda ward: ward.claim(),
    lambda ward, claim: actions.begin_investigation(claim, reason="核实", **_by(ward)),
)
simply(
    "claims.end_investigation", investigated, lambda ward, claim: actions.end_investigation(claim, reason="属实", **_by(ward))
)
simply("claims.note_claim", reported, lambda ward, claim: actions.note_claim(claim, text="已电话联系", **_by(ward)))
simply("claims.withdraw_claim", reported, lambda ward, claim: actions.withdraw_claim(claim, reason="自愿", **_by(ward)))
simply("claims.state_payee", reported, lambda ward, claim: actions.state_payee(claim, account(ward), **_by(ward)))
simply("claims.correct_account", failed, lambda ward, claim: actions.correct_account(claim, account(ward, OTHER), **_by(ward)))
simply("claims.confirm_account", corrected, lambda ward, claim: actions.confirm_account(claim, **_checking(ward)))
simply("claims.reopen_claim", paid, lambda ward, claim: actions.reopen_claim(claim, reason="补充发票", **_checking(ward)))
simply("claims.close_claim", paid, lambda ward, claim: actions.close_claim(claim, **_by(ward)))
simply("claims.calculate", lambda ward: ward.claim(), lambda ward, claim: actions.calculate(claim, by=ward.clerk))
simply("claims.propose_decision", lambda ward: ward.claim(), lambda ward, claim: ward.propose(claim))
simply("claims.sign_decision", lambda ward: ward.propose(ward.claim()), lambda ward, decision: ward.sign(decision))
simply(
    "claims.send_back_decision", lambda ward: ward.propose(ward.claim()),
    lambda ward, decision: actions.send_back_decision(decision, reason="重算", **_checking(ward)),
)
simply(
    "claims.take_payables", decided,
    lambda ward, claim: actions.take_payables([claim.payables.get().pk], by=ward.second, at=ward.at),
)
simply(
    "claims.give_back_payables", at_the_bank,
    lambda ward, claim: actions.give_back_payables([claim.payables.get().pk], by=ward.second, at=ward.at),
)
simply(
    "claims.settle_payables", at_the_bank,
    lambda ward, claim: actions.settle_payables([claim.payables.get().pk], paid_on=ward.today, by=ward.second, at=ward.at),
)
simply(
    "claims.fail_payables", at_the_bank,
    lambda ward, claim: actions.fail_payables([(claim.payables.get().pk, "ACCOUNT_CLOSED")], by=ward.second, at=ward.at),
)
simply(
    "claims.fail_open_payables", decided,
    lambda ward, claim: actions.fail_open_payables([(claim.payables.get().pk, "ACCOUNT_CLOSED")], by=ward.second, at=ward.at),
)
simply(
    "claims.return_payables", paid,
    lambda ward, claim: actions.return_payables([(claim.payables.get().pk, "ACCOUNT_CLOSED")], by=ward.second, at=ward.at),
)
simply(
    "claims.propose_threshold", lambda ward: ward.market.program,
    lambda ward, program: actions.propose_threshold(program, second_above=D("1.00"), third_above=D("2.00"), **_by(ward)),
)
simply("claims.approve_threshold", first_threshold, lambda ward, found: actions.approve_threshold(found, **_checking(ward)))
simply("claims.drop_threshold", first_threshold, lambda ward, found: actions.drop_threshold(found, **_by(ward)))


def came_back(ward: Ward) -> Recovery:
    """A part of what is asked back, confirmed."""
    return actions.confirm_recovery(ward.received(ward.asked_back(), "1000.00"), **_booking(ward))


def reversed_part(ward: Ward) -> Recovery:
    """A reversal to be confirmed, of an amount in whose place another decision put one since."""
    wrong = came_back(ward)
    ward.decide_anew(wrong.payable.claim, ("out_of_catalogue", "33000.00"), number="0000000092")
    return actions.record_reversal(wrong, reason="记错", by=ward.cashier, at=ward.at)


def _booking(ward: Ward) -> dict[str, Any]:
    return {"by": ward.third, "at": ward.at}


simply("claims.record_recovery", lambda ward: ward.asked_back(), lambda ward, payable: ward.received(payable))
simply(
    "claims.record_write_off", lambda ward: ward.asked_back(),
    lambda ward, payable: actions.record_write_off(payable, amount=D("1.00"), reason="困难", by=ward.cashier, at=ward.at),
)
simply(
    "claims.record_reversal", came_back,
    lambda ward, found: actions.record_reversal(found, reason="记错", by=ward.cashier, at=ward.at),
)
simply(
    "claims.confirm_recovery", lambda ward: ward.received(ward.asked_back()),
    lambda ward, found: actions.confirm_recovery(found, **_booking(ward)),
)
simply(
    "claims.confirm_recovery#reversal", reversed_part, lambda ward, found: actions.confirm_recovery(found, **_booking(ward)),
)
simply(
    "claims.decline_recovery", lambda ward: ward.received(ward.asked_back()),
    lambda ward, found: actions.decline_recovery(found, reason="流水查无", **_booking(ward)),
)


@sample("claims.sign_decision#reopened")
def sign_reopened(world: World, token: Token) -> Run:
    """Another claim of the cover changes with it."""
    ward = ward_of(world, token)
    first = ward.claim(("out_of_catalogue", "20000.00"))
    second = ward.claim(("out_of_catalogue", "30000.00"), number="0000000002", diagnosis="I21.9")
    for claim in (first, second):
        ward.decide(claim)
        ward.pay(claim)
    actions.reopen_claim(fresh(first), reason="录错", by=ward.reviewer, at=ward.at)
    actions.remove_bill(first.case.bills.get(), reason="录错", by=ward.clerk, at=ward.at)
    ward.bill(first.case, ("out_of_catalogue", "10000.00"), invoice_number="0000000003")
    decision: Decision = ward.propose(actions.take_claim(fresh(first), by=ward.clerk, at=ward.at))
    return lambda: ward.sign(fresh(decision))

"""From a report to a decision that is owed: calculated by the engine, signed by others, used, owed and booked at once.

The plan pays healthy people 70 % of what is outside of the catalogue and above 15,000.00, 80 % within it above 30,404.00.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from benefits import facts_file
from benefits.decide import decide
from claims import actions
from claims.actions import Adjustment, Refusal
from claims.errors import ClaimsRefused
from claims.models import Claim, CoverUsage, Decision, Payable, Signature
from claims.offering import offers_of
from claims.testing import Ward, make_ward
from programs.benefit_terms import benefit_terms
from programs.models import LedgerAccount

D = Decimal
OUT, IN = "out_of_catalogue", "in_catalogue"
pytestmark = pytest.mark.django_db


def _refused(code: str, act: Callable[..., Any], *args: Any, **given: Any) -> ClaimsRefused:
    with pytest.raises(ClaimsRefused) as refused:
        act(*args, **given)
    assert refused.value.code == code
    return refused.value


def _books(ward: Ward) -> dict[str, Decimal]:
    accounts = LedgerAccount.objects.filter(program=ward.market.program, kind__startswith="claims_")
    return {account.kind.removeprefix("claims_"): account.balance for account in accounts if account.balance}


def _owed(claim: Claim) -> list[tuple[str, str, Decimal]]:
    return list(claim.payables.order_by("pk").values_list("kind", "state", "amount"))


def _again(claim: Claim) -> Claim:
    return Claim.objects.get(pk=claim.pk)


def test_a_claim_goes_from_its_report_to_its_end() -> None:
    ward = make_ward()
    claim = ward.claim()
    decision = ward.decide(claim)
    assert (decision.state, decision.outcome) == ("approved", "pay")
    assert (decision.proposed, decision.amount) == (D("31500.00"), D("31500.00"))
    assert _books(ward) == {"incurred": D("31500.00"), "payable": D("-31500.00")}
    ward.pay(claim)
    claim = _again(claim)
    assert (claim.state, claim.amount, claim.settlement) == ("paid", D("31500.00"), 1)
    claim = actions.close_claim(claim, by=ward.clerk, at=ward.at)
    assert [(step.from_state, step.to_state, step.by_label) for step in claim.steps.all()] == [
        ("", "reported", "hy-claims.clerk"), ("reported", "accepted", "hy-claims.clerk"),
        ("accepted", "registered", "hy-claims.clerk"), ("registered", "review", "hy-claims.clerk"),
        ("review", "assessed", "hy-claims.clerk"), ("assessed", "payable", "hy-claims.reviewer"),
        ("payable", "paid", "hy-claims.second"), ("paid", "closed", "hy-claims.clerk"),
    ]


def test_a_decision_keeps_what_it_was_made_of_and_can_be_made_again_from_it() -> None:
    ward = make_ward()
    decision = ward.decide(ward.claim())
    kept = Decision.objects.get(pk=decision.pk)
    case = facts_file.load(kept.facts.reveal(), form="json").cases[0]
    again = decide(case.facts, benefit_terms(ward.market.plan))
    assert (again.amount, again.usage.to_data()) == (D("31500.00"), kept.used)
    assert case.facts.event.code == kept.claim.case.number
    assert '"result"' in kept.trace.reveal()
    usage = CoverUsage.objects.get(enrollment=ward.cover)
    assert (usage.counters, usage.paid, usage.version, usage.settlements) == (kept.used, D("31500.00"), 1, 1)


def test_the_second_claim_of_a_year_has_its_deductible_behind_it() -> None:
    ward = make_ward()
    first = ward.decide(ward.claim())
    second = ward.decide(ward.claim((OUT, "10000.00"), number="0000000002", diagnosis="I21.9"))
    assert (first.amount, second.amount) == (D("31500.00"), D("7000.00"))
    usage = CoverUsage.objects.get(enrollment=ward.cover)
    assert (usage.paid, usage.settlements, usage.counters[f"paid:{OUT}"]) == (D("38500.00"), 2, "38500.00")


def test_below_the_deductible_nothing_is_paid_and_the_deductible_is_used_all_the_same() -> None:
    ward = make_ward()
    claim = ward.claim((OUT, "12000.00"))
    decision = ward.decide(claim)
    assert (decision.outcome, _again(claim).state, _owed(claim), _books(ward)) == ("zero", "zero", [], {})
    assert [each["code"] for each in decision.refusals] == ["BELOW_DEDUCTIBLE"]
    second = ward.decide(ward.claim((OUT, "30000.00"), number="0000000002", diagnosis="I21.9"))
    assert second.amount == D("18900.00")


def test_a_refusal_has_a_code_and_a_reason_and_uses_nothing() -> None:
    ward = make_ward()
    claim = ward.claim()
    _refused("REFUSAL_CODE", ward.propose, claim, refusal=Refusal("", "投保前已患病"))
    decision = ward.decide(claim, refusal=Refusal("PRE_EXISTING", "投保前已患病"))
    claim = _again(claim)
    assert (decision.outcome, decision.amount, decision.proposed, claim.state) == ("refuse", D("0.00"), D("31500.00"), "refused")
    assert (claim.settlement, claim.amount, _owed(claim)) == (None, D("0.00"), [])
    assert CoverUsage.objects.get(enrollment=ward.cover).counters == {}


def test_an_adjustment_keeps_what_was_calculated_its_code_and_its_reason() -> None:
    ward = make_ward()
    claim = ward.claim()
    _refused("ADJUST_CODE", ward.propose, claim, adjustments={OUT: Adjustment(D("30000.00"), "", "协议让步")})
    _refused("REASON", ward.propose, claim, adjustments={OUT: Adjustment(D("30000.00"), "agreement", " ")})
    _refused("ADJUST_COST", ward.propose, claim, adjustments={OUT: Adjustment(D("60000.01"), "agreement", "协议让步")})
    _refused("ADJUST_UNKNOWN", ward.propose, claim, adjustments={"drugs": Adjustment(D("1.00"), "agreement", "协议让步")})
    decision = ward.decide(claim, adjustments={OUT: Adjustment(D("30000.00"), "agreement", "协议让步")})
    assert (decision.proposed, decision.amount) == (D("31500.00"), D("30000.00"))
    line = decision.lines.get()
    assert (line.proposed, line.amount, line.code, line.reason) == (D("31500.00"), D("30000.00"), "agreement", "协议让步")
    assert CoverUsage.objects.get(enrollment=ward.cover).counters[f"paid:{OUT}"] == "30000.00"


def test_whoever_calculated_a_decision_does_not_sign_it_and_nobody_signs_twice() -> None:
    ward = make_ward()
    _thresholds(ward, "10000.00", "30000.00")
    decision = ward.propose(ward.claim())
    assert decision.signatures_needed == 3
    _refused("OUT_OF_SCOPE", actions.sign_decision, decision, digest=decision.digest, by=ward.clerk, at=ward.at)
    actions.sign_decision(decision, digest=decision.digest, by=ward.reviewer, at=ward.at)
    _refused("SIGNED_ALREADY", actions.sign_decision, decision, digest=decision.digest, by=ward.reviewer, at=ward.at)
    assert _again(decision.claim).state == "assessed"
    actions.sign_decision(decision, digest=decision.digest, by=ward.third, at=ward.at)
    done = actions.sign_decision(decision, digest=decision.digest, by=ward.second, at=ward.at)
    assert (done.state, _again(decision.claim).state) == ("approved", "payable")
    _refused("STATE", actions.send_back_decision, decision, reason="晚了", by=ward.reviewer, at=ward.at)


@pytest.mark.parametrize(("amount", "needed"), [("29285.71", 1), ("29285.73", 2), ("57857.14", 2), ("57857.16", 3)])
def test_so_many_people_sign_as_the_sum_asks_for(amount: str, needed: int) -> None:
    ward = make_ward()
    _thresholds(ward, "10000.00", "30000.00")
    assert ward.propose(ward.claim((OUT, amount))).signatures_needed == needed


def test_the_database_itself_takes_no_signature_of_who_calculated_under_another_digest_or_out_of_turn() -> None:
    ward = make_ward()
    _thresholds(ward, "0.00", "0.00")
    decision = ward.propose(ward.claim())
    for step, digest, by in ((1, decision.digest, ward.clerk), (1, "0" * 64, ward.reviewer), (2, decision.digest, ward.reviewer)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Signature.objects.create(decision=decision, step=step, digest=digest, by=by, at=ward.at)


def test_what_is_signed_is_what_was_shown() -> None:
    ward = make_ward()
    decision = ward.propose(ward.claim())
    _refused("STALE", actions.sign_decision, decision, digest="0" * 64, by=ward.reviewer, at=ward.at)
    assert Signature.objects.count() == 0


def test_a_decision_is_not_signed_once_another_claim_of_the_cover_was_decided() -> None:
    ward = make_ward()
    waiting = ward.propose(ward.claim())
    ward.decide(ward.claim((OUT, "20000.00"), number="0000000002", diagnosis="I21.9"))
    _refused("USAGE_MOVED", actions.sign_decision, waiting, digest=waiting.digest, by=ward.reviewer, at=ward.at)
    actions.send_back_decision(waiting, reason="重新理算", by=ward.reviewer, at=ward.at)
    assert ward.decide(waiting.claim).amount == D("42000.00")
    assert [each.state for each in waiting.claim.decisions.all()] == ["sent_back", "approved"]


def test_bills_and_account_rest_while_a_decision_is_signed() -> None:
    ward = make_ward()
    claim = ward.claim()
    ward.propose(claim)
    _refused("CASE_DECIDED", ward.bill, claim.case, invoice_number="0000000009")
    other = actions.Account("self", "李伟", "6228480000000015")
    _refused("PAYEE_FROZEN", actions.state_payee, claim, other, by=ward.clerk, at=ward.at)


def test_a_limit_ends_what_two_claims_can_be_paid() -> None:
    ward = make_ward()
    assert ward.decide(ward.claim((OUT, "1400000.00"))).amount == D("969500.00")
    second = ward.decide(ward.claim((OUT, "100000.00"), number="0000000002", diagnosis="I21.9"))
    assert second.amount == D("30500.00")
    third = ward.decide(ward.claim((OUT, "100000.00"), number="0000000003", diagnosis="I22.9"))
    assert (third.amount, third.outcome, [each["code"] for each in third.refusals]) == (D("0.00"), "zero", ["LIMIT_USED"])


def test_reopening_pays_the_difference_and_decides_later_claims_anew() -> None:
    ward = make_ward()
    first = ward.claim((OUT, "20000.00"))
    second = ward.claim((OUT, "30000.00"), number="0000000002", diagnosis="I21.9")
    assert (ward.decide(first).amount, ward.decide(second).amount) == (D("3500.00"), D("21000.00"))
    ward.pay(first)
    ward.pay(second)
    actions.reopen_claim(_again(first), reason="发票金额录错", by=ward.reviewer, at=ward.at)
    bill = first.case.bills.get()
    actions.remove_bill(bill, reason="发票金额录错", by=ward.clerk, at=ward.at)
    ward.bill(first.case, (OUT, "10000.00"))
    actions.take_claim(_again(first), by=ward.clerk, at=ward.at)
    decision = ward.propose(_again(first))
    assert (decision.kind, decision.amount) == ("reopened", D("0.00"))
    assert decision.effects == [{"claim": second.pk, "before": "21000.00", "after": "17500.00"}]
    ward.sign(decision)
    first, second = _again(first), _again(second)
    assert (first.state, first.amount, first.settlement, _owed(first)) == (
        "zero", D("0.00"), 1, [("payout", "paid", D("3500.00")), ("reclaim", "open", D("3500.00"))],
    )
    assert (second.state, second.amount, _owed(second)) == (
        "paid", D("17500.00"), [("payout", "paid", D("21000.00")), ("reclaim", "open", D("3500.00"))],
    )
    recomputed = second.decisions.get(state="approved")
    assert (recomputed.kind, recomputed.cause_id, recomputed.amount) == ("recomputed", decision.pk, D("17500.00"))
    assert [each.state for each in first.decisions.all()] == ["replaced", "approved"]
    # The bank paid 24,500.00 of the payables; its own posting is the paying room's.
    assert _books(ward) == {"incurred": D("17500.00"), "payable": D("-24500.00"), "recoverable": D("7000.00")}
    usage = CoverUsage.objects.get(enrollment=ward.cover)
    assert (usage.paid, usage.settlements) == (D("17500.00"), 2)


def test_reopening_upwards_pays_once_more_and_only_the_difference() -> None:
    ward = make_ward()
    claim = ward.claim((OUT, "20000.00"))
    ward.decide(claim)
    ward.pay(claim)
    actions.reopen_claim(_again(claim), reason="补交一张发票", by=ward.reviewer, at=ward.at)
    ward.bill(claim.case, (OUT, "10000.00"), invoice_number="0000000002")
    actions.take_claim(_again(claim), by=ward.clerk, at=ward.at)
    assert ward.decide(_again(claim)).amount == D("10500.00")
    claim = _again(claim)
    assert (claim.state, claim.reopened, _owed(claim)) == (
        "payable", 1, [("payout", "paid", D("3500.00")), ("payout", "open", D("7000.00"))],
    )


def test_a_later_claim_that_waits_to_be_paid_is_paid_its_new_sum() -> None:
    ward = make_ward()
    first, second = ward.claim((OUT, "10000.00")), ward.claim((OUT, "30000.00"), number="0000000002", diagnosis="I21.9")
    ward.decide(first)
    ward.decide(second)
    assert _owed(second) == [("payout", "open", D("17500.00"))]
    actions.reopen_claim(_again(first), reason="补交发票", by=ward.reviewer, at=ward.at)
    ward.bill(first.case, (OUT, "5000.00"), invoice_number="0000000003")
    actions.take_claim(_again(first), by=ward.clerk, at=ward.at)
    ward.decide(_again(first))
    assert _owed(second) == [("payout", "cancelled", D("17500.00")), ("payout", "open", D("21000.00"))]
    assert _books(ward) == {"incurred": D("21000.00"), "payable": D("-21000.00")}


def test_a_later_claim_that_a_person_adjusted_keeps_its_amount_and_uses_what_it_counts_anew() -> None:
    ward = make_ward()
    first, second = ward.claim((OUT, "20000.00")), ward.claim((OUT, "30000.00"), number="0000000002", diagnosis="I21.9")
    ward.decide(first)
    ward.decide(second, adjustments={OUT: Adjustment(D("18000.00"), "agreement", "协议让步")})
    ward.pay(first)
    ward.pay(second)
    decision = ward.decide_anew(first, (OUT, "10000.00"))
    assert (decision.amount, decision.effects) == (D("0.00"), [{"claim": second.pk, "before": "18000.00", "after": "18000.00"}])
    recomputed = _again(second).decisions.get(state="approved")
    # 17,500.00 are calculated now: the deductible takes 5,000.00 of it that the first had used before.
    line = recomputed.lines.get()
    assert (recomputed.kind, recomputed.amount, line.proposed, line.amount) == (
        "recomputed", D("18000.00"), D("17500.00"), D("18000.00"),
    )
    assert (line.code, line.reason, line.deducted) == ("agreement", "协议让步", D("5000.00"))
    assert _owed(second) == [("payout", "paid", D("18000.00"))]
    usage = CoverUsage.objects.get(enrollment=ward.cover)
    assert (usage.paid, usage.counters[f"paid:{OUT}"]) == (D("18000.00"), "18000.00")
    assert usage.counters[f"deductible:{OUT}"] == "15000"


def test_a_later_claim_whose_adjustment_no_longer_fits_is_to_be_reopened_as_well() -> None:
    ward = make_ward()
    first, second = ward.claim((OUT, "20000.00")), ward.claim((OUT, "1400000.00"), number="0000000002", diagnosis="I21.9")
    ward.decide(first)
    ward.decide(second, adjustments={OUT: Adjustment(D("970000.00"), "agreement", "协议让步")})
    ward.pay(first)
    actions.reopen_claim(_again(first), reason="补交一张发票", by=ward.reviewer, at=ward.at)
    ward.bill(first.case, (OUT, "100000.00"), invoice_number="0000000003")
    actions.take_claim(_again(first), by=ward.clerk, at=ward.at)
    # 73,500.00 and 970,000.00 are above the limit of a million.
    assert _refused("LATER_ADJUSTED", ward.propose, _again(first)).facts == {"number": second.number}
    assert _again(first).amount == D("3500.00")


def test_nothing_is_decided_about_a_sum_that_is_at_the_bank() -> None:
    ward = make_ward()
    first, second = ward.claim((OUT, "10000.00")), ward.claim((OUT, "30000.00"), number="0000000002", diagnosis="I21.9")
    ward.decide(first)
    ward.decide(second)
    actions.take_payables([second.payables.get().pk], by=ward.second, at=ward.at)
    actions.reopen_claim(_again(first), reason="补交发票", by=ward.reviewer, at=ward.at)
    ward.bill(first.case, (OUT, "5000.00"), invoice_number="0000000003")
    actions.take_claim(_again(first), by=ward.clerk, at=ward.at)
    assert _refused("IN_PAYMENT", ward.propose, _again(first)).facts == {"number": second.number}
    _refused("NOT_REOPENABLE", actions.reopen_claim, _again(second), reason="补交发票", by=ward.reviewer, at=ward.at)


def test_a_failed_payment_is_payable_again_with_a_corrected_account_that_a_second_person_confirms() -> None:
    ward = make_ward()
    claim = ward.claim()
    ward.decide(claim)
    payable = claim.payables.get()
    actions.take_payables([payable.pk], by=ward.second, at=ward.at)
    _refused("NOT_OPEN", actions.take_payables, [payable.pk], by=ward.second, at=ward.at)
    actions.fail_payables([(payable.pk, "ACCOUNT_CLOSED")], by=ward.second, at=ward.at)
    same = actions.Account("self", "李伟", "6228480000000007")
    _refused("ACCOUNT_SAME", actions.correct_account, _again(claim), same, by=ward.clerk, at=ward.at)
    _refused("ACCOUNT_SAME", actions.confirm_account, _again(claim), by=ward.reviewer, at=ward.at)
    other = actions.Account("self", "李伟", "6228480000000015", "中国农业银行河源分行")
    actions.correct_account(_again(claim), other, by=ward.clerk, at=ward.at)
    made = actions.confirm_account(_again(claim), by=ward.reviewer, at=ward.at)
    assert (made.instead_of_id, made.payee_account.reveal(), made.state) == (payable.pk, "6228480000000015", "open")
    assert _owed(claim) == [("payout", "cancelled", D("31500.00")), ("payout", "open", D("31500.00"))]
    assert Payable.objects.get(pk=payable.pk).failure == "ACCOUNT_CLOSED"


def test_a_holder_corrected_at_the_same_number_is_offered_to_a_second_person_to_confirm() -> None:
    ward = make_ward()
    claim = ward.claim()
    ward.decide(claim)
    payable = claim.payables.get()
    actions.take_payables([payable.pk], by=ward.second, at=ward.at)
    actions.fail_payables([(payable.pk, "name_mismatch")], by=ward.second, at=ward.at)
    assert "confirm_account" not in offers_of(_again(claim), by=ward.reviewer)
    later = ward.at + timedelta(hours=1)
    agent = actions.Account("agent", "王五", "6228480000000007")
    actions.correct_account(_again(claim), agent, by=ward.clerk, at=later)
    assert ("confirm_account" in offers_of(_again(claim), by=ward.reviewer), _again(claim).account_changed_at) == (True, later)
    assert "confirm_account" not in offers_of(_again(claim), by=ward.clerk)
    made = actions.confirm_account(_again(claim), by=ward.reviewer, at=later)
    assert (made.payee_name.reveal(), made.payee_account.reveal(), made.account_changed_at) == ("王五", "6228480000000007", later)


def test_money_that_the_bank_sends_back_is_to_be_paid_again() -> None:
    ward = make_ward()
    claim = ward.claim()
    ward.decide(claim)
    payable = ward.pay(claim)
    actions.close_claim(_again(claim), by=ward.clerk, at=ward.at)
    actions.return_payables([(payable.pk, "ACCOUNT_CLOSED")], by=ward.second, at=ward.at)
    assert (_again(claim).state, _owed(claim)) == ("payable", [("payout", "failed", D("31500.00"))])
    _refused("NOT_PAID", actions.return_payables, [(payable.pk, "ACCOUNT_CLOSED")], by=ward.second, at=ward.at)


def test_two_payables_of_one_claim_are_never_on_their_way_at_once() -> None:
    ward = make_ward()
    claim = ward.claim()
    decision = ward.decide(claim)
    with pytest.raises(IntegrityError), transaction.atomic():
        Payable.objects.create(
            claim=claim, decision=decision, program=claim.program, organization=claim.organization, region_code="", kind="payout",
            amount=D("1.00"), made_at=ward.at,
        )


def _thresholds(ward: Ward, second: str, third: str) -> None:
    proposed = actions.propose_threshold(
        ward.market.program, second_above=D(second), third_above=D(third), by=ward.clerk, at=ward.at
    )
    actions.approve_threshold(proposed, by=ward.reviewer, at=ward.at)

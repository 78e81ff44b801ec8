"""A decision comes into force, in the transaction of its last signature: the cover's use, later claims, what is owed, the books."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from audit.faults import fault_point
from benefits.text_data import write_text
from benefits.usage import Usage
from claims.errors import ClaimsRefused
from claims.models import (
    Claim,
    CoverUsage,
    Decision,
    DecisionKind,
    DecisionLine,
    DecisionState,
    Outcome,
    Payable,
    PayableKind,
    PayableState,
    Recovery,
    RecoveryState,
)
from claims.rules.owed import Owed, difference
from claims.rules.states import State
from claims.settlement import Effect, chain_of, later_effects, refuse_beyond_cover, used_of
from claims.stepping import record, step
from programs.actions import Leg, post
from programs.benefit_terms import benefit_terms
from programs.models.ledger import AccountKind, LedgerTransaction

ZERO = Decimal("0.00")
#: Where a claim stands after its decision, by outcome; one that is paid depends on what of it is still to be paid.
_ENDS = {Outcome.ZERO: State.ZERO, Outcome.REFUSE: State.REFUSED}


def settle(decision: Decision, usage: CoverUsage, *, by: Any, at: datetime) -> None:
    """Put a signed decision in force; `usage` is locked by the caller, and so is the decision's claim."""
    claim = decision.claim
    terms = benefit_terms(claim.plan)
    if terms is None:
        raise ClaimsRefused("NO_TERMS")
    before = Usage.from_data(decision.used_before)
    refuse_beyond_cover(claim, decision.amount, terms, before)
    effects = later_effects(claim, terms, before.plus(Usage.from_data(decision.used)))
    if [effect.to_data() for effect in effects] != decision.effects:
        raise ClaimsRefused("USAGE_MOVED")
    later = {
        each.pk: each for each in Claim.objects.select_for_update(of=("self",)).select_related("organization")
        .filter(pk__in=[effect.claim.pk for effect in effects]).order_by("pk")
    }
    fault_point("claims.settle.before")
    _in_force(decision, at=at)
    if claim.settlement is None and decision.outcome != Outcome.REFUSE:
        usage.settlements += 1
        claim.settlement = usage.settlements
    _owe(claim, decision, by=by, at=at)
    record("claim.decided", claim, by=by, at=at, outcome=decision.outcome, amount=str(decision.amount))
    for effect in effects:
        _recompute(effect, later[effect.claim.pk], cause=decision, by=by, at=at)
    holding = chain_of(claim)
    usage.counters = used_of(holding).to_data()
    usage.paid = sum((each.amount for each in holding), ZERO)
    usage.version += 1
    usage.save()
    fault_point("claims.settle.after")


def _in_force(decision: Decision, *, at: datetime) -> None:
    """One decision of a claim holds: the one before it is replaced."""
    holding = Decision.objects.filter(claim=decision.claim_id, state=DecisionState.APPROVED)
    holding.update(state=DecisionState.REPLACED)
    decision.state, decision.decided_at = DecisionState.APPROVED, at
    if decision.pk is None:
        decision.save(force_insert=True)
    else:
        decision.save(update_fields=["state", "decided_at"])


def _recompute(effect: Effect, claim: Claim, *, cause: Decision, by: Any, at: datetime) -> None:
    """A later claim of the cover gets the decision that follows from the earlier one; those who signed that one signed this."""
    holding, decided = effect.holding, effect.decided
    adjusted = {line.responsibility: line for line in holding.lines.all() if line.code}
    calculated = {benefit.code: benefit.amount for benefit in effect.calculated.benefits}
    decision = Decision(
        claim=claim, number=claim.decisions.count() + 1, kind=DecisionKind.RECOMPUTED, cause=cause,
        outcome=Outcome.PAY if decided.amount else Outcome.ZERO, terms_digest=cause.terms_digest,
        facts=None if holding.facts is None else holding.facts.reveal(),
        trace=write_text(effect.calculated.to_data()["trace"], form="json"), used_before=effect.before.to_data(),
        used=Usage(decided.used).to_data(), usage_version=cause.usage_version, proposed=effect.calculated.amount,
        amount=decided.amount, refusals=[each._asdict() for each in effect.calculated.refusals],
        assumed=list(effect.calculated.assumed), undecided=list(effect.calculated.undecided),
        burden={who: str(amount) for who, amount in decided.burden.items()}, digest=cause.digest,
        signatures_needed=cause.signatures_needed, proposed_by=cause.proposed_by, proposed_at=at,
    )
    _in_force(decision, at=at)
    DecisionLine.objects.bulk_create(
        DecisionLine(
            decision=decision, position=position, responsibility=benefit.code, counted=to_fen(benefit.counted),
            deducted=to_fen(benefit.deducted), proposed=calculated.get(benefit.code, ZERO), amount=benefit.amount,
            code=adjusted[benefit.code].code if benefit.amount != calculated.get(benefit.code, ZERO) else "",
            reason=adjusted[benefit.code].reason if benefit.amount != calculated.get(benefit.code, ZERO) else "",
        )
        for position, benefit in enumerate(decided.benefits, start=1)
    )
    _owe(claim, decision, by=by, at=at)
    record("claim.recomputed", claim, by=by, at=at, amount=str(decision.amount), before=str(holding.amount))


def _owe(claim: Claim, decision: Decision, *, by: Any, at: datetime) -> None:
    """What is still to be paid, or to be asked back, after this decision; the books follow in one posting."""
    held = list(claim.payables.select_for_update(of=("self",)).order_by("pk"))
    if any(each.state == PayableState.IN_PAYMENT for each in held):
        raise ClaimsRefused("IN_PAYMENT", number=claim.number)
    before = Owed.of((each.kind, each.state, each.amount, each.received, each.written_off) for each in held)
    after = difference(decision.amount, before)
    if before.written_off and after.kind == PayableKind.PAYOUT and after.amount:
        # The payee has what was written off: first that is taken back, then what is due is what is paid.
        raise ClaimsRefused("WRITTEN_OFF", number=claim.number)
    waiting = [each for each in held if each.state in (PayableState.OPEN, PayableState.FAILED)]
    same = len(waiting) == 1 and (waiting[0].kind, waiting[0].unsettled) == (after.kind, after.amount)
    if not same:
        _refuse_unconfirmed(claim, waiting)
        for each in waiting:
            each.state = PayableState.CANCELLED
            each.save(update_fields=["state"])
        if after.amount:
            make_payable(claim, decision, kind=after.kind, amount=after.amount, at=at)
    change = {
        AccountKind.CLAIMS_INCURRED: decision.amount - before.incurred,
        AccountKind.CLAIMS_PAYABLE: before.payable - (after.amount if after.kind == PayableKind.PAYOUT else ZERO),
        AccountKind.CLAIMS_RECOVERABLE: (after.amount if after.kind == PayableKind.RECLAIM else ZERO) - before.recoverable,
    }
    legs = [Leg(str(kind), amount) for kind, amount in change.items() if amount]
    if legs:
        post(LedgerTransaction.Kind.CLAIM, legs, program_id=claim.program_id, source=decision, memo=claim.number, by=by, at=at)
    claim.amount = decision.amount
    to_pay = after.kind == PayableKind.PAYOUT and after.amount
    end = _ENDS.get(Outcome(decision.outcome)) or (State.PAYABLE if to_pay else State.PAID)
    if claim.state == end:
        claim.save()
    else:
        step(claim, end, by=by, at=at, code=decision.refusal_code)


def _refuse_unconfirmed(claim: Claim, waiting: Sequence[Payable]) -> None:
    """What is said to have come back of an amount is confirmed or declined before another takes its place."""
    asked = [each.pk for each in waiting if each.kind == PayableKind.RECLAIM]
    if asked and Recovery.objects.filter(payable__in=asked, state=RecoveryState.PROPOSED).exists():
        raise ClaimsRefused("RECOVERY_WAITS", number=claim.number)


def make_payable(
    claim: Claim, decision: Decision, *, kind: str, amount: Decimal, instead_of: Payable | None = None, at: datetime
) -> Payable:
    """What a decision owes, with payee and account as the claim states them at this moment: sealed for themselves."""
    payout = kind == PayableKind.PAYOUT
    return Payable.objects.create(
        claim=claim, decision=decision, instead_of=instead_of, program_id=claim.program_id, organization_id=claim.organization_id,
        region_code=claim.region_code, kind=kind, amount=amount, made_at=at,
        payee_name=claim.payee_name.reveal() if payout and claim.payee_name is not None else None,
        payee_account=claim.payee_account.reveal() if payout and claim.payee_account is not None else None,
        account_index_a=claim.account_index_a if payout else None, account_index_b=claim.account_index_b if payout else None,
        bank_name=claim.bank_name if payout else "", bank_code=claim.bank_code if payout else "",
        account_changed_at=claim.account_changed_at if payout else None,
    )


def to_fen(amount: Decimal) -> Decimal:
    """A counted part of a fen is not shown."""
    return amount.quantize(Decimal("0.01"))

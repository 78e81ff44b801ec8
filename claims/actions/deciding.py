"""Decisions: calculated by the engine, adjusted with a code, signed by others under a digest; then used, owed and booked at once.

Locks in this order: what a cover has used, the case, its claims. One cover is decided by one transaction at a time, so two
claims never meet at one limit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from audit.faults import fault_point
from benefits.adjusting import AdjustmentRefused, adjust
from benefits.decide import Decision as Calculated
from benefits.decide import decide
from benefits.facts import Facts
from benefits.terms import PlanTerms
from benefits.text_data import write_text
from benefits.usage import Usage
from claims.actions.handling import HANDLE
from claims.actions.settling import settle, to_fen
from claims.actions.thresholds import signatures_needed
from claims.errors import ClaimsRefused
from claims.facts import Material, material_of, nothing_of
from claims.models import (
    Claim,
    CoverUsage,
    Decision,
    DecisionKind,
    DecisionLine,
    DecisionState,
    Outcome,
    PayableState,
    Signature,
    Standing,
)
from claims.rules.states import State
from claims.settlement import Effect, calculated, later_effects, refuse_beyond_cover, used_before
from claims.stepping import locked, record, said, step
from programs.benefit_terms import benefit_terms, engine_language
from programs.models import PlanBenefits

SIGN, COUNTERSIGN = "claims.sign_decision", "claims.countersign_decision"
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Adjustment:
    """What a responsibility pays instead of what was calculated, in yuan; `code` and `reason` say why."""

    amount: Decimal
    code: str
    reason: str


@dataclass(frozen=True)
class Refusal:
    """The whole claim is refused: a code of the engine's list, and the reason for the letter."""

    code: str
    reason: str


@dataclass(frozen=True)
class Proposal:
    """A decision as it would be made: nothing is kept of it yet."""

    claim: Claim
    kind: str
    outcome: str
    material: Material
    terms: PlanTerms
    terms_digest: str
    before: Usage
    calculated: Calculated
    decided: Calculated
    adjustments: Mapping[str, Adjustment]
    refusal: Refusal | None
    usage: CoverUsage
    effects: Sequence[Effect]

    @property
    def amount(self) -> Decimal:
        """Yuan."""
        return ZERO if self.outcome == Outcome.REFUSE else self.decided.amount

    @property
    def used(self) -> Mapping[str, Decimal]:
        """What it uses of the cover."""
        return {} if self.outcome == Outcome.REFUSE else self.decided.used


def calculate(
    claim: Claim, *, adjustments: Mapping[str, Adjustment] | None = None, refusal: Refusal | None = None, by: User
) -> Proposal:
    """What would be decided now, shown to whoever reviews; keeps nothing."""
    with transaction.atomic():
        fault_point("claims.calculate.before")
        proposal = _calculated(claim, adjustments or {}, refusal, by=by, final=False)
        fault_point("claims.calculate.after")
        transaction.set_rollback(True)
    return proposal


def propose_decision(
    claim: Claim, *, adjustments: Mapping[str, Adjustment] | None = None, refusal: Refusal | None = None, by: User, at: datetime
) -> Decision:
    """理算: keep what is decided, to be signed by others. Refused while bills are open, or an earlier payer is undecided."""
    with transaction.atomic():
        fault_point("claims.propose_decision.begin")
        proposal = _calculated(claim, adjustments or {}, refusal, by=by, final=True)
        claim = proposal.claim
        if proposal.amount and claim.payee_account is None:
            raise ClaimsRefused("PAYEE_MISSING")
        fault_point("claims.propose_decision.before")
        decision = _kept(proposal, by=by, at=at)
        step(claim, State.ASSESSED, by=by, at=at)
        record("claim.decision_proposed", claim, by=by, at=at, outcome=decision.outcome, amount=str(decision.amount))
        fault_point("claims.propose_decision.after")
    return decision


def sign_decision(decision: Decision, *, digest: str, by: User, at: datetime) -> Decision:
    """核赔: sign what was shown. With the last signature it is in force: used, owed and booked in this very transaction."""
    with transaction.atomic():
        fault_point("claims.sign_decision.begin")
        usage = _locked_usage(decision.claim)
        decision = Decision.objects.select_related("claim").get(pk=decision.pk)
        given = decision.signatures.count()
        claim = locked(decision.claim, by=by, permission=COUNTERSIGN if given else SIGN)
        fault_point("claims.sign_decision.locked")
        decision = Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk)
        decision.claim = claim
        _refuse_unsigned(decision, given, digest=digest, by=by)
        if decision.usage_version != usage.version:
            raise ClaimsRefused("USAGE_MOVED")
        if decision.facts is None or material_of(claim).text != decision.facts.reveal():
            raise ClaimsRefused("FACTS_MOVED")
        fault_point("claims.sign_decision.before")
        Signature.objects.create(decision=decision, step=given + 1, digest=digest, by=by, at=at)
        record("claim.decision_signed", claim, by=by, at=at, step=given + 1, needed=decision.signatures_needed)
        if given + 1 == decision.signatures_needed:
            settle(decision, usage, by=by, at=at)
        fault_point("claims.sign_decision.after")
    return decision


def send_back_decision(decision: Decision, *, reason: str, by: User, at: datetime) -> Decision:
    """It is not signed: the review goes on. Whoever calculated it may take it back as well."""
    reason = said(reason)
    with transaction.atomic():
        permission = HANDLE if decision.proposed_by_id == by.pk else SIGN
        claim = locked(decision.claim, by=by, permission=permission, among=(State.ASSESSED,))
        decision = Decision.objects.select_for_update(of=("self",)).get(pk=decision.pk)
        if decision.state != DecisionState.PROPOSED:
            raise ClaimsRefused("NOT_PROPOSED")
        fault_point("claims.send_back_decision.before")
        decision.state, decision.answer, decision.decided_at = DecisionState.SENT_BACK, reason, at
        decision.save(update_fields=["state", "answer", "decided_at"])
        step(claim, State.REVIEW, by=by, at=at, reason=reason)
        record("claim.decision_sent_back", claim, by=by, at=at, reason=reason)
        fault_point("claims.send_back_decision.after")
    return decision


def _calculated(
    claim: Claim, adjustments: Mapping[str, Adjustment], refusal: Refusal | None, *, by: User, final: bool
) -> Proposal:
    """`final`: what it gives is kept, so that nothing may be left open; a look shows what is."""
    usage = _locked_usage(claim)
    claim = locked(claim, by=by, permission=HANDLE, among=(State.REVIEW,))
    fault_point("claims.calculate.locked")
    if claim.handler_id != by.pk:
        name = claim.handler.get_full_name() if claim.handler is not None else "–"
        raise ClaimsRefused("NOT_HANDLER", name=name)
    if refusal is None:
        _refuse_open_bills(claim)
    terms, terms_digest = _terms(claim)
    material = material_of(claim)
    facts = material.facts
    if not facts.bills and not facts.event.injuries and facts.event.died_on is None and not facts.event.diagnosis:
        raise ClaimsRefused("NO_BILLS")
    before = used_before(claim, usage)
    proposed = calculated(claim, facts, terms, before)
    if refusal is not None:
        _refuse_unsaid(refusal)
        decided = decide(nothing_of(facts), terms, before)
        outcome = Outcome.REFUSE
    else:
        decided = _adjusted(proposed, facts, terms, adjustments, before)
        refuse_beyond_cover(claim, decided.amount, terms, before)
        if final:
            _refuse_undecided(decided, terms, adjustments)
        outcome = Outcome.PAY if decided.amount else Outcome.ZERO
    kind = DecisionKind.REOPENED if claim.decisions.filter(state=DecisionState.APPROVED).exists() else DecisionKind.FIRST
    effects = later_effects(claim, terms, before.plus({} if refusal else decided.used))
    _refuse_in_payment([claim, *(effect.claim for effect in effects)])
    return Proposal(
        claim, kind, outcome, material, terms, terms_digest, before, proposed, decided, adjustments, refusal, usage, effects
    )


def _locked_usage(claim: Claim) -> CoverUsage:
    """What the cover has used, locked: made where nothing was used yet."""
    CoverUsage.objects.bulk_create([CoverUsage(enrollment_id=claim.enrollment_id)], ignore_conflicts=True)
    found = CoverUsage.objects.select_for_update(of=("self",)).get(enrollment_id=claim.enrollment_id)
    fault_point("claims.usage.locked")
    return found


def _refuse_open_bills(claim: Claim) -> None:
    bills = list(claim.case.bills.exclude(standing=Standing.REMOVED))
    waiting = sum(1 for bill in bills if bill.standing == Standing.DOUBLED or bill.errors)
    if waiting:
        raise ClaimsRefused("BILLS_OPEN", number=waiting)


def _terms(claim: Claim) -> tuple[PlanTerms, str]:
    terms = benefit_terms(claim.plan)
    if terms is None:
        raise ClaimsRefused("NO_TERMS")
    return terms, PlanBenefits.objects.values_list("digest", flat=True).get(plan=claim.plan_id)


def _adjusted(
    proposed: Calculated, facts: Facts, terms: PlanTerms, adjustments: Mapping[str, Adjustment], before: Usage
) -> Calculated:
    if not adjustments:
        return proposed
    for adjustment in adjustments.values():
        if not adjustment.code:
            raise ClaimsRefused("ADJUST_CODE")
        said(adjustment.reason)
    try:
        return adjust(
            proposed, facts, terms, {code: each.amount for code, each in adjustments.items()}, used_before=before
        )
    except AdjustmentRefused as refused:
        name = name_of(terms, refused.responsibility)
        raise ClaimsRefused(f"ADJUST_{refused.code}", name=name, most=f"{refused.most:,.2f}") from refused


def name_of(terms: PlanTerms, code: str) -> str:
    """A responsibility as the plan calls it, in the language of the page."""
    for each in terms.responsibilities:
        if each.code == code:
            return each.name.say(engine_language())
    return code


def _refuse_undecided(decided: Calculated, terms: PlanTerms, adjustments: Mapping[str, Adjustment]) -> None:
    for code in decided.undecided:
        if code not in adjustments:
            raise ClaimsRefused("UNDECIDED", name=name_of(terms, code))


def _refuse_unsaid(refusal: Refusal) -> None:
    if not refusal.code or not refusal.reason.strip():
        raise ClaimsRefused("REFUSAL_CODE")
    said(refusal.reason)


def _refuse_in_payment(claims: Sequence[Claim]) -> None:
    for claim in claims:
        if claim.payables.filter(state=PayableState.IN_PAYMENT).exists():
            raise ClaimsRefused("IN_PAYMENT", number=claim.number)


def _refuse_unsigned(decision: Decision, given: int, *, digest: str, by: User) -> None:
    if decision.state != DecisionState.PROPOSED:
        raise ClaimsRefused("NOT_PROPOSED")
    if decision.digest != digest:
        raise ClaimsRefused("STALE")
    if decision.proposed_by_id == by.pk:
        raise ClaimsRefused("ANOTHER_SIGNS")
    if decision.signatures.filter(by=by).exists():
        raise ClaimsRefused("SIGNED_ALREADY")
    if given >= decision.signatures_needed:
        raise ClaimsRefused("NOT_PROPOSED")


def _kept(proposal: Proposal, *, by: User, at: datetime) -> Decision:
    claim, decided = proposal.claim, proposal.decided
    by_engine = {benefit.code: benefit for benefit in proposal.calculated.benefits}
    lines = []
    if proposal.outcome != Outcome.REFUSE:
        for position, benefit in enumerate(decided.benefits, start=1):
            change = proposal.adjustments.get(benefit.code)
            proposed = by_engine[benefit.code].amount if benefit.code in by_engine else ZERO
            changed = change is not None and benefit.amount != proposed
            lines.append(DecisionLine(
                position=position, responsibility=benefit.code, counted=to_fen(benefit.counted), deducted=to_fen(benefit.deducted),
                proposed=proposed, amount=benefit.amount, code=change.code if change is not None and changed else "",
                reason=said(change.reason) if change is not None and changed else "",
            ))
    refusal = proposal.refusal
    decision = Decision(
        claim=claim, number=claim.decisions.count() + 1, kind=proposal.kind, outcome=proposal.outcome,
        terms_digest=proposal.terms_digest, facts=proposal.material.text,
        trace=write_text(proposal.calculated.to_data()["trace"], form="json"), used_before=proposal.before.to_data(),
        used=Usage(proposal.used).to_data(), usage_version=proposal.usage.version, proposed=proposal.calculated.amount,
        amount=proposal.amount, refusals=[each._asdict() for each in proposal.calculated.refusals],
        assumed=list(proposal.calculated.assumed), undecided=list(proposal.calculated.undecided),
        burden={who: str(amount) for who, amount in decided.burden.items()},
        refusal_code=refusal.code if refusal else "", reason=said(refusal.reason) if refusal else "",
        effects=[effect.to_data() for effect in proposal.effects],
        signatures_needed=signatures_needed(claim.program_id, proposal.amount), proposed_by=by, proposed_at=at,
    )
    decision.digest = digest_of(decision, lines, proposal.material.text)
    decision.save(force_insert=True)
    for line in lines:
        line.decision = decision
    DecisionLine.objects.bulk_create(lines)
    return decision


def digest_of(decision: Decision, lines: Sequence[DecisionLine], facts: str) -> str:
    """SHA-256 of everything that a signature is under: facts, terms, sums, adjustments, effects, payee and account."""
    claim = decision.claim
    account = claim.account_index_a if claim.account_index_a is not None else claim.account_index_b
    said_of = {
        "claim": claim.pk, "number": decision.number, "kind": str(decision.kind), "outcome": str(decision.outcome),
        "terms": decision.terms_digest, "facts": hashlib.sha256(facts.encode()).hexdigest(), "used_before": decision.used_before,
        "used": decision.used, "usage_version": decision.usage_version, "amount": str(decision.amount),
        "lines": [
            [line.responsibility, str(line.proposed), str(line.amount), line.code, line.reason] for line in lines
        ],
        "refusal": [decision.refusal_code, decision.reason], "effects": decision.effects,
        "signatures": decision.signatures_needed, "payee": claim.payee,
        "account": None if account is None else bytes(account).hex(),
    }
    text = json.dumps(said_of, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()

"""The order in which claims have used a cover: what was used before one, which later ones change with it. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from benefits.adjusting import AdjustmentRefused, adjust
from benefits.cover_limit import cover_left, within_cover
from benefits.decide import Decision as Calculated
from benefits.decide import decide
from benefits.facts import Facts
from benefits.terms import PlanTerms
from benefits.usage import Usage
from claims.errors import ClaimsRefused
from claims.facts import kept
from claims.models import Claim, CoverUsage, Decision, DecisionState, Outcome


@dataclass(frozen=True)
class Effect:
    """A later claim of the cover that is decided otherwise once an earlier one is: the decision that holds, and the new one."""

    claim: Claim
    holding: Decision
    facts: Facts
    before: Usage
    calculated: Calculated
    decided: Calculated

    @property
    def changes_payment(self) -> bool:
        """Whether another sum is paid."""
        return self.decided.amount != self.holding.amount

    def to_data(self) -> dict[str, Any]:
        """For the digest, and for whoever signs."""
        return {"claim": self.claim.pk, "before": str(self.holding.amount), "after": str(self.decided.amount)}


def chain_of(claim: Claim) -> list[Decision]:
    """The decisions that hold of all claims which have used the claim's cover, in the order of settlement."""
    return list(
        Decision.objects.filter(
            claim__enrollment=claim.enrollment_id, claim__settlement__isnull=False, state=DecisionState.APPROVED
        ).select_related("claim__organization", "claim__case").prefetch_related("lines").order_by("claim__settlement")
    )


def used_before(claim: Claim, usage: CoverUsage) -> Usage:
    """What earlier claims have used: everything for one that is decided for the first time."""
    if claim.settlement is None:
        return Usage.from_data(usage.counters)
    return used_of([each for each in chain_of(claim) if _place(each) < claim.settlement])


def used_of(decisions: Sequence[Decision]) -> Usage:
    """What these decisions have used together."""
    total = Usage()
    for decision in decisions:
        total = total.plus(Usage.from_data(decision.used))
    return Usage({name: amount for name, amount in total.items() if amount})


def calculated(claim: Claim, facts: Facts, terms: PlanTerms, usage: Usage) -> Calculated:
    """What the engine says after `usage`, within what the plan of the claim's cover covers in all."""
    return within_cover(decide(facts, terms, usage), facts, terms, limit=claim.plan.cover_limit, used_before=usage)


def refuse_beyond_cover(claim: Claim, amount: Decimal, terms: PlanTerms, usage: Usage) -> None:
    """ClaimsRefused("COVER_LIMIT") for more yuan than the plan leaves after `usage`: what a person set is not cut for them."""
    limit = claim.plan.cover_limit
    left = cover_left(terms, limit=limit, used_before=usage)
    if amount > left:
        raise ClaimsRefused("COVER_LIMIT", limit=f"{limit:,.2f}", left=f"{left:,.2f}")


def later_effects(claim: Claim, terms: PlanTerms, usage: Usage) -> list[Effect]:
    """The later claims of the cover that change when the claim leaves `usage` behind; none for one without a place yet.

    What a person adjusted stays as they adjusted it; where its limits, or what the plan covers in all, no longer allow that,
    ClaimsRefused("LATER_ADJUSTED") names the claim that is to be reopened as well.
    """
    if claim.settlement is None:
        return []
    found = []
    for holding in chain_of(claim):
        if _place(holding) <= claim.settlement or holding.outcome == Outcome.REFUSE:
            # Whatever came before it uses nothing of what is left for it.
            continue
        facts = kept(holding)
        proposed = calculated(claim, facts, terms, usage)
        decided = _as_adjusted(holding, proposed, facts, terms, usage)
        if decided.amount > cover_left(terms, limit=claim.plan.cover_limit, used_before=usage):
            raise ClaimsRefused("LATER_ADJUSTED", number=holding.claim.number)
        if _differs(holding, decided.used, decided.amount):
            found.append(Effect(holding.claim, holding, facts, usage, proposed, decided))
        usage = usage.plus(decided.used)
    return found


def _place(decision: Decision) -> int:
    """Of a claim that has used the cover."""
    return decision.claim.settlement or 0


def _as_adjusted(holding: Decision, proposed: Calculated, facts: Facts, terms: PlanTerms, usage: Usage) -> Calculated:
    amounts = {line.responsibility: line.amount for line in holding.lines.all() if line.code}
    if not amounts:
        return proposed
    try:
        return adjust(proposed, facts, terms, amounts, used_before=usage)
    except AdjustmentRefused as refused:
        raise ClaimsRefused("LATER_ADJUSTED", number=holding.claim.number) from refused


def _differs(holding: Decision, used: Mapping[str, Decimal], amount: Decimal) -> bool:
    return amount != holding.amount or Usage(used) != Usage.from_data(holding.used)

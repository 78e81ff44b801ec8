"""within_cover(decision, ...) -> Decision: what a plan covers in all ends what its responsibilities pay together.

Pure. The sum is the plan's own column, not part of its terms: the engine holds the terms' limits, this the one above them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from benefits.adjusting import adjust
from benefits.case import Refusal, Step
from benefits.decide import Decision
from benefits.facts import Facts
from benefits.terms import ZERO, PlanTerms
from benefits.usage import NOTHING_USED, Usage

CODE = "COVER_LIMIT"


def cover_left(terms: PlanTerms, *, limit: Decimal, used_before: Usage) -> Decimal:
    """Yuan that the cover can still pay, after what all its responsibilities have paid."""
    return max(ZERO, limit - paid_in_all(terms, used_before))


def paid_in_all(terms: PlanTerms, used: Mapping[str, Decimal]) -> Decimal:
    """Yuan that all responsibilities have paid."""
    return sum((used.get(f"paid:{part.code}", ZERO) for part in terms.responsibilities), ZERO)


def within_cover(
    decision: Decision, facts: Facts, terms: PlanTerms, *, limit: Decimal, used_before: Usage = NOTHING_USED
) -> Decision:
    """The decision with at most what the cover has left; itself where that suffices.

    Responsibilities pay in the plan's order, so the last ones pay less. Counters follow what is paid, each cut is a step
    of the trace, and what pays nothing by it is refused with COVER_LIMIT.
    """
    used = paid_in_all(terms, used_before)
    left = max(ZERO, limit - used)
    if decision.amount <= left:
        return decision
    amounts: dict[str, Decimal] = {}
    steps: list[Step] = []
    refusals: list[Refusal] = []
    for benefit in decision.benefits:
        paid = min(benefit.amount, left)
        if paid < benefit.amount:
            amounts[benefit.code] = paid
            steps.append(("cover_limit", benefit.code, {
                "limit": limit, "used": used, "amount": benefit.amount, "result": paid,
            }))
            if not paid:
                refusals.append(Refusal(CODE, benefit.code))
                steps.append(("refused", benefit.code, {"code": CODE, "reason": ""}))
        left, used = left - paid, used + paid
    cut = adjust(decision, facts, terms, amounts, used_before=used_before)
    return replace(
        cut, refusals=(*decision.refusals, *refusals), trace=decision.trace.before_total(steps, result=cut.amount),
    )

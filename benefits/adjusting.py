"""adjust(decision, ...) -> Decision: a person pays a responsibility more or less than was calculated; limits and cost still hold.

Pure. The trace stays the engine's: what a person changed, and why, is kept beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, localcontext

from benefits.case import EXACT, Benefit, Case
from benefits.compiled import Plan, Rule, compile_terms
from benefits.decide import Decision, open_lines
from benefits.facts import FEN, Facts
from benefits.fixed import event_circumstances
from benefits.terms import ZERO, Expense, PlanTerms
from benefits.usage import NOTHING_USED, Usage


class AdjustmentRefused(ValueError):
    """`code`: UNKNOWN (no such responsibility), AMOUNT (no amount of money), LIMIT (above what its limits leave, `most`),
    COST (expenses above what others left of the cost, `most`), LINES (limits per day or item: no more than was calculated)."""

    def __init__(self, code: str, responsibility: str, most: Decimal = ZERO) -> None:
        self.code, self.responsibility, self.most = code, responsibility, most
        super().__init__(f"{code}: {responsibility} {most}")


def adjust(
    decision: Decision, facts: Facts, terms: PlanTerms, amounts: Mapping[str, Decimal], *, used_before: Usage = NOTHING_USED
) -> Decision:
    """The decision with other amounts (yuan) for some responsibilities, by code; the others stay as they are.

    Counters follow what is paid: the responsibility's own, its event's and its shared limits'. What counted, and what the
    deductible took, stay as they were calculated.
    """
    plan = compile_terms(terms)
    rules = {rule.code: rule for rule in plan.rules}
    calculated = {benefit.code: benefit for benefit in decision.benefits}
    wanted = {code: checked(code, amount, rules) for code, amount in amounts.items()}
    with localcontext(EXACT):
        used = dict(decision.used)
        for code, amount in wanted.items():
            before = calculated[code].amount if code in calculated else ZERO
            if amount > before and isinstance(rules[code].terms, Expense) and (rules[code].by_line or rules[code].day_limited):
                raise AdjustmentRefused("LINES", code, before)
            count(rules[code], facts, used, amount - before)
        within_limits(plan, facts, used_before, used, wanted)
        benefits = tuple(
            (calculated.get(rule.code) or Benefit(rule.code, ZERO))._replace(amount=wanted[rule.code])
            if rule.code in wanted else calculated[rule.code]
            for rule in plan.rules if rule.code in wanted or rule.code in calculated
        )
        ours = sum((benefit.amount for benefit in benefits if plan.expense[benefit.code]), ZERO)
        others = sum((amount for who, amount in decision.burden.items() if who not in ("ours", "person")), ZERO)
        person = facts.cost - others - ours
        if person < 0 and any(plan.expense[code] for code in wanted):
            code = next(code for code in wanted if plan.expense[code])
            raise AdjustmentRefused("COST", code, max(ZERO, wanted[code] + person))
        return replace(
            decision, amount=sum((benefit.amount for benefit in benefits), ZERO).quantize(FEN), benefits=benefits,
            usage=used_before.plus(used), used={name: amount for name, amount in used.items() if amount},
            burden={**decision.burden, "ours": ours, "person": person},
        )


def checked(code: str, amount: Decimal, rules: Mapping[str, Rule]) -> Decimal:
    """An amount of money for a responsibility of the plan."""
    if code not in rules:
        raise AdjustmentRefused("UNKNOWN", code)
    if not isinstance(amount, Decimal) or not amount.is_finite() or amount < 0 or amount != amount.quantize(FEN):
        raise AdjustmentRefused("AMOUNT", code)
    return amount.quantize(FEN)


def count(rule: Rule, facts: Facts, used: dict[str, Decimal], more: Decimal) -> None:
    """Count so much more (or less) as paid, wherever the engine counts payments of the responsibility."""
    suffix = f"@{facts.event.code}"
    names = [rule.paid_counter, *([rule.paid_counter + suffix] if rule.event_counted else ())]
    names += [f"limit:{name}{suffix}" if name in rule.event_limits else f"limit:{name}" for name in rule.terms.shared_limits]
    for name in names:
        used[name] = used.get(name, ZERO) + more


def within_limits(
    plan: Plan, facts: Facts, used_before: Usage, used: Mapping[str, Decimal], wanted: Mapping[str, Decimal]
) -> None:
    """Refuse what is above a limit in every circumstance of the case."""
    case = Case(facts, used_before.copied())
    circumstances = [*open_lines(plan, case), plan.figures(event_circumstances(plan, case))]
    for code in wanted:
        rule = next(each for each in plan.rules if each.code == code)
        highest: dict[tuple[str, bool], Decimal] = {}
        for figures in circumstances:
            for cap in figures[rule.index].caps:
                key = (cap.counter, cap.of_event)
                highest[key] = max(highest.get(key, ZERO), cap.amount)
        for (counter, of_event), limit in highest.items():
            name = counter + case.suffix if of_event else counter
            over = used_before[name] + used.get(name, ZERO) - limit
            if over > 0 and wanted[code] > 0:
                raise AdjustmentRefused("LIMIT", code, max(ZERO, wanted[code] - over))

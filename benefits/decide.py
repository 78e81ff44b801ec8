"""decide(facts, terms, used_before) -> Decision: what a plan version pays in one case, and why. Pure: no clock, no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from benefits.case import EXACT, Benefit, Case, OpenLine, Refusal, health_class
from benefits.compiled import Figures, Plan, Rule, compile_terms
from benefits.expenses import settle_expense
from benefits.facts import FEN, Facts
from benefits.fixed import (
    concerns_disease,
    event_circumstances,
    refused_lines,
    settle_allowance,
    settle_death,
    settle_disability,
    settle_lump_sum,
    table_age,
)
from benefits.terms import ZERO, Allowance, Death, Disability, Expense, LumpSum, PlanTerms
from benefits.trace import Trace
from benefits.usage import NOTHING_USED, Usage
from benefits.waterfall import subtract_others


@dataclass(frozen=True, slots=True)
class Decision:
    """What is paid in a case.

    `amount` in all, `benefits` by responsibility in the plan's order, `usage` after the case and `used` by it alone.
    `burden` is who bears the bills: others in their order, "ours" (expenses only), "person". `assumed` names conditions
    that the facts did not allow to look at, `undecided` responsibilities whose terms are not known well enough.
    """

    amount: Decimal
    benefits: tuple[Benefit, ...]
    refusals: tuple[Refusal, ...]
    usage: Usage
    used: Mapping[str, Decimal]
    trace: Trace
    burden: Mapping[str, Decimal]
    assumed: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    def paid(self, code: str) -> Decimal:
        """What one responsibility pays."""
        return sum((benefit.amount for benefit in self.benefits if benefit.code == code), ZERO)

    def refused(self, code: str) -> bool:
        """Whether a refusal code occurs."""
        return any(refusal.code == code for refusal in self.refusals)

    def to_data(self) -> dict[str, Any]:
        """Everything as plain data, amounts as text: for JSON and for keeping beside a claim."""
        return {
            "amount": str(self.amount),
            "benefits": [
                {
                    "code": benefit.code, "amount": str(benefit.amount), "counted": str(benefit.counted),
                    "deducted": str(benefit.deducted), "days": benefit.days,
                }
                for benefit in self.benefits
            ],
            "refusals": [refusal._asdict() for refusal in self.refusals],
            "usage": self.usage.to_data(),
            "used": Usage(self.used).to_data(),
            "burden": {who: str(amount) for who, amount in self.burden.items()},
            "assumed": list(self.assumed),
            "undecided": list(self.undecided),
            "trace": self.trace.to_data(),
        }


def decide(facts: Facts, terms: PlanTerms, used_before: Usage = NOTHING_USED) -> Decision:
    """Decide a case under a plan version, after what earlier cases of the same cover have used.

    Order, stated once for all (docs/adr/0010): other payers; lines by their bill's day, then as given; responsibilities
    in the plan's order, each line counted by the first that admits it; within one: factor, deductible, bands, limits,
    reduction, one rounding half-up to the fen.
    """
    plan = compile_terms(terms)
    with localcontext(EXACT):
        case = Case(facts, used_before.copied())
        figures = open_lines(plan, case)
        cost = facts.cost
        case.steps.append(("cost", "", {"bills": len(facts.bills), "result": cost}))
        if plan.unstated is not None:
            case.steps.append(plan.unstated)
        others = subtract_others(case)
        if plan.looks_at_event and not facts.event.code:
            case.assume("event_code")
        if not occupation_refused(plan, case):
            refuse_outright(plan, case)
            for rule in plan.rules:
                settle(rule, plan, case, figures)
        return decision(plan, case, cost, others)


def open_lines(plan: Plan, case: Case) -> list[tuple[Figures, ...]]:
    """Open every line in order of settlement: by the bill's day, then as given. Gives the figures of each bill."""
    facts, insured = case.facts, case.insured
    age = table_age(case) if plan.ages else None
    by_bill = []
    for position, bill in enumerate(facts.bills):
        figures = plan.figures(plan.circumstances(
            health_class(insured, bill.disease_group or facts.event.disease_group, plan.terms.pre_existing),
            continuity=insured.continuity_years, claim_free=insured.claim_free_years, locality=bill.locality,
            settled=bill.settled, age=age,
        ))
        by_bill.append(figures)
        for line_at, line in enumerate(bill.lines):
            case.lines.append(OpenLine(line, bill, bill_at=position, line_at=line_at, figures=figures))
    if len(facts.bills) > 1:
        case.lines.sort(key=_day)
    return by_bill


def _day(line: OpenLine) -> str:
    return "" if line.bill.day is None else line.bill.day.isoformat()


def occupation_refused(plan: Plan, case: Case) -> bool:
    """Whether the person's class of work cannot be insured; a wrong class that can reduces what is paid."""
    occupations, insured = plan.terms.occupations, case.insured
    if occupations is None:
        return False
    if insured.occupation_class is None:
        case.assume("occupation_class")
    elif insured.occupation_class > occupations.highest_class:
        case.refusals.append(Refusal("OCCUPATION"))
        case.steps.append(("refused", "", {"code": "OCCUPATION", "reason": ""}))
        for line in case.lines:
            line.taken = True
        return True
    paid, due = insured.premium_paid, insured.premium_due
    if plan.reduces and paid is not None and due is not None and paid < due:
        case.premium_paid, case.premium_due = paid, due
    return False


def refuse_outright(plan: Plan, case: Case) -> None:
    """Set aside lines that no responsibility may count: claimed before, false papers, the plan's own exclusions."""
    of_bills = refused_bills(case)
    if not of_bills and not plan.checks:
        return
    for line in case.lines:
        refusal = of_bills.get(line.bill_at) or excluded_by_plan(plan, case, line)
        if refusal is not None:
            line.taken = True
            case.refusals.append(Refusal(refusal[0], "", line.place, refusal[1]))
            case.steps.append(("line_refused", "", {"place": line.place, "code": refusal[0], "reason": refusal[1]}))
    case.refused_bills.update(of_bills)
    if case.refusals:
        case.lines = [line for line in case.lines if not line.taken]


def refused_bills(case: Case) -> dict[int, tuple[str, str]]:
    """Bills of which nothing counts, by position: false papers, claimed before, or the number of an earlier one not false."""
    refused = {}
    numbers: set[str] = set()
    for position, bill in enumerate(case.facts.bills):
        if bill.false_papers:
            refused[position] = ("FALSE_PAPERS", "")
            continue
        if bill.claimed_before or bill.number in numbers:
            refused[position] = ("DUPLICATE_BILL", "")
        if bill.number:
            numbers.add(bill.number)
    return refused


def excluded_by_plan(plan: Plan, case: Case, line: OpenLine) -> tuple[str, str] | None:
    """Which of the plan's own exclusions a line meets, or None."""
    for check in plan.checks:
        refusal = check(case, line.bill, line.line)
        if refusal is not None:
            return refusal
    return None


def settle(rule: Rule, plan: Plan, case: Case, by_bill: list[tuple[Figures, ...]]) -> None:
    """Decide one responsibility."""
    terms, event = rule.terms, case.event
    if isinstance(terms, Expense):
        settle_expense(rule, case)
    elif isinstance(terms, Allowance):
        settle_allowance(rule, terms, case, by_bill)
    elif isinstance(terms, LumpSum):
        if concerns_disease(terms, event.diagnosis):
            settle_lump_sum(rule, terms, case, of_event(rule, plan, case))
    elif isinstance(terms, Death):
        if event.died_on is not None:
            settle_death(rule, terms, case, of_event(rule, plan, case))
    elif isinstance(terms, Disability) and event.injuries:
        settle_disability(rule, terms, case, of_event(rule, plan, case))


def of_event(rule: Rule, plan: Plan, case: Case) -> Figures:
    """A responsibility's values in the circumstances of the event."""
    return plan.figures(event_circumstances(plan, case))[rule.index]


def decision(plan: Plan, case: Case, cost: Decimal, others: dict[str, Decimal]) -> Decision:
    """Sum up."""
    for refusal in refused_lines(case.lines):
        case.refusals.append(refusal)
        case.steps.append(("line_refused", refusal.responsibility, {
            "place": refusal.place, "code": refusal.code, "reason": refusal.reason,
        }))
    ours = sum((benefit.amount for benefit in case.benefits if plan.expense[benefit.code]), ZERO)
    amount = sum((benefit.amount for benefit in case.benefits), ZERO).quantize(FEN)
    burden = {**others, "ours": ours, "person": cost - sum(others.values(), ZERO) - ours}
    case.steps.append(("total", "", {"result": amount}))
    return Decision(
        amount=amount, benefits=tuple(case.benefits), refusals=tuple(case.refusals),
        usage=Usage.keeping(case.counters), used=case.used, trace=Trace(case.steps, plan.names), burden=burden,
        assumed=tuple(case.assumed), undecided=tuple(case.undecided),
    )

"""What responsibilities pay that look at no expense: lump sum, allowance a day, death, disability."""

from __future__ import annotations

from decimal import Decimal

from benefits.case import Benefit, Case, Circumstances, OpenLine, Refusal, health_class
from benefits.compiled import Figures, Plan, Rule
from benefits.expenses import count_paid
from benefits.facts import Bill
from benefits.terms import ZERO, Allowance, Death, Disability, LumpSum


def event_circumstances(plan: Plan, case: Case) -> Circumstances:
    """Circumstances of the event as a whole."""
    insured, event = case.insured, case.event
    return plan.circumstances(
        health_class(insured, event.disease_group, plan.terms.pre_existing), continuity=insured.continuity_years,
        claim_free=insured.claim_free_years, locality=case.facts.bills[0].locality if case.facts.bills else "local",
        settled=True, age=table_age(case),
    )


def table_age(case: Case) -> int | None:
    """The age that tables look at: on the day of death, else of the event, else on the first day of cover."""
    return case.insured.age_on(case.event.died_on or case.event_day or case.first_day)


def settle_lump_sum(rule: Rule, terms: LumpSum, case: Case, figures: Figures) -> None:
    """A fixed amount for a named disease."""
    if not open_to_event(rule, case):
        return
    if case.counters.get(rule.times_counter, ZERO) >= terms.times:
        refuse(rule, case, "PAID_BEFORE")
        return
    tell(case, figures)
    case.steps.append(("lump_sum", rule.code, {"diagnosis": case.event.diagnosis, "result": figures.amount}))
    case.add(rule.times_counter, Decimal(1))
    pay(rule, case, figures.amount, figures)


def settle_death(rule: Rule, terms: Death, case: Case, figures: Figures) -> None:
    """The sum insured less what counts against it, within the cap over all policies."""
    if not open_to_event(rule, case):
        return
    tell(case, figures)
    amount = figures.amount
    case.steps.append(("sum_insured", rule.code, {"result": amount}))
    for code in (*terms.deducts, rule.code):
        paid = case.counters.get(f"paid:{code}", ZERO)
        if paid:
            left = max(ZERO, amount - paid)
            case.steps.append(("less_paid", rule.code, {"other": code, "amount": amount, "paid": paid, "result": left}))
            amount = left
    if terms.cap_over_policies and figures.cap_over_policies is None and table_age(case) is None:
        case.assume("age")
    if figures.cap_over_policies is not None:
        amount = within_policies(rule, case, amount, figures.cap_over_policies)
    pay(rule, case, amount, figures)


def within_policies(rule: Rule, case: Case, amount: Decimal, cap: Decimal) -> Decimal:
    """At most what other insurers' death cover and earlier payments leave of the cap."""
    elsewhere = case.event.death_paid_elsewhere
    left = max(ZERO, cap - elsewhere - case.counters.get(rule.paid_counter, ZERO))
    result = min(amount, left)
    case.steps.append(("cap_over_policies", rule.code, {
        "amount": amount, "cap": cap, "elsewhere": elsewhere, "result": result,
    }))
    return result


def settle_disability(rule: Rule, terms: Disability, case: Case, figures: Figures) -> None:
    """The scale's part of the sum insured for the grade that all injuries of the event give together."""
    injuries = case.event.injuries
    if not open_to_event(rule, case):
        return
    tell(case, figures)
    grade = grade_of(injuries, several=terms.several)
    case.steps.append(("grade", rule.code, {"injuries": sorted(injuries), "result": grade}))
    ratio = terms.scale[grade - 1] if grade <= len(terms.scale) else ZERO
    amount = figures.amount * ratio
    case.steps.append(("disability", rule.code, {"amount": figures.amount, "ratio": ratio, "result": amount}))
    amount = less_of_event(rule, case, amount)
    left = max(ZERO, figures.amount - case.counters.get(rule.paid_counter, ZERO))
    if amount > left:
        case.steps.append(("limit", rule.code, {
            "per": "year", "name": "", "limit": figures.amount, "used": figures.amount - left, "amount": amount,
            "result": left,
        }))
        amount = left
    pay(rule, case, amount, figures)


def less_of_event(rule: Rule, case: Case, amount: Decimal) -> Decimal:
    """Less what the same event was paid before: its injuries are graded together."""
    paid = case.counters.get(rule.paid_counter + case.suffix, ZERO)
    if not paid:
        return amount
    left = max(ZERO, amount - paid)
    case.steps.append(("less_paid", rule.code, {"other": rule.code, "amount": amount, "paid": paid, "result": left}))
    return left


def grade_of(injuries: tuple[int, ...], *, several: str) -> int:
    """The grade of all injuries of one event: the worst; equal worst ones raise it by one, never past grade 1."""
    worst = min(injuries)
    if several == "worst_raised" and injuries.count(worst) > 1:
        return max(1, worst - 1)
    return worst


def settle_allowance(rule: Rule, terms: Allowance, case: Case, by_bill: list[tuple[Figures, ...]]) -> None:
    """An amount for each paid day in hospital."""
    days = 0
    exact = ZERO
    figures: Figures | None = None
    for position, bill in enumerate(case.facts.bills):
        if not bill.days or not open_to_bill(rule, case, bill, position):
            continue
        before, figures = figures, by_bill[position][rule.index]
        if before is None or before.told != figures.told:
            tell(case, figures)
        counted = paid_days(rule, terms, case, bill, days)
        exact += figures.amount * counted
        days += counted
        case.steps.append(("allowance", rule.code, {
            "days": bill.days, "counted": counted, "amount": figures.amount, "result": figures.amount * counted,
        }))
    if figures is None:
        return
    case.add(rule.days_counter, Decimal(days))
    case.add(rule.days_counter + case.suffix, Decimal(days))
    if days:
        pay(rule, case, exact, figures, days=days)
    else:
        refuse(rule, case, "NO_DAYS_LEFT")


def paid_days(rule: Rule, terms: Allowance, case: Case, bill: Bill, days: int) -> int:
    """Days of a bill that are paid, after `days` of earlier bills: past the first unpaid ones, within event and year."""
    stayed = f"stayed:{rule.code}{case.suffix}"
    before = int(case.counters.get(stayed, ZERO))
    case.add(stayed, Decimal(bill.days))
    counted = max(0, before + bill.days - terms.days_unpaid) - max(0, before - terms.days_unpaid)
    for most, counter in (
        (terms.days_per_event, rule.days_counter + case.suffix), (terms.days_per_year, rule.days_counter),
    ):
        if most is not None:
            counted = min(counted, max(0, most - int(case.counters.get(counter, ZERO)) - days))
    return counted


def tell(case: Case, figures: Figures) -> None:
    """Say in which circumstances the case lies, where the terms tell them apart."""
    if figures.told is not None:
        case.steps.append(figures.told)


def open_to_event(rule: Rule, case: Case) -> bool:
    """Whether the event counts; says why not."""
    for check in rule.checks:
        refusal = check(case, None, None)
        if refusal is not None:
            refuse(rule, case, refusal[0], reason=refusal[1])
            return False
    return decidable(rule, case)


def open_to_bill(rule: Rule, case: Case, bill: Bill, position: int) -> bool:
    """Whether a bill counts; says why not."""
    if position in case.refused_bills:
        return False
    for check in rule.checks:
        refusal = check(case, bill, None)
        if refusal is not None:
            refuse(rule, case, refusal[0], reason=refusal[1], place=f"bills[{position}]")
            return False
    return decidable(rule, case)


def decidable(rule: Rule, case: Case) -> bool:
    """Whether the terms state what a decision needs."""
    if not rule.undecided:
        return True
    if rule.code not in case.undecided:
        case.undecided.append(rule.code)
        case.steps.append(("undecided", rule.code, {"parts": [gap.part for gap in rule.terms.decisive_unknown]}))
    return False


def pay(rule: Rule, case: Case, exact: Decimal, figures: Figures, *, days: int = 0) -> None:
    """Within the limits, rounded once, counted."""
    limited = False
    for cap in figures.caps:
        counter = cap.counter + case.suffix if cap.of_event else cap.counter
        used = case.counters.get(counter, ZERO)
        left = max(ZERO, cap.amount - used)
        if exact > left:
            case.steps.append(("limit", rule.code, {
                "per": cap.per, "name": cap.name, "limit": cap.amount, "used": used, "amount": exact, "result": left,
            }))
            exact, limited = left, True
    amount = case.rounded(exact)
    if case.premium_due is not None:
        case.steps.append(("reduced", rule.code, {
            "amount": exact, "paid": case.premium_paid, "due": case.premium_due, "result": amount,
        }))
    elif amount != exact:
        case.steps.append(("rounded", rule.code, {"amount": exact, "result": amount}))
    count_paid(rule, case, amount)
    case.steps.append(("pays", rule.code, {"result": amount}))
    case.benefits.append(Benefit(rule.code, amount, days=days))
    if not amount:
        refuse(rule, case, "LIMIT_USED" if limited else "NOTHING_PAYABLE")


def refuse(rule: Rule, case: Case, code: str, *, reason: str = "", place: str = "") -> None:
    """Record why nothing is paid."""
    case.refusals.append(Refusal(code, rule.code, place, reason))
    case.steps.append(("refused", rule.code, {"code": code, "reason": reason}))


def refused_lines(lines: list[OpenLine]) -> list[Refusal]:
    """Refusals of lines that no responsibility counts; a line of a kind that none counts is simply not covered."""
    found = []
    for line in lines:
        if line.taken or line.waits:
            continue
        if line.refused is None:
            found.append(Refusal("NOT_COVERED", "", line.place))
        else:
            found += [Refusal(code, responsibility, line.place, reason) for code, responsibility, reason in line.refused]
    return found

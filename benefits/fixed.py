"""What responsibilities pay that look at no expense: lump sum, allowance a day, death, disability."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from benefits.case import Benefit, Case, Circumstances, OpenLine, Refusal, health_class
from benefits.compiled import Figures, Plan, Rule
from benefits.expenses import Running, count_paid, within_caps
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


def concerns_disease(terms: LumpSum, diagnosis: str) -> bool:
    """Whether a disease is one of those named; where it is unknown which are, any may be."""
    return diagnosis.startswith(terms.diagnoses) if terms.diagnoses else bool(diagnosis)


def settle_lump_sum(rule: Rule, terms: LumpSum, case: Case, figures: Figures) -> None:
    """A fixed amount for a named disease."""
    if not open_to_event(rule, case):
        return
    if case.counters.get(rule.times_counter, ZERO) >= terms.times:
        refuse(rule, case, "PAID_BEFORE")
        return
    tell(case, figures)
    case.steps.append(("lump_sum", rule.code, {"diagnosis": case.event.diagnosis, "result": figures.amount}))
    running = Running()
    amount = in_fen(rule, case, within_caps(rule, case, figures.amount, figures, running))
    if amount:
        case.add(rule.times_counter, Decimal(1))
    pay(rule, case, amount, running)


def settle_death(rule: Rule, terms: Death, case: Case, figures: Figures) -> None:
    """The sum insured less what counts against it, within the cap over all policies.

    A wrong class of work reduces the sum itself: what was paid before was reduced already, and is deducted as it was paid.
    """
    if not open_to_event(rule, case):
        return
    tell(case, figures)
    case.steps.append(("sum_insured", rule.code, {"result": figures.amount}))
    amount = in_fen(rule, case, figures.amount)
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
    running = Running()
    pay(rule, case, within_caps(rule, case, amount, figures, running), running)


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
    """The scale's part of the sum insured for the grade that all injuries of the event give together.

    Reduced where the class of work was wrong, like a death's sum, before what was paid is deducted.
    """
    injuries = case.event.injuries
    if not open_to_event(rule, case):
        return
    tell(case, figures)
    grade = grade_of(injuries, several=terms.several)
    case.steps.append(("grade", rule.code, {"injuries": sorted(injuries), "result": grade}))
    ratio = terms.scale[grade - 1] if grade <= len(terms.scale) else ZERO
    amount = figures.amount * ratio
    case.steps.append(("disability", rule.code, {"amount": figures.amount, "ratio": ratio, "result": amount}))
    amount = less_of_event(rule, case, in_fen(rule, case, amount))
    insured = case.rounded(figures.amount)
    left = max(ZERO, insured - case.counters.get(rule.paid_counter, ZERO))
    if amount > left:
        case.steps.append(("limit", rule.code, {
            "per": "year", "name": "", "limit": insured, "used": insured - left, "amount": amount, "result": left,
        }))
        amount = left
    running = Running()
    pay(rule, case, within_caps(rule, case, amount, figures, running), running)


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
    """An amount for each paid day in hospital: stays in order of their bill's day, each within the limits of its circumstances."""
    days, running = 0, Running()
    stays = [place for place in by_day(case.facts.bills) if open_to_stay(rule, case, place)]
    for position in stays:
        bill, figures = case.facts.bills[position], by_bill[position][rule.index]
        if figures.told != running.told:
            tell(case, figures)
            running.told = figures.told
        counted = paid_days(rule, terms, case, bill, days)
        amount = figures.amount * counted
        case.steps.append(("allowance", rule.code, {
            "days": bill.days, "counted": counted, "amount": figures.amount, "result": amount,
        }))
        running.exact += within_caps(rule, case, amount, figures, running)
        days += counted
    case.add(rule.days_counter, Decimal(days))
    case.add(rule.days_counter + case.suffix, Decimal(days))
    if days:
        pay(rule, case, in_fen(rule, case, running.exact), running, days=days)
    elif stays:
        refuse(rule, case, "NO_DAYS_LEFT")


def by_day(bills: tuple[Bill, ...]) -> list[int]:
    """Places of bills in order of their day, then as given."""
    return sorted(range(len(bills)), key=lambda place: bills[place].day or date.min)


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


def open_to_stay(rule: Rule, case: Case, position: int) -> bool:
    """Whether a bill is of a stay that counts; says why not."""
    bill = case.facts.bills[position]
    if not bill.days or position in case.refused_bills:
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


def in_fen(rule: Rule, case: Case, exact: Decimal) -> Decimal:
    """Rounded once, before that reduced where the class of work was stated wrong."""
    amount = case.rounded(exact)
    if case.premium_due is not None:
        case.steps.append(("reduced", rule.code, {
            "amount": exact, "paid": case.premium_paid, "due": case.premium_due, "result": amount,
        }))
    elif amount != exact:
        case.steps.append(("rounded", rule.code, {"amount": exact, "result": amount}))
    return amount


def pay(rule: Rule, case: Case, amount: Decimal, running: Running, *, days: int = 0) -> None:
    """Count a payment and say it."""
    count_paid(rule, case, amount)
    case.steps.append(("pays", rule.code, {"result": amount}))
    case.benefits.append(Benefit(rule.code, amount, days=days))
    if not amount:
        refuse(rule, case, "LIMIT_USED" if running.limited else "NOTHING_PAYABLE")


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

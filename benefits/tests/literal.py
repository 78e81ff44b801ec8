"""A second reading of docs/adr/0010: fractions, one line at a time, history searched anew. Slow on purpose; shares no code with
the engine but the terms and facts themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import floor

from benefits.facts import PAYERS, Bill, Facts
from benefits.terms import Expense, PlanTerms, Row, Table, When


@dataclass
class Counted:
    """One line that one responsibility counted."""

    code: str
    event: str
    day: date | None
    base: Fraction
    deducted: Fraction
    paid: Fraction = Fraction(0)


@dataclass
class Answer:
    """What a case pays by responsibility, and the lines behind it."""

    amounts: dict[str, Fraction] = field(default_factory=dict)
    counted: list[Counted] = field(default_factory=list)

    @property
    def amount(self) -> Fraction:
        return sum(self.amounts.values(), Fraction(0))


def half_up(value: Fraction) -> Fraction:
    """To the fen."""
    return Fraction(floor(value * 100 + Fraction(1, 2)), 100)


def met(when: When, facts: Facts, bill: Bill) -> bool:
    """Whether a row holds for a bill."""
    person = facts.insured
    return (
        when.health_class in (None, person.health_class or "healthy")
        and person.continuity_years >= when.continuity_from
        and person.claim_free_years >= when.claim_free_from
        and when.locality in (None, bill.locality)
        and when.settled in (None, bill.settled)
        and (when.age_from is None or (person.age is not None and person.age >= when.age_from))
        and (when.age_to is None or (person.age is not None and person.age <= when.age_to))
    )


def look_up(table: Table, facts: Facts, bill: Bill) -> Fraction | None:
    """A table's value."""
    rows: list[Row] = [row for row in table if met(row.when, facts, bill)]
    return Fraction(rows[0].value) if rows else None


def eligible_amounts(facts: Facts) -> dict[tuple[int, int], Fraction]:
    """What others left of each line."""
    left: dict[tuple[int, int], Fraction] = {}
    for at, bill in enumerate(facts.bills):
        for line_at, line in enumerate(bill.lines):
            left[at, line_at] = Fraction(line.amount) - sum((Fraction(one.amount) for one in line.payments), Fraction(0))
        for payer in PAYERS:
            for payment in bill.payments:
                if payment.payer != payer:
                    continue
                rest = Fraction(payment.amount)
                places = list(range(len(bill.lines)))
                first = [place for place in places if not payment.kinds or bill.lines[place].kind in payment.kinds]
                for place in [*first, *(place for place in places if place not in first)]:
                    part = min(rest, left[at, place])
                    left[at, place] -= part
                    rest -= part
    return left


def evaluate(facts: Facts, terms: PlanTerms, history: list[Counted]) -> Answer:
    """Decide a case after a history of counted lines."""
    answer = Answer()
    left = eligible_amounts(facts)
    paid_of = dict.fromkeys(left, Fraction(0))
    taken: set[tuple[int, int]] = set()
    order = sorted(left, key=lambda place: facts.bills[place[0]].day or date.min)
    for part in terms.responsibilities:
        assert isinstance(part, Expense)
        running = Fraction(0)
        mine: list[Counted] = []
        seen = [*history, *answer.counted]
        for place in order:
            bill = facts.bills[place[0]]
            line = bill.lines[place[1]]
            if line.kind not in part.counts or (place in taken and not part.of_remainder):
                continue
            if (part.settings and bill.setting not in part.settings) or (part.settlement_required and not bill.settled):
                continue
            ratios = [look_up(band.ratio, facts, bill) for band in part.bands]
            factor = Fraction(1)
            for one in part.factors:
                if (not one.kinds or line.kind in one.kinds) and met(one.when, facts, bill):
                    factor *= Fraction(one.value)
            if not any(ratios) or not factor:
                continue
            taken.add(place)
            amount = left[place] - (paid_of[place] if part.of_remainder else 0)
            now = Counted(part.code, facts.event.code, bill.day, amount * factor, Fraction(0))
            now.deducted = deducted(now, part, terms, facts, bill, [*seen, *mine])
            exact = by_bands(now, part, ratios, [*seen, *mine])
            exact = within_limits(exact, running, now, part, terms, facts, bill, seen, mine)
            now.paid = half_up(running + exact) - half_up(running)
            paid_of[place] += now.paid
            running += exact
            mine.append(now)
        if mine:
            answer.amounts[part.code] = half_up(running)
            answer.counted += mine
    return answer


def deducted(
    now: Counted, part: Expense, terms: PlanTerms, facts: Facts, bill: Bill, before: list[Counted]
) -> Fraction:
    """What the deductible takes of a line."""
    table, per, sharing = part.deductible, part.deductible_per, {part.code}
    for shared in terms.deductibles:
        if shared.name == part.shared_deductible:
            table, per = shared.amount, shared.per
            sharing = {
                other.code for other in terms.responsibilities
                if isinstance(other, Expense) and other.shared_deductible == shared.name
            }
    whole = look_up(table, facts, bill) or Fraction(0)
    used = sum((one.deducted for one in before if one.code in sharing and (per == "year" or one.event == now.event)), Fraction(0))
    return min(max(whole - used, Fraction(0)), now.base)


def by_bands(now: Counted, part: Expense, ratios: list[Fraction | None], before: list[Counted]) -> Fraction:
    """Ratio times part, over the bands."""
    mine = [one for one in before if one.code == part.code and (part.bands_per == "year" or one.event == now.event)]
    if part.bands_counted == "before_deductible":
        start = sum((one.base for one in mine), Fraction(0))
        low, high = start + now.deducted, start + now.base
    else:
        low = sum((one.base - one.deducted for one in mine), Fraction(0))
        high = low + now.base - now.deducted
    total = Fraction(0)
    for band, ratio in zip(part.bands, ratios, strict=True):
        top = high if band.end is None else min(high, Fraction(band.end))
        total += max(top - max(low, Fraction(band.start)), Fraction(0)) * (ratio or 0)
    return total


def within_limits(
    exact: Fraction, running: Fraction, now: Counted, part: Expense, terms: PlanTerms, facts: Facts, bill: Bill,
    seen: list[Counted], mine: list[Counted],
) -> Fraction:
    """At most what each limit leaves. Limits of event and year look at this case's exact sum, those of a day at shares."""
    for limit in part.limits:
        most = look_up(limit.amount, facts, bill)
        if most is None:
            continue
        if limit.per == "item":
            exact = min(exact, most)
        elif limit.per == "day":
            used = sum((one.paid for one in [*seen, *mine] if one.code == part.code and one.day == now.day), Fraction(0))
            exact = min(exact, max(most - used, Fraction(0)))
    for limit in part.limits:
        most = look_up(limit.amount, facts, bill)
        if most is not None and limit.per in ("event", "year"):
            used = sum((
                one.paid for one in seen if one.code == part.code and (limit.per == "year" or one.event == now.event)
            ), Fraction(0))
            exact = min(exact, max(most - used - running, Fraction(0)))
    for shared in terms.limits:
        most = look_up(shared.amount, facts, bill)
        if shared.name in part.shared_limits and most is not None:
            sharing = {other.code for other in terms.responsibilities if shared.name in other.shared_limits}
            used = sum((
                one.paid for one in seen if one.code in sharing and (shared.per == "year" or one.event == now.event)
            ), Fraction(0))
            exact = min(exact, max(most - used - running, Fraction(0)))
    return exact

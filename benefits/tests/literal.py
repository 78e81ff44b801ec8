"""A second reading of docs/plans.md and docs/adr/0010: fractions, one line at a time, history searched anew.

Slow on purpose; shares no code with the engine but the terms and facts themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import floor
from typing import Any

from benefits.facts import PAYERS, Bill, Facts, Line
from benefits.terms import (
    Allowance,
    Death,
    Disability,
    Expense,
    LumpSum,
    PlanTerms,
    Responsibility,
    Row,
    Table,
)
from benefits.tests.literal_conditions import (
    Standing,
    concerns,
    first_exclusion,
    met,
    spoilt,
    standing,
    why_refused,
    why_zero,
)

NOTHING = Fraction(0)
#: A line by the places of its bill and itself.
Place = tuple[int, int]


@dataclass(kw_only=True)
class Entry:
    """What a responsibility booked for a line, a stay or an event."""

    code: str
    event: str
    day: date | None = None
    base: Fraction = NOTHING
    deducted: Fraction = NOTHING
    paid: Fraction = NOTHING
    lain: int = 0
    paid_days: int = 0


@dataclass(frozen=True, order=True)
class Refused:
    """A refusal code, by whom ("" the plan), and where ("" the event)."""

    code: str
    responsibility: str
    place: str


@dataclass
class Answer:
    """What a case pays by responsibility, what it refuses, and the bookings behind it."""

    amounts: dict[str, Fraction] = field(default_factory=dict)
    refusals: list[Refused] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @property
    def amount(self) -> Fraction:
        return sum(self.amounts.values(), NOTHING)

    def counted(self, code: str) -> tuple[Fraction, Fraction, int]:
        """What counted, what the deductible took of it, and the days paid, of one responsibility."""
        mine = [one for one in self.entries if one.code == code]
        return total(one.base for one in mine), total(one.deducted for one in mine), sum(one.paid_days for one in mine)


@dataclass
class Reading:
    """One case as it is read: the facts, the terms, what was booked before it, and the answer as far as it has come."""

    facts: Facts
    terms: PlanTerms
    history: list[Entry]
    answer: Answer = field(default_factory=Answer)
    left: dict[Place, Fraction] = field(default_factory=dict)
    paid_of: dict[Place, Fraction] = field(default_factory=dict)
    taken: set[Place] = field(default_factory=set)
    #: Lines that a responsibility with unknown terms would count.
    waiting: set[Place] = field(default_factory=set)
    #: Lines that the plan itself refuses, and bills of which nothing counts.
    aside: set[Place] = field(default_factory=set)
    spoilt: set[int] = field(default_factory=set)
    #: Why a line was not admitted, by each responsibility that counts its kind.
    why_not: dict[Place, list[Refused]] = field(default_factory=dict)

    def at(self, place: Place) -> tuple[Bill, Line]:
        """A line with its bill."""
        bill = self.facts.bills[place[0]]
        return bill, bill.lines[place[1]]

    def standing(self, bill: Bill | None = None) -> Standing:
        """The circumstances of a bill, or of the event."""
        return standing(self.facts, self.terms, bill)

    def why_refused(self, part: Responsibility, bill: Bill | None = None, line: Line | None = None) -> str:
        """The first condition that is not met, or ""."""
        return why_refused(part, self.facts, self.terms, bill, line)

    def in_order(self) -> list[Place]:
        """Lines that may count, by their bill's day, then as given."""
        return sorted(set(self.left) - self.aside, key=lambda place: (self.facts.bills[place[0]].day or date.min, place))

    def booked(self, codes: Iterable[str], *, per: str = "year") -> Iterator[Entry]:
        """Entries of these responsibilities in the year or in this case's event."""
        wanted = set(codes)
        for entry in [*self.history, *self.answer.entries]:
            if entry.code in wanted and (per == "year" or entry.event == self.facts.event.code):
                yield entry

    def refuse(self, code: str, part: Responsibility | None = None, place: str = "") -> None:
        """Note a refusal."""
        self.answer.refusals.append(Refused(code, part.code if part else "", place))


def evaluate(facts: Facts, terms: PlanTerms, history: list[Entry]) -> Answer:
    """Decide a case after what was booked before it."""
    reading = Reading(facts, terms, history, left=eligible_amounts(facts))
    reading.paid_of = dict.fromkeys(reading.left, NOTHING)
    works_at, rule = facts.insured.occupation_class, terms.occupations
    if rule is not None and works_at is not None and works_at > rule.highest_class:
        reading.refuse("OCCUPATION")
        return reading.answer
    set_aside(reading)
    for part in terms.responsibilities:
        READERS[type(part)](reading, part)
    for place in reading.in_order():
        if place not in reading.taken | reading.waiting:
            reading.answer.refusals += reading.why_not.get(place) or [Refused("NOT_COVERED", "", said(place))]
    return reading.answer


# Small readings


def half_up(value: Fraction) -> Fraction:
    """To the fen."""
    return Fraction(floor(value * 100 + Fraction(1, 2)), 100)


def total(values: Iterable[Fraction]) -> Fraction:
    """A sum."""
    return sum(values, NOTHING)


def said(place: Place) -> str:
    """A line's place as refusals name it."""
    return f"bills[{place[0]}].lines[{place[1]}]"


def set_aside(reading: Reading) -> None:
    """Bills that are false or came before, and what the plan excludes."""
    for at, bill in enumerate(reading.facts.bills):
        code = spoilt(reading.facts.bills, at)
        if code:
            reading.spoilt.add(at)
        for line_at, line in enumerate(bill.lines):
            why = code or first_exclusion(reading.terms.exclusions, reading.facts, bill, line)
            if why:
                reading.aside.add((at, line_at))
                reading.refuse(why, place=said((at, line_at)))


def eligible_amounts(facts: Facts) -> dict[Place, Fraction]:
    """What others left of each line."""
    left: dict[Place, Fraction] = {}
    for at, bill in enumerate(facts.bills):
        for line_at, line in enumerate(bill.lines):
            left[at, line_at] = Fraction(line.amount) - total(Fraction(one.amount) for one in line.payments)
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


def look_up(table: Table, now: Standing) -> Fraction | None:
    """A table's value."""
    rows: list[Row] = [row for row in table if met(row.when, now)]
    return Fraction(rows[0].value) if rows else None


def reduced(reading: Reading, exact: Fraction) -> Fraction:
    """To the fen, before that in the ratio of premium paid to premium due where the class of work was stated wrong."""
    rule, person = reading.terms.occupations, reading.facts.insured
    if rule is not None and rule.wrong_class == "reduce" and person.premium_paid is not None and person.premium_due is not None:
        exact *= min(Fraction(1), Fraction(person.premium_paid) / Fraction(person.premium_due))
    return half_up(exact)


# Expenses


def read_expense(reading: Reading, part: Expense) -> None:
    """Lines one by one, in order of their bill's day."""
    if any(gap.part in ("counts", "deductible", "ratio", "amount") for gap in part.unknown):
        leave_open(reading, part)
        return
    exact, cut, mine = NOTHING, False, list[Entry]()
    before = [*reading.history, *reading.answer.entries]
    for place in reading.in_order():
        if not admits(reading, part, place):
            continue
        reading.taken.add(place)
        bill, _line = reading.at(place)
        now = reading.standing(bill)
        entry = Entry(code=part.code, event=reading.facts.event.code, day=bill.day)
        entry.base = base_of(reading, part, place, now)
        entry.deducted = deducted(reading, entry, part, now, [*before, *mine])
        by_band = by_bands(entry, part, now, [*before, *mine])
        within = within_limits(reading, by_band, exact, entry, part, now, mine)
        cut = cut or within < by_band
        entry.paid = reduced(reading, exact + within) - reduced(reading, exact)
        reading.paid_of[place] += entry.paid
        exact += within
        mine.append(entry)
    if mine:
        reading.answer.entries += mine
        reading.answer.amounts[part.code] = reduced(reading, exact)
        if not reading.answer.amounts[part.code]:
            reading.refuse(why_nothing(mine, cut=cut), part)


def leave_open(reading: Reading, part: Expense) -> None:
    """Lines that a responsibility would count, or might where it is unknown what counts, wait for its terms."""
    waiting_lines = [
        place for place in reading.in_order()
        if (not part.counts or reading.at(place)[1].kind in part.counts)
        and (part.of_remainder or place not in reading.taken)
        and not reading.why_refused(part, *reading.at(place))
    ]
    if waiting_lines:
        reading.answer.undecided.append(part.code)
        reading.waiting |= set(waiting_lines)
        if part.counts:
            reading.taken |= set(waiting_lines)


def admits(reading: Reading, part: Expense, place: Place) -> bool:
    """Whether a responsibility counts a line; notes why not."""
    bill, line = reading.at(place)
    if line.kind not in part.counts or (place in reading.taken and not part.of_remainder):
        return False
    why = reading.why_refused(part, bill, line) or why_zero(part, line.kind, reading.standing(bill))
    if why:
        reading.why_not.setdefault(place, []).append(Refused(why, part.code, said(place)))
    return not why


def base_of(reading: Reading, part: Expense, place: Place, now: Standing) -> Fraction:
    """What others, and for a remainder earlier responsibilities, left of a line, times its factors."""
    amount = reading.left[place] - (reading.paid_of[place] if part.of_remainder else 0)
    for one in part.factors:
        if concerns(one, reading.at(place)[1].kind, now):
            amount *= Fraction(one.value)
    return amount


def deducted(reading: Reading, entry: Entry, part: Expense, now: Standing, before: list[Entry]) -> Fraction:
    """What the deductible takes of a line."""
    table, per, sharing = part.deductible, part.deductible_per, {part.code}
    for shared in reading.terms.deductibles:
        if shared.name == part.shared_deductible:
            table, per, sharing = shared.amount, shared.per, deducting(reading.terms, shared.name)
    used = total(one.deducted for one in before if one.code in sharing and (per == "year" or one.event == entry.event))
    return min(max((look_up(table, now) or NOTHING) - used, NOTHING), entry.base)


def deducting(terms: PlanTerms, name: str) -> set[str]:
    """The responsibilities under a shared deductible."""
    return {part.code for part in terms.responsibilities if isinstance(part, Expense) and part.shared_deductible == name}


def by_bands(entry: Entry, part: Expense, now: Standing, before: list[Entry]) -> Fraction:
    """Ratio times part, over the bands."""
    mine = [one for one in before if one.code == part.code and (part.bands_per == "year" or one.event == entry.event)]
    if part.bands_counted == "before_deductible":
        start = total(one.base for one in mine)
        low, high = start + entry.deducted, start + entry.base
    else:
        low = total(one.base - one.deducted for one in mine)
        high = low + entry.base - entry.deducted
    exact = NOTHING
    for band in part.bands:
        top = high if band.end is None else min(high, Fraction(band.end))
        exact += max(top - max(low, Fraction(band.start)), NOTHING) * (look_up(band.ratio, now) or 0)
    return exact


def within_limits(
    reading: Reading, exact: Fraction, running: Fraction, entry: Entry, part: Responsibility, now: Standing, mine: list[Entry]
) -> Fraction:
    """At most what each limit leaves. Limits of event and year look at this case's exact sum, those of a day at shares."""
    before = [*reading.history, *reading.answer.entries]
    for most, per, sharing in limits_of(reading.terms, part, now):
        if per == "item":
            left = most
        elif per == "day":
            left = most - total(one.paid for one in [*before, *mine] if one.code == part.code and one.day == entry.day)
        else:
            left = most - running - total(
                one.paid for one in before if one.code in sharing and (per == "year" or one.event == entry.event)
            )
        exact = min(exact, max(left, NOTHING))
    return exact


def limits_of(terms: PlanTerms, part: Responsibility, now: Standing) -> Iterator[tuple[Fraction, str, set[str]]]:
    """A responsibility's limits in these circumstances: the most, per what, over which responsibilities."""
    for limit in part.limits:
        most = look_up(limit.amount, now)
        if most is not None:
            yield most, limit.per, {part.code}
    for shared in terms.limits:
        most = look_up(shared.amount, now)
        if shared.name in part.shared_limits and most is not None:
            yield most, shared.per, {other.code for other in terms.responsibilities if shared.name in other.shared_limits}


def why_nothing(mine: list[Entry], *, cut: bool) -> str:
    """Why what counted pays nothing."""
    if not any(one.base for one in mine):
        return "PAID_BY_OTHERS"
    if cut:
        return "LIMIT_USED"
    return "BELOW_DEDUCTIBLE" if all(one.base == one.deducted for one in mine) else "NOTHING_PAYABLE"


# Fixed sums


def may_be_paid(reading: Reading, part: Responsibility) -> bool:
    """Whether an event meets the conditions and the terms are known; says so otherwise."""
    why = reading.why_refused(part)
    if why:
        reading.refuse(why, part)
        return False
    return known(reading, part)


def known(reading: Reading, part: Responsibility) -> bool:
    """Whether the terms state what a decision needs."""
    if not any(gap.part in ("counts", "deductible", "ratio", "amount") for gap in part.unknown):
        return True
    if part.code not in reading.answer.undecided:
        reading.answer.undecided.append(part.code)
    return False


def pay(reading: Reading, part: Responsibility, amount: Fraction, *, cut: bool = False) -> Fraction:
    """Book a sum that is whole in fen."""
    reading.answer.amounts[part.code] = amount
    if not amount:
        reading.refuse("LIMIT_USED" if cut else "NOTHING_PAYABLE", part)
    return amount


def read_lump_sum(reading: Reading, part: LumpSum) -> None:
    """The fixed amount, so many times in the cover; one that pays nothing is not one of them."""
    found = reading.facts.event.diagnosis
    named_here = any(found.startswith(one) for one in part.diagnoses) if part.diagnoses else bool(found)
    if not named_here or not may_be_paid(reading, part):
        return
    if sum(1 for one in reading.booked([part.code]) if one.paid) >= part.times:
        reading.refuse("PAID_BEFORE", part)
        return
    now, entry = reading.standing(), Entry(code=part.code, event=reading.facts.event.code)
    whole = look_up(part.amount, now) or NOTHING
    within = within_limits(reading, whole, NOTHING, entry, part, now, [])
    entry.paid = pay(reading, part, reduced(reading, within), cut=within < whole)
    reading.answer.entries.append(entry)


def read_death(reading: Reading, part: Death) -> None:
    """The sum insured, reduced, less what counts against it, within the cap over all policies and the limits."""
    event = reading.facts.event
    if event.died_on is None or not may_be_paid(reading, part):
        return
    now, entry = reading.standing(), Entry(code=part.code, event=event.code)
    own = total(one.paid for one in reading.booked([part.code]))
    rest = reduced(reading, look_up(part.amount, now) or NOTHING) - own
    rest = max(rest - total(one.paid for one in reading.booked(set(part.deducts) - {part.code})), NOTHING)
    cap = look_up(part.cap_over_policies, now)
    if cap is not None:
        rest = min(rest, max(cap - Fraction(event.death_paid_elsewhere) - own, NOTHING))
    within = within_limits(reading, rest, NOTHING, entry, part, now, [])
    entry.paid = pay(reading, part, within, cut=within < rest)
    reading.answer.entries.append(entry)


def read_disability(reading: Reading, part: Disability) -> None:
    """The scale's part of the sum insured, reduced, less what the event was paid; over all events at most the sum."""
    event = reading.facts.event
    if not event.injuries or not may_be_paid(reading, part):
        return
    now, entry = reading.standing(), Entry(code=part.code, event=event.code)
    insured = look_up(part.amount, now) or NOTHING
    grades = sorted(event.injuries)
    grade = grades[0]
    if part.several == "worst_raised" and grades[:2] == [grade, grade] and grade > 1:
        grade -= 1
    ratio = Fraction(part.scale[grade - 1]) if grade <= len(part.scale) else NOTHING
    rest = reduced(reading, insured * ratio) - total(one.paid for one in reading.booked([part.code], per="event"))
    rest = max(rest, NOTHING)
    rest = min(rest, max(reduced(reading, insured) - total(one.paid for one in reading.booked([part.code])), NOTHING))
    within = within_limits(reading, rest, NOTHING, entry, part, now, [])
    entry.paid = pay(reading, part, within, cut=within < rest)
    reading.answer.entries.append(entry)


def read_allowance(reading: Reading, part: Allowance) -> None:
    """Stays in order of their bill's day: past the first days of the event, within the days of event and year, each stay
    within what the limits in its circumstances leave."""
    mine, exact, cut = list[Entry](), NOTHING, False
    bills = reading.facts.bills
    for at in sorted(range(len(bills)), key=lambda one: bills[one].day or date.min):
        if not bills[at].days or at in reading.spoilt:
            continue
        why = reading.why_refused(part, bills[at])
        if why:
            reading.refuse(why, part, f"bills[{at}]")
        elif known(reading, part):
            now = reading.standing(bills[at])
            entry = Entry(code=part.code, event=reading.facts.event.code, day=bills[at].day, lain=bills[at].days)
            entry.paid_days = days_paid(reading, part, entry, mine)
            whole = entry.paid_days * (look_up(part.amount, now) or NOTHING)
            within = within_limits(reading, whole, exact, entry, part, now, mine)
            entry.paid = reduced(reading, exact + within) - reduced(reading, exact)
            exact, cut = exact + within, cut or within < whole
            mine.append(entry)
    if any(one.paid_days for one in mine):
        pay(reading, part, reduced(reading, exact), cut=cut)
    elif mine:
        reading.refuse("NO_DAYS_LEFT", part)
    reading.answer.entries += mine


def days_paid(reading: Reading, part: Allowance, entry: Entry, mine: list[Entry]) -> int:
    """Day for day: which days of a stay are paid."""
    year = [*reading.booked([part.code]), *mine]
    event = [one for one in year if one.event == entry.event]
    lain, in_event, in_year = (
        sum(one.lain for one in event), sum(one.paid_days for one in event), sum(one.paid_days for one in year),
    )
    paid = 0
    for day in range(lain + 1, lain + entry.lain + 1):
        full = (part.days_per_event is not None and in_event + paid >= part.days_per_event) or (
            part.days_per_year is not None and in_year + paid >= part.days_per_year
        )
        paid += day > part.days_unpaid and not full
    return paid


READERS: dict[type[Responsibility], Callable[[Reading, Any], None]] = {
    Expense: read_expense, LumpSum: read_lump_sum, Death: read_death, Disability: read_disability, Allowance: read_allowance,
}


# What a cover has used


def counters(terms: PlanTerms, entries: list[Entry]) -> dict[str, Fraction]:
    """Every counter that entries amount to, by the names of `Usage`, those of events and days too."""
    sums: dict[str, Fraction] = defaultdict(Fraction)
    for one in entries:
        sharing = {part.code: part for part in terms.responsibilities}[one.code]
        names = {f"base:{one.code}": one.base, f"above:{one.code}": one.base - one.deducted, f"paid:{one.code}": one.paid}
        names |= {f"days:{one.code}": Fraction(one.paid_days), f"stayed:{one.code}": Fraction(one.lain)}
        names |= {f"limit:{name}": one.paid for name in sharing.shared_limits}
        if isinstance(sharing, LumpSum):
            names[f"times:{one.code}"] = Fraction(bool(one.paid))
        if isinstance(sharing, Expense):
            names[f"deductible:{sharing.shared_deductible or one.code}"] = one.deducted
        for name, amount in names.items():
            for suffix in ("", f"@{one.event}", f"#{one.day}"):
                sums[name + suffix] += amount
    return sums

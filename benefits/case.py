"""One case while it is being decided: its open lines, counters and steps. Mutable, and never seen outside of `decide`."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from typing import Any, NamedTuple

from benefits.facts import FEN, Bill, Event, Facts, Insured, Line, day_of
from benefits.terms import HEALTHY, PRE_EXISTING, ZERO, PreExisting

#: Every sum and product is exact in here: a step that would lose a digit raises instead.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP, traps=[InvalidOperation, DivisionByZero, Overflow, Inexact])
#: The one place where a digit may fall away.
ROUNDING = Context(prec=60, rounding=ROUND_HALF_UP, traps=[InvalidOperation, DivisionByZero, Overflow])

Step = tuple[str, str, dict[str, Any]]


class Circumstances(NamedTuple):
    """What tables of the terms are looked up by."""

    health_class: str
    continuity: int
    claim_free: int
    locality: str
    settled: bool
    age: int | None


class OpenLine:
    """A line of a bill with what is still open of it. `figures` are the terms' values in its circumstances, by responsibility."""

    __slots__ = ("bill", "bill_at", "eligible", "figures", "kind", "line", "line_at", "paid", "refused", "taken", "waits")

    def __init__(self, line: Line, bill: Bill, *, bill_at: int, line_at: int, figures: Any) -> None:
        self.line = line
        self.bill = bill
        self.bill_at = bill_at
        self.line_at = line_at
        self.kind = line.kind
        self.eligible = line.amount
        self.figures = figures
        self.taken = False
        self.waits = False
        self.paid = ZERO
        self.refused: list[tuple[str, str, str]] | None = None

    @property
    def place(self) -> str:
        """Where the line stands in the facts."""
        return f"bills[{self.bill_at}].lines[{self.line_at}]"


class Benefit(NamedTuple):
    """What one responsibility pays in a case: yuan counted, taken by the deductible, paid. Days for an allowance."""

    code: str
    amount: Decimal
    counted: Decimal = ZERO
    deducted: Decimal = ZERO
    days: int = 0


class Refusal(NamedTuple):
    """Why something is not paid: a code, the responsibility ("" for all), the line's place ("" for the whole case)."""

    code: str
    responsibility: str = ""
    place: str = ""
    reason: str = ""


class Case:
    """Working state of one decision."""

    __slots__ = (
        "assumed", "benefits", "counters", "event", "event_day", "facts", "first_day", "insured", "last_day",
        "lines", "premium_due", "premium_paid", "refusals", "refused_bills", "steps", "suffix", "undecided", "used",
    )

    def __init__(self, facts: Facts, counters: dict[str, Decimal]) -> None:
        self.facts = facts
        self.insured: Insured = facts.insured
        self.event: Event = facts.event
        self.counters = counters
        self.used: dict[str, Decimal] = {}
        self.steps: list[Step] = []
        self.benefits: list[Benefit] = []
        self.refusals: list[Refusal] = []
        self.undecided: list[str] = []
        self.assumed: list[str] = []
        self.refused_bills: set[int] = set()
        self.lines: list[OpenLine] = []
        self.suffix = f"@{facts.event.code}"
        self.premium_paid: Decimal | None = None
        self.premium_due: Decimal | None = None
        at = facts.event.at
        self.event_day: date | None = None if at is None else day_of(at)
        self.first_day: date | None = None
        self.last_day: date | None = None
        if facts.cover is not None:
            self.first_day = day_of(facts.cover.starts_at)
            self.last_day = day_of(facts.cover.ends_at - timedelta(microseconds=1))

    def assume(self, what: str) -> None:
        """Note once that a condition could not be looked at and is taken as met."""
        if what not in self.assumed:
            self.assumed.append(what)
            self.steps.append(("assumed", "", {"what": what}))

    def add(self, name: str, amount: Decimal) -> None:
        """Count what was used."""
        if not amount:
            return
        counters, used = self.counters, self.used
        counters[name] = counters[name] + amount if name in counters else amount
        used[name] = used[name] + amount if name in used else amount

    def rounded(self, exact: Decimal) -> Decimal:
        """Half-up to the fen; before that reduced in the ratio of premium paid to premium due, if the class of work was wrong."""
        if self.premium_due is None or self.premium_paid is None:
            return exact.quantize(FEN, ROUND_HALF_UP, ROUNDING)
        halves = (exact * self.premium_paid * 200 + self.premium_due) // (self.premium_due * 2)
        return halves.scaleb(-2)


def health_class(insured: Insured, disease_group: str, rule: PreExisting | None) -> str:
    """Whether an expense or event counts as healthy or pre-existing under a plan."""
    if insured.health_class:
        return insured.health_class
    if rule is None or not insured.conditions:
        return HEALTHY
    known = insured.conditions
    if rule.groups:
        known = known & {group.code for group in rule.groups}
    if rule.by == "person":
        return PRE_EXISTING if known else HEALTHY
    return PRE_EXISTING if disease_group in known else HEALTHY


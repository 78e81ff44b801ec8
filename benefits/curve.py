"""What a plan pays against the bill: points for a curve, every kink among them."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import NamedTuple

from benefits.decide import decide
from benefits.facts import FEN, HIGHEST, Bill, Facts, Line
from benefits.terms import ONE, ZERO, Expense, PlanTerms
from benefits.usage import NOTHING_USED, Usage

#: Enough to find a fen in a billion yuan.
_HALVINGS = 60


class Point(NamedTuple):
    """A bill and what is paid of it; `kink` marks a point where the slope changes."""

    bill: Decimal
    paid: Decimal
    kink: bool = False


def curve(
    terms: PlanTerms, *, kind: str, up_to: Decimal, steps: int = 50, of: Facts | None = None, used_before: Usage = NOTHING_USED
) -> list[Point]:
    """What is paid for one line of a kind, for bills from zero to `up_to`.

    `of` gives the person, cover, event and, as its first bill, the circumstances of treatment; its lines are not looked at.
    Besides `steps` even points, each deductible, band and limit adds the bill at which it begins to bite.
    """
    if steps < 1 or not ZERO < up_to <= HIGHEST:
        raise ValueError("a curve needs a step and an end above zero")
    facts = Facts() if of is None else of
    bill = facts.bills[0] if facts.bills else Bill()
    paid = _Payer(terms, facts, bill, kind, used_before)
    even = {(up_to * step / steps).quantize(FEN, ROUND_HALF_UP) for step in range(steps + 1)}
    kinks = _kinks(terms, kind, paid, up_to)
    return [Point(amount, paid(amount), amount in kinks) for amount in sorted(even | kinks)]


class _Payer:
    """What is paid for a bill, each bill decided once."""

    def __init__(self, terms: PlanTerms, facts: Facts, bill: Bill, kind: str, used_before: Usage) -> None:
        self.terms, self.facts, self.kind, self.used_before = terms, facts, kind, used_before
        self.bill = replace(bill, payments=(), lines=(Line(kind, FEN),))
        self.line = bill.lines[0] if bill.lines else Line(kind, FEN)
        self.known: dict[Decimal, Decimal] = {}

    def __call__(self, amount: Decimal) -> Decimal:
        if amount not in self.known:
            line = replace(self.line, kind=self.kind, amount=amount, payments=())
            facts = replace(self.facts, bills=(replace(self.bill, lines=(line,)),))
            self.known[amount] = decide(facts, self.terms, self.used_before).amount
        return self.known[amount]


def _kinks(terms: PlanTerms, kind: str, paid: _Payer, up_to: Decimal) -> set[Decimal]:
    """Bills at which what is paid begins to grow at another rate: edges of the terms, and where a limit is reached."""
    edges = {edge for edge in _edges(terms, kind, paid.used_before) if ZERO < edge < up_to} | _plateau(paid, up_to)
    places = sorted({ZERO, *edges, up_to})
    return {
        place for before, place, after in zip(places, places[1:], places[2:], strict=False)
        if _bends(paid, before, place, after)
    }


def _edges(terms: PlanTerms, kind: str, used: Usage) -> set[Decimal]:
    """Bills at which a deductible or band of any circumstances may begin or end, after what was used before."""
    edges: set[Decimal] = set()
    for part in terms.responsibilities:
        if not isinstance(part, Expense) or kind not in part.counts:
            continue
        shared = [one for one in terms.deductibles if one.name == part.shared_deductible]
        counter = f"deductible:{part.shared_deductible or part.code}"
        tables = [part.deductible, *(one.amount for one in shared)]
        left = {ZERO} | {max(ZERO, row.value - used[counter]) for table in tables for row in table}
        counted = used[f"base:{part.code}" if part.bands_counted == "before_deductible" else f"above:{part.code}"]
        bounds = {ZERO} | {max(ZERO, bound - counted) for band in part.bands for bound in (band.start, band.end) if bound}
        for factor in {factor.value for factor in part.factors if factor.value} | {ONE}:
            edges |= {
                ((deductible + bound) / factor).quantize(FEN, ROUND_CEILING) for deductible in left for bound in bounds
            }
    return edges


def _bends(paid: _Payer, before: Decimal, place: Decimal, after: Decimal) -> bool:
    """Whether what is paid at a place lies off the line between its neighbors by more than rounding does."""
    straight = paid(before) + (paid(after) - paid(before)) * (place - before) / (after - before)
    return abs(paid(place) - straight) > FEN


def _plateau(paid: _Payer, up_to: Decimal) -> set[Decimal]:
    """The smallest bill that pays as much as the largest: where a limit is reached."""
    most = paid(up_to)
    if not most or paid(up_to - FEN) != most:
        return set()
    low, high = ZERO, up_to
    for _halving in range(_HALVINGS):
        if high - low <= FEN:
            break
        middle = ((low + high) / 2).quantize(FEN, ROUND_HALF_UP)
        if paid(middle) == most:
            high = middle
        else:
            low = middle
    return {high}

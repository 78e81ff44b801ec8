"""The curve of a plan: what is paid against the bill, as points of a picture and as a table of its kinks."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from benefits import labels
from benefits.curve import Point, curve
from benefits.facts import HIGHEST, Bill, Event, Facts, Insured, Line
from benefits.shapes import plain_number
from benefits.terms import HEALTH_CLASSES, HEALTHY, PRE_EXISTING, ZERO, Expense, PlanTerms, Table

WIDTH, HEIGHT = 600, 240
STEPS = 48
#: A first look reaches so far; the picture then ends a quarter behind the last kink.
FAR = Decimal(2_000_000)
NEAR = Decimal(10_000)
ADULT = 40
_LABELS = 4


@dataclass(frozen=True)
class Drawn:
    """One line of a picture: for whom in words, its points as SVG says them, and where its slope changes."""

    name: str
    points: str
    kinks: tuple[Point, ...]


@dataclass(frozen=True)
class Picture:
    """What is paid for one line of a kind against its cost; `across` and `up` are places and labels of the axes."""

    lines: tuple[Drawn, ...]
    across: tuple[tuple[int, str], ...]
    up: tuple[tuple[int, str], ...]


def kinds_of(terms: PlanTerms) -> list[str]:
    """Kinds of expense that the plan pays a part of, in the order of its responsibilities."""
    return list(dict.fromkeys(kind for part in terms.responsibilities if isinstance(part, Expense) for kind in part.counts))


def picture(terms: PlanTerms, kind: str, *, language: str = "zh", age: int = ADULT) -> Picture | None:
    """The curve of a kind up to where it no longer bends; None where nothing is ever paid.

    Drawn for one line of one bill of somebody of an age (full years) in the first year, settled through basic insurance, at
    home, in the first setting that the terms name; other conditions are taken as met.
    """
    lists = frozenset(part.required_list for part in terms.responsibilities if isinstance(part, Expense) and part.required_list)
    paying = [part for part in terms.responsibilities if isinstance(part, Expense) and kind in part.counts]
    setting = next((part.settings[0] for part in paying if part.settings), "inpatient")
    event = Event(kind="accident") if all("accident" in part.events for part in paying) else Event()

    def facts(health_class: str) -> Facts:
        line = Line(kind, Decimal(1), lists=lists)
        return Facts(
            insured=Insured(health_class=health_class, age=age), event=event, bills=(Bill(setting=setting, lines=(line,)),)
        )

    classes = HEALTH_CLASSES if _asks_class(terms, kind) else (HEALTHY,)
    first = {each: curve(terms, kind=kind, up_to=FAR, steps=1, of=facts(each)) for each in classes}
    if not any(point.paid for points in first.values() for point in points):
        return None
    bends = max([NEAR, *(point.bill for points in first.values() for point in points if point.kink)])
    is_flat = all(points[-1].paid == points[-2].paid for points in first.values())
    up_to = _round_up(min(bends * (Decimal("1.25") if is_flat else 3), HIGHEST))
    drawn = {each: curve(terms, kind=kind, up_to=up_to, steps=STEPS, of=facts(each)) for each in classes}
    highest = _round_up(max(point.paid for points in drawn.values() for point in points))
    lines = tuple(
        Drawn(
            labels.option("health_class", each, language),
            " ".join(f"{_at(point.bill, up_to, WIDTH)},{HEIGHT - _at(point.paid, highest, HEIGHT)}" for point in points),
            tuple(point for point in points if point.kink or point.bill == up_to),
        )
        for each, points in drawn.items()
    )
    parts = range(_LABELS + 1)
    return Picture(
        lines, tuple((WIDTH * part // _LABELS, _short(up_to * part / _LABELS, language)) for part in parts),
        tuple((HEIGHT - HEIGHT * part // _LABELS, _short(highest * part / _LABELS, language)) for part in parts),
    )


def _short(amount: Decimal, language: str) -> str:
    """An amount for an axis: tens of thousands are 万, thousands k."""
    unit, word = (10_000, "万") if language == "zh" else (1_000, "k")
    return f"{plain_number(amount)}" if amount < unit else f"{plain_number(amount / unit)}{word}"


def _asks_class(terms: PlanTerms, kind: str) -> bool:
    """Whether a table that matters for the kind tells the healthy from the others."""
    def tells(table: Table) -> bool:
        return any(row.when.health_class for row in table)

    for part in terms.responsibilities:
        if isinstance(part, Expense) and kind in part.counts:
            tables = [part.deductible, *(band.ratio for band in part.bands), *(limit.amount for limit in part.limits)]
            tables += [one.amount for one in terms.deductibles if one.name == part.shared_deductible]
            if any(map(tells, tables)) or any(factor.when.health_class == PRE_EXISTING for factor in part.factors):
                return True
    return False


def _at(value: Decimal, most: Decimal, pixels: int) -> Decimal:
    return ZERO if not most else (value * pixels / most).quantize(Decimal("0.1"))


def _round_up(amount: Decimal) -> Decimal:
    """The next round number with two digits."""
    if amount <= 0:
        return Decimal(1)
    unit = Decimal(10) ** max(0, amount.adjusted() - 1)
    return -(-amount // unit) * unit

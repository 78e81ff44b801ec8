"""Short ways to say terms and facts in tests."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from benefits import plan_file
from benefits.decide import Decision, decide
from benefits.facts import Bill, Cover, Event, Facts, Insured, Line
from benefits.terms import Band, Expense, PlanTerms, Responsibility, Words, fixed
from benefits.usage import NOTHING_USED, Usage

PLANS = Path(__file__).resolve().parents[2] / "fixtures" / "plans"
CHINA = timezone(timedelta(hours=8))


def moment(*parts: int) -> datetime:
    """A moment of China."""
    return datetime(*parts, tzinfo=CHINA)  # type: ignore[misc, arg-type]


YEAR = Cover(moment(2025, 1, 1), moment(2026, 1, 1))
#: Lists on which test lines and hospitals stand.
LISTED = frozenset({
    "shanghai-2022-special-drugs", "shanghai-2022-overseas-drugs", "chengdu-2023-special-drugs", "weifang-special-drugs",
    "mianyang-special-drugs", "drugs",
})


def yuan(amount: int | str) -> Decimal:
    """Decimal yuan."""
    return Decimal(amount)


def plan(code: str) -> PlanTerms:
    """A plan of fixtures/plans."""
    return plan_file.load_path(PLANS / f"{code}.yaml")


def line(kind: str, amount: int | str, **more: Any) -> Line:
    """A line on every list."""
    return Line(kind, yuan(amount), **{"lists": LISTED, **more})


def bill(*lines: Line, day: date = date(2025, 6, 1), **more: Any) -> Bill:
    """A bill."""
    return Bill(lines=lines, day=day, **more)


def facts(*bills: Bill, insured: Insured | None = None, event: Event | None = None, cover: Cover | None = YEAR) -> Facts:
    """A case."""
    return Facts(insured=insured or Insured(age=40), cover=cover, event=event or Event(code="E1"), bills=bills)


def spent(kind: str, amount: int | str, **insured: Any) -> Facts:
    """A case of one line, without a cover's dates."""
    return facts(bill(line(kind, amount)), insured=Insured(age=40, **insured), cover=None)


def expense(code: str = "medical", **more: Any) -> Expense:
    """An expense responsibility: 70 % of self-pay unless it says otherwise."""
    stated: dict[str, Any] = {"counts": ("self_pay",), "bands": (Band(fixed("0.7")),), **more}
    return Expense(code=code, name=Words(code), **stated)


def terms(*responsibilities: Responsibility, **more: Any) -> PlanTerms:
    """A plan of these responsibilities."""
    return PlanTerms(code="test", name=Words("测试"), responsibilities=responsibilities, **more)


def paid(facts: Facts, plan: PlanTerms, used: Usage = NOTHING_USED) -> Decimal:
    """What a case pays."""
    return decide(facts, plan, used).amount


def codes(decision: Decision) -> list[str]:
    """Refusal codes in order."""
    return [refusal.code for refusal in decision.refusals]

"""A plan version's prices: rows of its own, and the same as its plan file says them. Reads only; `actions.plans` writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from benefits.terms import Price, Words
from programs.errors import ProgramRefused
from programs.models import Category, Plan, PlanPrice

#: The category of whom a plan file calls a student.
STUDENT = "xuesheng"


@dataclass(frozen=True)
class PriceDraft:
    """A price to be; ages inclusive, None bounds nothing."""

    premium: Decimal
    age_from: int | None = None
    age_until: int | None = None
    category: Category | None = None
    name: str = ""
    name_en: str = ""


def prices_in_file(plan: Plan) -> tuple[Price, ...]:
    """The rows of a plan as its file says them, and the plan's premium as the price of everybody else."""
    found = [
        Price(
            price.premium, price.age_from, price.age_until, student=True if _is_student(price) else None,
            category="" if price.category is None or _is_student(price) else price.category.code,
            name=Words(price.name, price.name_en) if price.name else None,
        )
        for price in plan.prices.select_related("category").order_by("position", "id")
    ]
    # As it stands: loading a file changes it behind an object that somebody holds.
    return (*found, Price(Plan.objects.values_list("premium", flat=True).get(pk=plan.pk)))


def premium_in_file(prices: Sequence[Price]) -> Decimal | None:
    """The price of whoever no other one holds for, which is the plan's own premium; None where the file names none."""
    return prices[-1].amount if prices and _holds_for_everybody(prices[-1]) else None


def drafts_of(prices: Sequence[Price]) -> list[PriceDraft]:
    """The rows that a file's prices come to, without that of everybody else."""
    if premium_in_file(prices) is not None:
        prices = prices[:-1]
    codes = {_code(price) for price in prices} - {""}
    known = {category.code: category for category in Category.objects.filter(code__in=codes, active=True)}
    found = []
    for number, price in enumerate(prices, 1):
        if price.student is False:
            raise ProgramRefused("PRICE_OF_OTHERS", line=number)
        code = _code(price)
        if code and code not in known:
            raise ProgramRefused("PRICE_CATEGORY", line=number, category=code)
        found.append(
            PriceDraft(
                price.amount, price.age_from, price.age_to, known.get(code), price.name.zh[:40] if price.name else "",
                price.name.en[:60] if price.name else "",
            )
        )
    return found


def drafts_of_plan(plan: Plan) -> list[PriceDraft]:
    """The rows of a plan, to be those of another."""
    return [
        PriceDraft(price.premium, price.age_from, price.age_until, price.category, price.name, price.name_en)
        for price in plan.prices.select_related("category").order_by("position", "id")
    ]


def _is_student(price: PlanPrice) -> bool:
    return price.category is not None and price.category.code == STUDENT


def _code(price: Price) -> str:
    return STUDENT if price.student else price.category


def _holds_for_everybody(price: Price) -> bool:
    return price.age_from is None and price.age_to is None and price.student is None and not price.category

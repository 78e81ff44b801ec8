"""Which circumstances the tables of a responsibility tell apart, and the step that says in which of them a case lies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benefits.case import Circumstances, Step
from benefits.terms import (
    ALWAYS,
    ONE,
    Allowance,
    Death,
    Disability,
    Expense,
    LumpSum,
    PlanTerms,
    Responsibility,
    Table,
    When,
)


class Telling:
    """What one responsibility's tables look at. Tables that give everybody the same tell nothing."""

    __slots__ = ("ages", "claim_free", "code", "continuity", "health", "locality", "settled", "tables")

    def __init__(self, part: Responsibility, plan: PlanTerms) -> None:
        told = [(name, whens) for name, whens in _looked_at(part, plan) if whens]
        whens = [when for _name, held in told for when in held]
        self.code = part.code
        self.tables = list(dict.fromkeys(name for name, _whens in told))
        self.health = any(when.health_class is not None for when in whens)
        self.locality = any(when.locality is not None for when in whens)
        self.settled = any(when.settled is not None for when in whens)
        self.ages = any(when.age_from is not None or when.age_to is not None for when in whens)
        self.continuity = sorted({when.continuity_from for when in whens} - {0})
        self.claim_free = sorted({when.claim_free_from for when in whens} - {0})

    def step(self, at: Circumstances) -> Step | None:
        """The step for given circumstances; None where nothing is told apart. Shared by all cases: never to be changed."""
        if not self.tables:
            return None
        told: dict[str, Any] = {}
        if self.health:
            told["health_class"] = at.health_class
        told.update(_years("continuity", at.continuity, self.continuity))
        told.update(_years("claim_free", at.claim_free, self.claim_free))
        if self.locality:
            told["locality"] = at.locality
        if self.settled:
            told["settled"] = at.settled
        if self.ages:
            told["age"] = at.age
        return "circumstances", self.code, {"tables": self.tables, "result": told}


def _years(name: str, years: int, steps: list[int]) -> dict[str, int]:
    """The highest number of years that the tables ask for and that is reached; if none is, the lowest that is not."""
    reached = [step for step in steps if step <= years]
    if reached:
        return {f"{name}_from": reached[-1]}
    return {f"{name}_below": steps[0]} if steps else {}


def _looked_at(part: Responsibility, plan: PlanTerms) -> Iterator[tuple[str, list[When]]]:
    """Each figure of a responsibility by its name, with the circumstances that change it."""
    for name, table in _tables(part, plan):
        differs = len({row.value for row in table}) > 1 or (name == "cap_over_policies" and bool(table))
        yield name, [row.when for row in table if row.when != ALWAYS] if differs else []
    if isinstance(part, Expense):
        yield "factors", [factor.when for factor in part.factors if factor.value != ONE and factor.when != ALWAYS]


def _tables(part: Responsibility, plan: PlanTerms) -> Iterator[tuple[str, Table]]:
    if isinstance(part, Expense):
        shared = [one.amount for one in plan.deductibles if one.name == part.shared_deductible]
        yield from (("deductible", table) for table in (part.deductible, *shared))
        yield from (("ratio", band.ratio) for band in part.bands)
    elif isinstance(part, LumpSum | Allowance | Death | Disability):
        yield "amount", part.amount
    if isinstance(part, Death):
        yield "cap_over_policies", part.cap_over_policies
    yield from (("limits", limit.amount) for limit in part.limits)
    yield from (("limits", one.amount) for one in plan.limits if one.name in part.shared_limits)

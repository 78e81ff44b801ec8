"""One line of a report decided by itself, with every step: what the page of a result shows. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

import polars as pl
from django.utils.translation import gettext as _t

from benefits.decide import Decision, decide
from benefits.facts import Bill, Event, Facts, Insured, Line
from benefits.terms import HEALTHY, PRE_EXISTING, PlanTerms
from benefits.usage import NOTHING_USED, Usage
from continuity.in_columns import with_facts
from programs.benefit_terms import engine_language
from programs.plan_views import PlanView, plans_of
from results.comparing import in_order, lines_of_cover, paid_otherwise, why_not
from results.models import Report, Why

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Part:
    """What one responsibility paid by the insurer's line (None: it does not say), and by our calculation."""

    code: str
    name: str
    paid: Decimal | None
    due: Decimal

    @property
    def difference(self) -> Decimal | None:
        """What was paid less what is due."""
        return None if self.paid is None else self.paid - self.due


@dataclass(frozen=True)
class One:
    """A line decided: `why` says why it cannot be, else `decision` is what the plan pays after `before` cases of the same cover."""

    terms: PlanTerms | None
    paid: Decimal
    parts_paid: Mapping[str, Decimal] | None
    why: str = ""
    decision: Decision | None = None
    before: int = 0
    used: Usage = NOTHING_USED
    facts: Facts = field(default_factory=Facts)

    @cached_property
    def language(self) -> str:
        """Of the page."""
        return engine_language()

    @property
    def why_words(self) -> str:
        """Why not, in words."""
        return str(Why(self.why).label) if self.why else ""

    @property
    def due(self) -> Decimal | None:
        """Yuan by our calculation."""
        return None if self.decision is None else self.decision.amount

    @property
    def difference(self) -> Decimal | None:
        """What was paid less what is due."""
        return None if self.decision is None else self.paid - self.decision.amount

    @cached_property
    def parts(self) -> list[Part]:
        """By responsibility, those that pay something."""
        if self.decision is None or self.terms is None:
            return []
        said = self.parts_paid
        found = [
            Part(
                each.code, each.name.say(self.language), None if said is None else said.get(each.code, ZERO),
                self.decision.paid(each.code),
            )
            for each in self.terms.responsibilities
        ]
        return [part for part in found if part.paid or part.due]

    @cached_property
    def differing(self) -> frozenset[str]:
        """Codes of responsibilities at which the two part."""
        return frozenset(part.code for part in self.parts if part.difference)

    @property
    def steps(self) -> list[tuple[bool, tuple[str, str, str, str, str]]]:
        """The trace as a table; whether a step is of a responsibility that differs."""
        if self.decision is None:
            return []
        trace = self.decision.trace
        return [
            (step.responsibility in self.differing, row)
            for step, row in zip(trace.steps, trace.table(self.language), strict=True)
        ]

    @property
    def sentences(self) -> list[str]:
        """The trace in plain words."""
        return [] if self.decision is None else self.decision.trace.sentences(self.language)

    @cached_property
    def explanations(self) -> list[str]:
        """What would give exactly what was paid, each by itself: where to look first."""
        if self.decision is None or self.terms is None or not self.difference:
            return []
        return [words for words, facts, used in self._otherwise() if decide(facts, self.terms, used).amount == self.paid]

    def _otherwise(self) -> Iterator[tuple[str, Facts, Usage]]:
        insured, bills = self.facts.insured, self.facts.bills
        if self.before:
            yield _t("nothing had been paid or deducted in this year before"), self.facts, NOTHING_USED
        flipped = HEALTHY if insured.health_class == PRE_EXISTING else PRE_EXISTING
        words = {
            HEALTHY: _t("the expenses were of no pre-existing condition"),
            PRE_EXISTING: _t("the expenses were of a pre-existing condition"),
        }[flipped]
        yield words, replace(self.facts, insured=replace(insured, health_class=flipped)), self.used
        settled = not all(bill.settled for bill in bills)
        words = (
            _t("the bill was settled through basic insurance") if settled
            else _t("the bill was not settled through basic insurance")
        )
        yield words, replace(self.facts, bills=tuple(replace(bill, settled=settled) for bill in bills)), self.used
        if any(bill.locality != "local" for bill in bills):
            words = _t("the treatment was here")
            yield words, replace(self.facts, bills=tuple(replace(bill, locality="local") for bill in bills)), self.used
        if insured.claim_free_years:
            words = _t("no year without a claim counted")
            yield words, replace(self.facts, insured=replace(insured, claim_free_years=0)), self.used
        if insured.continuity_years:
            words = _t("no earlier year of insurance counted")
            yield words, replace(self.facts, insured=replace(insured, continuity_years=0)), self.used


def decided_one(report: Report, *, row_id: int, cover: int) -> One | None:
    """A line of a report decided after the cases of its cover that came before it; None where the line is gone."""
    plans = plans_of(report.program_id)
    lines = in_order(lines_of_cover(report, plans, cover=cover, row_id=row_id))
    own = lines.filter(pl.col("row_id") == row_id)
    if own.is_empty():
        return None
    view = plans[own["plan_id"][0]]
    lines = lines.with_columns(why=why_not(lines, view))
    row = lines.filter(pl.col("row_id") == row_id).row(0, named=True)
    said = {code: _yuan(row[f"paid:{code}"] or 0) for code in view.codes} if row["has_parts"] else None
    paid = _yuan(row["paid"])
    if row["why"] or view.terms is None:
        return One(view.terms, paid, said, why=row["why"] or Why.NO_TERMS.value)
    cases = with_facts(
        lines.filter((pl.col("why") == "") & pl.col("computable") & (pl.col("place") <= row["place"])), view
    )
    used = paid_otherwise(lines, view).get(cover, NOTHING_USED)
    before = 0
    for case in cases.iter_rows(named=True):
        facts = _facts(case, view)
        decision = decide(facts, view.terms, used)
        if case["row_id"] == row_id:
            return One(view.terms, paid, said, decision=decision, before=before, used=used, facts=facts)
        used, before = decision.usage, before + 1
    raise RuntimeError(f"line {row_id} is not among its own cases")


def _facts(case: Mapping[str, Any], view: PlanView) -> Facts:
    """As `benefits.batch` takes a case: amounts after other payers, on the lists that the plan asks for."""
    lines = tuple(
        Line(kind, _yuan(case[f"of:{kind}"]), lists=frozenset(view.lists)) for kind in view.kinds if case[f"of:{kind}"]
    )
    insured = Insured(
        age=case["age"], health_class=case["health_class"], continuity_years=case["continuity"],
        claim_free_years=case["claim_free"],
    )
    bill = Bill(lines=lines, setting=case["setting"], locality=case["locality"], settled=case["settled"])
    return Facts(insured=insured, event=Event(code=str(case["row_id"])), bills=(bill,))


def _yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)

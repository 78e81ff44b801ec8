"""One record decided by itself, with every step: what the page of a proposal shows. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import polars as pl

from benefits.decide import Decision, decide
from benefits.facts import Bill, Event, Facts, Insured, Line
from benefits.usage import NOTHING_USED
from continuity.in_columns import with_facts
from programs.benefit_terms import engine_language
from programs.plan_views import PlanView, plans_of
from records.deciding import in_order, lines_before, lines_of_cover, used_before, used_of
from records.models import Proposal


@dataclass(frozen=True)
class One:
    """`decision`: what the plan pays after `before` settlements of the same cover, by what is known now."""

    decision: Decision
    before: int

    @cached_property
    def language(self) -> str:
        """Of the page."""
        return engine_language()

    @property
    def due(self) -> Decimal:
        """Yuan."""
        return self.decision.amount

    @property
    def steps(self) -> list[tuple[str, str, str, str, str]]:
        """The trace as a table."""
        return self.decision.trace.table(self.language)

    @property
    def sentences(self) -> list[str]:
        """The trace in plain words."""
        return self.decision.trace.sentences(self.language)


def decided_one(proposal: Proposal) -> One | None:
    """A proposal's record decided after the settlements of its cover before it; None where its line or its plan says nothing."""
    plans = plans_of(proposal.program_id)
    view = plans.get(proposal.plan_id)
    cover = proposal.enrollment_id
    lines = lines_of_cover(proposal.record_list, plans, cover=cover)
    lines = lines.filter(~pl.col("row_id").is_in(_settled(proposal)))
    if view is None or view.terms is None or lines.filter(pl.col("row_id") == proposal.row_id).is_empty():
        return None
    ordered = in_order(lines, lines_before(proposal.record_list, [cover], plans))
    place = ordered.filter(pl.col("row_id") == proposal.row_id)["place"][0]
    cases = with_facts(ordered.filter(pl.col("computable") & (pl.col("place") <= place)), view)
    used = used_before(ordered, view, used_of([cover])).get(cover, NOTHING_USED)
    before = 0
    for case in cases.iter_rows(named=True):
        decision = decide(_facts(case, view), view.terms, used)
        if case["row_id"] == proposal.row_id:
            return One(decision, before)
        used, before = decision.usage, before + 1
    return None


def _settled(proposal: Proposal) -> list[int]:
    """Records of the same file and cover whose claims have been decided: they have used the cover as claims do."""
    decided = Proposal.objects.filter(
        record_list=proposal.record_list_id, enrollment=proposal.enrollment_id, case__claims__enrollment=proposal.enrollment_id,
        case__claims__settlement__isnull=False,
    )
    return list(decided.values_list("row_id", flat=True))


def _facts(case: Mapping[str, Any], view: PlanView) -> Facts:
    """As `benefits.batch` takes a case: amounts after other payers, on the lists that the plan asks for."""
    lines = tuple(
        Line(kind, Decimal(case[f"of:{kind}"]).scaleb(-2), lists=frozenset(view.lists))
        for kind in view.kinds if case[f"of:{kind}"]
    )
    insured = Insured(
        age=case["age"], health_class=case["health_class"], continuity_years=case["continuity"],
        claim_free_years=case["claim_free"],
    )
    bill = Bill(lines=lines, setting=case["setting"], locality=case["locality"], settled=case["settled"])
    return Facts(insured=insured, event=Event(code=str(case["row_id"])), bills=(bill,))

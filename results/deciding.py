"""Held lines of a report decided by a person before it is submitted: singly or many at once, with a reason.

What was decided stands in the line's own findings, so the digest that a second person approves covers it. The covers of decided
lines are recalculated: a line that is left out uses up no deductible and no limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from psycopg import sql

from accounts.models import User
from audit import events
from audit.faults import fault_point
from intake.copying import ask
from intake.deciding import Change, in_review, reason_of, settle
from intake.held import Choice, HeldLines
from results.comparing import add, recalculate_again
from results.errors import ResultsRefused
from results.models import LineDecision, Report, ReportDecision, ReportRow, ReportSlice
from results.reach import refuse_beyond
from results.template import template_of

#: What of a report is decided about.
HELD = HeldLines(ReportRow._meta.db_table, "report_id")
_SLICES = "SELECT DISTINCT enrollment_id %% {of} FROM deciding WHERE enrollment_id IS NOT NULL"


@dataclass(frozen=True)
class Decided:
    """What a decision did; `left`: lines that were chosen and cannot be so decided."""

    decision: ReportDecision
    left: int


def decide_lines(report: Report, *, choice: Choice, kind: LineDecision, reason: str, by: User, at: datetime) -> Decided:
    """Decide the chosen lines of a report in review, all in one transaction."""
    with transaction.atomic():
        fault_point("results.decide_lines.locking")
        template = template_of(report)
        found: Report = in_review(report, template)
        refuse_beyond(
            by, "results.submit_report", organization=found.organization, region_code=found.region_code,
            program_id=found.program_id,
        )
        reason = reason_of(reason)
        events.refuse_personal(reason)
        left, rows = HELD.choose(found, choice, kind.value)
        if not rows:
            raise ResultsRefused("NOTHING_TO_DECIDE")
        fault_point("results.decide_lines.before")
        decision = ReportDecision.objects.create(
            report=found, kind=kind, reason=reason, chosen=choice.facts, rows=rows, decided_by=by, decided_at=at
        )
        changes = _changed(found, decision)
        settle(found, template, changes, at=at)
        events.record(
            "payout_report.decided", found, by=by, at=at, organization=found.organization, region_code=found.region_code,
            program_id=found.program_id,
            data={"rows": rows, "kind": kind.value, "reason": reason, "decision": decision.pk, "digest": found.digest[:12]},
        )
        fault_point("results.decide_lines.after")
    return Decided(decision, left)


def _changed(report: Report, decision: ReportDecision) -> dict[int, Change]:
    """Write the decision into the lines, and recalculate their covers; what that changes in each chunk."""
    of = ReportSlice.objects.filter(report=report).values_list("of", flat=True).first() or 1
    slices = [number for (number,) in ask(sql.SQL(_SLICES).format(of=sql.Literal(of)), {})]
    changes = HELD.write(decision.kind, decision=decision.pk, reason=decision.reason)
    for chunk, change in recalculate_again(report, template_of(report), slices).items():
        add(changes.setdefault(chunk, Change()), change)
    return changes

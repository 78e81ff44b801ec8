"""Held lines of a file of claims decided by a person before it is submitted: singly or many at once, with a reason.

What was decided stands in the line's own findings, so the digest that a second person approves covers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from audit import events
from audit.faults import fault_point
from filings.errors import FilingsRefused
from filings.models import ClaimFile, ClaimFileRow, FilingDecision, LineDecision
from filings.reach import refuse_beyond
from filings.template import template_of
from intake.deciding import in_review, reason_of, settle
from intake.held import Choice, HeldLines

#: What of a file is decided about.
HELD = HeldLines(ClaimFileRow._meta.db_table, "claim_file_id")


@dataclass(frozen=True)
class Decided:
    """What a decision did; `left`: lines that were chosen and cannot be so decided."""

    decision: FilingDecision
    left: int


def decide_lines(
    subject: ClaimFile, *, choice: Choice, kind: LineDecision, reason: str, by: User, at: datetime
) -> Decided:
    """Decide the chosen lines of a file in review, all in one transaction."""
    with transaction.atomic():
        fault_point("filings.decide_lines.locking")
        template = template_of(subject)
        found: ClaimFile = in_review(subject, template)
        refuse_beyond(
            by, "filings.submit_claimfile", organization=found.organization, region_code=found.region_code,
            program_id=found.program_id,
        )
        reason = reason_of(reason)
        events.refuse_personal(reason)
        left, rows = HELD.choose(found, choice, kind.value)
        if not rows:
            raise FilingsRefused("NOTHING_TO_DECIDE")
        fault_point("filings.decide_lines.before")
        decision = FilingDecision.objects.create(
            claim_file=found, kind=kind, reason=reason, chosen=choice.facts, rows=rows, decided_by=by, decided_at=at
        )
        settle(found, template, HELD.write(kind.value, decision=decision.pk, reason=reason), at=at)
        events.record(
            "claim_file.decided", found, by=by, at=at, organization=found.organization, region_code=found.region_code,
            program_id=found.program_id,
            data={"rows": rows, "kind": kind.value, "reason": reason, "decision": decision.pk, "digest": found.digest[:12]},
        )
        fault_point("filings.decide_lines.after")
    return Decided(decision, left)

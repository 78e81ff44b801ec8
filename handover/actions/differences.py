"""What is answered to an insurer where its invoice differs from our lists: line by line, or about its one sum."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.models import User
from audit import events
from audit.faults import fault_point
from audit.history import plan_anew
from handover.actions.invoices import reason_given
from handover.errors import HandOverRefused
from handover.models import DecisionKind, Invoice, InvoiceDecision
from handover.objecting import objections, workbook
from handover.reach import refuse_beyond
from handover.totals import bearer_of, difference_of, shares_due, template_of
from intake.deciding import Change, in_review, settle
from intake.findings import Verdict
from intake.models import State

#: By kind which of the chosen lines can be so decided.
_CAN = {
    # Whose difference nobody bears but the insured themselves: nobody asks a person for another fen.
    DecisionKind.ACCEPT: """r.verdict = %(doubtful)s AND r.amount IS NOT NULL AND r.due IS NOT NULL AND EXISTS (
        SELECT FROM beneficiaries_enrollment e JOIN programs_fundingsplitline s ON s.split_id = e.split_id AND s.amount > 0
        WHERE e.id = r.enrollment_id)""",
    DecisionKind.INSIST: "true",
    DecisionKind.ASK: "true",
    DecisionKind.REOPEN: "r.decision_id IS NOT NULL",
}
_CHOSEN = """
FROM handover_invoicerow r WHERE r.invoice_id = %(invoice)s AND r.verdict = ANY(%(differing)s) AND {which}
"""
_DECIDED = """
WITH chosen AS (SELECT r.id, r.chunk, r.decision_id {chosen} AND {can} FOR UPDATE),
changed AS (UPDATE handover_invoicerow r SET decision_id = %(decision)s FROM chosen WHERE r.id = chosen.id RETURNING r.id)
SELECT chunk, decision_id, count(*) FROM chosen GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Choice:
    """Which differing lines are meant: named ones, or all with a finding that nobody has decided yet."""

    rows: tuple[int, ...] = ()
    code: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """As the decision keeps it."""
        return {"rows": len(self.rows)} if self.rows else {"code": self.code} if self.code else {}


@dataclass(frozen=True)
class Decided:
    """What a decision did: the lines it changed are its own; `left` were chosen and cannot be so decided."""

    decision: InvoiceDecision
    left: int


def decide_lines(
    invoice: Invoice, *, choice: Choice, kind: DecisionKind, reason: str, by: User, at: datetime
) -> Decided:
    """Decide differing lines of an invoice in review, all in one transaction; the digest covers it."""
    with transaction.atomic():
        found = _in_review(invoice, by=by)
        if not found.has_lines:
            raise HandOverRefused("SUM_WHOLE")
        reason = reason_given(reason)
        which, facts = _which(choice, kind)
        facts |= {
            "invoice": found.pk, "doubtful": int(Verdict.DOUBTFUL),
            "differing": [int(each) for each in (Verdict.DOUBTFUL, Verdict.REFUSED, Verdict.COVERED)],
        }
        chosen = _CHOSEN.format(which=which)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FILTER (WHERE {_CAN[kind]}), count(*) {chosen}", facts
            )
            rows, whole = cursor.fetchone()
            if not rows:
                raise HandOverRefused("NOTHING_TO_DECIDE")
            fault_point("handover.decide_lines.before")
            decision = InvoiceDecision.objects.create(
                invoice=found, kind=kind, reason=reason, chosen=choice.facts, rows=rows, decided_by=by, decided_at=at
            )
            stands = None if kind == DecisionKind.REOPEN else decision.pk
            plan_anew(cursor)
            cursor.execute(_DECIDED.format(chosen=chosen, can=_CAN[kind]), {**facts, "decision": stands})
            changes: dict[int, Change] = {}
            for chunk, before, number in cursor.fetchall():
                told = changes.setdefault(chunk, Change()).decided
                told.update(Counter({str(before): -number} if before is not None else {}))
                told.update(Counter({str(stands): number} if stands is not None else {}))
        settle(found, template_of(found), changes, at=at)
        _record("invoice.lines_decided", found, decision, by=by, at=at, lines=rows)
        fault_point("handover.decide_lines.after")
    return Decided(decision, whole - rows)


def decide_sum(invoice: Invoice, *, kind: DecisionKind, reason: str, by: User, at: datetime) -> InvoiceDecision:
    """Decide the difference of an invoice without lines as one."""
    with transaction.atomic():
        found = _in_review(invoice, by=by)
        if found.has_lines:
            raise HandOverRefused("SUM_OF_LINES")
        if not difference_of(found):
            raise HandOverRefused("NOTHING_TO_DECIDE")
        if kind == DecisionKind.ACCEPT and bearer_of(shares_due(found)) is None:
            raise HandOverRefused("NOBODY_BEARS")
        reason = reason_given(reason)
        fault_point("handover.decide_sum.before")
        decision = InvoiceDecision.objects.create(
            invoice=found, kind=kind, reason=reason, chosen={"whole": True}, rows=0, decided_by=by, decided_at=at
        )
        settle(found, template_of(found), {}, at=at)
        _record("invoice.sum_decided", found, decision, by=by, at=at, difference=str(difference_of(found)))
        fault_point("handover.decide_sum.after")
    return decision


def write_objections(invoice: Invoice, *, by: User, at: datetime) -> bytes:
    """The workbook that goes back to the insurer: what is insisted on and what is asked, once a second person has approved it."""
    with transaction.atomic():
        found = Invoice.objects.visible_to(by, "handover.view_invoice").select_related("insurer", "organization").get(pk=invoice.pk)
        if found.state != State.APPLIED:
            raise HandOverRefused("OBJECTIONS_LATER")
        rows = objections(found)
        if not rows:
            raise HandOverRefused("NO_OBJECTIONS")
        fault_point("handover.write_objections.before")
        events.record(
            "invoice.objections_taken", found, by=by, at=at, organization=found.organization, region_code=found.region_code,
            program_id=found.program_id, data={"lines": len(rows)},
        )
        fault_point("handover.write_objections.after")
    return workbook(found, rows)


def _in_review(invoice: Invoice, *, by: User) -> Invoice:
    fault_point("handover.invoice.locking")
    found: Invoice = in_review(invoice, template_of(invoice))
    refuse_beyond(
        by, "handover.submit_invoice", organization=found.organization, region_code=found.region_code, program_id=found.program_id
    )
    return found


def _which(choice: Choice, kind: DecisionKind) -> tuple[str, dict[str, Any]]:
    """The lines of a choice as a condition."""
    if choice.rows:
        return "r.id = ANY(%(rows)s)", {"rows": list(choice.rows)}
    undecided = "r.decision_id IS NOT NULL" if kind == DecisionKind.REOPEN else "r.decision_id IS NULL"
    return (f"{undecided} AND %(code)s = ANY(r.codes)", {"code": choice.code}) if choice.code else (undecided, {})


def _record(verb: str, invoice: Invoice, decision: InvoiceDecision, *, by: User, at: datetime, **data: Any) -> None:
    events.record(
        verb, invoice, by=by, at=at, organization=invoice.organization, region_code=invoice.region_code,
        program_id=invoice.program_id,
        data={"decision": decision.pk, "kind": str(decision.kind), "reason": decision.reason, **data},
    )

"""Answers made real, set-wise: lines answered once, accepted people in force under their policies, refused ones taken out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from audit import events
from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries.actions import void_waiting
from beneficiaries.gating import PASSABLE, Gate, lock_rosters, pass_gate_of
from beneficiaries.models import Enrollment
from handover import statement
from handover.models import Answer, Direction, HandOver, HandOverState, Receipt, ReceiptRow
from intake.findings import Verdict
from intake.models import Chunk
from intake.template import Applied

_ROWS = "r.receipt_id = %(receipt)s AND r.chunk = %(chunk)s AND r.verdict = %(new)s AND r.set_aside = ''"
# In one order, before anything is compared: what another receipt answers meanwhile shows as drift.
_LOCK = f"""
SELECT count(*) FROM (
    SELECT FROM handover_handoverline l JOIN handover_receiptrow r ON r.line_id = l.id WHERE {_ROWS}
    ORDER BY l.id FOR UPDATE OF l) locked
"""  # noqa: S608 - constants of this module
_SET_ASIDE = f"""
UPDATE handover_receiptrow r SET set_aside = 'CHANGED_SINCE_REVIEW' FROM handover_handoverline l
WHERE l.id = r.line_id AND {_ROWS} AND (l.answer <> '' OR NOT l.stands OR (
    %(own)s AND r.answer = 'accepted' AND EXISTS (
        SELECT FROM handover_handoverline other JOIN handover_handover h ON h.id = other.hand_over_id
        WHERE other.policy_number = r.policy_number AND other.policy_number <> '' AND h.insurer_id = %(insurer)s
            AND other.enrollment_id <> l.enrollment_id)))
"""  # noqa: S608
_ANSWERED = f"""
UPDATE handover_handoverline l SET answer = r.answer, row_id = r.id, answered_at = %(at)s,
    policy_number = CASE WHEN r.answer = 'accepted' THEN coalesce(r.policy_number, '') ELSE '' END,
    refusal = coalesce(r.refusal, '')
FROM handover_receiptrow r WHERE r.line_id = l.id AND {_ROWS}
"""  # noqa: S608
_COUNTED = f"SELECT r.answer, count(*) FROM handover_receiptrow r WHERE {_ROWS} GROUP BY 1"  # noqa: S608
# Where the plan asks for no acceptance, cover stands already: it only gets its number.
_NUMBERED = f"""
UPDATE beneficiaries_enrollment e SET insurer_policy_number = r.policy_number
FROM handover_receiptrow r WHERE e.id = r.enrollment_id AND {_ROWS} AND r.answer = 'accepted' AND r.policy_number IS NOT NULL
    AND e.state IN ('in_force', 'ended') AND e.insurer_policy_number = ''
"""  # noqa: S608


def answer_lines(
    receipt: Receipt, chunk: Chunk, hand_over: HandOver, *, asks_acceptance: bool, own_policies: bool, at: datetime
) -> Applied:
    """The answers of one chunk, in the caller's transaction."""
    facts: dict[str, Any] = {
        "receipt": receipt.pk, "chunk": chunk.number, "new": int(Verdict.NEW), "at": at, "own": own_policies,
        "insurer": hand_over.insurer_id,
    }
    fault_point("handover.answer.before")
    with connection.cursor() as cursor:
        if own_policies:
            # One policy number for two people, by two receipts at once: the second sees the first.
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"handover.policies:{hand_over.insurer_id}"]
            )
        cursor.execute(_LOCK, facts)
        plan_anew(cursor)
        cursor.execute(_SET_ASIDE, facts)
        set_aside = cursor.rowcount
        fault_point("handover.answer.lines")
        cursor.execute(_ANSWERED, facts)
        cursor.execute(_COUNTED, facts)
        counts = dict(cursor.fetchall())
        if hand_over.direction == Direction.ENTRY and not asks_acceptance:
            plan_anew(cursor)
            cursor.execute(_NUMBERED, facts)
    accepted, refused = counts.get(Answer.ACCEPTED, 0), counts.get(Answer.REFUSED, 0)
    if hand_over.direction == Direction.ENTRY and asks_acceptance:
        rows = ReceiptRow.objects.filter(receipt=receipt, chunk=chunk.number, verdict=Verdict.NEW, set_aside="")
        _take_in(rows.filter(answer=Answer.ACCEPTED), hand_over, by=receipt.decided_by, at=at)
        if refused:
            _take_out(rows.filter(answer=Answer.REFUSED), by=receipt.decided_by, at=at)
    fault_point("handover.answer.counted")
    kept = HandOver.objects.select_for_update(of=("self",)).get(pk=hand_over.pk)
    kept.accepted, kept.refused = kept.accepted + accepted, kept.refused + refused
    kept.save(update_fields=["accepted", "refused"])
    fault_point("handover.answer.after")
    return Applied(accepted + refused, set_aside)


def _take_in(rows: QuerySet[ReceiptRow], hand_over: HandOver, *, by: Any, at: datetime) -> None:
    """Whoever still waits for the insurer comes into force under a policy number of their own."""
    pass_gate_of(
        Enrollment.objects.filter(pk__in=rows.values("enrollment_id")), gate=Gate.ACCEPTANCE, period=hand_over.period,
        numbers=rows.values("enrollment_id", "policy_number"), by=by, at=at,
    )


def _take_out(rows: QuerySet[ReceiptRow], *, by: Any, at: datetime) -> None:
    """Whoever still waits is voided and the money goes back; a roster that is being undone does that itself."""
    covers = Enrollment.objects.filter(pk__in=rows.values("enrollment_id"))
    rosters = lock_rosters(covers)
    standing = [pk for pk, roster in rosters.items() if roster.state in PASSABLE]
    void_waiting(covers.filter(Q(roster__in=standing) | Q(roster=None)), by=by, at=at)


def finish(receipt: Receipt, *, at: datetime) -> None:
    """The statement as it now stands, and whether all is answered; in the transaction that ends the receipt."""
    fault_point("handover.finish_receipt.before")
    found = HandOver.objects.select_for_update(of=("self",)).select_related("organization").get(pk=receipt.hand_over_id)
    found.statement = statement.counted(found)
    if found.state == HandOverState.RELEASED and not found.open_lines:
        found.state = HandOverState.ANSWERED
    found.save(update_fields=["statement", "state"])
    if found.state == HandOverState.ANSWERED:
        events.record(
            "hand_over.answered", found, by="system:handover", at=at, organization=found.organization,
            region_code=found.region_code, program_id=found.program_id,
            data={"accepted": found.accepted, "refused": found.refused},
        )
    fault_point("handover.finish_receipt.after")

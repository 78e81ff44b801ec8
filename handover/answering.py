"""Answers made real, set-wise: lines answered once, accepted people in force under their policies, refused ones taken out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from audit import events
from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries.actions import void_waiting
from beneficiaries.gating import PASSABLE, accept_numbered, share_rosters
from beneficiaries.models import Enrollment, Roster
from handover import statement
from handover.models import Answer, Direction, HandOver, HandOverState, Receipt
from intake.findings import Verdict
from intake.models import Chunk, State
from intake.template import Applied

# Judged as it is locked, in the order of the lines: what another receipt has answered meanwhile shows here. `place`: where
# the locked line lies, so that writing its answer needs no search. By arrays: a join would read all lines for each chunk.
_WORK = """
CREATE TEMPORARY TABLE receipt_work ON COMMIT DROP AS
SELECT r.id AS row_id, r.line_id, r.enrollment_id, r.answer, r.policy_number, r.refusal, l.ctid AS place,
    l.answer <> '' OR NOT l.stands AS drifted
FROM handover_receiptrow r JOIN handover_handoverline l ON l.id = r.line_id AND l.id = ANY(ARRAY(
    SELECT line_id FROM handover_receiptrow
    WHERE receipt_id = %(receipt)s AND chunk = %(chunk)s AND verdict = %(new)s AND set_aside = ''))
WHERE r.receipt_id = %(receipt)s AND r.chunk = %(chunk)s AND r.verdict = %(new)s AND r.set_aside = ''
ORDER BY r.line_id FOR UPDATE OF l
"""
_SET_ASIDE = """
WITH drifted AS (
    DELETE FROM receipt_work w
    WHERE w.drifted OR (
        %(own)s AND w.answer = 'accepted' AND EXISTS (
            SELECT FROM handover_handoverline other JOIN handover_handover h ON h.id = other.hand_over_id
            WHERE other.policy_number = w.policy_number AND other.policy_number <> '' AND h.insurer_id = %(insurer)s
                AND other.enrollment_id <> w.enrollment_id))
    RETURNING w.row_id
)
UPDATE handover_receiptrow r SET set_aside = 'CHANGED_SINCE_REVIEW' FROM drifted WHERE r.id = drifted.row_id
"""
_ANSWERED = """
UPDATE handover_handoverline l SET answer = w.answer, row_id = w.row_id, answered_at = %(at)s,
    policy_number = CASE WHEN w.answer = 'accepted' THEN coalesce(w.policy_number, '') ELSE '' END,
    refusal = coalesce(w.refusal, '')
FROM receipt_work w WHERE l.ctid = ANY(ARRAY(SELECT place FROM receipt_work)) AND w.line_id = l.id
"""
_COUNTED = "SELECT answer, count(*) FROM receipt_work GROUP BY 1"
# Where the plan asks for no acceptance, cover stands already: it only gets its number.
_NUMBERED = """
UPDATE beneficiaries_enrollment e SET insurer_policy_number = w.policy_number
FROM receipt_work w WHERE e.id = w.enrollment_id AND w.answer = 'accepted' AND w.policy_number IS NOT NULL
    AND e.state IN ('in_force', 'ended') AND e.insurer_policy_number = ''
"""
# As an array: joined with the chunk by older statistics, the covers of the whole list were read.
_COVERS = "beneficiaries_enrollment.id = ANY(ARRAY(SELECT enrollment_id FROM receipt_work WHERE answer = ANY(%s)))"
_NUMBERS = "SELECT enrollment_id, policy_number FROM receipt_work WHERE answer = %s"


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
        cursor.execute("SET LOCAL work_mem = '64MB'")
        if own_policies:
            _take_turn(cursor, receipt, hand_over)
        cursor.execute(_WORK, facts)
        # Whatever the planner takes the covers for, each finds its line by index: else a chunk was compared with itself.
        cursor.execute("CREATE INDEX ON receipt_work (enrollment_id)")
        cursor.execute("ANALYZE receipt_work")
        plan_anew(cursor)
        cursor.execute(_SET_ASIDE, facts)
        set_aside = cursor.rowcount
        fault_point("handover.answer.lines")
        cursor.execute(_ANSWERED, facts)
        written = cursor.rowcount
        cursor.execute(_COUNTED)
        counts = dict(cursor.fetchall())
        if written != sum(counts.values()):
            raise RuntimeError(f"receipt {receipt.pk}: {written} of {sum(counts.values())} lines written")
        if hand_over.direction == Direction.ENTRY and not asks_acceptance:
            plan_anew(cursor)
            cursor.execute(_NUMBERED)
    accepted, refused = counts.get(Answer.ACCEPTED, 0), counts.get(Answer.REFUSED, 0)
    if hand_over.direction == Direction.ENTRY and asks_acceptance and counts:
        # The lines are locked, so nobody else answers for these people; chunks of one roster go on side by side.
        rosters = share_rosters(_covers(*Answer.values))
        _take_in(hand_over, rosters, by=receipt.decided_by, at=at)
        if refused:
            # Last, since it moves money: whoever gives back to one budget takes turns until the commit.
            _take_out(rosters, by=receipt.decided_by, at=at)
    fault_point("handover.answer.counted")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE receipt_work")
    kept = HandOver.objects.select_for_update(of=("self",)).get(pk=hand_over.pk)
    kept.accepted, kept.refused = kept.accepted + accepted, kept.refused + refused
    kept.save(update_fields=["accepted", "refused"])
    fault_point("handover.answer.after")
    return Applied(accepted + refused, set_aside)


def _take_turn(cursor: Any, receipt: Receipt, hand_over: HandOver) -> None:
    """One policy number for two people, by two receipts at once: the second sees the first.

    Chunks of one receipt name no number twice (that was refused at the review), so they share the turn, unless another
    receipt of the insurer is being applied. Both cannot think that they are alone: each was on its way before its first
    chunk, and stays so until its last is committed.
    """
    cursor.execute(_OTHERS, {"insurer": hand_over.insurer_id, "applying": State.APPLYING, "receipt": receipt.pk})
    alone = cursor.fetchone() is None
    lock = "pg_advisory_xact_lock_shared" if alone else "pg_advisory_xact_lock"
    cursor.execute(f"SELECT {lock}(hashtextextended(%s, 0))", [f"handover.policies:{hand_over.insurer_id}"])


_OTHERS = """
SELECT FROM handover_receipt r JOIN handover_handover h ON h.id = r.hand_over_id
WHERE h.insurer_id = %(insurer)s AND r.state = %(applying)s AND r.id <> %(receipt)s LIMIT 1
"""


def _covers(*answers: str) -> QuerySet[Enrollment]:
    """Enrollments of the chunk's work that got one of these answers."""
    return Enrollment.objects.extra(where=[_COVERS], params=[list(answers)])  # noqa: S610 - a constant of this module


def _take_in(hand_over: HandOver, rosters: Mapping[int, Roster], *, by: Any, at: datetime) -> None:
    """Whoever still waits for the insurer comes into force under a policy number of their own."""
    accept_numbered(
        RawSQL(_NUMBERS, [Answer.ACCEPTED.value]), rosters=rosters, period=hand_over.period, by=by, at=at  # noqa: S611
    )


def _take_out(rosters: Mapping[int, Roster], *, by: Any, at: datetime) -> None:
    """Whoever still waits is voided and the money goes back; a roster that is being undone does that itself."""
    standing = {pk: roster for pk, roster in rosters.items() if roster.state in PASSABLE}
    covers = _covers(Answer.REFUSED).filter(Q(roster__in=list(standing)) | Q(roster=None))
    void_waiting(covers, rosters=standing, by=by, at=at)


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

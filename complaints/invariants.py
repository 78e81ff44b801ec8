"""What must hold of complaints and appeals; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import NUMBER, Invariant
from claims.rules.states import OPEN

_OPEN = ", ".join(f"'{state.value}'" for state in OPEN)

INVARIANTS = [
    Invariant(
        15, "complaint_answered_by_another",
        _("No complaint was answered by who recorded it, decided the claim or gave the reviewed answer."),
        """
        SELECT c.id FROM complaints_complaint c WHERE c.answered_by_id IS NOT NULL AND (
            c.answered_by_id = c.recorded_by_id
            OR EXISTS (SELECT FROM complaints_complaint earlier WHERE earlier.id = c.of_id
                AND earlier.answered_by_id = c.answered_by_id)
            OR EXISTS (SELECT FROM claims_decision d WHERE d.id = c.decision_id AND (d.proposed_by_id = c.answered_by_id
                OR EXISTS (SELECT FROM claims_signature s WHERE s.decision_id = d.id AND s.by_id = c.answered_by_id))))
        """,
    ),
    Invariant(
        15, "complaint_extended_by_another",
        _("No term of a complaint was made longer by whoever asked for it, nor longer than that."),
        """
        SELECT e.id FROM complaints_extension e JOIN complaints_complaint c ON c.id = e.complaint_id
        WHERE e.state = 'approved' AND (e.decided_by_id = e.asked_by_id OR c.due_on < e.until)
        UNION ALL
        SELECT c.id FROM complaints_complaint c WHERE c.due_on <> coalesce(
            (SELECT max(e.until) FROM complaints_extension e WHERE e.complaint_id = c.id AND e.state = 'approved'),
            c.received_on + CASE c.kind WHEN 'review' THEN 30 ELSE 15 END)
        """,
    ),
    Invariant(
        18, "upheld_appeal_is_decided_anew", _("The claim of each upheld appeal is open, was withdrawn, or has a newer decision."),
        f"""
        SELECT a.id FROM complaints_complaint a JOIN claims_claim c ON c.id = a.claim_id
        JOIN claims_decision d ON d.id = a.decision_id
        WHERE a.outcome IN ('upheld', 'partly') AND c.state NOT IN ({_OPEN}, 'withdrawn') AND NOT EXISTS (
            SELECT FROM claims_decision newer WHERE newer.claim_id = a.claim_id AND newer.number > d.number
                AND newer.state IN ('approved', 'replaced'))
        """,  # noqa: S608 - states of ours
    ),
    Invariant(
        18, "complaint_told_after_its_answer", _("Every answer was told after it was given."),
        """
        SELECT id FROM complaints_complaint
        WHERE told_on IS NOT NULL AND told_on < (answered_at AT TIME ZONE 'Asia/Shanghai')::date
        """,
    ),
    Invariant(
        18, "review_within_its_days", _("Every review was asked for within 30 days of the answer."),
        """
        SELECT r.id FROM complaints_complaint r JOIN complaints_complaint earlier ON earlier.id = r.of_id
        WHERE earlier.told_on IS NULL OR r.received_on < earlier.told_on OR r.received_on > earlier.told_on + 30
        """,
    ),
    Invariant(
        20, "every_complaint_step_has_its_event", _("Every step of a complaint has its event."),
        """
        SELECT c.id FROM complaints_complaint c WHERE NOT EXISTS (
            SELECT FROM audit_event e WHERE e.subject_type = 'complaints.complaint' AND e.subject_id = c.id::text
            AND e.verb = CASE c.state WHEN 'open' THEN 'complaint.recorded' ELSE 'complaint.' || c.state END)
        """,
    ),
    Invariant(
        26, "no_raw_numbers_in_complaints", _("No reason of a complaint holds a document or account number."),
        f"""
        SELECT id FROM complaints_complaint WHERE withdrawn_because ~ '{NUMBER}'
        UNION ALL SELECT id FROM complaints_extension WHERE reason ~ '{NUMBER}'
        """,  # noqa: S608
    ),
]

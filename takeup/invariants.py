"""What must hold of target populations; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import Invariant

INVARIANTS = [
    Invariant(
        15, "target_approved_by_another", _("No target population counts by its proposer's own word."),
        """
        SELECT id FROM takeup_target WHERE state IN ('approved', 'declined')
            AND (decided_by_id IS NULL OR decided_by_id = proposed_by_id)
        """,
    ),
    Invariant(
        17, "target_lies_in_its_program", _("Target populations are of their period's program, and of counties within its region."),
        """
        SELECT t.id FROM takeup_target t JOIN programs_period p ON p.id = t.period_id
        JOIN programs_program g ON g.id = t.program_id
        WHERE p.program_id <> t.program_id OR NOT starts_with(t.region_code, left(g.region_code, 6))
        """,
    ),
    Invariant(
        20, "every_target_has_its_event", _("Every target population that was proposed, approved or sent back has its event."),
        """
        SELECT t.id FROM takeup_target t
        CROSS JOIN LATERAL (VALUES ('target.proposed', t.proposed_at), (CASE WHEN t.reason <> '' THEN 'target.declined'
            ELSE 'target.approved' END, t.decided_at)) AS said(verb, at)
        WHERE said.at IS NOT NULL AND NOT EXISTS (
            SELECT FROM audit_event e WHERE e.verb = said.verb AND e.subject_type = 'takeup.target'
            AND e.subject_id = t.id::text AND e.at = said.at)
        """,
    ),
]

"""What must hold of comparisons; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import Invariant

INVARIANTS = [
    Invariant(
        15, "no_self_approved_review", _("No review of a period was decided by whoever drew it up."),
        """
        SELECT id FROM years_planreview
        WHERE (state = 'drawn') <> (decided_by_id IS NULL) OR decided_by_id = drawn_by_id
        """,
    ),
    Invariant(
        3, "comparison_counts_its_lists", _("What a comparison counts of those who left is how many its list names."),
        """
        SELECT comparison_id, outcome FROM (
            SELECT comparison_id, outcome, people FROM years_yearcount WHERE outcome NOT IN ('renewed', 'new')
            UNION ALL
            SELECT comparison_id, outcome, -1 FROM years_yearleft
        ) AS both_sides GROUP BY 1, 2 HAVING sum(people) <> 0
        """,
    ),
    Invariant(
        17, "who_left_was_covered_before", _("Whoever a comparison lists as left was enrolled in the period before."),
        """
        SELECT l.id FROM years_yearleft l JOIN years_comparison c ON c.id = l.comparison_id
        LEFT JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
        WHERE e.id IS NULL OR e.period_id <> c.before_id OR e.program_id <> c.program_id OR l.program_id <> c.program_id
            OR e.organization_id <> l.organization_id
        """,
    ),
    Invariant(
        20, "every_count_has_its_event", _("Every comparison that was counted has its event."),
        """
        SELECT c.id FROM years_comparison c WHERE c.counted_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM audit_event e WHERE e.verb = 'comparison.counted' AND e.subject_type = 'years.comparison'
            AND e.subject_id = c.id::text AND e.at = c.counted_at)
        """,
    ),
]

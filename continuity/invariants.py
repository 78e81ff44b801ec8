"""What must hold of earlier years; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import Invariant

INVARIANTS = [
    Invariant(
        17, "earlier_years_lie_in_their_list",
        _("Earlier years are of their list's program and day, and of a list that another person approved."),
        """
        SELECT y.id FROM continuity_earlieryears y LEFT JOIN continuity_earlierlist l ON l.id = y.list_id
        WHERE l.id IS NULL OR l.program_id <> y.program_id OR l.as_of <> y.as_of OR l.state NOT IN ('applying', 'applied')
            OR l.decided_by_id IS NULL OR l.decided_by_id = l.uploaded_by_id OR l.decided_by_id = l.submitted_by_id
        """,
    ),
    Invariant(
        17, "earlier_lines_are_let_go", _("Of a line of earlier years that was taken in, nothing stays as it came."),
        """
        SELECT r.id FROM continuity_earlierrow r
        JOIN continuity_earlierchunk k ON k.list_id = r.list_id AND k.number = r.chunk
        WHERE k.applied_at IS NOT NULL AND r.verdict = 1 AND r.set_aside = ''
            AND (r.raw IS NOT NULL OR r.identity_index_a IS NOT NULL OR r.identity_index_b IS NOT NULL)
        """,
    ),
]

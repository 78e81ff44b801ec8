"""Statements about exports that must hold at any time; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import NUMBER, Invariant

INVARIANTS = [
    Invariant(
        26, "no_raw_numbers_in_exports", _("No export's purpose or filters hold a document or account number."),
        f"SELECT id FROM exports_export WHERE purpose ~ '{NUMBER}' OR narrowed::text ~ '{NUMBER}'",  # noqa: S608
    ),
    Invariant(
        20, "export_has_its_event", _("Every export that left has its event, with as many rows."),
        """
        SELECT e.id FROM exports_export e WHERE e.state IN ('ready', 'sent') AND NOT EXISTS (
            SELECT 1 FROM audit_event v WHERE v.verb = 'export.made' AND v.subject_type = 'exports.export'
            AND v.subject_id = e.id::text AND v.actor_id = e.asked_by_id AND (v.data->>'rows')::bigint = e.rows)
        """,
    ),
    Invariant(
        18, "export_is_its_parts", _("A file that waits has all of its parts, and their rows are its rows."),
        """
        SELECT e.id FROM exports_export e LEFT JOIN exports_exportpart p ON p.export_id = e.id
        WHERE e.state = 'ready' GROUP BY e.id
        HAVING coalesce(sum(p.rows), 0) <> e.rows OR count(p.id) <> coalesce(max(p.number), -1)
        """,
    ),
    Invariant(
        27, "no_export_kept_past_its_time", _("No exported file is kept long after its time is over."),
        """
        SELECT e.id FROM exports_export e
        WHERE e.folder <> '' AND e.purged_at IS NULL AND e.purge_on < current_date - 7 AND NOT EXISTS (
            SELECT 1 FROM jobs_job j WHERE j.subject_type = 'exports.export' AND j.subject_id = e.id::text
            AND j.state IN ('queued', 'running'))
        """,
    ),
]

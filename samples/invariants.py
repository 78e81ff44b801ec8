"""What must hold of samples and their evidence; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import NUMBER, Invariant
from samples.drawing import WEIGHTED

INVARIANTS = [
    Invariant(
        19, "sample_is_as_drawn", _("Every sample holds the covers that its seed draws: numbers, ranks and checksum agree."),
        r"""
        SELECT i.sample_id, i.id FROM samples_sampleitem i JOIN samples_sample s ON s.id = i.sample_id
        WHERE i.rank <> encode(sha256(convert_to(s.seed || ':' || i.number, 'UTF8')), 'hex')
            OR (s.subject = 'covers' AND i.enrollment_id <> left(substring(i.number FROM '[0-9]+$'), -2)::bigint)
            OR (s.subject = 'covers') <> (i.payout_id IS NULL AND i.reported_id IS NULL)
            OR (s.subject = 'reported' AND i.reported_id IS DISTINCT FROM substring(i.number FROM 2)::bigint)
        UNION ALL
        SELECT i.sample_id, i.id FROM samples_sampleitem i JOIN samples_sample s ON s.id = i.sample_id AND s.subject = 'payouts'
        LEFT JOIN payouts_batchline l ON l.id = i.payout_id
        WHERE l.batch_id IS DISTINCT FROM substring(split_part(i.number, '-', 1) FROM 2)::bigint
            OR l.number IS DISTINCT FROM split_part(i.number, '-', 2)::int OR l.amount IS DISTINCT FROM i.amount
        UNION ALL
        SELECT s.id, NULL FROM samples_sample s LEFT JOIN samples_sampleitem i ON i.sample_id = s.id
        GROUP BY s.id
        HAVING count(i.id) <> least(s.size, s.population) OR count(i.id) <> max(i.position)
            OR s.digest <> encode(sha256(convert_to(string_agg(i.number || E'\n', '' ORDER BY i.position), 'UTF8')), 'hex')
        UNION ALL
        SELECT sample_id, id FROM (
            SELECT i.id, i.sample_id, i.rank, lag(i.rank) OVER (PARTITION BY i.sample_id, i.stratum ORDER BY i.position) AS before
            FROM samples_sampleitem i JOIN samples_sample s ON s.id = i.sample_id AND NOT s.is_weighted
        ) ordered WHERE before COLLATE "C" > rank COLLATE "C"
        UNION ALL
        SELECT sample_id, id FROM (
            SELECT id, sample_id, place, lag(place) OVER (PARTITION BY sample_id, stratum ORDER BY position) AS before FROM (
                SELECT i.*, """ + WEIGHTED.format(rank="i.rank", amount="i.amount") + r""" AS place
                FROM samples_sampleitem i JOIN samples_sample s ON s.id = i.sample_id AND s.is_weighted
            ) weighed
        ) ordered WHERE before > place
        """,  # noqa: S608
    ),
    Invariant(
        15, "clear_evidence_approved_by_another", _("No evidence in the clear was gathered without another person's approval."),
        """
        SELECT id FROM samples_evidencebundle WHERE is_clear AND state IN ('writing', 'ready', 'expired')
            AND (decided_by_id IS NULL OR decided_by_id = asked_by_id)
        """,
    ),
    Invariant(
        25, "opened_evidence_has_its_event",
        _("Every cover whose evidence was opened in the clear has its event with the purpose."),
        """
        SELECT b.id, p.position FROM samples_evidencebundle b JOIN samples_evidencepart p ON p.bundle_id = b.id
        JOIN samples_sampleitem i ON i.sample_id = b.sample_id AND i.position = p.position
        WHERE b.is_clear AND NOT EXISTS (
            SELECT FROM audit_event e WHERE e.verb = 'cover.evidence_opened' AND e.subject_type = 'beneficiaries.enrollment'
            AND e.subject_id = i.enrollment_id::text AND (e.data ->> 'bundle')::bigint = b.id AND e.data ->> 'purpose' <> '')
        """,
    ),
    Invariant(
        18, "evidence_is_its_parts", _("Evidence that waits has the file of every cover of its sample, and how it was drawn."),
        """
        SELECT b.id FROM samples_evidencebundle b LEFT JOIN samples_evidencepart p ON p.bundle_id = b.id
        WHERE b.state = 'ready' GROUP BY b.id
        HAVING count(p.id) <> b.items + 1 OR coalesce(max(p.position), -1) <> b.items
            OR coalesce(sum(p.page_size + p.data_size), 0) <> b.size
            OR b.items <> (SELECT count(*) FROM samples_sampleitem i WHERE i.sample_id = b.sample_id)
        """,
    ),
    Invariant(
        20, "every_sample_has_its_events", _("Every sample and every step of its evidence has its event."),
        """
        SELECT s.id FROM samples_sample s WHERE NOT EXISTS (
            SELECT FROM audit_event e WHERE e.subject_type = 'samples.sample' AND e.subject_id = s.id::text
            AND e.verb = 'sample.drawn' AND e.data ->> 'seed' = s.seed AND e.data ->> 'checksum' = left(s.digest, 12))
        UNION ALL
        SELECT s.id FROM samples_sample s WHERE s.finished_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM audit_event e WHERE e.subject_type = 'samples.sample' AND e.subject_id = s.id::text
            AND e.verb = 'sample.finished')
        UNION ALL
        SELECT b.id FROM samples_evidencebundle b WHERE NOT EXISTS (
            SELECT FROM audit_event e WHERE e.subject_type = 'samples.evidencebundle' AND e.subject_id = b.id::text
            AND e.verb = 'evidence.' || CASE b.state WHEN 'ready' THEN 'gathered' WHEN 'expired' THEN 'purged'
                WHEN 'writing' THEN 'asked' ELSE b.state END)
        """,
    ),
    Invariant(
        26, "no_raw_numbers_in_samples", _("No purpose, note or conclusion of a sample holds a document or account number."),
        f"""
        SELECT id FROM samples_sample WHERE purpose ~ '{NUMBER}' OR conclusion ~ '{NUMBER}'
        UNION ALL SELECT id FROM samples_sampleitem WHERE note ~ '{NUMBER}'
        UNION ALL SELECT id FROM samples_evidencebundle WHERE purpose ~ '{NUMBER}' OR reason ~ '{NUMBER}'
        """,  # noqa: S608 - a pattern of ours
    ),
    Invariant(
        27, "no_evidence_kept_past_its_time", _("No file of evidence is kept long after its time is over."),
        """
        SELECT b.id FROM samples_evidencebundle b
        WHERE b.folder <> '' AND b.purged_at IS NULL AND b.purge_on < current_date - 7 AND NOT EXISTS (
            SELECT FROM jobs_job j WHERE j.subject_type = 'samples.evidencebundle' AND j.subject_id = b.id::text
            AND j.state IN ('queued', 'running'))
        """,
    ),
]

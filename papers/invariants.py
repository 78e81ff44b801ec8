"""What must hold of papers; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import NUMBER, Invariant

INVARIANTS = [
    Invariant(
        15, "printing_approved_by_another", _("No printing of many certificates was approved by whoever asked for it."),
        """
        SELECT id FROM papers_printing WHERE enrollment_id IS NULL AND state IN ('writing', 'ready', 'expired')
            AND (decided_by_id IS NULL OR decided_by_id = asked_by_id)
        """,
    ),
    Invariant(
        20, "every_print_has_its_event", _("Every certificate that was printed has its event, with as many people."),
        """
        SELECT p.id FROM papers_printing p WHERE p.state = 'sent' AND NOT EXISTS (
            SELECT FROM audit_event e WHERE e.verb = 'certificate.printed' AND e.subject_type = 'beneficiaries.enrollment'
            AND e.subject_id = p.enrollment_id::text AND (e.data ->> 'printing')::bigint = p.id AND e.actor_id = p.asked_by_id)
        UNION ALL
        SELECT p.id FROM papers_printing p WHERE p.state = 'ready' AND NOT EXISTS (
            SELECT FROM audit_event e WHERE e.verb = 'printing.made' AND e.subject_type = 'papers.printing'
            AND e.subject_id = p.id::text AND (e.data ->> 'people')::bigint = p.people)
        """,
    ),
    Invariant(
        18, "printing_is_its_parts", _("A printed file that waits has all of its parts, and their people are its people."),
        """
        SELECT p.id FROM papers_printing p LEFT JOIN papers_printedpart part ON part.printing_id = p.id
        WHERE p.state = 'ready' GROUP BY p.id
        HAVING coalesce(sum(part.people), 0) <> p.people OR coalesce(sum(part.size), 0) <> p.size
            OR count(DISTINCT part.region_code) <> p.villages OR count(part.id) <> coalesce(max(part.number), -1)
        """,
    ),
    Invariant(
        26, "no_raw_numbers_in_papers", _("No purpose or reason of a paper holds a document or account number."),
        f"SELECT id FROM papers_printing WHERE purpose ~ '{NUMBER}' OR reason ~ '{NUMBER}'",  # noqa: S608
    ),
    Invariant(
        27, "no_printing_kept_past_its_time", _("No printed file is kept long after its time is over."),
        """
        SELECT p.id FROM papers_printing p
        WHERE p.folder <> '' AND p.purged_at IS NULL AND p.purge_on < current_date - 7 AND NOT EXISTS (
            SELECT FROM jobs_job j WHERE j.subject_type = 'papers.printing' AND j.subject_id = p.id::text
            AND j.state IN ('queued', 'running'))
        """,
    ),
    Invariant(
        15, "request_decided_by_another", _("No request about personal data was decided by whoever recorded it."),
        """
        SELECT id FROM papers_personrequest WHERE state IN ('granted', 'declined')
            AND (decided_by_id IS NULL OR decided_by_id = recorded_by_id)
        """,
    ),
    Invariant(
        20, "every_request_step_has_its_event",
        _("Every request about personal data and every copy that was gathered has its event."),
        """
        SELECT r.id FROM papers_personrequest r WHERE NOT EXISTS (
            SELECT FROM audit_event e WHERE e.subject_type = 'papers.personrequest' AND e.subject_id = r.id::text
            AND e.verb = CASE r.state WHEN 'asked' THEN 'request.recorded' ELSE 'request.' || r.state END)
        UNION ALL
        SELECT r.id FROM papers_personrequest r WHERE r.storage_key <> '' AND NOT EXISTS (
            SELECT FROM audit_event e WHERE e.subject_type = 'papers.personrequest' AND e.subject_id = r.id::text
            AND e.verb = 'request.gathered')
        """,
    ),
    Invariant(
        18, "restriction_was_asked_for", _("Nobody's data is restricted without a request that was granted."),
        """
        SELECT b.id FROM beneficiaries_beneficiary b JOIN accounts_organization o ON o.id = b.organization_id
        LEFT JOIN beneficiaries_person p ON p.id = b.person_id
        WHERE b.restricted_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM papers_personrequest r JOIN accounts_organization office ON office.id = r.organization_id
            WHERE r.state = 'granted' AND r.kind IN ('deletion', 'restriction', 'withdrawal')
            AND r.person_id IN (b.person_id, p.merged_into_id) AND starts_with(o.path, office.path))
        """,
    ),
    Invariant(
        18, "nothing_new_of_restricted_people",
        _("No cover, certificate or proposal of a person came after their data was restricted."),
        """
        SELECT e.id FROM beneficiaries_enrollment e JOIN beneficiaries_beneficiary b ON b.id = e.beneficiary_id
        WHERE b.restricted_at IS NOT NULL AND e.created_at > b.restricted_at
        UNION ALL
        SELECT c.id FROM beneficiaries_personchange c JOIN beneficiaries_beneficiary b ON b.id = c.beneficiary_id
        WHERE b.restricted_at IS NOT NULL AND (c.proposed_at > b.restricted_at
            OR (c.state = 'approved' AND c.decided_at > b.restricted_at))
        UNION ALL
        SELECT p.id FROM papers_printing p JOIN beneficiaries_enrollment e ON e.id = p.enrollment_id
        JOIN beneficiaries_beneficiary b ON b.id = e.beneficiary_id
        WHERE b.restricted_at IS NOT NULL AND p.state = 'sent' AND p.asked_at > b.restricted_at
        """,
    ),
    Invariant(
        27, "no_copy_kept_past_its_time", _("No copy of a person's data is kept long after its time is over."),
        """
        SELECT r.id FROM papers_personrequest r
        WHERE r.storage_key <> '' AND r.purged_at IS NULL AND r.purge_on < current_date - 7 AND NOT EXISTS (
            SELECT FROM jobs_job j WHERE j.subject_type = 'papers.personrequest' AND j.subject_id = r.id::text
            AND j.state IN ('queued', 'running'))
        """,
    ),
]

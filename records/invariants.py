"""What must hold of settlement records and of proposals; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import Invariant

_APPLIED = "('applied', 'undo_asked', 'undoing', 'undone')"
INVARIANTS = [
    Invariant(
        9, "proposal_is_its_record",
        _("Each record that was taken in is one proposal, with its cover and its sum, and no other is."),
        f"""
        SELECT 'proposal', p.id FROM records_proposal p
        LEFT JOIN records_recordrow w ON w.id = p.row_id AND w.record_list_id = p.record_list_id
        LEFT JOIN records_recordchunk k ON k.record_list_id = w.record_list_id AND k.number = w.chunk
        LEFT JOIN records_calculation c ON c.row_id = p.row_id AND c.record_list_id = p.record_list_id
        WHERE w.id IS NULL OR w.verdict <> 1 OR w.set_aside <> '' OR w.enrollment_id <> p.enrollment_id
            OR w.settlement_number <> p.settlement_number OR w.total <> p.total OR k.applied_at IS NULL
            OR c.row_id IS NULL OR c.due <> p.due
        UNION ALL
        SELECT 'chunk', k.id FROM records_recordchunk k
        LEFT JOIN LATERAL (
            SELECT count(p.id) AS proposals, count(*) FILTER (WHERE w.verdict = 1) AS rows,
                count(*) FILTER (WHERE w.set_aside <> '') AS aside
            FROM records_recordrow w LEFT JOIN records_proposal p ON p.row_id = w.id
            WHERE w.record_list_id = k.record_list_id AND w.chunk = k.number
        ) AS found ON true
        WHERE k.applied_at IS NOT NULL AND (found.proposals <> k.applied_rows OR found.aside <> k.set_aside_rows
            OR found.rows <> k.applied_rows + k.set_aside_rows)
        UNION ALL
        SELECT 'file', r.id FROM records_recordlist r WHERE r.state IN {_APPLIED}
            AND EXISTS (SELECT FROM records_recordchunk k WHERE k.record_list_id = r.id AND k.applied_at IS NULL)
        """,  # noqa: S608 - states of ours
    ),
    Invariant(
        9, "proposal_sums_its_parts", _("What is due by a proposal is what its responsibilities make."),
        """
        SELECT p.id FROM records_proposal p
        LEFT JOIN LATERAL (SELECT sum(part.value::numeric) AS due FROM jsonb_each_text(p.parts) AS part) AS made ON true
        WHERE p.due <> coalesce(made.due, 0)
        """,
    ),
    Invariant(
        9, "record_sums_are_of_their_lines", _("The sums of a file of settlement records are those of its calculations."),
        f"""
        SELECT r.id FROM records_recordlist r
        LEFT JOIN LATERAL (
            SELECT count(*) FILTER (WHERE c.due > 0) AS lines, coalesce(sum(c.due), 0) AS due,
                count(*) FILTER (WHERE c.due = 0) AS nothing
            FROM records_calculation c WHERE c.record_list_id = r.id
        ) AS found ON true
        WHERE r.state IN {_APPLIED} AND ((r.money -> 'due' ->> 0)::int <> found.lines
            OR (r.money -> 'due' ->> 1)::numeric <> found.due OR (r.money ->> 'nothing')::int <> found.nothing)
        """,  # noqa: S608 - states of ours
    ),
    Invariant(
        9, "proposal_is_of_its_cover",
        _("A proposal is of a cover of its program and office, and while it waits the cover stands and the discharge lies in it."),
        """
        SELECT p.id FROM records_proposal p LEFT JOIN beneficiaries_enrollment e ON e.id = p.enrollment_id
        WHERE e.id IS NULL OR e.program_id <> p.program_id OR e.period_id <> p.period_id OR e.plan_id <> p.plan_id
            OR e.organization_id <> p.organization_id
        """,
    ),
    Invariant(
        9, "proposal_is_claimed_once",
        _("A proposal with a claim has a case with a claim on its cover, and as many bills as there are proposals of it."),
        """
        SELECT 'proposal', p.id FROM records_proposal p WHERE (p.case_id IS NOT NULL) <> (p.state = 'claimed')
            OR (p.case_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM claims_claim c WHERE c.case_id = p.case_id AND c.enrollment_id = p.enrollment_id))
        UNION ALL
        SELECT 'case', p.case_id FROM records_proposal p WHERE p.case_id IS NOT NULL GROUP BY p.case_id
        HAVING count(*) > (SELECT count(*) FROM claims_bill b WHERE b.case_id = p.case_id)
            OR count(DISTINCT p.enrollment_id) > 1
        """,
    ),
    Invariant(
        9, "proposal_lapses_with_its_file", _("Proposals of a file that is undone have lapsed, but for those with a claim."),
        """
        SELECT p.id FROM records_proposal p JOIN records_recordlist r ON r.id = p.record_list_id
        WHERE (r.state = 'undone' AND p.undone_at IS NULL AND p.case_id IS NULL)
            OR (r.state NOT IN ('undoing', 'undone') AND p.undone_at IS NOT NULL)
        """,
    ),
    Invariant(
        9, "settlement_is_proposed_once", _("A settlement of a bureau is proposed once in a program."),
        """
        SELECT min(id) FROM records_proposal WHERE undone_at IS NULL GROUP BY program_id, settlement_number HAVING count(*) > 1
        """,
    ),
    Invariant(
        15, "records_approved_by_another", _("A file of settlement records is taken in as another person approved it."),
        f"""
        SELECT id FROM records_recordlist WHERE state IN {_APPLIED}
            AND (decided_by_id IS NULL OR decided_by_id = uploaded_by_id OR decided_by_id = submitted_by_id
                OR approved_digest <> digest)
        """,  # noqa: S608 - states of ours
    ),
    Invariant(
        20, "every_change_of_a_proposal_has_its_event", _("Every proposal that was told of, declined or claimed has its event."),
        """
        SELECT p.id FROM records_proposal p WHERE p.changed_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM audit_event e WHERE e.subject_type = 'records.proposal' AND e.subject_id = p.id::text
                AND e.verb LIKE 'proposal.%' AND e.at = p.changed_at)
        """,
    ),
]

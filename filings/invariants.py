"""What must hold of files of claims, of the cases that came of them and of their papers; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import Invariant

INVARIANTS = [
    Invariant(
        9, "filed_case_is_of_its_lines",
        _("Each case of a file is of all applied lines of one claim number, one of whose covers it claims on, and of no other."),
        """
        SELECT 'case', f.id FROM filings_filedcase f
        WHERE f.case_id IS NOT NULL AND (
            cardinality(f.rows) = 0
            OR EXISTS (
                SELECT FROM unnest(f.rows) AS named(id) LEFT JOIN filings_claimfilerow r ON r.id = named.id
                    AND r.claim_file_id = f.claim_file_id AND r.claim_number = f.number AND r.verdict = 1 AND r.set_aside = ''
                WHERE r.id IS NULL)
            OR NOT EXISTS (
                SELECT FROM claims_claim c JOIN filings_claimfilerow r ON r.id = ANY(f.rows) AND r.enrollment_id = c.enrollment_id
                WHERE c.case_id = f.case_id))
        UNION ALL
        SELECT 'line', r.id FROM filings_claimfilerow r
        JOIN filings_claimfilechunk k ON k.claim_file_id = r.claim_file_id AND k.number = r.chunk AND k.applied_at IS NOT NULL
        LEFT JOIN filings_filedcase f ON f.claim_file_id = r.claim_file_id AND f.number = r.claim_number AND r.id = ANY(f.rows)
        WHERE r.verdict = 1 AND (f.id IS NULL OR (r.set_aside = '') <> (f.case_id IS NOT NULL))
        """,
    ),
    Invariant(
        9, "filed_case_counts_once", _("One claim number of a sender stands in one case of a program."),
        """
        SELECT min(id) FROM filings_filedcase WHERE case_id IS NOT NULL AND undone_at IS NULL
        GROUP BY program_id, sender_id, number HAVING count(*) > 1
        """,
    ),
    Invariant(
        9, "filed_case_is_undone_with_its_file",
        _("Cases of a file that is not undone stand; those that an undo took back have no open claim and no bill that counts."),
        """
        SELECT f.id FROM filings_filedcase f JOIN filings_claimfile p ON p.id = f.claim_file_id
        WHERE f.undone_at IS NOT NULL AND p.state NOT IN ('undoing', 'undone')
        UNION ALL
        SELECT f.id FROM filings_filedcase f WHERE f.undone_at IS NOT NULL AND EXISTS (
            SELECT FROM claims_claimstep s JOIN claims_claim c ON c.id = s.claim_id
            WHERE c.case_id = f.case_id AND s.at = f.undone_at AND s.to_state <> 'withdrawn')
        """,
    ),
    Invariant(
        9, "filed_paper_is_its_entry", _("Each attached file of an archive is one paper of the case that its claim number has."),
        """
        SELECT e.id FROM filings_paperentry e LEFT JOIN claims_paper p ON p.id = e.paper_id AND p.case_id = e.case_id
            AND p.kind = e.kind
        LEFT JOIN filings_paperarchive a ON a.id = e.archive_id
        LEFT JOIN filings_claimfile c ON c.id = a.claim_file_id
        LEFT JOIN filings_filedcase f ON f.case_id = e.case_id AND f.number = e.number AND f.program_id = c.program_id
            AND f.sender_id = c.sender_id
        WHERE e.outcome = 'attached' AND (p.id IS NULL OR f.id IS NULL)
        UNION ALL
        SELECT min(id) FROM filings_paperentry WHERE paper_id IS NOT NULL GROUP BY paper_id HAVING count(*) > 1
        """,
    ),
    Invariant(
        15, "claim_file_approved_by_another",
        _("A file of claims is opened as another person approved it, who decided about none of its lines."),
        """
        SELECT id FROM filings_claimfile WHERE state IN ('approved', 'applying', 'applied', 'undo_asked', 'undoing', 'undone')
            AND (decided_by_id IS NULL OR decided_by_id = uploaded_by_id OR decided_by_id = submitted_by_id
                OR digest = '' OR approved_digest <> digest
                OR EXISTS (SELECT FROM filings_filingdecision d WHERE d.claim_file_id = filings_claimfile.id
                    AND d.decided_by_id = filings_claimfile.decided_by_id))
        """,
    ),
    Invariant(
        20, "every_decision_about_a_filed_line_has_its_event",
        _("Every decision about held lines of a file of claims has its event."),
        """
        SELECT d.id FROM filings_filingdecision d WHERE NOT EXISTS (
            SELECT FROM audit_event e WHERE e.verb = 'claim_file.decided' AND e.subject_type = 'filings.claimfile'
                AND e.subject_id = d.claim_file_id::text AND e.at = d.decided_at)
        """,
    ),
]

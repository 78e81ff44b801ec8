"""What must hold of reports of payouts and of results; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import Invariant

_APPLIED = "('applied', 'undo_asked', 'undoing', 'undone')"
INVARIANTS = [
    Invariant(
        9, "results_within_the_limit",
        _("What insurers paid for a cover stays within its limit, but for what a person has decided."),
        """
        SELECT r.enrollment_id FROM results_result r JOIN programs_plan p ON p.id = r.plan_id
        WHERE r.undone_at IS NULL AND r.bank_result NOT IN ('failed', 'returned')
        GROUP BY r.enrollment_id, p.cover_limit HAVING sum(r.paid) FILTER (WHERE r.decision_id IS NULL) > p.cover_limit
        """,
    ),
    Invariant(
        6, "claims_and_results_within_the_limit",
        _("What we decided and what insurers paid for a cover stay together within its limit, but for what a person has decided."),
        """
        SELECT r.enrollment_id, r.paid + c.paid FROM (
            SELECT enrollment_id, plan_id, sum(paid) AS paid FROM results_result
            WHERE undone_at IS NULL AND bank_result NOT IN ('failed', 'returned') AND decision_id IS NULL GROUP BY 1, 2
        ) AS r JOIN programs_plan p ON p.id = r.plan_id JOIN (
            SELECT c.enrollment_id, sum(d.amount) AS paid FROM claims_decision d JOIN claims_claim c ON c.id = d.claim_id
            WHERE d.state = 'approved' GROUP BY 1
        ) AS c ON c.enrollment_id = r.enrollment_id
        WHERE r.paid + c.paid > p.cover_limit
        """,
    ),
    Invariant(
        9, "result_is_of_its_cover",
        _("A result is of a cover that stood, of its program and office, and of an event of its period, but for decisions."),
        """
        SELECT r.id FROM results_result r LEFT JOIN beneficiaries_enrollment e ON e.id = r.enrollment_id
        LEFT JOIN programs_period p ON p.id = r.period_id
        WHERE r.undone_at IS NULL AND (e.id IS NULL OR e.program_id <> r.program_id OR e.period_id <> r.period_id
            OR e.plan_id <> r.plan_id OR e.organization_id <> r.organization_id
            OR (r.decision_id IS NULL AND (e.state NOT IN ('in_force', 'ended') OR r.event_on < p.starts_on
                OR r.event_on >= p.ends_on)))
        """,
    ),
    Invariant(
        9, "result_is_its_line", _("Each line that was recorded is one result, with its cover and amount, and no other line is."),
        f"""
        SELECT 'result', r.id FROM results_result r LEFT JOIN results_reportrow w ON w.id = r.row_id AND w.report_id = r.report_id
        LEFT JOIN results_reportchunk k ON k.report_id = w.report_id AND k.number = w.chunk
        WHERE w.id IS NULL OR w.verdict <> 1 OR w.set_aside <> '' OR w.paid <> r.paid OR w.enrollment_id <> r.enrollment_id
            OR w.claim_number <> r.claim_number OR k.applied_at IS NULL
        UNION ALL
        SELECT 'chunk', k.id FROM results_reportchunk k
        LEFT JOIN LATERAL (
            SELECT count(r.id) AS results, count(*) FILTER (WHERE w.verdict = 1) AS rows,
                count(*) FILTER (WHERE w.set_aside <> '') AS aside
            FROM results_reportrow w LEFT JOIN results_result r ON r.row_id = w.id
            WHERE w.report_id = k.report_id AND w.chunk = k.number
        ) AS found ON true
        WHERE k.applied_at IS NOT NULL AND (found.results <> k.applied_rows OR found.aside <> k.set_aside_rows
            OR found.rows <> k.applied_rows + k.set_aside_rows)
        UNION ALL
        SELECT 'report', r.id FROM results_report r WHERE r.state IN {_APPLIED}
            AND EXISTS (SELECT FROM results_reportchunk k WHERE k.report_id = r.id AND k.applied_at IS NULL)
        """,  # noqa: S608 - states of ours
    ),
    Invariant(
        9, "result_is_undone_with_its_report", _("Results of a report that is undone stand no more, and of no other report."),
        """
        SELECT r.id FROM results_result r JOIN results_report p ON p.id = r.report_id
        WHERE (p.state = 'undone' AND r.undone_at IS NULL) OR (p.state NOT IN ('undoing', 'undone') AND r.undone_at IS NOT NULL)
        """,
    ),
    Invariant(
        9, "result_of_a_claim_counts_once",
        _("One claim of an insurer is paid once in a program, but for what a person has decided."),
        """
        SELECT min(id) FROM results_result
        WHERE undone_at IS NULL AND decision_id IS NULL AND bank_result NOT IN ('failed', 'returned')
        GROUP BY program_id, insurer_id, claim_number HAVING count(*) > 1
        """,
    ),
    Invariant(
        15, "payout_report_approved_by_another",
        _("A report of payouts is recorded as another person approved it, who decided about none of its lines."),
        f"""
        SELECT id FROM results_report WHERE state IN ('approved', 'applying', 'applied', 'undo_asked', 'undoing', 'undone')
            AND (decided_by_id IS NULL OR decided_by_id = uploaded_by_id OR decided_by_id = submitted_by_id
                OR digest = '' OR approved_digest <> digest
                OR EXISTS (SELECT FROM results_reportdecision d WHERE d.report_id = results_report.id
                    AND d.decided_by_id = results_report.decided_by_id))
        UNION ALL
        SELECT id FROM results_report WHERE state IN {_APPLIED}
            AND (money ->> 'lines' <> control_lines::text OR (money ->> 'sum')::numeric <> control_amount)
            AND (totals_digest <> digest OR totals_by_id <> decided_by_id)
        """,  # noqa: S608 - states of ours
    ),
    Invariant(
        20, "every_decision_about_a_payout_has_its_event",
        _("Every decision about held lines of a report of payouts has its event."),
        """
        SELECT d.id FROM results_reportdecision d WHERE NOT EXISTS (
            SELECT FROM audit_event e WHERE e.verb = 'payout_report.decided' AND e.subject_type = 'results.report'
                AND e.subject_id = d.report_id::text AND e.at = d.decided_at)
        """,
    ),
]

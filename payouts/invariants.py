"""What must hold of payouts; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.destroying import DESTROYED
from audit.invariants import NUMBER, Invariant

_LINE = "l.number || ' ' || l.payable_id || ' ' || l.amount || ' ' || l.in_bank || ' ' || encode(l.payee, 'hex')"
_DIGEST = f"""encode(sha256(convert_to(CASE WHEN b.is_test THEN 'test ' ELSE '' END || 'program ' || b.program_id
    || ' payer ' || b.payer_id || ' format ' || b.format_id || ' purpose ' || b.purpose
    || coalesce(string_agg(E'\\n' || {_LINE}, '' ORDER BY l.number), ''), 'UTF8')), 'hex')"""
_OUT = "('unknown', 'sent', 'succeeded', 'partial', 'failed')"

INVARIANTS = [
    Invariant(
        8, "paid_amount_sits_in_one_line",
        _("Every amount that is paid or on its way sits in exactly one live payout line, and every live line has such an amount."),
        """
        SELECT 'payable', p.id FROM claims_payable p
        LEFT JOIN payouts_batchline l ON l.payable_id = p.id AND l.state IN ('open', 'paid') AND NOT l.is_test
        WHERE p.kind = 'payout' AND p.state IN ('in_payment', 'paid') GROUP BY p.id
        HAVING count(l.id) <> 1 OR (p.state = 'paid') <> bool_and(coalesce(l.state, '') = 'paid')
        UNION ALL
        SELECT 'line', l.id FROM payouts_batchline l JOIN claims_payable p ON p.id = l.payable_id
        WHERE NOT l.is_test AND ((l.state = 'open' AND p.state <> 'in_payment') OR (l.state = 'paid' AND p.state <> 'paid')
            OR (l.state IN ('failed', 'returned') AND p.state IN ('in_payment', 'paid') AND NOT EXISTS (
                SELECT FROM payouts_batchline later WHERE later.payable_id = p.id AND later.id > l.id AND NOT later.is_test)))
        """,
    ),
    Invariant(
        9, "line_is_what_was_approved",
        _("Amount, account and name of every live payout line are those of the amount owed that was approved; a line that verifies "
            "an account pays 0.01 yuan and nothing that is owed."),
        f"""
        SELECT l.id FROM payouts_batchline l JOIN claims_payable p ON p.id = l.payable_id
        JOIN payouts_batch b ON b.id = l.batch_id
        WHERE l.amount <> CASE WHEN l.is_test THEN 0.01 ELSE p.amount END OR l.is_test <> b.is_test
            OR p.kind <> 'payout' OR p.program_id <> b.program_id
            OR (l.state IN ('open', 'paid') AND p.payee_account <> {DESTROYED} AND l.payee IS DISTINCT FROM
                sha256(p.payee_name || p.payee_account || convert_to(p.bank_name || '|' || p.bank_code, 'UTF8')))
        """,  # noqa: S608 - words of this module
    ),
    Invariant(
        9, "account_is_verified_before_its_payout",
        _("Where a paying account verifies payees' accounts, every payout went to one at which a payment of the program had "
            "arrived before, and no account was verified twice at a time."),
        """
        SELECT 'payout', l.id FROM payouts_batchline l JOIN payouts_batch b ON b.id = l.batch_id AND NOT b.is_test
        JOIN payouts_payeraccount a ON a.id = b.payer_id JOIN claims_payable p ON p.id = l.payable_id
        LEFT JOIN payouts_batchline proof ON proof.id = l.proven_by_id LEFT JOIN claims_payable q ON q.id = proof.payable_id
        WHERE (a.tests_accounts OR l.proven_by_id IS NOT NULL) AND (
            proof.id IS NULL OR proof.id >= l.id OR q.program_id <> p.program_id
            OR p.account_index_a <> q.account_index_a OR p.account_index_b <> q.account_index_b
            OR NOT EXISTS (
                SELECT FROM payouts_bankresult r WHERE r.line_id = proof.id AND r.outcome = 'paid' AND r.at <= b.made_at))
        UNION ALL
        SELECT 'test', l.id FROM payouts_batchline l JOIN payouts_batch b ON b.id = l.batch_id
        JOIN payouts_payeraccount a ON a.id = b.payer_id
        WHERE l.is_test AND (l.proven_by_id IS NOT NULL OR NOT a.tests_accounts)
        UNION ALL
        SELECT 'account', max(l.id) FROM payouts_batchline l JOIN claims_payable p ON p.id = l.payable_id
        CROSS JOIN LATERAL (VALUES ('a', p.account_index_a), ('b', p.account_index_b)) AS known(slot, account)
        WHERE l.is_test AND l.state = 'open' AND known.account IS NOT NULL
        GROUP BY p.program_id, known.slot, known.account HAVING count(*) > 1
        """,
    ),
    Invariant(
        10, "batch_equals_its_lines",
        _("A batch has as many payouts, of such a sum, as it says, its digest is that of its lines, and its results are counted."),
        f"""
        SELECT b.id FROM payouts_batch b LEFT JOIN payouts_batchline l ON l.batch_id = b.id AND l.state <> 'out'
        WHERE b.state <> 'discarded' GROUP BY b.id
        HAVING count(l.id) <> b.lines OR coalesce(sum(l.amount), 0) <> b.amount OR b.digest <> {_DIGEST}
            OR count(l.id) FILTER (WHERE l.state = 'paid') <> b.paid_lines
            OR coalesce(sum(l.amount) FILTER (WHERE l.state = 'paid'), 0) <> b.paid_amount
            OR count(l.id) FILTER (WHERE l.state = 'failed') <> b.failed_lines
            OR coalesce(sum(l.amount) FILTER (WHERE l.state = 'failed'), 0) <> b.failed_amount
            OR count(l.id) FILTER (WHERE l.state = 'returned') <> b.returned_lines
            OR coalesce(sum(l.amount) FILTER (WHERE l.state = 'returned'), 0) <> b.returned_amount
        """,  # noqa: S608 - words of this module
    ),
    Invariant(
        10, "batch_stands_where_its_results_put_it", _("A batch is answered when each of its payouts is, and not before."),
        """
        SELECT b.id FROM payouts_batch b WHERE b.state IN ('succeeded', 'partial', 'failed') AND b.state <> CASE
            WHEN b.paid_lines + b.failed_lines + b.returned_lines <> b.lines THEN '' WHEN b.paid_lines = b.lines THEN 'succeeded'
            WHEN b.paid_lines > 0 THEN 'partial' ELSE 'failed' END
        """,
    ),
    Invariant(
        11, "result_comes_from_the_bank",
        _("Every payout that is paid, failed or returned is so by a result of the bank, and by no more than that."),
        """
        SELECT l.id FROM payouts_batchline l LEFT JOIN payouts_bankresult r ON r.line_id = l.id GROUP BY l.id
        HAVING count(*) FILTER (WHERE r.outcome = 'paid') <> CASE WHEN l.state IN ('paid', 'returned') THEN 1 ELSE 0 END
            OR count(*) FILTER (WHERE r.outcome = 'failed') <> CASE WHEN l.state = 'failed' THEN 1 ELSE 0 END
            OR count(*) FILTER (WHERE r.outcome = 'returned') <> CASE WHEN l.state = 'returned' THEN 1 ELSE 0 END
        """,
    ),
    Invariant(
        12, "results_do_not_contradict",
        _("No payout has contradictory results, and each was said so by a line of an applied part of a returned file."),
        """
        SELECT r.line_id FROM payouts_bankresult r WHERE r.outcome IN ('paid', 'failed') GROUP BY r.line_id HAVING count(*) > 1
        UNION ALL
        SELECT r.line_id FROM payouts_bankresult r JOIN payouts_batchline l ON l.id = r.line_id
        LEFT JOIN payouts_bankreturnrow said ON said.id = r.row_id
        LEFT JOIN payouts_bankreturn file ON file.id = said.bank_return_id
        LEFT JOIN payouts_bankreturnchunk c ON c.bank_return_id = said.bank_return_id AND c.number = said.chunk
        WHERE said.id IS NULL OR said.line_id <> r.line_id OR (said.outcome <> r.outcome AND NOT r.implied) OR said.set_aside <> ''
            OR file.batch_id <> l.batch_id OR r.amount <> l.amount OR c.applied_at IS NULL
        """,
    ),
    Invariant(
        15, "payouts_are_not_approved_by_their_makers",
        _("No payout batch, format, paying account, threshold or answer was approved by who made it, and no approval is of "
            "other lines."),
        """
        SELECT 'vote', v.id FROM payouts_batchvote v JOIN payouts_batch b ON b.id = v.batch_id
        WHERE v.stands AND ((v.step <> 'make' AND v.user_id = b.made_by_id) OR (b.state <> 'discarded' AND v.digest <> b.digest))
        UNION ALL SELECT 'format', id FROM payouts_bankformat WHERE state <> 'draft'
            AND (approved_by_id IS NULL OR approved_by_id = drafted_by_id)
        UNION ALL SELECT 'payer', id FROM payouts_payeraccount WHERE state = 'approved'
            AND (approved_by_id IS NULL OR approved_by_id = drafted_by_id)
        UNION ALL SELECT 'threshold', id FROM payouts_approvalthreshold WHERE state = 'in_force'
            AND (decided_by_id IS NULL OR decided_by_id = proposed_by_id)
        UNION ALL SELECT 'enquiry', id FROM payouts_enquiry WHERE state = 'confirmed'
            AND (decided_by_id IS NULL OR decided_by_id = said_by_id)
        UNION ALL SELECT 'return', id FROM payouts_bankreturn WHERE state IN ('approved', 'applying', 'applied')
            AND (decided_by_id IS NULL OR decided_by_id IN (uploaded_by_id, submitted_by_id))
        """,
    ),
    Invariant(
        16, "payouts_leave_with_their_approvals",
        _("No batch was released without its check and as many authorizations by different people as its sum asks for."),
        f"""
        SELECT b.id FROM payouts_batch b
        LEFT JOIN payouts_batchvote v ON v.batch_id = b.id AND v.stands AND v.digest = b.digest
        WHERE b.state IN ('authorized', 'released') OR b.state IN {_OUT} GROUP BY b.id
        HAVING count(DISTINCT v.user_id) FILTER (WHERE v.step = 'check') <> 1
            OR count(DISTINCT v.user_id) FILTER (WHERE v.step = 'authorize') < b.approvals
            OR count(DISTINCT v.user_id) <> count(v.id)
        """,  # noqa: S608 - words of this module
    ),
    Invariant(
        17, "payouts_are_of_their_office", _("Every payout belongs to the batch's program, office and region."),
        """
        SELECT l.id FROM payouts_batchline l JOIN payouts_batch b ON b.id = l.batch_id JOIN claims_payable p ON p.id = l.payable_id
        LEFT JOIN accounts_organization o ON o.id = p.organization_id
        LEFT JOIN accounts_organization office ON office.id = b.organization_id
        WHERE p.program_id <> b.program_id OR NOT starts_with(o.path, office.path) OR NOT starts_with(l.region_code, b.region_code)
            OR l.region_code <> p.region_code
        """,
    ),
    Invariant(
        18, "bank_return_row_has_one_outcome",
        _("Every row of an applied returned file is a result, or is refused, held or set aside."),
        """
        SELECT r.id FROM payouts_bankreturnrow r
        JOIN payouts_bankreturnchunk c ON c.bank_return_id = r.bank_return_id AND c.number = r.chunk
        LEFT JOIN payouts_bankresult said ON said.row_id = r.id AND NOT said.implied
        WHERE c.applied_at IS NOT NULL AND (r.verdict = 1 AND r.set_aside = '') <> (said.id IS NOT NULL)
        """,
    ),
    Invariant(
        18, "payout_file_is_its_parts", _("A payout file that is written has all of its parts, and their rows are its payouts."),
        """
        SELECT b.id FROM payouts_batch b LEFT JOIN payouts_batchpart p ON p.batch_id = b.id
        WHERE b.written_at IS NOT NULL AND b.state <> 'discarded' GROUP BY b.id
        HAVING coalesce(sum(p.rows), 0) <> b.lines OR count(p.id) <> coalesce(max(p.number), -1) OR sum(p.size) <> b.size
        """,
    ),
    Invariant(
        2, "payouts_are_posted",
        _("What was paid and what was returned of each batch stands in the ledger to the fen; what verifies accounts as a cost, "
            "and never as a claim."),
        """
        SELECT b.id FROM payouts_batch b
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(e.amount) FILTER (WHERE t.kind IN ('payout', 'test')), 0) AS paid,
                coalesce(sum(e.amount) FILTER (WHERE t.kind IN ('bounce', 'testback')), 0) AS back,
                coalesce(bool_or((t.kind IN ('test', 'testback')) <> b.is_test), false) AS is_other
            FROM programs_ledgertransaction t JOIN programs_ledgerentry e ON e.transaction_id = t.id
            JOIN programs_ledgeraccount a ON a.id = e.account_id
                AND a.kind = CASE WHEN b.is_test THEN 'account_tests' ELSE 'claims_payable' END
            WHERE t.source_type = 'payouts.batch' AND t.source_id = b.id
        ) booked ON true
        WHERE booked.paid <> b.paid_amount + b.returned_amount OR -booked.back <> b.returned_amount OR booked.is_other
        UNION ALL
        SELECT e.transaction_id FROM programs_ledgeraccount a JOIN programs_ledgerentry e ON e.account_id = a.id
        JOIN programs_ledgertransaction t ON t.id = e.transaction_id
        WHERE a.kind IN ('account_tests', 'account_tests_paid') AND t.kind NOT IN ('test', 'testback')
        """,
    ),
    Invariant(
        20, "every_payout_file_leaves_with_its_event",
        _("Every attempt to hand a payout file over has its event with payouts and sum."),
        """
        SELECT d.id FROM payouts_delivery d JOIN payouts_batch b ON b.id = d.batch_id WHERE NOT EXISTS (
            SELECT FROM audit_event e
            WHERE e.verb = CASE d.way WHEN 'download' THEN 'payout_batch.downloaded' ELSE 'payout_batch.delivery_begun' END
                AND e.subject_type = 'payouts.batch' AND e.subject_id = b.id::text AND e.at = d.begun_at
                AND (e.data ->> 'lines')::bigint = b.lines AND (e.data ->> 'amount')::numeric = b.amount)
        """,
    ),
    Invariant(
        26, "no_raw_numbers_in_payouts", _("No reason, reference or note of a payout holds a document or account number."),
        f"""
        SELECT 'batch', id FROM payouts_batch WHERE purpose ~ '{NUMBER}' OR reason ~ '{NUMBER}'
        UNION ALL SELECT 'delivery', id FROM payouts_delivery WHERE note ~ '{NUMBER}'
        """,  # noqa: S608
    ),
]

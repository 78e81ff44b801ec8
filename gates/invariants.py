"""What must hold of notices, objections and payments; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import Invariant
from beneficiaries.gating import DEAD

INVARIANTS = [
    Invariant(
        15, "notice_posted_by_another", _("No notice was posted by its maker, no objection decided by who recorded it."),
        """
        SELECT id FROM gates_notice WHERE state IN ('posted', 'closing', 'closed')
            AND (posted_by_id IS NULL OR posted_by_id = made_by_id)
        UNION ALL
        SELECT id FROM gates_objection WHERE state <> 'open' AND (decided_by_id IS NULL OR decided_by_id = received_by_id)
        """,
    ),
    Invariant(
        18, "notice_counts_its_lines", _("A posted notice has as many people, in as many villages, as it says, and its digest."),
        """
        SELECT n.id FROM gates_notice n LEFT JOIN gates_noticeline l ON l.notice_id = n.id
        GROUP BY n.id HAVING count(l.id) <> n.people OR count(DISTINCT l.region_code) <> n.villages
            OR (n.state <> 'draft' AND n.people > 0 AND n.digest <> encode(sha256(convert_to(string_agg(
                l.region_code || ' ' || l.number || ' ' || l.enrollment_id, E'\\n' ORDER BY l.region_code, l.number
            ), 'UTF8')), 'hex'))
        """,
    ),
    Invariant(
        18, "closed_notice_leaves_nobody_waiting",
        _("Nobody alive on a closed notice waits for it, unless their roster was being undone; no open objection is behind it."),
        f"""
        SELECT l.notice_id, l.enrollment_id FROM gates_noticeline l JOIN gates_notice n ON n.id = l.notice_id
        JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
        LEFT JOIN beneficiaries_roster r ON r.id = e.roster_id
        WHERE n.state = 'closed' AND e.state = 'awaiting' AND e.notice_passed_at IS NULL
            AND r.state IS DISTINCT FROM 'undoing' AND NOT {DEAD}
        UNION ALL
        SELECT o.notice_id, o.enrollment_id FROM gates_objection o JOIN gates_notice n ON n.id = o.notice_id
        WHERE o.state = 'open' AND n.state IN ('closing', 'closed', 'withdrawn')
        """,  # noqa: S608 - a constant of ours
    ),
    Invariant(
        18, "notice_file_is_its_parts",
        _("Lists of a notice that wait have a part for each of its villages, and their people are theirs."),
        """
        SELECT f.id FROM gates_noticefile f JOIN gates_notice n ON n.id = f.notice_id
        LEFT JOIN gates_noticefilepart p ON p.file_id = f.id
        WHERE f.state = 'ready' GROUP BY f.id, n.villages
        HAVING coalesce(sum(p.people), 0) <> f.people OR coalesce(sum(p.size), 0) <> f.size OR f.villages <> n.villages
            OR count(DISTINCT p.region_code) <> f.villages OR count(p.id) <> coalesce(max(p.number), -1)
        """,
    ),
    Invariant(
        27, "no_notice_file_kept_past_its_time", _("No lists of a notice are kept long after their time is over."),
        """
        SELECT f.id FROM gates_noticefile f WHERE f.purged_at IS NULL AND f.purge_on < current_date - 7 AND NOT EXISTS (
            SELECT FROM jobs_job j WHERE j.kind = 'gates.write_notice' AND j.subject_id = f.notice_id::text
            AND j.state IN ('queued', 'running'))
        """,
    ),
    Invariant(
        18, "upheld_objection_took_the_person_out", _("Whoever an upheld objection concerns has no cover from that enrollment."),
        """
        SELECT o.id FROM gates_objection o JOIN beneficiaries_enrollment e ON e.id = o.enrollment_id
        WHERE o.state = 'upheld' AND e.state IN ('awaiting', 'in_force')
        """,
    ),
    Invariant(
        17, "noticed_people_are_of_the_notice", _("Whoever is on a notice is enrolled in its period, in its place, in its office."),
        """
        SELECT l.id FROM gates_noticeline l JOIN gates_notice n ON n.id = l.notice_id
        LEFT JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
        LEFT JOIN accounts_organization o ON o.id = e.organization_id
        LEFT JOIN accounts_organization office ON office.id = n.organization_id
        WHERE e.id IS NULL OR e.period_id <> n.period_id OR NOT starts_with(l.region_code, n.region_code)
            OR NOT starts_with(o.path, office.path)
        UNION ALL
        SELECT o.id FROM gates_objection o
        WHERE NOT EXISTS (
            SELECT FROM gates_noticeline l WHERE l.notice_id = o.notice_id AND l.enrollment_id = o.enrollment_id)
        """,
    ),
    Invariant(
        20, "every_notice_step_has_its_event", _("Every posted or closed notice and every decided objection has its event."),
        """
        SELECT 'notice', n.id FROM gates_notice n
        WHERE (n.state IN ('posted', 'closing', 'closed') AND NOT EXISTS (
                SELECT FROM audit_event e WHERE e.verb = 'notice.posted' AND e.subject_type = 'gates.notice'
                AND e.subject_id = n.id::text AND (e.data ->> 'people')::bigint = n.people))
            OR (n.state = 'closed' AND NOT EXISTS (
                SELECT FROM audit_event e WHERE e.verb = 'notice.closed' AND e.subject_type = 'gates.notice'
                AND e.subject_id = n.id::text AND (e.data ->> 'passed')::bigint = n.passed))
        UNION ALL
        SELECT 'objection', o.id FROM gates_objection o WHERE NOT EXISTS (
            SELECT FROM audit_event e WHERE e.subject_type = 'gates.objection' AND e.subject_id = o.id::text
            AND e.verb = CASE o.state WHEN 'open' THEN 'objection.recorded' ELSE 'objection.' || o.state END)
        """,
    ),
    Invariant(
        10, "payment_equals_its_lines",
        _("An own payment has as many lines, of such a sum, as it says; by a statement less what was set aside."),
        """
        SELECT p.id FROM gates_ownpayment p LEFT JOIN gates_ownpaymentline l ON l.payment_id = p.id
        GROUP BY p.id HAVING count(l.reversed_by_id) <> p.reversed_people
            OR coalesce(sum(l.amount) FILTER (WHERE l.reversed_by_id IS NOT NULL), 0) <> p.reversed_amount
            OR (p.state = 'reversed') <> (p.reversed_people > 0 AND p.reversed_people + p.left_people = p.people)
            OR CASE
            WHEN p.statement_id IS NULL AND p.clearing_id IS NULL
                THEN count(l.id) <> p.people OR coalesce(sum(l.amount), 0) <> p.amount
            WHEN p.state = 'recorded' THEN count(l.id) <> p.people - p.left_people
                OR coalesce(sum(l.amount), 0) <> p.amount - p.left_amount
            ELSE count(l.id) > p.people OR coalesce(sum(l.amount), 0) > p.amount END
        """,
    ),
    Invariant(
        14, "payment_is_booked_and_recorded",
        _("What an own payment brought is booked, and recorded for its people, but for those for whom it came too late."),
        """
        WITH paid AS (
            SELECT p.id, p.state, p.amount - p.left_amount - p.reversed_amount AS amount,
                p.people - p.left_people - p.reversed_people AS people,
                count(l.id) FILTER (WHERE e.own_paid_at = p.made_at AND l.reversed_by_id IS NULL) AS recorded,
                coalesce(sum(l.amount) FILTER (WHERE e.own_paid_at = p.made_at AND l.reversed_by_id IS NULL), 0) AS shares,
                bool_or(l.id IS NOT NULL AND (e.id IS NULL OR e.period_id <> p.period_id OR e.own_share <> l.amount)) AS wrong
            FROM gates_ownpayment p LEFT JOIN gates_ownpaymentline l ON l.payment_id = p.id
            LEFT JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id GROUP BY p.id
        ), booked AS (
            SELECT t.source_id AS id, -sum(e.amount) AS amount FROM programs_ledgertransaction t
            JOIN programs_ledgerentry e ON e.transaction_id = t.id
            JOIN programs_ledgeraccount a ON a.id = e.account_id AND a.kind = 'person_receivable'
            WHERE t.kind IN ('receipt', 'assign', 'unpaid') AND t.source_type = 'gates.ownpayment' GROUP BY 1
        )
        SELECT coalesce(paid.id, booked.id) FROM paid FULL JOIN booked ON booked.id = paid.id
        WHERE paid.id IS NULL OR paid.wrong OR coalesce(booked.amount, 0) <> paid.shares
            OR (paid.state <> 'recording' AND (paid.shares <> paid.amount OR paid.recorded <> paid.people))
        """,
    ),
    Invariant(
        20, "every_payment_has_its_event", _("Every own payment has its event, with its people and its sum."),
        """
        SELECT p.id FROM gates_ownpayment p LEFT JOIN audit_event e ON e.verb = 'payment.recorded'
            AND e.subject_type = 'gates.ownpayment' AND e.subject_id = p.id::text
            AND (e.data ->> 'people')::bigint = p.people AND (e.data ->> 'amount')::numeric = p.amount
        GROUP BY p.id HAVING count(e.id) <> 1
        """,
    ),
    Invariant(
        14, "bill_is_of_its_roster", _("An employer's applied roster has one bill, of everybody whom it enrolled and to the fen."),
        """
        SELECT r.id FROM beneficiaries_roster r LEFT JOIN gates_employerbill b ON b.roster_id = r.id LEFT JOIN LATERAL (
            SELECT count(*) AS people, sum(e.own_share) AS amount FROM beneficiaries_enrollment e
            WHERE e.roster_id = r.id AND e.own_share > 0
        ) AS owed ON true
        WHERE (r.employer_id IS NULL AND b.id IS NOT NULL) OR (r.employer_id IS NOT NULL AND (
            (b.id IS NOT NULL AND (b.people <> owed.people OR b.amount <> owed.amount OR b.employer_id <> r.employer_id))
            OR (b.id IS NULL AND r.applied_at IS NOT NULL AND owed.people > 0)))
        """,
    ),
    Invariant(
        15, "bill_is_paid_by_two",
        _("An employer pays for its people by its bill alone, which two people have recorded and confirmed."),
        """
        SELECT p.id FROM gates_billpayment p JOIN gates_employerbill b ON b.id = p.bill_id
        LEFT JOIN gates_ownpayment own ON own.id = p.payment_id
        WHERE p.state = 'confirmed' AND (p.decided_by_id = p.recorded_by_id OR own.id IS NULL OR own.people <> p.people
            OR own.amount <> p.amount OR own.period_id <> b.period_id OR EXISTS (
                SELECT FROM gates_ownpaymentline l JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
                WHERE l.payment_id = own.id AND e.roster_id <> b.roster_id))
        UNION ALL
        SELECT e.id FROM beneficiaries_roster r JOIN beneficiaries_enrollment e ON e.roster_id = r.id
        WHERE r.employer_id IS NOT NULL AND e.own_paid_at IS NOT NULL AND e.own_share > 0 AND NOT EXISTS (
            SELECT FROM gates_ownpaymentline l JOIN gates_billpayment p ON p.payment_id = l.payment_id
            WHERE l.enrollment_id = e.id AND l.reversed_by_id IS NULL)
        """,
    ),
    Invariant(
        20, "every_bill_has_its_events", _("Every bill has the event of its drawing up, and those of its payments."),
        """
        SELECT b.id FROM gates_employerbill b WHERE (
            SELECT count(*) FROM audit_event e WHERE e.verb = 'bill.drawn_up' AND e.subject_type = 'gates.employerbill'
                AND e.subject_id = b.id::text AND (e.data ->> 'people')::bigint = b.people) <> 1
        UNION ALL
        SELECT p.bill_id FROM gates_billpayment p CROSS JOIN LATERAL (VALUES
            ('bill.payment_recorded', true), ('bill.payment_confirmed', p.state = 'confirmed'),
            ('bill.payment_declined', p.state = 'declined')
        ) AS wanted (verb, wanted)
        WHERE wanted.wanted AND NOT EXISTS (
            SELECT FROM audit_event e WHERE e.verb IN (wanted.verb, 'bill.paid_by_statement')
                AND e.subject_type = 'gates.employerbill' AND e.subject_id = p.bill_id::text
                AND e.data ->> 'reference' = p.reference)
        """,
    ),
    Invariant(
        15, "statement_approved_by_another", _("No collection statement was approved by its own maker, or with another content."),
        """
        SELECT id FROM gates_statement
        WHERE state IN ('approved', 'applying', 'applied') AND (
            decided_by_id IS NULL OR decided_by_id = uploaded_by_id OR decided_by_id = submitted_by_id
            OR approved_digest = '' OR approved_digest <> digest)
        """,
    ),
    Invariant(
        14, "statement_is_taken_in_whole",
        _("What came in by a statement is what it pays and what is or was held, line by line and to the fen."),
        """
        WITH lines AS (
            SELECT statement_id, count(*) AS lines, sum(amount) AS amount FROM (
                SELECT r.statement_id, l.amount FROM gates_ownpaymentline l
                JOIN gates_statementrow r ON r.id = l.row_id WHERE l.reversed_by_id IS NULL
                UNION ALL
                SELECT statement_id, amount FROM gates_arrival WHERE reversed_by_id IS NULL
                UNION ALL
                SELECT statement_id, amount FROM gates_billpayment WHERE row_id IS NOT NULL
            ) AS placed GROUP BY 1
        ), held AS (
            SELECT statement_id, count(*) AS lines, sum(amount) AS amount FROM gates_heldpayment
            WHERE state <> 'assigned' GROUP BY 1
        )
        SELECT s.id FROM gates_statement s LEFT JOIN lines l ON l.statement_id = s.id LEFT JOIN held h ON h.statement_id = s.id
        WHERE CASE WHEN s.direction = 'out' THEN l.lines IS NOT NULL OR h.lines IS NOT NULL
            WHEN s.state = 'applied' THEN s.control_lines <> coalesce(l.lines, 0) + coalesce(h.lines, 0)
                OR s.control_amount <> coalesce(l.amount, 0) + coalesce(h.amount, 0)
            WHEN s.state = 'applying' THEN s.control_amount < coalesce(l.amount, 0) + coalesce(h.amount, 0)
            ELSE l.lines IS NOT NULL OR h.lines IS NOT NULL END
        """,
    ),
    Invariant(
        19, "statement_line_has_one_outcome",
        _(
            "Each line of an applied part of a statement pays one person's share, is a purchase's payment, or its money is held or "
            "given back, never two of these."
        ),
        """
        SELECT r.statement_id, r.id FROM gates_statementrow r
        JOIN gates_statementchunk c ON c.statement_id = r.statement_id AND c.number = r.chunk AND c.applied_at IS NOT NULL
        LEFT JOIN (
            SELECT l.row_id, l.enrollment_id, l.amount, coalesce(p.statement_id, g.statement_id) AS statement_id,
                p.statement_id IS NOT NULL AS at_once
            FROM gates_ownpaymentline l JOIN gates_ownpayment p ON p.id = l.payment_id
            LEFT JOIN gates_clearing g ON g.id = p.clearing_id WHERE l.row_id IS NOT NULL AND l.reversed_by_id IS NULL
        ) paid ON paid.row_id = r.id
        LEFT JOIN gates_heldpayment h ON h.row_id = r.id
        LEFT JOIN gates_arrival a ON a.row_id = r.id AND a.reversed_by_id IS NULL
        LEFT JOIN gates_billpayment b ON b.row_id = r.id
        JOIN gates_statement s ON s.id = r.statement_id AND s.direction = 'in'
        WHERE b.amount <> r.amount OR b.statement_id <> r.statement_id OR b.bill_id <> r.bill_id
            OR (b.id IS NOT NULL AND (paid.row_id IS NOT NULL OR a.id IS NOT NULL OR r.verdict <> 3 OR r.set_aside <> ''))
            OR a.amount <> r.amount OR a.statement_id <> r.statement_id OR (a.id IS NOT NULL AND paid.row_id IS NOT NULL)
            OR (a.clearing_id IS NULL AND a.id IS NOT NULL
                AND (r.verdict <> 3 OR r.set_aside <> '' OR a.purchase_id <> r.purchase_id))
            OR paid.statement_id <> r.statement_id OR paid.amount <> r.amount OR h.amount <> r.amount
            OR h.statement_id <> r.statement_id
            OR (r.verdict = 7 AND (paid.row_id IS NOT NULL OR h.id IS NOT NULL OR a.id IS NOT NULL OR b.id IS NOT NULL))
            OR (r.verdict <> 7 AND (paid.row_id IS NULL AND a.id IS NULL AND b.id IS NULL)
                <> (h.id IS NOT NULL AND h.state <> 'assigned'))
            OR (paid.at_once AND (r.verdict <> 1 OR r.set_aside <> '' OR paid.enrollment_id <> r.enrollment_id))
            OR (h.kind <> 'reversed' AND r.verdict IN (1, 3) AND r.set_aside = '')
        UNION ALL
        SELECT statement_id, row_id FROM gates_arrival a WHERE NOT EXISTS (SELECT FROM gates_statementrow r WHERE r.id = a.row_id)
        UNION ALL
        SELECT p.statement_id, l.row_id FROM gates_ownpaymentline l JOIN gates_ownpayment p ON p.id = l.payment_id
        WHERE (l.row_id IS NULL) <> (p.statement_id IS NULL AND p.clearing_id IS NULL)
            OR (l.row_id IS NOT NULL AND NOT EXISTS (SELECT FROM gates_statementrow r WHERE r.id = l.row_id))
        """,
    ),
    Invariant(
        14, "purchase_payment_arrives_once",
        _("A purchase's payment is shown to have arrived once, by a statement of its period, with its own yuan and in the books."),
        """
        SELECT a.id FROM gates_arrival a LEFT JOIN beneficiaries_purchase p ON p.id = a.purchase_id
        LEFT JOIN gates_statement s ON s.id = a.statement_id AND s.period_id = p.period_id AND s.state IN ('applying', 'applied')
        LEFT JOIN LATERAL (
            SELECT sum(e.amount) AS amount FROM programs_ledgertransaction t JOIN programs_ledgerentry e ON e.transaction_id = t.id
            JOIN programs_ledgeraccount c ON c.id = e.account_id AND c.kind = 'own_received'
            WHERE t.kind = 'receipt' AND t.source_type = 'beneficiaries.purchase' AND t.source_id = p.id
        ) AS booked ON true
        WHERE s.id IS NULL OR p.payment_reference = '' OR a.amount <> p.own_share OR a.amount IS DISTINCT FROM booked.amount
            OR 1 < (
                SELECT count(*) FROM gates_arrival other WHERE other.purchase_id = a.purchase_id AND other.reversed_by_id IS NULL)
        """,
    ),
    Invariant(
        19, "refund_line_has_one_outcome",
        _("Each line of refunds that agrees gave back one line of a list, or covers that were given back, to the fen and once."),
        """
        SELECT s.id, r.id FROM gates_statement s JOIN gates_statementrow r ON r.statement_id = s.id
        JOIN gates_statementchunk c ON c.statement_id = s.id AND c.number = r.chunk AND c.applied_at IS NOT NULL
        LEFT JOIN gates_clearingline l ON l.id = r.refund_line_id
        LEFT JOIN LATERAL (
            SELECT count(*) AS covers, sum(f.amount) AS amount FROM gates_refund f WHERE f.row_id = r.id AND f.statement_id = s.id
        ) AS shown ON true
        WHERE s.direction = 'out' AND CASE WHEN r.verdict <> 1 OR r.set_aside <> '' THEN shown.covers > 0
            WHEN r.refund_line_id IS NOT NULL
                THEN shown.covers > 0 OR l.amount IS DISTINCT FROM r.amount OR l.outcome = ''
            ELSE shown.amount IS DISTINCT FROM r.amount END
        UNION ALL
        SELECT min(s.id), r.refund_line_id FROM gates_statementrow r JOIN gates_statement s ON s.id = r.statement_id
        JOIN gates_statementchunk c ON c.statement_id = s.id AND c.number = r.chunk AND c.applied_at IS NOT NULL
        WHERE r.refund_line_id IS NOT NULL AND r.verdict = 1 AND r.set_aside = '' GROUP BY 2 HAVING count(*) > 1
        UNION ALL
        SELECT f.statement_id, f.row_id FROM gates_refund f LEFT JOIN gates_statementrow r ON r.id = f.row_id
        JOIN beneficiaries_enrollment e ON e.id = f.enrollment_id
        WHERE r.id IS NULL OR f.amount <> e.own_share OR e.own_paid_at IS NULL
            OR NOT (e.state = 'voided' OR (e.state = 'ended' AND e.ends_at = e.starts_at))
        """,
    ),
    Invariant(
        14, "held_money_is_in_the_books",
        _("What the books hold of own payments is the money that is to be cleared, by statement and in all."),
        """
        SELECT 'program', program_id FROM (
            SELECT s.program_id, sum(h.amount) AS amount FROM gates_heldpayment h JOIN gates_statement s ON s.id = h.statement_id
            WHERE h.state IN ('held', 'listed') GROUP BY 1
            UNION ALL
            SELECT a.program_id, sum(e.amount) FROM programs_ledgerentry e
            JOIN programs_ledgeraccount a ON a.id = e.account_id AND a.kind = 'own_held' GROUP BY 1
        ) AS both_sides GROUP BY 2 HAVING sum(amount) <> 0
        UNION ALL
        SELECT 'statement', id FROM (
            SELECT statement_id AS id, sum(amount) AS amount FROM gates_heldpayment
            WHERE kind NOT IN ('reported', 'reversed') GROUP BY 1
            UNION ALL
            SELECT t.source_id, sum(e.amount) FROM programs_ledgertransaction t
            JOIN programs_ledgerentry e ON e.transaction_id = t.id
            JOIN programs_ledgeraccount a ON a.id = e.account_id AND a.kind = 'own_held'
            WHERE t.kind = 'held' AND t.source_type = 'gates.statement' GROUP BY 1
        ) AS both_sides GROUP BY 2 HAVING sum(amount) <> 0
        """,
    ),
    Invariant(
        14, "every_fen_that_came_in_has_its_place",
        _("What came in by statements is own shares, held, or given back: the books say so to the fen."),
        """
        SELECT program_id FROM (
            SELECT s.program_id, sum(r.amount) AS amount FROM gates_statementrow r
            JOIN gates_statementchunk c ON c.statement_id = r.statement_id AND c.number = r.chunk AND c.applied_at IS NOT NULL
            JOIN gates_statement s ON s.id = r.statement_id AND s.direction = 'in'
            LEFT JOIN gates_heldpayment h ON h.row_id = r.id
            WHERE r.verdict <> 7 AND h.state IS DISTINCT FROM 'counted' AND h.state IS DISTINCT FROM 'returned' GROUP BY 1
            UNION ALL
            SELECT t.program_id, -sum(e.amount) FROM programs_ledgertransaction t
            JOIN programs_ledgerentry e ON e.transaction_id = t.id
            JOIN programs_ledgeraccount a ON a.id = e.account_id AND a.kind = 'own_received'
            WHERE (t.kind = 'held' AND t.source_type = 'gates.statement')
                OR (t.kind IN ('return', 'assign') AND t.source_type = 'gates.clearing')
                OR (t.kind = 'receipt' AND t.source_type = 'beneficiaries.purchase'
                    AND EXISTS (
                        SELECT FROM gates_arrival a WHERE a.purchase_id = t.source_id AND a.reversed_by_id IS NULL))
                OR (t.kind = 'receipt' AND t.source_type = 'gates.ownpayment'
                    AND (EXISTS (SELECT FROM gates_ownpayment p WHERE p.id = t.source_id AND p.statement_id IS NOT NULL)
                        OR EXISTS (SELECT FROM gates_billpayment b WHERE b.payment_id = t.source_id AND b.row_id IS NOT NULL)))
            GROUP BY 1
        ) AS both_sides GROUP BY 1 HAVING sum(amount) <> 0
        """,
    ),
    Invariant(
        15, "clearing_approved_by_another",
        _("Nothing became of held money or of a payment before somebody else had approved exactly that list."),
        """
        SELECT id FROM gates_clearing
        WHERE state IN ('approved', 'done') AND (decided_by_id IS NULL OR decided_by_id = proposed_by_id)
        UNION ALL
        SELECT g.id FROM gates_clearing g LEFT JOIN gates_clearingline l ON l.clearing_id = g.id
        GROUP BY g.id HAVING count(l.id) <> g.lines_count OR coalesce(sum(l.amount), 0) <> g.amount
            OR g.digest <> encode(sha256(convert_to(string_agg(l.number || ' ' || coalesce(l.held_id, 0) || ' '
                || coalesce(l.paid_id, 0) || ' ' || coalesce(l.enrollment_id, 0) || ' ' || l.amount
                || coalesce(' a' || l.arrival_id, '') || coalesce(' p' || l.purchase_id, ''), E'\n' ORDER BY l.number
            ), 'UTF8')), 'hex')
            OR (g.state = 'proposed' AND count(*) FILTER (WHERE l.outcome <> '') > 0)
            OR (g.state IN ('done', 'dropped') AND count(*) FILTER (WHERE l.outcome = '') > 0)
            OR (g.state = 'dropped' AND count(*) FILTER (WHERE l.outcome = 'done') > 0)
        """,
    ),
    Invariant(
        19, "clearing_line_has_its_end",
        _("Held money is on the list that it is said to be on, and ended as its line says; a reversed payment says by which list."),
        """
        SELECT 'held', h.id FROM gates_heldpayment h LEFT JOIN LATERAL (
            SELECT count(*) FILTER (WHERE l.outcome = '') AS open,
                count(*) FILTER (WHERE l.outcome = 'done' AND g.kind = 'return') AS returned
            FROM gates_clearingline l JOIN gates_clearing g ON g.id = l.clearing_id WHERE l.held_id = h.id
        ) AS told ON true
        WHERE (h.state = 'listed') <> (told.open = 1) OR (h.state = 'returned') <> (told.returned = 1)
        UNION ALL
        SELECT 'reversed', l.id FROM gates_ownpaymentline l LEFT JOIN gates_clearingline c
            ON c.paid_id = l.id AND c.clearing_id = l.reversed_by_id AND c.outcome = 'done'
        WHERE l.reversed_by_id IS NOT NULL AND c.id IS NULL
        UNION ALL
        SELECT 'assigned', c.id FROM gates_clearingline c JOIN gates_clearing g ON g.id = c.clearing_id AND g.kind = 'assign'
            LEFT JOIN gates_heldpayment h ON h.id = c.held_id
            LEFT JOIN gates_ownpayment p ON p.clearing_id = g.id
            LEFT JOIN gates_ownpaymentline l ON l.payment_id = p.id AND l.row_id = h.row_id AND l.enrollment_id = c.enrollment_id
        WHERE (c.outcome = 'done') <> (l.id IS NOT NULL)
        UNION ALL
        SELECT 'matched', c.id FROM gates_clearingline c JOIN gates_clearing g ON g.id = c.clearing_id AND g.kind = 'match'
            LEFT JOIN gates_heldpayment h ON h.id = c.held_id
            LEFT JOIN beneficiaries_enrollment e ON e.id = c.enrollment_id
            LEFT JOIN gates_arrival a ON a.clearing_id = g.id AND a.row_id = h.row_id AND a.purchase_id = e.purchase_id
        WHERE (c.outcome = 'done') <> (a.id IS NOT NULL)
        UNION ALL
        SELECT 'reversed arrival', a.id FROM gates_arrival a FULL JOIN (
            SELECT c.arrival_id, c.clearing_id, c.amount FROM gates_clearingline c JOIN gates_clearing g ON g.id = c.clearing_id
            WHERE g.kind = 'unmatch' AND c.outcome = 'done'
        ) AS told ON told.arrival_id = a.id
        WHERE a.reversed_by_id IS DISTINCT FROM told.clearing_id OR told.amount <> a.amount
        """,
    ),
    Invariant(
        3, "purchases_are_counted", _("What a period's page counts of purchases' payments is how many there are, at each stage."),
        """
        SELECT min(program_id), min(period_id), min(organization_id) FROM (
            SELECT program_id, period_id, organization_id, region_code, stage, purchases, amount FROM beneficiaries_purchasestanding
            UNION ALL
            SELECT program_id, period_id, organization_id, region_code, 'taken', -1, -own_share FROM beneficiaries_purchase
            WHERE payment_reference <> '' AND own_share > 0
            UNION ALL
            SELECT p.program_id, p.period_id, p.organization_id, p.region_code, 'arrived', -1, -a.amount
            FROM gates_arrival a JOIN beneficiaries_purchase p ON p.id = a.purchase_id WHERE a.reversed_by_id IS NULL
            UNION ALL
            SELECT p.program_id, p.period_id, p.organization_id, p.region_code, 'given_up', -1, -l.amount
            FROM gates_clearingline l JOIN beneficiaries_purchase p ON p.id = l.purchase_id WHERE l.outcome = 'done'
        ) AS both_sides GROUP BY program_id, period_id, organization_id, region_code, stage
        HAVING sum(purchases) <> 0 OR sum(amount) <> 0
        """,
    ),
    Invariant(
        19, "payment_given_up_left_nothing",
        _("Of a purchase whose payment never came no cover stands, nothing counts as paid, and the books took back what they had."),
        """
        SELECT c.purchase_id FROM gates_clearingline c JOIN gates_clearing g ON g.id = c.clearing_id
        JOIN beneficiaries_purchase p ON p.id = c.purchase_id
        LEFT JOIN LATERAL (
            SELECT sum(e.amount) AS amount FROM programs_ledgertransaction t JOIN programs_ledgerentry e ON e.transaction_id = t.id
            JOIN programs_ledgeraccount a ON a.id = e.account_id AND a.kind = 'own_received'
            WHERE t.source_type = 'beneficiaries.purchase' AND t.source_id = p.id
        ) AS booked ON true
        WHERE c.outcome = 'done' AND (g.kind <> 'unpaid' OR c.amount <> p.own_share OR coalesce(booked.amount, 0) <> 0
            OR EXISTS (SELECT FROM gates_arrival a WHERE a.purchase_id = p.id AND a.reversed_by_id IS NULL)
            OR EXISTS (
                SELECT FROM beneficiaries_enrollment e
                WHERE e.purchase_id = p.id AND (e.state IN ('awaiting', 'in_force') OR e.own_paid_at IS NOT NULL)))
        """,
    ),
    Invariant(
        20, "every_clearing_has_its_events", _("Every clearing has the events of its proposal, its approval and its end."),
        """
        SELECT g.id FROM gates_clearing g CROSS JOIN LATERAL (VALUES
            ('clearing.proposed', true), ('clearing.approved', g.state IN ('approved', 'done')),
            ('clearing.done', g.state = 'done' AND g.kind <> 'return'), ('clearing.dropped', g.state = 'dropped')
        ) AS wanted (verb, wanted)
        WHERE wanted.wanted <> EXISTS (
            SELECT FROM audit_event e
            WHERE e.verb = wanted.verb AND e.subject_type = 'gates.clearing' AND e.subject_id = g.id::text)
        """,
    ),
]

"""What must hold of claims, decisions and what is owed; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import Invariant

INVARIANTS = [
    Invariant(
        6, "a_cover_pays_within_its_limit", _("What decisions in force pay of a cover is not more than its plan covers."),
        """
        SELECT c.enrollment_id, sum(d.amount) FROM claims_decision d JOIN claims_claim c ON c.id = d.claim_id
        JOIN programs_plan p ON p.id = c.plan_id
        WHERE d.state = 'approved' GROUP BY c.enrollment_id, p.cover_limit HAVING sum(d.amount) > p.cover_limit
        """,
    ),
    Invariant(
        6, "use_of_a_cover_is_that_of_its_decisions",
        _("What a cover has used and paid is the sum over the decisions in force of its claims."),
        """
        WITH used AS (
            SELECT c.enrollment_id, u.key AS name, sum(u.value::numeric) AS amount
            FROM claims_decision d JOIN claims_claim c ON c.id = d.claim_id AND c.settlement IS NOT NULL
            CROSS JOIN LATERAL jsonb_each_text(d.used) u WHERE d.state = 'approved' GROUP BY 1, 2
        ), kept AS (
            SELECT u.enrollment_id, k.key AS name, k.value::numeric AS amount
            FROM claims_coverusage u CROSS JOIN LATERAL jsonb_each_text(u.counters) k
        )
        SELECT coalesce(used.enrollment_id, kept.enrollment_id), coalesce(used.name, kept.name)
        FROM used FULL JOIN kept ON kept.enrollment_id = used.enrollment_id AND kept.name = used.name
        WHERE coalesce(used.amount, 0) <> coalesce(kept.amount, 0)
        UNION ALL
        SELECT u.enrollment_id, 'paid' FROM claims_coverusage u LEFT JOIN LATERAL (
            SELECT sum(d.amount) AS paid FROM claims_decision d JOIN claims_claim c ON c.id = d.claim_id
            WHERE c.enrollment_id = u.enrollment_id AND c.settlement IS NOT NULL AND d.state = 'approved'
        ) AS held ON true WHERE u.paid <> coalesce(held.paid, 0)
        """,
    ),
    Invariant(
        7, "an_event_lies_in_its_cover", _("What happened lies in the time of each cover that is claimed on, while that stood."),
        """
        SELECT c.id FROM claims_claim c JOIN claims_case k ON k.id = c.case_id
        JOIN beneficiaries_enrollment e ON e.id = c.enrollment_id
        WHERE c.state NOT IN ('withdrawn', 'declined') AND c.settlement IS NOT NULL
            AND (k.event_at < e.starts_at OR k.event_at >= e.ends_at OR e.state NOT IN ('in_force', 'ended'))
        """,
    ),
    Invariant(
        7, "a_case_is_of_one_person", _("All covers of a case are of one person."),
        """
        SELECT c.case_id FROM claims_claim c JOIN beneficiaries_enrollment e ON e.id = c.enrollment_id
        JOIN beneficiaries_person p ON p.id = e.person_id
        GROUP BY c.case_id HAVING count(DISTINCT coalesce(p.merged_into_id, p.id)) > 1
        """,
    ),
    Invariant(
        9, "owed_is_what_was_decided",
        _("What was paid, is to be paid and came back of a claim is what its decision in force says."),
        """
        SELECT c.id FROM claims_claim c LEFT JOIN claims_decision d ON d.claim_id = c.id AND d.state = 'approved'
        LEFT JOIN LATERAL (
            SELECT sum(CASE WHEN p.kind = 'payout' THEN 1 ELSE -1 END
                * CASE p.state WHEN 'cancelled' THEN p.received + p.written_off ELSE p.amount END) AS owed
            FROM claims_payable p WHERE p.claim_id = c.id
        ) AS held ON true
        WHERE coalesce(d.amount, 0) <> coalesce(held.owed, 0) OR (d.id IS NOT NULL AND c.amount IS DISTINCT FROM d.amount)
        """,
    ),
    Invariant(
        9, "asked_back_is_what_records_say",
        _("What came back or was written off of an amount asked back is the sum of its confirmed records, and never more than it."),
        """
        SELECT p.id FROM claims_payable p LEFT JOIN LATERAL (
            SELECT coalesce(sum(m.amount) FILTER (WHERE m.kind = 'receipt'), 0) AS received,
                coalesce(sum(m.amount) FILTER (WHERE m.kind = 'write_off'), 0) AS written_off
            FROM claims_recovery m WHERE m.payable_id = p.id AND m.state = 'confirmed'
        ) AS said ON true
        WHERE p.kind = 'reclaim' AND (
            p.received <> said.received OR p.written_off <> said.written_off OR p.received + p.written_off > p.amount)
        UNION ALL
        SELECT w.id FROM claims_recovery w WHERE (w.state = 'reversed') <> EXISTS (
            SELECT FROM claims_recovery r WHERE r.reverses_id = w.id AND r.state = 'confirmed')
        """,
    ),
    Invariant(
        9, "a_decision_is_the_sum_of_its_parts", _("The amount of a decision is the sum of its parts."),
        """
        SELECT d.id FROM claims_decision d LEFT JOIN claims_decisionline l ON l.decision_id = d.id
        GROUP BY d.id, d.amount HAVING d.amount <> coalesce(sum(l.amount), 0)
        """,
    ),
    Invariant(
        16, "decisions_have_their_signatures",
        _("A decision in force has as many signatures as it asks for, under its digest, none by whoever calculated it."),
        """
        SELECT d.id FROM claims_decision d WHERE d.kind <> 'recomputed' AND d.state IN ('approved', 'replaced')
            AND (SELECT count(*) FROM claims_signature s
                WHERE s.decision_id = d.id AND s.digest = d.digest AND s.by_id <> d.proposed_by_id) <> d.signatures_needed
        UNION ALL
        SELECT d.id FROM claims_decision d LEFT JOIN claims_decision c ON c.id = d.cause_id
        WHERE d.kind = 'recomputed' AND (c.id IS NULL OR c.digest <> d.digest OR c.state NOT IN ('approved', 'replaced'))
        """,
    ),
    Invariant(
        3, "books_hold_what_claims_cost",
        _("Claims incurred in the books are the decisions in force, claims to be recovered what is asked back."),
        """
        SELECT program.id FROM programs_program program
        LEFT JOIN LATERAL (
            SELECT sum(d.amount) AS cost FROM claims_decision d JOIN claims_claim c ON c.id = d.claim_id
            WHERE c.program_id = program.id AND d.state = 'approved'
        ) AS decided ON true
        LEFT JOIN LATERAL (
            SELECT sum(e.amount) AS cost FROM programs_ledgerentry e
            JOIN programs_ledgeraccount a ON a.id = e.account_id AND a.kind = 'claims_incurred'
            WHERE a.program_id = program.id
        ) AS booked ON true
        WHERE coalesce(decided.cost, 0) <> coalesce(booked.cost, 0)
        """,
    ),
    Invariant(
        3, "books_hold_what_is_asked_back",
        _("Claims to be recovered in the books are what is asked back and open, beside what came back and was written off."),
        """
        SELECT program.id, held.kind FROM programs_program program
        CROSS JOIN LATERAL (
            SELECT sum(p.amount - p.received - p.written_off) FILTER (WHERE p.state <> 'cancelled') AS left_over,
                sum(p.received) AS received, sum(p.written_off) AS written_off
            FROM claims_payable p WHERE p.program_id = program.id AND p.kind = 'reclaim'
        ) AS asked
        CROSS JOIN LATERAL (VALUES ('claims_recoverable', asked.left_over), ('claims_recovered', asked.received),
            ('claims_written_off', asked.written_off)) AS held (kind, amount)
        WHERE coalesce(held.amount, 0) <> coalesce((SELECT sum(e.amount) FROM programs_ledgerentry e
            JOIN programs_ledgeraccount a ON a.id = e.account_id AND a.kind = held.kind
            WHERE a.program_id = program.id), 0)
        """,
    ),
    Invariant(
        17, "claims_are_of_their_covers_office", _("A claim belongs to the program, plan, period and office of its cover."),
        """
        SELECT c.id FROM claims_claim c LEFT JOIN beneficiaries_enrollment e ON e.id = c.enrollment_id
            AND e.program_id = c.program_id AND e.plan_id = c.plan_id AND e.period_id = c.period_id
            AND e.organization_id = c.organization_id
        WHERE e.id IS NULL
        """,
    ),
    Invariant(
        20, "every_step_of_a_claim_is_kept", _("The state of a claim is that of its last step."),
        """
        SELECT c.id FROM claims_claim c LEFT JOIN LATERAL (
            SELECT s.to_state FROM claims_claimstep s WHERE s.claim_id = c.id ORDER BY s.id DESC LIMIT 1
        ) AS last ON true WHERE last.to_state IS DISTINCT FROM c.state
        """,
    ),
]

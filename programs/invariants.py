"""What must hold of plans and money; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import Invariant

INVARIANTS = [
    Invariant(
        1, "shares_sum_to_premium", _("The shares of every premium sum to it."),
        """
        SELECT s.id FROM programs_fundingsplit s LEFT JOIN programs_fundingsplitline l ON l.split_id = s.id
        GROUP BY s.id HAVING s.premium <> s.own_share + coalesce(sum(l.amount), 0)
        """,
    ),
    Invariant(
        2, "ledger_balances", _("Every ledger transaction balances and has two legs or more."),
        """
        SELECT t.id FROM programs_ledgertransaction t LEFT JOIN programs_ledgerentry e ON e.transaction_id = t.id
        GROUP BY t.id HAVING count(e.id) < 2 OR sum(e.amount) <> 0
        """,
    ),
    Invariant(
        3, "balance_equals_entries", _("Every account's balance equals its entries."),
        """
        SELECT a.id FROM programs_ledgeraccount a LEFT JOIN programs_ledgerentry e ON e.account_id = a.id
        GROUP BY a.id HAVING a.balance <> coalesce(sum(e.amount), 0)
        """,
    ),
    Invariant(
        14, "budget_within_grant", _("Reserved and used of a budget lie within its grant, and equal its reservations."),
        """
        SELECT b.id FROM programs_budget b LEFT JOIN programs_budgetreservationline l ON l.budget_id = b.id
        GROUP BY b.id
        HAVING b.reserved + b.used > b.granted
            OR b.reserved <> coalesce(sum(l.reserved - l.used - l.released), 0)
            OR b.used <> coalesce(sum(l.used), 0)
            OR b.released <> coalesce(sum(l.released), 0)
        """,
    ),
    Invariant(
        14, "budget_equals_ledger", _("Every budget equals its accounts in the ledger."),
        """
        SELECT b.id FROM programs_budget b
        LEFT JOIN programs_ledgeraccount a ON a.budget_id = b.id
        WHERE b.state <> 'draft'
        GROUP BY b.id
        HAVING b.reserved <> coalesce(sum(a.balance) FILTER (WHERE a.kind = 'budget_reserved'), 0)
            OR b.used <> coalesce(sum(a.balance) FILTER (WHERE a.kind = 'budget_used'), 0)
            OR b.granted <> -coalesce(sum(a.balance) FILTER (WHERE a.kind = 'budget_granted'), 0)
            OR b.granted - b.reserved - b.used
                <> coalesce(sum(a.balance) FILTER (WHERE a.kind = 'budget_available'), 0)
        UNION ALL
        SELECT b.id FROM programs_budget b JOIN programs_ledgeraccount a ON a.budget_id = b.id
        WHERE b.state = 'draft' AND a.balance <> 0
        """,
    ),
    Invariant(
        15, "benefits_are_as_stated", _("Every plan's benefits are the file whose digest they bear."),
        """
        SELECT id FROM programs_planbenefits WHERE digest <> encode(sha256(convert_to(content, 'UTF8')), 'hex')
        """,
    ),
    Invariant(
        15, "insurers_bear_the_whole",
        _("The shares of every submitted plan's insurers are its whole, and its program's insurer leads."),
        """
        SELECT i.plan_id FROM programs_planinsurer i
        JOIN programs_plan l ON l.id = i.plan_id AND l.state <> 'draft' JOIN programs_program p ON p.id = l.program_id
        GROUP BY i.plan_id
        HAVING sum(i.share) <> 100 OR count(*) FILTER (WHERE i.lead) <> 1
            OR bool_or(i.lead AND i.insurer_id IS DISTINCT FROM p.insurer_id)
        """,
    ),
    Invariant(
        15, "no_self_approved_plan", _("No plan and no budget was approved by its own maker."),
        """
        SELECT id FROM programs_plan
        WHERE state IN ('approved', 'in_force', 'retired')
            AND (decided_by_id IS NULL OR decided_by_id = drafted_by_id OR decided_by_id = submitted_by_id)
        UNION ALL
        SELECT id FROM programs_budget
        WHERE state <> 'draft' AND (approved_by_id IS NULL OR approved_by_id = proposed_by_id)
        """,
    ),
    Invariant(
        20, "every_plan_step_has_its_event",
        _("Every plan that was approved, put in force or retired has the event of that moment."),
        """
        SELECT p.id, due.verb FROM programs_plan p CROSS JOIN LATERAL (VALUES
            ('plan.approved', p.decided_at, p.state IN ('approved', 'in_force', 'retired')),
            ('plan.in_force', p.in_force_at, p.state IN ('in_force', 'retired')),
            ('plan.retired', p.retired_at, p.state = 'retired')
        ) AS due (verb, at, expected)
        LEFT JOIN audit_event e ON e.subject_type = 'programs.plan' AND e.subject_id = p.id::text AND e.verb = due.verb
            AND e.at = due.at
        WHERE due.expected AND e.id IS NULL
        """,
    ),
    Invariant(
        20, "every_period_and_budget_has_its_events",
        _("Every period that was opened or closed and every budget that was approved or closed has its event."),
        """
        SELECT due.kind, due.id, due.verb FROM (
            SELECT 'programs.period' AS kind, id, 'period.opened' AS verb, NULL::timestamptz AS at FROM programs_period
            UNION ALL SELECT 'programs.period', id, 'period.closed', closed_at FROM programs_period WHERE closed_at IS NOT NULL
            UNION ALL SELECT 'programs.budget', id, 'budget.approved', approved_at FROM programs_budget WHERE state <> 'draft'
            UNION ALL SELECT 'programs.budget', id, 'budget.closed', NULL FROM programs_budget WHERE state = 'closed'
        ) AS due
        LEFT JOIN audit_event e ON e.subject_type = due.kind AND e.subject_id = due.id::text AND e.verb = due.verb
            AND (due.at IS NULL OR e.at = due.at)
        WHERE e.id IS NULL
        """,
    ),
    Invariant(
        20, "every_funder_has_its_event", _("Every funder has the event of being set up."),
        """
        SELECT f.id FROM programs_funder f LEFT JOIN audit_event e
            ON e.subject_type = 'programs.funder' AND e.subject_id = f.id::text AND e.verb = 'funder.created'
        WHERE e.id IS NULL
        """,
    ),
]

"""What keeps money from being somebody's own share: one rule for statements that are taken in and held money that is assigned."""

from __future__ import annotations

from beneficiaries.gating import DEAD

#: SQL branches of a CASE: the code of the first thing that keeps `{amount}` from paying the share of a row `e` of enrollments,
#: with its `roster` and its `plan`; nothing of them where it pays.
UNFIT = f"""
    WHEN e.id IS NULL OR roster.state IN ('undoing', 'undone') OR e.state IN ('ended', 'voided')
        OR (e.state = 'awaiting' AND {DEAD}) THEN 'COVER_ENDED'
    WHEN e.own_paid_at IS NOT NULL OR EXISTS (
        SELECT FROM gates_ownpaymentline line WHERE line.enrollment_id = e.id AND line.reversed_by_id IS NULL
    ) THEN 'PAID_TWICE'
    WHEN e.state = 'lapsed' THEN 'COVER_LAPSED'
    WHEN e.state <> 'awaiting' OR e.own_share = 0 THEN 'NOTHING_TO_PAY'
    WHEN roster.employer_id IS NOT NULL THEN 'EMPLOYER_PAYS'
    WHEN e.notice_passed_at IS NULL AND plan.requires_notice THEN 'NOTICE_FIRST'
    WHEN e.own_share <> {{amount}} THEN 'AMOUNT_DIFFERS'
"""
#: SQL: the cover `{cover}` as `e`, found by its key, with its roster and its plan.
COVER = """
LEFT JOIN LATERAL (SELECT * FROM beneficiaries_enrollment WHERE id = {cover} LIMIT 1) AS e ON true
LEFT JOIN beneficiaries_roster roster ON roster.id = e.roster_id
LEFT JOIN programs_plan plan ON plan.id = e.plan_id
"""
#: SQL: the payment of the purchase `{purchase}` was given up, since it never came.
GIVEN_UP = """EXISTS (
    SELECT FROM gates_clearingline given_up WHERE given_up.purchase_id = {purchase} AND given_up.outcome = 'done'
)"""

"""What must hold of closed months; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import NUMBER, Invariant
from closing.digests import DIGEST

_HOLDING = "state IN ('drawn', 'submitted', 'closed')"

INVARIANTS = [
    Invariant(
        3, "closed_figures_equal_ledger", _("What is kept of every closed month equals the ledger by accounting day."),
        f"""
        WITH held AS (
            SELECT id, program_id, month, (month + interval '1 month')::date AS next FROM closing_monthclosing WHERE {_HOLDING}
        ), booked AS (
            SELECT h.id AS closing_id, e.account_id,
                coalesce(sum(e.amount) FILTER (WHERE t.booked_on < h.month), 0) AS opening,
                coalesce(sum(e.amount) FILTER (WHERE t.booked_on >= h.month AND e.amount > 0), 0) AS debits,
                coalesce(-sum(e.amount) FILTER (WHERE t.booked_on >= h.month AND e.amount < 0), 0) AS credits
            FROM held h JOIN programs_ledgertransaction t ON t.program_id = h.program_id AND t.booked_on < h.next
            JOIN programs_ledgerentry e ON e.transaction_id = t.id GROUP BY 1, 2
        ), kept AS (
            SELECT b.closing_id, b.account_id, b.opening, b.debits, b.credits
            FROM closing_closedbalance b JOIN held h ON h.id = b.closing_id
        )
        SELECT closing_id, account_id FROM booked FULL JOIN kept USING (closing_id, account_id)
        WHERE (booked.opening, booked.debits, booked.credits) IS DISTINCT FROM (kept.opening, kept.debits, kept.credits)
        """,  # noqa: S608 - a condition of ours
    ),
    Invariant(
        3, "no_posting_after_closing", _("No posting came into a month after it was drawn up to be closed."),
        f"""
        SELECT c.id FROM closing_monthclosing c WHERE {_HOLDING} AND c.postings <> (
            SELECT count(*) FROM programs_ledgertransaction t
            WHERE t.program_id = c.program_id AND t.booked_on >= c.month AND t.booked_on < c.month + interval '1 month')
        """,  # noqa: S608 - a condition of ours
    ),
    Invariant(
        3, "books_follow_closings", _("A program's books are open from the month after the last one that is held or closed."),
        f"""
        SELECT c.program_id FROM closing_monthclosing c LEFT JOIN programs_books b ON b.program_id = c.program_id
        WHERE {_HOLDING} GROUP BY c.program_id, b.open_from
        HAVING b.open_from IS DISTINCT FROM (max(c.month) + interval '1 month')::date
        UNION ALL
        SELECT b.program_id FROM programs_books b WHERE NOT EXISTS (
            SELECT FROM closing_monthclosing c WHERE c.program_id = b.program_id AND c.{_HOLDING}
        ) AND b.open_from > (SELECT min(t.booked_on) FROM programs_ledgertransaction t WHERE t.program_id = b.program_id)
        """,  # noqa: S608 - a condition of ours
    ),
    Invariant(
        21, "chain_of_months_is_whole", _("Every closed month is as it was shown, and follows the one before."),
        f"""
        SELECT c.id FROM closing_monthclosing c LEFT JOIN closing_monthclosing p ON p.id = c.previous_id
        WHERE c.digest <> {DIGEST}
            OR c.previous_digest <> coalesce(p.digest, '')
            OR (p.id IS NOT NULL AND (p.state <> 'closed' OR p.program_id <> c.program_id
                OR p.month + interval '1 month' <> c.month))
            OR (p.id IS NULL AND c.{_HOLDING} AND EXISTS (
                SELECT FROM closing_monthclosing e WHERE e.program_id = c.program_id AND e.{_HOLDING} AND e.month < c.month))
        """,  # noqa: S608 - a condition of ours
    ),
    Invariant(
        15, "month_closed_by_another", _("No month was closed by whoever drew it up or submitted it."),
        """
        SELECT id FROM closing_monthclosing WHERE state IN ('closed', 'declined')
            AND (decided_by_id IS NULL OR submitted_by_id IS NULL OR decided_by_id IN (drawn_by_id, submitted_by_id))
        """,
    ),
    Invariant(
        20, "every_month_has_its_event", _("Every step of a closing has its event, with the checksum that was shown."),
        """
        SELECT c.id FROM closing_monthclosing c WHERE NOT EXISTS (
            SELECT FROM audit_event e WHERE e.subject_type = 'closing.monthclosing' AND e.subject_id = c.id::text
            AND e.verb = 'month.' || CASE c.state WHEN 'drawn' THEN 'drawn_up' ELSE c.state END
            AND coalesce(e.data ->> 'checksum', left(c.digest, 12)) = left(c.digest, 12))
        """,
    ),
    Invariant(
        26, "no_raw_numbers_in_closings", _("No reason of a closing holds a document or account number."),
        f"SELECT id FROM closing_monthclosing WHERE reason ~ '{NUMBER}'",  # noqa: S608
    ),
]

"""What must hold of funders' money; `manage.py verify` runs them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit.invariants import Invariant
from beneficiaries.money import COUNTY_DIGITS

_EVENT = """
NOT EXISTS (SELECT FROM audit_event e WHERE e.subject_type = 'subsidies.{model}' AND e.subject_id = {row}.id::text
    AND e.verb = '{verb}')
"""


def _without(verb: str, model: str, row: str) -> str:
    return _EVENT.format(verb=verb, model=model, row=row)


INVARIANTS = [
    Invariant(
        10, "request_equals_its_lines", _("A request for funds sums its lines, as a whole and by county and category."),
        """
        WITH places AS (
            SELECT l.request_id, l.county, l.category_id,
                count(*) FILTER (WHERE l.turn = 0 AND l.verdict <> 'left_out') AS people,
                count(*) FILTER (WHERE l.turn > 0 AND l.verdict <> 'left_out') AS removals, sum(l.times) AS times,
                sum(l.amount) AS amount
            FROM subsidies_fundrequestline l JOIN subsidies_fundrequest r ON r.id = l.request_id AND r.state <> 'making'
            GROUP BY 1, 2, 3
        )
        SELECT coalesce(l.request_id, p.request_id) FROM places l FULL JOIN subsidies_fundrequestpart p
            ON p.request_id = l.request_id AND p.county = l.county AND p.category_id = l.category_id
        WHERE l.amount IS DISTINCT FROM p.amount OR l.people IS DISTINCT FROM p.people
            OR l.removals IS DISTINCT FROM p.removals OR l.times IS DISTINCT FROM p.times
        UNION ALL
        SELECT r.id FROM subsidies_fundrequest r LEFT JOIN subsidies_fundrequestpart p ON p.request_id = r.id
        GROUP BY r.id HAVING r.amount <> coalesce(sum(p.amount), 0) OR r.people <> coalesce(sum(p.people), 0)
            OR r.removals <> coalesce(sum(p.removals), 0)
        """,
    ),
    Invariant(
        10, "request_keeps_its_digest", _("What was submitted to a funder is what the digest of the request says."),
        """
        SELECT r.id FROM subsidies_fundrequest r LEFT JOIN subsidies_fundrequestline l ON l.request_id = r.id
        WHERE r.digest <> '' GROUP BY r.id
        HAVING r.digest <> encode(sha256(convert_to(coalesce(string_agg(
            l.county || ' ' || l.category_id || ' ' || l.enrollment_id || ' ' || l.amount, E'\\n' ORDER BY l.enrollment_id
        ), ''), 'UTF8')), 'hex')
        """,
    ),
    Invariant(
        4, "cover_asked_once",
        _("A funder is asked for a cover on one live request, and for no more than its share of it."),
        """
        SELECT l.funder_id, l.enrollment_id FROM subsidies_fundrequestline l
        JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
        LEFT JOIN LATERAL (
            SELECT sum(amount) AS amount FROM programs_fundingsplitline s
            WHERE s.split_id = e.split_id AND s.funder_id = l.funder_id
        ) AS share ON true
        WHERE l.stands
        GROUP BY l.funder_id, l.enrollment_id, share.amount
        HAVING count(*) FILTER (WHERE l.turn = 0) <> 1 OR count(DISTINCT l.turn) <> count(*)
            OR sum(l.amount) < 0 OR sum(l.amount) > coalesce(share.amount, 0) OR sum(l.times) NOT IN (0, 1)
        """,
    ),
    Invariant(
        17, "request_lines_are_of_the_request",
        _("Every line of a request is of its funder and its period, and stands unless it was withdrawn."),
        """
        SELECT l.id FROM subsidies_fundrequestline l JOIN subsidies_fundrequest r ON r.id = l.request_id
        LEFT JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
        WHERE l.funder_id <> r.funder_id OR e.period_id IS DISTINCT FROM r.period_id OR e.program_id <> r.program_id
            OR (l.stands AND r.state = 'withdrawn') OR (NOT l.stands AND r.state <> 'withdrawn' AND l.verdict <> 'left_out')
            OR (r.state IN ('submitted', 'sent', 'settled') AND l.doubt <> '' AND l.verdict = '')
        """,
    ),
    Invariant(
        14, "request_receives_its_allocations", _("What a request received is what was allocated to it, and never above it."),
        """
        SELECT r.id FROM subsidies_fundrequest r LEFT JOIN subsidies_fundallocation a ON a.request_id = r.id
        GROUP BY r.id HAVING r.allocated <> coalesce(sum(a.amount), 0)
            OR abs(r.allocated + r.written_off) > abs(r.amount)
            OR (r.state = 'settled') <> (r.state IN ('sent', 'settled') AND r.amount = r.allocated + r.written_off)
        """,
    ),
    Invariant(
        14, "written_off_by_movements", _("What is written off of a request is what confirmed movements wrote off."),
        """
        SELECT r.id FROM subsidies_fundrequest r LEFT JOIN subsidies_fundmovement m
            ON m.request_id = r.id AND m.kind = 'write_off' AND m.state = 'confirmed'
        WHERE r.amount >= 0 GROUP BY r.id HAVING r.written_off <> coalesce(sum(m.amount), 0)
        """,
    ),
    Invariant(
        14, "receipts_are_allocated_or_held", _("Of every receipt as much went onto requests, and was held, as came in."),
        """
        SELECT m.id FROM subsidies_fundmovement m LEFT JOIN subsidies_fundallocation a ON a.movement_id = m.id
        WHERE m.kind = 'receipt' AND m.state IN ('confirmed', 'reversed')
        GROUP BY m.id HAVING m.amount <> m.held + coalesce(sum(a.amount), 0)
        UNION ALL
        SELECT m.id FROM subsidies_fundmovement m JOIN subsidies_fundallocation a ON a.movement_id = m.id
        WHERE m.kind NOT IN ('receipt', 'reversal') OR m.state NOT IN ('confirmed', 'reversed')
        """,
    ),
    Invariant(
        14, "settled_equals_receipts", _("What the budgets of a funder show as settled is what its requests received."),
        """
        SELECT funder_id, period_id FROM (
            SELECT funder_id, period_id, settled AS amount FROM programs_budget
            UNION ALL
            SELECT funder_id, period_id, -allocated FROM subsidies_fundrequest
        ) AS both_sides GROUP BY 1, 2 HAVING sum(amount) <> 0
        """,
    ),
    Invariant(
        14, "funds_equal_ledger", _("What came in from a funder, is held for it and not borne by it, is so in the books."),
        """
        SELECT kind, program_id, funder_id FROM (
            SELECT kind, program_id, funder_id, balance AS amount FROM programs_ledgeraccount
            WHERE kind IN ('funder_received', 'funder_credit', 'funder_written_off')
            UNION ALL
            SELECT 'funder_received', program_id, funder_id, CASE WHEN kind = 'receipt' THEN -amount ELSE amount END
            FROM subsidies_fundmovement WHERE state = 'confirmed' AND kind IN ('receipt', 'payback')
            UNION ALL
            SELECT 'funder_credit', program_id, funder_id, CASE WHEN kind = 'receipt' THEN amount ELSE -amount END
            FROM subsidies_fundmovement WHERE state = 'confirmed' AND kind IN ('receipt', 'payback')
            UNION ALL
            SELECT 'funder_credit', program_id, funder_id, -allocated FROM subsidies_fundrequest
            UNION ALL
            SELECT 'funder_written_off', program_id, funder_id, -written_off FROM subsidies_fundrequest
            UNION ALL
            SELECT 'funder_written_off', d.program_id, l.funder_id, -l.amount FROM subsidies_differenceline l
            JOIN subsidies_differences d ON d.id = l.differences_id WHERE l.stands AND l.reason = 'elsewhere'
        ) AS both_sides GROUP BY 1, 2, 3 HAVING sum(amount) <> 0
        """,
    ),
    Invariant(
        14, "receivable_equals_shares",
        _("A funder owes the shares of its covers, less what was given back, came in or was written off."),
        """
        SELECT program_id, funder_id FROM (
            SELECT a.program_id, a.funder_id, e.amount FROM programs_ledgerentry e
            JOIN programs_ledgeraccount a ON a.id = e.account_id AND a.kind = 'funder_receivable'
            JOIN programs_ledgertransaction t ON t.id = e.transaction_id
            WHERE t.source_type IN ('beneficiaries.roster', 'beneficiaries.purchase') OR t.source_type LIKE 'subsidies.%'
            UNION ALL
            SELECT places.program_id, s.funder_id, -s.amount * places.covers FROM (
                SELECT program_id, split_id, count(*) AS covers FROM beneficiaries_enrollment
                WHERE state NOT IN ('lapsed', 'voided') GROUP BY 1, 2
            ) AS places JOIN programs_fundingsplitline s ON s.split_id = places.split_id
            UNION ALL
            SELECT d.program_id, l.funder_id, l.amount FROM subsidies_differenceline l
            JOIN subsidies_differences d ON d.id = l.differences_id WHERE l.stands AND l.funder_id IS NOT NULL
            UNION ALL
            SELECT program_id, funder_id, allocated + written_off FROM subsidies_fundrequest
        ) AS both_sides GROUP BY 1, 2 HAVING sum(amount) <> 0
        """,
    ),
    Invariant(
        14, "used_stands_where_covers_are",
        _("What rosters used of a funder by county and category is what their covers cost it there."),
        f"""
        SELECT program_id, funder_id, county, category_id FROM (
            SELECT r.program_id, r.funder_id, r.region_code AS county, r.category_id, l.used AS amount
            FROM programs_budgetreservation r JOIN programs_budgetreservationline l ON l.reservation_id = r.id
            WHERE r.owner_type = 'beneficiaries.roster'
            UNION ALL
            SELECT places.program_id, s.funder_id, places.county, places.category_id, -s.amount * places.covers FROM (
                SELECT e.program_id, e.split_id, left(w.region_code, {COUNTY_DIGITS}) AS county, w.category_id,
                    count(*) AS covers
                FROM beneficiaries_enrollment e JOIN beneficiaries_rosterrow w ON w.id = e.row_id
                WHERE e.state NOT IN ('lapsed', 'voided') GROUP BY 1, 2, 3, 4
            ) AS places JOIN programs_fundingsplitline s ON s.split_id = places.split_id
        ) AS both_sides GROUP BY 1, 2, 3, 4 HAVING sum(amount) <> 0
        """,  # noqa: S608 - a number of our own
    ),
    Invariant(
        10, "differences_equal_their_lines", _("A list of differences sums its lines, which stand once it is approved."),
        """
        SELECT d.id FROM subsidies_differences d LEFT JOIN subsidies_differenceline l ON l.differences_id = d.id
        GROUP BY d.id HAVING count(DISTINCT l.enrollment_id) <> d.people
            OR coalesce(sum(l.amount) FILTER (WHERE l.funder_id IS NOT NULL), 0) <> d.funders_amount
            OR coalesce(sum(l.amount) FILTER (WHERE l.funder_id IS NULL), 0) <> d.own_amount
            OR coalesce(sum(l.amount) FILTER (WHERE l.funder_id IS NULL AND l.paid), 0) <> d.refund_amount
            OR coalesce(bool_or(l.stands <> (d.state = 'approved')), true)
        """,
    ),
    Invariant(
        14, "nobody_gets_back_more_than_their_share", _("No payer gets back more of a cover than their share of it."),
        """
        SELECT l.enrollment_id, l.funder_id FROM subsidies_differenceline l
        JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
        LEFT JOIN LATERAL (
            SELECT sum(amount) AS amount FROM programs_fundingsplitline s
            WHERE s.split_id = e.split_id AND s.funder_id = l.funder_id
        ) AS share ON true
        WHERE l.stands GROUP BY l.enrollment_id, l.funder_id, share.amount, e.own_share
        HAVING sum(l.amount) < 0
            OR sum(l.amount) > CASE WHEN l.funder_id IS NULL THEN e.own_share ELSE coalesce(share.amount, 0) END
        """,
    ),
    Invariant(
        15, "funds_moved_by_two", _("No request, movement or list of differences was approved by whoever made it."),
        """
        SELECT 'request', id FROM subsidies_fundrequest WHERE state IN ('sent', 'settled')
            AND (approved_by_id IS NULL OR approved_by_id IN (made_by_id, submitted_by_id))
        UNION ALL
        SELECT 'movement', id FROM subsidies_fundmovement WHERE state <> 'proposed'
            AND (decided_by_id IS NULL OR decided_by_id = made_by_id)
        UNION ALL
        SELECT 'movement', m.id FROM subsidies_fundmovement m WHERE m.state = 'reversed' AND NOT EXISTS (
            SELECT FROM subsidies_fundmovement r WHERE r.reverses_id = m.id AND r.state = 'confirmed')
        UNION ALL
        SELECT 'differences', id FROM subsidies_differences WHERE state = 'approved'
            AND (decided_by_id IS NULL OR decided_by_id = made_by_id)
        """,
    ),
    Invariant(
        20, "every_step_of_funds_has_its_event", _("Every request, movement and list of differences has the events of its steps."),
        f"""
        SELECT 'request', r.id FROM subsidies_fundrequest r
        WHERE (r.state IN ('submitted', 'sent', 'settled') AND {_without("funds.request_submitted", "fundrequest", "r")})
            OR (r.state IN ('sent', 'settled') AND {_without("funds.request_sent", "fundrequest", "r")})
        UNION ALL
        SELECT 'movement', m.id FROM subsidies_fundmovement m
        WHERE {_without("funds.movement_recorded", "fundmovement", "m")}
            OR (m.state IN ('confirmed', 'reversed') AND {_without("funds.movement_confirmed", "fundmovement", "m")})
            OR (m.state = 'declined' AND {_without("funds.movement_declined", "fundmovement", "m")})
        UNION ALL
        SELECT 'differences', d.id FROM subsidies_differences d
        WHERE {_without("funds.differences_made", "differences", "d")}
            OR (d.state = 'approved' AND {_without("funds.differences_approved", "differences", "d")})
        """,  # noqa: S608 - names of our own
    ),
]

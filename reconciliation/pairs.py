"""Each two records of the same thing, row by row, as SQL: counts, sums, differences, and exactly the rows that differ.

A pair is a statement of rows (subject, key, left_n, left_sum, right_n, right_sum): the count and yuan that either side has of
one claim, decision, payable, payout line or batch. A row is a difference where count or sum are not the same. Pairs that name
a time count what happened within the span; the others compare how things stand now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Within an office: of the claim's, or of the batch's; the whole program has the empty path, with which every path begins.
_OF_CLAIM = """JOIN claims_claim c ON c.id = {claim} AND c.program_id = %(program)s
        JOIN accounts_organization o ON o.id = c.organization_id AND starts_with(o.path, %(path)s)"""
_OF_BATCH = """JOIN payouts_batch b ON b.id = {batch} AND b.program_id = %(program)s
        JOIN accounts_organization o ON o.id = b.organization_id AND starts_with(o.path, %(path)s)"""
# What verifies accounts is no claim: it stands in pairs of its own.
_OF_LINE = f"JOIN payouts_batchline l ON l.id = r.line_id AND NOT l.is_test {_OF_BATCH.format(batch='l.batch_id')}"
_JOINED = """
SELECT '{subject}' AS subject, coalesce(x.id, y.id) AS key, coalesce(x.n, 0) AS left_n, coalesce(x.amount, 0.00) AS left_sum,
    coalesce(y.n, 0) AS right_n, coalesce(y.amount, 0.00) AS right_sum
FROM ({left}) x FULL JOIN ({right}) y ON y.id = x.id
"""


def _joined(subject: str, left: str, right: str) -> str:
    return _JOINED.format(subject=subject, left=left, right=right)


#: What each decision that came into force changes of what its claim costs.
_DECIDED = f"""
    SELECT d.id, 1 AS n, d.amount - coalesce(earlier.amount, 0.00) AS amount
    FROM claims_decision d {_OF_CLAIM.format(claim='d.claim_id')}
    LEFT JOIN LATERAL (
        SELECT p.amount FROM claims_decision p
        WHERE p.claim_id = d.claim_id AND p.number < d.number AND p.state IN ('approved', 'replaced')
        ORDER BY p.number DESC LIMIT 1
    ) earlier ON true
    WHERE d.state IN ('approved', 'replaced') AND d.decided_at >= %(begin)s AND d.decided_at < %(end)s
        AND d.amount <> coalesce(earlier.amount, 0.00)
"""  # noqa: S608
_BOOKED_CLAIMS = """
    SELECT t.source_id AS id, count(DISTINCT t.id) AS n, sum(e.amount) AS amount
    FROM programs_ledgertransaction t JOIN programs_ledgerentry e ON e.transaction_id = t.id
    JOIN programs_ledgeraccount a ON a.id = e.account_id AND a.kind = 'claims_incurred'
    LEFT JOIN claims_decision d ON d.id = t.source_id LEFT JOIN claims_claim c ON c.id = d.claim_id
    LEFT JOIN accounts_organization o ON o.id = c.organization_id
    WHERE t.program_id = %(program)s AND t.kind = 'claim' AND t.booked_on >= %(first)s AND t.at >= %(begin)s AND t.at < %(end)s
        AND starts_with(coalesce(o.path, ''), %(path)s)
    GROUP BY t.source_id
"""
_IN_FORCE = f"""
    SELECT c.id, 1 AS n, d.amount FROM claims_decision d {_OF_CLAIM.format(claim='d.claim_id')}
    WHERE d.state = 'approved' AND d.amount <> 0
"""  # noqa: S608
_COUNTED = """CASE p.kind WHEN 'payout' THEN 1 ELSE -1 END
    * CASE p.state WHEN 'cancelled' THEN p.received + p.written_off ELSE p.amount END"""
# Counted once a claim: what stands open, was paid or came back of it makes one sum.
_OWED = f"""
    SELECT c.id, 1 AS n, sum({_COUNTED}) AS amount
    FROM claims_payable p {_OF_CLAIM.format(claim='p.claim_id')}
    GROUP BY c.id HAVING sum({_COUNTED}) <> 0
"""  # noqa: S608
_OF_RECOVERY = f"JOIN claims_payable p ON p.id = m.payable_id {_OF_CLAIM.format(claim='p.claim_id')}"
#: Records of amounts asked back that were confirmed; a reversal takes away.
_MOVED = "CASE m.kind WHEN 'reversal' THEN -m.amount ELSE m.amount END"
_RECOVERED = f"""
    SELECT m.id, 1 AS n, {_MOVED} AS amount FROM claims_recovery m {_OF_RECOVERY}
    WHERE m.state IN ('confirmed', 'reversed') AND m.decided_at >= %(begin)s AND m.decided_at < %(end)s
"""  # noqa: S608
_BOOKED_RECOVERIES = """
    SELECT t.source_id AS id, count(DISTINCT t.id) AS n, -sum(e.amount) AS amount
    FROM programs_ledgertransaction t JOIN programs_ledgerentry e ON e.transaction_id = t.id
    JOIN programs_ledgeraccount a ON a.id = e.account_id AND a.kind = 'claims_recoverable'
    LEFT JOIN claims_recovery m ON m.id = t.source_id LEFT JOIN claims_payable p ON p.id = m.payable_id
    LEFT JOIN accounts_organization o ON o.id = p.organization_id
    WHERE t.program_id = %(program)s AND t.source_type = 'claims.recovery' AND t.booked_on >= %(first)s AND t.at >= %(begin)s
        AND t.at < %(end)s AND starts_with(coalesce(o.path, ''), %(path)s)
    GROUP BY t.source_id
"""
_RECOVERED_BY_PAYABLE = f"""
    SELECT p.id, 1 AS n, sum({_MOVED}) AS amount FROM claims_recovery m {_OF_RECOVERY}
    WHERE m.state IN ('confirmed', 'reversed') GROUP BY p.id HAVING sum({_MOVED}) <> 0
"""  # noqa: S608
_BACK = f"""
    SELECT p.id, 1 AS n, p.received + p.written_off AS amount FROM claims_payable p {_OF_CLAIM.format(claim='p.claim_id')}
    WHERE p.kind = 'reclaim' AND p.received + p.written_off <> 0
"""  # noqa: S608


def _payables(state: str) -> str:
    return f"""
    SELECT p.id, 1 AS n, p.amount FROM claims_payable p {_OF_CLAIM.format(claim='p.claim_id')}
    WHERE p.kind = 'payout' AND p.state = '{state}'
    """  # noqa: S608


def _lines_by_payable(state: str) -> str:
    return f"""
    SELECT l.payable_id AS id, count(*) AS n, sum(l.amount) AS amount FROM payouts_batchline l
    JOIN claims_payable p ON p.id = l.payable_id {_OF_CLAIM.format(claim='p.claim_id')}
    WHERE l.state = '{state}' AND NOT l.is_test GROUP BY l.payable_id
    """  # noqa: S608


def _lines(states: str) -> str:
    return f"""
    SELECT l.id, 1 AS n, l.amount FROM payouts_batchline l {_OF_BATCH.format(batch='l.batch_id')}
    WHERE l.state IN ({states}) AND NOT l.is_test
    """  # noqa: S608


def _results(outcome: str) -> str:
    return f"""
    SELECT r.line_id AS id, count(*) AS n, sum(r.amount) AS amount FROM payouts_bankresult r {_OF_LINE}
    WHERE r.outcome = '{outcome}' GROUP BY r.line_id
    """  # noqa: S608


def _results_by_batch(outcome: str) -> str:
    return f"""
    SELECT l.batch_id AS id, count(*) AS n, sum(r.amount) AS amount FROM payouts_bankresult r {_OF_LINE}
    WHERE r.outcome = '{outcome}' AND r.at >= %(begin)s AND r.at < %(end)s GROUP BY l.batch_id
    """  # noqa: S608


def _booked_by_batch(kinds: str, sign: str, account: str = "claims_paid") -> str:
    # A posting of payouts says in its memo for how many it is.
    return f"""
    SELECT t.source_id AS id, sum(CASE WHEN t.memo ~ '^[0-9]{{1,9}}$' THEN t.memo::int ELSE 1 END) AS n,
        {sign}sum(e.amount) AS amount
    FROM programs_ledgertransaction t JOIN programs_ledgerentry e ON e.transaction_id = t.id
    JOIN programs_ledgeraccount a ON a.id = e.account_id AND a.kind = '{account}'
    LEFT JOIN payouts_batch b ON b.id = t.source_id LEFT JOIN accounts_organization o ON o.id = b.organization_id
    WHERE t.program_id = %(program)s AND t.kind IN ({kinds}) AND t.booked_on >= %(first)s AND t.at >= %(begin)s AND t.at < %(end)s
        AND starts_with(coalesce(o.path, ''), %(path)s)
    GROUP BY t.source_id
    """  # noqa: S608


#: Lines that verify accounts: how many results each has to have, and what they come to; and what the bank has said.
_TESTED = f"""
    SELECT l.id, CASE l.state WHEN 'returned' THEN 2 ELSE 1 END AS n, CASE l.state WHEN 'paid' THEN l.amount ELSE 0.00 END AS amount
    FROM payouts_batchline l {_OF_BATCH.format(batch='l.batch_id')}
    WHERE l.is_test AND l.state IN ('paid', 'failed', 'returned')
"""  # noqa: S608
_MOVED = "CASE r.outcome WHEN 'paid' THEN r.amount WHEN 'returned' THEN -r.amount ELSE 0.00 END"
_TEST_RESULTS = f"""
    SELECT r.line_id AS id, count(*) AS n, sum({_MOVED}) AS amount FROM payouts_bankresult r
    JOIN payouts_batchline l ON l.id = r.line_id AND l.is_test {_OF_BATCH.format(batch='l.batch_id')} GROUP BY r.line_id
"""  # noqa: S608
_TESTS_BY_BATCH = f"""
    SELECT l.batch_id AS id, count(*) AS n, sum({_MOVED}) AS amount FROM payouts_bankresult r
    JOIN payouts_batchline l ON l.id = r.line_id AND l.is_test {_OF_BATCH.format(batch='l.batch_id')}
    WHERE r.outcome IN ('paid', 'returned') AND r.at >= %(begin)s AND r.at < %(end)s GROUP BY l.batch_id
"""  # noqa: S608


@dataclass(frozen=True)
class Pair:
    """Two records of one thing. `is_timed`: of the span; else as things stand now."""

    code: str
    title: str | Promise
    left: str | Promise
    right: str | Promise
    sql: str
    is_timed: bool = False


_CLAIMS, _PAYOUTS, _BANK, _BOOKS = _("claims"), _("payout lines"), _("the bank's results"), _("the ledger")
_BACK_SAID = _("records of what came back")
PAIRS: Sequence[Pair] = (
    Pair("decided_booked", _("Decided, and booked as claims incurred"), _("decisions in force"), _BOOKS,
        _joined("decision", _DECIDED, _BOOKED_CLAIMS), is_timed=True),
    Pair("decided_owed", _("Decided, and paid or to be paid or asked back"), _("decisions in force"), _("amounts owed"),
        _joined("claim", _IN_FORCE, _OWED)),
    Pair("in_payment_lines", _("On its way to the bank"), _("amounts owed"), _PAYOUTS,
        _joined("payable", _payables("in_payment"), _lines_by_payable("open"))),
    Pair("paid_lines", _("Paid, as claims and as payouts have it"), _("amounts owed"), _PAYOUTS,
        _joined("payable", _payables("paid"), _lines_by_payable("paid"))),
    Pair("lines_results_paid", _("Paid, as payouts and as the bank have it"), _PAYOUTS, _BANK,
        _joined("line", _lines("'paid', 'returned'"), _results("paid"))),
    Pair("lines_results_failed", _("Failed, as payouts and as the bank have it"), _PAYOUTS, _BANK,
        _joined("line", _lines("'failed'"), _results("failed"))),
    Pair("lines_results_returned", _("Returned, as payouts and as the bank have it"), _PAYOUTS, _BANK,
        _joined("line", _lines("'returned'"), _results("returned"))),
    Pair("results_booked", _("Paid by the bank, and booked"), _BANK, _BOOKS,
        _joined("batch", _results_by_batch("paid"), _booked_by_batch("'payout'", "-")), is_timed=True),
    Pair("returns_booked", _("Returned by the bank, and booked"), _BANK, _BOOKS,
        _joined("batch", _results_by_batch("returned"), _booked_by_batch("'bounce'", "")), is_timed=True),
    Pair("back_owed", _("Come back or written off, and set against what was asked"), _BACK_SAID, _("amounts asked back"),
        _joined("payable", _RECOVERED_BY_PAYABLE, _BACK)),
    Pair("back_booked", _("Come back or written off, and booked"), _BACK_SAID, _BOOKS,
        _joined("recovery", _RECOVERED, _BOOKED_RECOVERIES), is_timed=True),
    Pair("tests_results", _("Accounts verified, as payouts and as the bank have it"), _PAYOUTS, _BANK,
        _joined("line", _TESTED, _TEST_RESULTS)),
    Pair("tests_booked", _("Accounts verified by the bank, and booked as a cost"), _BANK, _BOOKS,
        _joined("batch", _TESTS_BY_BATCH, _booked_by_batch("'test', 'testback'", "", "account_tests")), is_timed=True),
)


def _open_payables(kind: str, state: str) -> str:
    return f"""
    SELECT 'payable' AS subject, p.id AS key, 1 AS left_n, p.amount - p.received - p.written_off AS left_sum, 0 AS right_n,
        0.00 AS right_sum
    FROM claims_payable p {_OF_CLAIM.format(claim='p.claim_id')} WHERE p.kind = '{kind}' AND p.state = '{state}'
    """  # noqa: S608


def _open_lines(condition: str, kind: str = "NOT l.is_test") -> str:
    return f"""
    SELECT 'line' AS subject, l.id AS key, 1 AS left_n, l.amount AS left_sum, 0 AS right_n, 0.00 AS right_sum
    FROM payouts_batchline l {_OF_BATCH.format(batch='l.batch_id')} WHERE {condition} AND {kind}
    """  # noqa: S608


_SENT = """l.state = 'open' AND b.state IN ('unknown', 'sent', 'succeeded', 'partial', 'failed')
    AND coalesce(b.sent_at, b.released_at)"""


@dataclass(frozen=True)
class Waiting:
    """What is right and not done yet. `is_owed`: part of what the books owe to payees."""

    code: str
    title: str | Promise
    sql: str
    is_owed: bool = True
    tone: str = ""


WAITING: Sequence[Waiting] = (
    Waiting("unbatched", _("Owed, in no batch"), _open_payables("payout", "open")),
    Waiting("unsent", _("In a batch that has not left"),
        _open_lines("l.state = 'open' AND b.state IN ('prepared', 'checked', 'authorized', 'released')")),
    Waiting("at_bank", _("At the bank, no result yet"), _open_lines(f"{_SENT} >= %(late_from)s")),
    Waiting("late", _("At the bank without a result for longer than that"), _open_lines(f"{_SENT} < %(late_from)s"), tone="bad"),
    Waiting("failed", _("Failed or returned: a corrected account is waited for"), _open_payables("payout", "failed"), tone="warn"),
    Waiting("reclaimed", _("Asked back and not come in"), _open_payables("reclaim", "open"), is_owed=False),
    Waiting("unconfirmed", _("Recorded as come back or written off, not confirmed yet"), f"""
    SELECT 'recovery' AS subject, m.id AS key, 1 AS left_n, m.amount AS left_sum, 0 AS right_n, 0.00 AS right_sum
    FROM claims_recovery m {_OF_RECOVERY} WHERE m.state = 'proposed'
    """, is_owed=False),  # noqa: S608
    Waiting("untaken", _("Told as paid by the bank, not taken over yet"), f"""
    SELECT 'line' AS subject, l.id AS key, 1 AS left_n, l.amount AS left_sum, 0 AS right_n, 0.00 AS right_sum
    FROM payouts_bankreturnrow r JOIN payouts_bankreturn f ON f.id = r.bank_return_id
        AND f.state IN ('review', 'submitted', 'approved', 'applying')
    JOIN payouts_batchline l ON l.id = r.line_id AND l.state = 'open' AND NOT l.is_test {_OF_BATCH.format(batch='l.batch_id')}
    WHERE r.outcome = 'paid' AND r.verdict = 1 AND r.set_aside = ''
    """, is_owed=False, tone="warn"),  # noqa: S608
    Waiting("bounced", _("Booked as paid, and returned since"),
        _open_lines("l.state = 'returned'"), is_owed=False),
    Waiting("tests", _("To verify accounts, at the bank, no result yet"),
        _open_lines("l.state = 'open' AND b.state IN ('unknown', 'sent')", "l.is_test"), is_owed=False),
)
BY_CODE: Mapping[str, Pair | Waiting] = {
    **{pair.code: pair for pair in PAIRS}, **{each.code: each for each in WAITING},
}

_DIFFERS = "(left_n <> right_n OR left_sum <> right_sum)"
_SUMMED = f"""
SELECT coalesce(sum(left_n), 0)::bigint, coalesce(sum(left_sum), 0.00), coalesce(sum(right_n), 0)::bigint,
    coalesce(sum(right_sum), 0.00), count(*) FILTER (WHERE {_DIFFERS})::bigint
FROM ({{sql}}) side_by_side
"""  # noqa: S608
# What a row is called, and which page shows it.
_LISTED = f"""
SELECT found.subject, found.key, found.left_n, found.left_sum, found.right_n, found.right_sum,
    coalesce(p.claim_id, d.claim_id, CASE found.subject WHEN 'claim' THEN found.key END), l.batch_id, l.number,
    coalesce(v.made_at, p.made_at, d.decided_at, b.sent_at, b.released_at, b.made_at), o.name
FROM (SELECT * FROM ({{sql}}) side_by_side WHERE {_DIFFERS} AND key > %(after)s ORDER BY key LIMIT %(most)s) found
LEFT JOIN payouts_batchline l ON found.subject = 'line' AND l.id = found.key
LEFT JOIN claims_recovery v ON found.subject = 'recovery' AND v.id = found.key
LEFT JOIN claims_payable p ON p.id = CASE found.subject WHEN 'payable' THEN found.key WHEN 'line' THEN l.payable_id
    WHEN 'recovery' THEN v.payable_id END
LEFT JOIN claims_decision d ON found.subject = 'decision' AND d.id = found.key
LEFT JOIN payouts_batch b ON b.id = CASE found.subject WHEN 'batch' THEN found.key WHEN 'line' THEN l.batch_id END
LEFT JOIN claims_claim c ON c.id = coalesce(p.claim_id, d.claim_id, CASE found.subject WHEN 'claim' THEN found.key END)
LEFT JOIN accounts_organization o ON o.id = coalesce(c.organization_id, b.organization_id)
ORDER BY found.key
"""  # noqa: S608


@dataclass(frozen=True)
class Sums:
    """Count and yuan of each side; `rows`: how many differ."""

    left_n: int
    left: Decimal
    right_n: int
    right: Decimal
    rows: int

    @property
    def difference(self) -> Decimal:
        """Yuan: left less right."""
        return self.left - self.right

    @property
    def number_apart(self) -> int:
        """Left less right."""
        return self.left_n - self.right_n

    @property
    def agrees(self) -> bool:
        """Whether each row is the same on both sides: sums alone may agree by chance."""
        return not self.rows


@dataclass(frozen=True)
class Row:
    """One row that differs or waits: what it is, what each side has of it, since when, of which office."""

    subject: str
    key: int
    left_n: int
    left: Decimal
    right_n: int
    right: Decimal
    claim_id: int | None
    batch_id: int | None
    number: int | None
    at: Any
    office: str | None

    @property
    def difference(self) -> Decimal:
        """Yuan: left less right."""
        return self.left - self.right


def sums_of(found: Pair | Waiting, facts: Mapping[str, Any]) -> Sums:
    """In one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMMED.format(sql=found.sql), facts)
        return Sums(*cursor.fetchone())


def rows_of(found: Pair | Waiting, facts: Mapping[str, Any], *, after: int = -1, most: int = 101) -> list[Row]:
    """Exactly the rows that differ (of what waits: all of them), by key."""
    with connection.cursor() as cursor:
        cursor.execute(_LISTED.format(sql=found.sql), {**facts, "after": after, "most": most})
        return [Row(*row) for row in cursor.fetchall()]

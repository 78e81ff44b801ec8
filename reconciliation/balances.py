"""The ledger's balances of claims at the end of a span, beside what claims, payouts and the bank make of the same; yuan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _t

ZERO = Decimal("0.00")
KINDS = (
    "claims_incurred", "claims_payable", "claims_paid", "claims_recoverable", "claims_recovered", "claims_written_off",
    "account_tests",
)
# Balances are kept with the accounts: what was made after the span is taken off again. What was made within it and counts in a
# later month, since its own was closed, is told apart (`carried`).
_LEDGER = """
WITH accounts AS (
    SELECT id, kind, balance FROM programs_ledgeraccount WHERE program_id = %(program)s AND kind = ANY(%(kinds)s)
), later AS (
    SELECT e.account_id, sum(e.amount) FILTER (WHERE t.at >= %(end)s) AS amount,
        sum(e.amount) FILTER (WHERE t.at < %(end)s) AS carried
    FROM programs_ledgertransaction t JOIN programs_ledgerentry e ON e.transaction_id = t.id
    WHERE t.program_id = %(program)s AND t.booked_on >= %(until)s AND e.account_id IN (SELECT id FROM accounts) GROUP BY 1
)
SELECT a.kind, sum(a.balance) - coalesce(sum(l.amount), 0.00), coalesce(sum(l.carried), 0.00)
FROM accounts a LEFT JOIN later l ON l.account_id = a.id GROUP BY a.kind
"""
# By claims' and the bank's own moments. What is asked back is asked for by decisions and comes in by records of its own.
_RECORDS = """
SELECT
    (SELECT coalesce(sum(d.amount), 0.00) FROM claims_decision d JOIN claims_claim c ON c.id = d.claim_id
        WHERE c.program_id = %(program)s AND d.state IN ('approved', 'replaced') AND d.decided_at < %(end)s AND NOT EXISTS (
            SELECT FROM claims_decision n WHERE n.claim_id = d.claim_id AND n.number > d.number
                AND n.state IN ('approved', 'replaced') AND n.decided_at < %(end)s)),
    told.paid,
    (SELECT coalesce(sum(p.amount), 0.00) FROM claims_payable p
        WHERE p.program_id = %(program)s AND p.kind = 'payout' AND p.state IN ('open', 'in_payment', 'failed')),
    (SELECT coalesce(sum(p.amount - p.received - p.written_off), 0.00) FROM claims_payable p
        WHERE p.program_id = %(program)s AND p.kind = 'reclaim' AND p.state = 'open'),
    back.received, back.written_off, told.tests
FROM (
    SELECT coalesce(sum(moved.amount) FILTER (WHERE moved.kind = 'receipt'), 0.00) AS received,
        coalesce(sum(moved.amount) FILTER (WHERE moved.kind = 'write_off'), 0.00) AS written_off
    FROM claims_payable p JOIN claims_recovery m ON m.payable_id = p.id AND m.state IN ('confirmed', 'reversed')
    LEFT JOIN claims_recovery w ON w.id = m.reverses_id
    CROSS JOIN LATERAL (
        SELECT coalesce(w.kind, m.kind) AS kind, CASE WHEN w.id IS NULL THEN m.amount ELSE -m.amount END AS amount
    ) moved
    WHERE p.program_id = %(program)s AND p.kind = 'reclaim' AND m.decided_at < %(end)s
) back CROSS JOIN (
    SELECT coalesce(sum(moved) FILTER (WHERE NOT is_test), 0.00) AS paid, coalesce(sum(moved) FILTER (WHERE is_test), 0.00) AS tests
    FROM (
        SELECT b.is_test, CASE r.outcome WHEN 'paid' THEN r.amount WHEN 'returned' THEN -r.amount ELSE 0 END AS moved
        FROM payouts_bankresult r JOIN payouts_batchline l ON l.id = r.line_id JOIN payouts_batch b ON b.id = l.batch_id
        WHERE b.program_id = %(program)s AND r.at < %(end)s
    ) result
) told
"""


@dataclass(frozen=True)
class Balance:
    """One figure as the ledger and as the records have it, above zero where it is usual."""

    title: str
    ledger: Decimal
    records: Decimal
    basis: str
    #: Made in the span's months, booked in a later one.
    carried: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        """Ledger less records."""
        return self.ledger - self.records


def balances_of(facts: Mapping[str, Any], *, is_now: bool) -> list[Balance]:
    """Of a whole program, at the end of the span. How far a payment is, is known as of now alone: the parts of what is owed
    are told then, else what is owed and asked back together."""
    with connection.cursor() as cursor:
        cursor.execute(_LEDGER, {**facts, "kinds": list(KINDS)})
        ledger = {kind: (standing, carried) for kind, standing, carried in cursor.fetchall()}
        cursor.execute(_RECORDS, facts)
        decided, paid, owed, asked_back, received, written_off, tests = cursor.fetchone()

    def of(kind: str, sign: int = 1) -> tuple[Decimal, Decimal]:
        standing, carried = ledger.get(kind, (ZERO, ZERO))
        return sign * standing, sign * carried

    def line(title: str, figure: tuple[Decimal, Decimal], records: Decimal, basis: str) -> Balance:
        return Balance(title, figure[0], records, basis, figure[1])

    payable, recoverable = of("claims_payable", -1), of("claims_recoverable")
    lines = [
        line(_t("Claims incurred"), of("claims_incurred"), decided, _t("decisions in force")),
        line(_t("Paid by the bank, less what came back"), of("claims_paid", -1), paid, _t("results of the bank")),
    ]
    said = _t("records of what came back")
    beside = [
        line(_t("Received back"), of("claims_recovered"), received, said),
        line(_t("Asked back and written off"), of("claims_written_off"), written_off, said),
    ]
    verified = line(_t("Cost of verifying accounts"), of("account_tests"), tests, _t("results of the bank"))
    # No claim: told where there is any.
    if verified.ledger or verified.records or verified.carried:
        beside.append(verified)
    if is_now:
        return [
            *lines,
            line(_t("Owed to payees"), payable, owed, _t("amounts to be paid, on their way, or failed")),
            line(_t("Asked back and open"), recoverable, asked_back, _t("amounts asked back")), *beside,
        ]
    net = (payable[0] - recoverable[0], payable[1] - recoverable[1])
    rest = decided - paid + received + written_off
    return [
        *lines,
        line(_t("Owed to payees, less what is asked back"), net, rest, _t("decided less paid, and what came back")), *beside,
    ]

"""Results of a bank taken over, set-wise: lines answered, amounts owed settled, failed or returned, the ledger posted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from audit import events, keys
from audit.faults import fault_point
from audit.history import plan_anew
from claims.actions.payables import fail_open_payables, fail_payables, return_payables, settle_payables
from claims.models import Payable
from intake.findings import Verdict
from intake.models import Chunk
from intake.template import Applied
from payouts import choosing
from payouts.models import ANSWERED, BankReturn, Batch, BatchState, outcome_of
from programs import actions as programs
from programs.actions import Leg
from programs.models import LedgerTransaction
from programs.models.ledger import AccountKind

SYSTEM = "system:payouts"
_TEST_KINDS = {
    LedgerTransaction.Kind.PAYOUT: LedgerTransaction.Kind.TEST, LedgerTransaction.Kind.BOUNCE: LedgerTransaction.Kind.TEST_BACK,
}
# Judged as it is locked, in the order of the lines: what another file has told meanwhile shows here. What comes back has been
# paid, whether the file that says so comes first or never (`implied`).
_WORK = """
CREATE TEMPORARY TABLE payout_work ON COMMIT DROP AS
SELECT r.id AS row_id, r.line_id, r.outcome, coalesce(r.code, '') AS code, r.settled_on, l.amount, l.payable_id, l.state AS known,
    l.settled_on AS paid_before
FROM payouts_bankreturnrow r JOIN payouts_batchline l ON l.id = r.line_id AND l.id = ANY(ARRAY(
    SELECT line_id FROM payouts_bankreturnrow
    WHERE bank_return_id = %(return)s AND chunk = %(chunk)s AND verdict = %(new)s AND set_aside = ''))
WHERE r.bank_return_id = %(return)s AND r.chunk = %(chunk)s AND r.verdict = %(new)s AND r.set_aside = '' AND l.batch_id = %(batch)s
ORDER BY r.line_id FOR UPDATE OF l
"""
_SET_ASIDE = """
WITH drifted AS (
    DELETE FROM payout_work w
    WHERE NOT (w.known = 'open' OR (w.known = 'paid' AND w.outcome = 'returned')) RETURNING w.row_id
)
UPDATE payouts_bankreturnrow r SET set_aside = 'CHANGED_SINCE_REVIEW' FROM drifted WHERE r.id = drifted.row_id
"""
_RESULTS = """
INSERT INTO payouts_bankresult (line_id, outcome, code, amount, settled_on, row_id, implied, at)
SELECT line_id, outcome, code, amount, settled_on, row_id, false, %(at)s FROM payout_work
UNION ALL
SELECT w.line_id, 'paid', '', w.amount, w.settled_on, w.row_id, true, %(at)s FROM payout_work w
WHERE w.outcome = 'returned' AND w.known = 'open'
    AND NOT EXISTS (SELECT FROM payout_work p WHERE p.line_id = w.line_id AND p.outcome = 'paid')
"""
_ANSWERED = """
UPDATE payouts_batchline l SET state = said.state, code = said.code,
    settled_on = CASE WHEN said.state = 'failed' THEN NULL ELSE coalesce(l.settled_on, said.paid_on, said.returned_on) END,
    returned_on = said.returned_on
FROM (
    SELECT line_id, CASE WHEN bool_or(outcome = 'returned') THEN 'returned' ELSE min(outcome) END AS state,
        coalesce(max(code) FILTER (WHERE outcome <> 'paid'), '') AS code,
        min(settled_on) FILTER (WHERE outcome = 'paid') AS paid_on,
        min(settled_on) FILTER (WHERE outcome = 'returned') AS returned_on
    FROM payout_work GROUP BY line_id
) said WHERE l.id = said.line_id
"""
# One line a payout: paid first where it is new, then returned.
_PAID = """
SELECT coalesce(min(settled_on) FILTER (WHERE outcome = 'paid'), min(settled_on)) AS day, payable_id, amount
FROM payout_work WHERE known = 'open' AND outcome IN ('paid', 'returned') GROUP BY line_id, payable_id, amount ORDER BY 1, 2
"""
_FAILED = "SELECT payable_id, code, amount FROM payout_work WHERE outcome = 'failed' ORDER BY payable_id"
_RETURNED = "SELECT payable_id, code, amount FROM payout_work WHERE outcome = 'returned' ORDER BY payable_id"
_LINES_OF = """
SELECT count(*) FILTER (WHERE state = 'paid'), coalesce(sum(amount) FILTER (WHERE state = 'paid'), 0.00),
    count(*) FILTER (WHERE state = 'failed'), coalesce(sum(amount) FILTER (WHERE state = 'failed'), 0.00),
    count(*) FILTER (WHERE state = 'returned'), coalesce(sum(amount) FILTER (WHERE state = 'returned'), 0.00)
FROM payouts_batchline WHERE batch_id = %s
"""


def settle(bank_return: BankReturn, chunk: Chunk, *, at: datetime) -> Applied:
    """The results of one chunk, in the caller's transaction."""
    facts: dict[str, Any] = {
        "return": bank_return.pk, "chunk": chunk.number, "new": int(Verdict.NEW), "at": at, "batch": bank_return.batch_id,
    }
    fault_point("payouts.settle.before")
    with connection.cursor() as cursor:
        # The batch first, as whoever discards or asks about one does; chunks side by side share it until they count.
        cursor.execute("SELECT FROM payouts_batch WHERE id = %s FOR KEY SHARE", [bank_return.batch_id])
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute(_WORK, facts)
        cursor.execute("CREATE INDEX ON payout_work (line_id)")
        cursor.execute("ANALYZE payout_work")
        plan_anew(cursor)
        cursor.execute(_SET_ASIDE, facts)
        set_aside = cursor.rowcount
        cursor.execute("SELECT count(*) FROM payout_work")
        (rows,) = cursor.fetchone()
        fault_point("payouts.settle.judged")
        cursor.execute(_RESULTS, facts)
        cursor.execute(_ANSWERED)
        fault_point("payouts.settle.lines")
        cursor.execute(_PAID)
        paid = cursor.fetchall()
        cursor.execute(_FAILED)
        failed = cursor.fetchall()
        cursor.execute(_RETURNED)
        returned = cursor.fetchall()
        cursor.execute("DROP TABLE payout_work")
    by = bank_return.decided_by
    if bank_return.batch.is_test:
        _refuse_accounts([(payable, code) for payable, code, _amount in (*failed, *returned)], by=by, at=at)
    else:
        _tell_claims(paid, failed, returned, by=by, at=at)
    fault_point("payouts.settle.payables")
    with connection.cursor() as cursor:
        # What is checked at the end is checked before the others of this batch have to wait.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    batch = Batch.objects.select_for_update(of=("self",), no_key=True).select_related("organization").get(pk=bank_return.batch_id)
    _post(batch, LedgerTransaction.Kind.PAYOUT, sum((row[2] for row in paid), Decimal("0.00")), len(paid), by=by, at=at)
    _post(
        batch, LedgerTransaction.Kind.BOUNCE, -sum((row[2] for row in returned), Decimal("0.00")), len(returned), by=by, at=at
    )
    _count(batch, at=at)
    fault_point("payouts.settle.after")
    return Applied(rows, set_aside)


def _tell_claims(
    paid: Sequence[tuple[date, int, Decimal]], failed: Sequence[tuple[int, str, Decimal]],
    returned: Sequence[tuple[int, str, Decimal]], *, by: Any, at: datetime,
) -> None:
    """What is owed is paid, failed, or came back."""
    for day, part in _by_day([(row[0], row) for row in paid]):
        settle_payables([row[1] for row in part], by=by, at=at, paid_on=day)
    if failed:
        fail_payables([(payable, code) for payable, code, _amount in failed], by=by, at=at)
    if returned:
        return_payables([(payable, code) for payable, code, _amount in returned], by=by, at=at)


def _refuse_accounts(refused: Sequence[tuple[int, str]], *, by: Any, at: datetime) -> None:
    """What the bank says of an account that was to be verified holds for everything that waits for it under the same holder's
    name: it fails as by a payout, and is owed as before. Under another name the account is verified for itself."""
    if not refused:
        return
    codes, found = dict(refused), choosing.sharing([payable for payable, _code in refused])
    fields: Any = Payable._meta
    logical_name = fields.get_field("payee_name").logical_name
    told = keys.open_many([None if name is None else bytes(name) for _pk, _other, name, _same in found], logical_name)
    waits = keys.open_many([None if name is None else bytes(name) for _pk, _other, _same, name in found], logical_name)
    failing = {row[1]: codes[row[0]] for row, name, other in zip(found, told, waits, strict=True) if name == other}
    fail_open_payables(sorted(failing.items()), by=by, at=at)


def _by_day(rows: Sequence[tuple[date, Any]]) -> list[tuple[date, list[Any]]]:
    found: dict[date, list[Any]] = {}
    for day, row in rows:
        found.setdefault(day, []).append(row)
    return sorted(found.items())


def _post(batch: Batch, kind: LedgerTransaction.Kind, amount: Decimal, payouts: int, *, by: Any, at: datetime) -> None:
    """Paid: less is owed, and the money has left; to verify accounts: it costs, and nothing less is owed. Returned: the other
    way round (`amount` below zero)."""
    if payouts:
        owed, out = (
            (AccountKind.ACCOUNT_TESTS, AccountKind.ACCOUNT_TESTS_PAID) if batch.is_test
            else (AccountKind.CLAIMS_PAYABLE, AccountKind.CLAIMS_PAID)
        )
        programs.post(
            _TEST_KINDS[kind] if batch.is_test else kind, [Leg(owed, amount), Leg(out, -amount)], program_id=batch.program_id,
            source=batch, memo=str(payouts), by=by, at=at,
        )


def _count(batch: Batch, *, at: datetime) -> None:
    """The batch's counts as its lines are now."""
    with connection.cursor() as cursor:
        cursor.execute(_LINES_OF, [batch.pk])
        (
            batch.paid_lines, batch.paid_amount, batch.failed_lines, batch.failed_amount, batch.returned_lines,
            batch.returned_amount,
        ) = cursor.fetchone()
    fields = ["paid_lines", "paid_amount", "failed_lines", "failed_amount", "returned_lines", "returned_amount"]
    if batch.state in ANSWERED:
        # A return after success moves the batch, however far the file is.
        batch.state = outcome_of(batch)
        fields.append("state")
    elif batch.state == BatchState.UNKNOWN and batch.open_lines != batch.lines:
        # A bank that tells results has the file.
        batch.state, batch.sent_at = BatchState.SENT, at
        fields += ["state", "sent_at"]
    batch.save(update_fields=fields)


def finish(bank_return: BankReturn, *, at: datetime) -> None:
    """Whether all is answered; in the transaction that ends the returned file."""
    fault_point("payouts.finish_return.before")
    batch = Batch.objects.select_for_update(of=("self",)).select_related("organization").get(pk=bank_return.batch_id)
    if batch.state == BatchState.SENT and not batch.open_lines:
        batch.state = outcome_of(batch)
        batch.save(update_fields=["state"])
    events.record(
        "payout_batch.answered", batch, by=SYSTEM, at=at, organization=batch.organization, region_code=batch.region_code,
        program_id=batch.program_id,
        data={
            "batch": batch.reference, "paid": batch.paid_lines, "failed": batch.failed_lines, "returned": batch.returned_lines,
            "open": batch.open_lines,
        },
    )
    fault_point("payouts.finish_return.after")

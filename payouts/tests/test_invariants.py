"""Each invariant of payouts finds what is planted past the triggers, and nothing in a till that went its way."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from payouts.invariants import INVARIANTS
from payouts.models import Batch
from payouts.testing import downloaded, fresh, keys_of, make_till, verifying
from portal.verify import rows_of

pytestmark = pytest.mark.django_db(transaction=True)

PLANTED: tuple[tuple[str, str], ...] = (
    ("paid_amount_sits_in_one_line", "UPDATE claims_payable SET state = 'paid', paid_on = '2027-03-01' WHERE id = (SELECT "
        "payable_id FROM payouts_batchline WHERE number = 2)"),
    ("paid_amount_sits_in_one_line", "UPDATE payouts_batchline SET state = 'out', why_out = 'reapprove' WHERE number = 4"),
    ("line_is_what_was_approved", "UPDATE payouts_batchline SET amount = amount + 1 WHERE number = 1"),
    ("line_is_what_was_approved", "UPDATE claims_payable SET payee_account = payee_name WHERE id = (SELECT payable_id FROM "
        "payouts_batchline WHERE number = 1)"),
    ("batch_equals_its_lines", "UPDATE payouts_batch SET amount = amount + 1"),
    ("batch_equals_its_lines", "UPDATE payouts_batch SET lines = lines + 1"),
    ("batch_equals_its_lines", "UPDATE payouts_batchline SET payee = sha256(payee) WHERE number = 1"),
    ("batch_equals_its_lines", "UPDATE payouts_batch SET paid_lines = 0"),
    ("batch_stands_where_its_results_put_it", "UPDATE payouts_batch SET state = 'succeeded'"),
    ("result_comes_from_the_bank", "DELETE FROM payouts_bankresult WHERE outcome = 'paid'"),
    ("result_comes_from_the_bank", "UPDATE payouts_batchline SET state = 'paid', settled_on = '2027-03-01' WHERE number = 4"),
    ("results_do_not_contradict", "UPDATE payouts_bankresult SET row_id = 0"),
    ("results_do_not_contradict",
        "UPDATE payouts_bankresult SET outcome = 'failed', code = 'limit' WHERE outcome = 'paid' AND NOT implied"),
    # Paid and failed by lines that say so: only the index stands against it.
    ("results_do_not_contradict",
        "DROP INDEX bank_result_is_not_contradicted; INSERT INTO payouts_bankresult (line_id, outcome, code, amount, settled_on, "
        "row_id, implied, at) SELECT line_id, 'failed', 'limit', amount, settled_on, row_id, true, at FROM payouts_bankresult "
        "WHERE outcome = 'paid' AND NOT implied"),
    ("payouts_are_not_approved_by_their_makers",
        "UPDATE payouts_batch SET made_by_id = (SELECT user_id FROM payouts_batchvote WHERE step = 'check')"),
    ("payouts_are_not_approved_by_their_makers", "UPDATE payouts_batchvote SET digest = repeat('0', 64)"),
    ("payouts_are_not_approved_by_their_makers", "UPDATE payouts_bankformat SET approved_by_id = drafted_by_id"),
    ("payouts_are_not_approved_by_their_makers", "UPDATE payouts_payeraccount SET approved_by_id = drafted_by_id"),
    ("payouts_are_not_approved_by_their_makers", "UPDATE payouts_bankreturn SET decided_by_id = uploaded_by_id"),
    ("payouts_leave_with_their_approvals", "UPDATE payouts_batch SET approvals = 2"),
    ("payouts_leave_with_their_approvals", "DELETE FROM payouts_batchvote WHERE step = 'check'"),
    ("payouts_are_of_their_office", "UPDATE payouts_batchline SET region_code = '99' WHERE number = 1"),
    ("bank_return_row_has_one_outcome", "UPDATE payouts_bankreturnrow SET set_aside = 'X' WHERE verdict = 1"),
    ("payout_file_is_its_parts", "DELETE FROM payouts_batchpart"),
    ("payouts_are_posted", "UPDATE programs_ledgerentry SET amount = amount * 2 WHERE transaction_id IN (SELECT id FROM "
        "programs_ledgertransaction WHERE kind = 'payout')"),
    ("every_payout_file_leaves_with_its_event", "DELETE FROM audit_event WHERE verb = 'payout_batch.downloaded'"),
    ("no_raw_numbers_in_payouts", "UPDATE payouts_delivery SET note = '441602196203151219'"),
)


#: Of accounts that are verified first: one that was, with its payout, and one whose verification is without a result.
PLANTED_OF_TESTS: tuple[tuple[str, str], ...] = (
    ("account_is_verified_before_its_payout", "UPDATE payouts_batchline SET proven_by_id = NULL WHERE amount = 5.00"),
    ("account_is_verified_before_its_payout", "UPDATE payouts_batchline SET proven_by_id = id WHERE amount = 5.00"),
    ("account_is_verified_before_its_payout", "UPDATE payouts_bankresult SET at = at + interval '1 day'"),
    ("account_is_verified_before_its_payout", "DELETE FROM payouts_bankresult"),
    ("account_is_verified_before_its_payout", "UPDATE claims_payable SET account_index_a = 'x' WHERE amount = 6.00"),
    ("account_is_verified_before_its_payout", "UPDATE payouts_payeraccount SET tests_accounts = false"),
    ("account_is_verified_before_its_payout", "UPDATE payouts_batchline SET state = 'open', settled_on = NULL WHERE is_test;"
        "UPDATE claims_payable SET account_index_a = 'x'"),
    ("line_is_what_was_approved", "UPDATE payouts_batchline SET amount = 5.00 WHERE is_test AND state = 'paid'"),
    ("line_is_what_was_approved", "UPDATE payouts_batchline SET is_test = true"),
    # What was verified is not paid by that.
    ("paid_amount_sits_in_one_line", "UPDATE claims_payable SET state = 'paid', paid_on = '2027-03-01' WHERE amount = 7.00"),
    ("paid_amount_sits_in_one_line", "UPDATE claims_payable SET state = 'in_payment' WHERE amount = 7.00"),
    ("batch_equals_its_lines", "UPDATE payouts_batch SET is_test = NOT is_test"),
    ("payouts_are_posted", "UPDATE programs_ledgeraccount SET kind = 'claims_payable' WHERE kind = 'account_tests'"),
    ("payouts_are_posted", "UPDATE programs_ledgertransaction SET kind = 'payout' WHERE kind = 'test'"),
    ("payouts_are_posted", "UPDATE programs_ledgerentry SET amount = amount * 2"),
)


def broken() -> set[str]:
    return {invariant.name for invariant in INVARIANTS if rows_of(invariant)}


def test_each_invariant_finds_what_is_planted() -> None:
    till = make_till()
    batch = till.released("1.00", "2.00", "3.00", "4.00")
    downloaded(till, batch)
    one, two, three, _four = keys_of(batch)
    till.answered(fresh(batch), [(one, "1.00", "Y"), (two, "2.00", "N", "E404"), (three, "3.00", "T", "", "销户")])
    assert Batch.objects.get().state == "sent"
    assert broken() == set()
    missed = [(name, sql) for name, sql in PLANTED if name not in _planted(sql)]
    assert missed == []
    assert {invariant.name for invariant in INVARIANTS} == {name for name, _sql in (*PLANTED, *PLANTED_OF_TESTS)}


def test_each_invariant_of_verified_accounts_finds_what_is_planted() -> None:
    till = verifying(make_till())
    till.owe("5.00", "6.00")
    batch = till.brought(till.written(till.prepare_test()))
    till.answered(batch, [(keys_of(batch)[0], "0.01", "Y")])
    assert till.prepare().lines == 2
    till.owe("7.00", account="6228480000000015")
    assert till.prepare_test().lines == 1
    assert broken() == set()
    assert [(name, sql) for name, sql in PLANTED_OF_TESTS if name not in _planted(sql)] == []


def _planted(sql: str) -> set[str]:
    found: set[str] = set()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            for constraint in _checks(cursor):
                cursor.execute(constraint)
            cursor.execute(sql)
            assert cursor.rowcount, sql
        found = broken()
        transaction.set_rollback(True)
    return found


def _checks(cursor) -> list[str]:
    """Statements that take the room's own constraints away, for this transaction."""
    cursor.execute(
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint"
        " WHERE contype = 'c' AND conrelid::regclass::text ~ "
        "'^(payouts|claims|programs)_(batch|bank|payer|deliv|payable|ledgerentry)'"
    )
    return [row[0] for row in cursor.fetchall()]



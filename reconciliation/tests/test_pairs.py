"""Books that agree agree everywhere; each planted difference is found by its pair, with exactly its rows and its sum."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from audit.testing import shared
from payouts.models import BatchLine
from payouts.testing import Till, fresh, keys_of, verifying
from reconciliation.books import Books, books_of
from reconciliation.pairs import BY_CODE, PAIRS, rows_of
from reconciliation.span import Span, of_day, of_month
from reconciliation.testing import owe_booked, sent_booked
from reconciliation.tests.test_asked_back import PLANTED_BACK

pytestmark = pytest.mark.django_db
D = Decimal
LINE = "(SELECT id FROM payouts_batchline WHERE number = {} AND NOT is_test)"
PAYABLE = "(SELECT payable_id FROM payouts_batchline WHERE number = {} AND NOT is_test)"


def made() -> Till:
    """Four payouts at the bank (paid, failed, returned, unanswered), and one that is owed and in no batch, its account verified."""
    till, batch = sent_booked("1.00", "2.00", "3.00", "4.00")
    one, two, three, _four = keys_of(batch)
    till.answered(fresh(batch), [(one, "1.00", "Y"), (two, "2.00", "N", "E404"), (three, "3.00", "T", "", "销户")])
    owe_booked(till, "5.00")
    testing = verifying(till)
    tested = testing.brought(testing.written(testing.prepare_test()))
    testing.answered(tested, [(keys_of(tested)[0], "0.01", "Y")])
    return till


_django_db_helper, one_world, kept_world = shared(made)


def of_now(till: Till, span: Span | None = None) -> Books:
    return books_of(till.world.program, span or Span(), at=timezone.now())


def waiting(books: Books) -> dict[str, tuple[int, Decimal]]:
    return {each.code: (sums.left_n, sums.left) for each, sums in books.waiting if sums.left_n}


def test_books_that_agree_agree_everywhere_and_say_what_is_on_its_way(kept_world: Till) -> None:
    books, nothing = of_now(kept_world), (0, D("0.00"), 0, D("0.00"))
    assert books.apart == 0
    assert [(each.ledger, each.records) for each in books.balances] == [
        (D("15.00"), D("15.00")), (D("1.00"), D("1.00")), (D("14.00"), D("14.00")), *[(D("0.00"), D("0.00"))] * 3,
        # What verified an account stands by itself, and in none of the figures of claims.
        (D("0.01"), D("0.01")),
    ]
    assert {pair.code: (sums.left_n, sums.left, sums.right_n, sums.right) for pair, sums in books.pairs} == {
        "decided_booked": (5, D("15.00"), 5, D("15.00")), "decided_owed": (5, D("15.00"), 5, D("15.00")),
        "in_payment_lines": (1, D("4.00"), 1, D("4.00")), "paid_lines": (1, D("1.00"), 1, D("1.00")),
        "lines_results_paid": (2, D("4.00"), 2, D("4.00")), "lines_results_failed": (1, D("2.00"), 1, D("2.00")),
        "lines_results_returned": (1, D("3.00"), 1, D("3.00")), "results_booked": (2, D("4.00"), 2, D("4.00")),
        "returns_booked": (1, D("3.00"), 1, D("3.00")), "back_owed": nothing, "back_booked": nothing,
        "tests_results": (1, D("0.01"), 1, D("0.01")), "tests_booked": (1, D("0.01"), 1, D("0.01")),
    }
    assert waiting(books) == {
        "unbatched": (1, D("5.00")), "at_bank": (1, D("4.00")), "failed": (2, D("5.00")), "bounced": (1, D("3.00")),
    }
    assert books.owed == D("14.00")


def test_a_day_and_a_month_count_what_happened_in_them(kept_world: Till) -> None:
    today = timezone.localdate()
    for span in (of_day(today), of_month(today.replace(day=1))):
        found = {pair.code: sums for pair, sums in of_now(kept_world, span).pairs}
        assert (found["decided_booked"].left, found["results_booked"].right) == (D("15.00"), D("4.00"))
    before = of_now(kept_world, of_day(today - timedelta(days=40)))
    assert before.apart == 0 and [each.ledger for each in before.balances] == [D("0.00")] * 5
    assert {sums.left_n for pair, sums in before.pairs if pair.is_timed} == {0}
    # How things stand is always as of now.
    assert waiting(before) == waiting(of_now(kept_world))


def test_what_lies_at_the_bank_too_long_is_told_apart(kept_world: Till) -> None:
    later = timezone.now() + timedelta(days=3, minutes=1)
    found = waiting(books_of(kept_world.world.program, Span(late_days=3), at=later))
    assert "at_bank" not in found and found["late"] == (1, D("4.00"))
    assert waiting(books_of(kept_world.world.program, Span(late_days=4), at=later))["at_bank"] == (1, D("4.00"))


def test_an_office_has_its_own_and_the_balances_are_of_the_whole_program(kept_world: Till) -> None:
    world = kept_world.world
    own, sibling = of_now(kept_world, Span(path=world.office.path)), of_now(kept_world, Span(path=world.sibling.path))
    assert own.balances == sibling.balances == []
    assert {pair.code: sums.left for pair, sums in own.pairs}["decided_booked"] == D("15.00")
    assert waiting(own)["unbatched"] == (1, D("5.00"))
    assert all((sums.left_n, sums.right_n) == (0, 0) for _pair, sums in sibling.pairs) and waiting(sibling) == {}


#: Name -> what breaks it, the number of rows that differ, and the difference in yuan.
PLANTED: Sequence[tuple[str, str, int, str]] = (
    ("decided_booked", "UPDATE claims_decision SET amount = amount + 0.50 WHERE amount = 2.00", 1, "0.50"),
    ("decided_booked", "UPDATE programs_ledgertransaction SET source_id = 0 WHERE kind = 'claim' AND id = (SELECT min(id) FROM "
        "programs_ledgertransaction WHERE kind = 'claim')", 2, "0.00"),
    ("decided_owed", "UPDATE claims_payable SET state = 'cancelled' WHERE amount = 5.00", 1, "5.00"),
    ("decided_owed", "UPDATE claims_decision SET state = 'sent_back' WHERE amount = 3.00", 1, "-3.00"),
    ("in_payment_lines", "UPDATE claims_payable SET state = 'in_payment' WHERE amount = 5.00", 1, "5.00"),
    ("in_payment_lines", "UPDATE payouts_batchline SET state = 'out', why_out = 'reapprove' WHERE number = 4", 1, "4.00"),
    ("paid_lines", f"UPDATE claims_payable SET state = 'paid', paid_on = '2027-03-01' WHERE id = {PAYABLE.format(4)}", 1, "4.00"),
    ("lines_results_paid", f"DELETE FROM payouts_bankresult WHERE line_id = {LINE.format(1)}", 1, "1.00"),
    ("lines_results_failed", f"UPDATE payouts_bankresult SET amount = 2.10 WHERE line_id = {LINE.format(2)}", 1, "-0.10"),
    ("lines_results_returned", "UPDATE payouts_batchline SET state = 'paid', returned_on = NULL, code = '' WHERE number = 3", 1,
        "-3.00"),
    ("results_booked", "UPDATE programs_ledgerentry SET amount = amount * 2 WHERE transaction_id = (SELECT id FROM "
        "programs_ledgertransaction WHERE kind = 'payout')", 1, "-4.00"),
    ("results_booked", f"DELETE FROM payouts_bankresult WHERE line_id = {LINE.format(1)}", 1, "-1.00"),
    ("returns_booked", "DELETE FROM programs_ledgerentry WHERE transaction_id = (SELECT id FROM programs_ledgertransaction "
        "WHERE kind = 'bounce')", 1, "3.00"),
    ("tests_results", "DELETE FROM payouts_bankresult WHERE line_id = (SELECT id FROM payouts_batchline WHERE is_test)", 1, "0.01"),
    ("tests_results", "UPDATE payouts_batchline SET state = 'returned', returned_on = settled_on, code = 'closed' WHERE is_test", 1,
        "-0.01"),
    ("tests_booked", "UPDATE programs_ledgerentry SET amount = amount * 2 WHERE transaction_id = (SELECT id FROM "
        "programs_ledgertransaction WHERE kind = 'test')", 1, "-0.01"),
)


@pytest.mark.parametrize(("code", "sql", "rows", "difference"), PLANTED)
def test_a_planted_difference_is_found_with_exactly_its_rows(
    kept_world: Till, code: str, sql: str, rows: int, difference: str
) -> None:
    with transaction.atomic():
        planted(sql)
        books = of_now(kept_world)
        sums = {pair.code: sums for pair, sums in books.pairs}[code]
        found = rows_of(BY_CODE[code], Span().facts(kept_world.world.program.pk, at=timezone.now()))
        transaction.set_rollback(True)
    assert (sums.rows, sums.difference) == (rows, D(difference))
    assert (len(found), sum(row.difference for row in found)) == (rows, D(difference))
    assert books.apart


def test_each_pair_has_a_planted_difference() -> None:
    assert {pair.code for pair in PAIRS} == {code for code, *_rest in [*PLANTED, *PLANTED_BACK]}


def test_rows_are_turned_by_key(kept_world: Till) -> None:
    facts = Span().facts(kept_world.world.program.pk, at=timezone.now())
    first = rows_of(BY_CODE["failed"], facts, most=1)
    second = rows_of(BY_CODE["failed"], facts, after=first[0].key, most=1)
    assert [row.left for row in first + second] == [D("2.00"), D("3.00")]
    assert rows_of(BY_CODE["failed"], facts, after=second[0].key) == []
    assert BatchLine.objects.filter(payable_id=first[0].key).exists()


def planted(sql: str) -> None:
    """Past triggers and checks, until the transaction is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint WHERE contype = 'c'"
            " AND conrelid::regclass::text ~ '^(payouts|claims|programs)_(batch|bank|payable|decision|ledgerentry)'"
        )
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
        cursor.execute(sql)
        assert cursor.rowcount, sql

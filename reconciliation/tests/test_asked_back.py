"""Amounts asked back in the books: records against amounts and ledger, balances at any time, a month's statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.utils import timezone

from audit.testing import shared
from claims import actions
from claims.models import Payable, Recovery
from claims.testing import Ward, make_ward
from closing.counting import next_month
from closing.models import MonthClosing
from closing.testing import closed, this_month
from exports.tables import Table
from programs.models.books import month_after
from reconciliation.books import Books, books_of
from reconciliation.models import ClaimStatement
from reconciliation.pairs import BY_CODE, rows_of
from reconciliation.span import Span, of_day
from reconciliation.statement import readers_of, tables_of

pytestmark = pytest.mark.django_db
D = Decimal


def made() -> Ward:
    """21,000.00 asked back: 15,000.00 came in, of which 5,000.00 were recorded wrongly; 1,000.00 written off; 500.00 waits."""
    ward = make_ward()
    asked = ward.asked_back()
    told = {"reason": "被保险人困难", "by": ward.cashier, "at": ward.at}
    confirm(ward, ward.received(asked, "10000.00"))
    wrong = confirm(ward, ward.received(asked, "5000.00", "YH2"))
    confirm(ward, actions.record_reversal(wrong, **told))
    confirm(ward, actions.record_write_off(asked, amount=D("1000.00"), **told))
    ward.received(asked, "500.00", "YH3")
    return ward


def confirm(ward: Ward, recovery: Recovery) -> Recovery:
    return actions.confirm_recovery(recovery, by=ward.third, at=timezone.now())


_django_db_helper, one_world, kept_world = shared(made)


def of_now(ward: Ward, span: Span | None = None) -> Books:
    return books_of(ward.market.program, span or Span(), at=timezone.now())


def test_balances_say_what_is_open_came_in_and_was_written_off(kept_world: Ward) -> None:
    sums = {each.title: (each.ledger, each.records) for each in of_now(kept_world).balances}
    assert list(sums.values())[3:] == [
        (D("10000.00"), D("10000.00")), (D("10000.00"), D("10000.00")), (D("1000.00"), D("1000.00")),
    ]
    # At the end of a day, by moments; the payment was not made by a batch of ours, so the bank does not know it.
    later = timezone.now() + timedelta(days=2)
    today = books_of(kept_world.market.program, of_day(timezone.localdate()), at=later).balances
    assert [(each.ledger, each.records) for each in today[2:]] == [
        (D("21500.00"), D("21500.00")), (D("10000.00"), D("10000.00")), (D("1000.00"), D("1000.00")),
    ]
    yesterday = of_now(kept_world, of_day(timezone.localdate() - timedelta(days=1))).balances
    assert [each.ledger for each in yesterday] == [each.records for each in yesterday] == [D("0.00")] * 5


def test_records_agree_with_amounts_and_the_ledger_and_what_waits_is_told(kept_world: Ward) -> None:
    books = of_now(kept_world)
    pairs = {pair.code: (sums.left_n, sums.left, sums.right_n, sums.right, sums.rows) for pair, sums in books.pairs}
    assert pairs["back_owed"] == (1, D("11000.00"), 1, D("11000.00"), 0)
    assert pairs["back_booked"] == (4, D("11000.00"), 4, D("11000.00"), 0)
    waiting = {each.code: (sums.left_n, sums.left) for each, sums in books.waiting if sums.left_n}
    assert waiting == {"reclaimed": (1, D("10000.00")), "unconfirmed": (1, D("500.00"))}


#: Name -> what breaks it, the number of rows that differ, and the difference in yuan.
PLANTED_BACK: Sequence[tuple[str, str, int, str]] = (
    ("back_owed", "UPDATE claims_payable SET received = received - 1 WHERE kind = 'reclaim'", 1, "1.00"),
    ("back_owed", "UPDATE claims_recovery SET state = 'declined' WHERE kind = 'write_off'", 1, "-1000.00"),
    ("back_booked", "UPDATE programs_ledgerentry SET amount = amount * 2 WHERE transaction_id = (SELECT id FROM "
        "programs_ledgertransaction WHERE kind = 'writeoff')", 1, "-1000.00"),
    ("back_booked", "UPDATE claims_recovery SET state = 'proposed' WHERE kind = 'reversal'", 1, "5000.00"),
)


@pytest.mark.parametrize(("code", "sql", "rows", "difference"), PLANTED_BACK)
def test_a_planted_difference_is_found_with_exactly_its_rows(
    kept_world: Ward, code: str, sql: str, rows: int, difference: str
) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("ALTER TABLE claims_recovery DROP CONSTRAINT recovery_decided_by_another")
        cursor.execute("ALTER TABLE claims_recovery DROP CONSTRAINT recovery_declined_with_an_answer")
        cursor.execute(sql)
        assert cursor.rowcount
        sums = {pair.code: sums for pair, sums in of_now(kept_world).pairs}[code]
        found = rows_of(BY_CODE[code], Span().facts(kept_world.market.program.pk, at=timezone.now()))
        transaction.set_rollback(True)
    assert (sums.rows, sums.difference) == (rows, D(difference))
    assert (len(found), sum(row.difference for row in found)) == (rows, D(difference))
    assert {row.claim_id for row in found} == {Payable.objects.filter(kind="reclaim").earliest("pk").claim_id}


def test_a_statement_leads_from_what_was_asked_back_to_what_is_open_and_closed_months_stay(kept_world: Ward) -> None:
    program = kept_world.market.program
    world = replace(kept_world.market.world, program=program)
    while (month := next_month(program)) != this_month():
        closed(world, month)
    first = _asked_back(closed(world, month))
    assert [cells[0] for _name, cells in first.lines] == [D("0.00"), D("21000.00"), D("-10000.00"), D("-1000.00")]
    assert first.total is not None and first.total[1] == (D("10000.00"),)
    # Confirmed on a day of the closed month still: the books count it in the next one.
    confirm(kept_world, Recovery.objects.get(state="proposed"))
    second = _asked_back(closed(world, month_after(month)))
    amounts = [cells[0] for _name, cells in second.lines]
    assert amounts == [D("10000.00"), D("-500.00"), D("0.00"), D("0.00"), D("0.00")]
    assert second.total is not None and second.total[1] == (D("9500.00"),)
    assert first.remark == second.remark


def _asked_back(closing: MonthClosing) -> Table:
    found = ClaimStatement.objects.get(pk=closing.pk)
    return next(each for each in tables_of(found, readers_of(found)[0]) if each.key == "asked_back")

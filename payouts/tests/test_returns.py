"""Returned files: what a bank says of a batch's lines, taken over once, held where in doubt, reversed where it came back."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.db import connection, transaction

from audit.testing import FULL_SWEEP
from claims.models import Claim
from intake.findings import Verdict
from intake.models import State
from payouts.models import BankResult, BankReturn, BankReturnRow, Batch, BatchLine
from payouts.testing import Till, day_of, downloaded, fresh, keys_of, make_till
from portal.verify import rows_of
from programs.models import LedgerAccount, LedgerTransaction

pytestmark = pytest.mark.django_db(transaction=True)


def lines_of(batch: Batch) -> list[tuple[str, str]]:
    return [(line.state, line.code) for line in BatchLine.objects.filter(batch=batch).order_by("number")]


def payables_of(batch: Batch) -> list[tuple[str, str]]:
    found = BatchLine.objects.filter(batch=batch).order_by("number").values_list("payable__state", "payable__failure")
    return [(state, failure) for state, failure in found]


def books(till: Till) -> dict[str, D]:
    """Balances of the accounts that payouts move, and of nothing else."""
    found = LedgerAccount.objects.filter(program=till.world.program, kind__in=["claims_payable", "claims_paid"])
    return {account.kind: account.balance for account in found}


def codes_of(bank_return: BankReturn) -> list[tuple[int, list[str]]]:
    rows = BankReturnRow.objects.filter(bank_return=bank_return).order_by("line")
    return [(row.verdict, list(row.codes)) for row in rows]


def broken() -> list[str]:
    from payouts.invariants import INVARIANTS

    return [invariant.name for invariant in INVARIANTS if rows_of(invariant)]


def test_paid_lines_are_booked_and_failed_ones_are_owed_with_their_reason() -> None:
    till = make_till()
    batch = till.sent("5000.00", "20.00", "30.00")
    one, two, three = keys_of(batch)
    bank_return = till.answered(
        batch, [(one, "5000.00", "Y"), (two, "20.00", "N", "E404"),
            (three, "30.00", "失败", "", "收款人户名不符,请核实".replace(",", "，"))]
    )
    assert bank_return.state == State.APPLIED
    batch = fresh(batch)
    assert (batch.state, batch.paid_lines, batch.paid_amount, batch.failed_lines, batch.failed_amount, batch.open_lines) == (
        "partial", 1, D("5000.00"), 2, D("50.00"), 0
    )
    assert lines_of(batch) == [("paid", ""), ("failed", "no_account"), ("failed", "name_mismatch")]
    assert payables_of(batch) == [("paid", ""), ("failed", "no_account"), ("failed", "name_mismatch")]
    assert books(till) == {"claims_payable": D("5000.00"), "claims_paid": D("-5000.00")}
    (posting,) = LedgerTransaction.objects.filter(kind="payout")
    assert (posting.source_type, posting.source_id, posting.memo) == ("payouts.batch", batch.pk, "1")
    assert Claim.objects.get(payables__payout_lines__number=1).state == "paid"
    assert broken() == []


def test_what_comes_back_after_payment_is_reversed() -> None:
    till = make_till()
    batch = till.sent("100.00", "200.00")
    one, two = keys_of(batch)
    till.answered(batch, [(one, "100.00", "Y"), (two, "200.00", "Y")])
    assert fresh(batch).state == "succeeded"
    till.answered(batch, [(two, "200.00", "T", "", "账户已冻结")], name="退票.csv")
    batch = fresh(batch)
    assert (batch.state, batch.paid_lines, batch.returned_lines, batch.returned_amount) == ("partial", 1, 1, D("200.00"))
    assert lines_of(batch) == [("paid", ""), ("returned", "closed")]
    assert payables_of(batch) == [("paid", ""), ("failed", "closed")]
    assert books(till) == {"claims_payable": D("100.00"), "claims_paid": D("-100.00")}
    assert [each.kind for each in LedgerTransaction.objects.filter(source_type="payouts.batch").order_by("pk")] == ["payout",
        "bounce"]
    assert list(BankResult.objects.order_by("pk").values_list("line__number", "outcome", "implied")) == [
        (1, "paid", False), (2, "paid", False), (2, "returned", False)
    ]
    assert Claim.objects.get(payables__payout_lines__number=2).state == "payable"
    assert broken() == []


def test_a_return_that_comes_before_the_payment_ends_in_the_same_books() -> None:
    till = make_till()
    batch = till.sent("100.00", "200.00")
    one, two = keys_of(batch)
    till.answered(batch, [(two, "200.00", "T", "", "账户已冻结")], name="退票.csv")
    assert fresh(batch).state == "sent"
    late = till.answered(batch, [(one, "100.00", "Y"), (two, "200.00", "Y")])
    assert codes_of(late) == [(Verdict.NEW, []), (Verdict.COVERED, ["RESULT_KNOWN"])]
    assert lines_of(fresh(batch)) == [("paid", ""), ("returned", "closed")] and fresh(batch).state == "partial"
    assert books(till) == {"claims_payable": D("100.00"), "claims_paid": D("-100.00")}
    assert list(BankResult.objects.order_by("line__number", "outcome").values_list("line__number", "outcome", "implied")) == [
        (1, "paid", False), (2, "paid", True), (2, "returned", False)
    ]
    assert broken() == []


def test_payment_and_return_in_one_file_are_both_booked() -> None:
    till = make_till()
    batch = till.sent("100.00")
    (one,) = keys_of(batch)
    till.answered(batch, [(one, "100.00", "T", "", "销户"), (one, "100.00", "Y")])
    assert lines_of(fresh(batch)) == [("returned", "closed")] and fresh(batch).state == "failed"
    assert books(till) == {"claims_payable": D("0.00"), "claims_paid": D("0.00")}
    assert broken() == []


def test_another_count_or_sum_than_the_banks_refuses_the_whole_file() -> None:
    till = make_till()
    batch = till.sent("100.00", "200.00")
    one, two = keys_of(batch)
    rows = [(one, "100.00", "Y"), (two, "200.00", "Y")]
    for given in ({"lines": 3}, {"amount": "300.01"}):
        bank_return = till.received(batch, rows, **given)
        assert bank_return.state == State.FAILED
        assert [finding[1] for finding in bank_return.file_findings] == ["CONTROL_SUM"]
    assert lines_of(fresh(batch)) == [("open", ""), ("open", "")]


def test_each_line_is_judged_for_itself() -> None:
    """A good line goes on beside lines of another batch, of no batch, of another sum, too early, without a result."""
    till = make_till()
    other = till.sent("9.00")
    batch = till.sent("1.00", "2.00", "3.00", "4.00", "5.00")
    (strange,), (a, b, c, d, e) = keys_of(other), keys_of(batch)
    early = f"{day_of(batch) - timedelta(days=1):%Y-%m-%d}"
    rows: list[Sequence[str]] = [
        (a, "1.00", "Y"), (strange, "9.00", "Y"), (f"{batch.reference}-000099", "1.00", "Y"), ("工资-1", "1.00", "Y"),
        (b, "2.01", "Y"),
        (c, "3.00", "Y", "", "", early), (d, "4.00", "W"), (e, "5.00", "难说"),
        (a, "1.00", "Y", "", "", f"{day_of(batch) + timedelta(days=3):%Y-%m-%d}"),
    ]
    bank_return = till.answered(batch, rows)
    assert codes_of(bank_return) == [
        (Verdict.NEW, []), (Verdict.REFUSED, ["WRONG_BATCH"]), (Verdict.REFUSED, ["UNKNOWN_PAYOUT"]),
        (Verdict.REFUSED, ["UNKNOWN_PAYOUT"]), (Verdict.REFUSED, ["AMOUNT_CHANGED"]), (Verdict.REFUSED, ["TOO_EARLY"]),
        (Verdict.DOUBTFUL, ["STATUS_UNKNOWN"]), (Verdict.DOUBTFUL, ["STATUS_UNKNOWN"]), (Verdict.REFUSED, ["TOO_LATE"]),
    ]
    assert bank_return.state == State.APPLIED
    assert [state for state, _code in lines_of(batch)] == ["paid", "open", "open", "open", "open"]
    assert fresh(batch).state == "sent" and lines_of(other) == [("open", "")]
    assert broken() == []


def test_lines_that_repeat_are_refused_and_lines_that_contradict_are_held() -> None:
    till = make_till()
    batch = till.sent("1.00", "2.00")
    one, two = keys_of(batch)
    bank_return = till.answered(
        batch, [(one, "1.00", "Y"), (one, "1.00", "Y"), (two, "2.00", "Y"), (two, "2.00", "N", "", "限额")]
    )
    assert codes_of(bank_return) == [
        (Verdict.NEW, []), (Verdict.REFUSED, ["DUP_LINE"]), (Verdict.DOUBTFUL, ["PAYOUT_CONFLICT"]),
        (Verdict.DOUBTFUL, ["PAYOUT_CONFLICT"]),
    ]
    assert lines_of(batch) == [("paid", ""), ("open", "")]
    assert broken() == []


def test_a_second_file_changes_nothing_where_it_says_the_same_and_is_held_where_it_contradicts() -> None:
    till = make_till()
    batch = till.sent("1.00", "2.00", "3.00")
    one, two, three = keys_of(batch)
    till.answered(batch, [(one, "1.00", "Y"), (two, "2.00", "N", "", "限额"), (three, "3.00", "Y")])
    before = (lines_of(batch), payables_of(batch), books(till))
    again = till.received(batch, [(one, "1.00", "Y"), (two, "2.00", "N", "", "限额"), (three, "3.00", "Y"), (three, "3.00", "W")])
    assert [verdict for verdict, _codes in codes_of(again)] == [Verdict.COVERED, Verdict.COVERED, Verdict.COVERED, Verdict.DOUBTFUL]
    against = till.received(batch, [(one, "1.00", "N", "", "限额"), (two, "2.00", "Y")], name="另.csv")
    assert codes_of(against) == [(Verdict.DOUBTFUL, ["PAYOUT_CONFLICT"])] * 2
    assert (lines_of(batch), payables_of(batch), books(till)) == before and broken() == []


def test_a_file_of_results_says_that_the_bank_has_the_batch() -> None:
    """No enquiry was made: the answer itself ends the doubt."""
    till = make_till()
    batch = till.released("1.00", "2.00")
    downloaded(till, batch)
    assert fresh(batch).state == "unknown"
    till.answered(fresh(batch), [(keys_of(batch)[0], "1.00", "Y")])
    assert fresh(batch).state == "sent"


def test_whoever_uploaded_a_file_does_not_approve_it() -> None:
    from intake.errors import IntakeRefused
    from payouts import actions

    till = make_till()
    batch = till.sent("1.00")
    bank_return = till.received(batch, [(keys_of(batch)[0], "1.00", "Y")])
    bank_return = actions.RETURNS.submit(bank_return, by=till.maker, at=bank_return.uploaded_at)
    with pytest.raises(IntakeRefused):
        actions.RETURNS.approve(bank_return, digest=bank_return.digest, by=till.maker, at=bank_return.uploaded_at)


def test_results_stay_as_the_bank_said_them() -> None:
    till = make_till()
    batch = till.sent("1.00")
    till.answered(batch, [(keys_of(batch)[0], "1.00", "Y")])
    for change in ("UPDATE payouts_bankresult SET outcome = 'failed', code = 'limit'", "DELETE FROM payouts_bankresult",
                   "UPDATE payouts_batchline SET state = 'open', settled_on = NULL", "UPDATE payouts_batchline SET amount = 2"):
        with pytest.raises(Exception, match=r"Cannot|append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


#: All of 3^6 are as many runs (FULL_SWEEP=1); the short form takes a few of a fixed seed.
EVERY_OUTCOME = list(itertools.product("YN-", repeat=6))
CASES = EVERY_OUTCOME if FULL_SWEEP else random.Random(20270301).sample(EVERY_OUTCOME, 3)


@pytest.mark.parametrize("outcomes", CASES, ids="".join)
def test_six_lines_end_in_the_same_books_whatever_comes_twice_or_in_another_order(outcomes: Sequence[str]) -> None:
    """Paid, failed or not told: in one file, or in two that share no line, in either order, with lines again, and what is not
    told said to be unknown (W), as is a line of the other file."""
    amounts = ["1.00", "2.00", "4.00", "8.00", "16.00", "32.00"]
    till, ends = make_till(), []
    draw = random.Random("".join(outcomes))
    first = sorted(draw.sample(range(6), draw.randint(1, 5)))
    halves = [first, [at for at in range(6) if at not in first]]
    for turn in ("whole", "first", "second"):
        batch = till.sent(*amounts)
        rows = [
            (key, amount, "W" if said == "-" else said, "", "限额" if said == "N" else "")
            for key, amount, said in zip(keys_of(batch), amounts, outcomes, strict=True)
        ]
        before = books(till)
        if turn == "whole":
            if told := [row for row in rows if row[2] != "W"]:
                till.answered(batch, told)
        else:
            for own, other in (halves, halves[::-1]) if turn == "first" else (halves[::-1], halves):
                _tell(till, batch, [rows[at] for at in own], not_yet=rows[other[0]])
        after = books(till)
        moved = {kind: after.get(kind, D("0.00")) - before.get(kind, D("0.00")) for kind in ("claims_payable", "claims_paid")}
        ends.append((lines_of(batch), payables_of(batch), fresh(batch).state, moved))
    paid = sum((D(amount) for amount, said in zip(amounts, outcomes, strict=True) if said == "Y"), D("0.00"))
    assert ends[0] == ends[1] == ends[2]
    assert ends[0][0] == [{"Y": ("paid", ""), "N": ("failed", "limit"), "-": ("open", "")}[said] for said in outcomes]
    assert ends[0][3] == {"claims_payable": paid, "claims_paid": -paid}
    assert broken() == []


def _tell(till: Till, batch: Batch, rows: Sequence[Sequence[str]], *, not_yet: Sequence[str]) -> None:
    """A file of these lines, one of them again, and of a line of another file that is not known yet, or any more."""
    name = f"{BankReturn.objects.count()}.csv"
    told = [*rows, rows[0], (*not_yet[:2], "W", "", name)]
    till.answered(fresh(batch), [(*row[:4], row[4] or name) for row in told], name=name)


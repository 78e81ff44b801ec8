"""Accounts verified by 0.01 yuan before their first payout: once an account, as a cost, and never as a claim paid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal as D
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.testing import make_user
from audit.models import Event
from claims import actions as claims
from claims.models import Claim, Payable
from payouts import actions, choosing
from payouts.actions.batches import digest_of
from payouts.errors import PayoutsRefused
from payouts.models import BankResult, Batch, BatchLine, PayerAccount
from payouts.testing import Till, downloaded, fresh, keys_of, make_till, payer_in_use, verifying
from payouts.tests.test_returns import broken, codes_of, lines_of
from programs.models import LedgerAccount, LedgerTransaction

pytestmark = pytest.mark.django_db(transaction=True)

#: Accounts of nobody's; each passes the check of its last digit.
SECOND, THIRD = "6228480000000015", "6228480000000023"
KINDS = ("account_tests", "account_tests_paid", "claims_payable", "claims_paid")


def refused(code: str, **facts: Any) -> Any:
    return pytest.raises(PayoutsRefused, check=lambda error: error.code == code and facts.items() <= error.facts.items())


def at_once(*works: Any) -> list[Any]:
    """What each gives or is refused, side by side on connections of their own."""

    def run(work: Any) -> Any:
        try:
            return work()
        except PayoutsRefused as told:
            return told
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def states(*payables: Payable) -> list[tuple[str, str]]:
    return [(found.state, found.failure) for found in (Payable.objects.get(pk=each.pk) for each in payables)]


def books(till: Till) -> dict[str, D]:
    found = LedgerAccount.objects.filter(program=till.world.program, kind__in=KINDS).order_by("kind")
    return {account.kind: account.balance for account in found}


def verified(till: Till, *said: str) -> Batch:
    """A batch of everything that is to be verified, and what the bank says of each account."""
    batch = till.brought(till.written(till.prepare_test()))
    till.answered(batch, [(key, "0.01", *word.split()) for key, word in zip(keys_of(batch), said, strict=True)])
    return fresh(batch)


def test_an_account_gets_a_fen_first_and_its_payouts_once_that_has_arrived() -> None:
    till = verifying(make_till())
    one, two = till.owe("5000.00", "20.00")
    (other,) = till.owe("300.00", account=SECOND)
    with refused("TEST_FIRST", lines=3):
        till.prepare()
    batch = till.prepare_test()
    assert (batch.is_test, batch.lines, batch.amount, batch.state, batch.approvals) == (True, 2, D("0.02"), "prepared", 1)
    # The oldest of each account stands for it; what is owed stays open.
    lines = list(batch.batch_lines.order_by("number"))
    assert [(line.payable_id, line.amount, line.is_test, line.proven_by_id) for line in lines] == [
        (one.pk, D("0.01"), True, None), (other.pk, D("0.01"), True, None)
    ]
    assert states(one, two, other) == [("open", "")] * 3 and digest_of(batch) == batch.digest
    assert Event.objects.get(verb="payout_batch.test_prepared").data == {"batch": batch.reference, "lines": 2, "amount": "0.02"}
    with refused("NOTHING_TO_TEST"):
        till.prepare_test()
    with refused("OUT_OF_SCOPE"):
        actions.check_batch(batch, digest=batch.digest, by=till.maker, at=timezone.now())
    batch = till.written(batch)
    content = downloaded(till, batch).decode("gb18030").split("\r\n")
    assert [(row.split(",")[0], *row.split(",")[-2:]) for row in content[1:-1]] == [
        (key, "0.01", "账户验证") for key in keys_of(batch)
    ]
    first, second = keys_of(batch)
    till.answered(fresh(batch), [(first, "0.01", "Y"), (second, "0.01", "N", "E404")])
    batch = fresh(batch)
    assert (batch.state, batch.paid_lines, batch.failed_lines, batch.paid_amount) == ("partial", 1, 1, D("0.01"))
    assert states(one, two, other) == [("open", ""), ("open", ""), ("failed", "no_account")]
    assert set(Claim.objects.values_list("state", flat=True)) == {"payable"}
    assert books(till) == {"account_tests": D("0.01"), "account_tests_paid": D("-0.01")}
    assert list(LedgerTransaction.objects.filter(source_type="payouts.batch").values_list("kind", "memo")) == [("test", "1")]
    # What waited for the account is paid now, and says by what the account was verified.
    payouts = till.prepare()
    assert [(line.payable_id, line.amount, line.proven_by_id) for line in payouts.batch_lines.order_by("number")] == [
        (one.pk, D("5000.00"), lines[0].pk), (two.pk, D("20.00"), lines[0].pk)
    ]
    payouts = till.brought(till.written(payouts))
    till.answered(payouts, [(key, amount, "Y") for key, amount in zip(keys_of(payouts), ("5000.00", "20.00"), strict=True)])
    assert states(one, two, other) == [("paid", ""), ("paid", ""), ("failed", "no_account")]
    assert books(till) == {
        "account_tests": D("0.01"), "account_tests_paid": D("-0.01"), "claims_paid": D("-5020.00"), "claims_payable": D("5020.00"),
    }
    assert broken() == []


def test_a_refused_account_is_corrected_confirmed_and_verified_anew() -> None:
    till = verifying(make_till())
    (owed,) = till.owe("300.00")
    batch = verified(till, "N E404")
    claim = Claim.objects.get(pk=owed.claim_id)
    account = claims.Account("self", claim.payee_name.reveal(), SECOND, "中国农业银行源城支行", "103598000020")
    at = timezone.now()
    claims.correct_account(claim, account, by=till.world.clerk, at=at)
    made = claims.confirm_account(Claim.objects.get(pk=claim.pk), by=till.world.reviewer, at=at)
    assert states(owed, made) == [("cancelled", "no_account"), ("open", "")]
    with refused("TEST_FIRST", lines=1):
        till.prepare()
    assert [line.payable_id for line in till.prepare_test().batch_lines.all()] == [made.pk]
    assert fresh(batch).state == "failed" and books(till) == {} and broken() == []


def test_an_unknown_verification_proves_nothing_and_is_not_repeated() -> None:
    till = verifying(make_till())
    (owed,) = till.owe("10.00")
    batch = till.written(till.prepare_test())
    downloaded(till, batch)
    assert fresh(batch).state == "unknown"
    for said in ("处理中", "排队"):
        with refused("TEST_FIRST", lines=1):
            till.prepare()
        with refused("NOTHING_TO_TEST"):
            till.prepare_test()
        assert choosing.untested_of(owed.claim_id) == [(owed.pk, batch.pk)]
        # The bank says that it is still at work: everything stays as it is.
        till.answered(fresh(batch), [(keys_of(batch)[0], "0.01", "W", "", said)])
    assert lines_of(batch) == [("open", "")] and states(owed) == [("open", "")] and broken() == []


def test_a_verification_that_comes_back_leaves_the_account_unverified() -> None:
    till = verifying(make_till())
    one, two = till.owe("10.00", "20.00", name="王小明")
    batch = verified(till, "Y")
    payouts = till.authorized(till.prepare(most=1))
    assert states(one, two) == [("in_payment", ""), ("open", "")]
    till.answered(batch, [(keys_of(batch)[0], "0.01", "T", "", "销户")], name="退票.csv")
    assert (fresh(batch).state, lines_of(batch)) == ("failed", [("returned", "closed")])
    # What waited fails as by a payout; what is in a batch is taken out of it before anything leaves.
    assert states(one, two) == [("in_payment", ""), ("failed", "closed")]
    payouts = actions.release_batch(payouts, by=till.maker, at=timezone.now())
    line = payouts.batch_lines.get()
    assert (payouts.state, line.state, line.why_out) == ("discarded", "out", "untested")
    assert states(one) == [("open", "")]
    with refused("TEST_FIRST", lines=1):
        till.prepare()
    assert [line.payable_id for line in till.prepare_test().batch_lines.all()] == [one.pk]
    assert books(till) == {"account_tests": D("0.00"), "account_tests_paid": D("0.00")}
    kinds = LedgerTransaction.objects.filter(source_type="payouts.batch").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["test", "testback"] and broken() == []


def test_a_return_alone_implies_its_verification_and_proves_nothing() -> None:
    till = verifying(make_till())
    (owed,) = till.owe("10.00")
    batch = verified(till, "T")
    assert list(BankResult.objects.order_by("outcome").values_list("outcome", "implied")) == [("paid", True), ("returned", False)]
    assert lines_of(batch) == [("returned", "other")] and states(owed) == [("failed", "other")]
    assert books(till) == {"account_tests": D("0.00"), "account_tests_paid": D("0.00")} and broken() == []


def test_turned_on_in_mid_way_what_is_made_goes_on_and_what_was_paid_counts() -> None:
    before = make_till()
    paid = before.sent("1.00")
    before.answered(paid, [(keys_of(paid)[0], "1.00", "Y")])
    (running,) = before.owe("2.00", account=SECOND)
    batch = before.authorized(before.prepare())
    till = verifying(before)
    assert (fresh(before.payer).state, till.payer.instead_of_id, str(till.payer.number)) == (
        "retired", before.payer.pk, str(before.payer.number)
    )
    with refused("PAYER_NOT_IN_USE"):
        before.prepare()
    # On its way already: it goes on, and its account is verified by nobody yet.
    batch = till.brought(before.released_of(batch))
    known, _new = till.owe("3.00"), till.owe("4.00", account=SECOND)
    payouts = till.prepare()
    assert [(line.payable_id, line.proven_by_id) for line in payouts.batch_lines.all()] == [
        (known[0].pk, BatchLine.objects.get(batch=paid).pk)
    ]
    with refused("TEST_FIRST", lines=1):
        till.prepare()
    till.answered(batch, [(keys_of(batch)[0], "2.00", "Y")])
    assert till.prepare().lines == 1 and states(running) == [("paid", "")]
    with refused("NO_LINES"):
        till.prepare()
    assert broken() == []


def test_turned_off_again_everything_is_paid_at_once() -> None:
    till = verifying(make_till())
    with refused("PAYER_SAME"):
        actions.redraft_payer(till.payer, tests_accounts=True, by=till.maker, at=timezone.now())
    draft = actions.redraft_payer(till.payer, tests_accounts=False, by=till.maker, at=timezone.now())
    with refused("PAYER_REDRAFTED"):
        actions.redraft_payer(till.payer, tests_accounts=False, by=till.maker, at=timezone.now())
    with refused("OUT_OF_SCOPE"):
        actions.approve_payer(draft, by=till.maker, at=timezone.now())
    with refused("OUT_OF_SCOPE"):
        actions.redraft_payer(till.payer, tests_accounts=False, by=till.checker, at=timezone.now())
    till.owe("1.00")
    with refused("TEST_FIRST"):
        till.prepare()
    kept = actions.approve_payer(draft, by=till.checker, at=timezone.now())
    assert till.prepare(payer=kept).lines == 1 and fresh(till.payer).state == "retired"
    with refused("NO_TESTS_HERE"):
        till.prepare_test(payer=kept)
    event = Event.objects.filter(verb="payer_account.redrafted").latest("pk")
    assert event.data == {"bank": "中国农业银行河源分行", "account": str(kept.number), "tests": False}


def test_a_refusal_holds_for_the_same_holder_and_another_name_is_verified_for_itself() -> None:
    till = verifying(make_till())
    one, two = till.owe("1.00", "2.00", name="王小明")
    (other,) = till.owe("3.00", name="王小朋")
    verified(till, "N 户名不符 户名不符")
    assert states(one, two, other) == [("failed", "name_mismatch")] * 2 + [("open", "")]
    assert [line.payable_id for line in till.prepare_test().batch_lines.all()] == [other.pk]
    assert broken() == []


def test_what_is_owed_no_more_or_elsewhere_is_not_verified() -> None:
    till = verifying(make_till())
    one, two = till.owe("1.00"), till.owe("2.00", account=SECOND)
    batch = till.authorized(till.prepare_test())
    Payable.objects.filter(pk=one[0].pk).update(state="cancelled")
    batch = actions.release_batch(batch, by=till.maker, at=timezone.now())
    assert (batch.state, batch.lines, batch.amount) == ("prepared", 1, D("0.01"))
    assert [(line.state, line.why_out) for line in batch.batch_lines.order_by("number")] == [("out", "reapprove"), ("open", "")]
    batch = till.brought(till.written(batch))
    # A payment that another account made meanwhile is no concern of a refusal that comes late.
    plain = payer_in_use(till.world)
    assert till.prepare(payer=plain).lines == 1
    till.answered(batch, [(keys_of(batch)[0], "0.01", "N", "E404")])
    assert states(two[0]) == [("in_payment", "")] and broken() == []


def test_a_discarded_verification_leaves_everything_owed_and_can_be_made_anew() -> None:
    till = verifying(make_till())
    (owed,) = till.owe("1.00")
    actions.discard_batch(till.prepare_test(), reason="下周再付", by=till.maker, at=timezone.now())
    assert states(owed) == [("open", "")] and till.prepare_test().lines == 1 and broken() == []


def test_two_batches_at_one_time_verify_an_account_once() -> None:
    till = verifying(make_till())
    other = payer_in_use(till.world, tests_accounts=True, holder="另一户")
    till.owe("1.00", "2.00")
    till.owe("3.00", account=SECOND)
    second = make_user("till.second-maker", organization=till.world.city, role="finance_maker")
    done = at_once(
        lambda: till.prepare_test(most=1), lambda: till.prepare_test(payer=other, by=second),
        lambda: till.prepare_test(), lambda: till.prepare_test(payer=other, by=second),
    )
    refusals = [each.code for each in done if isinstance(each, PayoutsRefused)]
    assert {type(each) for each in done} <= {Batch, PayoutsRefused} and set(refusals) <= {"NOTHING_TO_TEST"}
    lines = BatchLine.objects.filter(is_test=True)
    assert lines.count() == 2 and lines.values("payable__account_index_a").distinct().count() == 2
    assert broken() == []


def test_the_database_refuses_a_verification_of_another_sum_and_a_payout_that_nothing_proved() -> None:
    till = verifying(make_till())
    (owed,) = till.owe("1.00")
    batch = till.prepare_test()
    line: dict[str, Any] = {
        "batch": batch, "payable": owed, "number": 9, "region_code": owed.region_code, "in_bank": True, "payee": b"0" * 32,
    }
    BatchLine.objects.filter(batch=batch).update(state="out", why_out="discarded")
    wrong: tuple[dict[str, Any], ...] = (
        {"amount": "0.02", "is_test": True}, {"amount": "0.01", "is_test": False},
        {"amount": "0.01", "is_test": True, "proven_by": BatchLine.objects.get()},
    )
    for each in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            BatchLine.objects.create(**line, **each)
    Batch.objects.filter(pk=batch.pk).update(state="discarded", reason="x")
    plain = Batch(program=batch.program, organization=batch.organization, region_code=batch.region_code, payer=batch.payer,
        format=batch.format, kind="both", purpose="理赔款", lines=1, amount=D("1.00"), digest="0" * 64, made_by=till.maker,
        made_at=timezone.now())
    plain.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        BatchLine.objects.create(**{**line, "batch": plain, "amount": "1.00"})
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        PayerAccount.objects.filter(pk=till.payer.pk).update(tests_accounts=False)


def test_the_prepare_page_counts_what_waits_and_the_accounts_it_takes() -> None:
    till = verifying(make_till())
    assert choosing.waiting([till.payer]) == {}
    till.owe("10.00", "20.00")
    till.owe("5.00", account=SECOND)
    assert choosing.waiting([till.payer]) == {till.payer.pk: (till.payer.pk, 3, D("35.00"), 2, 0)}
    till.prepare_test(most=1)
    till.owe("7.00", account=THIRD, bank_name="他行", bank_code="")
    assert choosing.waiting([till.payer]) == {till.payer.pk: (till.payer.pk, 3, D("35.00"), 1, 1)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM payouts_batchline WHERE is_test")
        assert cursor.fetchone() == (1,)


def test_a_returned_file_that_names_another_sum_of_a_verification_is_refused() -> None:
    till = verifying(make_till())
    till.owe("10.00")
    batch = till.brought(till.written(till.prepare_test()))
    bank_return = till.received(batch, [(keys_of(batch)[0], "10.00", "Y")])
    assert codes_of(bank_return)[0][1] == ["AMOUNT_CHANGED"]
    late = timezone.localdate() + timedelta(days=3)
    assert codes_of(till.received(batch, [(keys_of(batch)[0], "0.01", "Y", "", "", f"{late:%Y-%m-%d}")], name="b.csv"))[0][1] == [
        "TOO_LATE"
    ]

"""Batches: made, checked, authorized, released, handed over once; and what stops them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from audit.models import Event
from claims.models import Claim, Payable
from jobs.testing import drain
from payouts import actions
from payouts.actions.batches import digest_of
from payouts.errors import PayoutsRefused
from payouts.models import Batch, BatchLine, BatchState, BatchVote, Delivery
from payouts.testing import (
    PASSWORD,
    Till,
    downloaded,
    drafted,
    format_in_use,
    fresh,
    make_till,
    payer_drafted,
    payer_in_use,
    threshold_in_force,
)
from payouts.writing import content_of

pytestmark = pytest.mark.django_db(transaction=True)


def states(*payables: Payable) -> list[str]:
    return [Payable.objects.get(pk=each.pk).state for each in payables]


def refused(code: str):
    return pytest.raises(PayoutsRefused, check=lambda error: error.code == code)


def test_a_batch_takes_what_is_open_and_says_count_sum_and_digest() -> None:
    till = make_till()
    owed = till.owe("5000.00", "0.10", "1495.00", bank_name="他行示例银行", bank_code="314598000034")
    batch = till.prepare()
    assert (batch.reference, batch.state, batch.lines, batch.amount) == (f"P{batch.pk:09d}", "prepared", 3, D("6495.10"))
    assert states(*owed) == ["in_payment"] * 3
    lines = list(BatchLine.objects.filter(batch=batch).order_by("number"))
    assert [(line.payable_id, line.amount, line.in_bank, line.state) for line in lines] == [
        (each.pk, each.amount, False, "open") for each in owed
    ]
    assert digest_of(batch) == batch.digest and len(batch.digest) == 64
    assert [(vote.user_id, vote.step, vote.digest) for vote in batch.votes.all()] == [(till.maker.pk, "make", batch.digest)]
    event = Event.objects.get(verb="payout_batch.prepared")
    assert event.data == {"batch": batch.reference, "lines": 3, "amount": "6495.10"}
    with refused("NO_LINES"):
        till.prepare()


def test_a_format_takes_payees_of_its_bank_or_of_others() -> None:
    till = make_till()
    own, other = till.owe("1.00"), till.owe("2.00", bank_name="他行", bank_code="314598000034")
    within = format_in_use(till.world, name="行内", takes="in_bank")
    batch = till.prepare(format=within)
    assert [(line.payable_id, line.in_bank) for line in batch.batch_lines.all()] == [(own[0].pk, True)]
    between = format_in_use(till.world, name="跨行", takes="interbank")
    batch = till.prepare(format=between)
    assert [(line.payable_id, line.in_bank) for line in batch.batch_lines.all()] == [(other[0].pk, False)]


def test_payees_at_other_banks_without_a_bank_code_wait() -> None:
    till = make_till()
    lacking = till.owe("2.00", bank_name="他行", bank_code="")
    with refused("BANK_CODE") as told:
        till.prepare()
    assert told.value.facts == {"lines": 1} and states(*lacking) == ["open"]


def test_the_oldest_come_first_and_no_more_than_asked_for() -> None:
    till = make_till()
    first, second = till.owe("1.00", "2.00")
    batch = till.prepare(most=1)
    assert (batch.lines, states(first, second)) == (1, ["in_payment", "open"])


@pytest.mark.parametrize("name", ["format", "payer"])
def test_what_is_not_in_use_pays_nothing(name: str) -> None:
    till = make_till()
    till.owe("1.00")
    draft = drafted(till.world, name="草稿") if name == "format" else payer_drafted(till.world)
    with refused("FORMAT_NOT_IN_USE" if name == "format" else "PAYER_NOT_IN_USE"):
        till.prepare(**{name: draft})


def test_maker_checker_and_authorizer_are_three_people() -> None:
    till = make_till()
    till.owe("10.00")
    batch = till.prepare()
    digest, at = batch.digest, timezone.now()
    with refused("OUT_OF_SCOPE"):
        actions.check_batch(batch, digest=digest, by=till.maker, at=at)
    with refused("BATCH_STATE"):
        actions.authorize_batch(batch, digest=digest, by=till.authorizer, at=at)
    batch = till.checked(batch)
    with refused("ANOTHER_AUTHORIZES"):
        actions.authorize_batch(batch, digest=digest, by=till.checker, at=at)
    batch = actions.authorize_batch(batch, digest=digest, by=till.authorizer, at=at)
    assert batch.state == "authorized"
    with refused("BATCH_STATE"):
        actions.authorize_batch(batch, digest=digest, by=till.second, at=at)


def test_a_large_sum_asks_for_two_who_authorize() -> None:
    till = make_till()
    threshold_in_force(till.world, from_amount="5000.00", approvals=2)
    till.owe("5000.00")
    batch = till.checked(till.prepare())
    assert batch.approvals == 2
    batch = actions.authorize_batch(batch, digest=batch.digest, by=till.authorizer, at=timezone.now())
    assert batch.state == "checked"
    with refused("ANOTHER_AUTHORIZES"):
        actions.authorize_batch(batch, digest=batch.digest, by=till.authorizer, at=timezone.now())
    with refused("BATCH_STATE"):
        actions.release_batch(batch, by=till.maker, at=timezone.now())
    batch = actions.authorize_batch(batch, digest=batch.digest, by=till.second, at=timezone.now())
    assert batch.state == "authorized"


def test_a_threshold_of_an_office_above_or_of_the_program_counts_and_the_last_of_a_sum_replaces_it() -> None:
    till = make_till()
    threshold_in_force(till.world, from_amount="5000.00", approvals=2)
    threshold_in_force(till.world, from_amount="9000.00", approvals=3, program=till.world.program)
    till.owe("4999.99")
    assert till.prepare().approvals == 1
    till.owe("9000.00")
    assert till.prepare().approvals == 3
    threshold_in_force(till.world, from_amount="5000.00", approvals=1)
    till.owe("6000.00")
    assert till.prepare().approvals == 1


def test_another_digest_than_was_shown_is_not_approved() -> None:
    till = make_till()
    till.owe("10.00")
    batch = till.prepare()
    with refused("STALE"):
        actions.check_batch(batch, digest="0" * 64, by=till.checker, at=timezone.now())
    assert fresh(batch).state == "prepared"


def test_the_database_moves_no_batch_on_without_votes_over_its_digest() -> None:
    till = make_till()
    till.owe("10.00")
    batch = till.prepare()
    for state in ("checked", "authorized", "released", "sent"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Batch.objects.filter(pk=batch.pk).update(
                state=state, released_by=till.maker, released_at=timezone.now(), folder="x", written_at=timezone.now(),
                size=1, sha256="y"
            )
    batch = till.checked(batch)
    with pytest.raises(IntegrityError), transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(digest="0" * 64)
    with pytest.raises(IntegrityError), transaction.atomic():
        BatchVote.objects.create(batch=batch, user=till.checker, step="authorize", digest=batch.digest, at=timezone.now())


def test_the_database_keeps_account_and_name_of_what_is_owed_as_they_were_approved() -> None:
    till = make_till()
    (owed,) = till.owe("10.00")
    before = Payable.objects.values_list("payee_account", "payee_name").get(pk=owed.pk)
    for change in ("payee_account = payee_name", "payee_name = payee_account", "payee_account = NULL"):
        with pytest.raises(ProgrammingError, match="Cannot update rows from claims_payable"), connection.cursor() as cursor:
            cursor.execute(f"UPDATE claims_payable SET {change} WHERE id = %s", [owed.pk])
    assert Payable.objects.values_list("payee_account", "payee_name").get(pk=owed.pk) == before


def test_a_changed_line_is_noticed_whatever_was_changed() -> None:
    """Every figure of a line stands in the digest: changed past the triggers, nobody can approve the batch any more."""
    till = make_till()
    till.owe("10.00", "20.00")
    batch = till.prepare()
    changes = ("amount = amount + 0.01", "number = number + 7", "in_bank = NOT in_bank", "payee = sha256(payee)",
        "state = 'out', why_out = 'reapprove'")
    for change in changes:
        with pytest.raises(PayoutsRefused, match=r"批次自显示后已变动|changed since"), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute(f"UPDATE payouts_batchline SET {change} WHERE batch_id = %s AND number = 1", [batch.pk])
            actions.check_batch(batch, digest=batch.digest, by=till.checker, at=timezone.now())
    assert till.checked(batch).state == "checked"


def test_a_released_batch_has_a_file_of_its_lines() -> None:
    till = make_till()
    batch = till.released("5000.00", "0.10")
    assert (batch.state, batch.has_file, batch.parts.count()) == ("released", True, 1)
    names = [Claim.objects.get(payables__payout_lines=line).payee_name.reveal() for line in batch.batch_lines.order_by("number")]
    assert b"".join(content_of(batch)).decode("gb18030").split("\r\n") == [
        "业务编号,转账类型,付款账号,收款账号,户名,开户行,行号,金额,用途",
        f"{batch.reference}-000001,I,44010000000000001,6228480000000007,{names[0]},中国农业银行源城支行,103598000020,5000.00,理赔款",
        f"{batch.reference}-000002,I,44010000000000001,6228480000000007,{names[1]},中国农业银行源城支行,103598000020,0.10,理赔款",
        "",
    ]
    assert downloaded(till, batch) == b"".join(content_of(batch))


def test_an_account_corrected_since_takes_its_line_out_and_asks_for_approval_anew() -> None:
    till = make_till()
    stays, goes = till.owe("10.00", "20.00")
    batch = till.authorized(till.prepare())
    before = batch.digest
    Claim.objects.filter(pk=goes.claim_id).update(account_index_a=b"another", account_index_b=None)
    batch = actions.release_batch(batch, by=till.maker, at=timezone.now())
    assert (batch.state, batch.lines, batch.amount, batch.folder) == ("prepared", 1, D("10.00"), "")
    assert batch.digest != before and digest_of(batch) == batch.digest
    assert [(line.state, line.why_out) for line in batch.batch_lines.order_by("number")] == [("open", ""), ("out", "reapprove")]
    assert states(stays, goes) == ["in_payment", "open"]
    assert [(vote.step, vote.user_id) for vote in batch.votes.filter(stands=True)] == [("make", till.maker.pk)]
    assert Event.objects.get(verb="payout_batch.reopened").data["taken_out"] == 1
    # As long as the correction is not reviewed, no other batch takes it either; the same people may approve what is left.
    with refused("NO_LINES"):
        till.prepare()
    batch = actions.release_batch(till.authorized(batch), by=till.maker, at=timezone.now())
    drain()
    assert fresh(batch).has_file and b"".join(content_of(batch)).count(b"\r\n") == 2


def test_a_batch_whose_accounts_all_changed_is_discarded() -> None:
    till = make_till()
    (goes,) = till.owe("10.00")
    batch = till.authorized(till.prepare())
    Claim.objects.filter(pk=goes.claim_id).update(account_index_a=b"another", account_index_b=None)
    batch = actions.release_batch(batch, by=till.maker, at=timezone.now())
    assert (batch.state, batch.lines, states(goes)) == ("discarded", 0, ["open"])


def test_accounts_changed_lately_and_shared_ones_are_counted() -> None:
    till = make_till()
    till.owe("1.00", changed_at=timezone.now() - timedelta(days=29))
    till.owe("2.00", changed_at=timezone.now() - timedelta(days=31))
    till.owe("3.00", account="80020000123456789")
    batch = till.prepare()
    assert (batch.fresh_lines, batch.shared_lines) == (1, 2)


def test_a_discarded_batch_gives_everything_back() -> None:
    till = make_till()
    owed = till.owe("1.00", "2.00")
    batch = till.authorized(till.prepare())
    with refused("REASON"):
        actions.discard_batch(batch, reason=" ", by=till.maker, at=timezone.now())
    actions.discard_batch(batch, reason="下周再付", by=till.checker, at=timezone.now())
    assert states(*owed) == ["open", "open"] and fresh(batch).state == "discarded"
    assert till.prepare().lines == 2


def test_what_was_downloaded_leaves_again_only_after_the_bank_was_asked() -> None:
    till = make_till()
    batch = till.released("10.00")
    first = downloaded(till, batch)
    assert fresh(batch).state == "unknown"
    for again in (
        lambda: actions.open_batch(batch, password=PASSWORD, by=till.maker, at=timezone.now()),
        lambda: actions.discard_batch(batch, reason="x", by=till.maker, at=timezone.now()),
    ):
        with pytest.raises(PayoutsRefused) as told:
            again()
        assert told.value.code in ("HANDED_OUT", "BATCH_STATE")
    enquiry = actions.record_enquiry(batch, answer="not_received", reference="客服工单7", by=till.maker, at=timezone.now())
    with refused("ENQUIRY_OPEN"):
        actions.record_enquiry(batch, answer="received", reference="PC1", by=till.maker, at=timezone.now())
    with refused("OUT_OF_SCOPE"):
        actions.confirm_enquiry(enquiry, by=till.maker, at=timezone.now())
    assert fresh(batch).state == "unknown"
    actions.confirm_enquiry(enquiry, by=till.authorizer, at=timezone.now())
    assert fresh(batch).state == "released"
    assert downloaded(till, fresh(batch)) == first
    assert list(Delivery.objects.filter(batch=batch).order_by("pk").values_list("state", flat=True)) == ["not_taken", "begun"]
    enquiry = actions.record_enquiry(batch, answer="received", reference="PC20270301", by=till.maker, at=timezone.now())
    actions.decline_enquiry(enquiry, by=till.authorizer, at=timezone.now())
    assert fresh(batch).state == "unknown"
    enquiry = actions.record_enquiry(batch, answer="received", reference="PC20270301", by=till.maker, at=timezone.now())
    actions.confirm_enquiry(enquiry, by=till.authorizer, at=timezone.now())
    batch = fresh(batch)
    assert (batch.state, batch.bank_reference) == (BatchState.SENT, "PC20270301") and batch.sent_at is not None


def test_a_download_tells_what_left_for_whom_in_which_columns() -> None:
    till = make_till()
    batch = till.released("10.00")
    downloaded(till, batch)
    event = Event.objects.get(verb="payout_batch.downloaded")
    assert event.data == {
        "batch": batch.reference, "lines": 1, "amount": "10.00", "purpose": "理赔款", "recipient": "中国农业银行河源分行",
        "columns": ["业务编号", "转账类型", "付款账号", "收款账号", "户名", "开户行", "行号", "金额", "用途"],
        "sha256": batch.sha256[:12],
    }
    with refused("PASSWORD"):
        actions.open_batch(batch, password="短", by=till.maker, at=timezone.now())


def test_whoever_has_no_part_in_payouts_does_nothing() -> None:
    till = make_till()
    till.owe("10.00")
    with refused("OUT_OF_SCOPE"):
        till.prepare(by=till.world.clerk)
    with refused("OUT_OF_SCOPE"):
        payer_in_use_by_clerk(till)


def payer_in_use_by_clerk(till: Till) -> None:
    actions.approve_payer(payer_drafted(till.world), by=till.world.clerk, at=timezone.now())


def test_an_account_is_taken_into_use_by_another_and_stays_as_it_is() -> None:
    till = make_till()
    payer = payer_in_use(till.world, holder="另一户")
    assert str(payer.number) == "****0001" or str(payer.number).endswith("0001")
    with pytest.raises(Exception, match="Cannot update"), transaction.atomic():
        type(payer).objects.filter(pk=payer.pk).update(holder="改名")
    for wrong, code in (({"number": "123"}, "PAYER_NUMBER"), ({"holder": " "}, "PAYER_HOLDER"),
        ({"bank_code": "12"}, "PAYER_CODE"), ({"fresh_days": 400}, "PAYER_DAYS")):
        with refused(code):
            payer_drafted(till.world, **wrong)

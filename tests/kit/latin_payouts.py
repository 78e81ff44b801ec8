"""Payouts of the Latin world: formats, accounts, thresholds, batches and returned files in each state that has a page."""

from __future__ import annotations

import io
from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Protocol

from django.utils import timezone

from accounts.models import Organization, User
from accounts.roles import Role
from accounts.testing import make_user
from beneficiaries.models import Enrollment
from jobs.testing import drain_through_failures
from payouts import actions
from payouts.admin.forms import FIRST
from payouts.fields import TRANSFER_WORDS
from payouts.models import BankReturn, Batch
from payouts.returns import COLUMNS
from payouts.testing import PASSWORD, keys_of, owed, terms
from programs.models import Period, Program

WRITTEN = """
Zqkey = 付款编号
Zqkind = 转账类型
Zqaccount = 收款账号
Zqname = 收款户名
Zqbank = 收款开户行
Zqcode = 收款行号
Zqamount = 金额
"""
REASON = "Zqreason zqgiven"


class Latin(Protocol):
    """What of the world is needed."""

    at: datetime
    city: Organization
    program: Program
    period: Period
    users: dict[str, User]


def words_of_payouts() -> set[str]:
    """What files say in their own language, whatever the reader's: headings, codes, and the people of a preview."""
    found = {heading for heading, _field in FIRST} | set(TRANSFER_WORDS.values()) | {"理赔款", "账户验证", "代发"}
    found |= {"张示例", "欧阳示例", "买买提·示例", "示例银行源城支行", "中国示例银行紫金支行", "示例农村商业银行", "示例市民政局"}
    # Of the help of forms, which name offices' own words as examples.
    found |= {"户名不符", "中国农业银行", "农行", "、"}
    return found | {word for column in COLUMNS for word in (str(column.label), *column.synonyms, *column.choices, column.example)}


def make_latin_payouts(world: Latin) -> None:
    """Formats, accounts and thresholds of every state; batches on each step of their way, one with results."""
    users, city = world.users, world.city
    made: dict[str, Any] = {"by": users["city finance_maker"], "at": timezone.now()}
    checked: dict[str, Any] = {"by": users["city finance_checker"], "at": timezone.now()}
    authorizer = make_user("zqcity.authorizer", role=Role.FINANCE_CHECKER, organization=city, display_name="Zqauthorizer")
    said = terms(
        written=WRITTEN, codes={"in_bank": "Zqi", "interbank": "Zqd"}, result_headings={"status": ["Zqstatus"]}, failure_words={},
        result_words={"paid": ["Zqpaid"], "failed": ["Zqfailed"], "unknown": [], "returned": ["Zqback"]},
    )
    draft: dict[str, Any] = {"bank": "Zqbank", "terms": said, **made}
    kept = actions.approve_format(actions.draft_format(city, name="Zqformat", **draft), **checked)
    actions.retire_format(actions.approve_format(actions.draft_format(city, name="Zqold", **draft), **checked), **checked)
    actions.draft_format(city, name="Zqformat", **draft)
    account: dict[str, Any] = {
        "organization": city, "holder": "Zqholder", "bank_name": "Zqbank", "bank_code": "", "own_names": ["Zqbank"],
        "number": "44010000000000001", "fresh_days": 30, **made,
    }
    payer = actions.approve_payer(actions.draft_payer(world.program, **account), **checked)
    actions.retire_payer(actions.approve_payer(actions.draft_payer(world.program, **account), **checked), **checked)
    actions.draft_payer(world.program, **account)
    threshold: dict[str, Any] = {"program": None, "approvals": 2, **made}
    for amount in ("900000.00", "900000.00"):
        actions.approve_threshold(actions.propose_threshold(city, from_amount=Decimal(amount), **threshold), **checked)
    actions.decline_threshold(actions.propose_threshold(city, from_amount=Decimal("1.00"), **threshold), **checked)
    actions.propose_threshold(city, from_amount=Decimal("2.00"), **threshold)
    covers = list(Enrollment.objects.filter(period=world.period).order_by("pk"))[:3]
    turn = iter(range(1, 100))
    # All that `owed` asks of a world.
    desk: Any = SimpleNamespace(clerk=users["county clerk"])

    def batch() -> Batch:
        for cover in covers:
            owed(
                desk, cover, "10.00", name="Zqpayee", bank_name="Zqbank", changed_at=timezone.now(),
                settlement=next(turn),
            )
        return actions.prepare_batch(payer, organization=city, format=kept, purpose="Zqpurpose", **made)

    def approved() -> Batch:
        found = batch()
        found = actions.check_batch(found, digest=found.digest, **checked)
        return actions.authorize_batch(found, digest=found.digest, by=authorizer, at=timezone.now())

    def released() -> Batch:
        found = actions.release_batch(approved(), **made)
        drain_through_failures()
        return Batch.objects.get(pk=found.pk)

    def out() -> Batch:
        found = released()
        for _block in actions.open_batch(found, password=PASSWORD, **made):
            pass
        return Batch.objects.get(pk=found.pk)

    batch()
    made_one = batch()
    actions.check_batch(made_one, digest=made_one.digest, by=authorizer, at=timezone.now())
    approved()
    released()
    actions.discard_batch(batch(), reason=REASON, **made)
    out()
    actions.record_enquiry(out(), answer="received", reference="ZQ-ASKED", **made)
    declined = actions.record_enquiry(out(), answer="not_received", reference="ZQ-ASKED", **made)
    actions.decline_enquiry(declined, by=authorizer, at=timezone.now())
    sent = out()
    actions.confirm_enquiry(
        actions.record_enquiry(sent, answer="received", reference="ZQ-BANK", **made), by=authorizer, at=timezone.now()
    )
    silent = out()
    actions.confirm_enquiry(
        actions.record_enquiry(silent, answer="received", reference="ZQ-BANK", **made), by=authorizer, at=timezone.now()
    )
    one, two, three = keys_of(sent)
    first = _received(sent, [(one, "Zqpaid", ""), (two, "Zqfailed", "限额"), (three, "Zqback", "销户")], made)
    first = actions.RETURNS.submit(first, **made)
    actions.RETURNS.approve(first, digest=first.digest, **checked)
    drain_through_failures()
    _received(sent, [(one, "Zqpaid", ""), (two, "Zqpaid", ""), ("Zqnobody", "Zqpaid", "")], made)
    last = out()
    verifier = actions.approve_payer(actions.redraft_payer(payer, tests_accounts=True, **made), **checked)
    owed(desk, covers[0], "10.00", name="Zqpayee", bank_name="Zqbank", account="6228480000000015", settlement=next(turn))
    actions.prepare_test(verifier, organization=city, format=kept, purpose="Zqpurpose", **made)
    owed(desk, covers[1], "10.00", name="Zqpayee", bank_name="Zqbank", account="6228480000000023", settlement=next(turn))
    actions.redraft_payer(verifier, tests_accounts=False, **made)
    waiting = _received(last, [(keys_of(last)[0], "Zqpaid", ""), (keys_of(last)[1], "Zqhm", "")], made)
    actions.RETURNS.submit(waiting, **made)


def _received(batch: Batch, rows: list[tuple[str, str, str]], made: dict[str, Any]) -> BankReturn:
    lines = ["Zqkey,Zqamount,Zqstatus,失败原因", *(f"{key},10.00,{said},{reason}" for key, said, reason in rows)]
    file = io.BytesIO("\r\n".join([*lines, ""]).encode())
    found = actions.upload_return(
        [(f"zq{len(rows)}.csv", file)], batch=batch, control_lines=len(rows), control_amount=Decimal("10.00") * len(rows), **made
    )
    drain_through_failures()
    return BankReturn.objects.get(pk=found.pk)

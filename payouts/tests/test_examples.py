"""The example formats: what goes to the bank, byte for byte, and what comes back in the bank's own form."""

from __future__ import annotations

import io

import pytest
from django.utils import timezone

from audit.testing import shared
from jobs.testing import drain
from payouts import actions
from payouts.examples import IN_BANK, INTERBANK, formats
from payouts.models import BankFormat, BankReturn, Batch, BatchLine
from payouts.testing import D, Till, downloaded, fresh, make_till
from payouts.writing import content_of

pytestmark = pytest.mark.django_db
OTHER = {"bank_name": "中国工商银行河源分行", "bank_code": "102598000018", "account": "6222020000000003"}


def made() -> Till:
    """Four are owed something: three at the paying account's own bank, one elsewhere."""
    till = make_till()
    till.owe("5000.00", "0.10", "12.30")
    till.owe("88.00", **OTHER)
    return till


_django_db_helper, one_world, kept_world = shared(made)


def written(till: Till, name: str) -> Batch:
    """A batch in an example's format, its file written."""
    kept = actions.draft_format(
        till.world.city, bank="示例银行", name=name, terms=formats()[name], by=till.maker, at=timezone.now()
    )
    kept = actions.approve_format(kept, by=till.checker, at=timezone.now())
    assert BankFormat.objects.get(pk=kept.pk).state == "approved"
    return till.written(till.prepare(format=kept))


def names_of(batch: Batch) -> list[str]:
    lines = BatchLine.objects.filter(batch=batch).order_by("number").select_related("payable")
    return [line.payable.payee_name.reveal() for line in lines]


def taken_over(till: Till, batch: Batch, content: bytes, *, lines: int, amount: str) -> Batch:
    """A returned file as it comes, checked, approved by another and taken over."""
    said = actions.upload_return(
        [("回盘.txt", io.BytesIO(content))], batch=batch, control_lines=lines, control_amount=D(amount), by=till.maker,
        at=timezone.now(),
    )
    drain()
    said = BankReturn.objects.get(pk=said.pk)
    assert (said.state, said.file_findings) == ("review", [])
    said = actions.RETURNS.submit(said, by=till.maker, at=timezone.now())
    actions.RETURNS.approve(said, digest=said.digest, by=till.checker, at=timezone.now())
    drain()
    return Batch.objects.get(pk=batch.pk)


def outcomes(batch: Batch) -> list[tuple[str, str]]:
    return list(BatchLine.objects.filter(batch=batch).order_by("number").values_list("state", "code"))


def test_a_file_to_any_bank_is_what_the_example_says_byte_for_byte(kept_world: Till) -> None:
    batch = written(kept_world, INTERBANK)
    number, (one, two, three, four) = batch.reference, names_of(batch)
    assert b"".join(content_of(batch)) == (
        "业务编号,转账类型,付款账号,收款账号,户名,开户行,行号,金额,用途\r\n"
        f"{number}-000001,I,44010000000000001,6228480000000007,{one},中国农业银行源城支行,103598000020,5000.00,理赔款\r\n"
        f"{number}-000002,I,44010000000000001,6228480000000007,{two},中国农业银行源城支行,103598000020,0.10,理赔款\r\n"
        f"{number}-000003,I,44010000000000001,6228480000000007,{three},中国农业银行源城支行,103598000020,12.30,理赔款\r\n"
        f"{number}-000004,D,44010000000000001,6222020000000003,{four},中国工商银行河源分行,102598000018,88.00,理赔款\r\n"
    ).encode("gb18030")


def test_what_comes_back_of_a_file_to_any_bank_is_read(kept_world: Till) -> None:
    batch = written(kept_world, INTERBANK)
    downloaded(kept_world, batch)
    number, today = batch.reference, f"{timezone.localdate():%Y%m%d}"
    batch = taken_over(kept_world, fresh(batch), (
        "业务编号,金额,处理状态,返回码,返回信息,交易日期\r\n"
        f"{number}-000001,5000.00,成功,,,{today}\r\n"
        f"{number}-000002,0.10,失败,ACCOUNT_NOT_EXIST,账号不存在,{today}\r\n"
        f"{number}-000003,12.30,处理中,,,{today}\r\n"
        f"{number}-000004,88.00,退票,ACCOUNT_FROZEN,账户冻结,{today}\r\n"
    ).encode("gb18030"), lines=4, amount="5100.40")
    assert outcomes(batch) == [("paid", ""), ("failed", "no_account"), ("open", ""), ("returned", "closed")]
    assert (batch.state, batch.paid_amount, batch.failed_amount, batch.returned_amount) == (
        "sent", D("5000.00"), D("0.10"), D("88.00")
    )


def test_a_file_within_one_bank_is_what_the_example_says_byte_for_byte(kept_world: Till) -> None:
    batch = written(kept_world, IN_BANK)
    number, (one, two, three) = batch.reference, names_of(batch)
    assert b"".join(content_of(batch)) == (
        f"H|{number}|44010000000000001|3|501240|{timezone.localdate():%Y%m%d}\n"
        f"1|6228480000000007|{one}|500000|理赔款|{number}-000001\n"
        f"2|6228480000000007|{two}|10|理赔款|{number}-000002\n"
        f"3|6228480000000007|{three}|1230|理赔款|{number}-000003\n"
        "T|3|501240\n"
    ).encode()


def test_what_comes_back_of_a_file_within_one_bank_is_read_in_fen(kept_world: Till) -> None:
    batch = written(kept_world, IN_BANK)
    downloaded(kept_world, batch)
    number, today = batch.reference, f"{timezone.localdate():%Y%m%d}"
    batch = taken_over(kept_world, fresh(batch), (
        "客户流水|金额|结果|说明|交易日期\n"
        f"{number}-000001|500000|00||{today}\n"
        f"{number}-000002|10|01|户名不符|{today}\n"
        f"{number}-000003|1230|02||{today}\n"
    ).encode(), lines=3, amount="5012.40")
    assert outcomes(batch) == [("paid", ""), ("failed", "name_mismatch"), ("open", "")]
    assert (batch.state, batch.paid_amount, batch.failed_amount) == ("sent", D("5000.00"), D("0.10"))

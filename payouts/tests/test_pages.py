"""Pages of payouts: a format drafted and approved, a batch from its making to the bank's results, each by its clicks."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from handover.tests.test_pages import signed_in, text_of
from jobs.testing import drain
from payouts import actions
from payouts.models import BankFormat, BankReturn, Batch, Enquiry, PayerAccount
from payouts.testing import PASSWORD, keys_of, make_till, return_file

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:payouts_{name}", args=args)


def test_a_batch_goes_from_what_is_owed_to_the_banks_results_by_three_hands() -> None:
    till = make_till()
    till.owe("5000.00", changed_at=timezone.now() - timedelta(days=2))
    till.owe("20.00")
    maker, checker, authorizer = signed_in(till.maker), signed_in(till.checker), signed_in(till.authorizer)
    assert "新建批次" in text_of(maker.get(page("batch_changelist")))
    answer = maker.post(page("batch_prepare"), {
        "payer": till.payer.pk, "organization": till.world.city.pk, "format": till.format.pk, "purpose": "理赔款", "most": "200000",
    })
    batch = Batch.objects.get()
    assert answer.status_code == 302 and batch.lines == 2
    shown = text_of(maker.get(page("batch_change", batch.pk)))
    for words in (
        batch.reference, "待复核", "2 笔，5,020.00 元", "有 1 个收款账户在最近 30 天内变更过", "有 2 笔付款的收款账户在多行中出现",
    ):
        assert words in shown, words
    assert "复核批次" not in shown and maker.get(page("batch_review", batch.pk)).status_code == 403
    assert "复核人不能再授权" in text_of(checker.get(page("batch_review", batch.pk)))
    assert checker.post(page("batch_review", batch.pk), {"digest": "0" * 64}).status_code == 409
    assert checker.post(page("batch_review", batch.pk), {"digest": batch.digest}).status_code == 302
    refused = checker.post(page("batch_authorize", batch.pk), {"digest": batch.digest})
    assert refused.status_code == 409 and "请由另一位同事授权" in refused.content.decode()
    assert authorizer.post(page("batch_authorize", batch.pk), {"digest": batch.digest}).status_code == 302
    assert maker.post(page("batch_release", batch.pk)).status_code == 302
    drain()
    archive = maker.post(page("batch_download", batch.pk), {"password": PASSWORD})
    assert archive.headers["Content-Type"] == "application/zip" and b"".join(archive.streaming_content)[:2] == b"PK"
    assert "尚不清楚银行是否收到文件" in text_of(maker.get(page("batch_change", batch.pk)))
    again = maker.post(page("batch_download", batch.pk), {"password": PASSWORD})
    assert again.status_code == 409 and "请先向银行查询" in again.content.decode()
    assert maker.post(page("batch_ask", batch.pk), {"answer": "received", "reference": "PC1"}).status_code == 302
    assert maker.get(page("batch_confirm", batch.pk)).status_code == 403
    assert "银行已收到" in text_of(authorizer.get(page("batch_confirm", batch.pk)))
    assert authorizer.post(page("batch_confirm", batch.pk)).status_code == 302
    assert Enquiry.objects.get().state == "confirmed"
    one, two = keys_of(batch)
    content = return_file([(one, "5000.00", "Y"), (two, "20.00", "N", "E404")]).getvalue()
    assert maker.post(page("batch_receive", batch.pk), {
        "file": SimpleUploadedFile("回盘.csv", content), "control_lines": "2", "control_amount": "5020.00",
    }).status_code == 302
    drain()
    found = BankReturn.objects.get()
    shown = text_of(maker.get(page("bankreturn_change", found.pk)))
    for words in (batch.reference, "5,020.00", "账号不存在", "5000.00"):
        assert words in shown, words
    assert maker.post(page("bankreturn_submit", found.pk)).status_code == 302
    found.refresh_from_db()
    assert "回盘文件不能撤销" in text_of(checker.get(page("bankreturn_approve", found.pk)))
    assert checker.post(page("bankreturn_approve", found.pk), {"digest": found.digest}).status_code == 302
    drain()
    shown = text_of(maker.get(page("batch_change", batch.pk)))
    for words in ("部分成功", "银行答复", "付款后退票", "5,000.00"):
        assert words in shown, words
    with CaptureQueriesContext(connection) as few:
        listed = text_of(maker.get(page("batchline_changelist")))
    assert f"{batch.reference}-000001" in listed.replace(" ", "") or "000001" in listed
    assert "6228480000000007" not in listed and len(few) < 40
    assert "000002" in text_of(maker.get(page("batchline_changelist"), {"q": two}))
    assert "-000001" not in text_of(maker.get(page("batchline_changelist"), {"q": two})).replace(two, "")


def test_a_format_is_drafted_looked_at_and_approved_by_another() -> None:
    till = make_till()
    maker, checker = signed_in(till.maker), signed_in(till.checker)
    form = maker.get(page("bankformat_draft")).context["form"]
    given = {name: field.initial for name, field in form.fields.items() if field.initial not in (None, "")}
    given = {**given, "bank": "另一银行", "name": "批量", "takes": "both", "separator": ",", "line_end": "crlf", "amounts": "yuan",
             "foot_lines": "合计,{付款笔数},{合计元}"}
    wrong = maker.post(page("bankformat_draft"), {**given, "columns": "户名 = 收款户名"})
    assert "文件缺少以下列：付款编号、收款账号、金额、收款行号" in text_of(wrong)
    assert maker.post(page("bankformat_draft"), given).status_code == 302
    kept = BankFormat.objects.latest("pk")
    shown = text_of(maker.get(page("bankformat_change", kept.pk)))
    for words in ("另一银行", "张示例", "合计,3,6495.51", "草稿"):
        assert words in shown, words
    assert maker.post(page("bankformat_approve", kept.pk)).status_code == 403
    assert checker.post(page("bankformat_approve", kept.pk)).status_code == 302
    kept.refresh_from_db()
    assert kept.state == "approved"


def test_accounts_and_thresholds_are_decided_by_another() -> None:
    till = make_till()
    maker, checker = signed_in(till.maker), signed_in(till.checker)
    answer = maker.post(page("payeraccount_draft"), {
        "program": till.world.program.pk, "organization": till.world.city.pk, "holder": "河源市民政局", "bank_name": "示例银行",
        "bank_code": "", "own_names": "示例银行、示例行", "number": "4401 0000 0000 00002", "fresh_days": "10",
    })
    assert answer.status_code == 302
    shown = text_of(checker.get(answer.url))
    assert "44010000000000002" not in shown and "示例银行、示例行" in shown
    assert checker.post(f"{answer.url.removesuffix('change/')}approve").status_code in (302, 301)
    answer = maker.post(page("approvalthreshold_propose"), {
        "organization": till.world.city.pk, "program": "", "from_amount": "500000", "approvals": "2",
    })
    assert answer.status_code == 302
    assert "500,000.00" in text_of(checker.get(answer.url))


def test_an_account_number_typed_wrong_is_told_and_loses_nothing() -> None:
    till = make_till()
    answer = signed_in(till.maker).post(page("payeraccount_draft"), {
        "program": till.world.program.pk, "organization": till.world.city.pk, "holder": "河源市民政局", "bank_name": "示例银行",
        "number": "123", "fresh_days": "10",
    })
    assert answer.status_code == 409 and "账号应为 8 至 30 位数字" in answer.content.decode()
    assert 'value="河源市民政局"' in answer.content.decode()


def test_a_clerk_turns_verifying_on_and_sees_everywhere_what_waits_for_it() -> None:
    till = make_till()
    maker, checker = signed_in(till.maker), signed_in(till.checker)
    payer = page("payeraccount_change", till.payer.pk)
    assert "启用新账户验证" in text_of(maker.get(payer)) and "停用新账户验证" not in text_of(maker.get(payer))
    answer = maker.post(page("payeraccount_verify_accounts", till.payer.pk))
    assert answer.status_code == 302
    shown = text_of(checker.get(answer.url))
    assert "先付 0.01 元验证" in shown and "待审批" in shown
    draft = PayerAccount.objects.latest("pk")
    assert "它将替代现用的同一账户" in text_of(checker.get(page("payeraccount_approve", draft.pk)))
    assert checker.post(page("payeraccount_approve", draft.pk)).status_code == 302
    first, _second = till.owe("5000.00", "20.00")
    assert "有收款账户待验证的付款账户" in text_of(maker.get(reverse("admin:index")))
    for name in ("batch_prepare", "batch_prepare_test"):
        shown = text_of(maker.get(page(name)))
        assert "有 2 笔付款共 5,020.00 元等待收款账户验证；待验证账户 1 个，另有 0 个正在验证。" in shown
    given = {
        "payer": draft.pk, "organization": till.world.city.pk, "format": till.format.pk, "purpose": "理赔款", "most": "200000",
    }
    refused = maker.post(page("batch_prepare"), given)
    assert refused.status_code == 409 and "有 2 笔付款等待收款账户验证：请先制作账户验证批次" in refused.content.decode()
    claim = reverse("admin:claims_claim_change", args=[first.claim_id])
    # Whoever works on the claim sees why nothing is paid yet.
    clerk, auditor = signed_in(till.world.clerk), signed_in(till.world.auditor)
    shown = text_of(clerk.get(claim))
    assert "账户待验证" in shown and "须先向收款账户付 0.01 元" in shown
    assert maker.post(page("batch_prepare_test"), {**given, "purpose": "账户验证"}).status_code == 302
    batch = Batch.objects.get()
    shown = text_of(maker.get(page("batch_change", batch.pk)))
    for words in ("账户验证", "1 笔，0.01 元", "不支付赔款", batch.reference):
        assert words in shown, words
    assert f"（批次 {batch.reference}），到账后即可付款" in text_of(clerk.get(claim))
    assert "账户验证" in text_of(maker.get(page("batchline_changelist")))
    batch = till.brought(till.written(batch))
    till.answered(batch, [(keys_of(batch)[0], "0.01", "Y")])
    with CaptureQueriesContext(connection) as few:
        shown = text_of(auditor.get(claim))
    assert "账户待验证" not in shown and len(few) < 80
    assert re.search(f"{keys_of(batch)[0]}(</a>)? · 账户验证 · 0.01 元 · ", shown)
    assert maker.post(page("batch_prepare"), given).status_code == 302 and Batch.objects.latest("pk").lines == 2


def test_the_workbench_leads_each_to_their_part() -> None:
    till = make_till()
    till.owe("10.00")
    till.prepare()
    assert "待复核的付款批次" in text_of(signed_in(till.checker).get(reverse("admin:index")))
    batch = till.checked(Batch.objects.get())
    assert "待授权的付款批次" in text_of(signed_in(till.authorizer).get(reverse("admin:index")))
    actions.authorize_batch(batch, digest=batch.digest, by=till.authorizer, at=timezone.now())
    assert "待放行和发送的付款批次" in text_of(signed_in(till.maker).get(reverse("admin:index")))

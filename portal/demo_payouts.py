"""Payouts of the demo: two banks' formats, an account, a threshold, a batch that is paid and one that waits, and a change of the
account that waits to be approved: new accounts verified first. Again without harm."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import Organization, User
from claims.models import Payable
from intake.models import State
from jobs.actions import run_pending
from payouts import actions
from payouts.examples import INTERBANK, formats
from payouts.models import ApprovalThreshold, BankFormat, BankReturn, Batch, BatchState, PayerAccount
from programs.models import Program


def pay_out(
    program: Program, *, users: Mapping[str, User], short: str, say: Callable[[str], None]
) -> None:
    """What decided claims owe: the first of it paid, as the bank's file says; the rest in a batch that waits to be checked."""
    maker, checker = users[f"{short}.finance.maker"], users[f"{short}.finance.checker"]
    office = program.organization
    kept = _formats(office, maker, checker)
    payer = _payer(program, office, maker, checker)
    if not ApprovalThreshold.objects.filter(organization=office).exists():
        actions.approve_threshold(
            actions.propose_threshold(
                office, program=None, from_amount=Decimal("500000.00"), approvals=2, by=maker, at=timezone.now()
            ),
            by=checker, at=timezone.now(),
        )
    given: dict[str, Any] = {"organization": office, "format": kept, "purpose": "理赔款", "by": maker}
    waiting = Payable.objects.filter(program=program, state="open", kind="payout")
    first = Batch.objects.filter(program=program).order_by("pk").first()
    if first is None and waiting.count() > 1:
        first = actions.prepare_batch(payer, most=1, at=timezone.now(), **given)
    if first is not None:
        _bring(first, maker=maker, second=users[f"{short}.finance.second"], checker=checker)
    if waiting.exists() and not Batch.objects.filter(program=program, state=BatchState.PREPARED).exists():
        batch = actions.prepare_batch(payer, at=timezone.now(), **given)
        say(f"{program.name}: {batch.lines} payouts wait to be checked")
    if not PayerAccount.objects.filter(instead_of=payer).exists():
        # To be approved: from then on new accounts are verified by 0.01 yuan first.
        actions.redraft_payer(payer, tests_accounts=True, by=maker, at=timezone.now())


def _bring(batch: Batch, *, maker: User, second: User, checker: User) -> None:
    """Paid by the bank, from wherever a killed load left it."""
    if batch.state == BatchState.PREPARED:
        batch = actions.check_batch(batch, digest=batch.digest, by=second, at=timezone.now())
    if batch.state == BatchState.CHECKED:
        batch = actions.authorize_batch(batch, digest=batch.digest, by=checker, at=timezone.now())
    if batch.state == BatchState.AUTHORIZED:
        actions.release_batch(batch, by=maker, at=timezone.now())
    run_pending()
    batch = Batch.objects.get(pk=batch.pk)
    if batch.state == BatchState.RELEASED:
        for _piece in actions.open_batch(batch, password="demo-of-the-portal-1", by=maker, at=timezone.now()):  # noqa: S106
            pass
    batch = Batch.objects.get(pk=batch.pk)
    if batch.state == BatchState.UNKNOWN and not BankReturn.objects.filter(batch=batch).exists():
        actions.upload_return(
            [("回盘.csv", _paid(batch))], batch=batch, control_lines=batch.lines, control_amount=batch.amount, by=maker,
            at=timezone.now(),
        )
    run_pending()
    said = BankReturn.objects.filter(batch=batch).order_by("pk").last()
    if said is not None and said.state == State.REVIEW:
        said = actions.RETURNS.submit(said, by=maker, at=timezone.now())
    if said is not None and said.state == State.SUBMITTED:
        actions.RETURNS.approve(said, digest=said.digest, by=checker, at=timezone.now())
        run_pending()


def _paid(batch: Batch) -> io.BytesIO:
    """What the bank sends back: everything was paid today."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["业务编号", "金额", "处理状态", "返回码", "返回信息", "交易日期"])
    for line in batch.batch_lines.order_by("number"):
        rows.writerow([line.key, f"{line.amount:.2f}", "成功", "", "", f"{timezone.localdate():%Y%m%d}"])
    return io.BytesIO(text.getvalue().encode("gb18030"))


def _formats(office: Organization, maker: User, checker: User) -> BankFormat:
    """Both in use; the one to any bank is given."""
    for name, terms in formats().items():
        kept = BankFormat.objects.filter(organization=office, name=name).first() or actions.draft_format(
            office, bank="示例银行", name=name, terms=terms, by=maker, at=timezone.now()
        )
        if kept.state == "draft":
            actions.approve_format(kept, by=checker, at=timezone.now())
    return BankFormat.objects.get(organization=office, name=INTERBANK)


def _payer(program: Program, office: Organization, maker: User, checker: User) -> PayerAccount:
    payer = PayerAccount.objects.filter(program=program).order_by("pk").first() or actions.draft_payer(
        program, organization=office, holder=office.name, bank_name="示例银行", bank_code="", own_names=["示例银行"],
        number="44010000000000001", fresh_days=30, by=maker, at=timezone.now(),
    )
    return actions.approve_payer(payer, by=checker, at=timezone.now()) if payer.state == "draft" else payer

"""What the insurer is told in the demo, answers, charges and is paid; loaded again, nothing is told or charged twice."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from beneficiaries import actions as rosters
from beneficiaries.gating import Gate
from beneficiaries.models import Enrollment, Roster
from handover import actions
from handover.choosing import outlook
from handover.columns import checked_columns, checked_words, read_columns
from handover.models import (
    Answer,
    Covers,
    DecisionKind,
    HandOver,
    HandOverLine,
    HandOverState,
    InsurerFormat,
    Invoice,
    Kind,
    Receipt,
    Remittance,
    Sides,
)
from intake.models import State
from jobs.actions import run_pending
from programs.models import Period

#: The insurer's own headings.
COLUMNS = """
被保险人编号 = 保障凭证号
姓名 = 被保险人姓名
证件类型 = 证件类型
证件号码 = 被保险人证件号码
出生日期 = 出生日期
保费 = 保费(元)
保险起期 = 保障首日
保险止期 = 保障止期
"""
LINED, SUM = "24442000000000000101", "24442000000000000102"
#: The first invoice charges one of so many; of the hand-over's last lines two are refused and two not answered.
ONE_OF, REFUSED, OPEN = 4, 2, 2


def settle_with_insurer(
    period: Period, *, clerk: User, reviewer: User, maker: User, checker: User, say: Callable[[str], None]
) -> None:
    """Lead a program's people to the insurer from wherever a killed load left it: told, answered, charged, a remittance waiting."""
    hand_over = _told(period, clerk, reviewer)
    if hand_over is None:
        return
    _answered(hand_over, clerk, reviewer)
    _charged(hand_over, maker, checker)
    hand_over.refresh_from_db()
    say(f"{period.program.name}: {hand_over.accepted} of {hand_over.people} accepted, invoices and a remittance")


def _told(period: Period, clerk: User, reviewer: User) -> HandOver | None:
    """A list that was released, with its file; None where nobody waits for the insurer."""
    found = HandOver.objects.filter(period=period).exclude(state=HandOverState.WITHDRAWN).first()
    if found is None:
        for roster in Roster.objects.filter(period=period, state=State.APPLIED).order_by("pk"):
            if Gate.OWN_PAYMENT in rosters.open_gates(roster):
                rosters.pass_gate(roster, gate=Gate.OWN_PAYMENT, by=clerk, at=timezone.now())
        if not Enrollment.objects.filter(period=period, state="awaiting").exists():
            return None
        found = actions.propose_handover(
            period, organization=clerk.organization, kind=Kind.INITIAL, month=None, format=_format(period, clerk, reviewer),
            purpose="承保出单（示例）", recipient="承保部 经办（示例）", kept_days=7, by=clerk, at=timezone.now(),
        )
    if found.state == HandOverState.PROPOSED:
        found = actions.release_handover(found, shown=outlook(found)[0], by=reviewer, at=timezone.now())
    run_pending()
    return HandOver.objects.select_related("period__program").get(pk=found.pk)


def _format(period: Period, clerk: User, reviewer: User) -> InsurerFormat:
    kept = InsurerFormat.objects.filter(organization=clerk.organization).order_by("-pk").first()
    if kept is None:
        insurer = period.program.insurer
        if insurer is None:
            raise RuntimeError("the demo's programs have an insurer")
        kept = actions.draft_format(
            clerk.organization, insurer, name="承保清单（示例）", by=clerk, at=timezone.now(),
            terms={
                "file_kind": "xlsx", "encoding": "utf-8", "dates": "%Y-%m-%d",
                "columns": checked_columns(read_columns(COLUMNS), read_columns("")), "codes": {},
                "receipt_headings": {}, "receipt_words": checked_words(["承保"], ["拒保"]), "own_policies": True,
            },
        )
    return actions.approve_format(kept, by=reviewer, at=timezone.now()) if kept.state == "draft" else kept


def _answered(hand_over: HandOver, clerk: User, reviewer: User) -> None:
    """A receipt that accepts nearly all."""
    receipt = Receipt.objects.filter(hand_over=hand_over).first()
    if receipt is None:
        lines = list(_lines(hand_over))[:-OPEN]
        rows = [
            (line.enrollment.number, "承保", f"YG2026-{line.number:06d}", "") if place < len(lines) - REFUSED
            else (line.enrollment.number, "拒保", "", "年龄超出承保范围")
            for place, line in enumerate(lines)
        ]
        receipt = actions.upload_receipt(
            [("承保回执.csv", _file(("保障凭证号", "承保结果", "保单号", "拒保原因"), rows))], hand_over=hand_over, by=clerk,
            at=timezone.now(),
        )
    run_pending()
    receipt.refresh_from_db()
    if receipt.state == State.REVIEW:
        receipt = actions.DESK.submit(receipt, by=clerk, at=timezone.now())
    if receipt.state == State.SUBMITTED:
        actions.DESK.approve(receipt, digest=receipt.digest, by=reviewer, at=timezone.now())
        run_pending()


def _charged(hand_over: HandOver, maker: User, checker: User) -> None:
    """An invoice with one line too dear, decided and agreed, its remittance prepared; another of one sum that waits for review."""
    accepted = [line for line in _lines(hand_over) if line.answer == Answer.ACCEPTED]
    invoice = Invoice.objects.filter(period=hand_over.period, number=LINED).first()
    if invoice is None:
        rows = [
            (line.enrollment.number, line.policy_number, f"{line.premium + (Decimal('0.50') if place == 0 else 0):.2f}")
            for place, line in enumerate(accepted[: len(accepted) // ONE_OF])
        ]
        invoice = actions.upload_invoice(
            [("保费账单.csv", _file(("保障凭证号", "保单号", "应收保费"), rows))], period=hand_over.period, number=LINED,
            issued_on=timezone.localdate(), control_lines=len(rows),
            control_amount=sum((Decimal(row[2]) for row in rows), Decimal(0)), by=maker, at=timezone.now(),
        )
    run_pending()
    invoice.refresh_from_db()
    if invoice.state == State.REVIEW:
        if not invoice.decisions.exists():
            actions.decide_lines(
                invoice, choice=actions.Choice(code="CHARGED_MORE"), kind=DecisionKind.INSIST,
                reason="按备案费率每人88元,多收部分请更正", by=maker, at=timezone.now(),
            )
        invoice = actions.INVOICES.submit(Invoice.objects.get(pk=invoice.pk), by=maker, at=timezone.now())
    if invoice.state == State.SUBMITTED:
        actions.INVOICES.approve(invoice, digest=invoice.digest, by=checker, at=timezone.now())
        run_pending()
    if not Remittance.objects.filter(period=hand_over.period).exists():
        actions.prepare_remittance([Invoice.objects.get(pk=invoice.pk)], by=maker, at=timezone.now())
    if not Invoice.objects.filter(period=hand_over.period, number=SUM).exists():
        # It charges whom it has not answered yet, too.
        rest = [line for line in _lines(hand_over) if line.answer != Answer.REFUSED][invoice.control_lines :]
        actions.record_invoice(
            hand_over.period, number=SUM, issued_on=timezone.localdate(), amount=sum((line.premium for line in rest), Decimal(0)),
            covers=Covers.HAND_OVER, sides=Sides.ENTRIES, hand_over=hand_over, by=maker, at=timezone.now(),
        )
    run_pending()


def _lines(hand_over: HandOver) -> Sequence[HandOverLine]:
    lines = HandOverLine.objects.filter(hand_over=hand_over).order_by("number")
    return list(lines.select_related("enrollment__program", "enrollment__period"))


def _file(head: Sequence[str], rows: Sequence[Sequence[str]]) -> io.BytesIO:
    return io.BytesIO("\r\n".join([",".join(row) for row in (head, *rows)] + [""]).encode("utf-8-sig"))

"""Formats, hand-overs and an insurer's answers, for tests; people are synthetic."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyzipper
from django.utils import timezone

from beneficiaries.testing import World
from handover import actions
from handover.choosing import outlook
from handover.columns import checked_columns, checked_words, read_codes, read_columns
from handover.models import Covers, HandOver, HandOverLine, InsurerFormat, Invoice, Kind, Receipt, Remittance, Sides
from jobs.testing import drain

TERMS: dict[str, Any] = {"requires_insurer_acceptance": True}
COLUMNS = """
被保险人编号 = 保障凭证号
序号 = 序号
姓名 = 被保险人姓名
证件类型 = 证件类型
证件号码 = 被保险人证件号码
性别 = 性别
出生日期 = 出生日期
保费 = 保费(元)
保险起期 = 保障首日
保险止期 = 保障止期
币种 := CNY
"""


def terms(**changes: Any) -> dict[str, Any]:
    """What a draft says."""
    columns = changes.pop("written", COLUMNS)
    return {
        "file_kind": "xlsx", "encoding": "utf-8", "dates": "%Y%m%d",
        "columns": checked_columns(read_columns(columns), read_columns(changes.pop("leaves", ""))),
        "codes": {"document_type": read_codes("document_type", "居民身份证 = 01"), "sex": read_codes("sex", "男 = M\n女 = F")},
        "receipt_headings": {"number": ["客户号"], "policy_number": ["个单号"], "result": ["核保结论"], "reason": ["说明"]},
        "receipt_words": checked_words(["Y"], ["N"]), "own_policies": True, **changes,
    }


def drafted(world: World, *, name: str = "示例财险清单", **changes: Any) -> InsurerFormat:
    """A draft of the county's clerk."""
    return actions.draft_format(
        world.office, world.insurer, name=name, terms=terms(**changes), by=world.clerk, at=timezone.now()
    )


def format_in_use(world: World, **changes: Any) -> InsurerFormat:
    """Approved by the city's reviewer."""
    return actions.approve_format(drafted(world, **changes), by=world.reviewer, at=timezone.now())


def proposed(world: World, *, kind: Kind = Kind.INITIAL, **changes: Any) -> HandOver:
    """By the county's clerk; its format is made where none is given."""
    values: dict[str, Any] = {
        "organization": world.office, "kind": kind, "month": None if kind == Kind.INITIAL else date(2027, 3, 1),
        "purpose": "承保出单", "recipient": "示例财产保险承保部 经办", "kept_days": 7, "by": world.clerk, "at": timezone.now(),
        **changes,
    }
    if "format" not in values:
        kept = InsurerFormat.objects.filter(state="approved", insurer=world.insurer).order_by("pk").last()
        values["format"] = kept or format_in_use(world)
    return actions.propose_handover(world.period, **values)


def released(world: World, **changes: Any) -> HandOver:
    """By the city's reviewer, with its file written."""
    hand_over = proposed(world, **changes)
    people, _premium = outlook(hand_over)
    hand_over = actions.release_handover(hand_over, shown=people, by=world.reviewer, at=timezone.now())
    drain()
    return HandOver.objects.get(pk=hand_over.pk)


PASSWORD = "Xq7-nobody's-own"  # noqa: S105 - of files that tests make


def opened(archive: bytes, *, password: str = PASSWORD) -> tuple[str, bytes]:
    """Name and content of the one entry of a locked archive."""
    with pyzipper.AESZipFile(io.BytesIO(archive)) as found:
        found.setpassword(password.encode())
        (name,) = found.namelist()
        return name, found.read(name)


def numbers_of(hand_over: HandOver) -> list[str]:
    """Cover numbers in the order of the lines."""
    lines = HandOverLine.objects.filter(hand_over=hand_over).order_by("number")
    return [line.enrollment.number for line in lines.select_related("enrollment__program", "enrollment__period")]


def receipt_file(rows: Iterable[tuple[str, str, str, str]]) -> io.BytesIO:
    """(number, result, policy number, reason) as the insurer writes them."""
    lines = ["客户号,核保结论,个单号,说明", *(",".join(row) for row in rows)]
    return io.BytesIO("\r\n".join([*lines, ""]).encode("gb18030"))


def received(world: World, hand_over: HandOver, rows: Iterable[tuple[str, str, str, str]], *, name: str = "回执.csv") -> Receipt:
    """Uploaded by the clerk and checked."""
    receipt = actions.upload_receipt([(name, receipt_file(rows))], hand_over=hand_over, by=world.clerk, at=timezone.now())
    drain()
    return Receipt.objects.get(pk=receipt.pk)


def approved(world: World, receipt: Receipt) -> Receipt:
    """Submitted by the clerk, approved by the reviewer; its answers wait for their job."""
    receipt = actions.DESK.submit(receipt, by=world.clerk, at=timezone.now())
    found: Receipt = actions.DESK.approve(receipt, digest=receipt.digest, by=world.reviewer, at=timezone.now())
    return found


def answered(world: World, hand_over: HandOver, rows: Iterable[tuple[str, str, str, str]], *, name: str = "回执.csv") -> Receipt:
    """Received, approved, applied."""
    receipt = approved(world, received(world, hand_over, rows, name=name))
    drain()
    return Receipt.objects.get(pk=receipt.pk)


def invoice_file(rows: Iterable[tuple[str, str, str]]) -> io.BytesIO:
    """(cover number, policy number, premium) as the insurer writes them."""
    lines = ["凭证号,保单号,应收保费", *(",".join(row) for row in rows)]
    return io.BytesIO("\r\n".join([*lines, ""]).encode("gb18030"))


def invoiced(
    world: World, rows: Sequence[tuple[str, str, str]], *, number: str = "FP-1", lines: int | None = None, amount: str | None = None
) -> Invoice:
    """Uploaded by the finance maker and checked; count and sum are those of the lines unless said otherwise."""
    whole = sum((Decimal(each[2].replace("(", "-").strip(")¥")) for each in rows), Decimal("0.00"))
    invoice = actions.upload_invoice(
        [(f"{number}.csv", invoice_file(rows))], period=world.period, number=number, issued_on=timezone.localdate(),
        control_lines=len(rows) if lines is None else lines, control_amount=whole if amount is None else Decimal(amount),
        by=world.finance_maker, at=timezone.now(),
    )
    drain()
    return Invoice.objects.get(pk=invoice.pk)


def recorded(world: World, amount: str, *, number: str = "FP-9", **of: Any) -> Invoice:
    """An invoice of one sum, by the finance maker, compared; of the whole period's entries unless said otherwise."""
    given: dict[str, Any] = {"covers": Covers.PERIOD, "sides": Sides.ENTRIES, **of}
    invoice = actions.record_invoice(
        world.period, number=number, issued_on=timezone.localdate(), amount=Decimal(amount), by=world.finance_maker,
        at=timezone.now(), **given,
    )
    drain()
    return Invoice.objects.get(pk=invoice.pk)


def agreed(world: World, invoice: Invoice) -> Invoice:
    """Submitted by the maker, agreed to by the checker, its lines agreed."""
    invoice = actions.INVOICES.submit(invoice, by=world.finance_maker, at=timezone.now())
    actions.INVOICES.approve(invoice, digest=invoice.digest, by=world.finance_checker, at=timezone.now())
    drain()
    return Invoice.objects.get(pk=invoice.pk)


def remitted(world: World, *invoices: Invoice, reference: str = "") -> Remittance:
    """Prepared by the maker, approved by the checker; with a reference paid, too."""
    remittance = actions.prepare_remittance(invoices, by=world.finance_maker, at=timezone.now())
    remittance = actions.approve_remittance(remittance, by=world.finance_checker, at=timezone.now())
    if reference:
        remittance = actions.confirm_paid(
            remittance, reference=reference, paid_on=timezone.localdate(), by=world.finance_maker, at=timezone.now()
        )
    return remittance

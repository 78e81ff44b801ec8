"""Hand-overs and receipts of the Latin world: one of each state that has a page of its own."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

from django.utils import timezone

from accounts.models import Organization, User
from beneficiaries.models import Enrollment, Roster
from handover import actions
from handover.actions import Choice
from handover.admin.forms import FIRST
from handover.answers import COLUMNS
from handover.charging import COLUMNS as CHARGED
from handover.fields import CODE_WORDS, LEAVING_COLUMNS
from handover.models import (
    Covers,
    DecisionKind,
    HandOver,
    HandOverLine,
    InsurerFormat,
    Invoice,
    Receipt,
    Remittance,
    Sides,
)
from handover.preview import PEOPLE
from handover.testing import receipt_file, terms
from jobs.testing import drain_through_failures
from programs.models import Period

WRITTEN = "Zqnumber = 保障凭证号\nZqname = 被保险人姓名\nZqcurrency := Zqyuan"


def words_of_files() -> set[str]:
    """What files say in their own language, whatever the reader's: headings, codes, and the people of a preview."""
    found = {word for words in CODE_WORDS.values() for word in words.values()} | {heading for heading, _field in FIRST}
    found |= {heading for heading, _field, _text in LEAVING_COLUMNS} | {"示例"}
    people: dict[str, Any] = PEOPLE
    found |= {value for values in people.values() for value in values if isinstance(value, str)}
    return found | {word for column in (*COLUMNS, *CHARGED) for word in (str(column.label), *column.synonyms, *column.choices)}


def hand_over(users: dict[str, User], period: Period, office: Organization, roster: Roster) -> None:
    """A draft and a version in use; hand-overs to release, told and withdrawn; receipts under review and submitted."""
    clerk, reviewer, at = users["county clerk"], users["city reviewer"], timezone.now()
    insurer = period.program.insurer
    assert insurer is not None
    said = terms(written=WRITTEN, leaves=WRITTEN, receipt_headings={}, receipt_words={})
    values: dict[str, Any] = {"terms": said, "by": clerk, "at": at}
    kept = actions.approve_format(actions.draft_format(office, insurer, name="Zqformat", **values), by=reviewer, at=at)
    old = actions.approve_format(actions.draft_format(office, insurer, name="Zqold", **values), by=reviewer, at=at)
    actions.retire_format(old, by=reviewer, at=at)
    actions.draft_format(office, insurer, name="Zqformat", **values)
    told = _made(period, office, clerk, kept, state="released", released_by=reviewer, released_at=at)
    _made(period, office, clerk, kept, state="proposed")
    _made(period, office, clerk, kept, state="withdrawn", reason="Zqreason zqgiven", withdrawn_by=reviewer)
    covers = Enrollment.objects.filter(roster=roster).order_by("pk")
    for number, cover in enumerate(covers, 1):
        HandOverLine.objects.create(
            hand_over=told, enrollment=cover, number=number, direction="entry", region_code=cover.region_code,
            premium=cover.premium,
        )
    one, two, *_rest = [cover.number for cover in covers]
    first = _received(told, [(one, "承保", "ZQ-PA1", ""), (two, "拒保", "", "Zqreason"), ("Zqnobody", "承保", "ZQ-PA2", "")], clerk)
    actions.DESK.submit(first, by=clerk, at=timezone.now())
    _received(told, [(two, "承保", "ZQ-PA3", ""), (two, "拒保", "", "Zqother"), (one, "", "", "")], clerk)


def _made(period: Period, office: Organization, clerk: User, kept: InsurerFormat, *, state: str, **more: Any) -> HandOver:
    """A row in a state, its file being written."""
    folder = {"digest": "0" * 64, "folder": "handovers/none"} if state == "released" else {}
    return HandOver.objects.create(
        program=period.program, period=period, organization=office, region_code=office.region_code, insurer=kept.insurer,
        kind="initial", format=kept, state=state, purpose="Zqpurpose", recipient="Zqrecipient", people=4, proposed_by=clerk,
        proposed_at=timezone.now(), **folder, **more,
    )


def _received(told: HandOver, rows: list[tuple[str, str, str, str]], clerk: User) -> Receipt:
    file = receipt_file(rows)
    text = file.getvalue().decode("gb18030").replace("客户号,核保结论,个单号,说明", "保障凭证号,承保结果,保单号,拒保原因")
    file = type(file)(text.encode("gb18030"))
    receipt = actions.upload_receipt([(f"zq{len(rows)}{rows[0][2]}.csv", file)], hand_over=told, by=clerk, at=timezone.now())
    drain_through_failures()
    return Receipt.objects.get(pk=receipt.pk)


def charge(users: dict[str, User], period: Period) -> None:
    """Invoices under review, submitted, agreed; remittances of every state. The lines are those of the list that was told."""
    maker: dict[str, Any] = {"by": users["city finance_maker"], "at": timezone.now()}
    checker: dict[str, Any] = {"by": users["city finance_checker"], "at": timezone.now()}
    line = HandOverLine.objects.filter(hand_over__period=period, hand_over__state="released").earliest("pk")
    HandOverLine.objects.filter(pk=line.pk).update(answer="accepted", policy_number="ZQ-PA9", row_id=1, answered_at=timezone.now())
    number = line.enrollment.number
    first = _charged(period, [(number, "99.00"), ("Zqnobody", "1.00")], maker)
    first = actions.INVOICES.submit(first, **maker)
    actions.INVOICES.approve(first, digest=first.digest, **checker)
    drain_through_failures()
    first = Invoice.objects.get(pk=first.pk)
    actions.record_failure(_approved(first, maker, checker), reason="Zqreason", **maker)
    actions.withdraw_remittance(actions.prepare_remittance([first], **maker), reason="Zqreason", **maker)
    paid = _approved(first, maker, checker)
    actions.confirm_paid(paid, reference="ZQ-BANK-1", paid_on=timezone.localdate(), **maker)
    others = list(HandOverLine.objects.filter(hand_over=line.hand_over).exclude(pk=line.pk).order_by("pk"))
    for place, (each, state) in enumerate(zip(others, ("approved", "prepared", "waits"), strict=True)):
        HandOverLine.objects.filter(pk=each.pk).update(
            answer="accepted", policy_number=f"ZQ-PB{place}", row_id=1, answered_at=timezone.now()
        )
        if state == "waits":
            continue
        found = actions.INVOICES.submit(_charged(period, [(each.enrollment.number, "99.00")], maker), **maker)
        actions.INVOICES.approve(found, digest=found.digest, **checker)
        drain_through_failures()
        remittance = actions.prepare_remittance([found], **maker)
        if state == "approved":
            actions.approve_remittance(remittance, **checker)
    for last in (False, True):
        found = _charged(period, [(number, "99.00"), (others[-1].enrollment.number, "99.00"), (f"Zq{last}", "1.00")], maker)
        if last:
            actions.INVOICES.submit(found, **maker)
        else:
            actions.decide_lines(found, choice=Choice(), kind=DecisionKind.ASK, reason="Zqreason", **maker)
    maker["at"] = timezone.now()
    whole = actions.record_invoice(
        period, number="ZQ-SUM1", issued_on=timezone.localdate(), amount=Decimal("100.00"), covers=Covers.HAND_OVER,
        sides=Sides.ENTRIES, hand_over=line.hand_over, **maker,
    )
    drain_through_failures()
    actions.decide_sum(Invoice.objects.get(pk=whole.pk), kind=DecisionKind.INSIST, reason="Zqreason", **maker)


def _approved(invoice: Invoice, maker: dict[str, Any], checker: dict[str, Any]) -> Remittance:
    return actions.approve_remittance(actions.prepare_remittance([invoice], **maker), **checker)


def _charged(period: Period, rows: list[tuple[str, str]], maker: dict[str, Any]) -> Invoice:
    number = f"ZQ-INV{Invoice.objects.count()}"
    lines = ["保障凭证号,保费", *(",".join(row) for row in rows)]
    actions.upload_invoice(
        [(f"zq{number}.csv".lower(), BytesIO("\r\n".join([*lines, ""]).encode()))], period=period, number=number,
        issued_on=timezone.localdate(), control_lines=len(rows),
        control_amount=sum((Decimal(amount) for _number, amount in rows), Decimal("0.00")), **maker,
    )
    drain_through_failures()
    return Invoice.objects.get(number=number)

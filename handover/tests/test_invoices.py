"""Invoices and remittances: each line compared, agreed once, paid once, booked by payer; the period adds up to the fen."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import approve_undo, request_undo
from beneficiaries.testing import World, applied, make_world, people
from beneficiaries.tests.test_lapses import balances
from handover import actions, premium
from handover.errors import HandOverRefused
from handover.models import InvoiceLine, InvoiceRow, Kind, Remittance
from handover.testing import TERMS, agreed, answered, invoiced, numbers_of, released, remitted
from intake.errors import IntakeRefused
from jobs.testing import drain
from portal.verify import check_all
from programs.models import LedgerAccount
from programs.models.ledger import AccountKind

pytestmark = pytest.mark.django_db
D = Decimal
NEW, COVERED, DOUBTFUL, REFUSED = 1, 4, 5, 6


def made() -> tuple[World, list[str], str]:
    """Five accepted, one refused, one not answered; one who was accepted when undone already, and goes: 99.00 yuan go back."""
    world = make_world(**TERMS)
    applied(world, people(7))
    first = released(world)
    numbers = numbers_of(first)
    answered(world, first, [
        *((number, "Y", f"PA{at}", "") for at, number in enumerate(numbers[:5], 1)), (numbers[5], "N", "", "年龄超限"),
    ])
    gone = applied(world, people(1, first=20))
    second = released(world, kind=Kind.ADDITIONS)
    approve_undo(request_undo(gone, reason="名单发错了", by=world.clerk, at=timezone.now()), by=world.reviewer, at=timezone.now())
    drain()
    (left,) = numbers_of(second)
    answered(world, second, [(left, "Y", "PA9", "")], name="二.csv")
    answered(world, released(world, kind=Kind.REMOVALS), [(left, "Y", "", "")], name="三.csv")
    return world, numbers, left


_django_db_helper, one_world, kept_world = shared(made)


def verdicts(invoice: Any) -> list[tuple[int, list[str]]]:
    return list(InvoiceRow.objects.filter(invoice=invoice).order_by("line").values_list("verdict", "codes"))


def refused(code: str, work: Any) -> None:
    with pytest.raises(HandOverRefused) as caught:
        work()
    assert caught.value.code == code


def standing(world: World) -> list[tuple[int, str]]:
    return [(line.number, str(line.amount)) for line in premium.standing_of(world.period, world.finance_maker)]


def test_each_line_is_equal_or_says_why_it_is_not(kept_world: Any) -> None:
    world, numbers, left = kept_world
    one, two, three, four, five, six, seven = numbers
    invoice = invoiced(world, [
        (one, "PA1", "99.00"), ("", "PA2", "99"), (three, "", "¥100.50"), (four, "", "98.99"), (five, "PA4", "99.00"),
        (six, "", "99.00"), (seven, "", "99.00"), (two, "", "99.00"), (one, "PA1", "99.00"), ("HY-0-1", "", "1.00"),
        ("", "PX", "1.00"), ("", "", "1.00"), (left, "", "(99.00)"), (one, "", "-1.00"),
    ])
    assert (invoice.state, invoice.row_count) == ("review", 14)
    assert verdicts(invoice) == [
        (NEW, []), (NEW, []), (DOUBTFUL, ["CHARGED_MORE"]), (DOUBTFUL, ["CHARGED_LESS"]), (REFUSED, ["POLICY_OTHER"]),
        (REFUSED, ["NOT_ACCEPTED"]), (REFUSED, ["NOT_ACCEPTED"]), (REFUSED, ["CHARGED_TWICE"]), (REFUSED, ["DUP_IN_FILE"]),
        (REFUSED, ["HANDED_NUMBER"]), (REFUSED, ["UNKNOWN_CHARGE"]), (REFUSED, ["CHARGE_OF_WHOM"]), (NEW, []),
        (REFUSED, ["UNKNOWN_CHARGE"]),
    ]
    assert invoice.money == {
        "equal": [3, "99.00", "99.00"], "more": [1, "100.50", "99.00"], "less": [1, "98.99", "99.00"],
        "before": [0, "0.00", "0.00"], "others": [9, "497.00", "396.00"], "missing": [2, "198.00"],
    }
    told = InvoiceRow.objects.get(invoice=invoice, codes__contains=["CHARGED_MORE"])
    assert (told.findings[0]["extra"], told.amount, told.due) == ("99.00, +1.50", D("100.50"), D("99.00"))


def test_what_is_equal_is_agreed_once_and_paid_once_from_each_payers_money(kept_world: Any) -> None:
    world, numbers, left = kept_world
    one, two, three, four, five, _six, _seven = numbers
    invoice = invoiced(world, [(one, "", "99.00"), (two, "", "99.00"), (three, "", "100.00"), (four, "", "90.00")])
    paid_ours = actions.pay_ours(invoice, reason="按备案费率", by=world.finance_maker, at=timezone.now())
    assert paid_ours.digest != invoice.digest
    before = balances()
    invoice = agreed(world, paid_ours)
    assert (invoice.state, invoice.agreed_lines, invoice.agreed_amount) == ("applied", 3, D("297.00"))
    assert balances() == before, "an agreed invoice books nothing"
    again = invoiced(world, [(one, "", "99.00"), (five, "", "99.00"), (left, "", "-99.00"), (four, "", "99.00")], number="FP-2")
    assert verdicts(again) == [(COVERED, ["CHARGED_BEFORE"]), (NEW, []), (NEW, []), (NEW, [])]
    again = agreed(world, again)
    assert (again.agreed_lines, again.agreed_amount) == (3, D("99.00"))
    remittance = remitted(world, invoice, again)
    assert (remittance.state, remittance.lines, remittance.amount) == ("approved", 6, D("396.00"))
    assert dict(remittance.parts.values_list("funder", "amount")) == {
        None: D("0.04"), world.county.pk: D("120.00"), world.foundation.pk: D("275.96"),
    }
    refused("INVOICE_REMITTED", lambda: actions.prepare_remittance([again], by=world.finance_maker, at=timezone.now()))
    actions.confirm_paid(remittance, reference="YH-1", paid_on=timezone.localdate(), by=world.finance_maker, at=timezone.now())
    now = balances()
    assert now["insurer_payable"] - before["insurer_payable"] == D("396.00")
    paid = LedgerAccount.objects.filter(kind=AccountKind.INSURER_PAID, program=world.program)
    assert dict(paid.values_list("funder", "balance")) == {
        None: D("-0.04"), world.county.pk: D("-120.00"), world.foundation.pk: D("-275.96"),
    }
    assert standing(world) == [
        (6, "594.00"), (1, "-99.00"),  # accepted, and given back, by the statement
        (8, "586.00"), (0, "0.00"), (6, "396.00"), (2, "190.00"),  # invoiced, not decided, agreed, disputed
        (1, "99.00"),  # accepted and on no invoice
        (6, "396.00"), (0, "0.00"), (0, "0.00"),  # remitted, on the way, still to be remitted
    ]
    assert [result.name for result in check_all() if result.rows] == []


def test_an_invoice_whose_count_or_sum_is_not_that_of_its_lines_is_closed_unread(kept_world: Any) -> None:
    world, numbers, _left = kept_world
    rows = [(numbers[0], "", "99.00"), (numbers[1], "", "99.00")]
    for number, said in (("FP-1", {"lines": 3}), ("FP-2", {"amount": "198.01"})):
        invoice = invoiced(world, rows, number=number, **said)
        assert (invoice.state, invoice.file_findings[0][1], invoice.rows.count()) == ("failed", "CONTROL_SUM", 0)
    unread = invoiced(world, [(numbers[0], "", "99.00")], number="FP-3", lines=1, amount="99.00")
    assert unread.state == "review"


def test_an_invoice_is_taken_in_once_agreed_to_by_another_and_only_for_what_is_equal(kept_world: Any) -> None:
    world, numbers, _left = kept_world
    given: dict[str, Any] = {"by": world.finance_maker, "at": timezone.now()}
    less = invoiced(world, [(numbers[0], "", "98.00")])
    with pytest.raises(IntakeRefused) as nothing:
        actions.INVOICES.submit(less, **given)
    assert nothing.value.code == "NOTHING_TO_APPLY"
    refused("NOTHING_DEARER", lambda: actions.pay_ours(less, reason="按备案费率", **given))
    refused("INVOICE_NUMBER_STANDS", lambda: invoiced(world, [(numbers[1], "", "99.00")]))
    actions.INVOICES.withdraw(less, reason="保险公司重开", **given)
    more = invoiced(world, [(numbers[0], "", "99.01"), (numbers[1], "", "99.00")])
    refused("REASON", lambda: actions.pay_ours(more, reason=" ", **given))
    for number in ("", "x" * 61, "441602196203151219"):
        refused("INVOICE_NUMBER", lambda number=number: invoiced(world, [(numbers[1], "", "99.00")], number=number))
    refused("OUT_OF_SCOPE", lambda: actions.pay_ours(more, reason="按备案费率", by=world.clerk, at=timezone.now()))
    submitted = actions.INVOICES.submit(more, **given)
    refused("INVOICE_STATE", lambda: actions.pay_ours(more, reason="按备案费率", **given))
    with pytest.raises(IntakeRefused) as own:
        actions.INVOICES.approve(submitted, digest=submitted.digest, **given)
    assert own.value.code == "OWN_WORK"
    actions.INVOICES.approve(submitted, digest=submitted.digest, by=world.finance_checker, at=timezone.now())
    drain()
    assert list(InvoiceLine.objects.values_list("invoice", "amount")) == [(more.pk, D("99.00"))]


def test_a_line_that_another_invoice_has_agreed_since_the_review_is_set_aside(kept_world: Any) -> None:
    world, numbers, _left = kept_world
    slow = invoiced(world, [(numbers[0], "", "99.00"), (numbers[1], "", "99.00")])
    agreed(world, invoiced(world, [(numbers[0], "", "99.00")], number="FP-2"))
    slow = agreed(world, slow)
    assert (slow.agreed_lines, slow.agreed_amount) == (1, D("99.00"))
    assert list(slow.rows.order_by("line").values_list("set_aside", flat=True)) == ["CHANGED_SINCE_REVIEW", ""]


def test_a_remittance_is_approved_by_one_confirmed_by_another_and_failed_frees_its_invoices(kept_world: Any) -> None:
    world, numbers, left = kept_world
    invoice = agreed(world, invoiced(world, [(numbers[0], "", "99.00")]))
    maker: dict[str, Any] = {"by": world.finance_maker, "at": timezone.now()}
    checker: dict[str, Any] = {"by": world.finance_checker, "at": timezone.now()}
    today = timezone.localdate()
    back = agreed(world, invoiced(world, [(left, "", "-99.00")], number="FP-2"))
    refused("NOTHING_TO_REMIT", lambda: actions.prepare_remittance([invoice, back], **maker))
    refused("INVOICES_NONE", lambda: actions.prepare_remittance([], **maker))
    waiting = invoiced(world, [(numbers[1], "", "99.00")], number="FP-3")
    refused("INVOICES_NONE", lambda: actions.prepare_remittance([invoice, waiting], **maker))
    first = actions.prepare_remittance([invoice], **maker)
    refused("OUT_OF_SCOPE", lambda: actions.approve_remittance(first, **maker))
    refused("REMITTANCE_STATE", lambda: actions.confirm_paid(first, reference="YH-1", paid_on=today, **maker))
    actions.decline_remittance(first, reason="等下月一并支付", **checker)
    actions.withdraw_remittance(actions.prepare_remittance([invoice], **maker), reason="重做", **maker)
    second = remitted(world, invoice)
    failed = actions.record_failure(second, reason="账号已变更", **maker)
    assert (failed.state, failed.paid_invoices.get().stands) == ("failed", False)
    refused("REMITTANCE_STATE", lambda: actions.confirm_paid(second, reference="YH-1", paid_on=today, **maker))
    third = remitted(world, invoice)
    for code, reference, day in (
        ("REFERENCE", " ", today), ("REFERENCE", "441602196203151219", today), ("PAID_LATER", "YH-1", today + timedelta(days=1)),
    ):
        refused(code, lambda reference=reference, day=day: actions.confirm_paid(third, reference=reference, paid_on=day, **maker))
    actions.confirm_paid(third, reference="YH-1", paid_on=today, **maker)
    other = remitted(world, agreed(world, waiting))
    refused("REFERENCE_TAKEN", lambda: actions.confirm_paid(other, reference="YH-1", paid_on=today, **maker))
    assert list(Remittance.objects.order_by("pk").values_list("state", flat=True)) == [
        "withdrawn", "withdrawn", "failed", "paid", "approved",
    ]
    told = Event.objects.filter(verb__startswith="remittance.").values_list("verb", flat=True)
    assert sorted(told) == sorted(
        ["remittance.prepared"] * 5 + ["remittance.approved"] * 3 + ["remittance.withdrawn"] * 2
        + ["remittance.failed", "remittance.paid"]
    )
    assert [result.name for result in check_all() if result.rows] == []

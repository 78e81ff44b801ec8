"""Invoices of one sum and decisions about differences: compared with our lists, agreed whole or not at all, borne by somebody."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.utils import timezone

from audit.testing import shared
from beneficiaries.actions import approve_undo, request_undo
from beneficiaries.testing import World, applied, make_world, people
from handover import actions
from handover.actions import Choice
from handover.admin.sums import hint_of, tables_of
from handover.errors import HandOverRefused
from handover.models import Covers, DecisionKind, HandOver, Invoice, InvoiceLine, Kind, Sides
from handover.testing import TERMS, agreed, answered, invoiced, numbers_of, recorded, released, remitted
from intake import template
from intake.errors import IntakeRefused
from jobs.testing import drain
from portal.verify import check_all

pytestmark = pytest.mark.django_db
D = Decimal
ACCEPT, INSIST, ASK, REOPEN = DecisionKind.ACCEPT, DecisionKind.INSIST, DecisionKind.ASK, DecisionKind.REOPEN


def made() -> tuple[World, list[str], HandOver]:
    """Three accepted, one refused, one not answered; of the additions one who was undone, accepted, and goes again."""
    world = make_world(**TERMS)
    applied(world, people(5))
    first = released(world)
    numbers = numbers_of(first)
    answered(world, first, [
        *((number, "Y", f"PA{at}", "") for at, number in enumerate(numbers[:3], 1)), (numbers[3], "N", "", "年龄超限"),
    ])
    gone = applied(world, people(1, first=20))
    second = released(world, kind=Kind.ADDITIONS)
    approve_undo(request_undo(gone, reason="名单发错了", by=world.clerk, at=timezone.now()), by=world.reviewer, at=timezone.now())
    drain()
    (left,) = numbers_of(second)
    answered(world, second, [(left, "Y", "PA9", "")], name="二.csv")
    third = released(world, kind=Kind.REMOVALS)
    answered(world, third, [(left, "Y", "", "")], name="三.csv")
    return world, [*numbers, left], third


_django_db_helper, one_world, kept_world = shared(made)


def refused(code: str, work: Any) -> HandOverRefused:
    with pytest.raises(HandOverRefused) as caught:
        work()
    assert caught.value.code == code
    return caught.value


def maker(world: World) -> dict[str, Any]:
    return {"by": world.finance_maker, "at": timezone.now()}


def sound() -> None:
    assert [result.name for result in check_all() if result.rows] == []


def test_a_sum_that_is_equal_agrees_every_line_of_its_span_and_is_remitted_like_any(
    kept_world: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(template, "ROWS_PER_CHUNK", 2)
    world, _numbers, removals = kept_world
    invoice = recorded(world, "297.00", covers=Covers.HAND_OVER, hand_over=HandOver.objects.earliest("pk"), sides=Sides.LEAVES)
    assert (invoice.sides, invoice.control_lines, invoice.row_count, invoice.chunks.count()) == ("entries", 3, 3, 2)
    assert invoice.money["due"] == [3, "297.00"]
    agreed(world, invoice)
    month = recorded(world, "-99.00", number="FP-R", covers=Covers.MONTH, month=date(2027, 3, 20), sides=Sides.LEAVES)
    assert (month.month, month.money["due"]) == (date(2027, 3, 1), [1, "-99.00"])
    month = agreed(world, month)
    assert (month.agreed_lines, month.agreed_amount, month.shares[0][1:]) == (1, D("-99.00"), [0, 1])
    remittance = remitted(world, invoice, month, reference="YH-1")
    assert (remittance.lines, remittance.amount) == (4, D("198.00"))
    assert dict(remittance.parts.values_list("funder", "amount")) == {
        None: D("0.02"), world.county.pk: D("60.00"), world.foundation.pk: D("137.98"),
    }
    refused("NOTHING_DUE", lambda: recorded(world, "-99.00", number="FP-S", covers=Covers.HAND_OVER, hand_over=removals))
    sound()


def test_a_sum_beside_ours_shows_the_difference_by_side_payer_county_and_category(kept_world: Any) -> None:
    world, numbers, _removals = kept_world
    agreed(world, invoiced(world, [(numbers[0], "", "99.00")]))
    invoice = recorded(world, "297.00", sides=Sides.BOTH)
    # Due: two of the first list, one who came and went again.
    assert invoice.money["due"] == [4, "198.00"]
    sides, payers, counties, categories = tables_of(invoice)
    entries, leaves = (line.sums for line in sides["lines"])
    assert (entries.lines, entries.due, entries.before, entries.open, entries.refused) == (
        3, D("297.00"), D("99.00"), D("99.00"), D("99.00"),
    )
    assert (leaves.lines, leaves.due, leaves.before) == (1, D("-99.00"), D("0.00"))
    assert {line.label: line.sums.due for line in payers["lines"]} == {
        "个人自缴": D("0.02"), world.county.name: D("60.00"), world.foundation.name: D("137.98"),
    }
    for table in (counties, categories):
        assert [line.sums.due for line in table["lines"]] == [D("198.00")] and table["total"].due == D("198.00")
    assert hint_of(invoice, sides["total"]) == "差额正好等于保险公司尚未答复的金额。"


@pytest.mark.parametrize(
    ("amount", "kind", "lines", "paid", "difference"),
    [
        ("400.00", ACCEPT, 4, "400.00", "4.00"), ("390.00", ACCEPT, 4, "390.00", "-6.00"), ("400.00", INSIST, 4, "396.00", "0.00"),
        ("390.00", INSIST, 0, "0.00", "0.00"), ("400.00", ASK, 0, "0.00", "0.00"),
    ],
)
def test_a_sum_that_differs_is_agreed_as_was_decided(
    kept_world: Any, amount: str, kind: DecisionKind, lines: int, paid: str, difference: str
) -> None:
    world, _numbers, _removals = kept_world
    invoice = recorded(world, amount)
    with pytest.raises(IntakeRefused) as nothing:
        actions.INVOICES.submit(invoice, **maker(world))
    assert nothing.value.code == "NOTHING_TO_APPLY"
    before = invoice.digest
    actions.decide_sum(invoice, kind=kind, reason="按合同约定", **maker(world))
    invoice = Invoice.objects.get(pk=invoice.pk)
    assert invoice.digest != before, "a second person approves the decision too"
    invoice = agreed(world, invoice)
    assert (invoice.agreed_lines, invoice.agreed_amount, invoice.difference) == (lines, D(paid), D(difference))
    assert InvoiceLine.objects.filter(invoice=invoice).count() == lines
    assert invoice.bearers == ([[world.foundation.pk, difference]] if D(difference) else [])
    if lines:
        remittance = remitted(world, invoice)
        assert remittance.parts.get(funder=world.foundation).amount == D("275.96") + D(difference)
    if kind == ACCEPT:
        refused("NO_OBJECTIONS", lambda: actions.write_objections(invoice, **maker(world)))
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(actions.write_objections(invoice, **maker(world)))).active
        assert sheet is not None
        assert [cell.value for cell in sheet[3]][2:] == [
            amount, "396.00", f"{D(amount) - 396:.2f}", None, str(kind.label), "按合同约定",
        ]
    sound()


def test_lines_are_decided_singly_and_many_at_once_and_the_insurer_gets_its_objections(kept_world: Any) -> None:
    world, (one, two, three, four, five, left), _removals = kept_world
    invoice = invoiced(world, [
        (one, "", "100.00"), (two, "", "98.50"), (three, "", "99.90"), (four, "", "99.00"), (five, "", "99.00"),
        (left, "", "99.00"),
    ])
    rows = list(invoice.rows.order_by("line").values_list("pk", flat=True))

    def decide(kind: DecisionKind, **choice: Any) -> Any:
        return actions.decide_lines(invoice, choice=Choice(**choice), kind=kind, reason="与合同不符", **maker(world))

    refused("SUM_OF_LINES", lambda: actions.decide_sum(invoice, kind=ASK, reason="与合同不符", **maker(world)))
    refused("OUT_OF_SCOPE", lambda: actions.decide_lines(
        invoice, choice=Choice(), kind=ASK, reason="与合同不符", by=world.clerk, at=timezone.now()
    ))
    assert decide(ACCEPT, rows=(rows[1],)).left == 0
    decided = decide(INSIST, code="CHARGED_MORE")
    assert (decided.decision.rows, decided.decision.chosen) == (2, {"code": "CHARGED_MORE"})
    assert (decide(ASK, code="NOT_ACCEPTED").decision.rows, decide(REOPEN, rows=(rows[2],)).decision.rows) == (2, 1)
    refused("NOTHING_TO_DECIDE", lambda: decide(ACCEPT, rows=(rows[3],)))
    refused("NOTHING_TO_DECIDE", lambda: decide(INSIST, rows=(rows[5],)))
    invoice = Invoice.objects.get(pk=invoice.pk)
    assert invoice.money["decided"] == {
        "accept": [1, "98.50", "99.00"], "insist": [1, "100.00", "99.00"], "ask": [2, "198.00", "198.00"], "dearer": 1, "ours": 1,
    }
    refused("OBJECTIONS_LATER", lambda: actions.write_objections(invoice, **maker(world)))
    invoice = agreed(world, invoice)
    # Insisted on at 99.00, accepted at 98.50, equal at 99.00; the one that was taken back stays disputed.
    assert (invoice.agreed_lines, invoice.agreed_amount, invoice.difference) == (3, D("296.50"), D("-0.50"))
    assert invoice.bearers == [[world.foundation.pk, "-0.50"]]
    assert remitted(world, invoice).parts.get(funder=world.foundation).amount == D("206.47")
    sheet = openpyxl.load_workbook(io.BytesIO(actions.write_objections(invoice, **maker(world)))).active
    assert sheet is not None
    assert [[cell.value for cell in row][1:5] for row in sheet.iter_rows(min_row=3)] == [
        [one, "100.00", "99.00", "1.00"], [four, "99.00", "99.00", "0.00"], [five, "99.00", "99.00", "0.00"],
    ]
    sound()


def test_the_whole_decision_holds_for_lines_that_nobody_decided_singly(kept_world: Any) -> None:
    world, (one, two, three, *_others), _removals = kept_world
    invoice = invoiced(world, [(one, "", "100.00"), (two, "", "100.00"), (three, "", "100.00")])
    rows = list(invoice.rows.order_by("line").values_list("pk", flat=True))
    actions.decide_lines(invoice, choice=Choice(rows=(rows[0],)), kind=ASK, reason="请说明", **maker(world))
    invoice = agreed(world, actions.pay_ours(invoice, reason="按备案费率", **maker(world)))
    assert (invoice.agreed_lines, invoice.agreed_amount) == (2, D("198.00"))
    sheet = openpyxl.load_workbook(io.BytesIO(actions.write_objections(invoice, **maker(world)))).active
    assert sheet is not None and [row[7].value for row in sheet.iter_rows(min_row=3)] == ["请说明", "按备案费率", "按备案费率"]


def test_who_decided_about_differences_does_not_approve_them(kept_world: Any) -> None:
    world, numbers, _removals = kept_world
    invoice = invoiced(world, [(numbers[0], "", "100.00")])
    decided = actions.decide_lines(invoice, choice=Choice(), kind=INSIST, reason="按备案费率", **maker(world)).decision
    invoice = actions.INVOICES.submit(invoice, **maker(world))
    # As if the checker had been a maker before: the database lets no one be both at a time.
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE handover_invoicedecision DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE handover_invoicedecision SET decided_by_id = %s WHERE id = %s", [world.finance_checker.pk, decided.pk]
        )
    refused("OWN_DECISIONS", lambda: actions.INVOICES.approve(
        invoice, digest=invoice.digest, by=world.finance_checker, at=timezone.now()
    ))
    assert Invoice.objects.get(pk=invoice.pk).state == "submitted"


def test_a_number_is_taken_in_once_over_the_portal_and_the_first_is_named_to_who_may_see_it(kept_world: Any) -> None:
    world, numbers, _removals = kept_world
    first = recorded(world, "396.00", number="24442000 0000 1234 5678", code="044001900111")
    assert first.number == "24442000000012345678"
    taken = refused("INVOICE_NUMBER_STANDS", lambda: recorded(world, "99.00", number="２４４４2000000012345678"))
    assert f"{first.pk}" in str(taken) and f"{first.issued_on}" in str(taken)
    other = recorded(world, "396.00", number="24442000000012345678", code="044001900112")
    assert other.state == "review", "another code is another invoice"
    foreign = make_world(code="YJ", regions=("4417", "441702", "441702"))
    type(foreign.program).objects.filter(pk=foreign.program.pk).update(insurer=world.insurer)
    foreign.program.refresh_from_db()
    foreign.period.refresh_from_db()
    hidden = refused("INVOICE_NUMBER_TAKEN", lambda: recorded(foreign, "99.00", number="24442000000012345678"))
    assert f"{first.pk}" not in str(hidden).replace(first.number, "")
    actions.INVOICES.withdraw(first, reason="保险公司重开", **maker(world))
    actions.INVOICES.withdraw(other, reason="保险公司重开", **maker(world))
    assert recorded(world, "396.00", number="24442000000012345678").state == "review"
    assert invoiced(world, [(numbers[0], "", "99.00")], number="fp-x").number == "FP-X"


def test_a_red_letter_invoice_takes_back_no_more_than_there_is_of_one_that_was_agreed(kept_world: Any) -> None:
    world, (one, *_others, left), removals = kept_world
    whole = invoiced(world, [(left, "", "99.00")])
    red: dict[str, Any] = {"covers": Covers.HAND_OVER, "hand_over": removals, "reverses": whole}
    refused("REVERSES_AGREED", lambda: recorded(world, "-99.00", **red))
    whole = agreed(world, whole)
    refused("REVERSES_TOO_MUCH", lambda: recorded(world, "-99.01", **{**red, "reverses": whole}))
    refused("REVERSES_BELOW_ZERO", lambda: recorded(world, "99.00", reverses=whole))
    taken = agreed(world, recorded(world, "-99.00", **{**red, "reverses": whole}))
    assert (taken.agreed_lines, taken.agreed_amount, taken.is_red) == (1, D("-99.00"), True)
    refused("REVERSES_TOO_MUCH", lambda: recorded(world, "-0.01", number="FP-T", sides=Sides.BOTH, reverses=whole))
    assert invoiced(world, [(one, "", "99.00")], number="FP-U").state == "review"
    sound()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("INVOICE_ZERO", {"amount": "0.00"}), ("INVOICE_SIDES", {"sides": Sides.LEAVES}), ("INVOICE_SUM", {"amount": "1.001"}),
        ("INVOICE_SIDES", {"amount": "-1.00"}), ("INVOICE_COVERS", {"covers": Covers.MONTH}),
        ("INVOICE_COVERS", {"month": date(2027, 3, 1)}), ("INVOICE_COVERS", {"covers": Covers.LINES}),
        ("INVOICE_TAX", {"tax": D("400.00")}), ("INVOICE_TAX", {"tax": D("-0.01")}), ("INVOICE_CODE", {"code": "04-1"}),
        ("NOTHING_DUE", {"covers": Covers.MONTH, "month": date(2027, 9, 1)}), ("INVOICE_NUMBER", {"number": " "}),
    ],
)
def test_what_makes_no_sense_of_a_sum_is_refused_and_nothing_is_kept(kept_world: Any, code: str, said: dict[str, Any]) -> None:
    world, _numbers, _removals = kept_world
    given = dict(said)
    refused(code, lambda: recorded(world, given.pop("amount", "396.00"), **given))
    assert not Invoice.objects.exists()


def test_a_line_that_another_invoice_has_agreed_since_the_review_is_set_aside(kept_world: Any) -> None:
    world, numbers, _removals = kept_world
    slow = recorded(world, "396.00")
    agreed(world, invoiced(world, [(numbers[0], "", "99.00")]))
    slow = agreed(world, slow)
    assert (slow.agreed_lines, slow.agreed_amount) == (3, D("297.00"))
    assert slow.rows.exclude(set_aside="").count() == 1
    sound()

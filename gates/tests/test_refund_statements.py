"""A channel's statement of refunds: each line against what was to go back, held money and covers given back, booked once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.testing import shared
from beneficiaries.actions import (
    Member,
    Payer,
    Payment,
    Request,
    approve_change,
    enroll_together,
    propose_ending,
    propose_refund,
)
from beneficiaries.models import Enrollment, Purchase
from beneficiaries.models.roster import EndReason
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import World, applied, make_world, people
from beneficiaries.tests.purchasing import Market, paid_market, person
from gates.actions import record_returned
from gates.invariants import INVARIANTS
from gates.models import Channel, Clearing, ClearingLine, HeldPayment, Refund, Statement, StatementRow
from gates.reconciliation import reconciliation_of
from gates.testing import (
    STATEMENT_HEADINGS,
    approved_clearing,
    approved_statement,
    checked_statement,
    clearing_of,
    line_of,
    taken_in,
)
from jobs.testing import drain
from portal.verify import check, check_all
from programs.models import LedgerAccount

pytestmark = pytest.mark.django_db
D = Decimal
NEW, REFUSED = 1, 6
PAYMENTS = STATEMENT_HEADINGS
HEADINGS = {
    "label": "退款序号", "origin": "原流水号", "number": "保障凭证号", "amount": "退款金额", "paid_on": "退款日期",
    "serial": "退款流水号",
}


def made() -> tuple[Market, World, Clearing]:
    """A family of two and a single who paid and give their covers back, one who does not; held money at the bank."""
    market = paid_market(refund_days=15)
    world = market.world
    world.period = market.period
    enroll_together(
        Payer("王大明", "13900139000", "account"), [Member(person(10), "self"), Member(person(11), "spouse")], period=market.period,
        organization=world.office, request=Request("TB-10", Purchase.Channel.OFFICE),
        payment=Payment("ZF-1", market.at, D("300.00")), by=world.clerk, at=market.at,
    )
    market.enroll(person(20), reference="P1")
    market.enroll(person(21), reference="P2")
    held = [line("GZ-8", "88.00"), line("GZ-9", "77.00"), line("GZ-7", "66.00")]
    taken_in(world, [line("ZF-1", "300.00"), line("pay-P1", "150.00"), *held], channel=Channel.ACCOUNT)
    for cover in Enrollment.objects.exclude(purchase__reference="P2").order_by("pk"):
        change = propose_refund(cover, reason="改变主意", by=world.clerk, at=market.at)
        approve_change(change, shown=digest_of(change), by=world.reviewer, at=market.at)
    clearing = clearing_of(world, HeldPayment.objects.filter(row__serial__in=("GZ-8", "GZ-9")), "return")
    approved_clearing(world, clearing)
    return market, world, clearing


_django_db_helper, one_world, kept_world = shared(made)


def line(serial: str, amount: str) -> dict[str, str]:
    return {"amount": amount, "paid_on": str(timezone.localdate()), "serial": serial}


def back(amount: str, **cells: str) -> dict[str, str]:
    return {"amount": amount, "paid_on": str(timezone.localdate()), **cells}


@pytest.fixture(autouse=True)
def _refund_headings(monkeypatch: Any) -> None:
    monkeypatch.setattr("gates.testing.STATEMENT_HEADINGS", HEADINGS)


def checked(world: World, lines: list[dict[str, str]], **changes: Any) -> Statement:
    return checked_statement(
        world, lines, **{"channel": Channel.ACCOUNT, "direction": "out", "reference": "TK-1", **changes}
    )


def judged(world: World, lines: list[dict[str, str]], **changes: Any) -> list[tuple[int, list[str]]]:
    found = checked(world, lines, **changes)
    return [(row.verdict, row.codes) for row in StatementRow.objects.filter(statement=found).order_by("pk")]


def done(world: World, lines: list[dict[str, str]], **changes: Any) -> Statement:
    statement = approved_statement(world, checked(world, lines, **changes))
    drain()
    return Statement.objects.get(pk=statement.pk)


def number_of(reference: str) -> str:
    return Enrollment.objects.filter(purchase__reference=reference).order_by("line")[0].number


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def test_each_line_is_found_by_our_number_by_the_payments_or_by_the_cover(kept_world: Any) -> None:
    _market, world, clearing = kept_world
    lines = [
        back("88.00", label=f"T{clearing.pk}-1"), back("77.00", origin="GZ-9"), back("300.00", origin="ZF-1"),
        back("150.00", number=number_of("P1")),
    ]
    assert judged(world, lines) == [(NEW, [])] * 4
    rows = StatementRow.objects.filter(statement__direction="out").order_by("pk")
    assert [(row.refund_line_id is not None, row.purchase_id is not None, row.enrollment_id is not None) for row in rows] == [
        (True, False, False), (True, False, False), (False, True, False), (False, False, True),
    ]


def test_a_share_that_a_statement_paid_goes_back_by_its_serial_number(monkeypatch: Any) -> None:
    world = make_world(code="TK", regions=("4417", "441702", "441702"), requires_own_payment=True)
    applied(world, people(2, county="441702"))
    one, two = Enrollment.objects.filter(program=world.program).order_by("pk")
    monkeypatch.setattr("gates.testing.STATEMENT_HEADINGS", PAYMENTS)
    taken_in(world, [{**line_of(one), "serial": "YH-1"}, {**line_of(two), "serial": "YH-2"}])
    monkeypatch.setattr("gates.testing.STATEMENT_HEADINGS", HEADINGS)
    change = propose_ending(
        one.beneficiary, end_reason=EndReason.MOVED, ended_on=timezone.localdate(), reason="迁往外市", by=world.clerk,
        at=timezone.now(),
    )
    approve_change(change, shown=digest_of(change), by=world.reviewer, at=timezone.now())
    lines = [back("0.01", origin="YH-1"), back("0.01", origin="YH-2"), back("0.01", origin="YH-3")]
    assert judged(world, lines, channel=Channel.BANK) == [
        (NEW, []), (REFUSED, ["NOT_GIVEN_BACK"]), (REFUSED, ["REFUND_UNKNOWN"]),
    ]
    assert StatementRow.objects.get(statement__direction="out", verdict=NEW).enrollment_id == one.pk


def test_what_was_not_to_go_back_so_says_why(kept_world: Any) -> None:
    _market, world, clearing = kept_world
    lines = [
        back("5.00", origin="NOBODY"), back("66.00", origin="GZ-7"), back("87.00", label=f"T{clearing.pk}-1"),
        back("150.00", origin="pay-P2"), back("150.00", origin="ZF-1"), back("77.00", origin="GZ-9", serial="R1"),
        back("77.00", origin="GZ-9", serial="R2"),
    ]
    assert judged(world, lines) == [
        (REFUSED, ["REFUND_UNKNOWN"]), (REFUSED, ["REFUND_UNKNOWN"]), (REFUSED, ["REFUND_AMOUNT"]), (REFUSED, ["NOT_GIVEN_BACK"]),
        (REFUSED, ["REFUND_AMOUNT"]), (NEW, []), (REFUSED, ["REFUND_REPEATED"]),
    ]
    assert judged(world, [back("88.00", label=f"T{clearing.pk}-1")], organization=world.sibling, reference="TK-2") == [
        (REFUSED, ["REFUND_UNKNOWN"]),
    ]


def test_money_that_went_back_by_another_channel_than_it_came_agrees_with_nothing(kept_world: Any) -> None:
    _market, world, clearing = kept_world
    lines = [
        back("88.00", label=f"T{clearing.pk}-1"), back("300.00", origin="ZF-1"), back("150.00", number=number_of("P1")),
    ]
    assert judged(world, lines, channel=Channel.BANK) == [(REFUSED, ["REFUND_WAY"])] * 3
    assert judged(world, [*lines, back("77.00", origin="GZ-9")], reference="TK-2") == [(NEW, [])] * 4


def given_back(market: Market, number: int, *, way: str = "cash") -> Enrollment:
    """A cover of somebody else that was paid for by a payer, and given back."""
    world = market.world
    enroll_together(
        Payer("王小明", "13900139000", way), [Member(person(number), "self")], period=market.period, organization=world.office,
        request=Request(f"TB-{number}", Purchase.Channel.OFFICE), payment=Payment(f"ZF-{number}", market.at, D("150.00")),
        by=world.clerk, at=market.at,
    )
    cover = Enrollment.objects.get(purchase__reference=f"TB-{number}")
    change = propose_refund(cover, reason="改变主意", by=world.clerk, at=market.at)
    approve_change(change, shown=digest_of(change), by=world.reviewer, at=market.at)
    return cover


def test_what_no_statement_has_shown_goes_back_by_the_way_that_was_taken_down(kept_world: Any) -> None:
    market, world, _clearing = kept_world
    covers = [given_back(market, 30, way="account"), given_back(market, 31), market.enroll(person(32), reference="P3")]
    change = propose_refund(covers[2], reason="改变主意", by=world.clerk, at=market.at)
    approve_change(change, shown=digest_of(change), by=world.reviewer, at=market.at)
    lines = [back("150.00", number=each.number) for each in covers]
    wrong, right = (REFUSED, ["REFUND_WAY"]), (NEW, [])
    assert judged(world, lines, channel=Channel.BANK) == [wrong, right, right], "of the third no way was taken down"
    again = [back("150.00", origin=number) for number in ("ZF-30", "ZF-31", "pay-P3")]
    assert judged(world, again, reference="TK-2") == [right, wrong, right]


def test_what_a_village_took_in_cash_goes_back_as_it_can_but_into_no_account(kept_world: Any, monkeypatch: Any) -> None:
    market, world, _clearing = kept_world
    cover = given_back(market, 30)
    monkeypatch.setattr("gates.testing.STATEMENT_HEADINGS", PAYMENTS)
    taken_in(world, [line("ZF-30", "150.00")], channel=Channel.VILLAGE, reference="CW-1")
    monkeypatch.setattr("gates.testing.STATEMENT_HEADINGS", HEADINGS)
    assert judged(world, [back("150.00", number=cover.number)]) == [(REFUSED, ["REFUND_WAY"])]
    assert judged(world, [back("150.00", origin="ZF-30")], channel=Channel.BANK, reference="TK-2") == [(NEW, [])]


def test_what_went_back_is_recorded_by_line_and_booked_once(kept_world: Any) -> None:
    market, world, clearing = kept_world

    def received() -> Decimal:
        return LedgerAccount.objects.get(kind="own_received", program=market.program).balance

    before = received()
    lines = [
        back("88.00", label=f"T{clearing.pk}-1", serial="R8"), back("300.00", origin="ZF-1"),
        back("150.00", number=number_of("P1")), back("5.00", origin="NOBODY"),
    ]
    statement = done(world, lines)
    assert statement.state == "applied"
    told = ClearingLine.objects.filter(clearing=clearing).order_by("number").values_list("outcome", "reference", "settled_on")
    assert list(told) == [("done", "R8", timezone.localdate()), ("", "", None)]
    clearing.refresh_from_db()
    assert (clearing.state, clearing.done_lines, clearing.done_amount) == ("approved", 1, D("88.00"))
    # Covers' refunds are booked where two people record them: here it is only shown.
    assert before - received() == D("88.00")
    assert sorted(Refund.objects.values_list("enrollment__purchase__reference", "amount")) == [
        ("P1", D("150.00")), ("TB-10", D("150.00")), ("TB-10", D("150.00")),
    ]
    assert judged(world, lines[1:3], reference="TK-2") == [(REFUSED, ["NOT_GIVEN_BACK"])] * 2
    assert judged(world, lines[:1], reference="TK-3") == [(REFUSED, ["REFUND_KNOWN"])]
    found = reconciliation_of(market.period, world.finance_maker)
    assert found is not None and [(each.number, each.amount) for each in found.ended[:1]] == [(3, D("450.00"))]
    assert broken() == []


def test_what_a_person_had_recorded_before_agrees_and_is_not_booked_again(kept_world: Any) -> None:
    market, world, clearing = kept_world
    record_returned(
        clearing, numbers="1", reference="YH-1", returned_on=timezone.localdate(), by=world.finance_maker, at=timezone.now()
    )
    before = LedgerAccount.objects.get(kind="own_received", program=market.program).balance
    done(world, [back("88.00", label=f"T{clearing.pk}-1"), back("77.00", label=f"T{clearing.pk}-2")])
    assert before - LedgerAccount.objects.get(kind="own_received", program=market.program).balance == D("77.00")
    clearing.refresh_from_db()
    assert (clearing.state, clearing.done_lines) == ("done", 2)
    assert ClearingLine.objects.get(clearing=clearing, number=1).reference == "YH-1"
    assert broken() == []


def test_of_two_statements_the_second_changes_nothing(kept_world: Any) -> None:
    _market, world, clearing = kept_world
    lines = [back("88.00", label=f"T{clearing.pk}-1"), back("300.00", origin="ZF-1")]
    first = checked(world, lines)
    again = [back("88.00", label=f"T{clearing.pk}-1", serial="Z"), back("150.00", number=number_of("TB-10"), serial="Y")]
    second = checked(world, again, reference="TK-2")
    for statement in (first, second):
        approved_statement(world, statement)
        drain()
    assert list(StatementRow.objects.filter(statement=second).values_list("set_aside", flat=True)) == ["CHANGED_SINCE_REVIEW"] * 2
    assert (Refund.objects.count(), ClearingLine.objects.filter(outcome="done").count()) == (2, 1)
    assert broken() == []


def test_a_family_and_one_of_its_covers_in_one_file_go_back_once(kept_world: Any) -> None:
    _market, world, _clearing = kept_world
    statement = checked(world, [back("150.00", number=number_of("TB-10")), back("300.00", origin="ZF-1")])
    approved_statement(world, statement)
    drain()
    assert list(StatementRow.objects.filter(statement=statement).order_by("pk").values_list("set_aside", flat=True)) == [
        "CHANGED_SINCE_REVIEW", "",
    ]
    assert (Refund.objects.count(), broken()) == (2, [])


F, R = "gates_refund", "gates_statementrow"


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        (F, f"DELETE FROM {F} WHERE id = (SELECT min(id) FROM {F})"), (F, f"UPDATE {F} SET amount = amount + 0.01"),
        (R, f"UPDATE {R} SET set_aside = 'CHANGED_SINCE_REVIEW' WHERE purchase_id IS NOT NULL AND verdict = 1"),
        ("gates_clearingline", "UPDATE gates_clearingline SET outcome = '' WHERE outcome = 'done'"),
    ],
)
def test_a_planted_violation_is_found(kept_world: Any, table: str, statement: str) -> None:
    _market, world, clearing = kept_world
    done(world, [back("88.00", label=f"T{clearing.pk}-1"), back("300.00", origin="ZF-1")])
    assert broken() == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
    assert "refund_line_has_one_outcome" in [invariant.name for invariant in INVARIANTS if check(invariant).rows]


def test_the_database_holds_a_refund_to_its_cover(kept_world: Any) -> None:
    _market, world, _clearing = kept_world
    statement = done(world, [back("300.00", origin="ZF-1")])
    row, single = StatementRow.objects.get(statement=statement), Enrollment.objects.get(purchase__reference="P1")
    shown = Refund.objects.order_by("pk")[0].enrollment
    for wrong in (
        lambda: Refund.objects.create(statement=statement, row=row, enrollment=single, amount=D("149.00")),
        lambda: Refund.objects.create(statement=statement, row=row, enrollment=shown, amount=D("150.00")),
        lambda: Refund.objects.update(amount=D("1.00")),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            wrong()


def test_its_page_says_what_went_back_and_what_to_ask_the_channel(kept_world: Any, settings: Any) -> None:
    _market, world, _clearing = kept_world
    settings.SECOND_FACTOR_REQUIRED = False
    statement = checked(world, [back("300.00", origin="ZF-1"), back("5.00", origin="NOBODY")])
    client = Client()
    client.force_login(world.finance_maker, backend="accounts.backends.RoleBackend")
    page = client.get(reverse("admin:gates_statement_change", args=[statement.pk])).content.decode()
    assert "1 笔，300.00 元" in page and "1 笔，5.00 元" in page and "请向渠道查询" in page
    assert client.get(reverse("admin:gates_statement_blank_refunds")).status_code == 200

"""Payments that came with families' purchases against a channel's statement: arrived, twice, another amount, or not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import Member, Payer, Payment, Request, enroll_together
from beneficiaries.models import Enrollment, Purchase
from beneficiaries.testing import World
from beneficiaries.tests.purchasing import Market, paid_market, person
from gates.errors import GatesRefused
from gates.invariants import INVARIANTS
from gates.models import Arrival, Channel, HeldPayment, Statement, StatementRow, Uncollected
from gates.reconciliation import reconciliation_of
from gates.testing import approved_clearing, approved_statement, checked_statement, clearing_of, taken_in
from jobs.testing import drain
from portal.verify import check, check_all
from programs.models import LedgerAccount

pytestmark = pytest.mark.django_db
D = Decimal
AGREES, DOUBTFUL, REFUSED = 3, 5, 6
PAYER = Payer("王大明", "13900139000", "account")


def family(market: Market, first: int, *, payment: str, payer: Payer = PAYER) -> Purchase:
    """Two people, 300.00 yuan."""
    return enroll_together(
        payer, [Member(person(first), "self"), Member(person(first + 1), "spouse")], period=market.period,
        organization=market.world.office, request=Request(f"TB-{first}", Purchase.Channel.OFFICE),
        payment=Payment(payment, market.at, D("300.00")), by=market.world.clerk, at=market.at,
    )


def made() -> tuple[Market, World]:
    """Three families and a single, each with their payment."""
    market = paid_market()
    for number, name in ((10, "ZF-1"), (20, "ZF-2"), (30, "ZF-3")):
        family(market, number, payment=name)
    market.enroll(person(40))
    market.world.period = market.period
    return market, market.world



_django_db_helper, one_world, kept_world = shared(made)


def line(serial: str, amount: str = "300.00", **cells: str) -> dict[str, str]:
    return {"amount": amount, "paid_on": str(timezone.localdate()), "serial": serial, **cells}


def judged(world: Any, lines: list[dict[str, str]], **changes: Any) -> list[tuple[int, list[str]]]:
    found = checked_statement(world, lines, **{"channel": Channel.ACCOUNT, **changes})
    return [(row.verdict, row.codes) for row in StatementRow.objects.filter(statement=found).order_by("pk")]


def extra_of(code: str) -> str:
    row = StatementRow.objects.filter(codes__contains=[code]).order_by("-pk")[0]
    return next(str(each["extra"]) for each in row.findings if each["code"] == code)


def balance(kind: str) -> Decimal:
    return sum(LedgerAccount.objects.filter(kind=kind).values_list("balance", flat=True), D("0"))


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def test_a_payment_is_found_by_its_number_by_the_application_or_by_anybody_it_insures(kept_world: Any) -> None:
    _market, world = kept_world
    cover = Enrollment.objects.filter(purchase__reference="TB-30").order_by("line")[1]
    single = Enrollment.objects.get(purchase__reference="P1")
    lines = [
        line("ZF-1"), line("GZ-2", application="TB-20"), line("GZ-3", number=cover.number),
        line("GZ-4", "150.00", document=single.person.document.reveal(), name=single.person.name.reveal()),
    ]
    assert judged(world, lines) == [(AGREES, [])] * 4
    found = StatementRow.objects.order_by("pk").values_list("purchase__reference", flat=True)
    assert list(found) == ["TB-10", "TB-20", "TB-30", "P1"]
    money = Statement.objects.get().money
    assert money == {
        "rows": 0, "amount": "0.00", "agree_rows": 4, "agree": "1050.00", "held_rows": 0, "held": "0.00",
    }


def test_what_does_not_agree_says_why(kept_world: Any) -> None:
    _market, world = kept_world
    taken_in(world, [line("ZF-1")], channel=Channel.ACCOUNT)
    cover = Enrollment.objects.filter(purchase__reference="TB-30").order_by("line")[0]
    lines = [
        line("GZ-9", application="TB-10"), line("ZF-1"), line("ZF-2", "299.00"), line("GZ-7", number=cover.number, name="赵六"),
        line("GZ-8", document="441602196203151219"), line("ZF-3"), line("GZ-6", application="TB-30"),
    ]
    assert judged(world, lines, reference="DZ-2") == [
        (REFUSED, ["PAID_TWICE"]), (REFUSED, ["LINE_KNOWN"]), (REFUSED, ["AMOUNT_DIFFERS"]), (DOUBTFUL, ["NAME_DIFFERS"]),
        (REFUSED, ["PAYER_UNKNOWN"]), (AGREES, []), (REFUSED, ["PAYER_REPEATED"]),
    ]
    assert extra_of("PAID_TWICE") == f"#{Statement.objects.order_by('pk')[0].pk} DZ-1"
    assert (extra_of("AMOUNT_DIFFERS"), extra_of("PAYER_REPEATED")) == ("300.00, -1.00", "7")


def test_another_way_than_the_channels_is_told_and_holds_nothing_up(kept_world: Any) -> None:
    market, world = kept_world
    assert judged(world, [line("ZF-1")], channel=Channel.BANK) == [(AGREES, ["WAY_DIFFERS"])]
    family(market, 50, payment="ZF-5", payer=Payer("李四"))
    assert judged(world, [line("ZF-5")], reference="DZ-2") == [(AGREES, ["WAY_DIFFERS"])]


def test_purchases_of_another_office_read_as_nobodys(kept_world: Any) -> None:
    _market, world = kept_world
    cover = Enrollment.objects.filter(purchase__reference="TB-30").order_by("line")[0]
    lines = [line("ZF-1", document="441602196203151219"), line("A", application="TB-20", number=cover.number)]
    assert judged(world, lines, organization=world.sibling) == [(REFUSED, ["PAYER_UNKNOWN"])] * 2
    assert set(StatementRow.objects.values_list("purchase", flat=True)) == {None}


def test_what_arrived_is_booked_once_and_what_did_not_is_on_the_list(kept_world: Any) -> None:
    market, world = kept_world
    before = balance("own_received")
    statement = taken_in(
        world,
        [line("ZF-1"), line("ZF-2"), line("B", application="TB-20"), line("GZ-8", "88.00", document="441602196203151219")],
        channel=Channel.ACCOUNT,
    )
    assert statement.state == "applied"
    came = Arrival.objects.order_by("pk").values_list("purchase__reference", "amount", "row__line")
    assert list(came) == [("TB-10", D("300.00"), 2), ("TB-20", D("300.00"), 3)]
    held = list(HeldPayment.objects.order_by("pk").values_list("kind", "amount"))
    assert held == [("twice", D("300.00")), ("unknown", D("88.00"))]
    # What came with purchases was booked with them: only what is held comes on top.
    assert balance("own_received") - before == D("388.00")
    assert sorted(Uncollected.objects.values_list("reference", flat=True)) == ["P1", "TB-30"]
    assert Event.objects.get(verb="statement.agreed").data == {"lines": 2, "amount": "600.00"}
    found = reconciliation_of(market.period, world.finance_maker)
    assert found is not None
    assert [(each.label, each.number, each.amount) for each in found.came_in[-2:]] == [
        ("投保时已缴费，对账单确认到账", 2, D("600.00")), ("投保时已缴费，尚未到账", 2, D("450.00")),
    ]
    assert broken() == []


def test_of_two_statements_the_second_holds_what_the_first_has_shown(kept_world: Any) -> None:
    _market, world = kept_world
    first, second = (
        checked_statement(world, [line(serial, application="TB-10")], reference=reference, channel=Channel.ACCOUNT)
        for serial, reference in (("A", "DZ-1"), ("B", "DZ-2"))
    )
    for statement in (first, second):
        approved_statement(world, statement)
        drain()
    assert (Arrival.objects.get().statement, HeldPayment.objects.get().kind) == (first, "twice")
    assert StatementRow.objects.get(statement=second).set_aside == "PAID_TWICE"
    assert broken() == []


def test_a_mistyped_payment_is_counted_for_its_purchase_by_two_and_booked_once(kept_world: Any) -> None:
    _market, world = kept_world
    before = balance("own_received")
    taken_in(world, [line("MISTYPED"), line("OTHER", "150.00")], channel=Channel.ACCOUNT)
    assert (balance("own_received") - before, balance("own_held")) == (D("450.00"), D("-450.00"))
    held = HeldPayment.objects.get(row__serial="MISTYPED")
    cover = Enrollment.objects.filter(purchase__reference="TB-10").order_by("line")[1]
    single = Enrollment.objects.get(purchase__reference="P1")

    def match(which: HeldPayment, number: str) -> Any:
        return clearing_of(world, HeldPayment.objects.filter(pk=which.pk), "match", number=number)

    with pytest.raises(GatesRefused) as refused:
        match(held, single.number)
    assert (refused.value.code, "应缴" in str(refused.value)) == ("NO_FIT", True)
    clearing = match(held, cover.number)
    assert not Arrival.objects.exists()
    approved_clearing(world, clearing)
    arrival = Arrival.objects.get()
    assert (arrival.purchase.reference, arrival.clearing, arrival.row) == ("TB-10", clearing, held.row)
    held.refresh_from_db()
    assert (held.state, balance("own_received") - before, balance("own_held")) == ("assigned", D("150.00"), D("-150.00"))
    clearing.refresh_from_db()
    assert (clearing.state, clearing.done_lines) == ("done", 1)
    approved_clearing(world, match(HeldPayment.objects.get(row__serial="OTHER"), single.number))
    assert (Arrival.objects.count(), balance("own_received") - before) == (2, D("0.00"))
    assert broken() == []


def test_what_was_shown_meanwhile_is_not_counted_a_second_time(kept_world: Any) -> None:
    _market, world = kept_world
    taken_in(world, [line("MISTYPED")], channel=Channel.ACCOUNT)
    cover = Enrollment.objects.filter(purchase__reference="TB-10")[0]
    clearing = clearing_of(world, HeldPayment.objects.all(), "match", number=cover.number)
    taken_in(world, [line("ZF-1")], channel=Channel.ACCOUNT, reference="DZ-2")
    with pytest.raises(GatesRefused) as refused:
        approved_clearing(world, clearing)
    assert refused.value.code == "NOTHING_FITS_ANY_MORE"
    assert (Arrival.objects.count(), HeldPayment.objects.get().state) == (1, "listed")
    assert broken() == []


def test_the_database_refuses_another_amount_a_second_time_and_any_change(kept_world: Any) -> None:
    _market, world = kept_world
    taken_in(world, [line("ZF-1"), line("ZF-2", "299.00")], channel=Channel.ACCOUNT)
    arrival, held = Arrival.objects.get(), HeldPayment.objects.get()
    other = Purchase.objects.get(reference="TB-20")
    facts = {"statement": held.statement, "row": held.row}
    for wrong in (
        lambda: Arrival.objects.create(**facts, purchase=other, amount=D("299.00")),
        lambda: Arrival.objects.create(**facts, purchase=arrival.purchase, amount=D("300.00")),
        lambda: Arrival.objects.filter(pk=arrival.pk).update(amount=D("1.00")), arrival.delete,
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            wrong()


A, R = "gates_arrival", "gates_statementrow"


@pytest.mark.parametrize(
    ("name", "tables", "statements"),
    [
        ("statement_is_taken_in_whole", (A,), [f"DELETE FROM {A}"]),
        ("statement_line_has_one_outcome", (R,), [f"UPDATE {R} SET set_aside = 'PAID_TWICE' WHERE verdict = 3"]),
        ("statement_line_has_one_outcome", (A,), [f"UPDATE {A} SET row_id = 987654321"]),
        ("statement_line_has_one_outcome", (A,), [f"DELETE FROM {A}"]),
        ("purchase_payment_arrives_once", (A,), [f"UPDATE {A} SET amount = amount - 0.01"]),
        ("purchase_payment_arrives_once", ("gates_statement",), ["UPDATE gates_statement SET state = 'review', applied_at = NULL"]),
        ("every_fen_that_came_in_has_its_place", (A,), [f"DELETE FROM {A}"]),
    ],
)
def test_a_planted_violation_is_found(kept_world: Any, name: str, tables: tuple[str, ...], statements: list[str]) -> None:
    _market, world = kept_world
    taken_in(world, [line("ZF-1"), line("GZ-8", "88.00")], channel=Channel.ACCOUNT)
    assert broken() == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
    assert name in [invariant.name for invariant in INVARIANTS if check(invariant).rows]


def test_the_list_of_what_has_not_arrived_and_the_cover_say_so(kept_world: Any, settings: Any) -> None:
    _market, world = kept_world
    settings.SECOND_FACTOR_REQUIRED = False
    taken_in(world, [line("ZF-1")], channel=Channel.ACCOUNT)
    client = Client()
    client.force_login(world.finance_maker, backend="accounts.backends.RoleBackend")
    listed = client.get(reverse("admin:gates_uncollected_changelist"), {"way": "account"}).content.decode()
    assert "ZF-2" in listed and "ZF-3" in listed and "ZF-1" not in listed and "pay-P1" not in listed
    assert "王**" in listed and "王大明" not in listed
    waiting = Purchase.objects.get(reference="TB-20")
    page = client.get(reverse("admin:gates_uncollected_change", args=[waiting.pk])).content.decode()
    assert "2 份保障已生效：以登记的缴费生效。" in page
    for reference, words in (("TB-10", "对账单 DZ-1 确认到账：整份投保单 300.00 元"), ("TB-20", "尚未到账")):
        cover = Enrollment.objects.filter(purchase__reference=reference)[0]
        client.force_login(world.auditor, backend="accounts.backends.RoleBackend")
        shown = client.get(reverse("admin:beneficiaries_enrollment_change", args=[cover.pk])).content.decode()
        assert words in shown, reference
    statement = Statement.objects.get()
    page = client.get(reverse("admin:gates_statement_change", args=[statement.pk])).content.decode()
    assert "与投保单或缴费通知一致" in page and "投保时已缴费" in page

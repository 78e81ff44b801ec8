"""Statements of funders: opening, every posting, closing, to the fen; only to whom the money belongs or who runs it."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries.testing import World, make_world
from programs.actions import Demand, close_budget, post, propose_budget, release_reservation, reserve, use_reserved
from programs.actions.ledger import Leg
from programs.models import Budget, Category
from programs.models.ledger import AccountKind
from programs.statements import postings, statement
from programs.testing import make_budget, make_period

pytestmark = pytest.mark.django_db
D = Decimal
BACKEND = "accounts.backends.RoleBackend"


_django_db_helper, one_world, kept_world = shared(lambda: make_world(granted=D("1000.00")))


@pytest.fixture
def world(kept_world: World) -> World:
    return kept_world


def noon(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(12)))


def moved(world: World) -> tuple[date, date]:
    """100.00 more granted on a first day; 300.00 reserved, 200.00 of it used, the rest released on the next."""
    first = timezone.localdate(world.at) + timedelta(days=10)
    second = first + timedelta(days=1)
    make_budget(
        world.foundation, period=world.period, granted=D("100.00"), maker=world.finance_maker,
        checker=world.finance_checker, at=noon(first), label="第二批", category=Category.objects.get(code="tekun"),
    )
    category = Category.objects.get(code="dibao")
    demand = Demand(world.foundation.pk, "441602", category.pk, D("300.00"), 3)
    owner = world.program
    owner.program_id = owner.pk  # type: ignore[attr-defined]
    reserve(owner, [demand], program_id=world.program.pk, period_id=world.period.pk, by="system:test", at=noon(second))
    used = Demand(world.foundation.pk, "441602", category.pk, D("200.00"), 2)
    use_reserved(owner, [used], own_share=D("0.02"), people=2, by="system:test", at=noon(second))
    release_reservation(owner, by="system:test", at=noon(second))
    return first, second


def lines_of(world: World, first: date, last: date, *, to: Any = None) -> list[tuple[Any, ...]]:
    found = statement(world.foundation, program=world.program, first=first, last=last, to=to or world.finance_checker)
    return [(line.kind, line.opening, line.debits, line.credits, line.closing) for line in found]


def test_a_statement_opens_moves_and_closes_to_the_fen(world: World) -> None:
    first, second = moved(world)
    assert lines_of(world, second, second) == [
        ("funder_receivable", D("0.00"), D("200.00"), D("0.00"), D("200.00")),
        ("budget_granted", D("-1100.00"), D("0.00"), D("0.00"), D("-1100.00")),
        ("budget_available", D("1100.00"), D("100.00"), D("300.00"), D("900.00")),
        ("budget_reserved", D("0.00"), D("300.00"), D("300.00"), D("0.00")),
        ("budget_used", D("0.00"), D("200.00"), D("0.00"), D("200.00")),
    ]
    assert lines_of(world, first, first) == [
        ("budget_granted", D("-1000.00"), D("0.00"), D("100.00"), D("-1100.00")),
        ("budget_available", D("1000.00"), D("100.00"), D("0.00"), D("1100.00")),
    ]
    # The closing of one day is the opening of the next, whatever the span.
    for kind, opening, *_moves in lines_of(world, second, second):
        before = {line[0]: line[4] for line in lines_of(world, date(2020, 1, 1), first)}
        assert before.get(kind, D("0.00")) == opening


def test_postings_stand_by_account_and_time_with_their_balance(world: World) -> None:
    _first, second = moved(world)
    span = {"program": world.program, "first": second, "last": second, "to": world.foundation_checker}
    opening = statement(world.foundation, **span)
    found = [
        (each.kind, each.debit, each.credit, each.balance)
        for each in postings(world.foundation, **span, opening=opening)
    ]
    assert found == [
        ("funder_receivable", D("200.00"), None, D("200.00")),
        ("budget_available", None, D("300.00"), D("800.00")), ("budget_available", D("100.00"), None, D("900.00")),
        ("budget_reserved", D("300.00"), None, D("300.00")), ("budget_reserved", None, D("200.00"), D("100.00")),
        ("budget_reserved", None, D("100.00"), D("0.00")), ("budget_used", D("200.00"), None, D("200.00")),
    ]


def test_midnight_belongs_to_the_day_that_begins(world: World) -> None:
    day = timezone.localdate(world.at) + timedelta(days=5)
    midnight = timezone.make_aware(datetime.combine(day, time.min))
    legs = [
        Leg(AccountKind.FUNDER_RECEIVABLE, D("1.00"), funder_id=world.foundation.pk),
        Leg(AccountKind.INSURER_PAYABLE, D("-1.00")),
    ]
    post("use", legs, program_id=world.program.pk, source=world.program, by="system:test", at=midnight)
    before, after = day - timedelta(days=1), day
    assert "funder_receivable" not in {line[0] for line in lines_of(world, before, before)}
    assert lines_of(world, after, after)[0] == ("funder_receivable", D("0.00"), D("1.00"), D("0.00"), D("1.00"))


def test_an_office_below_does_not_read_the_money_of_the_citys_funder(world: World) -> None:
    first, second = moved(world)
    below = make_user("county.finance", organization=world.office, role="finance_maker")
    assert lines_of(world, first, second, to=below) == []
    assert len(lines_of(world, first, second, to=world.foundation_checker)) == 5
    client = Client()
    client.force_login(below, backend=BACKEND)
    address = reverse("admin:programs_funder_statement", args=[world.foundation.pk])
    answer = client.get(address, {"program": world.program.pk, "first": first, "last": second})
    assert answer.status_code == 403
    assert "1,100" not in answer.content.decode()


def page(world: World, user: Any, funder: Any, **query: Any) -> Any:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client.get(reverse("admin:programs_funder_statement", args=[funder.pk]), {"program": world.program.pk, **query})


def test_the_file_holds_every_posting_and_no_formula(world: World) -> None:
    Budget.objects.filter(funder=world.foundation).update(label="=1+1")
    _first, second = moved(world)
    answer = page(world, world.foundation_maker, world.foundation, first=second, last=second, format="csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["科目", "时间", "事项", "来源", "摘要", "借方", "贷方", "余额"]
    available = [row for row in rows if row[0] == "预算：可用"]
    assert [row[2:] for row in available] == [
        ["期初", "", "", "", "", "1100.00"],
        ["预留预算", f"项目 {world.program.pk}", "'=1+1", "", "300.00", "800.00"],
        ["释放预留", f"项目 {world.program.pk}", "'=1+1", "100.00", "", "900.00"],
        ["期末", "", "", "100.00", "300.00", "900.00"],
    ]
    assert len(rows) == 1 + 5 * 2 + 7
    event = Event.objects.get(verb="funder.statement_exported")
    assert event.data == {"first": str(second), "last": str(second)}


def test_the_page_shows_lines_and_postings_and_refuses_days_in_disorder(world: World) -> None:
    first, second = moved(world)
    shown = page(world, world.foundation_maker, world.foundation, first=first, last=second).content.decode()
    assert shown.count("<tr><th scope=\"row\">") == 5 + 9
    assert "分录明细" in shown
    wrong = page(world, world.foundation_maker, world.foundation, first=second, last=first).content.decode()
    assert "结束日期早于开始日期。" in wrong
    for day in ("9999-12-31", "0001-01-01"):
        assert page(world, world.foundation_maker, world.foundation, first=day, last=day).status_code == 200


def test_a_foreign_foundation_reads_no_statement(world: World) -> None:
    foreign = make_world(code="YJ", regions=("4417", "441702", "441702"))
    assert page(world, foreign.foundation_maker, world.foundation, first="2026-01-01", last="2030-01-01").status_code == 403


def money_on_page(world: World, user: Any) -> list[str]:
    """The figures of the funder's page, row by row, as its reader sees them."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    answer = client.get(reverse("admin:programs_funder_change", args=[world.foundation.pk]))
    assert answer.status_code == 200
    rows = [*answer.context["money"], *filter(None, [answer.context["total"]])]
    return [" ".join((row.title, *map(str, (row.granted, row.reserved, row.used, row.settled, row.free)))) for row in rows]


def test_a_funders_page_shows_its_money_by_program_and_in_all(world: World) -> None:
    moved(world)
    later = make_period(world.plan, year=world.period.starts_on.year + 2, by=world.finance_checker, at=world.at)
    terms = {"maker": world.finance_maker, "checker": world.finance_checker, "at": world.at}
    close_budget(
        make_budget(world.foundation, period=later, granted=D("70.50"), **terms), by=world.finance_checker, at=world.at
    )
    propose_budget(
        world.foundation, period=later, label="第二批", granted=D("900.00"), by=world.finance_maker, at=world.at
    )
    name = world.program.name
    assert money_on_page(world, world.finance_maker) == [
        f"{name} {later.code} 70.50 0.00 0.00 0.00 0.00",
        f"{name} {world.period.code} 1100.00 0.00 200.00 0.00 900.00",
        "合计 1170.50 0.00 200.00 0.00 900.00",
    ]


def test_an_office_sees_of_a_funder_only_the_money_of_its_own_program(world: World) -> None:
    other = make_world(code="YJ", granted=D("5.00"), regions=("4417", "441702", "441702"))
    make_budget(
        world.foundation, period=other.period, granted=D("44.00"), maker=other.finance_maker,
        checker=other.finance_checker, at=world.at,
    )
    own = f"{world.program.name} {world.period.code} 1000.00 0.00 0.00 0.00 1000.00"
    foreign = f"{other.program.name} {other.period.code} 44.00 0.00 0.00 0.00 44.00"
    giver = make_user("giver", organization=world.foundation.organization, role="finance_maker")
    assert money_on_page(world, world.finance_maker) == [own]
    assert money_on_page(world, other.finance_maker) == [foreign]
    assert sorted(money_on_page(world, giver)[:2]) == sorted([own, foreign])

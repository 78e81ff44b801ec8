"""A month drawn up, closed and followed by the next: figures to the fen, nothing lost, nothing opened again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import Sum
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, make_world, people
from closing import actions
from closing.errors import ClosingRefused
from closing.models import ClosedBalance, ClosedFigure, MonthClosing
from closing.testing import closed, drawn, once_over, submitted, this_month
from programs.actions import Leg, post
from programs.models import Books, LedgerAccount, LedgerEntry, LedgerTransaction
from programs.models.books import month_after
from programs.models.ledger import AccountKind
from programs.statements import postings, statement
from subsidies.testing import midnight, received

pytestmark = pytest.mark.django_db
D = Decimal


def made() -> World:
    """Five covers: two begun this month, one of them ended; three begin next year. A foundation paid 100 yuan."""
    world = make_world()
    applied(world, people(5))
    covers = list(Enrollment.objects.order_by("pk"))
    day = midnight(this_month())
    for cover in covers[:2]:
        Enrollment.objects.filter(pk=cover.pk).update(starts_at=day)
    Enrollment.objects.filter(pk=covers[0].pk).update(state="ended", ends_at=day + timedelta(days=9))
    received(world, "100.00")
    return world


_django_db_helper, one_world, kept_world = shared(made)


def figures(closing: MonthClosing, measure: str) -> list[tuple[str, str, Decimal, Decimal]]:
    found = ClosedFigure.objects.filter(closing=closing, measure=measure).order_by("id")
    return [(each.county, each.funder_name, each.before, each.amount) for each in found]


def balances(closing: MonthClosing) -> dict[str, tuple[Decimal, Decimal, Decimal, Decimal]]:
    found: dict[str, tuple[Decimal, Decimal, Decimal, Decimal]] = {}
    for each in ClosedBalance.objects.filter(closing=closing).order_by("pk"):
        name = f"{each.kind}{'/' + each.funder_name[:2] if each.funder_name else ''}"
        found[name] = (each.opening, each.debits, each.credits, each.ending)
    return found


def book(world: World, amount: str, *, at: datetime | None = None) -> LedgerTransaction:
    return post(
        LedgerTransaction.Kind.RECEIPT, [Leg(AccountKind.OWN_RECEIVED, D(amount)), Leg(AccountKind.PERSON_RECEIVABLE, -D(amount))],
        program_id=world.program.pk, source=world.program, by=world.finance_maker, at=at or timezone.now(),
    )


def refused(do: Callable[[], Any]) -> str:
    before = (MonthClosing.objects.count(), ClosedFigure.objects.count(), list(Books.objects.values_list("open_from")))
    with pytest.raises(ClosingRefused) as raised:
        do()
    assert before == (MonthClosing.objects.count(), ClosedFigure.objects.count(), list(Books.objects.values_list("open_from")))
    return raised.value.code


def test_the_figures_of_a_month_are_exact_by_county_and_payer(kept_world: World) -> None:
    closing = drawn(kept_world)
    assert figures(closing, "covers.begun") == [("441602", "", D(0), D(2))]
    assert figures(closing, "covers.ended") == [("441602", "", D(0), D(1))]
    assert figures(closing, "covers.in_force") == [("441602", "", D(0), D(1))]
    assert sorted((payer, amount) for _county, payer, _before, amount in figures(closing, "covers.premium")) == [
        ("", D("0.02")), ("源城区财政", D("60.00")), ("示例公益基金会HY", D("137.98")),
    ]
    assert figures(closing, "subsidies.receipt") == [("", "示例公益基金会HY", D(0), D(100))]
    kept = balances(closing)
    assert kept["insurer_payable"] == (D(0), D(0), D("495.00"), D("-495.00"))
    assert kept["person_receivable"] == (D(0), D("0.05"), D(0), D("0.05"))
    assert kept["funder_credit/示例"] == (D(0), D(0), D(100), D(-100))
    for each in ClosedBalance.objects.filter(closing=closing):
        assert each.ending == LedgerAccount.objects.get(pk=each.account_id).balance
    assert closing.postings == LedgerTransaction.objects.count()
    assert (len(closing.digest), closing.previous, Books.objects.get().open_from) == (64, None, month_after(this_month()))


def test_what_comes_after_falls_into_the_next_month_and_is_told_as_its_correction(kept_world: World) -> None:
    world, month = kept_world, this_month()
    first = closed(world)
    late = book(world, "0.01")
    late.refresh_from_db()
    assert (late.booked_on, late.is_carried) == (month_after(month), True)
    assert timezone.localdate(late.at) < late.booked_on
    # A third cover is found to have begun in the closed month.
    cover = Enrollment.objects.order_by("pk")[2]
    Enrollment.objects.filter(pk=cover.pk).update(starts_at=midnight(month))
    second = closed(world, month_after(month))
    assert (second.previous, second.previous_digest) == (first, first.digest)
    assert figures(first, "covers.begun") == [("441602", "", D(0), D(2))]
    assert figures(second, "covers.begun") == [("441602", "", D(3), D(0))]
    assert figures(second, "covers.in_force") == [("441602", "", D(2), D(0))]
    assert balances(second)["own_received"] == (D(0), D("0.01"), D(0), D("0.01"))
    assert balances(second)["person_receivable"] == (D("0.05"), D(0), D("0.01"), D("0.04"))
    assert second.postings == 1


def test_a_statement_counts_by_accounting_day_and_says_so(kept_world: World) -> None:
    world, month = kept_world, this_month()
    closed(world)
    received(world, "7.00", reference="R2")
    last, first = month_after(month) - timedelta(days=1), month_after(month)
    lines = {
        line.kind: line
        for line in statement(world.foundation, program=world.program, first=first, last=first, to=world.finance_maker)
    }
    assert (lines["funder_credit"].opening, lines["funder_credit"].credits) == (D(-100), D(7))
    found = list(
        postings(
            world.foundation, program=world.program, first=first, last=first, to=world.finance_maker, opening=list(lines.values())
        )
    )
    assert [(each.kind, each.amount, each.is_carried) for each in found] == [
        ("funder_received", D(7), True), ("funder_credit", D(-7), True),
    ]
    before = statement(world.foundation, program=world.program, first=month, last=last, to=world.finance_maker)
    assert {line.kind: line.closing for line in before}["funder_credit"] == D(-100)


def test_months_close_in_their_order_once_they_are_over(kept_world: World) -> None:
    world, month = kept_world, this_month()
    following = month_after(month)
    assert refused(lambda: drawn(world, following)) == "ORDER"
    assert refused(lambda: drawn(world, at=midnight(following) - timedelta(seconds=1))) == "NOT_OVER"
    drawn(world, at=midnight(following))
    assert refused(lambda: drawn(world)) == "UNDER_WAY"
    waiting = MonthClosing.objects.get()
    actions.submit_closing(waiting, by=world.finance_maker, at=once_over())
    actions.approve_closing(waiting, digest=waiting.digest, by=world.finance_checker, at=once_over())
    assert refused(lambda: drawn(world)) == "ORDER"
    assert refused(lambda: drawn(world, month_after(following))) == "ORDER"


def test_a_program_without_postings_has_no_month_to_close(kept_world: World) -> None:
    from_nothing = World(**{**vars(kept_world), "program": type(kept_world.program).objects.create(
        code="EMPTY", name="空", kind="hardship", organization=kept_world.city, region_code="4416", insurer=kept_world.insurer
    )})
    assert refused(lambda: drawn(from_nothing)) == "NOTHING_BOOKED"


def test_whoever_drew_a_month_up_does_not_close_it_and_others_close_what_they_were_shown(kept_world: World) -> None:
    world = kept_world
    waiting = submitted(world)
    digest, at = waiting.digest, once_over()
    assert refused(lambda: actions.approve_closing(waiting, digest=digest, by=world.finance_maker, at=at)) == "OUT_OF_SCOPE"
    assert refused(lambda: actions.approve_closing(waiting, digest=digest, by=world.foundation_checker, at=at)) == "OUT_OF_SCOPE"
    assert refused(lambda: actions.approve_closing(waiting, digest="0" * 64, by=world.finance_checker, at=at)) == "FIGURES_CHANGED"
    assert refused(lambda: actions.decline_closing(waiting, reason=" ", by=world.finance_checker, at=at)) == "REASON"
    MonthClosing.objects.filter(pk=waiting.pk).update(submitted_by=world.finance_checker)
    assert refused(lambda: actions.approve_closing(waiting, digest=digest, by=world.finance_checker, at=at)) == "ANOTHER_CLOSES"
    MonthClosing.objects.filter(pk=waiting.pk).update(submitted_by=world.finance_maker)
    actions.approve_closing(waiting, digest=digest, by=world.finance_checker, at=at)
    assert refused(lambda: actions.withdraw_closing(waiting, by=world.finance_maker, at=at)) == "STATE"
    verbs = Event.objects.filter(subject_type="closing.monthclosing").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["month.drawn_up", "month.submitted", "month.closed"]


@pytest.mark.parametrize("way", ["withdrawn", "declined"])
def test_a_month_that_is_taken_back_is_open_and_drawn_up_anew(kept_world: World, way: str) -> None:
    world = kept_world
    waiting = submitted(world)
    moved = book(world, "0.01")
    if way == "withdrawn":
        actions.withdraw_closing(waiting, by=world.finance_maker, at=once_over())
    else:
        actions.decline_closing(waiting, reason="漏记一笔", by=world.finance_checker, at=once_over())
    stayed = book(world, "0.02")
    for each in (moved, stayed):
        each.refresh_from_db()
    assert (moved.booked_on, stayed.booked_on) == (month_after(this_month()), timezone.localdate())
    again = closed(world)
    waiting.refresh_from_db()
    assert (waiting.state, again.postings, again.previous) == (way, waiting.postings + 1, None)


def test_the_database_itself_keeps_a_closed_month(kept_world: World) -> None:
    closing = closed(kept_world)
    old = LedgerTransaction.objects.earliest("pk")
    account = LedgerAccount.objects.earliest("pk")

    def legs_into_a_closed_month() -> None:
        for amount in (D(1), D(-1)):
            LedgerEntry.objects.create(transaction=old, account=account, amount=amount)

    def a_day_that_is_given() -> None:
        booked = LedgerTransaction.objects.create(
            kind="receipt", program=kept_world.program, at=timezone.now(), source_type="x", source_id=1, by_label="x",
            booked_on=date(2001, 1, 1),
        )
        booked.refresh_from_db()
        assert booked.booked_on == month_after(this_month())
        raise IntegrityError("said by the database")

    attempts: list[Callable[[], Any]] = [
        legs_into_a_closed_month, a_day_that_is_given,
        lambda: LedgerTransaction.objects.filter(pk=old.pk).update(booked_on=date(2001, 1, 1)),
        lambda: MonthClosing.objects.filter(pk=closing.pk).update(state="drawn"),
        lambda: MonthClosing.objects.filter(pk=closing.pk).delete(),
        lambda: ClosedFigure.objects.filter(closing=closing).update(amount=1),
        lambda: ClosedFigure.objects.create(closing=closing, measure="x", before=1, amount=1),
        lambda: ClosedBalance.objects.filter(closing=closing).delete(),
        lambda: Books.objects.all().delete(),
    ]
    for attempt in attempts:
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    sums = LedgerEntry.objects.aggregate(sum=Sum("amount"))["sum"]
    assert (MonthClosing.objects.get().state, sums) == ("closed", D(0))


def test_a_posting_asks_nothing_more_of_the_database_than_its_own_rows(kept_world: World, django_assert_num_queries: Any) -> None:
    book(kept_world, "0.01")
    for _turn in range(2):
        # A savepoint and its end, accounts, transaction, legs, locks, two balances.
        with django_assert_num_queries(8):
            book(kept_world, "0.01")
        if not MonthClosing.objects.exists():
            closed(kept_world)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

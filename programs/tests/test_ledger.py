"""The ledger: balanced to the fen, two legs or more, never changed; the database says so too."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils.translation import override

from audit.testing import Stepper
from beneficiaries.testing import World, make_world
from programs.actions import Leg, post
from programs.errors import LedgerRefused
from programs.models import LedgerAccount, LedgerEntry, LedgerTransaction
from programs.models.ledger import AccountKind

D = Decimal
OWED, DUE, PERSON = AccountKind.FUNDER_RECEIVABLE, AccountKind.INSURER_PAYABLE, AccountKind.PERSON_RECEIVABLE


@pytest.fixture
def world(db: Any) -> World:
    return make_world()


def book(world: World, *legs: Leg) -> LedgerTransaction:
    return post(
        "use", legs, program_id=world.program.pk, source=world.program, memo="试", by=world.finance_maker, at=world.at
    )


def balances(world: World) -> dict[str, Decimal]:
    found = LedgerAccount.objects.filter(program=world.program, budget=None)
    return dict(found.values_list("kind", "balance"))


def test_a_posting_is_written_with_what_it_came_from_and_moves_its_accounts(world: World) -> None:
    booked = book(world, Leg(OWED, D("68.99"), funder_id=world.foundation.pk), Leg(PERSON, D("0.01")), Leg(DUE, D("-69.00")))
    assert (booked.kind, booked.at, booked.source_type, booked.source_id, booked.memo, booked.by_label) == (
        "use", world.at, "programs.program", world.program.pk, "试", str(world.finance_maker),
    )
    assert balances(world) == {OWED: D("68.99"), PERSON: D("0.01"), DUE: D("-69.00")}
    assert LedgerAccount.objects.get(kind=OWED).code == f"funder_receivable:p{world.program.pk}:f{world.foundation.pk}"


def test_legs_of_one_account_are_put_together_and_what_cancels_is_left_out(world: World) -> None:
    booked = book(
        world, Leg(PERSON, D("1.00")), Leg(PERSON, D("2.00")), Leg(DUE, D("-3.00")),
        Leg(OWED, D("5.00"), funder_id=world.foundation.pk), Leg(OWED, D("-5.00"), funder_id=world.foundation.pk),
    )
    assert sorted(booked.entries.values_list("account__kind", "amount")) == [(DUE, D("-3.00")), (PERSON, D("3.00"))]


@pytest.mark.parametrize(
    ("legs", "code", "sentence"),
    [
        ([Leg(PERSON, D("1.00")), Leg(DUE, D("-0.99"))], "UNBALANCED", "Debits and credits differ by 0.01 yuan."),
        ([Leg(PERSON, D("1.001")), Leg(DUE, D("-1.001"))], "FEN", "Amounts are whole fen."),
        ([], "LEGS", "A posting has two legs or more."),
        ([Leg(PERSON, D("1.00")), Leg(PERSON, D("-1.00"))], "LEGS", "A posting has two legs or more."),
    ],
)
def test_a_posting_that_double_entry_forbids_is_refused_and_nothing_is_kept(
    world: World, legs: list[Leg], code: str, sentence: str
) -> None:
    before = LedgerTransaction.objects.count()
    with pytest.raises(LedgerRefused) as refused:
        book(world, *legs)
    with override("en"):
        assert (refused.value.code, str(refused.value)) == (code, sentence)
    assert (LedgerTransaction.objects.count(), balances(world)) == (before, {})


def raw(world: World, *amounts: str) -> None:
    """A posting past the action, checked as a commit would."""
    person, due = (
        LedgerAccount.objects.get_or_create(code=f"x{number}", kind=kind, program=world.program)[0]
        for number, kind in enumerate((PERSON, DUE))
    )
    booked = LedgerTransaction.objects.create(
        kind="use", program=world.program, at=world.at, source_type="x", source_id=1, by_label="x"
    )
    LedgerEntry.objects.bulk_create(
        LedgerEntry(transaction=booked, account=(person, due)[number % 2], amount=D(amount))
        for number, amount in enumerate(amounts)
    )
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("amounts", [(), ("1.00",), ("1.00", "-0.99"), ("1.00", "-1.00", "0.01")])
def test_the_database_refuses_at_commit_what_does_not_balance(world: World, amounts: tuple[str, ...]) -> None:
    with pytest.raises(DatabaseError, match="does not balance"), transaction.atomic():
        raw(world, *amounts)


def test_a_leg_added_later_to_a_balanced_posting_is_refused(world: World) -> None:
    booked = book(world, Leg(PERSON, D("1.00")), Leg(DUE, D("-1.00")))
    with pytest.raises(DatabaseError, match="does not balance"), transaction.atomic():
        LedgerEntry.objects.create(transaction=booked, account=LedgerAccount.objects.get(kind=DUE), amount=D("-1.00"))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.django_db(transaction=True)
def test_a_posting_is_judged_at_commit_not_leg_by_leg() -> None:
    world = make_world()
    with transaction.atomic():
        raw(world, "1.00", "-1.00")
    with pytest.raises(DatabaseError, match="does not balance"), transaction.atomic():
        LedgerTransaction.objects.create(
            kind="use", program=world.program, at=world.at, source_type="x", source_id=2, by_label="x"
        )
    assert LedgerTransaction.objects.filter(source_type="x", source_id=2).count() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE programs_ledgerentry SET amount = amount", "DELETE FROM programs_ledgerentry",
        "UPDATE programs_ledgertransaction SET memo = 'x'", "DELETE FROM programs_ledgertransaction",
    ],
)
def test_nothing_in_the_ledger_is_changed_or_deleted(world: World, statement: str) -> None:
    book(world, Leg(PERSON, D("1.00")), Leg(DUE, D("-1.00")))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_leg_of_zero_is_refused_by_the_database(world: World) -> None:
    with pytest.raises(DatabaseError, match="ledger_entry_is_not_zero"), transaction.atomic():
        raw(world, "0.00", "0.00")


@pytest.mark.django_db(transaction=True)
def test_two_postings_at_once_on_the_same_accounts_both_count_whatever_their_order() -> None:
    world = make_world()
    there = (Leg(PERSON, D("1.00")), Leg(DUE, D("-1.00")))
    back = (Leg(DUE, D("0.40")), Leg(PERSON, D("-0.40")))
    book(world, *there)
    with Stepper() as stepper:
        first = stepper.start(lambda: book(world, *there), stop_at="programs.post.after")
        second = stepper.start(lambda: book(world, *back))
        assert second.waits()
        first.go_on()
        first.result()
        second.result()
    assert balances(world) == {PERSON: D("1.60"), DUE: D("-1.60")}


@pytest.mark.django_db(transaction=True)
def test_two_first_postings_at_once_make_each_account_once() -> None:
    world = make_world()
    with Stepper() as stepper:
        first = stepper.start(
            lambda: book(world, Leg(PERSON, D("1.00")), Leg(DUE, D("-1.00"))), stop_at="programs.post.after"
        )
        second = stepper.start(lambda: book(world, Leg(DUE, D("-2.00")), Leg(PERSON, D("2.00"))))
        assert second.waits()
        first.go_on()
        first.result()
        second.result()
    assert balances(world) == {PERSON: D("3.00"), DUE: D("-3.00")}


@pytest.mark.parametrize(
    ("kind", "memo", "said"),
    [("use", "881", "881 人"), ("lapse", "1", "1 人"), ("remit", "881", "881"), ("grant", "第一批", "第一批"), ("receipt", "", "")],
)
def test_a_posting_says_people_as_people_and_a_reference_as_it_is(kind: str, memo: str, said: str) -> None:
    with override("zh-hans"):
        assert LedgerTransaction(kind=kind, memo=memo).remark == said

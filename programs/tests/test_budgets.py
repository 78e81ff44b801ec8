"""Budgets and reservations: proposed by one, approved by another; held, used, given back to the fen; never overspent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from audit import panels
from audit.models import Event
from audit.testing import Stepper, fault_at, sweep
from beneficiaries.testing import World, make_world
from portal.verify import check_all
from programs import actions
from programs.actions import Demand
from programs.actions.reservations import has_lapsed
from programs.actions.settling import settle_budgets
from programs.errors import BudgetRefused
from programs.models import (
    Budget,
    BudgetReservation,
    BudgetReservationLine,
    Category,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    Program,
)
from programs.testing import make_budget

D = Decimal
BACKEND = "accounts.backends.RoleBackend"


@pytest.fixture
def world(db: Any) -> World:
    return make_world(granted=D("1000.00"))


def owner_of(world: World, *, pk: int | None = None) -> Any:
    """Something that holds money: a program's row stands in, since a posting names its source only."""
    owner = Program.objects.get(pk=world.program.pk)
    owner.program_id = world.program.pk  # type: ignore[attr-defined]
    if pk is not None:
        owner.pk = pk
    return owner


def demand(world: World, amount: str, *, county: str = "441602", category: str = "dibao", count: int = 1) -> Demand:
    return Demand(world.foundation.pk, county, Category.objects.get(code=category).pk, D(amount), count)


def reserve(world: World, *demands: Demand, pk: int | None = None) -> Any:
    return actions.reserve(
        owner_of(world, pk=pk), demands, program_id=world.program.pk, period_id=world.period.pk, by="system:test",
        at=timezone.now(),
    )


def use(world: World, *demands: Demand, own: str = "0.00", people: int = 1) -> LedgerTransaction:
    return actions.use_reserved(
        owner_of(world), demands, own_share=D(own), people=people, by="system:test", at=timezone.now()
    )


def release(world: World) -> Decimal:
    return actions.release_reservation(owner_of(world), by="system:test", at=timezone.now())


def give_back(world: World, *demands: Demand, own: str = "0.00", people: int = 1) -> LedgerTransaction:
    return actions.give_back_used(
        owner_of(world), demands, own_share=D(own), people=people, by="system:test", at=timezone.now()
    )


def columns(budget: Budget) -> tuple[Decimal, ...]:
    return Budget.objects.values_list("granted", "reserved", "used", "released").get(pk=budget.pk)


def legs(booked: LedgerTransaction) -> dict[str, Decimal]:
    return dict(LedgerEntry.objects.filter(transaction=booked).values_list("account__kind", "amount"))


def broken() -> set[str]:
    """Names of broken invariants."""
    return {result.name for result in check_all() if result.rows}


# -- Proposed, approved, closed ----------------------------------------------------------------------------------------


def test_a_proposed_tranche_holds_nothing_until_another_person_approves_it(world: World) -> None:
    budget = actions.propose_budget(
        world.foundation, period=world.period, label="  第二  批 ", granted=D("500.00"), by=world.finance_maker,
        at=world.at, region_prefix="441602", category=Category.objects.get(code="tekun"),
    )
    assert (budget.state, budget.label, budget.available, budget.proposed_by) == (
        "draft", "第二 批", D("0.00"), world.finance_maker,
    )
    assert LedgerAccount.objects.filter(budget=budget).count() == 0
    with pytest.raises(BudgetRefused) as refused:
        actions.approve_budget(budget, by=world.finance_maker, at=world.at)
    with override("en"):
        assert (refused.value.code, str(refused.value)) == (
            "OWN_WORK", "Whoever proposed it cannot approve it. Ask a colleague.",
        )
    approved = actions.approve_budget(budget, by=world.finance_checker, at=world.at)
    assert (approved.state, approved.available, approved.approved_by, approved.approved_at) == (
        "approved", D("500.00"), world.finance_checker, world.at,
    )
    booked = LedgerTransaction.objects.get(source_type="programs.budget", source_id=budget.pk)
    assert (booked.kind, booked.memo, legs(booked)) == (
        "grant", "第二 批", {"budget_available": D("500.00"), "budget_granted": D("-500.00")},
    )
    said = Event.objects.filter(subject_type="programs.budget", subject_id=str(budget.pk)).order_by("pk")
    assert list(said.values_list("verb", "data")) == [
        ("budget.proposed", {"tranche": "第二 批", "amount": "500.00"}),
        ("budget.approved", {"tranche": "第二 批", "amount": "500.00"}),
    ]


@pytest.mark.parametrize(
    ("label", "granted", "code", "sentence"),
    [
        ("第二批", "0.00", "AMOUNT", "The amount is above zero."),
        ("第二批", "-1.00", "AMOUNT", "The amount is above zero."),
        (" ", "1.00", "LABEL", "Give the tranche a name."),
        (
            "第一批", "1.00", "LABEL_TWICE",
            "The funder has a tranche “第一批” in this period already. Choose another name.",
        ),
    ],
)
def test_a_tranche_that_cannot_be_is_refused_and_nothing_is_kept(
    world: World, label: str, granted: str, code: str, sentence: str
) -> None:
    with pytest.raises(BudgetRefused) as refused, override("en"):
        actions.propose_budget(
            world.foundation, period=world.period, label=label, granted=D(granted), by=world.finance_maker, at=world.at
        )
    with override("en"):
        assert (refused.value.code, str(refused.value)) == (code, sentence)
    assert Budget.objects.count() == 2
    assert Event.objects.filter(verb="budget.proposed").count() == 2


def test_nothing_is_granted_for_a_closed_period(world: World) -> None:
    actions.close_period(world.period, by=world.finance_checker, at=world.at)
    with pytest.raises(BudgetRefused) as refused:
        actions.propose_budget(
            world.foundation, period=world.period, label="第二批", granted=D("1.00"), by=world.finance_maker, at=world.at
        )
    assert (refused.value.code, refused.value.facts) == ("PERIOD_CLOSED", {"period": world.period.code})


def test_an_approved_budget_is_not_approved_again(world: World) -> None:
    with pytest.raises(BudgetRefused) as refused:
        actions.approve_budget(world.budgets[0], by=world.finance_checker, at=world.at)
    assert str(refused.value) == "当前状态为“已批准”，不能这样办理。"
    assert LedgerTransaction.objects.filter(kind="grant").count() == 2


def test_a_budget_closes_when_nothing_is_reserved_and_carries_nothing_any_more(world: World) -> None:
    foundation = world.budgets[0]
    reserve(world, demand(world, "300.00"))
    with pytest.raises(BudgetRefused) as refused:
        actions.close_budget(foundation, by=world.finance_checker, at=world.at)
    assert (refused.value.code, refused.value.facts) == ("BUDGET_BUSY", {"reserved": D("300.00")})
    release(world)
    closed = actions.close_budget(foundation, by=world.finance_checker, at=world.at)
    assert (closed.state, closed.available) == ("closed", D("0.00"))
    with pytest.raises(BudgetRefused) as refused:
        reserve(world, demand(world, "0.01"), pk=987_654_321)
    assert refused.value.facts == {"funder": "示例公益基金会HY", "wanted": D("0.01"), "remaining": D("0.00")}


@pytest.mark.django_db(transaction=True)
def test_one_label_proposed_twice_at_once_is_kept_once() -> None:
    world = make_world()

    def propose() -> Budget:
        return actions.propose_budget(
            world.foundation, period=world.period, label="第二批", granted=D("1.00"), by=world.finance_maker, at=world.at
        )

    with Stepper() as stepper:
        first = stepper.start(propose, stop_at="programs.propose_budget.before")
        second = stepper.start(propose)
        assert second.waits()
        first.go_on()
        first.result()
        error = second.error()
    assert isinstance(error, BudgetRefused)
    assert (error.code, Budget.objects.filter(label="第二批").count()) == ("LABEL_TWICE", 1)


@pytest.mark.django_db(transaction=True)
def test_a_double_click_on_approve_grants_once() -> None:
    world = make_world()
    budget = actions.propose_budget(
        world.foundation, period=world.period, label="第二批", granted=D("9.00"), by=world.finance_maker, at=world.at
    )
    with Stepper() as stepper:
        first = stepper.start(
            lambda: actions.approve_budget(budget, by=world.finance_checker, at=world.at), stop_at="programs.budget.locked"
        )
        second = stepper.start(lambda: actions.approve_budget(budget, by=world.foundation_checker, at=world.at))
        assert second.waits()
        first.go_on()
        assert first.result().state == "approved"
        error = second.error()
    assert isinstance(error, BudgetRefused)
    assert error.code == "STATE"
    assert LedgerTransaction.objects.filter(source_type="programs.budget", source_id=budget.pk).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_close_and_a_reservation_at_once_let_one_of_them_happen() -> None:
    world = make_world(granted=D("100.00"))
    with Stepper() as stepper:
        first = stepper.start(lambda: reserve(world, demand(world, "60.00")), stop_at="programs.reserve.before")
        second = stepper.start(
            lambda: actions.close_budget(world.budgets[0], by=world.finance_checker, at=world.at)
        )
        assert second.waits()
        first.go_on()
        first.result()
        error = second.error()
    assert isinstance(error, BudgetRefused)
    assert (error.code, columns(world.budgets[0])[1]) == ("BUDGET_BUSY", D("60.00"))


# -- Held, used, released ----------------------------------------------------------------------------------------------


def test_a_hold_moves_available_to_reserved_to_the_fen(world: World) -> None:
    held = reserve(world, demand(world, "400.01", count=4), demand(world, "599.99", category="tekun", count=6))
    assert len(held) == 2
    assert columns(world.budgets[0]) == (D("1000.00"), D("1000.00"), D("0.00"), D("0.00"))
    booked = LedgerTransaction.objects.get(kind="reserve")
    assert legs(booked) == {"budget_available": D("-1000.00"), "budget_reserved": D("1000.00")}
    found = BudgetReservation.objects.values_list("funder", "region_code", "category__code", "people", "closed_at")
    assert sorted(found) == sorted([
        (world.foundation.pk, "441602", "dibao", 4, None), (world.foundation.pk, "441602", "tekun", 6, None),
    ])
    assert broken() == set()


def test_one_fen_too_much_is_refused_by_name_and_nothing_moves(world: World) -> None:
    with pytest.raises(BudgetRefused) as refused:
        reserve(world, demand(world, "600.00"), demand(world, "400.01", category="tekun"))
    with override("en"):
        assert str(refused.value) == (
            "The budget of 示例公益基金会HY does not suffice: 1000.01 yuan are needed, 1000.00 remain."
        )
    assert columns(world.budgets[0]) == (D("1000.00"), D("0.00"), D("0.00"), D("0.00"))
    assert (BudgetReservation.objects.count(), LedgerTransaction.objects.exclude(kind="grant").count()) == (0, 0)


def test_an_owner_holds_once(world: World) -> None:
    reserve(world, demand(world, "1.00"))
    with pytest.raises(BudgetRefused) as refused:
        reserve(world, demand(world, "1.00"))
    assert refused.value.code == "RESERVED_ALREADY"
    release(world)
    with pytest.raises(BudgetRefused) as refused:
        reserve(world, demand(world, "1.00"))
    assert refused.value.code == "RESERVED_ALREADY"


def test_a_funder_without_a_budget_is_named(world: World) -> None:
    Budget.objects.filter(funder=world.foundation).update(region_prefix="4417")
    with pytest.raises(BudgetRefused) as refused:
        reserve(world, demand(world, "5.00"))
    assert refused.value.facts == {"funder": "示例公益基金会HY", "wanted": D("5.00"), "remaining": D("0.00")}


def test_use_moves_reserved_to_used_and_books_who_owes_whom(world: World) -> None:
    reserve(world, demand(world, "300.00", count=3))
    booked = use(world, demand(world, "200.00"), own="0.02", people=2)
    assert (booked.kind, booked.memo, booked.by_label) == ("use", "2", "system:test")
    assert legs(booked) == {
        "budget_reserved": D("-200.00"), "budget_used": D("200.00"), "funder_receivable": D("200.00"),
        "person_receivable": D("0.02"), "insurer_payable": D("-200.02"),
    }
    assert columns(world.budgets[0]) == (D("1000.00"), D("100.00"), D("200.00"), D("0.00"))


def test_more_than_is_held_is_not_used(world: World) -> None:
    reserve(world, demand(world, "300.00"))
    with pytest.raises(BudgetRefused) as refused:
        use(world, demand(world, "300.01"))
    assert (refused.value.code, refused.value.facts) == ("NOT_RESERVED", {"wanted": D("300.01"), "remaining": D("300.00")})
    with pytest.raises(BudgetRefused):
        use(world, demand(world, "1.00", category="tekun"))
    assert columns(world.budgets[0]) == (D("1000.00"), D("300.00"), D("0.00"), D("0.00"))


def test_what_was_not_used_is_released_once(world: World) -> None:
    reserve(world, demand(world, "300.00"))
    use(world, demand(world, "200.00"))
    assert not has_lapsed(owner_of(world))
    assert release(world) == D("100.00")
    assert has_lapsed(owner_of(world))
    assert release(world) == D("0.00")
    assert columns(world.budgets[0]) == (D("1000.00"), D("0.00"), D("200.00"), D("100.00"))
    assert LedgerTransaction.objects.filter(kind="release").count() == 1
    with pytest.raises(BudgetRefused) as refused:
        use(world, demand(world, "1.00"))
    assert refused.value.code == "NOT_RESERVED"


def test_what_lapses_goes_back_to_the_least_restricted_tranche_first(world: World) -> None:
    own = make_budget(
        world.foundation, period=world.period, granted=D("150.00"), maker=world.finance_maker,
        checker=world.finance_checker, at=world.at, label="源城专款", region_prefix="441602",
    )
    reserve(world, demand(world, "300.00"))
    use(world, demand(world, "300.00"), own="0.03", people=3)
    assert (columns(own)[2], columns(world.budgets[0])[2]) == (D("150.00"), D("150.00"))
    release(world)
    booked = give_back(world, demand(world, "200.00"), own="0.02", people=2)
    assert (booked.kind, booked.memo) == ("lapse", "2")
    assert (columns(own), columns(world.budgets[0])) == (
        (D("150.00"), D("0.00"), D("100.00"), D("50.00")), (D("1000.00"), D("0.00"), D("0.00"), D("150.00")),
    )
    assert sorted(LedgerEntry.objects.filter(transaction=booked).values_list("account__kind", "amount")) == [
        ("budget_available", D("50.00")), ("budget_available", D("150.00")), ("budget_used", D("-150.00")),
        ("budget_used", D("-50.00")), ("funder_receivable", D("-200.00")), ("insurer_payable", D("200.02")),
        ("person_receivable", D("-0.02")),
    ]
    with pytest.raises(BudgetRefused) as refused:
        give_back(world, demand(world, "100.01"))
    assert (refused.value.code, refused.value.facts) == ("NOT_USED", {"wanted": D("100.01"), "remaining": D("100.00")})
    # A program's row has no enrollments: the one invariant that compares with them is not for this test.
    assert broken() <= {"enrollments_equal_budget_use"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("amount", "both"), [("500.00", True), ("500.01", False)])
def test_two_owners_at_one_budget_never_hold_more_than_it_grants(amount: str, both: bool) -> None:
    world = make_world(granted=D("1000.00"))
    with Stepper() as stepper:
        first = stepper.start(lambda: reserve(world, demand(world, amount), pk=1), stop_at="programs.reserve.before")
        second = stepper.start(lambda: reserve(world, demand(world, amount), pk=2))
        assert second.waits()
        first.go_on()
        first.result()
        error = second.error()
    assert (error is None) is both
    if not both:
        assert isinstance(error, BudgetRefused)
        assert (error.code, error.facts["remaining"]) == ("BUDGET", D("499.99"))
    assert columns(world.budgets[0])[1] == D(amount) * (2 if both else 1)


@pytest.mark.django_db(transaction=True)
def test_two_chunks_of_one_owner_use_its_hold_one_after_the_other() -> None:
    world = make_world(granted=D("1000.00"))
    reserve(world, demand(world, "300.00"))
    with Stepper() as stepper:
        first = stepper.start(lambda: use(world, demand(world, "200.00")), stop_at="programs.lines.locked")
        second = stepper.start(lambda: use(world, demand(world, "200.00")))
        assert second.waits()
        first.go_on()
        first.result()
        error = second.error()
    assert isinstance(error, BudgetRefused)
    assert (error.code, columns(world.budgets[0])[1:3]) == ("NOT_RESERVED", (D("100.00"), D("200.00")))


@pytest.mark.django_db(transaction=True)
def test_a_fault_at_any_point_of_a_hold_use_or_return_moves_nothing() -> None:
    world = make_world(granted=D("1000.00"))

    def way() -> None:
        with transaction.atomic():
            reserve(world, demand(world, "300.00"))
            use(world, demand(world, "200.00"), own="0.02", people=2)
            release(world)
            give_back(world, demand(world, "100.00"), own="0.01")

    def nothing_moved(k: int) -> None:
        assert columns(world.budgets[0]) == (D("1000.00"), D("0.00"), D("0.00"), D("0.00")), k
        assert BudgetReservation.objects.count() == 0

    assert sweep(way, check=nothing_moved) > 12
    assert columns(world.budgets[0]) == (D("1000.00"), D("0.00"), D("100.00"), D("200.00"))


def test_a_fault_leaves_a_proposal_undone(world: World) -> None:
    with fault_at("programs.propose_budget.after"), pytest.raises(RuntimeError), transaction.atomic():
        actions.propose_budget(
            world.foundation, period=world.period, label="第二批", granted=D("1.00"), by=world.finance_maker, at=world.at
        )
    assert Budget.objects.count() == 2


# -- What the database itself refuses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"reserved": D("600.00"), "used": D("400.01")}, "budget_never_overspent"),
        ({"reserved": D("-0.01")}, "budget_not_negative"),
        ({"settled": D("-0.01")}, "budget_not_negative"),
        ({"approved_by": None}, "budget_approved_by_another"),
    ],
)
def test_the_database_refuses_what_no_action_would_write(world: World, changes: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Budget.objects.filter(pk=world.budgets[0].pk).update(**changes)
    with pytest.raises(IntegrityError, match="budget_approved_by_another"), transaction.atomic():
        Budget.objects.filter(pk=world.budgets[0].pk).update(approved_by=world.finance_maker)


def test_a_line_never_uses_or_releases_more_than_it_reserves(world: World) -> None:
    reserve(world, demand(world, "300.00"))
    with pytest.raises(IntegrityError, match="reservation_line_within_reserved"), transaction.atomic():
        BudgetReservationLine.objects.update(used=D("200.00"), released=D("100.01"))


# -- Warnings ----------------------------------------------------------------------------------------------------------


def shown(world: World, user: Any, address: str) -> str:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client.get(address).content.decode()


@pytest.mark.parametrize(
    ("reserved", "percent", "words", "queues"),
    [
        ("799.99", "79.9", "", [0, 0]), ("800.00", "80.0", "仅剩 200.00 元", [1, 0]),
        ("950.00", "95.0", "仅剩 50.00 元", [1, 1]), ("999.99", "99.9", "仅剩 0.01 元", [1, 1]),
        ("1000.00", "100.0", "已无余额，名单不能再预留", [1, 1]),
    ],
)
def test_a_nearly_spent_budget_warns_in_list_page_and_workbench(
    world: World, reserved: str, percent: str, words: str, queues: list[int]
) -> None:
    reserve(world, demand(world, reserved))
    budget = world.budgets[0]
    listed = shown(world, world.foundation_maker, reverse("admin:programs_budget_changelist"))
    page = shown(world, world.foundation_maker, reverse("admin:programs_budget_change", args=[budget.pk]))
    for text in (listed, page):
        assert f"{percent}%" in text
        assert words in text
        assert ("仅剩" in text or "名单不能再预留" in text) == bool(words)
    counted = {
        queue.key: queue.count(world.foundation_maker) for queue in panels.queues_for(world.foundation_maker)
    }
    assert [counted["programs.nearly_spent"], counted["programs.almost_spent"]] == queues
    assert "占用达 95% 以上的预算" in shown(world, world.foundation_maker, reverse("admin:index"))
    for value, share in (("80", D("0.80")), ("95", D("0.95")), ("100", D("1.00"))):
        rows = shown(world, world.foundation_maker, f"{reverse('admin:programs_budget_changelist')}?bound={value}")
        link = reverse("admin:programs_budget_change", args=[budget.pk])
        assert (link in rows) == (D(reserved) >= share * 1000)


def test_a_finance_maker_proposes_and_a_checker_approves_in_the_admin(world: World) -> None:
    maker, checker = Client(), Client()
    maker.force_login(world.foundation_maker, backend=BACKEND)
    checker.force_login(world.foundation_checker, backend=BACKEND)
    address = reverse("admin:programs_budget_propose")
    given = {"funder": world.foundation.pk, "period": world.period.pk, "label": "第二批", "granted": "88.88"}
    assert maker.post(address, {**given, "granted": "0"}).status_code == 200
    assert Budget.objects.count() == 2
    assert maker.post(address, {**given, "label": "第一批"}).status_code == 409
    assert maker.post(address, given).status_code == 302
    budget = Budget.objects.get(label="第二批")
    approve = reverse("admin:programs_budget_approve", args=[budget.pk])
    assert maker.post(approve).status_code == 403
    assert checker.post(approve).status_code == 302
    budget.refresh_from_db()
    assert (budget.state, budget.granted, budget.approved_by) == ("approved", D("88.88"), world.foundation_checker)


# -- What came in of a funder ------------------------------------------------------------------------------------------


def test_what_came_in_stands_on_tranches_as_far_as_they_are_used_and_goes_back_from_the_last_one(world: World) -> None:
    first = Budget.objects.get(pk=world.budgets[0].pk)
    second = make_budget(
        world.foundation, period=world.period, granted=D("500.00"), label="第二批", maker=world.finance_maker,
        checker=world.finance_checker, at=world.at,
    )
    Budget.objects.filter(pk=first.pk).update(used=D("100.00"))
    Budget.objects.filter(pk=second.pk).update(used=D("50.00"))
    place: dict[str, Any] = {
        "funder_id": world.foundation.pk, "program_id": world.program.pk, "period_id": world.period.pk,
    }

    def settled() -> list[Decimal]:
        return list(Budget.objects.filter(funder=world.foundation).order_by("pk").values_list("settled", flat=True))

    settle_budgets(**place, amount=D("120.00"))
    assert settled() == [D("100.00"), D("20.00")]
    # Above what is used: on the last tranche, to be given back.
    settle_budgets(**place, amount=D("40.00"))
    assert settled() == [D("100.00"), D("60.00")]
    # Undone since: what is settled beyond its use goes back first.
    Budget.objects.filter(pk=first.pk).update(used=D("70.00"))
    settle_budgets(**place, amount=D("-45.00"))
    assert settled() == [D("70.00"), D("45.00")]
    with pytest.raises(BudgetRefused) as refused:
        settle_budgets(**place, amount=D("-115.01"))
    assert (refused.value.code, refused.value.facts, settled()) == ("NOT_SETTLED", {"amount": D("0.01")}, [D("70.00"), D("45.00")])

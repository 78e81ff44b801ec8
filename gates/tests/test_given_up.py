"""Payments that came with purchases and never arrived, and lines that were counted for a purchase by mistake: their ends."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Count, Sum
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import approve_change, propose_refund
from beneficiaries.keepers import Keeper, forget_keeper, register_keeper
from beneficiaries.models import Enrollment, Purchase, PurchaseStanding
from beneficiaries.shown_change import digest_of
from beneficiaries.standing import settle
from beneficiaries.tests.purchasing import paid_market
from gates import actions
from gates.errors import GatesRefused
from gates.invariants import INVARIANTS
from gates.models import Arrival, Channel, Clearing, ClearingLine, HeldPayment, StatementRow, Uncollected
from gates.reconciliation import VIEW, _bought, reconciliation_of
from gates.testing import approved_clearing, approved_statement, checked_statement, clearing_of, taken_in
from gates.tests.test_arrivals import balance, broken, family, line, made
from jobs.testing import drain
from portal.verify import check
from programs.models import LedgerTransaction

pytestmark = pytest.mark.django_db
D = Decimal
_django_db_helper, one_world, kept_world = shared(made)
KINDS = ("own_received", "person_receivable", "insurer_payable")


def uncollected(*references: str) -> Any:
    return Uncollected.objects.filter(reference__in=references)


def given_up(world: Any, *references: str) -> Clearing:
    return approved_clearing(world, clearing_of(world, uncollected(*references), "unpaid"))


def states(reference: str) -> set[tuple[str, bool]]:
    covers = Enrollment.objects.filter(purchase__reference=reference)
    return {(cover.state, cover.own_paid_at is not None) for cover in covers}


@pytest.fixture
def claimed() -> Iterator[None]:
    register_keeper(Keeper("CLAIMED", "有理赔", "e.line = 2"))
    yield
    forget_keeper("CLAIMED")


def test_a_payment_that_never_came_is_given_up_by_two_and_nothing_is_owed_to_anybody(kept_world: Any) -> None:
    market, world = kept_world
    before = {kind: balance(kind) for kind in KINDS}
    clearing = clearing_of(world, uncollected("TB-10"), "unpaid")
    assert (clearing.lines_count, clearing.amount, clearing.state) == (1, D("300.00"), "proposed")
    assert states("TB-10") == {("in_force", True)}
    with pytest.raises(GatesRefused) as refused:
        approved_clearing(world, clearing, by=world.finance_maker)
    assert refused.value.code in ("ANOTHER_APPROVES", "OUT_OF_SCOPE")
    done = approved_clearing(world, clearing)
    assert (done.state, done.done_lines, done.left_lines) == ("done", 1, 0)
    assert states("TB-10") == {("voided", False)}
    # Neither received, nor owed by the family, nor to the insurer.
    assert {kind: balance(kind) - before[kind] for kind in KINDS} == {
        "own_received": D("-300.00"), "person_receivable": D("0.00"), "insurer_payable": D("300.00"),
    }
    posted = LedgerTransaction.objects.filter(source_type="beneficiaries.purchase", source_id=clearing.lines.get().purchase_id)
    assert list(posted.order_by("pk").values_list("kind", flat=True)) == ["use", "receipt", "unpaid", "undo"]
    assert sorted(Uncollected.objects.values_list("reference", flat=True)) == ["P1", "TB-20", "TB-30"]
    assert Event.objects.get(verb="purchase.never_paid").data == {"amount": "300.00", "covers": 2}
    found = reconciliation_of(market.period, world.finance_maker)
    assert found is not None
    assert [(each.label, each.number, each.amount) for each in found.came_in[-2:]] == [
        ("投保时已缴费，尚未到账", 3, D("750.00")), ("投保时登记缴费，已确认未到账", 1, D("300.00")),
    ]
    assert [each.number for each in found.people if each.label == "已缴费后保障被撤销，应退款"] in ([], [0])
    assert broken() == []


def test_whoever_pays_after_all_is_paid_and_not_enrolled_and_can_enroll_anew(kept_world: Any) -> None:
    market, world = kept_world
    given_up(world, "TB-10")
    old = Enrollment.objects.filter(purchase__reference="TB-10").order_by("line")[0]
    taken_in(world, [line("ZF-1"), line("GZ-2", number=old.number)], channel=Channel.ACCOUNT)
    rows = StatementRow.objects.order_by("pk").values_list("verdict", "codes")
    assert list(rows) == [(6, ["PAYMENT_GIVEN_UP"])] * 2
    assert set(HeldPayment.objects.values_list("kind", "state", "amount")) == {("unknown", "held", D("300.00"))}
    assert not Arrival.objects.exists()
    with pytest.raises(GatesRefused) as refused:
        clearing_of(world, HeldPayment.objects.filter(row__serial="ZF-1"), "match", number=old.number)
    assert (refused.value.code, "确认未到账" in str(refused.value)) == ("NO_FIT", True)
    again = Purchase.objects.get(reference="TB-10")
    anew = market.enroll(reference="NEW")
    assert anew.state == "in_force"
    with pytest.raises(GatesRefused) as refused:
        clearing_of(world, Uncollected.objects.filter(pk=again.pk), "unpaid")
    assert refused.value.code == "NOTHING_UNPAID"
    assert broken() == []


def test_a_line_that_was_checked_before_the_payment_was_given_up_is_held(kept_world: Any) -> None:
    _market, world = kept_world
    statement = checked_statement(world, [line("ZF-1")], channel=Channel.ACCOUNT)
    given_up(world, "TB-10")
    approved_statement(world, statement)
    drain()
    assert StatementRow.objects.get().set_aside == "PAYMENT_GIVEN_UP"
    assert (HeldPayment.objects.get().kind, Arrival.objects.count()) == ("unknown", 0)
    assert broken() == []


@pytest.mark.usefixtures("claimed")
def test_a_cover_in_use_keeps_its_purchase_and_the_others_go(kept_world: Any) -> None:
    _market, world = kept_world
    with pytest.raises(GatesRefused) as refused:
        clearing_of(world, uncollected("TB-10"), "unpaid")
    assert str(refused.value) == "不能确认未到账：有理赔。"
    clearing = clearing_of(world, uncollected("P1", "TB-10"), "unpaid")
    assert (clearing.lines_count, clearing.lines.get().purchase.reference) == (1, "P1")
    approved_clearing(world, clearing)
    assert (states("P1"), states("TB-10")) == ({("voided", False)}, {("in_force", True)})
    assert broken() == []


def test_what_came_or_was_claimed_between_proposal_and_approval_is_put_back(kept_world: Any) -> None:
    _market, world = kept_world
    clearing = clearing_of(world, uncollected("TB-10", "TB-20", "TB-30"), "unpaid")
    taken_in(world, [line("ZF-1")], channel=Channel.ACCOUNT)
    claimed_line = Keeper("CLAIMED", "有理赔", f"e.purchase_id = {Purchase.objects.get(reference='TB-20').pk}")
    register_keeper(claimed_line)
    try:
        done = approved_clearing(world, clearing)
    finally:
        forget_keeper("CLAIMED")
    assert (done.done_lines, done.left_lines) == (1, 2)
    assert list(ClearingLine.objects.order_by("number").values_list("outcome", "why")) == [
        ("left", "ARRIVED"), ("left", "CLAIMED"), ("done", ""),
    ]
    assert (states("TB-10"), states("TB-20"), states("TB-30")) == (
        {("in_force", True)}, {("in_force", True)}, {("voided", False)},
    )
    assert broken() == []


def test_a_cover_that_was_given_back_before_is_owed_nothing_any_more(kept_world: Any) -> None:
    _market, world = kept_world
    market = paid_market(code="HMC", world=world, refund_days=15)
    purchase = family(market, 80, payment="ZF-8")
    cover = purchase.enrollments.order_by("line")[0]
    change = propose_refund(cover, reason="不需要了", by=world.clerk, at=market.at)
    approve_change(change, shown=digest_of(change), by=world.reviewer, at=market.at)
    given_up(world, "TB-80")
    assert states("TB-80") == {("ended", False), ("voided", False)}
    assert not Enrollment.objects.filter(own_paid_at__isnull=False, state="ended").exists()
    assert broken() == []


def test_payments_of_two_offices_or_in_a_closed_period_are_refused(kept_world: Any) -> None:
    market, world = kept_world
    family(market, 60, payment="ZF-6")
    with pytest.raises(GatesRefused) as refused:
        actions.propose_giving_up(Uncollected.objects.none(), reason="没有到账", by=world.finance_maker, at=timezone.now())
    assert refused.value.code == "NOTHING_UNPAID"
    with pytest.raises(GatesRefused) as refused:
        clearing_of(world, uncollected("TB-10"), "unpaid", by=world.clerk)
    assert refused.value.code == "OUT_OF_SCOPE"
    type(market.period).objects.filter(pk=market.period.pk).update(closed_at=timezone.now())
    with pytest.raises(GatesRefused) as refused:
        clearing_of(world, uncollected("TB-10"), "unpaid")
    assert refused.value.code == "PERIOD_CLOSED"
    assert not Clearing.objects.exists()


def test_many_are_given_up_by_a_job(kept_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _market, world = kept_world
    monkeypatch.setattr("gates.actions.clearings.AT_ONCE_PURCHASES", 1)
    monkeypatch.setattr("gates.actions.clearings.BATCH_PURCHASES", 2)
    clearing = given_up(world, "TB-10", "TB-20", "TB-30", "P1")
    assert clearing.state == "approved"
    drain()
    clearing.refresh_from_db()
    assert (clearing.state, clearing.done_lines, clearing.done_amount) == ("done", 4, D("1050.00"))
    assert set(Enrollment.objects.filter(purchase__isnull=False).values_list("state", flat=True)) == {"voided"}
    assert broken() == []


def mistaken(world: Any) -> tuple[HeldPayment, Enrollment, Enrollment]:
    """The second family's line under another number, counted for the first; a cover of the second, one of the first."""
    taken_in(world, [line("MISTYPED")], channel=Channel.ACCOUNT)
    held = HeldPayment.objects.get()
    first, second = (Enrollment.objects.filter(purchase__reference=each).order_by("line")[0] for each in ("TB-10", "TB-20"))
    approved_clearing(world, clearing_of(world, HeldPayment.objects.filter(pk=held.pk), "match", number=first.number))
    return held, second, first


def test_a_wrong_count_is_reversed_by_two_kept_on_record_and_counted_for_the_right_purchase(kept_world: Any) -> None:
    _market, world = kept_world
    before = balance("own_received")
    held, right, _wrong = mistaken(world)
    wrong = Arrival.objects.get()
    assert sorted(Uncollected.objects.values_list("reference", flat=True)) == ["P1", "TB-20", "TB-30"]
    clearing = clearing_of(world, Arrival.objects.filter(row=held.row_id), "unmatch")
    held.refresh_from_db()
    assert (held.state, clearing.statement, clearing.amount) == ("assigned", held.statement, D("300.00"))
    with pytest.raises(GatesRefused) as refused:
        clearing_of(world, Arrival.objects.all(), "unmatch")
    assert refused.value.code == "NOTHING_MATCHED"
    approved_clearing(world, clearing)
    held.refresh_from_db()
    wrong.refresh_from_db()
    assert (held.state, held.kind, wrong.reversed_by) == ("held", "unknown", clearing)
    assert (balance("own_received") - before, balance("own_held")) == (D("300.00"), D("-300.00"))
    assert sorted(Uncollected.objects.values_list("reference", flat=True)) == ["P1", "TB-10", "TB-20", "TB-30"]
    assert broken() == []
    approved_clearing(world, clearing_of(world, HeldPayment.objects.filter(pk=held.pk), "match", number=right.number))
    assert list(Arrival.objects.order_by("pk").values_list("purchase__reference", "reversed_by")) == [
        ("TB-10", clearing.pk), ("TB-20", None),
    ]
    assert (balance("own_received") - before, balance("own_held")) == (D("0.00"), D("0.00"))
    assert broken() == []


def test_a_line_that_agreed_by_mistake_is_held_for_the_first_time_and_its_payment_can_be_given_up(kept_world: Any) -> None:
    _market, world = kept_world
    before = balance("own_received")
    taken_in(world, [line("OTHERS", application="TB-10"), line("ZF-2")], channel=Channel.ACCOUNT)
    arrival = Arrival.objects.get(purchase__reference="TB-10")
    approved_clearing(world, clearing_of(world, Arrival.objects.filter(pk=arrival.pk), "unmatch"))
    held = HeldPayment.objects.get()
    assert (held.kind, held.state, held.row, held.enrollment) == ("reversed", "held", arrival.row, None)
    assert balance("own_received") - before == D("300.00")
    assert broken() == []
    given_up(world, "TB-10")
    assert balance("own_received") - before == D("0.00")
    approved_clearing(world, clearing_of(world, HeldPayment.objects.all(), "return"))
    assert broken() == []


def test_the_database_keeps_what_was_reversed_and_refuses_a_second_end(kept_world: Any) -> None:
    _market, world = kept_world
    mistaken(world)
    approved_clearing(world, clearing_of(world, Arrival.objects.all(), "unmatch"))
    arrival, other = Arrival.objects.get(), Clearing.objects.order_by("pk")[0]
    given_up(world, "TB-20")
    line_of_it = ClearingLine.objects.get(purchase__isnull=False)
    facts = {"clearing": other, "number": 9, "amount": D("300.00"), "enrollment": line_of_it.enrollment}
    for wrong in (
        lambda: Arrival.objects.filter(pk=arrival.pk).update(reversed_by=None), arrival.delete,
        lambda: Arrival.objects.filter(pk=arrival.pk).update(reversed_by=other),
        lambda: ClearingLine.objects.create(**facts, purchase=line_of_it.purchase),
        lambda: ClearingLine.objects.create(**facts, arrival=arrival),
        lambda: ClearingLine.objects.create(**facts, purchase=line_of_it.purchase, arrival=arrival, outcome="left", why="x"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            wrong()


def asked_slowly(period: Any, user: Any) -> list[tuple[int, Decimal]]:
    """Arrived, open, given up: every purchase of the period looked at."""
    sums: dict[str, Any] = {"number": Count("pk"), "amount": Sum("amount", default=D("0.00"))}
    arrived = Arrival.objects.standing().visible_to(user, VIEW).filter(purchase__period=period).aggregate(**sums)
    ended = ClearingLine.objects.visible_to(user, VIEW).filter(purchase__period=period, outcome="done").aggregate(**sums)
    sums["amount"] = Sum("own_share", default=D("0.00"))
    waiting = Uncollected.objects.visible_to(user, VIEW).filter(period=period).aggregate(**sums)
    return [(each["number"], each["amount"]) for each in (arrived, waiting, ended) if each["number"]]


def test_kept_counts_say_what_the_slow_question_says_after_every_step_and_when_they_are_settled(kept_world: Any) -> None:
    market, world = kept_world

    def counted(user: Any) -> list[tuple[int, Decimal]]:
        return [(line.number, line.amount) for line in _bought(market.period, user)]

    def agree(expected: list[tuple[int, str]]) -> None:
        wanted = [(number, D(amount)) for number, amount in expected]
        for user in (world.finance_maker, world.auditor, world.clerk):
            assert counted(user) == asked_slowly(market.period, user) == wanted
        # Nobody of another office counts any of it.
        assert counted(world.foundation_maker) == asked_slowly(market.period, world.foundation_maker) == []

    agree([(4, "1050.00")])
    mistaken(world)
    agree([(1, "300.00"), (3, "750.00")])
    taken_in(world, [line("ZF-2")], channel=Channel.ACCOUNT, reference="DZ-2")
    agree([(2, "600.00"), (2, "450.00")])
    approved_clearing(world, clearing_of(world, Arrival.objects.filter(clearing__isnull=False), "unmatch"))
    agree([(1, "300.00"), (3, "750.00")])
    given_up(world, "TB-30")
    agree([(1, "300.00"), (2, "450.00"), (1, "300.00")])
    before = PurchaseStanding.objects.count()
    settle()
    assert (before, PurchaseStanding.objects.count()) == (8, 3)
    agree([(1, "300.00"), (2, "450.00"), (1, "300.00")])
    family(market, 70, payment="ZF-7")
    agree([(1, "300.00"), (3, "750.00"), (1, "300.00")])
    assert broken() == []


A, L, E, P = "gates_arrival", "gates_clearingline", "beneficiaries_enrollment", "beneficiaries_purchase"
C = "beneficiaries_purchasestanding"


@pytest.mark.parametrize(
    ("name", "table", "statement"),
    [
        ("payment_given_up_left_nothing", E, f"UPDATE {E} SET own_paid_at = now() WHERE state = 'voided'"),
        ("payment_given_up_left_nothing", L, f"UPDATE {L} SET amount = amount + 1 WHERE purchase_id IS NOT NULL"),
        ("payment_given_up_left_nothing", "programs_ledgerentry", "DELETE FROM programs_ledgerentry WHERE transaction_id IN ("
         "SELECT id FROM programs_ledgertransaction WHERE kind = 'unpaid')"),
        ("purchases_are_counted", C, f"UPDATE {C} SET purchases = purchases + 1 WHERE stage = 'taken'"),
        ("purchases_are_counted", C, f"UPDATE {C} SET amount = amount + 0.01 WHERE stage = 'arrived'"),
        ("purchases_are_counted", C, f"DELETE FROM {C} WHERE stage = 'given_up'"),
        ("clearing_line_has_its_end", A, f"UPDATE {A} SET reversed_by_id = NULL"),
        ("clearing_line_has_its_end", L, f"UPDATE {L} SET outcome = 'left', why = 'x' WHERE arrival_id IS NOT NULL"),
        ("clearing_approved_by_another", L,
         f"UPDATE {L} SET purchase_id = (SELECT min(id) FROM {P}) WHERE purchase_id IS NOT NULL"),
    ],
)
def test_a_planted_violation_is_found(kept_world: Any, name: str, table: str, statement: str) -> None:
    _market, world = kept_world
    mistaken(world)
    approved_clearing(world, clearing_of(world, Arrival.objects.all(), "unmatch"))
    given_up(world, "TB-30")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
    assert name in [invariant.name for invariant in INVARIANTS if check(invariant).rows]


def test_buttons_and_pages_say_it(kept_world: Any, settings: Any) -> None:
    _market, world = kept_world
    settings.SECOND_FACTOR_REQUIRED = False
    client = Client()

    def by(user: Any) -> Client:
        client.force_login(user, backend="accounts.backends.RoleBackend")
        return client

    held, _right, wrong = mistaken(world)
    page = by(world.finance_maker).get(reverse("admin:gates_heldpayment_change", args=[held.pk])).content.decode()
    assert "撤销对应" in page
    answer = client.post(reverse("admin:gates_heldpayment_unmatch", args=[held.pk]), {"reason": "是另一户的缴费"})
    unmatch = Clearing.objects.get(kind="unmatch")
    assert answer.headers["Location"] == reverse("admin:gates_clearing_change", args=[unmatch.pk])
    waiting = Uncollected.objects.get(reference="TB-30")
    page = client.get(reverse("admin:gates_uncollected_change", args=[waiting.pk])).content.decode()
    assert "确认未到账" in page
    client.post(reverse("admin:gates_uncollected_give_up", args=[waiting.pk]), {"reason": "银行无此笔"})
    lost = Clearing.objects.get(kind="unpaid")
    page = client.get(reverse("admin:gates_clearing_change", args=[lost.pk])).content.decode()
    assert "登记的缴费" in page and "ZF-3（投保单 TB-30）" in page
    narrowed = {"organization__id__exact": world.office.pk}
    listed = client.get(reverse("admin:gates_uncollected_give_up_all"), narrowed).content.decode()
    assert "批量确认未到账" in listed
    for clearing in (unmatch, lost):
        page = by(world.finance_checker).get(reverse("admin:gates_clearing_approve", args=[clearing.pk])).content.decode()
        assert "误对应到投保单" in page or "保障自始撤销" in page
        client.post(reverse("admin:gates_clearing_approve", args=[clearing.pk]), {"digest": clearing.digest})
        clearing.refresh_from_db()
        assert clearing.state == "done"
    cover = Enrollment.objects.filter(purchase=waiting.pk)[0]
    for each, words in (
        (cover, f"缴费未到账：由处理单 {lost.pk} 确认，银行无此笔"),
        (wrong, f"对账单 DZ-1 的一行曾误对应到此，已由处理单 {unmatch.pk} 冲正"),
    ):
        shown = by(world.auditor).get(reverse("admin:beneficiaries_enrollment_change", args=[each.pk])).content.decode()
        assert words in shown

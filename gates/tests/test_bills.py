"""Employers' bills: drawn up with the roster, paid whole by one transfer that two people record, whoever left taken off."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries import tasks
from beneficiaries.actions import (
    Gate,
    approve_change,
    approve_undo,
    pass_gate,
    propose_refund,
    queue_lapses,
    request_undo,
    void_waiting,
)
from beneficiaries.models import Employer, Enrollment, Roster
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import CODES, World, applied, employer_of, make_world, people
from beneficiaries.tests.test_lapses import balances
from gates import actions
from gates.actions import payments
from gates.bills import bill_id_of, owed_of
from gates.errors import GatesRefused
from gates.invariants import INVARIANTS
from gates.models import BillPayment, EmployerBill, HeldPayment, OwnPayment, Unpaid
from gates.testing import approved_clearing, checked_statement, clearing_of, line_of, moment, paid, taken_in
from jobs.testing import drain
from portal.verify import check, check_all
from programs.models import LedgerTransaction
from subsidies.testing import differences

pytestmark = pytest.mark.django_db
D = Decimal
LIST = "admin:gates_employerbill_changelist"


def made() -> tuple[World, Roster, EmployerBill]:
    """An employer's roster of three: two at 99.00 of which 40.00 are theirs, one at 50.00 of which all; beside one of others."""
    world = make_world(requires_own_payment=True, own=D("40.00"), prices=(("50.00", None, None, "tekun"),), refund_days=15)
    roster = applied(
        world, [*people(2), *people(1, first=10, categories="特困人员")], employer=employer_of(world)
    )
    applied(world, people(1, first=20))
    return world, roster, EmployerBill.objects.with_due().get()


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def recorded(world: World, bill: EmployerBill, **changes: Any) -> BillPayment:
    values: dict[str, Any] = {
        "reference": "DG-1", "paid_on": timezone.localdate(), "amount": D("120.00"), "by": world.finance_maker,
        "at": timezone.now(), **changes,
    }
    return actions.record_bill_payment(bill, **values)


def confirmed(world: World, payment: BillPayment, **changes: Any) -> BillPayment:
    return actions.confirm_bill_payment(payment, **{"by": world.finance_checker, "at": timezone.now(), **changes})


def refusal(function: Any, *args: Any, **given: Any) -> str:
    with pytest.raises(GatesRefused) as refused:
        function(*args, **given)
    return refused.value.code


def anew(bill: EmployerBill) -> Any:
    return EmployerBill.objects.with_due().get(pk=bill.pk)


def test_an_applied_roster_of_an_employer_has_its_bill_and_others_have_none(kept_world: Any) -> None:
    world, roster, bill = kept_world
    assert (bill.roster, bill.employer.name, bill.people, bill.amount) == (roster, "示例制造有限公司", 3, D("120.00"))
    assert (bill.due_people, bill.due, bill.was_paid, bill.waits) == (3, D("120.00"), False, False)
    event = Event.objects.get(verb="bill.drawn_up")
    assert (event.subject_id, event.data, event.organization_path) == (
        str(bill.pk), {"people": 3, "amount": "120.00"}, world.office.path
    )
    assert bill.number.startswith(f"HY-{world.period.code}-Q{bill.pk:08d}")
    assert broken() == []


def test_a_bills_number_is_found_in_what_a_bank_writes(kept_world: Any) -> None:
    _world, _roster, bill = kept_world
    number = bill.number
    for text in (number, number.lower(), f"保费 {number} 示例制造", number.split("-")[-1], f"付{number.replace('-', ' ')}款"):
        assert bill_id_of(text) == bill.pk, text
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert [bill_id_of(text) for text in (wrong, "", "示例制造", number + "7", "Q123")] == [None] * 5


def test_one_transfer_recorded_and_confirmed_by_two_pays_for_everybody_to_the_fen(kept_world: Any) -> None:
    world, roster, bill = kept_world
    before = balances()
    payment = recorded(world, bill)
    assert set(roster.enrollments.values_list("state", "own_paid_at")) == {("awaiting", None)}
    assert anew(bill).waits
    at = timezone.now()
    done = confirmed(world, payment, at=at)
    own = done.payment
    assert own is not None
    assert (own.people, own.amount, own.reference, own.state, own.sponsor) == (3, D("120.00"), "DG-1", "recorded", None)
    assert (own.made_by, done.decided_by, own.lines.count()) == (world.finance_maker, world.finance_checker, 3)
    assert set(roster.enrollments.values_list("state", "own_paid_at")) == {("in_force", at)}
    now = balances()
    assert (now["own_received"], now["person_receivable"] - before["person_receivable"]) == (D("120.00"), D("-120.00"))
    booked = LedgerTransaction.objects.get(kind="receipt")
    assert (booked.source_type, booked.source_id) == ("gates.ownpayment", own.pk)
    bill = anew(bill)
    assert (bill.due_people, bill.due, bill.was_paid) == (0, 0, True)
    verbs = list(Event.objects.filter(subject_type="gates.employerbill").order_by("pk").values_list("verb", "actor_id"))
    assert verbs == [
        ("bill.drawn_up", None), ("bill.payment_recorded", world.finance_maker.pk),
        ("bill.payment_confirmed", world.finance_checker.pk),
    ]
    assert refusal(recorded, world, bill, reference="DG-2") == "BILL_NOT_DUE"
    assert Unpaid.objects.count() == 1
    assert broken() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": D("119.99")}, "BILL_AMOUNT"), ({"amount": D("160.00")}, "BILL_AMOUNT"), ({"reference": " "}, "REFERENCE"),
        ({"reference": "441602196203151219"}, "REFERENCE"), ({"paid_on": timezone.localdate() + timedelta(days=1)}, "PAID_LATER"),
        ({"at": timezone.now() + timedelta(days=900)}, "ENROLLMENT_CLOSED"),
    ],
)
def test_what_does_not_fit_is_refused_and_nobody_has_paid(kept_world: Any, changes: Any, code: str) -> None:
    world, _roster, bill = kept_world
    assert refusal(recorded, world, bill, **changes) == code
    assert (BillPayment.objects.count(), Enrollment.objects.exclude(own_paid_at=None).count()) == (0, 0)


def test_another_amount_is_refused_with_what_is_due(kept_world: Any) -> None:
    world, _roster, bill = kept_world
    with pytest.raises(GatesRefused) as refused:
        recorded(world, bill, amount=D("100.00"))
    assert refused.value.facts == {"paid": D("100.00"), "due": D("120.00"), "people": 3}
    assert "120.00" in str(refused.value)


def test_a_payment_is_confirmed_by_another_and_once(kept_world: Any) -> None:
    world, _roster, bill = kept_world
    payment = recorded(world, bill)
    assert refusal(recorded, world, bill, reference="DG-2") == "BILL_PAYMENT_WAITS"
    assert refusal(confirmed, world, payment, by=world.finance_maker) == "OUT_OF_SCOPE"
    confirmed(world, payment)
    assert refusal(confirmed, world, payment) == "BILL_PAYMENT_DECIDED"
    with pytest.raises(DatabaseError), transaction.atomic():
        BillPayment.objects.filter(pk=payment.pk).update(answer="改")
    with pytest.raises(DatabaseError), transaction.atomic():
        EmployerBill.objects.filter(pk=bill.pk).update(people=2)


def test_a_declined_payment_leaves_the_bill_to_be_paid_and_frees_its_reference(kept_world: Any) -> None:
    world, _roster, bill = kept_world
    payment = recorded(world, bill)
    declined = actions.decline_bill_payment(payment, reason="银行无此笔", by=world.finance_checker, at=timezone.now())
    assert (declined.state, declined.answer, anew(bill).due) == ("declined", "银行无此笔", D("120.00"))
    mine = recorded(world, bill)
    actions.decline_bill_payment(mine, reason="日期写错", by=world.finance_maker, at=timezone.now())
    confirmed(world, recorded(world, bill))
    assert broken() == []


def test_a_reference_stands_once(kept_world: Any) -> None:
    world, _roster, bill = kept_world
    paid(world, Enrollment.objects.exclude(roster=bill.roster), amount=D("40.00"), reference="DG-1")
    assert refusal(recorded, world, bill) == "REFERENCE_TAKEN"


def test_whoever_left_before_the_payment_is_taken_off_the_bill(kept_world: Any) -> None:
    world, roster, bill = kept_world
    dearest = roster.enrollments.order_by("own_share")[0]
    payment = recorded(world, bill)
    void_waiting(Enrollment.objects.filter(pk=dearest.pk), by=world.clerk, at=timezone.now())
    assert (anew(bill).due_people, anew(bill).due) == (2, D("80.00"))
    with pytest.raises(GatesRefused) as refused:
        confirmed(world, payment)
    assert (refused.value.code, refused.value.facts["due"]) == ("BILL_AMOUNT", D("80.00"))
    actions.decline_bill_payment(payment, reason="应缴已变", by=world.finance_checker, at=timezone.now())
    done = confirmed(world, recorded(world, bill, amount=D("80.00")))
    assert (done.people, set(roster.enrollments.values_list("state", flat=True))) == (2, {"voided", "in_force"})
    assert broken() == []


def test_an_undone_roster_owes_nothing(kept_world: Any) -> None:
    world, roster, bill = kept_world
    request_undo(roster, reason="名单有误", by=world.clerk, at=timezone.now())
    approve_undo(Roster.objects.get(pk=roster.pk), by=world.reviewer, at=timezone.now())
    assert refusal(recorded, world, bill) == "BILL_NOT_DUE"
    drain()
    assert (anew(bill).due_people, list(EmployerBill.objects.gone())) == (0, [bill])
    assert broken() == []


def test_an_unpaid_bill_lapses_with_the_close_of_enrollment(kept_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world, roster, bill = kept_world
    recorded(world, bill)
    at = moment(world.period.enrollment_closes_on)
    assert refusal(confirmed, world, BillPayment.objects.get(), at=at) == "ENROLLMENT_CLOSED"
    monkeypatch.setattr(tasks, "timezone", SimpleNamespace(now=lambda: at))
    queue_lapses(at=at)
    drain()
    assert set(roster.enrollments.values_list("state", flat=True)) == {"lapsed"}
    assert (anew(bill).due, list(EmployerBill.objects.unpaid())) == (0, [])


def test_nobody_else_pays_for_an_employers_people(kept_world: Any) -> None:
    """Not a list of whom somebody has paid for, not a step of the roster, not a line of a statement."""
    world, roster, _bill = kept_world
    with pytest.raises(GatesRefused) as refused:
        paid(world, Enrollment.objects.all(), amount=D("160.00"))
    assert refused.value.facts == {"paid": D("160.00"), "due": D("40.00")}
    cover = roster.enrollments.select_related("person", "program", "period").order_by("pk")[0]
    checked = checked_statement(world, [line_of(cover)])
    assert checked.counts["codes"] == {"EMPLOYER_PAYS": 1}
    taken_in(world, [line_of(cover, serial="S-2")], reference="DZ-2")
    held = HeldPayment.objects.get()
    assert (held.kind, held.amount, cover.own_paid_at) == ("billed", D("40.00"), None)
    assert refusal(clearing_of, world, HeldPayment.objects.all(), "assign") == "NO_FIT"
    assert broken() == []


#: Another city.
OTHER: dict[str, Any] = {"code": "YJ", "regions": ("4417", "441702", "441702")}


def test_a_bill_waits_for_the_public_notice_of_all_its_people(kept_world: Any) -> None:
    world = make_world(requires_own_payment=True, requires_notice=True, notice_days=0, **OTHER)
    roster = applied(world, people(2, county="441702"), employer=employer_of(world))
    bill = EmployerBill.objects.get(roster=roster)
    assert refusal(recorded, world, bill, amount=D("0.02")) == "BILL_NOTICE_FIRST"
    pass_gate(roster, gate=Gate.NOTICE, by=world.clerk, at=timezone.now())
    assert confirmed(world, recorded(world, bill, amount=D("0.02"))).people == 2


def test_a_wrong_payment_is_reversed_whole_and_the_bill_is_due_again(kept_world: Any) -> None:
    world, roster, bill = kept_world
    own = confirmed(world, recorded(world, bill)).payment
    number = roster.enrollments.select_related("program", "period").order_by("pk")[0].number
    assert refusal(clearing_of, world, own, "reverse", numbers=[number]) == "BILL_WHOLE"
    approved_clearing(world, clearing_of(world, own, "reverse"))
    assert OwnPayment.objects.get().state == "reversed"
    bill = anew(bill)
    assert (bill.due_people, bill.due, bill.was_paid) == (3, D("120.00"), False)
    confirmed(world, recorded(world, bill))
    assert broken() == []


def test_many_people_are_paid_for_by_a_job(kept_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world, roster, bill = kept_world
    monkeypatch.setattr(payments, "AT_ONCE", 2)
    done = confirmed(world, recorded(world, bill))
    assert done.payment is not None
    assert done.payment.state == "recording"
    assert owed_of(bill).people == 0
    drain()
    done.payment.refresh_from_db()
    assert (done.payment.state, set(roster.enrollments.values_list("state", flat=True))) == ("recorded", {"in_force"})
    assert broken() == []


def test_what_an_employer_paid_goes_back_to_the_employer(kept_world: Any) -> None:
    world, roster, bill = kept_world
    confirmed(world, recorded(world, bill))
    cover = roster.enrollments.order_by("pk")[0]
    change = propose_refund(cover, reason="职工要求退保", by=world.clerk, at=timezone.now())
    page = reverse("admin:beneficiaries_personchange_change", args=[change.pk])
    shown = signed_in(world.reviewer).get(page).content.decode()
    assert "退给用人单位" in shown
    assert "示例制造有限公司" in shown
    approve_change(change, shown=digest_of(change), by=world.reviewer, at=timezone.now())
    event = Event.objects.get(verb="person.refunded_to_employer")
    assert event.data["own_share"] == "40.00"
    found = differences(world)
    assert (found.own_amount, found.refund_amount) == (D("40.00"), D("40.00"))
    shown = signed_in(world.finance_maker).get(reverse("admin:subsidies_differences_change", args=[found.pk]))
    assert [(payer, amount) for payer, _reason, _covers, amount in shown.context["sums"] if payer == "示例制造有限公司"] == [
        ("示例制造有限公司", D("40.00"))
    ]
    refund = signed_in(world.finance_maker).get(reverse("admin:subsidies_differences_refund", args=[found.pk]))
    assert ("其中退给示例制造有限公司", "40.00") in refund.context["facts"]
    assert anew(bill).was_paid
    assert broken() == []


def test_a_finance_clerk_records_and_a_checker_confirms_on_the_bills_page(kept_world: Any) -> None:
    world, roster, bill = kept_world
    maker, checker = signed_in(world.finance_maker), signed_in(world.finance_checker)
    page = reverse("admin:gates_employerbill_change", args=[bill.pk])
    shown = maker.get(page).content.decode()
    for said in (bill.number, "示例制造有限公司", CODES[0], "120.00", "40.00"):
        assert said in shown, said
    pay = reverse("admin:gates_employerbill_pay", args=[bill.pk])
    wrong = maker.post(pay, {"reference": "DG-1", "paid_on": str(timezone.localdate()), "amount": "100"})
    assert (wrong.status_code, "120.00" in wrong.content.decode()) == (409, True)
    maker.post(pay, {"reference": "DG-1", "paid_on": str(timezone.localdate()), "amount": "120.00"})
    confirm = reverse("admin:gates_employerbill_confirm", args=[bill.pk])
    assert confirm not in maker.get(page).content.decode()
    assert "DG-1" in checker.get(confirm).content.decode()
    checker.post(confirm)
    assert OwnPayment.objects.get().people == 3
    cover = roster.enrollments.order_by("pk")[0]
    own = signed_in(world.clerk).get(reverse("admin:beneficiaries_enrollment_change", args=[cover.pk])).content.decode()
    for said in ("示例制造有限公司", bill.number, "DG-1"):
        assert said in own, said
    payments = maker.get(reverse("admin:gates_ownpayment_changelist")).content.decode()
    assert "示例制造有限公司" in payments
    # Who only records employers' rosters pays nothing.
    assert signed_in(world.clerk).post(pay, {}).status_code == 403


def test_the_list_tells_unpaid_from_paid_and_finds_a_bill_by_its_number(kept_world: Any) -> None:
    world, _roster, bill = kept_world
    second = applied(world, people(1, first=40), employer=employer_of(world, uscc=CODES[1], name="示例电子厂"))
    other = EmployerBill.objects.get(roster=second)
    confirmed(world, recorded(world, bill))
    client = signed_in(world.finance_maker)

    def listed(**asked: str) -> list[int]:
        answer = client.get(reverse(LIST), asked)
        return [each.pk for each in answer.context["cl"].result_list]

    assert (listed(), listed(standing="unpaid"), listed(standing="paid"), listed(standing="gone")) == (
        [other.pk, bill.pk], [other.pk], [bill.pk], []
    )
    assert (listed(q=bill.number), listed(q="示例电子厂"), listed(q=CODES[1])) == ([bill.pk], [other.pk], [other.pk])
    home = client.get(reverse("admin:index"))
    assert {card.queue.key: card.count for card in home.context["queues"]}["gates.bills_unpaid"] == 1


def test_a_printed_bill_says_what_is_due_and_names_nobody(kept_world: Any) -> None:
    world, roster, bill = kept_world
    dearest = roster.enrollments.order_by("own_share")[0]
    void_waiting(Enrollment.objects.filter(pk=dearest.pk), by=world.clerk, at=timezone.now())
    client = signed_in(world.finance_maker)
    page = reverse("admin:gates_employerbill_print", args=[bill.pk])
    letter = client.post(page, {"account": "源城区民政局\n中国农业银行 1234"}).content.decode()
    for said in ("示例制造有限公司", CODES[0], bill.number, "捌拾元整", "80.00", "中国农业银行"):
        assert said in letter, said
    for person in roster.enrollments.select_related("person"):
        assert person.person.name.reveal() not in letter
    event = Event.objects.get(verb="bill.printed")
    assert event.data == {"people": 2, "amount": "80.00"}


B, P, R = "gates_employerbill", "gates_billpayment", "beneficiaries_roster"
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "bill_is_of_its_roster": [
        ((B,), [f"UPDATE {B} SET people = people + 1"]), ((B,), [f"UPDATE {B} SET amount = amount + 0.01"]),
        ((B, P), [f"DELETE FROM {P}", f"DELETE FROM {B}"]),
    ],
    "bill_is_paid_by_two": [
        ((P,), [
            f"ALTER TABLE {P} DROP CONSTRAINT bill_payment_confirmed_by_another", f"UPDATE {P} SET decided_by_id = recorded_by_id",
        ]),
        ((P,), [f"UPDATE {P} SET amount = amount + 0.01"]), ((P,), [f"DELETE FROM {P}"]),
    ],
    "every_bill_has_its_events": [
        (("audit_event",), [f"DELETE FROM audit_event WHERE verb = 'bill.{verb}'"])
        for verb in ("drawn_up", "payment_recorded", "payment_confirmed")
    ],
}


@pytest.mark.parametrize(
    ("name", "tables", "statements"),
    [(name, *planted) for name, all_planted in VIOLATIONS.items() for planted in all_planted],
)
def test_a_planted_violation_is_found(kept_world: Any, name: str, tables: tuple[str, ...], statements: list[str]) -> None:
    world, _roster, bill = kept_world
    confirmed(world, recorded(world, bill))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
    assert name in [invariant.name for invariant in INVARIANTS if check(invariant).rows]


def test_an_office_sees_no_bill_of_another(kept_world: Any) -> None:
    world, _roster, bill = kept_world
    assert list(EmployerBill.objects.visible_to(world.finance_maker, "gates.view_employerbill")) == [bill]
    assert Employer.objects.visible_to(world.clerk, "beneficiaries.view_employer").count() == 1
    foreign = make_world(**OTHER)
    assert not EmployerBill.objects.visible_to(foreign.finance_maker, "gates.view_employerbill").exists()
    assert refusal(recorded, world, bill, by=foreign.finance_maker) == "OUT_OF_SCOPE"

"""Employers' bills in a channel's statement: paid by a line that names them, shown to have arrived, or held with the reason."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import approve_change, propose_refund, void_waiting
from beneficiaries.models import Enrollment, Roster
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import CODES, World, applied, employer_of, make_world, people
from beneficiaries.tests.test_lapses import balances
from gates.errors import GatesRefused
from gates.invariants import INVARIANTS
from gates.models import BillPayment, EmployerBill, HeldPayment, OwnPayment, Refund, StatementRow
from gates.testing import approved_statement, checked_statement, clearing_of, line_of, taken_in
from gates.tests.test_bills import anew, broken, confirmed, recorded
from gates.tests.test_refund_statements import HEADINGS as REFUND_HEADINGS
from jobs.testing import drain
from portal.verify import check

pytestmark = pytest.mark.django_db
D = Decimal


def made() -> tuple[World, EmployerBill, EmployerBill, Enrollment]:
    """An employer's bill of three people, 120.00 yuan; another one of one person, 40.00; somebody who pays for themself, 40.00."""
    world = make_world(requires_own_payment=True, own=D("40.00"), refund_days=15)
    first = applied(world, people(3), employer=employer_of(world))
    second = applied(world, people(1, first=20), employer=employer_of(world, uscc=CODES[1], name="示例电子厂"))
    own = applied(world, people(1, first=40)).enrollments.select_related("person", "program", "period").get()
    return world, _bill(first), _bill(second), own


def _bill(roster: Roster) -> EmployerBill:
    return EmployerBill.objects.select_related("program", "period", "roster").get(roster=roster)  # type: ignore[no-any-return]


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def bill_line(bill: EmployerBill, **cells: str) -> dict[str, str]:
    """A transfer whose remark names the bill, as a bank gives it."""
    return {
        "remark": f"团体投保 {bill.number}", "amount": str(bill.amount), "paid_on": str(timezone.localdate()),
        "serial": f"B{bill.pk}", **cells,
    }


def told(statement: Any) -> list[tuple[int, list[str]]]:
    return list(StatementRow.objects.filter(statement=statement).order_by("pk").values_list("verdict", "codes"))


def test_a_line_that_names_a_bill_pays_it_whole_beside_lines_of_persons(kept_world: Any) -> None:
    world, bill, other, own = kept_world
    before = balances()
    statement = taken_in(world, [bill_line(bill), line_of(own), bill_line(other, remark="", application=other.number)])
    assert told(statement) == [(3, []), (1, []), (3, [])]
    assert (anew(bill).due, anew(bill).was_paid, anew(other).was_paid) == (0, True, True)
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"in_force"}
    payment = BillPayment.objects.get(bill=bill)
    assert (payment.state, payment.reference, payment.amount, payment.recorded_by, payment.decided_by) == (
        "confirmed", f"B{bill.pk}", D("120.00"), world.finance_maker, world.finance_checker
    )
    assert payment.row is not None
    assert (payment.statement, payment.row.line, payment.payment.lines.count()) == (statement, 2, 3)
    now = balances()
    assert (now["own_received"], now["person_receivable"] - before["person_receivable"]) == (D("200.00"), D("-200.00"))
    assert Event.objects.get(verb="bill.paid_by_statement", subject_id=str(bill.pk)).data == {
        "people": 3, "amount": "120.00", "reference": f"B{bill.pk}"
    }
    assert Event.objects.get(verb="statement.agreed").data == {"lines": 2, "amount": "160.00"}
    assert HeldPayment.objects.count() == 0
    assert broken() == []


def test_what_two_people_recorded_is_shown_to_have_arrived_and_booked_once(kept_world: Any) -> None:
    world, bill, _other, _own = kept_world
    done = confirmed(world, recorded(world, bill))
    before = balances()
    statement = taken_in(world, [bill_line(bill)])
    done.refresh_from_db()
    assert (done.statement, BillPayment.objects.count(), OwnPayment.objects.count()) == (statement, 1, 1)
    assert balances() == before
    assert Event.objects.get(verb="bill.arrived").data == {"amount": "120.00", "reference": "DG-1"}
    with pytest.raises(GatesRefused) as refused:
        clearing_of(world, done.payment, "reverse")
    assert refused.value.code == "BILL_ARRIVED"
    assert broken() == []


@pytest.mark.parametrize(
    ("cells", "code", "kind"),
    [
        ({"amount": "119.99"}, "AMOUNT_DIFFERS", "amount"), ({"paid_on": "2000-01-01"}, "PAID_EARLY", "early"),
        ({"paid_on": "2099-01-01"}, "DATE_FUTURE", "other"),
    ],
)
def test_a_line_that_does_not_fit_is_held_with_the_reason(kept_world: Any, cells: Any, code: str, kind: str) -> None:
    world, bill, _other, _own = kept_world
    statement = taken_in(world, [bill_line(bill, **cells)])
    assert told(statement) == [(6, [code])]
    if code == "AMOUNT_DIFFERS":
        assert StatementRow.objects.get().findings[0]["extra"] == "120.00, -0.01"
    assert (HeldPayment.objects.get().kind, anew(bill).due) == (kind, D("120.00"))
    assert broken() == []


def test_a_bill_that_a_statement_has_paid_is_paid_twice_by_another_line(kept_world: Any) -> None:
    world, bill, _other, _own = kept_world
    statement = checked_statement(world, [bill_line(bill), bill_line(bill, serial="X")])
    assert told(statement) == [(3, []), (6, ["PAYER_REPEATED"])]
    approved_statement(world, statement)
    drain()
    again = taken_in(world, [bill_line(bill, serial="Y")], reference="DZ-2")
    assert told(again) == [(6, ["PAID_TWICE"])]
    assert StatementRow.objects.get(statement=again).findings[0]["extra"] == f"#{statement.pk} DZ-1"
    assert set(HeldPayment.objects.values_list("kind", flat=True)) == {"twice"}
    assert broken() == []


def test_what_changed_since_the_review_is_held(kept_world: Any) -> None:
    world, bill, other, _own = kept_world
    statement = checked_statement(world, [bill_line(bill), bill_line(other)])
    covers = Enrollment.objects.filter(roster__in=[bill.roster, other.roster]).order_by("pk")
    void_waiting(Enrollment.objects.filter(pk__in=list(covers.values_list("pk", flat=True))[2:]), by=world.clerk, at=timezone.now())
    approved_statement(world, statement)
    drain()
    rows = StatementRow.objects.filter(statement=statement).order_by("pk")
    assert list(rows.values_list("set_aside", flat=True)) == ["AMOUNT_DIFFERS", "COVER_ENDED"]
    assert sorted(HeldPayment.objects.values_list("kind", flat=True)) == ["amount", "ended"]
    assert (anew(bill).due, BillPayment.objects.count()) == (D("80.00"), 0)
    assert broken() == []


def test_a_number_that_fits_no_bill_of_the_office_and_period_is_nobodys(kept_world: Any) -> None:
    world, bill, _other, _own = kept_world
    wrong = bill.number[:-1] + str((int(bill.number[-1]) + 1) % 10)
    foreign = make_world(code="YJ", regions=("4417", "441702", "441702"), requires_own_payment=True)
    applied(foreign, people(1, county="441702"), employer=employer_of(foreign))
    theirs = EmployerBill.objects.select_related("program", "period").get(program=foreign.program)
    lines = [
        bill_line(bill, remark=wrong), bill_line(bill, remark=theirs.number, serial="Z"),
        bill_line(bill, remark="保费", serial=""),
    ]
    assert told(checked_statement(world, lines)) == [(6, ["NO_PAYER"])] * 3


def test_the_pages_of_statement_and_bill_lead_to_each_other(kept_world: Any) -> None:
    world, bill, _other, _own = kept_world
    statement = taken_in(world, [bill_line(bill)])
    client = Client()
    client.force_login(world.finance_maker, backend="accounts.backends.RoleBackend")
    page = reverse("admin:gates_statement_change", args=[statement.pk])
    shown = client.get(page).content.decode()
    assert bill.number in shown
    assert "120.00" in shown
    row = StatementRow.objects.get()
    shown = client.get(reverse("admin:gates_employerbill_change", args=[bill.pk])).content.decode()
    assert f"{page}?row={row.pk}#row-{row.pk}" in shown


def given_back(world: World, *covers: Enrollment) -> None:
    for cover in covers:
        change = propose_refund(cover, reason="职工要求退保", by=world.clerk, at=timezone.now())
        approve_change(change, shown=digest_of(change), by=world.reviewer, at=timezone.now())


def refunds(world: World, lines: list[dict[str, str]], **changes: Any) -> Any:
    """A statement of what the channel gave back."""
    given = {"paid_on": str(timezone.localdate())}
    with patch("gates.testing.STATEMENT_HEADINGS", REFUND_HEADINGS):
        return checked_statement(
            world, [{**given, **cells} for cells in lines], **{"direction": "out", "reference": "TK-1", **changes}
        )


def test_covers_of_a_bill_that_were_given_back_go_back_to_the_employer_by_one_line(kept_world: Any) -> None:
    world, bill, _other, _own = kept_world
    taken_in(world, [bill_line(bill)])
    covers = list(bill.roster.enrollments.order_by("pk"))
    given_back(world, *covers[:2])
    statement = refunds(world, [{"label": bill.number, "amount": "120.00"}, {"origin": f"B{bill.pk}", "amount": "80.00"}])
    rows = StatementRow.objects.filter(statement=statement).order_by("pk")
    assert [(row.verdict, row.codes, row.bill_id) for row in rows] == [(6, ["REFUND_AMOUNT"], None), (1, [], bill.pk)]
    approved_statement(world, statement)
    drain()
    assert sorted(Refund.objects.values_list("enrollment", "amount")) == [(cover.pk, D("40.00")) for cover in covers[:2]]
    again = refunds(world, [{"label": bill.number, "amount": "80.00"}], reference="TK-2")
    assert StatementRow.objects.get(statement=again).codes == ["NOT_GIVEN_BACK"]
    assert broken() == []


P, R = "gates_billpayment", "gates_statementrow"
VIOLATIONS: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {
    "statement_is_taken_in_whole": [((P,), [f"UPDATE {P} SET row_id = NULL, statement_id = NULL"])],
    "statement_line_has_one_outcome": [
        ((P,), [f"UPDATE {P} SET row_id = NULL, statement_id = NULL"]), ((P,), [f"UPDATE {P} SET amount = amount + 0.01"]),
    ],
    "every_fen_that_came_in_has_its_place": [((P,), [f"UPDATE {P} SET row_id = NULL, statement_id = NULL"])],
}


@pytest.mark.parametrize(
    ("name", "tables", "statements"),
    [(name, *planted) for name, all_planted in VIOLATIONS.items() for planted in all_planted],
)
def test_a_planted_violation_is_found(kept_world: Any, name: str, tables: tuple[str, ...], statements: list[str]) -> None:
    world, bill, _other, _own = kept_world
    taken_in(world, [bill_line(bill)])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
    assert name in [invariant.name for invariant in INVARIANTS if check(invariant).rows]

"""Doubtful lines of a statement: decided singly or many at once, with a reason, before a second person approves all of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import Gate, pass_gate
from beneficiaries.models import Enrollment, Roster
from beneficiaries.testing import World, applied, make_world, people
from gates import actions
from gates.actions.statements import DESK
from gates.deciding import Choice
from gates.errors import GatesRefused
from gates.models import (
    HeldPayment,
    LineDecision,
    OwnPayment,
    OwnPaymentLine,
    Statement,
    StatementDecision,
    StatementRow,
)
from gates.testing import approved_statement, checked_statement, line_of, paid
from intake.errors import IntakeRefused
from jobs.testing import drain
from portal.verify import check_all

pytestmark = pytest.mark.django_db
D = Decimal
NEW, DOUBTFUL, REFUSED = 1, 5, 6


def made() -> tuple[World, Roster, Statement]:
    """Four people; a statement under review: one line matched, three under another name than the number's person has."""
    world = make_world(requires_notice=True, notice_days=0, requires_own_payment=True)
    roster = applied(world, people(4))
    pass_gate(roster, gate=Gate.NOTICE, by=world.clerk, at=timezone.now())
    one, two, three, four = covers_of(roster)
    lines = [line_of(one), line_of(two, name="赵六"), line_of(three, name="赵六", amount="2.00"), line_of(four, name="赵六")]
    return world, roster, checked_statement(world, lines)


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def covers_of(roster: Roster) -> list[Enrollment]:
    return list(roster.enrollments.select_related("person", "program", "period").order_by("pk"))


def rows_of(statement: Statement) -> list[StatementRow]:
    return list(StatementRow.objects.filter(statement=statement).order_by("pk"))


def verdicts(statement: Statement) -> list[int]:
    return [row.verdict for row in rows_of(statement)]


def decide(world: World, statement: Statement, kind: LineDecision, *rows: StatementRow, **changes: Any) -> Any:
    values: dict[str, Any] = {"reason": "电话核实为家属代缴", "by": world.finance_maker, "at": timezone.now(), **changes}
    choice = values.pop("choice", Choice(rows=tuple(row.pk for row in rows)))
    return actions.decide_lines(Statement.objects.get(pk=statement.pk), choice=choice, kind=kind, **values)


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def test_an_accepted_line_pays_its_cover_once_a_second_person_approves_and_says_why(kept_world: Any) -> None:
    world, roster, statement = kept_world
    before = statement.digest
    two = rows_of(statement)[1]
    done = decide(world, statement, LineDecision.ACCEPT, two)
    assert (done.left, done.decision.rows, verdicts(statement)) == (0, 1, [NEW, NEW, DOUBTFUL, DOUBTFUL])
    statement.refresh_from_db()
    assert statement.digest != before
    assert statement.money == {"rows": 2, "amount": "0.02", "held_rows": 2, "held": "2.01"}
    assert (statement.counts["verdicts"], statement.counts["codes"]["DECIDED_ACCEPTED"]) == ({"1": 2, "5": 2}, 1)
    two.refresh_from_db()
    assert two.findings[-1] == {
        "column": "", "code": "DECIDED_ACCEPTED", "severity": "repaired", "value_masked": None, "extra": "电话核实为家属代缴",
        "decision": done.decision.pk,
    }
    event = Event.objects.get(verb="statement.decided")
    assert (event.data["rows"], event.data["kind"], event.data["digest"]) == (1, "accept", statement.digest[:12])
    approved_statement(world, statement)
    drain()
    cover = covers_of(roster)[1]
    assert cover.state == "in_force"
    assert OwnPaymentLine.objects.get(enrollment=cover).row_id == two.pk
    assert sorted(HeldPayment.objects.values_list("kind", flat=True)) == ["doubtful", "doubtful"]
    assert broken() == []


def test_all_in_doubt_are_decided_at_once_and_what_would_not_pay_its_cover_stays(kept_world: Any) -> None:
    world, _roster, statement = kept_world
    done = decide(world, statement, LineDecision.ACCEPT, choice=Choice(code="NAME_DIFFERS"))
    # The third came with another amount than its cover owes.
    assert (done.decision.rows, done.left, verdicts(statement)) == (2, 1, [NEW, NEW, DOUBTFUL, NEW])
    assert done.decision.chosen == {"code": "NAME_DIFFERS"}
    held = decide(world, statement, LineDecision.HOLD, choice=Choice())
    assert (held.decision.rows, verdicts(statement)) == (1, [NEW, NEW, REFUSED, NEW])
    approved_statement(world, Statement.objects.get(pk=statement.pk))
    drain()
    assert [(each.kind, each.amount) for each in HeldPayment.objects.all()] == [("doubtful", D("2.00"))]
    assert OwnPayment.objects.get(statement=statement).people == 3
    assert broken() == []


def test_a_decision_is_taken_back_or_replaced_until_the_statement_is_submitted(kept_world: Any) -> None:
    world, _roster, statement = kept_world
    row = rows_of(statement)[1]
    decide(world, statement, LineDecision.HOLD, row)
    decide(world, statement, LineDecision.ACCEPT, row)
    assert verdicts(statement)[1] == NEW
    decide(world, statement, LineDecision.REOPEN, row)
    row.refresh_from_db()
    assert (row.verdict, row.codes) == (DOUBTFUL, ["NAME_DIFFERS"])
    statement.refresh_from_db()
    assert "DECIDED_ACCEPTED" not in statement.counts["codes"] and statement.counts["verdicts"] == {"1": 1, "5": 3}
    DESK.submit(statement, by=world.finance_maker, at=timezone.now())
    with pytest.raises(IntakeRefused) as refused:
        decide(world, statement, LineDecision.ACCEPT, row)
    assert refused.value.code == "STATE"


def test_a_line_whose_cover_is_paid_or_that_another_line_pays_is_not_accepted(kept_world: Any) -> None:
    world, roster, statement = kept_world
    one, two, *_others = covers_of(roster)
    paid(world, roster.enrollments.filter(pk=two.pk), amount=D("0.01"))
    again = checked_statement(
        world, [line_of(one), line_of(one, name="赵六", serial="X"), line_of(two, name="赵六", serial="Y")], reference="DZ-2"
    )
    with pytest.raises(GatesRefused) as refused:
        decide(world, again, LineDecision.ACCEPT, *rows_of(again)[1:])
    assert refused.value.code == "NOTHING_TO_DECIDE"
    assert verdicts(again)[1:] == [DOUBTFUL, DOUBTFUL] and verdicts(statement)[1] == DOUBTFUL


def test_two_lines_for_one_cover_are_accepted_once(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    two = covers_of(roster)[1]
    both = checked_statement(
        world, [line_of(two, name="赵六", serial="X"), line_of(two, name="钱七", serial="Y")], reference="DZ-2"
    )
    done = decide(world, both, LineDecision.ACCEPT, choice=Choice())
    assert (done.decision.rows, done.left, verdicts(both)) == (1, 1, [NEW, DOUBTFUL])


def test_no_reason_no_decision_and_nobody_decides_beyond_their_office(kept_world: Any) -> None:
    world, _roster, statement = kept_world
    row = rows_of(statement)[1]
    with pytest.raises(IntakeRefused) as refused:
        decide(world, statement, LineDecision.ACCEPT, row, reason="  ")
    assert refused.value.code == "REASON"
    with pytest.raises(GatesRefused) as beyond:
        decide(world, statement, LineDecision.ACCEPT, row, by=world.clerk)
    assert beyond.value.code == "OUT_OF_SCOPE"
    decide(world, statement, LineDecision.HOLD, row)
    with pytest.raises(DatabaseError), transaction.atomic():
        StatementDecision.objects.update(reason="别的")


def test_its_page_offers_the_decision_for_one_line_and_for_all_and_lists_what_was_decided(kept_world: Any) -> None:
    world, _roster, statement = kept_world
    client = Client()
    client.force_login(world.finance_maker, backend="accounts.backends.RoleBackend")
    address = reverse("admin:gates_statement_decide", args=[statement.pk])
    page = reverse("admin:gates_statement_change", args=[statement.pk])
    two = rows_of(statement)[1]
    shown = client.get(page).content.decode()
    assert f'href="{address}?only={two.pk}"' in shown and f'href="{address}?code=NAME_DIFFERS"' in shown
    assert "赵六" not in client.get(f"{address}?only={two.pk}").content.decode()
    done = client.post(f"{address}?only={two.pk}", {"kind": "accept", "reason": "电话核实为家属代缴"})
    assert (done.status_code, verdicts(statement)[1]) == (302, NEW)
    shown = client.get(page).content.decode()
    assert "确认为该保障的缴费" in shown and "电话核实为家属代缴" in shown
    for user in (world.finance_checker, world.auditor, world.clerk):
        other = Client()
        other.force_login(user, backend="accounts.backends.RoleBackend")
        assert other.get(address).status_code == 403, user

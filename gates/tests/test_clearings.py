"""Held money gets its end, and a wrong payment is reversed: by two people, line by line, booked to the fen."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import Gate, pass_gate
from beneficiaries.models import Enrollment, Roster
from beneficiaries.reopening import bar_in_words
from beneficiaries.testing import World, applied, make_world, people
from beneficiaries.tests.test_lapses import balances
from gates import actions
from gates.actions import clearings
from gates.actions.clearings import spans_of
from gates.errors import GatesRefused
from gates.models import Clearing, ClearingLine, HeldPayment, OwnPayment, OwnPaymentLine, Statement
from gates.testing import approved_clearing, clearing_of, line_of, moment, paid, taken_in
from handover.testing import PASSWORD, opened, released
from jobs.models import Job
from jobs.testing import drain
from portal.verify import check_all
from programs.models import LedgerTransaction, Period
from subsidies.models import DifferenceLine, Differences

pytestmark = pytest.mark.django_db
D = Decimal


def made() -> tuple[World, Roster, Statement]:
    """Four people who have only to pay. A statement paid the first; the others' lines name another amount, person, or number."""
    world = make_world(requires_notice=True, notice_days=0, requires_own_payment=True)
    roster = applied(world, people(4))
    pass_gate(roster, gate=Gate.NOTICE, by=world.clerk, at=timezone.now())
    one, two, three, four = covers_of(roster)
    misread = four.number[:-1] + str((int(four.number[-1]) + 1) % 10)
    lines = [
        line_of(one), line_of(two, amount="5.00"), line_of(three, name="赵六"), line_of(four, number=misread),
        line_of(one, serial="again"),
    ]
    return world, roster, taken_in(world, lines)


_django_db_helper, one_world, kept_world = shared(made)


def covers_of(roster: Roster) -> list[Enrollment]:
    return list(roster.enrollments.select_related("person", "program", "period").order_by("pk"))


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def held_of(kind: str) -> Any:
    return HeldPayment.objects.filter(kind=kind)


def states() -> dict[str, list[str]]:
    """By kind where held money is."""
    found: dict[str, list[str]] = {}
    for kind, state in HeldPayment.objects.order_by("pk").values_list("kind", "state"):
        found.setdefault(kind, []).append(state)
    return found


def refusal(work: Any) -> str:
    with pytest.raises(GatesRefused) as refused, transaction.atomic():
        work()
    assert str(refused.value) and refused.value.code not in str(refused.value)
    return refused.value.code


# -- The books -----------------------------------------------------------------------------------------------------------


def test_what_is_held_is_booked_when_the_statement_is_taken_in(kept_world: Any) -> None:
    _world, _roster, statement = kept_world
    assert states() == {"amount": ["held"], "doubtful": ["held"], "unknown": ["held"], "twice": ["held"]}
    assert (balances()["own_received"], balances()["own_held"]) == (D("5.04"), D("-5.03"))
    booked = LedgerTransaction.objects.get(kind="held")
    assert (booked.source_type, booked.source_id, booked.memo, booked.remark) == ("gates.statement", statement.pk, "4", "4 笔缴费")
    assert broken() == []


def test_what_a_channel_reports_twice_came_in_once_and_is_neither_booked_nor_cleared(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    one = covers_of(roster)[0]
    taken_in(world, [line_of(one)], reference="DZ-2")
    assert states()["reported"] == ["counted"]
    assert balances()["own_held"] == D("-5.03")
    assert refusal(lambda: clearing_of(world, held_of("reported"), "return")) == "NOTHING_HELD"
    assert broken() == []


# -- Assigned ------------------------------------------------------------------------------------------------------------


def test_a_held_line_becomes_the_own_payment_of_the_cover_whose_number_is_given(kept_world: Any) -> None:
    world, roster, statement = kept_world
    four = covers_of(roster)[3]
    clearing = clearing_of(world, held_of("unknown"), "assign", number=four.number)
    assert (clearing.lines_count, clearing.amount, clearing.state, states()["unknown"]) == (1, D("0.01"), "proposed", ["listed"])
    assert (four.own_paid_at, Event.objects.filter(verb="clearing.proposed").count()) == (None, 1)
    at = timezone.now()
    approved_clearing(world, clearing, at=at)
    four.refresh_from_db()
    payment = OwnPayment.objects.get(clearing=clearing)
    assert (four.state, four.own_paid_at) == ("in_force", at)
    assert (payment.reference, payment.paid_on, payment.people, payment.amount, payment.state, payment.made_by) == (
        "DZ-1", timezone.localdate(), 1, D("0.01"), "recorded", world.finance_checker,
    )
    line = OwnPaymentLine.objects.get(enrollment=four)
    assert (line.row_id, line.payment) == (held_of("unknown").get().row_id, payment)
    assert (states()["unknown"], balances()["own_held"], balances()["own_received"]) == (["assigned"], D("-5.02"), D("5.04"))
    booked = LedgerTransaction.objects.get(kind="assign")
    assert (booked.source_type, booked.source_id, booked.memo) == ("gates.ownpayment", payment.pk, "1")
    clearing.refresh_from_db()
    assert (clearing.state, clearing.done_lines, clearing.left_lines, clearing.statement) == ("done", 1, 0, statement)
    assert broken() == []


def test_another_amount_is_refused_with_both_and_nothing_is_listed(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    two = covers_of(roster)[1]
    assert refusal(lambda: clearing_of(world, held_of("amount"), "assign", number=two.number)) == "NO_FIT"
    with pytest.raises(GatesRefused) as refused:
        clearing_of(world, held_of("amount"), "assign")
    assert "与个人应缴金额不符" in str(refused.value)
    assert (states()["amount"], Clearing.objects.count()) == (["held"], 0)


def test_a_cover_that_has_paid_lapsed_ended_or_is_not_of_the_office_takes_no_held_money(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    one, two, three, four = covers_of(roster)
    Enrollment.objects.filter(pk=two.pk).update(state="lapsed")
    Enrollment.objects.filter(pk=three.pk).update(state="voided")
    for cover, words in ((one, "已经缴清"), (two, "失效"), (three, "终止")):
        with pytest.raises(GatesRefused) as refused:
            clearing_of(world, held_of("unknown"), "assign", number=cover.number)
        assert refused.value.code == "NO_FIT" and words in str(refused.value), str(refused.value)
    wrong = four.number[:-1] + str((int(four.number[-1]) + 1) % 10)
    assert refusal(lambda: clearing_of(world, held_of("unknown"), "assign", number=wrong)) == "COVER_NUMBER"
    assert refusal(lambda: clearing_of(world, HeldPayment.objects.all(), "assign", number=four.number)) == "ONE_LINE"
    assert refusal(lambda: clearing_of(world, held_of("unknown"), "assign", number=four.number, by=world.clerk)) == "OUT_OF_SCOPE"


def test_many_lines_are_assigned_to_the_covers_that_they_name_and_the_others_stay_held(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    three = covers_of(roster)[2]
    clearing = clearing_of(world, HeldPayment.objects.all(), "assign")
    # The doubtful line names a cover that waits; another amount, the second payment and the misread number stay.
    assert (clearing.lines_count, Event.objects.get(verb="clearing.proposed").data["left"]) == (1, 3)
    approved_clearing(world, clearing)
    three.refresh_from_db()
    assert three.state == "in_force"
    assert states() == {"amount": ["held"], "doubtful": ["assigned"], "unknown": ["held"], "twice": ["held"]}
    assert broken() == []


def test_in_time_is_who_paid_before_the_close_and_cover_begins_the_day_after_the_approval(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    four = covers_of(roster)[3]
    today = timezone.localdate()
    Period.objects.filter(pk=world.period.pk).update(enrollment_closes_on=today + timedelta(days=1))
    # After the close, before the job that lets unpaid places lapse.
    later = moment(today + timedelta(days=2))
    clearing = clearing_of(world, held_of("unknown"), "assign", number=four.number, at=later)
    approved_clearing(world, clearing, at=later)
    four.refresh_from_db()
    assert four.state == "in_force" and four.own_paid_at == later
    assert four.starts_at >= moment(today + timedelta(days=3), 0)
    Period.objects.filter(pk=world.period.pk).update(enrollment_closes_on=today)
    three = covers_of(roster)[2]
    assert refusal(lambda: clearing_of(world, held_of("doubtful"), "assign", number=three.number)) == "NO_FIT"
    assert broken() == []


def test_nobody_approves_their_own_clearing_nor_another_list_than_was_shown_nor_twice(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    clearing = clearing_of(world, held_of("unknown"), "assign", number=covers_of(roster)[3].number)
    assert refusal(lambda: approved_clearing(world, clearing, by=world.finance_maker)) == "OUT_OF_SCOPE"
    with pytest.raises(DatabaseError), transaction.atomic():
        Clearing.objects.filter(pk=clearing.pk).update(
            state="approved", decided_by=world.finance_maker, decided_at=timezone.now()
        )
    assert refusal(lambda: approved_clearing(world, clearing, digest="0" * 64)) == "STALE"
    approved_clearing(world, clearing)
    assert refusal(lambda: approved_clearing(world, clearing)) == "CLEARING_STATE"
    assert OwnPayment.objects.filter(clearing=clearing).count() == 1


def test_a_line_is_on_one_list_at_a_time_and_free_again_when_that_is_dropped(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    four = covers_of(roster)[3]
    clearing = clearing_of(world, held_of("unknown"), "assign", number=four.number)
    assert refusal(lambda: clearing_of(world, held_of("unknown"), "return")) == "NOTHING_HELD"
    actions.drop_clearing(clearing, reason="凭证号抄错", by=world.finance_checker, at=timezone.now())
    clearing.refresh_from_db()
    assert (clearing.state, clearing.answer, states()["unknown"]) == ("dropped", "凭证号抄错", ["held"])
    again = clearing_of(world, held_of("unknown"), "return")
    actions.drop_clearing(again, reason="先查明是谁的", by=world.finance_maker, at=timezone.now())
    assert states()["unknown"] == ["held"]
    assert broken() == []


def test_what_does_not_fit_any_more_is_refused_at_the_approval_and_told_why(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    four = covers_of(roster)[3]
    clearing = clearing_of(world, held_of("unknown"), "assign", number=four.number)
    paid(world, roster.enrollments.filter(pk=four.pk), amount=D("0.01"), reference="YH-4")
    with pytest.raises(GatesRefused) as refused, transaction.atomic():
        approved_clearing(world, clearing)
    assert refused.value.code == "NOTHING_FITS_ANY_MORE" and "已经缴清" in str(refused.value)
    clearing.refresh_from_db()
    assert (clearing.state, states()["unknown"]) == ("proposed", ["listed"])
    assert broken() == []


# -- Given back ----------------------------------------------------------------------------------------------------------


def at_the_bank(world: World) -> Clearing:
    """A list of all four held lines, approved."""
    return approved_clearing(world, clearing_of(world, HeldPayment.objects.all(), "return"))


def test_money_goes_back_the_way_it_came_and_the_bank_says_so_line_by_line(kept_world: Any) -> None:
    world, _roster, _statement = kept_world
    clearing = at_the_bank(world)
    assert (clearing.state, clearing.lines_count, set(HeldPayment.objects.values_list("state", flat=True))) == (
        "approved", 4, {"listed"},
    )
    assert balances()["own_held"] == D("-5.03")
    today = timezone.localdate()
    done = actions.record_returned(
        clearing, numbers="1-2, 4", reference="TK-1", returned_on=today, by=world.finance_maker, at=timezone.now()
    )
    assert (done.state, done.done_lines, done.done_amount, balances()["own_held"]) == ("approved", 3, D("5.02"), D("-0.01"))
    assert set(clearing.lines.filter(outcome="done").values_list("reference", "settled_on")) == {("TK-1", today)}
    done = actions.record_not_returned(clearing, numbers="3", reason="账户已销户", by=world.finance_maker, at=timezone.now())
    assert (done.state, done.done_lines, done.left_lines) == ("done", 3, 1)
    assert clearing.lines.get(number=3).why == "账户已销户"
    assert sorted(HeldPayment.objects.values_list("state", flat=True)) == ["held", "returned", "returned", "returned"]
    assert (balances()["own_received"], balances()["own_held"]) == (D("0.02"), D("-0.01"))
    assert broken() == []


def test_what_bounces_after_it_was_given_back_is_held_again_and_can_be_given_back_anew(kept_world: Any) -> None:
    world, _roster, _statement = kept_world
    clearing = at_the_bank(world)
    actions.record_returned(
        clearing, reference="TK-1", returned_on=timezone.localdate(), by=world.finance_maker, at=timezone.now()
    )
    assert balances()["own_held"] == D("0.00")
    actions.record_not_returned(clearing, numbers="1", reason="退票:户名不符", by=world.finance_maker, at=timezone.now())
    assert balances()["own_held"] == D("-5.00")
    clearing.refresh_from_db()
    assert (clearing.state, clearing.done_lines, clearing.left_lines) == ("done", 3, 1)
    again = approved_clearing(world, clearing_of(world, HeldPayment.objects.filter(state="held"), "return"))
    actions.record_returned(
        again, reference="TK-2", returned_on=timezone.localdate(), by=world.finance_maker, at=timezone.now()
    )
    assert (balances()["own_held"], balances()["own_received"]) == (D("0.00"), D("0.01"))
    assert broken() == []


def test_lines_that_are_not_open_days_in_the_future_and_other_lists_are_refused(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    clearing = at_the_bank(world)
    today = timezone.localdate()

    def told(**changes: Any) -> Any:
        values: dict[str, Any] = {
            "reference": "TK-1", "returned_on": today, "by": world.finance_maker, "at": timezone.now(), **changes,
        }
        return lambda: actions.record_returned(values.pop("of", clearing), **values)

    assert refusal(told(numbers="5")) == "NO_SUCH_NUMBERS"
    assert refusal(told(numbers="x")) == "NUMBERS"
    assert refusal(told(returned_on=today + timedelta(days=1))) == "RETURNED_LATER"
    assert refusal(told(returned_on=today - timedelta(days=1))) == "RETURNED_BEFORE"
    assert refusal(told(reference="441602196203151219")) == "REFERENCE"
    told(numbers="1")()
    assert refusal(told(numbers="1")) == "NO_SUCH_NUMBERS"
    assert refusal(lambda: actions.record_not_returned(
        clearing, numbers=" ", reason="账户已销户", by=world.finance_maker, at=timezone.now()
    )) == "NUMBERS"
    other = clearing_of(world, paid(world, roster.enrollments.filter(pk=covers_of(roster)[3].pk), amount=D("0.01")), "reverse")
    assert refusal(told(of=other)) == "NOT_A_RETURN"


def test_the_list_for_the_bank_leaves_in_a_locked_archive_and_each_download_is_told(kept_world: Any) -> None:
    world, roster, statement = kept_world
    clearing = clearing_of(world, HeldPayment.objects.all(), "return")
    given = {"password": PASSWORD, "by": world.finance_maker, "at": timezone.now()}
    assert refusal(lambda: actions.open_returns(clearing, **given)) == "CLEARING_STATE"
    approved_clearing(world, clearing)
    assert refusal(lambda: actions.open_returns(clearing, **{**given, "password": "short"})) == "PASSWORD"
    name, content = opened(b"".join(actions.open_returns(clearing, **given)))
    assert name == f"HY-{world.period.code}-return-{clearing.pk}.csv"
    lines = content.decode("utf-8-sig").splitlines()
    two = covers_of(roster)[1]
    assert lines[0].startswith("退款序号,收款渠道,对账单号")
    assert len(lines) == 5
    assert lines[1].split(",")[:3] == [f"T{clearing.pk}-1", "银行", statement.reference]
    assert lines[1].split(",")[5:] == [
        f"S{two.pk}", str(timezone.localdate()), "5.00", two.person.name.reveal(), two.number, "金额不符",
    ]
    event = Event.objects.get(verb="clearing.downloaded")
    assert (event.actor_id, event.data) == (world.finance_maker.pk, {"lines": 4, "digest": clearing.digest[:12]})


@pytest.mark.parametrize(
    ("text", "spans"),
    [("", []), ("7", [(7, 7)]), ("1-3, 2-5,9", [(1, 5), (9, 9)]), ("3、1–2", [(1, 3)]), (" 4 - 6 \n 10", [(4, 6), (10, 10)])],
)
def test_numbers_are_read_as_people_write_them(text: str, spans: list[tuple[int, int]]) -> None:
    assert spans_of(text) == spans


@pytest.mark.parametrize("text", ["0", "3-1", "1-2-3", "a", "-5", "1.5", "1234567890"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(GatesRefused):
        spans_of(text)


# -- Reversed ------------------------------------------------------------------------------------------------------------


def test_a_payment_without_a_file_is_reversed_whole_and_its_reference_is_free_again(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    _one, two, three, _four = covers_of(roster)
    wrong = paid(world, roster.enrollments.filter(pk__in=[two.pk, three.pk]), amount=D("0.02"))
    before = balances()
    approved_clearing(world, clearing_of(world, wrong, "reverse"))
    wrong.refresh_from_db()
    two.refresh_from_db()
    assert (wrong.state, wrong.reversed_people, wrong.reversed_amount) == ("reversed", 2, D("0.02"))
    assert (two.state, two.own_paid_at) == ("awaiting", None)
    now = balances()
    assert now["own_received"] - before["own_received"] == D("-0.02")
    assert now["person_receivable"] - before["person_receivable"] == D("0.02")
    assert (now["own_held"], HeldPayment.objects.count()) == (before["own_held"], 4)
    assert Event.objects.get(verb="roster.gate_reopened").data == {"gate": "own_payment", "people": 2}
    # Recorded again, under the same reference, for whom it was.
    right = paid(world, roster.enrollments.filter(pk=two.pk), amount=D("0.01"), reference=wrong.reference)
    two.refresh_from_db()
    assert (right.state, two.state, OwnPaymentLine.objects.filter(enrollment=two).count()) == ("recorded", "in_force", 2)
    assert broken() == []


def test_a_reversed_line_of_a_statement_is_held_and_can_be_assigned_to_the_right_cover(kept_world: Any) -> None:
    world, roster, statement = kept_world
    one, _two, _three, four = covers_of(roster)
    payment = OwnPayment.objects.get(statement=statement)
    approved_clearing(world, clearing_of(world, payment, "reverse", numbers=[one.number]))
    one.refresh_from_db()
    held = held_of("reversed").get()
    assert (one.state, held.state, held.amount, held.enrollment_id) == ("awaiting", "held", D("0.01"), one.pk)
    assert (balances()["own_held"], balances()["own_received"]) == (D("-5.04"), D("5.04"))
    assert broken() == []
    assigned = approved_clearing(world, clearing_of(world, held_of("reversed"), "assign", number=four.number))
    four.refresh_from_db()
    assert (four.state, balances()["own_held"]) == ("in_force", D("-5.03"))
    assert broken() == []
    # That was wrong as well: reversed once more, the line is held as before.
    approved_clearing(world, clearing_of(world, OwnPayment.objects.get(clearing=assigned), "reverse"))
    held.refresh_from_db()
    four.refresh_from_db()
    assert (held.state, four.state, HeldPayment.objects.count()) == ("held", "awaiting", 5)
    assert broken() == []


def test_a_cover_that_has_begun_is_not_reversed_and_others_only_when_it_is_left_out(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    _one, two, three, _four = covers_of(roster)
    payment = paid(world, roster.enrollments.filter(pk__in=[two.pk, three.pk]), amount=D("0.02"))
    Enrollment.objects.filter(pk=two.pk).update(starts_at=timezone.now() - timedelta(hours=1))
    with pytest.raises(GatesRefused) as refused, transaction.atomic():
        clearing_of(world, payment, "reverse")
    assert refused.value.code == "BARRED" and "保障已生效" in str(refused.value)
    clearing = clearing_of(world, payment, "reverse", others_stay=True)
    assert clearing.lines_count == 1
    approved_clearing(world, clearing)
    payment.refresh_from_db()
    assert (payment.state, payment.reversed_people) == ("recorded", 1)
    two.refresh_from_db()
    assert two.state == "in_force"
    assert broken() == []


def test_a_cover_that_begins_between_proposal_and_approval_is_left_as_it_is(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    _one, two, three, _four = covers_of(roster)
    payment = paid(world, roster.enrollments.filter(pk__in=[two.pk, three.pk]), amount=D("0.02"))
    clearing = clearing_of(world, payment, "reverse")
    Enrollment.objects.filter(pk=two.pk).update(starts_at=timezone.now() - timedelta(hours=1))
    done = approved_clearing(world, clearing)
    assert (done.state, done.done_lines, done.left_lines) == ("done", 1, 1)
    assert clearing.lines.get(enrollment=two).why == "COVER_BEGUN"
    assert broken() == []


@pytest.mark.parametrize(
    ("change", "code"), [({"accepted_at": timezone.now()}, "INSURER_ACCEPTED"), ({"state": "ended"}, "COVER_GONE")]
)
def test_what_the_insurer_has_accepted_or_what_has_ended_is_not_reversed(kept_world: Any, change: Any, code: str) -> None:
    world, roster, _statement = kept_world
    two = covers_of(roster)[1]
    payment = paid(world, roster.enrollments.filter(pk=two.pk), amount=D("0.01"))
    Enrollment.objects.filter(pk=two.pk).update(**change)
    with pytest.raises(GatesRefused) as refused:
        clearing_of(world, payment, "reverse")
    assert refused.value.facts["why"] == bar_in_words(code) != ""


def test_a_cover_that_the_insurer_was_told_of_is_not_reversed(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    two = covers_of(roster)[1]
    payment = paid(world, roster.enrollments.filter(pk=two.pk), amount=D("0.01"))
    clearing = clearing_of(world, payment, "reverse")
    released(world)
    with pytest.raises(GatesRefused) as refused, transaction.atomic():
        approved_clearing(world, clearing)
    assert refused.value.code == "NOTHING_FITS_ANY_MORE" and "已交保险公司" in str(refused.value)
    assert broken() == []


def test_whoever_got_money_back_is_not_reversed(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    two = covers_of(roster)[1]
    payment = paid(world, roster.enrollments.filter(pk=two.pk), amount=D("0.01"))
    made = Differences.objects.create(
        program=world.program, period=world.period, kind="elsewhere", reason="核实", made_by=world.finance_maker,
        made_at=timezone.now(),
    )
    DifferenceLine.objects.create(
        differences=made, enrollment=two, amount=D("0.01"), reason="ended", books=True, paid=True, stands=True
    )
    with pytest.raises(GatesRefused) as refused:
        clearing_of(world, payment, "reverse")
    assert refused.value.facts["why"] == bar_in_words("GIVEN_BACK") != ""


def test_nothing_is_reversed_after_the_close_nor_for_strangers_nor_twice(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    one, two, three, _four = covers_of(roster)
    payment = paid(world, roster.enrollments.filter(pk__in=[two.pk, three.pk]), amount=D("0.02"))
    late = moment(world.period.enrollment_closes_on)
    assert refusal(lambda: clearing_of(world, payment, "reverse", at=late)) == "WOULD_LAPSE"
    assert refusal(lambda: clearing_of(world, payment, "reverse", numbers=[one.number])) == "NOT_ON_PAYMENT"
    clearing = clearing_of(world, payment, "reverse", numbers=[two.number])
    assert refusal(lambda: clearing_of(world, payment, "reverse", numbers=[two.number])) == "NOT_ON_PAYMENT"
    assert refusal(lambda: approved_clearing(world, clearing, at=late)) == "WOULD_LAPSE"
    approved_clearing(world, clearing)
    assert refusal(lambda: clearing_of(world, payment, "reverse", numbers=[two.number])) == "NOT_ON_PAYMENT"
    approved_clearing(world, clearing_of(world, payment, "reverse"))
    assert refusal(lambda: clearing_of(world, payment, "reverse")) == "NOTHING_TO_REVERSE"
    with pytest.raises(DatabaseError), transaction.atomic():
        OwnPaymentLine.objects.filter(payment=payment).update(reversed_by=None)


def test_many_lines_are_worked_through_by_a_job_part_by_part(kept_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world, roster, _statement = kept_world
    monkeypatch.setattr(clearings, "AT_ONCE", 0)
    monkeypatch.setattr(clearings, "BATCH", 1)
    _one, two, three, four = covers_of(roster)
    payment = paid(world, roster.enrollments.filter(pk__in=[two.pk, three.pk, four.pk]), amount=D("0.03"))
    clearing = approved_clearing(world, clearing_of(world, payment, "reverse"))
    assert clearing.state == "approved"
    Enrollment.objects.filter(pk=three.pk).update(starts_at=timezone.now() - timedelta(hours=1))
    drain()
    clearing.refresh_from_db()
    payment.refresh_from_db()
    job = Job.objects.get(kind="gates.settle_clearing")
    assert (job.state, job.done, job.result) == ("done", 3, {"lines": 2, "left": 1})
    assert (clearing.state, payment.state, payment.reversed_people) == ("done", "recorded", 2)
    assert LedgerTransaction.objects.filter(kind="unpaid").count() == 2
    assert broken() == []


def test_lines_of_a_clearing_are_never_changed(kept_world: Any) -> None:
    world, roster, _statement = kept_world
    clearing = clearing_of(world, held_of("unknown"), "assign", number=covers_of(roster)[3].number)
    for change in (
        lambda: ClearingLine.objects.update(enrollment=covers_of(roster)[2].pk), lambda: ClearingLine.objects.all().delete(),
        lambda: Clearing.objects.filter(pk=clearing.pk).update(reason="别的"), lambda: Clearing.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()

"""Own payments by file: each line's verdict, the sum of the whole, what is taken in and what is held, by two people."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import Gate, approve_undo, pass_gate, request_undo
from beneficiaries.models import Enrollment, Person, Roster
from beneficiaries.models.enrollment import cover_number
from beneficiaries.testing import World, applied, make_world, people, resident_id
from beneficiaries.tests.test_lapses import balances
from gates.actions.statements import DESK
from gates.errors import GatesRefused
from gates.models import HeldPayment, OwnPayment, OwnPaymentLine, Statement, StatementRow
from gates.testing import approved_statement, checked_statement, line_of, paid, sent, statement_csv, taken_in
from intake.errors import IntakeRefused
from intake.findings import describe
from jobs.testing import drain
from portal.verify import check_all
from programs.models import LedgerTransaction

pytestmark = pytest.mark.django_db
D = Decimal
NEW, DOUBTFUL, REFUSED, REPLACED = 1, 5, 6, 7


def made() -> tuple[World, Roster, Roster, Roster]:
    """Rosters of three and two people who have only to pay, and one of two that wait for their notice."""
    world = make_world(requires_notice=True, notice_days=0, requires_own_payment=True)
    first, second = applied(world, people(3)), applied(world, people(2, first=10))
    for roster in (first, second):
        pass_gate(roster, gate=Gate.NOTICE, by=world.clerk, at=timezone.now())
    return world, first, second, applied(world, people(2, first=20))


_django_db_helper, one_world, kept_world = shared(made)


def covers_of(roster: Roster) -> list[Enrollment]:
    found = roster.enrollments.select_related("person", "program", "period").order_by("pk")
    return list(found)


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def told(statement: Statement) -> list[tuple[int, list[str]]]:
    """Verdict and codes of each line."""
    return [(row.verdict, row.codes) for row in StatementRow.objects.filter(statement=statement).order_by("pk")]


def extra_of(statement: Statement, code: str) -> str:
    """The fact of the one finding with a code."""
    rows = StatementRow.objects.filter(statement=statement, codes__contains=[code])
    return next(finding["extra"] for row in rows for finding in row.findings if finding["code"] == code)


# -- The good way ------------------------------------------------------------------------------------------------------


def test_a_statement_brings_its_people_into_force_and_each_fen_walks_back_to_its_line(kept_world: Any) -> None:
    world, first, second, _third = kept_world
    before = balances()
    lines = [line_of(cover) for cover in covers_of(first)]
    by_document = covers_of(second)[0]
    lines.append(line_of(by_document, number="", document=by_document.person.document.reveal()))
    statement = checked_statement(world, lines)
    assert (statement.state, told(statement)) == ("review", [(NEW, [])] * 4)
    assert statement.money == {"rows": 4, "amount": "0.04", "held_rows": 0, "held": "0.00"}
    assert Enrollment.objects.exclude(own_paid_at=None).count() == 0
    approved_statement(world, statement)
    drain()
    statement.refresh_from_db()
    payment = OwnPayment.objects.get()
    assert (statement.state, payment.state, payment.statement, payment.reference) == ("applied", "recorded", statement, "DZ-1")
    assert (payment.people, payment.amount, payment.left_people) == (4, D("0.04"), 0)
    assert set(first.enrollments.values_list("state", "own_paid_at")) == {("in_force", payment.made_at)}
    assert sorted(second.enrollments.values_list("state", flat=True)) == ["awaiting", "in_force"]
    walked = {
        line.enrollment_id: (StatementRow.objects.get(pk=line.row_id).file.name, StatementRow.objects.get(pk=line.row_id).line)
        for line in OwnPaymentLine.objects.all()
    }
    assert walked[by_document.pk] == ("对账单.csv", 5)
    assert {place for _name, place in walked.values()} == {2, 3, 4, 5}
    booked = LedgerTransaction.objects.get(kind="receipt")
    assert (booked.source_type, booked.source_id, booked.memo) == ("gates.ownpayment", payment.pk, "4")
    assert balances()["own_received"] - before.get("own_received", D("0")) == D("0.04")
    assert not HeldPayment.objects.exists()
    assert Event.objects.filter(verb="payment.recorded").values_list("data", flat=True)[0] == {"people": 4, "amount": "0.04"}
    assert broken() == []


# -- Each verdict ------------------------------------------------------------------------------------------------------


def judged(world: World, *lines: dict[str, str], **changes: Any) -> list[tuple[int, list[str]]]:
    return told(checked_statement(world, list(lines), **changes))


def test_unknown_people_and_those_of_another_office_read_alike(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    mine = covers_of(first)[0]
    stranger = resident_id("441602", "19500101", 77)
    nobody = line_of(mine, number="", document=stranger, serial="A")
    no_such = line_of(mine, number=cover_number("HY", world.period.code, 987654321), serial="B")
    assert judged(world, nobody, no_such) == [(REFUSED, ["PAYER_UNKNOWN"])] * 2
    # The sibling county's own statement: it learns nothing of people who are enrolled elsewhere.
    elsewhere = [line_of(mine), line_of(mine, number="", document=mine.person.document.reveal(), serial="C")]
    found = checked_statement(world, elsewhere, organization=world.sibling, reference="DZ-2")
    assert told(found) == [(REFUSED, ["PAYER_UNKNOWN"])] * 2
    assert list(StatementRow.objects.filter(statement=found).values_list("enrollment", flat=True)) == [None, None]


def test_a_number_that_fits_nothing_and_a_line_without_any_are_refused(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    cover = covers_of(first)[0]
    wrong = cover.number[:-1] + str((int(cover.number[-1]) + 1) % 10)
    assert judged(world, line_of(cover, number=wrong), line_of(cover, number="", serial="B")) == [
        (REFUSED, ["COVER_CHECK"]), (REFUSED, ["NO_PAYER"]),
    ]


def test_another_name_or_document_than_the_numbers_person_has_is_doubtful_and_says_nothing_of_the_cover(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    paid(world, first.enrollments.all(), amount=D("0.03"))
    one, two, three = covers_of(first)
    lines = [
        line_of(one, name="赵六"), line_of(two, document=one.person.document.reveal()),
        line_of(three, number="", document=three.person.document.reveal(), name="赵六"),
    ]
    assert judged(world, *lines) == [(DOUBTFUL, ["NAME_DIFFERS"])] * 3


def test_who_has_paid_is_told_by_which_payment(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    payment = paid(world, first.enrollments.all(), amount=D("0.03"))
    statement = checked_statement(world, [line_of(covers_of(first)[0])])
    assert told(statement) == [(REFUSED, ["PAID_TWICE"])]
    assert extra_of(statement, "PAID_TWICE") == f"#{payment.pk} {payment.reference}"


def test_the_same_person_twice_is_matched_once_and_the_same_line_twice_is_a_repetition(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    one, two, _three = covers_of(first)
    lines = [
        line_of(one), line_of(one, number="", document=one.person.document.reveal(), serial="OTHER"),
        line_of(two), line_of(two),
    ]
    statement = checked_statement(world, lines)
    assert told(statement) == [(NEW, []), (REFUSED, ["PAYER_REPEATED"]), (NEW, []), (REFUSED, ["DUP_IN_FILE"])]
    assert (extra_of(statement, "PAYER_REPEATED"), extra_of(statement, "DUP_IN_FILE")) == ("2", "4")


def test_other_amounts_are_told_to_the_fen(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    one, two, _three = covers_of(first)
    for cover, amount, fact in ((one, "1.00", "0.01, +0.99"), (two, "0.00", "0.01, -0.01")):
        whole = max(D(amount), D("0.01"))
        statement = checked_statement(world, [line_of(cover, amount=amount)], control_amount=whole, reference=amount)
        if amount == "0.00":
            assert (statement.state, statement.file_findings[0][1]) == ("failed", "CONTROL_SUM")
            continue
        assert (told(statement), extra_of(statement, "AMOUNT_DIFFERS")) == ([(REFUSED, ["AMOUNT_DIFFERS"])], fact)


def test_whoever_waits_for_the_notice_has_lapsed_or_is_undone_pays_nothing(kept_world: Any) -> None:
    world, first, second, third = kept_world
    Enrollment.objects.filter(pk=covers_of(first)[0].pk).update(state="lapsed")
    Enrollment.objects.filter(pk=covers_of(first)[1].pk).update(state="voided")
    request_undo(second, reason="重复上传", by=world.clerk, at=timezone.now())
    approve_undo(Roster.objects.get(pk=second.pk), by=world.reviewer, at=timezone.now())
    lapsed, voided, _other = covers_of(first)
    lines = [line_of(cover) for cover in (lapsed, voided, covers_of(second)[0], covers_of(third)[0])]
    statement = sent(world, lines)
    drain()
    assert [codes for _verdict, codes in told(statement)] == [
        ["COVER_LAPSED"], ["COVER_ENDED"], ["COVER_ENDED"], ["NOTICE_FIRST"],
    ]


def test_a_line_that_pays_for_the_dead_is_told_as_one_for_a_cover_that_ended(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    dead, dies, _alive = covers_of(first)
    Person.objects.filter(pk=dead.person_id).update(deceased_on=timezone.localdate())
    statement = checked_statement(world, [line_of(dead), line_of(dies)])
    assert told(statement) == [(REFUSED, ["COVER_ENDED"]), (NEW, [])]
    Person.objects.filter(pk=dies.person_id).update(deceased_on=timezone.localdate())
    approved_statement(world, statement)
    drain()
    assert set(first.enrollments.values_list("state", flat=True)) == {"awaiting"}
    assert HeldPayment.objects.count() == 2
    assert broken() == []


def test_a_day_outside_the_time_of_enrollment_is_refused(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    one, two, three = covers_of(first)
    period = world.period
    days = (
        (one, timezone.localdate() + timedelta(days=1), "DATE_FUTURE"),
        (two, period.enrollment_opens_on - timedelta(days=1), "PAID_EARLY"),
    )
    lines = [line_of(cover, paid_on=str(day)) for cover, day, _code in days]
    assert judged(world, *lines, line_of(three, paid_on="不详")) == [
        *[(REFUSED, [code]) for _cover, _day, code in days], (REFUSED, ["DATE_FORMAT"]),
    ]


def test_money_that_came_after_the_close_is_told_as_late(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    type(world.period).objects.filter(pk=world.period.pk).update(enrollment_closes_on=timezone.localdate())
    assert judged(world, line_of(covers_of(first)[0])) == [(REFUSED, ["PAID_LATE"])]


def test_a_serial_number_that_excel_rounded_finds_no_repetition(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    lines = [line_of(cover, serial="4.20000123E+27") for cover in covers_of(first)]
    assert judged(world, *lines) == [(NEW, ["SERIAL_UNUSABLE"])] * 3
    statement = checked_statement(
        world, [line_of(covers_of(first)[0], serial=covers_of(first)[0].person.document.reveal())], reference="DZ-2"
    )
    assert told(statement) == [(NEW, ["SERIAL_UNUSABLE"])]
    assert StatementRow.objects.get(statement=statement).serial is None
    phone = checked_statement(world, [line_of(covers_of(first)[0], serial="13800138000")], reference="DZ-3")
    assert (told(phone), StatementRow.objects.get(statement=phone).serial) == ([(NEW, ["SERIAL_UNUSABLE"])], None)


def test_a_line_that_another_statement_has_reported_is_known(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    one, two, _three = covers_of(first)
    wrong = line_of(two, amount="0.02")
    earlier = taken_in(world, [line_of(one), wrong])
    later = checked_statement(world, [line_of(one), line_of(two), wrong, line_of(two, serial="S9")], reference="DZ-2")
    assert told(later) == [
        (REFUSED, ["LINE_KNOWN"]), (NEW, []), (REFUSED, ["DUP_IN_FILE"]), (REFUSED, ["PAYER_REPEATED"]),
    ]
    assert extra_of(later, "LINE_KNOWN") == f"#{earlier.pk}"


# -- The whole ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "amount", "fact"),
    [(3, "0.04", "3 / 0.03 ≠ 3 / 0.04"), (4, "0.03", "3 / 0.03 ≠ 4 / 0.03"), (2, "0.03", "3 / 0.03 ≠ 2 / 0.03")],
)
def test_another_count_or_sum_than_the_statements_refuses_the_whole(kept_world: Any, lines: int, amount: str, fact: str) -> None:
    world, first, _second, _third = kept_world
    given = [line_of(cover) for cover in covers_of(first)]
    statement = checked_statement(world, given, control_lines=lines, control_amount=D(amount))
    assert (statement.state, statement.file_findings) == ("failed", [[None, "CONTROL_SUM", fact, ""]])
    assert not StatementRow.objects.exists()
    assert describe("CONTROL_SUM", extra=fact) == f"笔数或金额与对账单不符（{fact}），请核对缺少或多出的行后重新整份上传"
    # Nothing stands of it: the same file comes again with the right sum.
    again = checked_statement(world, given)
    assert again.state == "review"


def test_an_amount_that_cannot_be_read_refuses_the_whole_with_its_line(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    given = [line_of(cover) for cover in covers_of(first)]
    given[1]["amount"] = "一分"
    statement = checked_statement(world, given, control_amount=D("0.03"))
    assert (statement.state, statement.file_findings) == ("failed", [[None, "AMOUNT_UNREAD", "3", ""]])


def test_a_statement_is_refused_at_once_where_it_cannot_be_taken(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    lines = [line_of(covers_of(first)[0])]
    paid(world, first.enrollments.filter(pk=covers_of(first)[2].pk), amount=D("0.01"), reference="YH-9")
    sent(world, lines)
    for changes, code in (
        ({"reference": "  "}, "REFERENCE"), ({"reference": "441602196203151219"}, "REFERENCE"),
        ({"reference": "YH-9"}, "REFERENCE_TAKEN"), ({"control_amount": D("0.00"), "reference": "B"}, "NO_SUM"),
        ({"control_lines": 0, "reference": "B"}, "NO_SUM"), ({"by": world.clerk, "reference": "B"}, "OUT_OF_SCOPE"),
    ):
        with pytest.raises(GatesRefused) as refused:
            sent(world, lines, **changes)
        assert refused.value.code == code, changes
    with pytest.raises(GatesRefused) as refused:
        sent(world, [line_of(covers_of(first)[1])])
    assert refused.value.code == "REFERENCE_TAKEN"
    with pytest.raises(IntakeRefused) as known:
        sent(world, lines, reference="DZ-2")
    assert known.value.code == "ALREADY_IMPORTED"
    assert Statement.objects.count() == 1


def test_nobody_approves_their_own_statement(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    statement = checked_statement(world, [line_of(covers_of(first)[0])])
    DESK.submit(statement, by=world.finance_maker, at=timezone.now())
    with pytest.raises(IntakeRefused) as refused:
        DESK.approve(statement, digest=statement.digest, by=world.finance_maker, at=timezone.now())
    assert refused.value.code == "OWN_WORK"
    assert not OwnPayment.objects.exists()


def test_after_the_close_an_approval_of_matched_lines_is_refused(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    statement = checked_statement(world, [line_of(covers_of(first)[0])])
    DESK.submit(statement, by=world.finance_maker, at=timezone.now())
    late = timezone.now() + timedelta(days=900)
    with pytest.raises(GatesRefused) as refused:
        DESK.approve(statement, digest=statement.digest, by=world.finance_checker, at=late)
    assert refused.value.code == "ENROLLMENT_CLOSED"
    statement.refresh_from_db()
    assert (statement.state, OwnPayment.objects.count()) == ("submitted", 0)


# -- Money that is held ------------------------------------------------------------------------------------------------


def test_what_pays_nobodys_share_is_held_line_by_line_and_the_sum_of_both_is_the_statements(kept_world: Any) -> None:
    world, first, second, third = kept_world
    one, two, three = covers_of(first)
    paid(world, second.enrollments.all(), amount=D("0.02"), reference="YH-2")
    lines = [
        line_of(one), line_of(two, amount="5.00"), line_of(three, name="赵六"), line_of(covers_of(second)[0]),
        line_of(covers_of(third)[0]), line_of(one, number="", document=resident_id("441602", "19500101", 77), serial="U"),
        line_of(one, serial="R"),
    ]
    statement = taken_in(world, lines)
    assert (statement.state, statement.control_amount) == ("applied", D("5.06"))
    held = {(each.kind, each.amount, each.row.line) for each in HeldPayment.objects.select_related("row")}
    assert held == {
        ("amount", D("5.00"), 3), ("doubtful", D("0.01"), 4), ("twice", D("0.01"), 5), ("early", D("0.01"), 6),
        ("unknown", D("0.01"), 7), ("twice", D("0.01"), 8),
    }
    assert OwnPayment.objects.get(statement=statement).amount == D("0.01")
    [event] = Event.objects.filter(verb="statement.money_held")
    assert event.data == {"lines": 6, "amount": "5.05"}
    assert broken() == []
    with pytest.raises(DatabaseError), transaction.atomic():
        HeldPayment.objects.update(amount=D("0.00"))


def test_a_statement_of_late_money_alone_is_taken_in_and_pays_nobody(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    first.enrollments.update(state="lapsed")
    statement = taken_in(world, [line_of(cover) for cover in covers_of(first)])
    assert (statement.state, OwnPayment.objects.count()) == ("applied", 0)
    assert set(HeldPayment.objects.values_list("kind", "amount")) == {("late", D("0.01"))}
    assert HeldPayment.objects.count() == 3
    assert (balances()["own_received"], balances()["own_held"]) == (D("0.03"), D("-0.03"))


def test_what_was_paid_or_undone_since_the_review_is_set_aside_and_its_money_is_held(kept_world: Any) -> None:
    world, first, second, _third = kept_world
    lines = [line_of(cover) for cover in (*covers_of(first), *covers_of(second))]
    statement = checked_statement(world, lines)
    one, _two, three = covers_of(first)
    paid(world, first.enrollments.filter(pk=one.pk), amount=D("0.01"), reference="YH-3")
    request_undo(second, reason="重复上传", by=world.clerk, at=timezone.now())
    approve_undo(Roster.objects.get(pk=second.pk), by=world.reviewer, at=timezone.now())
    approved_statement(world, statement)
    Enrollment.objects.filter(pk=three.pk).update(own_share=D("0.02"))
    drain()
    statement.refresh_from_db()
    rows = StatementRow.objects.filter(statement=statement).order_by("pk")
    assert list(rows.values_list("set_aside", flat=True)) == [
        "PAID_TWICE", "", "AMOUNT_DIFFERS", "COVER_ENDED", "COVER_ENDED",
    ]
    payment = OwnPayment.objects.get(statement=statement)
    assert (payment.people, payment.amount, payment.left_people, payment.left_amount) == (5, D("0.05"), 4, D("0.04"))
    assert sorted(HeldPayment.objects.values_list("kind", flat=True)) == ["amount", "ended", "ended", "twice"]
    assert [event.data for event in Event.objects.filter(verb="payment.too_late")] == [{"people": 4, "amount": "0.04"}]
    Enrollment.objects.filter(pk=three.pk).update(own_share=D("0.01"))
    assert broken() == []


def test_refused_lines_that_come_again_corrected_take_the_place_of_the_first(kept_world: Any) -> None:
    world, first, _second, _third = kept_world
    one, two, _three = covers_of(first)
    wrong = line_of(two, number=two.number[:-1] + str((int(two.number[-1]) + 1) % 10))
    statement = checked_statement(world, [line_of(one), wrong])
    assert told(statement) == [(NEW, []), (REFUSED, ["COVER_CHECK"])]
    DESK.add_files(statement, [("更正.csv", statement_csv([line_of(two)]))], by=world.finance_maker, at=timezone.now())
    drain()
    statement.refresh_from_db()
    assert statement.state == "review", statement.file_findings
    assert [verdict for verdict, _codes in told(statement)] == [NEW, REPLACED, NEW]
    approved_statement(world, statement)
    drain()
    assert OwnPayment.objects.get().amount == D("0.02")
    assert not HeldPayment.objects.exists()
    assert broken() == []

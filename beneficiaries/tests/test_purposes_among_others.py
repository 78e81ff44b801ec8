"""Purposes and the rest of the room: full lists that end covers, undo, decisions, purchases, chunks of any size."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override

from audit.faults import FaultAt, PlantedFault, handled_by
from audit.models import Event
from beneficiaries.actions import approve_undo, declare_full, request_undo
from beneficiaries.deciding import Choice, decide
from beneficiaries.ending import end_covers
from beneficiaries.errors import ApplicantRefused, BeneficiariesRefused
from beneficiaries.models import (
    Beneficiary,
    BeneficiaryCategory,
    DecisionKind,
    Ending,
    Enrollment,
    Person,
    Roster,
    RosterRow,
)
from beneficiaries.models.roster import EndReason, Purpose
from beneficiaries.testing import KEYS, World, make_world, people
from beneficiaries.tests.outcomes import broken
from beneficiaries.tests.purchasing import day_market, paid_market, person
from beneficiaries.tests.test_additions import in_period
from beneficiaries.tests.test_deciding import rounded
from beneficiaries.tests.test_purposes import approved, begun, brought, checked, midnight_after, who
from beneficiaries.tests.undone import applied, later_period, money_of, undone
from intake.models import State
from jobs.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


def in_review(world: World, rows: list[list[str]]) -> Roster:
    return checked(in_period(world, rows, world.period))


def declared(world: World, roster: Roster, *, ends: bool) -> Any:
    return declare_full(
        roster, region="441602", ends_missing=ends, reason="民政局全量名单", by=world.clerk, at=timezone.now()
    )


def test_covers_of_who_is_missing_end_with_the_day_and_no_money_comes_back(world: World) -> None:
    first = applied(world, people(4))
    begun(world)
    roster = in_review(world, [*people(2), *people(1, first=60)])
    assert declared(world, roster, ends=True).people == 2
    approved(world, roster)
    roster = checked(roster)
    assert roster.state == State.APPLIED
    covers = list(Enrollment.objects.filter(roster=first).order_by("row_id"))
    gone = sorted(cover.pk for cover in covers[2:])
    today = timezone.localdate()
    assert [cover.state for cover in covers] == ["in_force", "in_force", "ended", "ended"]
    assert {cover.ends_at for cover in covers[2:]} == {midnight_after(today)}
    whole = midnight_after(world.period.ends_on - timedelta(days=1))
    assert list(
        Ending.objects.order_by("enrollment").values_list("enrollment", "row_id", "roster", "reason", "ended_on", "ended_before")
    ) == [(cover, None, roster.pk, EndReason.OFF_LIST, today, whole) for cover in gone]
    assert money_of(world.county, world.period)[1:] == (5 * Decimal("30.00"), Decimal("0.00"))
    assert Event.objects.get(verb="roster.missing_ended").data == {"people": 2}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (pgh_obj_id) pgh_obj_id, state, ends_at FROM beneficiaries_enrollmentevent "
            "WHERE pgh_obj_id = ANY(%s) ORDER BY pgh_obj_id, pgh_id DESC", [gone],
        )
        assert cursor.fetchall() == [(cover, "in_force", whole) for cover in gone]
    assert broken() == []


def test_the_undo_of_a_full_list_lets_the_ended_covers_go_on_but_those_ended_or_enrolled_since(world: World) -> None:
    first = applied(world, people(4))
    begun(world)
    roster = in_review(world, people(1, first=60))
    declared(world, roster, ends=True)
    approved(world, roster)
    drain()
    _one, two, three, _four = Enrollment.objects.filter(roster=first).order_by("row_id")
    ended = Ending.objects.get(enrollment=two)
    Ending.objects.create(
        enrollment=two, row_id=1, reason=EndReason.DECEASED, ended_on=ended.ended_on, ended_before=two.ends_at,
        created_at=timezone.now(),
    )
    again = Enrollment.objects.get(roster=roster)
    Enrollment.objects.filter(pk=three.pk).update(state="in_force")
    asked = request_undo(roster, reason="传错了名单文件", by=world.clerk, at=timezone.now())
    approve_undo(asked, by=world.reviewer, at=timezone.now())
    drain()
    assert Roster.objects.get(pk=roster.pk).state == State.UNDONE
    again.refresh_from_db()
    assert again.state == "voided"
    whole = midnight_after(world.period.ends_on - timedelta(days=1))
    found = Enrollment.objects.filter(roster=first).order_by("row_id")
    assert [cover.state for cover in found] == ["in_force", "ended", "in_force", "in_force"]
    assert [cover.ends_at == whole for cover in found] == [True, False, False, True]
    assert sorted(Ending.objects.filter(roster=roster).values_list("enrollment", flat=True)) == sorted([two.pk, three.pk])
    assert Event.objects.get(verb="roster.missing_restored").data == {"people": 2}


def test_a_missing_cover_that_has_not_begun_covers_no_moment_and_one_that_waits_for_a_gate_stays(world: World) -> None:
    first = applied(world, people(3))
    waiting, *_ended = Enrollment.objects.filter(roster=first).order_by("row_id")
    Enrollment.objects.filter(pk=waiting.pk).update(state="awaiting")
    roster = in_review(world, people(1, first=40))
    declared(world, roster, ends=True)
    approved(world, roster)
    drain()
    covers = Enrollment.objects.filter(roster=first).order_by("row_id")
    assert [cover.state for cover in covers] == ["awaiting", "ended", "ended"]
    assert [cover.ends_at == cover.starts_at for cover in covers] == [False, True, True]
    assert Event.objects.get(verb="roster.missing_ended").data == {"people": 2}


@pytest.mark.parametrize("point", ["endings.before", "covers.before", "after"])
def test_a_fault_while_the_missing_are_ended_leaves_every_cover_as_it_was(world: World, point: str) -> None:
    first = applied(world, people(2))
    roster = in_review(world, people(1, first=40))
    declared(world, roster, ends=True)
    covers = Enrollment.objects.filter(roster=first)
    fault = FaultAt(name=f"beneficiaries.end_covers.{point}")
    with handled_by(fault), pytest.raises(PlantedFault), transaction.atomic():
        end_covers(roster, covers, timezone.now())
    assert set(covers.values_list("state", flat=True)) == {"in_force"}
    assert not Ending.objects.exists()


@pytest.mark.parametrize("purpose", [Purpose.UPDATE, Purpose.END])
def test_rosters_that_enroll_nobody_are_not_undone_not_full_and_not_decided(world: World, purpose: Purpose) -> None:
    applied(world, people(2))
    line = {**who(0), "name": "王错", "phone": "13900139000", "end_reason": "退出", "ended_on": str(timezone.localdate())}
    roster = brought(world, purpose, [line, {**line, **who(1)}])
    assert roster.verdict_count(5) == 1
    for refused_code, action in (
        ("FULL_LIST_ENROLLING_ONLY", lambda: declared(world, roster, ends=False)),
        (
            "DECIDED_ENROLLING_ONLY",
            lambda: decide(
                roster, choice=Choice(), kind=DecisionKind.ACCEPT, reason="看过证件", by=world.clerk, at=timezone.now()
            ),
        ),
        ("UNDO_ENROLLING_ONLY", lambda: request_undo(roster, reason="发错了", by=world.clerk, at=timezone.now())),
    ):
        with pytest.raises(BeneficiariesRefused) as refused:
            action()
        assert refused.value.code == refused_code
        with override("zh-hans"):
            assert not any(letter.isascii() and letter.isalpha() for letter in str(refused.value))


def test_what_a_line_only_added_stays_after_the_undo_with_the_reason(world: World) -> None:
    first = applied(world, people(2))
    second = applied(world, [*people(2, categories="特困人员"), *people(1, first=9)])
    assert Enrollment.objects.filter(roster=second).count() == 1
    second = undone(world, second)
    assert second.state == State.UNDONE
    assert list(RosterRow.objects.filter(roster=second).order_by("line").values_list("kept", flat=True)) == ["ADDED", "ADDED", ""]
    chunk = second.chunks.get()
    assert (chunk.undone_rows, chunk.kept_counts) == (1, {"ADDED": 2})
    assert set(Enrollment.objects.filter(roster=first).values_list("state", flat=True)) == {"in_force"}
    held = BeneficiaryCategory.objects.filter(valid_to=None).values_list("category__name", flat=True)
    assert sorted(held) == ["低保对象", "低保对象", "特困人员", "特困人员"]
    assert broken() == []


def test_undoing_the_cover_leaves_what_another_list_had_added_to_it(world: World) -> None:
    first = applied(world, people(1, phone="", bank_name="", bank_account=""))
    applied(world, people(1, categories="特困人员", phone="13900139000"))
    first = undone(world, first)
    assert first.state == State.UNDONE
    known = Beneficiary.objects.get()
    assert (known.phone.reveal(), known.bank_name) == ("13900139000", "中国农业银行")
    assert list(BeneficiaryCategory.objects.filter(valid_to=None).values_list("category__name", flat=True)) == ["特困人员"]
    assert broken() == []


def test_an_undone_account_takes_its_bank_along(world: World) -> None:
    applied(world, people(1))
    later = applied(
        world, people(1, bank_name="", bank_account="6228480000000015"), period=later_period(world, 1)
    )
    known = Beneficiary.objects.get()
    assert (known.bank_account.reveal(), known.bank_name) == ("6228480000000015", "")
    undone(world, later)
    known.refresh_from_db()
    assert (known.bank_account.reveal(), known.bank_name) == ("6228480000000007", "中国农业银行")


def test_a_doubtful_line_that_only_adds_adds_once_it_is_accepted(world: World) -> None:
    roster = in_review(world, [rounded(1)])
    accept(world, roster)
    approved(world, roster)
    drain()
    line = rounded(1)
    line[KEYS.index("categories")] = "特困人员"
    second = in_review(world, [line])
    assert (second.counts["verdicts"], second.money["premium"]) == ({"5": 1}, "0")
    accept(world, second)
    second.refresh_from_db()
    assert (second.counts["verdicts"], second.money["premium"]) == ({"2": 1}, "0")
    approved(world, second)
    second = checked(second)
    assert (second.state, Enrollment.objects.count()) == (State.APPLIED, 1)
    held = BeneficiaryCategory.objects.values_list("category__name", flat=True)
    assert sorted(held) == ["低保对象", "特困人员"]
    assert broken() == []


def accept(world: World, roster: Roster) -> None:
    decide(
        Roster.objects.get(pk=roster.pk), choice=Choice(), kind=DecisionKind.ACCEPT, reason="已核对证件原件",
        by=world.clerk, at=timezone.now(),
    )


def test_no_purchase_covers_the_dead() -> None:
    market = day_market()
    worker, other = market.worker(0), market.worker(1)
    Person.objects.filter(pk=worker).update(deceased_on=timezone.localdate())
    purchase = market.cover(market.span(worker, 8, 20), market.span(other, 8, 20))
    assert (purchase.people, purchase.refused) == (1, [[1, "STATUS_DECEASED", ""]])


def test_nobody_pays_for_the_dead_nor_twice_for_one_cover() -> None:
    market = paid_market()
    market.enroll(person(0, phone=""))
    with pytest.raises(BeneficiariesRefused) as refused:
        market.enroll(person(0), reference="P2")
    assert refused.value.code == "ALREADY_COVERED"
    Person.objects.update(deceased_on=timezone.localdate())
    Enrollment.objects.update(state="ended")
    with pytest.raises(ApplicantRefused) as dead:
        market.enroll(person(0), reference="P3")
    assert [code for _column, code, *_rest in dead.value.findings] == ["STATUS_DECEASED"]
    assert Enrollment.objects.count() == 1


def test_each_set_wise_change_is_planned_for_its_own_rows(world: World) -> None:
    """A session that has changed no row keeps a plan for none: thousands would be compared with thousands."""
    applied(world, people(2))
    second = in_review(world, people(2, categories="特困人员"))
    approved(world, second)
    with CaptureQueriesContext(connection) as asked:
        drain()
    said = [query["sql"].strip() for query in asked]
    told = [place for place, text in enumerate(said) if text.startswith("UPDATE beneficiaries_beneficiary b")]
    assert len(told) == 2
    assert all(said[place - 1].endswith("DISCARD PLANS") for place in told)

"""Requests for funds: what is asked, what is taken off again, who decides on doubts, who approves; to the fen."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_organization
from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import approve_change, propose_merge
from beneficiaries.models import Enrollment, Roster
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import World, applied, make_world, people
from jobs.models import Job
from jobs.testing import drain
from portal.verify import check_all
from programs.models import Budget
from programs.testing import make_budget, make_funder, make_period, make_plan, make_program
from subsidies import actions
from subsidies.errors import SubsidyRefused
from subsidies.models import FundRequest
from subsidies.testing import funds, made, received, sent, submitted, undone

pytestmark = pytest.mark.django_db
D = Decimal


def make() -> tuple[World, Roster, Roster]:
    """Three people of 低保 and two of 特困 in force: 68.99 each of the foundation, 30.00 of the county."""
    world = make_world()
    return world, applied(world, people(3)), applied(world, people(2, first=10, categories="特困人员"))


_django_db_helper, one_world, kept_world = shared(make)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def broken() -> list[tuple[str, list[str]]]:
    return [(result.name, result.examples) for result in check_all() if result.rows]


def refused(code: str, act: Any) -> SubsidyRefused:
    with pytest.raises(SubsidyRefused) as caught:
        act()
    assert caught.value.code == code
    return caught.value


def parts_of(request: FundRequest) -> list[tuple[str, str, int, int, int, int, str]]:
    rows = request.parts.order_by("county", "category__code").select_related("category")
    return [
        (part.county, part.category.code, part.people, part.removals, part.times, part.new_people, str(part.amount))
        for part in rows
    ]


def test_a_request_asks_each_funder_for_its_own_share_by_county_and_category(kept_world: Any) -> None:
    world, _first, _second = kept_world
    request = made(world)
    assert (request.state, request.people, request.removals, request.amount) == ("draft", 5, 0, D("344.95"))
    assert parts_of(request) == [
        ("441602", "dibao", 3, 0, 3, 3, "206.97"), ("441602", "tekun", 2, 0, 2, 2, "137.98"),
    ]
    county = made(world, world.county)
    assert (county.people, county.amount) == (5, D("150.00"))
    assert set(county.lines.values_list("amount", "turn", "times")) == {(D("30.00"), 0, 1)}
    event = Event.objects.get(verb="funds.request_made", subject_id=str(request.pk))
    assert event.data == {"people": 5, "removals": 0, "amount": "344.95", "cut_on": str(timezone.localdate())}
    assert broken() == []


def test_nothing_is_asked_twice_and_the_next_request_has_only_what_is_new(kept_world: Any) -> None:
    world, _first, _second = kept_world
    sent(world)
    refused("NOTHING_TO_ASK", lambda: made(world))
    applied(world, people(1, first=20))
    request = sent(world)
    assert (request.people, request.amount) == (1, D("68.99"))
    assert broken() == []


def test_what_came_into_force_after_the_cut_day_waits_for_the_next_request(kept_world: Any) -> None:
    world, first, _second = kept_world
    yesterday = timezone.now() - timedelta(days=1)
    Enrollment.objects.filter(roster=first).update(created_at=yesterday)
    request = sent(world, cut_on=timezone.localdate(yesterday))
    assert (request.people, request.amount) == (3, D("206.97"))
    # An earlier cut day than a cover that was asked for already takes nothing off.
    refused("NOTHING_TO_ASK", lambda: made(world, cut_on=timezone.localdate() - timedelta(days=30)))
    assert sent(world).amount == D("137.98")


def test_covers_that_wait_for_a_gate_are_not_asked_for(kept_world: Any) -> None:
    world, first, _second = kept_world
    Enrollment.objects.filter(roster=first).update(state="awaiting")
    assert made(world).amount == D("137.98")


def test_who_was_undone_after_being_asked_for_is_taken_off_the_next_request(kept_world: Any) -> None:
    world, first, _second = kept_world
    earlier = sent(world)
    undone(world, first)
    applied(world, people(4, first=30))
    request = made(world)
    assert (request.people, request.removals, request.amount) == (4, 3, D("68.99"))
    assert parts_of(request) == [("441602", "dibao", 4, 3, 1, 4, "68.99")]
    assert sorted(request.lines.filter(amount__lt=0).values_list("turn", "amount", "times")) == [(1, D("-68.99"), -1)] * 3
    part = request.parts.get()
    assert (part.asked, part.taken_off) == (D("275.96"), D("-206.97"))
    earlier.refresh_from_db()
    assert (earlier.amount, earlier.people) == (D("344.95"), 5)
    assert broken() == []


def test_a_request_below_zero_is_held_for_the_funder_and_set_against_the_next(kept_world: Any) -> None:
    world, first, _second = kept_world
    sent(world)
    received(world, "344.95")
    undone(world, first)
    back = sent(world)
    assert (back.state, back.amount, back.allocated) == ("settled", D("-206.97"), D("-206.97"))
    assert funds(world.foundation) == {"received": D("344.95"), "credit": D("-206.97")}
    assert Budget.objects.get(funder=world.foundation).settled == D("137.98")
    applied(world, people(4, first=40))
    following = sent(world)
    assert (following.state, following.amount, following.allocated) == ("sent", D("275.96"), D("206.97"))
    assert funds(world.foundation) == {"received": D("344.95"), "receivable": D("68.99")}
    assert Budget.objects.get(funder=world.foundation).settled == D("344.95")
    assert broken() == []


def test_a_request_below_zero_first_lessens_what_is_open(kept_world: Any) -> None:
    world, first, _second = kept_world
    request = sent(world)
    undone(world, first)
    back = sent(world)
    assert (back.state, back.amount) == ("settled", D("-206.97"))
    request.refresh_from_db()
    assert (request.state, request.allocated, request.open_amount) == ("sent", D("206.97"), D("137.98"))
    assert funds(world.foundation) == {"receivable": D("137.98")}
    assert Budget.objects.get(funder=world.foundation).settled == D("0.00")
    assert broken() == []


def test_what_had_been_written_off_is_never_given_back(kept_world: Any) -> None:
    world, first, second = kept_world
    request = sent(world)
    received(world, "100.00")
    off = actions.record_write_off(
        FundRequest.objects.get(pk=request.pk), amount=D("244.95"), reason="基金会年度预算用尽", by=world.finance_maker,
        at=timezone.now(),
    )
    actions.confirm_movement(off, by=world.finance_checker, at=timezone.now())
    undone(world, first)
    undone(world, second)
    back = sent(world)
    assert (back.amount, back.allocated, back.written_off) == (D("-344.95"), D("-100.00"), D("-244.95"))
    assert funds(world.foundation) == {"received": D("100.00"), "credit": D("-100.00")}
    assert broken() == []


def test_the_page_of_a_request_shows_how_far_its_list_has_come(kept_world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world, _first, _second = kept_world
    monkeypatch.setattr("subsidies.actions.requests.AT_ONCE", 0)
    request = made(world)
    job = Job.objects.get(kind="subsidies.list_request")
    client = Client()
    client.force_login(world.finance_maker, backend="accounts.backends.RoleBackend")
    address = reverse("admin:subsidies_fundrequest_change", args=[request.pk])
    page = client.get(address).content.decode()
    assert f'data-live="job-{job.pk}" data-live-on' in page and "jobs/refresh.js" in page and "0 / 5 · 0%" in page
    drain()
    assert "data-live" not in client.get(address).content.decode()
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("done", 5, 5)


def second_program(world: World, **period: Any) -> World:
    program = make_program("HB", organization=world.city, insurer=world.insurer)
    plan = make_plan(
        program, foundation=world.foundation, maker=world.finance_maker, checker=world.finance_checker, at=world.at
    )
    year = make_period(plan, year=world.period.starts_on.year, by=world.finance_checker, at=world.at, **period)
    for funder in (world.foundation, world.county):
        make_budget(
            funder, period=year, granted=D("1000.00"), maker=world.finance_maker, checker=world.finance_checker, at=world.at
        )
    return World(**{**vars(world), "program": program, "plan": plan, "period": year})


def test_a_person_paid_for_in_two_programs_is_a_doubt_that_somebody_decides(kept_world: Any) -> None:
    world, first, _second = kept_world
    sent(world)
    other = second_program(world)
    applied(other, [*people(2), *people(1, first=50)])
    request = made(other)
    assert (request.people, request.amount, request.lines.filter(doubt="overlaps").count()) == (3, D("206.97"), 2)
    assert [part.new_people for part in request.parts.all()] == [1]
    assert set(request.lines.exclude(other_id=None).values_list("other_id", flat=True)) <= set(
        first.enrollments.values_list("pk", flat=True)
    )
    doubts = refused("DOUBTS_OPEN", lambda: actions.submit_request(request, by=world.finance_maker, at=timezone.now()))
    assert doubts.facts == {"number": 2}
    given: dict[str, Any] = {"request": request, "by": world.finance_maker, "at": timezone.now()}
    one, two = request.lines.filter(doubt="overlaps").order_by("pk")
    refused("REASON", lambda: actions.decide_doubts(request.lines.all(), verdict="left_out", reason=" ", **given))
    only = request.lines.filter(pk=one.pk)
    assert actions.decide_doubts(only, verdict="left_out", reason="已由另一项目资助", **given) == 1
    assert actions.decide_doubts(request.lines.filter(pk=two.pk), verdict="kept", reason="两项目均可享受", **given) == 1
    request.refresh_from_db()
    assert (request.people, request.amount) == (2, D("137.98"))
    part = request.parts.get()
    assert (part.times, part.left_out, part.amount) == (2, D("68.99"), D("137.98"))
    request = actions.submit_request(request, by=world.finance_maker, at=timezone.now())
    actions.approve_request(request, digest=request.digest, by=world.finance_checker, at=timezone.now())
    # Who was left out is not asked for by itself again, but can be taken up.
    refused("NOTHING_TO_ASK", lambda: made(other))
    taken = actions.take_up_again(request.lines.all(), reason="另一项目已退出", **given)
    assert taken == 1
    again = made(other)
    assert (again.people, again.amount, again.lines.get().doubt) == (1, D("68.99"), "overlaps")
    assert broken() == []


def test_a_person_whom_another_funder_subsidizes_in_another_program_is_a_doubt_and_nothing_of_it_is_told(kept_world: Any) -> None:
    world, first, _second = kept_world
    foundation = make_funder("另一公益基金会", organization=make_organization("另一公益基金会", kind="charity"))
    other = second_program(World(**{**vars(world), "foundation": foundation}))
    applied(other, [*people(2), *people(1, first=50)])
    request = made(world)
    doubtful = request.lines.filter(doubt="elsewhere").order_by("enrollment")
    assert list(doubtful.values_list("enrollment__person", "other_id", "times", "new_person")) == [
        (person, None, 1, True) for person in first.enrollments.order_by("pk").values_list("person", flat=True)
        if Enrollment.objects.filter(person=person).count() == 2
    ]
    assert (request.people, doubtful.count(), request.lines.exclude(doubt="").count()) == (5, 2, 2)
    assert refused(
        "DOUBTS_OPEN", lambda: actions.submit_request(request, by=world.finance_maker, at=timezone.now())
    ).facts == {"number": 2}
    client = Client()
    client.force_login(world.finance_maker, backend="accounts.backends.RoleBackend")
    listed = client.get(reverse("admin:subsidies_fundrequestline_changelist"), {"request__id__exact": request.pk, "open": "1"})
    text = listed.content.decode()
    assert text.count("同一人同期在其他项目由其他出资方资助") == 2
    there = Enrollment.objects.filter(program=other.program)
    assert "另一公益基金会" not in text and not any(cover.number in text for cover in there)
    actions.decide_doubts(
        request.lines.all(), request=request, verdict="kept", reason="两项目均可享受", by=world.finance_maker, at=timezone.now()
    )
    actions.submit_request(request, by=world.finance_maker, at=timezone.now())
    assert broken() == []


def test_a_cover_of_another_program_that_never_covered_is_no_doubt(kept_world: Any) -> None:
    world, _first, _second = kept_world
    foundation = make_funder("另一公益基金会", organization=make_organization("另一公益基金会", kind="charity"))
    other = second_program(World(**{**vars(world), "foundation": foundation}))
    applied(other, people(2))
    elsewhere = Enrollment.objects.filter(program=other.program).order_by("pk")
    Enrollment.objects.filter(pk=elsewhere[0].pk).update(state="voided")
    Enrollment.objects.filter(pk=elsewhere[1].pk).update(state="ended", ends_at=elsewhere[1].starts_at)
    assert made(world).lines.exclude(doubt="").count() == 0


def test_the_same_person_in_the_next_period_is_no_doubt_and_no_new_person(kept_world: Any) -> None:
    world, _first, _second = kept_world
    sent(world)
    year = world.period.starts_on.year + 1
    other = second_program(
        world, starts_on=world.period.starts_on.replace(year=year), ends_on=world.period.ends_on.replace(year=year + 1),
        enrollment_closes_on=world.period.ends_on.replace(year=year + 1),
    )
    applied(other, people(1))
    line = made(other).lines.get()
    assert (line.doubt, line.new_person, line.times) == ("", False, 1)


def test_whoever_made_or_submitted_it_never_approves_it_and_a_changed_digest_is_refused(kept_world: Any) -> None:
    world, _first, _second = kept_world
    request = submitted(world)
    at = timezone.now()
    refused("OUT_OF_SCOPE", lambda: actions.approve_request(request, digest=request.digest, by=world.finance_maker, at=at))
    refused("REQUEST_CHANGED", lambda: actions.approve_request(request, digest="0" * 64, by=world.finance_checker, at=at))
    with pytest.raises(IntegrityError, match="fund_request_approved_by_another"), transaction.atomic():
        FundRequest.objects.filter(pk=request.pk).update(approved_by=world.finance_maker)
    assert FundRequest.objects.get(pk=request.pk).state == "submitted"
    assert funds(world.foundation) == {"receivable": D("344.95")}


def test_a_withdrawn_request_frees_its_covers_and_a_sent_one_stands_once_money_moved(kept_world: Any) -> None:
    world, _first, _second = kept_world
    request = sent(world)
    given: dict[str, Any] = {"by": world.finance_checker, "at": timezone.now()}
    refused("REASON", lambda: actions.withdraw_request(request, reason="", **given))
    applied(world, people(1, first=60))
    later = made(world)
    refused("NOT_NEWEST", lambda: actions.withdraw_request(request, reason="口径有误", **given))
    actions.withdraw_request(later, reason="并入下期", by=world.finance_maker, at=timezone.now())
    actions.withdraw_request(request, reason="口径有误", **given)
    again = sent(world)
    assert (again.people, again.amount) == (6, D("413.94"))
    received(world, "1.00")
    refused("MONEY_MOVED", lambda: actions.withdraw_request(again, reason="口径有误", **given))
    assert broken() == []


def test_one_request_to_a_funder_and_period_is_under_way_at_a_time(kept_world: Any) -> None:
    world, _first, _second = kept_world
    made(world)
    refused("REQUEST_UNDER_WAY", lambda: made(world))
    assert FundRequest.objects.count() == 1


def test_what_does_not_fit_is_refused(kept_world: Any) -> None:
    world, _first, _second = kept_world
    refused("CUT_LATER", lambda: made(world, cut_on=timezone.localdate() + timedelta(days=1)))
    stranger = type(world.foundation).objects.create(name="别的基金会", kind="foundation", organization=world.foundation_org)
    assert refused("FUNDER_PAYS_NOTHING", lambda: made(world, stranger)).facts == {"funder": "别的基金会"}
    # A funder reads what it is asked; only the office that runs the program asks.
    refused("OUT_OF_SCOPE", lambda: made(world, by=world.foundation_maker))
    assert FundRequest.objects.count() == 0


def test_two_records_of_one_person_are_a_doubt_once_they_are_merged_and_count_once(kept_world: Any) -> None:
    world, first, _second = kept_world
    other = second_program(world)
    sent(world)
    applied(other, people(1, first=70))
    stays = first.enrollments.select_related("beneficiary__person").earliest("pk").beneficiary
    goes = Enrollment.objects.filter(program=other.program).select_related("person").get().person
    merge = propose_merge(stays, other=goes, reason="同一人两条记录", by=world.clerk, at=timezone.now())
    approve_change(merge, shown=digest_of(merge), by=world.reviewer, at=timezone.now())
    request = made(other)
    line = request.lines.get()
    assert (line.doubt, line.new_person, line.times) == ("overlaps", False, 1)
    assert [part.new_people for part in request.parts.all()] == [0]
    assert broken() == []

"""The board of a period: every number is that of the list behind it, for every reader, in as many questions for many rosters."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from audit.testing import shared
from beneficiaries.gating import Gate, pass_gate_of
from beneficiaries.models import Roster
from beneficiaries.models.enrollment import EnrollmentState
from beneficiaries.testing import World, applied, make_world, people
from gates.actions import record_objection
from gates.board import board_of
from gates.models import ObjectionReason
from gates.testing import TERMS, paid, posted_notice

pytestmark = pytest.mark.django_db
D = Decimal


def made() -> tuple[World, list[Roster]]:
    """Of two rosters three people paid, one has not paid, three wait for the notice, against one of whom is objected."""
    world = make_world(**{**TERMS, "notice_days": 0, "requires_insurer_acceptance": True})
    rosters = [applied(world, people(4)), applied(world, people(3, first=10))]
    at = timezone.now()
    pass_gate_of(rosters[0].enrollments.all(), gate=Gate.NOTICE, period=world.period, by=world.clerk, at=at)
    payers = [cover.pk for cover in rosters[0].enrollments.order_by("pk")[:3]]
    paid(world, rosters[0].enrollments.filter(pk__in=payers), amount=D("0.03"))
    pass_gate_of(
        rosters[0].enrollments.filter(pk=payers[0]), gate=Gate.ACCEPTANCE, period=world.period, by=world.clerk, at=at,
        policy_number="P1",
    )
    record_objection(
        posted_notice(world), region_code="441602", number=2, reason=ObjectionReason.MEANS, text="财产超标",
        received_on=timezone.localdate(), by=world.clerk, at=timezone.now(),
    )
    return world, rosters


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def numbers(line: Any) -> list[int]:
    return [cell.number for cell in line.cells]


def test_the_board_counts_each_person_once_by_county_and_by_roster(kept_world: Any) -> None:
    world, rosters = kept_world
    board = board_of(world.period, world.clerk)
    states = [str(EnrollmentState(state).label) for state in ("in_force", "lapsed", "voided", "ended")]
    assert list(board.headings) == ["待公示", "待缴费", "待承保", *states]
    assert [(line.label, numbers(line)) for line in board.counties] == [("源城区", [3, 1, 2, 1, 0, 0, 0])]
    assert [numbers(line) for line in board.rosters] == [[3, 0, 0, 0, 0, 0, 0], [0, 1, 2, 1, 0, 0, 0]]
    assert [line.label.split()[0] for line in board.rosters] == [f"#{roster.pk}" for roster in reversed(rosters)]
    assert (numbers(board.total), board.total.unpaid) == ([3, 1, 2, 1, 0, 0, 0], D("0.01"))
    assert [line.objections.number for line in board.rosters] == [1, 0]


def test_each_number_is_that_of_the_list_behind_it(kept_world: Any) -> None:
    world, _rosters = kept_world
    client = signed_in(world.clerk)
    board = board_of(world.period, world.clerk)
    looked = 0
    for line in (*board.counties, *board.rosters, board.total):
        for cell in (*line.cells, line.objections):
            answer = client.get(cell.url)
            assert (answer.status_code, answer.context["cl"].result_count) == (200, cell.number), cell.url
            looked += cell.number > 0
    assert looked == 15


def test_readers_see_their_own_part_and_others_nothing(kept_world: Any) -> None:
    world, _rosters = kept_world
    sibling = make_user("hy-sibling-clerk", organization=world.sibling, role="clerk")
    for user, seen in ((world.auditor, 7), (world.finance_maker, 7), (sibling, 0), (world.foundation_maker, 0)):
        assert sum(numbers(board_of(world.period, user).total)) == seen, user
    urls = [cell.url for cell in board_of(world.period, world.finance_maker).total.cells if cell.url]
    assert [url.partition("?")[0] for url in urls] == [reverse("admin:gates_unpaid_changelist")]
    page = reverse("admin:programs_period_change", args=[world.period.pk])
    assert "各环节待办" in signed_in(world.finance_maker).get(page).content.decode()
    assert "该期间尚无投保人员" in signed_in(sibling).get(page).content.decode()


def test_the_pages_ask_as_many_questions_for_many_rosters_as_for_two(kept_world: Any) -> None:
    world, rosters = kept_world
    client = signed_in(world.clerk)
    pages = [
        reverse("admin:programs_period_change", args=[world.period.pk]),
        reverse("admin:beneficiaries_roster_change", args=[rosters[0].pk]), reverse("admin:gates_notice_changelist"),
        reverse("admin:gates_objection_changelist"), reverse("admin:gates_unpaid_changelist"),
        reverse("admin:gates_ownpayment_changelist"),
    ]

    def asked() -> list[int]:
        found = []
        for page in pages:
            client.get(page)
            with CaptureQueriesContext(connection, ) as queries:
                client.get(page)
            found.append(len(queries))
        return found

    before = asked()
    for first in (20, 30, 40):
        roster = applied(world, people(2, first=first))
        pass_gate_of(roster.enrollments.all(), gate=Gate.NOTICE, period=world.period, by=world.clerk, at=timezone.now())
        paid(world, roster.enrollments.filter(pk=roster.enrollments.earliest("pk").pk), amount=D("0.01"), reference=f"R{first}")
    assert asked() == before


def test_the_roster_button_records_acceptance_only_and_its_page_shows_where_people_stand(kept_world: Any) -> None:
    world, rosters = kept_world
    client = signed_in(world.clerk)
    answer = client.get(reverse("admin:beneficiaries_roster_change", args=[rosters[0].pk])).content.decode()
    assert "待承保" in answer
    gate = client.get(reverse("admin:beneficiaries_roster_pass_gate", args=[rosters[0].pk]))
    assert [value for value, _words in gate.context["form"].fields["gate"].choices] == ["acceptance"]


def test_a_person_page_names_notices_and_objections_and_an_enrollment_its_payment(kept_world: Any) -> None:
    world, rosters = kept_world
    client = signed_in(world.clerk)
    person = rosters[1].enrollments.get(objections__isnull=False).person
    page = client.get(reverse("admin:beneficiaries_person_change", args=[person.pk])).content.decode()
    assert "第 2 号" in page and "收入或财产超标" in page
    cover = rosters[0].enrollments.order_by("pk")[0]
    page = client.get(reverse("admin:beneficiaries_enrollment_change", args=[cover.pk])).content.decode()
    assert "YH-20261126-1" in page

"""Existence is a secret: a roster cannot ask, without end and unseen, whom other organizations know."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from accounts.testing import make_user
from audit.models import Event
from beneficiaries.actions import approve_roster, submit_roster, upload_roster
from beneficiaries.models import Roster, RosterChunk, RosterRow
from beneficiaries.testing import World, csv_of, make_world, people, uploaded
from intake.findings import MEANINGS, Verdict
from intake.models import State
from jobs.testing import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def worlds(settings: Any) -> tuple[World, World]:
    """Two cities, the first of which knows ten people."""
    settings.SECOND_FACTOR_REQUIRED, settings.IDENTITY_CONFLICTS_PER_DAY = False, 5
    first, second = make_world(), make_world(code="YJ", regions=("4417", "441702", "441702"))
    uploaded(first, people(10))
    drain()
    roster = submit_roster(Roster.objects.get(), by=first.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=first.reviewer, at=timezone.now())
    drain()
    return first, second


def guesses(count: int, *, name: str, first: int = 0) -> list[list[str]]:
    """People of the first city under a guessed name, as if they lived in the second."""
    rows = people(count, first=first, county="441602")
    return [[name, *cells[1:5], "441702", *cells[6:]] for cells in rows]


def sent(world: World, rows: list[list[str]]) -> Roster:
    uploaded(world, rows)
    drain()
    return Roster.objects.latest("pk")


def test_a_few_conflicts_stand_in_neutral_words_and_are_recorded(worlds: tuple[World, World]) -> None:
    roster = sent(worlds[1], guesses(5, name="张三"))
    assert roster.state == State.REVIEW
    assert roster.counts["codes"]["IDENTITY_CONFLICT"] == 5
    event = Event.objects.get(verb="roster.conflicts_elsewhere")
    assert (event.data, event.organization_path) == ({"rows": 5}, worlds[1].office.path)
    assert "源城" not in str(list(RosterRow.objects.filter(roster=roster).values_list("findings", flat=True)))


def test_beyond_the_cap_a_roster_is_closed_and_not_one_row_of_it_is_answered(worlds: tuple[World, World]) -> None:
    roster = sent(worlds[1], [*guesses(6, name="张三"), *people(2, county="441702", first=50)])
    assert (roster.state, roster.counts, roster.row_count) == (State.FAILED, {}, 0)
    assert [finding[1] for finding in roster.file_findings] == ["TOO_MANY_CONFLICTS"]
    assert not RosterRow.objects.filter(roster=roster).exists()
    assert not RosterChunk.objects.filter(roster=roster).exists()
    client = Client()
    client.force_login(worlds[1].clerk, backend="accounts.backends.RoleBackend")
    page = client.get(reverse("admin:beneficiaries_roster_change", args=[roster.pk])).content.decode()
    assert "李" not in page.split("<main")[-1] or "IDENTITY_CONFLICT" not in page
    auditor = Client()
    reader = make_user("yj-audit", organization=worlds[1].city, role=Role.AUDITOR)
    auditor.force_login(reader, backend="accounts.backends.RoleBackend")
    seen = auditor.get(reverse("admin:audit_event_changelist")).content.decode()
    assert "TOO_MANY_CONFLICTS" not in seen
    assert str(MEANINGS["TOO_MANY_CONFLICTS"].cause) in seen


def test_small_rosters_add_up_within_a_day(worlds: tuple[World, World]) -> None:
    states = [sent(worlds[1], guesses(2, name=name, first=first)).state for first, name in ((0, "张三"), (2, "李四"), (4, "王五"))]
    assert states == [State.REVIEW, State.REVIEW, State.FAILED]


def test_conflicts_with_ones_own_people_are_mistakes_and_not_questions(worlds: tuple[World, World]) -> None:
    rows = [["张三", *cells[1:]] for cells in people(8)]
    roster = sent(worlds[0], rows)
    assert roster.state == State.REVIEW
    assert roster.counts["codes"]["IDENTITY_CONFLICT"] == 8
    assert not Event.objects.filter(verb="roster.conflicts_elsewhere").exists()


def test_a_wrong_name_does_not_tell_whether_its_number_is_covered(worlds: tuple[World, World]) -> None:
    world = worlds[0]
    clerk = make_user("city-clerk", organization=world.city, role=Role.CLERK)
    lines = [["张三", *cells[1:]] for cells in people(2)]
    upload_roster(
        [("猜测.csv", csv_of(lines))], period=world.period, organization=world.city, by=clerk, at=timezone.now()
    )
    drain()
    roster = Roster.objects.latest("pk")
    assert roster.counts["codes"] == {"IDENTITY_CONFLICT": 2}
    assert roster.counts["verdicts"] == {str(int(Verdict.DOUBTFUL)): 2}

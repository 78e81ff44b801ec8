"""Who is covered and not in a full list: counted, listed, and ended only where that was asked and approved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from audit.models import Event
from audit.testing import shared
from beneficiaries import missing
from beneficiaries.actions import add_files, approve_roster, declare_full, submit_roster
from beneficiaries.deciding import Choice, decide
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import DecisionKind, Enrollment, FullList, Roster
from beneficiaries.template import ROSTER
from beneficiaries.testing import World, csv_of, make_world, people
from beneficiaries.tests.test_deciding import applied, checked, corrected_id
from intake.errors import IntakeRefused
from intake.models import State
from intake.staging import import_digest
from jobs.testing import drain

pytestmark = pytest.mark.django_db


_django_db_helper, one_world, kept_world = shared(make_world)


@pytest.fixture
def world(settings: Any, kept_world: World) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


@pytest.fixture
def ended() -> Iterator[list[list[int]]]:
    """What an ender was given to end, call by call."""
    calls: list[list[int]] = []

    def end(roster: Roster, covers: QuerySet, at: datetime) -> int:
        calls.append(list(covers.values_list("pk", flat=True)))
        return len(calls[-1])

    before = list(missing._enders)
    missing.register_ender(end)
    yield calls
    missing._enders[:] = before


def declared(roster: Roster, **given: Any) -> FullList:
    facts = {"region": "441602", "reason": "民政局全量名单", "by": roster.uploaded_by, "at": timezone.now(), **given}
    return declare_full(roster, **facts)


def test_covered_people_of_the_region_who_are_not_in_the_list_are_missing_and_nothing_ends(world: World) -> None:
    first = applied(world, checked(world, people(6)))
    roster = checked(world, [*people(4), *people(2, first=50)])
    digest = roster.digest
    found = declared(roster)
    gone = set(Enrollment.objects.filter(roster=first).order_by("row_id").values_list("pk", flat=True)[4:])
    assert (found.people, set(missing.missing_of(roster).values_list("pk", flat=True))) == (2, gone)
    roster.refresh_from_db()
    assert roster.digest != digest and roster.digest == import_digest(ROSTER, roster)
    roster = applied(world, roster)
    assert roster.state == State.APPLIED
    assert set(Enrollment.objects.filter(pk__in=gone).values_list("state", flat=True)) == {"in_force"}
    assert not Event.objects.filter(verb="roster.missing_ended").exists()


def test_a_file_that_joins_after_the_declaration_brings_back_whom_it_names_and_nobody_of_them_is_ended(
    world: World, ended: list[list[int]]
) -> None:
    first = applied(world, checked(world, people(6)))
    roster = checked(world, [*people(3), *people(2, first=50)])
    assert declared(roster, ends_missing=True).people == 3
    add_files(roster, [("补充.csv", csv_of(people(2, first=3)))], by=world.clerk, at=timezone.now())
    drain()
    roster.refresh_from_db()
    last = Enrollment.objects.filter(roster=first).order_by("row_id").last()
    assert last is not None
    assert (roster.state, FullList.objects.get(roster=roster).people) == (State.REVIEW, 1)
    assert roster.digest == import_digest(ROSTER, roster)
    applied(world, roster)
    assert ended == [[last.pk]]


def test_a_category_narrows_the_list_and_another_region_has_nobody(world: World) -> None:
    applied(world, checked(world, [*people(2), *people(3, first=10, categories="特困人员")]))
    roster = checked(world, people(1, first=80))
    category = Enrollment.objects.filter(category__name="特困人员").first()
    assert category is not None
    assert declared(roster, category=category.category).people == 3
    assert declared(roster, region="441602999").people == 0
    assert declared(roster).people == 5
    with pytest.raises(BeneficiariesRefused) as refused:
        declared(roster, region="441621")
    assert refused.value.code == "OUT_OF_REACH"


def test_who_may_be_a_row_under_another_document_is_missing_only_once_the_row_is_somebody_else(world: World) -> None:
    applied(world, checked(world, people(3)))
    roster = checked(world, [corrected_id(people(3)[0]), *people(1, first=60)])
    assert declared(roster).people == 2
    decide(
        roster, choice=Choice(code="SAME_PERSON"), kind=DecisionKind.ACCEPT, reason="确为两个人", by=world.clerk,
        at=timezone.now(),
    )
    assert FullList.objects.get().people == 3
    roster.refresh_from_db()
    assert roster.digest == import_digest(ROSTER, roster)


def test_cover_is_ended_on_request_only_and_only_of_those_who_were_approved(world: World, ended: list[list[int]]) -> None:
    first = applied(world, checked(world, people(4)))
    roster = checked(world, [*people(2), *people(1, first=50)])
    declared(roster, ends_missing=True)
    gone = list(Enrollment.objects.filter(roster=first).order_by("row_id").values_list("pk", flat=True)[2:])
    applied(world, checked(world, people(2, first=70)))
    roster = applied(world, roster)
    assert (roster.state, ended) == (State.APPLIED, [sorted(gone)])
    assert Event.objects.get(verb="roster.missing_ended").data == {"people": 2}


def test_nobody_asks_to_end_what_no_room_can_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    roster = checked(world, people(1))
    monkeypatch.setattr(missing, "_enders", [])
    with pytest.raises(BeneficiariesRefused) as refused:
        declared(roster, ends_missing=True)
    assert refused.value.code == "NO_ENDING"
    assert not FullList.objects.exists()


def test_the_approved_digest_covers_the_list(world: World, ended: list[list[int]]) -> None:
    applied(world, checked(world, people(3)))
    roster = checked(world, [*people(1), *people(1, first=50)])
    declared(roster)
    roster.refresh_from_db()
    roster = submit_roster(roster, by=world.clerk, at=timezone.now())
    with pytest.raises(IntakeRefused):
        declared(roster)
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    FullList.objects.update(ends_missing=True)
    drain()
    assert (Roster.objects.get(pk=roster.pk).state, ended) == (State.APPROVED, [])


def test_the_pages_declare_list_turn_and_download_with_masks_and_constant_queries(world: World) -> None:
    applied(world, checked(world, people(60)))
    roster = checked(world, people(1, first=200))
    client = Client()
    client.force_login(world.clerk, backend="accounts.backends.RoleBackend")
    page = reverse("admin:beneficiaries_roster_missing", args=[roster.pk])
    assert client.get(page).status_code == 404
    button = reverse("admin:beneficiaries_roster_full_list", args=[roster.pk])
    assert "ends_missing" in client.get(button).content.decode()
    answer = client.post(button, {"region": "441602", "reason": "民政局全量名单"})
    assert (answer.status_code, answer["Location"]) == (302, page)
    assert "60" in client.get(reverse("admin:beneficiaries_roster_change", args=[roster.pk])).content.decode()
    with CaptureQueriesContext(connection) as asked:
        first = client.get(page)
    assert len(first.context["rows"]) == 50
    with CaptureQueriesContext(connection) as asked_again:
        second = client.get(page + first.context["next_url"])
    assert (len(second.context["rows"]), second.context["next_url"]) == (10, "")
    assert len(asked_again) <= len(asked)
    numbers = {row[2] for row in people(60)}
    text = first.content.decode() + second.content.decode()
    whole = b"".join(client.get(page, {"format": "csv"}).streaming_content).decode()
    assert whole.count("\n") == 61
    for number in numbers:
        assert number not in text and number not in whole
    assert Event.objects.filter(verb="roster.missing_downloaded").count() == 1
    sibling = Client()
    sibling.force_login(
        make_user("sibling", organization=world.sibling, role="clerk"), backend="accounts.backends.RoleBackend"
    )
    assert sibling.get(page).status_code in (403, 404)

"""Decisions about rows outlive a check that begins anew, for rows that read as they did, of people who stand as they did."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.faults import handled_by
from audit.models import Event
from audit.testing import FULL_SWEEP
from audit.worlds import keepable
from beneficiaries import actions
from beneficiaries.models import DecidedLine, DecisionKind, Person, Roster, RosterDecision, RosterRow
from beneficiaries.testing import World, make_world, people
from beneficiaries.tests.outcomes import broken, recover
from beneficiaries.tests.test_deciding import applied, checked, corrected_id, judge, next_period, rounded
from beneficiaries.tests.test_mending import assert_whole, workbook
from beneficiaries.tests.test_mending_faults import Once
from intake import staging
from intake.actions import Said, end_mapping
from intake.models import State, WordMapping
from jobs.testing import drain, drain_through_failures

pytestmark = pytest.mark.django_db(transaction=True)
WORD = Said("category", "乙类户", "dibao")


@pytest.fixture
def small_chunks(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 4)


@pytest.fixture
def world(small_chunks: None, transactional_db: Any) -> World:
    return make_world()


@pytest.fixture
def judged(small_chunks: None, transactional_db: Any) -> tuple[World, Roster]:
    """A world with a roster that `decided` has decided."""
    return make_judged()


def doubtful(world: World) -> Roster:
    """Eight lines: three rounded numbers, one person under another document, one under another name, a word unknown."""
    applied(world, checked(world, people(3)))
    other_name = people(3)[2]
    lines = [
        *(rounded(number) for number in range(3)), corrected_id(people(3)[1]), ["王改名", *other_name[1:]],
        *people(2, first=60), *people(1, first=70, categories="乙类户"),
    ]
    roster = checked(world, lines, period=next_period(world))
    assert verdicts(roster) == [5, 5, 5, 5, 5, 1, 1, 6]
    return roster


def decided(world: World) -> Roster:
    """Two accepted, one refused, the same person corrected, the other refused: five decisions by four acts."""
    roster = doubtful(world)
    ids = list(RosterRow.objects.filter(roster=roster).order_by("pk").values_list("pk", flat=True))
    judge(roster, DecisionKind.ACCEPT, rows=tuple(ids[:2]))
    judge(roster, DecisionKind.REFUSE, rows=(ids[2],))
    judge(roster, DecisionKind.CORRECT, rows=(ids[3],))
    judge(roster, DecisionKind.SAME, rows=(ids[4],))
    roster = latest()
    assert verdicts(roster) == [1, 1, 6, 3, 3, 1, 1, 6]
    return roster


@keepable
def make_judged() -> tuple[World, Roster]:
    """The same for all tests that begin with it: made once."""
    world = make_world()
    return world, decided(world)


def latest() -> Roster:
    return Roster.objects.select_related("period__program", "organization").latest("pk")


def verdicts(roster: Roster) -> list[int]:
    return list(RosterRow.objects.filter(roster=roster).order_by("line").values_list("verdict", flat=True))


def codes(roster: Roster) -> list[list[str]]:
    return list(RosterRow.objects.filter(roster=roster).order_by("line").values_list("codes", flat=True))


def said(roster: Roster, world: World) -> Roster:
    actions.map_words(roster, words=[WORD], by=world.clerk, at=timezone.now())
    drain()
    return latest()


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def test_rows_that_read_as_they_did_stay_decided_and_the_word_is_read(judged: tuple[World, Roster]) -> None:
    world, roster = judged
    before = {row.line: (row.codes, row.findings, row.known_person_id) for row in RosterRow.objects.filter(roster=roster)}
    money = roster.money
    roster = said(roster, world)
    assert (roster.state, verdicts(roster)) == (State.REVIEW, [1, 1, 6, 3, 3, 1, 1, 1])
    assert codes(roster)[:5] == [
        ["ID_ROUNDED", "DECIDED_ACCEPTED"], ["ID_ROUNDED", "DECIDED_ACCEPTED"], ["ID_ROUNDED", "DECIDED_AGAINST"],
        ["SAME_PERSON", "DECIDED_CORRECTED"], ["IDENTITY_CONFLICT", "DECIDED_SAME"],
    ]
    after = {row.line: (row.codes, row.findings, row.known_person_id) for row in RosterRow.objects.filter(roster=roster)}
    assert {line: after[line] for line in range(2, 9)} == {line: before[line] for line in range(2, 9)}
    assert roster.counts["decisions"] == {"kept": 5, "open": 0}
    assert roster.money["rows"] == money["rows"] + 1
    # No new decision was made: the four that people made stand, and nothing is left of what was remembered.
    assert (RosterDecision.objects.count(), DecidedLine.objects.count()) == (4, 0)
    assert_whole(roster)
    assert broken() == []
    told = Event.objects.get(verb="roster.decided_again")
    assert (told.actor, told.data) == ("system:intake", {"kept": 5, "open": 0})


def test_what_was_kept_is_applied_as_it_was_decided(judged: tuple[World, Roster]) -> None:
    world, roster = judged
    roster = applied(world, said(roster, world))
    assert (roster.state, Person.objects.count()) == (State.APPLIED, 3 + 2 + 3)
    assert broken() == []


def test_a_row_that_reads_differently_now_waits_again_and_both_pages_say_so(judged: tuple[World, Roster]) -> None:
    world, roster = judged
    client = signed_in(world.clerk)
    words = client.get(reverse("admin:beneficiaries_roster_map_words", args=[roster.pk]), headers={"accept-language": "en"})
    assert "5 rows have been decided. They stay decided where they read the same after the check" in words.content.decode()
    # What was decided about said another address, as if a heading had been said since.
    RosterRow.objects.filter(roster=roster, line=2).update(contact_digest=b"0" * 16)
    roster = said(roster, world)
    assert verdicts(roster) == [5, 1, 6, 3, 3, 1, 1, 1]
    assert codes(roster)[0] == ["ID_ROUNDED"]
    assert roster.counts["decisions"] == {"kept": 4, "open": 1}
    assert_whole(roster)
    page = client.get(
        reverse("admin:beneficiaries_roster_change", args=[roster.pk]), headers={"accept-language": "en"}
    ).content.decode()
    assert "Of 5 decided rows 4 read as they did and stay decided; 1 read differently now" in page
    row = RosterRow.objects.get(roster=roster, line=2)
    judge(roster, DecisionKind.ACCEPT, rows=(row.pk,))
    page = client.get(
        reverse("admin:beneficiaries_roster_change", args=[roster.pk]), headers={"accept-language": "en"}
    ).content.decode()
    assert "read differently now" not in page


@pytest.mark.parametrize("what", ["name", "contact"])
def test_a_person_who_was_changed_since_is_looked_at_again(judged: tuple[World, Roster], what: str) -> None:
    world, roster = judged
    known = RosterRow.objects.get(roster=roster, line=6)
    if what == "name":
        Person.objects.filter(pk=known.known_person_id).update(sex="")
    else:
        RosterRow.objects.filter(pk=known.pk).update(known_contact_digest=b"0" * 16)
    roster = said(roster, world)
    assert verdicts(roster) == [1, 1, 6, 3, 5, 1, 1, 1]
    assert roster.counts["decisions"] == {"kept": 4, "open": 1}


def test_a_place_alone_is_no_proof_the_same_line_of_another_sheet_is_nobodys(world: World) -> None:
    book = workbook(东村=[rounded(0), rounded(1)], 西村=[rounded(2), *people(1, first=60)])
    actions.upload_roster([("两村.xlsx", book)], period=world.period, organization=world.office, by=world.clerk, at=timezone.now())
    drain()
    roster = latest()
    judge(roster, DecisionKind.ACCEPT, code="ID_ROUNDED")
    actions.choose_sheets(roster, choices=[(roster.files.get(), ["西村"])], by=world.clerk, at=timezone.now())
    drain()
    roster = latest()
    # What is not read any more waits for nobody.
    assert (verdicts(roster), roster.counts["decisions"]) == ([1, 1], {"kept": 1, "open": 0})
    actions.choose_sheets(roster, choices=[(roster.files.get(), ["东村", "西村"])], by=world.clerk, at=timezone.now())
    drain()
    roster = latest()
    assert sorted(verdicts(roster)) == [1, 1, 5, 5]
    assert roster.counts["decisions"] == {"kept": 1, "open": 0}


def test_without_decisions_nothing_is_remembered_or_told(world: World) -> None:
    roster = said(doubtful(world), world)
    assert "decisions" not in roster.counts
    assert not DecidedLine.objects.exists() and not Event.objects.filter(verb="roster.decided_again").exists()


def test_decisions_taken_back_stay_taken_back(judged: tuple[World, Roster]) -> None:
    world, roster = judged
    judge(roster, DecisionKind.REOPEN, decided=True)
    assert verdicts(said(latest(), world)) == [5, 5, 5, 5, 5, 1, 1, 1]


#: Where a check that begins anew may die; the short form takes every second.
DEATHS = [
    "beneficiaries.remember_decisions.before", "beneficiaries.remember_decisions.after", "intake.remove_chunk.after",
    "intake.remove_chunk.committed", "intake.stage_chunk.committed", "beneficiaries.decide_again.before",
    "roster.recount.after", "roster.redigest.after", "beneficiaries.decide_again.after", "intake.finish_staging.before",
    "intake.finish_staging.after",
]


@pytest.mark.parametrize("point", DEATHS if FULL_SWEEP else DEATHS[::2])
def test_a_check_that_dies_forgets_no_decision_and_makes_none_twice(judged: tuple[World, Roster], point: str) -> None:
    world, roster = judged
    actions.map_words(roster, words=[WORD], by=world.clerk, at=timezone.now())
    fault = Once(name=point)
    with handled_by(fault):
        drain_through_failures()
    assert point in fault.seen
    recover()
    roster = latest()
    assert (roster.state, verdicts(roster)) == (State.REVIEW, [1, 1, 6, 3, 3, 1, 1, 1])
    assert roster.counts["decisions"] == {"kept": 5, "open": 0}
    assert DecidedLine.objects.count() == 0
    assert_whole(roster)
    assert broken() == []


def test_many_decisions_cost_no_query_for_each_row(world: World) -> None:
    def queries(rows: int) -> int:
        lines = [rounded(number) for number in range(rows)]
        roster = checked(world, [*lines, *people(1, first=70 + rows, categories="乙类户")])
        judge(roster, DecisionKind.ACCEPT, code="ID_ROUNDED")
        actions.map_words(latest(), words=[WORD], by=world.clerk, at=timezone.now())
        with CaptureQueriesContext(connection) as caught:
            drain()
        assert latest().counts["decisions"] == {"kept": rows, "open": 0}
        actions.withdraw_roster(latest(), reason="只为计数", by=world.clerk, at=timezone.now())
        for mapping in WordMapping.objects.filter(ended_at=None):
            end_mapping(mapping, by=world.clerk, at=timezone.now())
        return len(caught)

    queries(2)
    assert queries(3) == queries(2)

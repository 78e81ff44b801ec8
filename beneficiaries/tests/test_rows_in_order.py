"""The rows of a roster by region and by premium, page after page; and the words by which its lines were read, one by one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_region_tree, make_user
from audit.testing import shared
from beneficiaries import actions
from beneficiaries.admin import roster_page, sorting
from beneficiaries.models import Roster, RosterRow
from beneficiaries.testing import World, make_world, people, row, uploaded
from intake import staging
from intake.actions import Said, end_mapping
from intake.findings import Verdict
from intake.models import WordMapping
from jobs.testing import drain

pytestmark = pytest.mark.django_db


_django_db_helper, one_world, kept_world = shared(make_world)


@pytest.fixture
def world(settings: Any, kept_world: World) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def signed_in(user: Any) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def checked(world: World, rows: list[list[str]]) -> Roster:
    uploaded(world, rows)
    drain()
    return Roster.objects.latest("pk")


def scattered(world: World) -> Roster:
    """Thirty lines of three places, mixed; four are refused and have no place, premiums of three kinds."""
    make_region_tree()
    places = ("441602001", "441602", "441602001001")
    lines = [[*line[:5], places[number % 3], *line[6:]] for number, line in enumerate(people(30))]
    roster = checked(world, [*lines, *(row(name="") for _time in range(4))])
    new = RosterRow.objects.filter(roster=roster, verdict=Verdict.NEW).order_by("pk")
    for number, pk in enumerate(new.values_list("pk", flat=True)):
        RosterRow.objects.filter(pk=pk).update(premium=Decimal((99, 49, 120)[number % 3]))
    return roster


def address(roster: Roster) -> str:
    return reverse("admin:beneficiaries_roster_change", args=[roster.pk])


def walked(client: Client, roster: Roster, query: str) -> list[int]:
    """Ids of all rows, page after page."""
    found: list[int] = []
    page = client.get(f"{address(roster)}?{query}")
    for _turn in range(20):
        found += [each.pk for each in page.context["rows"]]
        following = page.context["next_url"]
        if not following:
            return found
        page = client.get(address(roster) + following)
    raise AssertionError("it turns in a circle")


@pytest.mark.parametrize("size", [3, 7, 50])
def test_rows_stand_by_region_and_by_premium_each_once_whatever_the_page(
    world: World, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(roster_page, "ROWS_PER_PAGE", size)
    roster = scattered(world)
    rows = list(RosterRow.objects.filter(roster=roster).values_list("pk", "region_code", "premium"))
    client = signed_in(world.clerk)
    by_region = sorted(rows, key=lambda each: (each[1] is None, each[1] or "", each[0]))
    assert walked(client, roster, "sort=region") == [pk for pk, _region, _premium in by_region]
    by_premium = sorted(rows, key=lambda each: (each[2] is None, -(each[2] or 0), each[0]))
    assert walked(client, roster, "sort=premium") == [pk for pk, _region, _premium in by_premium]
    only = sorted(pk for pk, region, _premium in rows if region == "441602001001")
    assert walked(client, roster, "sort=premium&region=441602001001") == sorted(
        only, key=lambda pk: (-RosterRow.objects.get(pk=pk).premium, pk)
    )


def test_the_page_says_each_rows_premium_and_which_order_it_has(world: World) -> None:
    page = signed_in(world.clerk).get(f"{address(scattered(world))}?sort=premium")
    assert [each.premium for each in page.context["rows"]][:11] == [Decimal("120.00")] * 10 + [Decimal("99.00")]
    chosen = [one for each in page.context["filters"] if each.name == "sort" for one in each.options if one.chosen]
    assert [one.label for one in chosen] == ["by premium, highest first"]
    assert not page.context["filtered"]


def test_more_rows_than_are_sorted_stand_as_in_the_file_and_the_page_says_how_to_have_them_sorted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorting, "SORTED_AT_MOST", 20)
    monkeypatch.setattr(roster_page, "SORTED_AT_MOST", 20)
    roster = scattered(world)
    client = signed_in(world.clerk)
    page = client.get(f"{address(roster)}?sort=region")
    ids = [each.pk for each in page.context["rows"]]
    assert ids == sorted(ids)
    assert "More than 20 rows are not sorted like this" in page.content.decode()
    for narrowed in ("verdict=6", "region=441602001001", "code=NAME_EMPTY", "region=441602001001&verdict=1"):
        page = client.get(f"{address(roster)}?sort=region&{narrowed}")
        assert page.context["unsorted"] == "", narrowed
        assert page.context["rows"]


@pytest.mark.parametrize(
    "query",
    ["sort=region&after=x", "sort=region&after=441602.", "sort=region&after=4416x.5", "sort=premium&after=NaN.3",
     "sort=premium&after=1e999999.3", "sort=premium&after=..", "sort=nonsense", "sort=region&after=" + "9" * 40],
)  # fmt: skip
def test_an_address_that_makes_no_sense_is_the_first_page(world: World, query: str) -> None:
    roster = scattered(world)
    page = signed_in(world.clerk).get(f"{address(roster)}?{query}")
    assert (page.status_code, len(page.context["rows"])) == (200, 34)


# -- The office's words --------------------------------------------------------------------------------------------------


def said(world: World, *words: Said) -> Roster:
    lines = people(3, categories="乙类户") + people(2, first=10, categories="乙类户、重残") + people(4, first=20)
    for line in lines[-2:]:
        line[5] = "源城"
    roster = checked(world, lines)
    actions.map_words(roster, words=words, by=world.clerk, at=timezone.now())
    drain()
    return Roster.objects.get(pk=roster.pk)


BOTH = (Said("category", "乙类户", "dibao"), Said("region", "源城", "441602"))


def test_a_reviewer_sees_each_word_with_its_rows_and_who_said_it(world: World) -> None:
    roster = actions.submit_roster(said(world, *BOTH), by=world.clerk, at=timezone.now())
    page = signed_in(world.reviewer).get(address(roster))
    found = [(one.kind, one.word, one.target, one.rows, one.who, one.standing) for one in page.context["said_words"]]
    clerk = world.clerk.get_full_name()
    assert found == [
        ("Category", "乙类户", "低保对象", 5, clerk, True), ("Region", "源城", "源城区", 2, clerk, True),
    ]
    end_mapping(WordMapping.objects.get(word="源城"), by=world.clerk, at=timezone.now())
    page = signed_in(world.reviewer).get(address(roster))
    assert [one.standing for one in page.context["said_words"]] == [True, False]
    assert "(ended since)" in page.content.decode()


def test_words_that_the_file_does_not_use_are_not_listed(world: World) -> None:
    said(world, *BOTH)
    roster = checked(world, people(2, first=40))
    assert "said" not in roster.counts
    assert signed_in(world.clerk).get(address(roster)).context["said_words"] == []
    sibling = make_user("sibling", organization=world.sibling, role="clerk")
    assert signed_in(sibling).get(address(roster)).status_code in (302, 403, 404)


def test_words_are_counted_over_chunks_and_files_and_once_a_row(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 2)
    roster = said(world, *BOTH)
    word = WordMapping.objects.get(word="乙类户")
    assert roster.counts["said"] == {str(word.pk): 5, str(WordMapping.objects.get(word="源城").pk): 2}
    uploaded(world, [row(categories="乙类户、乙类户")], name="另.csv")
    drain()
    assert Roster.objects.latest("pk").counts["said"] == {str(word.pk): 1}


def test_many_words_cost_the_page_no_more_than_one(world: World) -> None:
    client = signed_in(world.reviewer)

    def queries(words: int, first: int) -> int:
        names = [f"别称{'甲乙丙丁戊己庚辛壬癸'[number]}{first}" for number in range(words)]
        lines = [people(1, first=first + number, categories=name)[0] for number, name in enumerate(names)]
        roster = checked(world, lines)
        said_now = [Said("category", name, "dibao") for name in names]
        actions.map_words(roster, words=said_now, by=world.clerk, at=timezone.now())
        drain()
        page = client.get(address(roster))
        assert len(page.context["said_words"]) == words
        with CaptureQueriesContext(connection) as asked:
            client.get(address(roster))
        return len(asked)

    queries(1, 100)
    assert queries(10, 200) == queries(1, 300)

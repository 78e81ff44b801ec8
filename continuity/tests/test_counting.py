"""Years in a row before a cover: what counts, what breaks them, what a list of earlier years adds, which claims end them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.testing import shared
from beneficiaries.actions import propose_merge
from beneficiaries.models import Enrollment
from beneficiaries.tests.changing import approved
from beneficiaries.tests.purchasing import Market, paid_market, person
from continuity import claims
from continuity.counting import years_of, years_sql
from continuity.models import EarlierYears
from continuity.testing import bought, cut_short, taken_in, year_of

pytestmark = pytest.mark.django_db


@dataclass
class Years:
    """A market with four calendar years; one person was covered in all of them."""

    market: Market
    covers: list[Enrollment]


def four_years() -> Years:
    market = paid_market()
    return Years(market, [bought(market, year_of(market, year)) for year in (2023, 2024, 2025, 2026)])


_django_db_helper, one_world, kept_world = shared(four_years)


@pytest.fixture
def years(kept_world: Years) -> Years:
    return kept_world


def told(cover: Enrollment) -> tuple[int, int]:
    found = years_of([cover.pk])[cover.pk]
    return found.continuity, found.claim_free


def with_claims(*covers: Enrollment) -> AbstractContextManager[None]:
    return claims.told_only_by(f"{{cover}} IN ({', '.join(str(each.pk) for each in covers)})")


def figure(years: Years, row: int, free: int, as_of: date, *, number: int = 0) -> None:
    taken_in(
        years.market.world, years.market.program, [[person(number)["document"], str(row), str(free)]], as_of=as_of
    )


def test_each_year_before_counts_and_the_first_has_none(years: Years) -> None:
    found = years_of([each.pk for each in years.covers])
    assert [(found[each.pk].continuity, found[each.pk].claim_free) for each in years.covers] == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert found[years.covers[3].pk].periods == tuple(each.period_id for each in reversed(years.covers[:3]))


@pytest.mark.parametrize(("last", "expected"), [
    (date(2024, 12, 31), 3), (date(2024, 10, 2), 3), (date(2024, 10, 1), 1), (date(2024, 3, 1), 1),
])
def test_a_gap_of_more_than_the_plans_days_begins_anew(years: Years, last: date, expected: int) -> None:
    # From 3 October to 31 December there are 90 days.
    cut_short(years.covers[1], last)
    assert told(years.covers[3])[0] == expected


@pytest.mark.parametrize("state", ["voided", "lapsed"])
def test_a_cover_that_never_stood_is_no_year(years: Years, state: str) -> None:
    Enrollment.objects.filter(pk=years.covers[2].pk).update(state=state)
    assert told(years.covers[3]) == (0, 0)


def test_a_cover_that_was_given_back_is_no_year(years: Years) -> None:
    cover = years.covers[2]
    Enrollment.objects.filter(pk=cover.pk).update(state="ended", ends_at=cover.starts_at)
    assert told(years.covers[3]) == (0, 0)


def test_covers_of_somebody_merged_count_as_the_persons_own(years: Years) -> None:
    market = years.market
    other = bought(market, year_of(market, 2022), number=1)
    # What the first paid years of somebody else do not change before they are one.
    assert told(years.covers[0]) == (0, 0)
    known = years.covers[0].beneficiary
    change = propose_merge(known, other=other.person, reason="同一人两个证件", by=market.world.clerk, at=timezone.now())
    approved(change, by=market.world.reviewer)
    assert [told(each) for each in (years.covers[0], years.covers[3])] == [(1, 1), (4, 4)]


def test_a_year_with_a_paid_claim_ends_those_without(years: Years) -> None:
    with with_claims(years.covers[1]):
        assert [told(each) for each in years.covers] == [(0, 0), (1, 1), (2, 0), (3, 1)]
    # The year itself is none before itself.
    with with_claims(years.covers[3]):
        assert told(years.covers[3]) == (3, 3)


def test_the_history_here_continues_what_an_earlier_insurer_tells(years: Years) -> None:
    figure(years, 5, 2, date(2022, 12, 31))
    assert [told(each) for each in years.covers] == [(5, 2), (6, 3), (7, 4), (8, 5)]


def test_a_claim_paid_here_ends_the_years_that_were_told_too(years: Years) -> None:
    figure(years, 5, 2, date(2022, 12, 31))
    with with_claims(years.covers[0]):
        assert [told(each) for each in years.covers] == [(5, 2), (6, 0), (7, 1), (8, 2)]


def test_years_told_up_to_within_the_history_take_its_place(years: Years) -> None:
    figure(years, 9, 0, date(2024, 12, 31))
    assert [told(each) for each in years.covers] == [(0, 0), (1, 1), (9, 0), (10, 1)]


@pytest.mark.parametrize(("as_of", "expected"), [
    # 90 days between 2 October and 1 January; a day more is too many.
    (date(2022, 10, 2), (5, 2)), (date(2022, 10, 1), (0, 0)),
])
def test_years_told_too_far_back_do_not_count(years: Years, as_of: date, expected: tuple[int, int]) -> None:
    figure(years, 5, 2, as_of)
    assert told(years.covers[0]) == expected
    found = years_of([years.covers[0].pk])[years.covers[0].pk]
    assert (found.told is not None, found.uses_told) == (True, expected != (0, 0))


def test_the_newest_list_about_a_person_counts_and_less_than_the_history_never(years: Years) -> None:
    figure(years, 5, 5, date(2022, 12, 31))
    figure(years, 2, 0, date(2022, 12, 31))
    assert told(years.covers[0]) == (2, 0)
    figure(years, 1, 1, date(2025, 12, 31))
    assert told(years.covers[3]) == (3, 3)


def test_of_a_number_that_was_never_theirs_nothing_counts(years: Years) -> None:
    figure(years, 5, 2, date(2022, 12, 31), number=7)
    assert EarlierYears.objects.count() == 1
    assert told(years.covers[0]) == (0, 0)


def test_one_question_serves_one_cover_and_all(years: Years) -> None:
    for wanted in ([years.covers[3].pk], [each.pk for each in years.covers]):
        with CaptureQueriesContext(connection) as asked:
            years_of(wanted)
        # Which slot of the index answers is asked besides.
        assert len(asked) == 2
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(y.continuity_years) FROM "
            f"({years_sql('SELECT id FROM beneficiaries_enrollment WHERE program_id = %s')}) AS y",
            [years.market.program.pk],
        )
        assert cursor.fetchone() == (6,)

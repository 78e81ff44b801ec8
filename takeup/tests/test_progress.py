"""Take-up of a period: each number against a slow literal count, who sees what, and that the page costs what it costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit import panels
from audit.testing import shared
from beneficiaries.age_bands import band_of
from beneficiaries.models import DayStanding, Enrollment
from beneficiaries.standing import settle
from beneficiaries.tests.renewing import Years, cover_of, covered, make_years, renewed
from portal.verify import check_all
from takeup.models import DayCount
from takeup.progress import TakenUp, taken_up
from takeup.testing import approved

pytestmark = pytest.mark.django_db
CHINA = ZoneInfo("Asia/Shanghai")


def of_two_years() -> Years:
    """Eight people before, six renewed and seven new by a list; one lapsed, one undone, one of another county."""
    years = make_years()
    covered(years, 8)
    renewed(years)
    for number, state in ((3, "voided"), (4, "lapsed")):
        Enrollment.objects.filter(period=years.into, person__birth_on=date(1940 + number, 1, 1)).update(state=state)
    covered(Years(years.world, years.into, years.into), 7, first=20)
    Enrollment.objects.filter(period=years.into, person__birth_on=date(1960, 1, 1)).update(region_code="441621001")
    return years


_django_db_helper, one_world, kept_world = shared(of_two_years)


@pytest.fixture
def years(settings: Any, kept_world: Years) -> Years:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def literal(years: Years) -> Counter[tuple[str, date, int | None, str]]:
    found: Counter[tuple[str, date, int | None, str]] = Counter()
    for cover in Enrollment.objects.filter(period=years.into).select_related("person", "roster", "purchase", "period"):
        if cover.state in ("lapsed", "voided") or cover.ends_at == cover.starts_at:
            continue
        channel = cover.purchase.channel if cover.purchase else "renewal" if cover.roster.purpose == "renew" else "list"
        band = band_of(cover.person.birth_on, cover.period.starts_on)
        found[cover.region_code[:6], cover.created_at.astimezone(CHINA).date(), band, channel] += 1
    return found


def shown(years: Years, user: User, **given: Any) -> TakenUp:
    return taken_up(years.into, user, **{"today": timezone.localdate(), **given})


def numbers(lines: Any) -> dict[str, int | None]:
    return {line.label: line.now for line in lines}


def test_counts_by_day_are_those_of_a_count_one_by_one(years: Years) -> None:
    def counted() -> Counter[tuple[str, date, int | None, str]]:
        found: Counter[tuple[str, date, int | None, str]] = Counter()
        for row in DayStanding.objects.filter(period=years.into):
            found[row.county, row.day, row.age_band, row.channel] += row.people
        return Counter({key: number for key, number in found.items() if number})

    wanted = literal(years)
    assert wanted.total() == 13
    assert counted() == wanted
    Enrollment.objects.filter(pk=cover_of(Years(years.world, years.into, years.into), 0).pk).update(state="ended")
    assert counted() == wanted, "who ended was enrolled"
    given_back = Enrollment.objects.filter(pk=cover_of(Years(years.world, years.into, years.into), 1).pk)
    given_back.update(state="ended", ends_at=F("starts_at"))
    wanted = literal(years)
    assert (wanted.total(), counted()) == (12, wanted), "who gave their cover back was not"
    settle()
    assert counted() == wanted
    Enrollment.objects.filter(period=years.into, state="in_force").update(state="lapsed")
    settle()
    assert counted() == literal(years)
    assert DayStanding.objects.filter(period=years.into).count() == 1
    assert [result.name for result in check_all() if result.rows and "standing" in result.name] == []


def test_the_page_adds_up_and_tells_the_share_of_the_target(years: Years) -> None:
    approved(replace(years.world, period=years.into), c441602=40, c441621=10)
    found = shown(years, years.world.reviewer)
    assert (found.total.now, found.total.before, found.total.target, found.total.rate) == (13, 8, 50, "26.0%")
    assert numbers(found.counties) == {"源城区": 12, "紫金县": 1}
    assert [(line.target, line.rate, line.shade) for line in found.counties] == [(40, "30.0%", 5), (10, "10.0%", 2)]
    assert numbers(found.channels) == {"经办单位名单": 7, "整体续保": 6}
    assert numbers(found.bands) == {"60–69": 7, "80+": 6}
    beside = [{line.label: (line.before, line.more) for line in lines} for lines in (found.counties, found.bands, found.channels)]
    assert beside == [
        {"源城区": (8, 4), "紫金县": (0, 1)}, {"60–69": (0, 7), "80+": (8, -2)}, {"经办单位名单": (8, -1), "整体续保": (0, 6)},
    ]
    assert sum(day.now or 0 for day in found.days) == 13
    assert found.days[-1].day == timezone.localdate()
    assert (found.days[-1].so_far, found.days[-1].before_so_far, found.hides, found.has_gaps) == (13, 8, False, False)
    assert found.drawing is not None
    assert [line.course.tone for line in found.drawing.lines] == [1, 2, 3]


def test_last_year_counts_up_to_the_same_day_of_its_window(years: Years) -> None:
    days = (timezone.localdate() - years.into.enrollment_opens_on).days
    earlier = shown(years, years.world.reviewer, today=years.into.enrollment_opens_on + timedelta(days=days - 1))
    assert earlier.total.before == 0, "its people came a day later"
    over = shown(years, years.world.reviewer, today=years.into.enrollment_closes_on)
    assert (over.total.before, over.window.is_over) == (8, True)
    to_come = shown(years, years.world.reviewer, today=years.into.enrollment_opens_on - timedelta(days=2))
    assert (to_come.days, to_come.drawing, to_come.window.day) == ([], None, 2)


def test_a_county_sees_its_own_people_and_target_and_a_foundation_no_small_number(years: Years) -> None:
    approved(replace(years.world, period=years.into), c441602=40, c441621=10)
    mine = shown(years, years.world.clerk)
    assert (mine.total.now, mine.total.target) == (12, 40)
    assert DayCount.objects.filter(period=years.into).update(organization=years.world.sibling)
    assert shown(years, years.world.clerk).total.now == 0
    theirs = shown(years, years.world.foundation_maker)
    assert (theirs.hides, theirs.has_gaps) == (True, True)
    told = {line.now for line in (*theirs.counties, *theirs.bands, *theirs.channels) if line.now}
    assert told and min(told) >= 5
    assert None in {line.now for line in theirs.counties}
    assert theirs.total.now == 13


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def test_pages_tell_it_and_lead_to_each_other(years: Years) -> None:
    client = signed_in(years.world.reviewer)
    address = reverse("admin:takeup_takeup_change", args=[years.into.pk])
    page = client.get(address).content.decode()
    for words in ("投保进度", "按投保日", "60–69", "经办单位名单", "polyline"):
        assert words in page, words
    assert address in client.get(reverse("admin:programs_period_change", args=[years.into.pk])).content.decode()
    listed = client.get(reverse("admin:takeup_takeup_changelist")).content.decode()
    assert address in listed
    figure = next(each for each in panels.figures_for(years.world.reviewer) if each.key == "takeup.today")
    assert figure.value(years.world.reviewer) == 8 + 13, "both windows are open"
    assert client.get(reverse("admin:takeup_takeup_change", args=[10**9])).status_code in (302, 404)


def test_queries_of_the_page_do_not_grow_with_the_people(years: Years) -> None:
    client = signed_in(years.world.reviewer)
    address = reverse("admin:takeup_takeup_change", args=[years.into.pk])
    asked = []
    for more in (0, 9):
        if more:
            covered(Years(years.world, years.into, years.into), more, first=40)
        client.get(address)
        with CaptureQueriesContext(connection) as found:
            client.get(address)
        asked.append(len(found))
    assert asked[0] == asked[1]

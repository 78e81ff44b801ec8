"""The pages of a renewal: beginning one, both years' money, who is not renewed and why, the way back to the cover before."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.actions import approve_undo, request_undo
from beneficiaries.models import Enrollment, Roster
from beneficiaries.tests.renewing import Years, approved, checked, cover_of, covered, make_years, reviewed
from beneficiaries.tests.test_purpose_pages import page_of, signed_in, text_of
from jobs.testing import drain

pytestmark = pytest.mark.django_db


def with_people() -> Years:
    """Three people, of whom the eldest is too old a year later."""
    years = make_years(max_age=87)
    covered(years, 3)
    return years


_django_db_helper, one_world, kept_world = shared(with_people)


@pytest.fixture
def years(settings: Any, kept_world: Years) -> Years:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def test_a_clerk_begins_a_renewal_and_the_period_before_is_meant_where_none_is_said(years: Years) -> None:
    client = signed_in(years.world.clerk)
    address = reverse("admin:beneficiaries_roster_renew")
    shown = text_of(client, f"{address}?into={years.into.pk}")
    assert "整体续保" in shown
    assert f'<option value="{years.into.pk}" selected>' in shown
    response = client.post(address, {"into": years.into.pk, "organization": years.world.office.pk})
    assert response.status_code == 302
    drain()
    roster = Roster.objects.latest("pk")
    assert (roster.renewed_period_id, roster.counts["verdicts"]) == (years.before.pk, {"3": 2, "6": 1})
    refused = client.post(address, {"into": years.into.pk, "organization": years.world.office.pk})
    assert refused.status_code == 409
    assert f"名单 {roster.pk} 正在为同一批人员续保" in refused.content.decode()
    first = client.post(address, {"into": years.before.pk, "organization": years.world.office.pk})
    assert "该项目没有更早的期间" in first.content.decode()
    assert client.post(address, {"into": years.into.pk, "organization": years.world.sibling.pk}).status_code == 200
    assert Roster.objects.filter(renewed_period__isnull=False).count() == 1


def test_the_page_shows_both_years_by_payer_reasons_and_the_cover_before_each(years: Years) -> None:
    roster = reviewed(years)
    shown = text_of(signed_in(years.world.clerk), page_of(roster))
    assert "由 2027 期续保到 2028 期" in shown
    assert "共核对源城区 3 人，2027 期保费合计 297.00 元" in shown
    assert "不符合投保条件（超过最高年龄）" in shown
    for number in range(3):
        assert cover_of(years, number).number in shown
    assert shown.count(">137.98<") >= 2
    assert "添加文件" not in shown
    assert "不续保人员" in shown
    assert "全量名单" not in shown


def test_queries_of_the_page_do_not_grow_with_the_people(years: Years) -> None:
    client = signed_in(years.world.clerk)
    small = reviewed(years)
    covered(years, 9, first=3)
    numbers = []
    for roster in (small, reviewed(years, categories=[cover_of(years, 1).category])):
        text_of(client, page_of(roster))
        with CaptureQueriesContext(connection) as found:
            text_of(client, page_of(roster))
        numbers.append(len(found))
    assert numbers[0] + 1 >= numbers[1]


def test_who_is_not_renewed_is_downloaded_masked_with_the_reason_and_told(years: Years) -> None:
    roster = reviewed(years)
    client = signed_in(years.world.clerk)
    address = reverse("admin:beneficiaries_roster_left_rows", args=[roster.pk])
    assert client.get(address).status_code == 200
    response: Any = client.post(address)
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    number, name, document, *_rest = lines[1].split(",")
    person = cover_of(years, 0).person
    assert (number, name, document) == (cover_of(years, 0).number, str(person.name), str(person.document))
    assert "*" in name and document.startswith("4416**********")
    assert "不符合投保条件（超过最高年龄）" in lines[1]
    event = Event.objects.filter(verb="roster.left_downloaded").latest("pk")
    assert (event.subject_id, event.data["people"]) == (str(roster.pk), 1)


def test_what_an_undo_leaves_of_a_renewal_is_on_the_same_list(years: Years) -> None:
    world = years.world
    roster = checked(approved(world, reviewed(years)))
    Enrollment.objects.filter(roster=roster, person__birth_on=date(1941, 1, 1)).update(state="ended")
    roster = request_undo(roster, reason="方案有误", by=world.clerk, at=timezone.now())
    roster = checked(approve_undo(roster, by=world.reviewer, at=timezone.now()))
    assert roster.state == "undone"
    response: Any = signed_in(world.clerk).post(reverse("admin:beneficiaries_roster_left_rows", args=[roster.pk]))
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()[1:]
    assert sorted(line.split(",")[0] for line in lines) == sorted(cover_of(years, number).number for number in (0, 1))


def test_an_approver_is_told_what_it_costs_and_a_renewed_cover_leads_to_the_one_before(years: Years) -> None:
    roster = reviewed(years)
    roster = checked(approved(years.world, roster))
    cover = Enrollment.objects.filter(roster=roster).order_by("pk").first()
    assert cover is not None
    shown = text_of(signed_in(years.world.clerk), reverse("admin:beneficiaries_enrollment_change", args=[cover.pk]))
    before = cover_of(years, cover.person.birth_on.year - 1940)
    assert f"名单 {roster.pk}：由保障 {before.number} 续保而来" in shown
    assert reverse("admin:beneficiaries_enrollment_change", args=[before.pk]) in shown
    person = text_of(signed_in(years.world.clerk), reverse("admin:beneficiaries_person_change", args=[cover.person_id]))
    assert "无（由上期保障续保）" in person

"""The pages of rosters of every purpose: choosing it, its blank template, what an approver and a reader are told."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import User
from audit.testing import shared
from beneficiaries.models import Enrollment, Person, Roster
from beneficiaries.models.roster import Purpose
from beneficiaries.purposes import TEMPLATES
from beneficiaries.testing import World, csv_of, make_world, people, uploaded
from beneficiaries.tests.test_purposes import applied, brought, enrolled, file_of, who
from jobs.testing import drain

pytestmark = pytest.mark.django_db
BACKEND = "accounts.backends.RoleBackend"


_django_db_helper, one_world, kept_world = shared(make_world)


@pytest.fixture
def world(settings: Any, kept_world: World) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return str(response.content.decode())


def page_of(roster: Roster) -> str:
    return reverse("admin:beneficiaries_roster_change", args=[roster.pk])


def test_a_clerk_chooses_the_purpose_at_upload_and_it_is_enroll_where_nothing_is_said(world: World) -> None:
    enrolled(world, 1)
    client = signed_in(world.clerk)
    address = reverse("admin:beneficiaries_roster_upload")
    shown = text_of(client, address)
    for purpose in Purpose:
        assert f'value="{purpose.value}"' in shown
        assert f"?purpose={purpose.value}" in shown
    files = {
        "update": file_of(Purpose.UPDATE, [{**who(), "phone": "13911112222"}]).getvalue(), "": csv_of(people(2)).getvalue(),
    }
    for purpose, content in files.items():
        response = client.post(
            address,
            {
                "purpose": purpose, "period": world.period.pk, "organization": world.office.pk,
                "file": SimpleUploadedFile("名册.csv", content),
            },
        )
        assert response.status_code == 302
        drain()
        assert Roster.objects.latest("pk").purpose == (purpose or "enroll")
    assert client.post(address, {"purpose": "erase", "period": world.period.pk}).status_code == 200
    assert Roster.objects.count() == 3


@pytest.mark.parametrize("purpose", list(Purpose))
def test_each_purpose_has_a_blank_template_with_its_own_columns(world: World, purpose: Purpose) -> None:
    response = signed_in(world.clerk).get(reverse("admin:beneficiaries_roster_blank_template"), {"purpose": purpose.value})
    sheet = load_workbook(io.BytesIO(response.content)).worksheets[0]
    headings = [str(cell.value).removesuffix("*") for cell in sheet[1]]
    assert headings == [str(column.label) for column in TEMPLATES[purpose].columns]


def test_there_is_no_template_of_an_unknown_purpose(world: World) -> None:
    client = signed_in(world.clerk)
    assert client.get(reverse("admin:beneficiaries_roster_blank_template"), {"purpose": "erase"}).status_code == 404


def test_an_approver_of_an_ending_reads_that_no_premium_is_given_back(world: World) -> None:
    enrolled(world, 2)
    roster = brought(world, Purpose.END, [{**who(), "end_reason": "迁出", "ended_on": str(timezone.localdate())}])
    Roster.objects.filter(pk=roster.pk).update(state="submitted", submitted_by=world.clerk, submitted_at=timezone.now())
    shown = text_of(signed_in(world.reviewer), reverse("admin:beneficiaries_roster_approve", args=[roster.pk]))
    assert "保费不退还出资方，也不退还个人" in shown
    assert "终止保障人数" in shown
    assert "自付" not in shown


def test_the_page_of_an_ending_says_reason_and_day_of_each_line_and_its_cover_says_it_too(world: World) -> None:
    enrolled(world, 1)
    day = timezone.localdate()
    roster = applied(world, Purpose.END, [{**who(), "end_reason": "身故", "ended_on": str(day)}])
    client = signed_in(world.clerk)
    shown = text_of(client, page_of(roster))
    assert f"身故；最后保障日 {day}" in shown
    assert "终止保障" in shown
    cover, person = Enrollment.objects.get(), Person.objects.get()
    assert f"身故；最后保障日 {day}" in text_of(client, reverse("admin:beneficiaries_enrollment_change", args=[cover.pk]))
    assert "身故日期" in text_of(client, reverse("admin:beneficiaries_person_change", args=[person.pk]))


def test_the_page_of_an_update_shows_what_changes_and_the_days_of_categories(world: World) -> None:
    enrolled(world, 1)
    day = timezone.localdate()
    roster = brought(
        world, Purpose.UPDATE, [{**who(), "phone": "13911112222", "categories": "低保对象", "valid_to": str(day)}]
    )
    shown = text_of(signed_in(world.clerk), page_of(roster))
    assert "139****2222" in shown
    assert f"类别至 {day} 止" in shown
    assert "+ 低保对象" not in shown


def test_the_page_of_a_second_list_shows_only_what_is_added(world: World) -> None:
    enrolled(world, 1)
    roster = uploaded(world, people(1, phone="13911112222", categories="特困人员"))
    drain()
    shown = text_of(signed_in(world.clerk), page_of(Roster.objects.get(pk=roster.pk)))
    assert "+ 特困人员" in shown
    assert "139****2222" not in shown


def test_a_roster_of_a_purpose_goes_its_way_by_the_command_line(world: World, tmp_path: Any) -> None:
    enrolled(world, 1)
    path = tmp_path / "更新.csv"
    path.write_bytes(file_of(Purpose.UPDATE, [{**who(), "phone": "13911112222"}]).getvalue())
    said = io.StringIO()
    call_command(
        "import_roster", str(path), program=world.program.code, user=world.clerk.username, purpose="update", submit=True,
        approve_by=world.reviewer.username, json=True, stdout=said,
    )
    assert '"purpose": "update"' in said.getvalue()
    assert '"state": "applied"' in said.getvalue()
    assert Enrollment.objects.count() == 1

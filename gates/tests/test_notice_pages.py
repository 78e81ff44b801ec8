"""A public notice by its buttons: posted, printed with its days, objected to, decided, closed and withdrawn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import Event
from audit.testing import shared
from beneficiaries.models import Enrollment, Roster
from beneficiaries.testing import World, applied, make_world, people
from gates.models import Objection
from gates.testing import made_notice, posted_notice
from jobs.testing import drain
from portal.verify import check_all

pytestmark = pytest.mark.django_db
TOWN = "441602001"


def made() -> tuple[World, Roster]:
    """Three people of a town who wait for their notice, which may hang for no day at all."""
    world = make_world(requires_notice=True, notice_days=0, requires_own_payment=False, requires_insurer_acceptance=True)
    rows = people(3)
    for line in rows:
        line[5] = TOWN
    return world, applied(world, rows)


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def press(user: Any, name: str, of: Any, **given: Any) -> Any:
    """A button as its user presses it; the page that follows."""
    address = reverse(f"admin:{of._meta.app_label}_{of._meta.model_name}_{name}", args=[of.pk])
    return signed_in(user).post(address, given, follow=True)


def said(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_notice_is_posted_objected_to_decided_and_closed_by_its_buttons(kept_world: Any) -> None:
    world, roster = kept_world
    notice = made_notice(world)
    assert "3 人" in said(press(world.reviewer, "post", notice))
    notice.refresh_from_db()
    assert (notice.state, notice.people, notice.villages) == ("posted", 3, 1)

    told = press(
        world.clerk, "object", notice, region_code=TOWN, number="2", reason="means", text="隔壁说他家有三套房",
        received_on=str(timezone.localdate()),
    )
    assert "隔壁说他家有三套房" not in said(told)
    objection = Objection.objects.get(notice=notice)
    line = notice.lines.get(region_code=TOWN, number=2)
    assert (objection.enrollment_id, objection.state, objection.text.reveal()) == (line.enrollment_id, "open", "隔壁说他家有三套房")

    # An open objection keeps the notice, whoever recorded it does not decide it.
    press(world.clerk, "close", notice)
    notice.refresh_from_db()
    assert notice.state == "posted"
    press(world.clerk, "decide", objection, state="upheld", decision="不符合条件")
    objection.refresh_from_db()
    assert objection.state == "open"

    press(world.reviewer, "decide", objection, state="upheld", decision="房产核实属实")
    objection.refresh_from_db()
    assert (objection.state, objection.decision, objection.decided_by_id) == ("upheld", "房产核实属实", world.reviewer.pk)
    assert Enrollment.objects.get(pk=line.enrollment_id).state == "voided"

    press(world.clerk, "close", notice)
    drain()
    notice.refresh_from_db()
    assert notice.state == "closed"
    passed = Enrollment.objects.filter(roster=roster, state="awaiting", notice_passed_at__isnull=False)
    assert passed.count() == 2
    assert [result.name for result in check_all() if result.rows] == []


def test_the_print_button_gives_the_list_with_its_first_and_last_day_and_is_recorded(kept_world: Any) -> None:
    world, _roster = kept_world
    first = timezone.localdate() + timedelta(days=2)
    notice = posted_notice(world, starts_on=first, days=7)
    address = reverse("admin:gates_notice_print", args=[notice.pk])
    answer = signed_in(world.clerk).post(address, {"kind": "screen"})
    page = b"".join(answer.streaming_content).decode()
    for day in (first, first + timedelta(days=6)):
        assert f"{day.year}年{day.month}月{day.day}日" in page
    assert page.count('<section class="village">') == 1
    assert "no-store" in answer["Cache-Control"]
    event = Event.objects.get(verb="notice.printed")
    assert (event.actor_id, event.data) == (world.clerk.pk, {"people": 3, "villages": 1})
    file = signed_in(world.clerk).post(address, {"kind": "file"})
    assert file["Content-Disposition"] == f'attachment; filename="notice-{notice.pk}.html"'
    assert Event.objects.filter(verb="notice.printed").count() == 2


def test_a_withdrawn_notice_says_why_and_its_people_wait_for_another(kept_world: Any) -> None:
    world, roster = kept_world
    notice = posted_notice(world)
    press(world.clerk, "withdraw", notice)
    notice.refresh_from_db()
    assert notice.state == "posted"  # no reason, no withdrawal
    press(world.reviewer, "withdraw", notice, reason="名单有误,重新公示")
    notice.refresh_from_db()
    assert notice.state == "withdrawn"
    assert Event.objects.get(verb="notice.withdrawn").data["reason"] == "名单有误,重新公示"
    again = posted_notice(world)
    assert again.people == 3
    assert roster.enrollments.filter(state="awaiting").count() == 3

"""The room's pages as their users meet them: who is offered what, what a click does, and that pages cost a few questions."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audit.testing import shared
from beneficiaries.testing import World
from jobs.testing import drain
from outreach.models import MessageWording, Sending
from outreach.testing import HOTLINE, TEXT, covers, drafter, make_paying, ready

pytestmark = pytest.mark.django_db
_django_db_helper, one_world, kept_world = shared(make_paying)


@pytest.fixture(autouse=True)
def without_a_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def page_of(sending: Sending, verb: str = "change") -> str:
    return reverse(f"admin:outreach_sending_{verb}", args=[sending.pk])


def test_a_message_goes_from_its_proposal_to_the_file_by_two_people(kept_world: World) -> None:
    clerk, reviewer = browser(kept_world.clerk), browser(kept_world.reviewer)
    given = {
        "period": kept_world.period.pk, "organization": kept_world.office.pk, "region_code": "", "topic": "to_pay", "turn": "1",
        "within_days": "", "grouped": "on", "earliest_hour": "8", "latest_hour": "20",
    }
    answer = clerk.post(reverse("admin:outreach_sending_propose"), given)
    sending = Sending.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page_of(sending))
    own = clerk.get(page_of(sending)).content.decode()
    assert page_of(sending, "release") not in own and "张*您好" in own and "短信 1 条" in own
    shown = reviewer.get(page_of(sending, "release"))
    facts = dict(shown.context["facts"])
    assert [facts[word] for word in ("当前人数", "短信通知", "村（社区）通知", "不通知：已身故")] == ["6", "4", "2", "0"]
    assert reviewer.post(page_of(sending, "release"), {"shown": "5"}).status_code == 409
    assert reviewer.post(page_of(sending, "release"), {"shown": "6"}).status_code == 302
    drain()
    page = clerk.get(page_of(sending)).content.decode()
    assert f"{page_of(sending, 'print')}?village=441602" in page
    archive = clerk.post(page_of(sending, "download"))
    assert archive["Content-Type"] == "application/zip" and "no-store" in archive["Cache-Control"]
    assert b"".join(archive.streaming_content)[:2] == b"PK"
    printed = b"".join(clerk.post(page_of(sending, "print")).streaming_content).decode()
    assert "村（社区）代为通知人员名单" in printed and printed.count('<td class="tick">') == 2
    assert page_of(sending, "withdraw") not in reviewer.get(page_of(sending)).content.decode()
    cover = covers(kept_world)[0]
    told = clerk.get(reverse("admin:beneficiaries_enrollment_change", args=[cover.pk])).content.decode()
    assert page_of(sending) in told and "待个人缴费" in told


def test_a_clerk_chooses_that_everybody_is_told_by_the_village(kept_world: World) -> None:
    given = {
        "period": kept_world.period.pk, "organization": kept_world.office.pk, "region_code": "", "topic": "to_pay", "turn": "1",
        "within_days": "", "grouped": "on", "village_only": "on", "earliest_hour": "8", "latest_hour": "20",
    }
    browser(kept_world.clerk).post(reverse("admin:outreach_sending_propose"), given)
    facts = dict(browser(kept_world.reviewer).get(page_of(Sending.objects.get(), "release")).context["facts"])
    assert [facts[word] for word in ("短信通知", "村（社区）通知", "通知方式")] == ["0", "6", "全部由村（社区）通知，不发短信"]


def test_a_wording_is_drafted_looked_at_and_approved(kept_world: World) -> None:
    kept = browser(drafter(kept_world))
    given = {
        "program": kept_world.program.pk, "topic": "in_force", "signature": "源城民政", "text": "{姓名}的保障已生效,至{止保日}。",
        "name_form": "masked", "hotline": HOTLINE,
    }
    address = reverse("admin:outreach_messagewording_draft")
    refused = kept.post(address, {**given, "text": "{姓名}{证件号}"})
    assert refused.status_code == 409 and "短信中不能使用这些位置：“证件号”" in refused.content.decode()
    assert kept.post(address, given).status_code == 302
    made = MessageWording.objects.latest("pk")
    page = browser(kept_world.reviewer).get(reverse("admin:outreach_messagewording_approve", args=[made.pk])).content.decode()
    assert "【源城民政】阿*********的保障已生效,至2027年12月31日。" in page
    assert browser(kept_world.clerk).get(address).status_code == 200
    assert browser(kept_world.finance_maker).get(address).status_code == 403
    browser(kept_world.reviewer).post(reverse("admin:outreach_messagewording_approve", args=[made.pk]))
    made.refresh_from_db()
    assert (made.state, made.decided_by_id) == ("approved", kept_world.reviewer.pk)


def test_pages_ask_as_many_questions_for_many_people_as_for_few(kept_world: World) -> None:
    client = browser(kept_world.clerk)
    sending = ready(kept_world)

    def questions(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    changelist = reverse("admin:outreach_sending_changelist")
    before = questions(changelist)
    for turn in (2, 3):
        ready(kept_world, turn=turn)
    assert questions(changelist) == before < 25
    assert questions(page_of(sending)) < 30
    assert TEXT in MessageWording.objects.get().text

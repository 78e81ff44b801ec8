"""Target populations: who proposes, who approves, what replaces what, and files of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.errors import PersonalDataRefused
from audit.models import Event
from audit.testing import shared
from beneficiaries.testing import World, make_world
from portal.verify import check_all
from takeup.actions import approve_targets, decline_target, propose_targets, withdraw_target
from takeup.actions.targets import Wanted, digest_of, waiting_for
from takeup.errors import TakeupRefused
from takeup.invariants import INVARIANTS
from takeup.models import Target
from takeup.testing import approved, city_clerk, proposed

pytestmark = pytest.mark.django_db
_django_db_helper, one_world, kept_world = shared(make_world)
HEAD = "项目代码,期间,县区代码,目标人数,依据"


@pytest.fixture
def world(settings: Any, kept_world: World) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    return kept_world


def refusal(act: Any) -> str:
    with pytest.raises(TakeupRefused) as refused:
        act()
    return refused.value.code


def states() -> list[tuple[str, int, str]]:
    return list(Target.objects.order_by("pk").values_list("region_code", "people", "state"))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def test_a_newer_approved_target_replaces_the_older_and_only_a_second_person_makes_it_count(world: World) -> None:
    approved(world, c441602=1_000, c441621=500)
    proposed(world, c441602=1_200)
    assert states() == [("441602", 1_000, "approved"), ("441621", 500, "approved"), ("441602", 1_200, "proposed")]
    proposed(world, c441602=1_300)
    shown = digest_of(waiting_for(world.period, world.reviewer))
    approve_targets(world.period, shown=shown, by=world.reviewer, at=timezone.now())
    assert states() == [
        ("441602", 1_000, "replaced"), ("441621", 500, "approved"), ("441602", 1_200, "replaced"), ("441602", 1_300, "approved"),
    ]
    assert Event.objects.filter(verb="target.approved").count() == 3
    own = {invariant.name for invariant in INVARIANTS}
    assert [result.name for result in check_all() if result.rows and result.name in own] == []


def test_what_is_refused_changes_nothing(world: World) -> None:
    clerk, at = city_clerk(world), timezone.now()
    (target,) = proposed(world, c441602=1_000)
    cases = [
        ("COUNTY", lambda: propose_targets(world.period, [Wanted("110101", 5, "年鉴")], by=clerk, at=at)),
        ("COUNTY", lambda: propose_targets(world.period, [Wanted("4416", 5, "年鉴")], by=clerk, at=at)),
        ("PEOPLE", lambda: propose_targets(world.period, [Wanted("441621", 0, "年鉴")], by=clerk, at=at)),
        ("BASIS", lambda: propose_targets(world.period, [Wanted("441621", 5, " ")], by=clerk, at=at)),
        # A county's clerk says nothing for the city's program.
        ("OUT_OF_SCOPE", lambda: propose_targets(world.period, [Wanted("441602", 5, "年鉴")], by=world.clerk, at=at)),
        ("CHANGED", lambda: approve_targets(world.period, shown="0" * 64, by=world.reviewer, at=at)),
        ("REASON", lambda: decline_target(target, reason="旧", by=world.reviewer, at=at)),
    ]
    assert [refusal(act) for _code, act in cases] == [code for code, _act in cases]
    assert states() == [("441602", 1_000, "proposed")]
    withdraw_target(target, by=clerk, at=at)
    assert refusal(lambda: withdraw_target(target, by=clerk, at=at)) == "STATE"
    assert refusal(lambda: approve_targets(world.period, shown="", by=world.reviewer, at=at)) == "NOTHING_WAITS"
    approved(world, c441602=1_000)
    assert refusal(lambda: proposed(world, c441602=1_000)) == "SAME"


def test_whoever_proposes_does_not_decide_and_a_reason_goes_back(world: World) -> None:
    (target,) = proposed(world, c441602=1_000)
    decline_target(target, reason="数据过旧", by=world.reviewer, at=timezone.now())
    assert states() == [("441602", 1_000, "declined")]
    assert Event.objects.get(verb="target.declined").data["reason"] == "数据过旧"
    (own,) = propose_targets(world.period, [Wanted("441602", 7, "年鉴")], by=city_clerk(world), at=timezone.now())
    with pytest.raises(IntegrityError, match="target_decided_by_another"), transaction.atomic():
        Target.objects.filter(pk=own.pk).update(state="approved", decided_by=own.proposed_by, decided_at=timezone.now())


@pytest.mark.parametrize(("name", "statement"), [
    ("target_approved_by_another", "ALTER TABLE takeup_target DROP CONSTRAINT target_decided_by_another;"
     "UPDATE takeup_target SET decided_by_id = proposed_by_id"),
    ("target_lies_in_its_program", "ALTER TABLE takeup_target DISABLE TRIGGER USER;"
     "UPDATE takeup_target SET region_code = '110101'"),
    ("every_target_has_its_event", "UPDATE takeup_target SET decided_at = now() + interval '1 day'"),
])
def test_a_planted_violation_is_found(world: World, name: str, statement: str) -> None:
    approved(world, c441602=1_000)
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE;{statement}")
    assert name in {result.name for result in check_all() if result.rows}


def file_of(*lines: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("目标.csv", "\n".join([HEAD, *lines]).encode("utf-8-sig"))


def test_a_file_of_counties_is_proposed_and_approved_on_the_pages(world: World) -> None:
    approved(world, c441602=1_000)
    clerk, code, period = signed_in(city_clerk(world)), world.program.code, world.period.code
    address = reverse("admin:takeup_target_import_action")
    lines = (f"{code},{period},441602,1000,统计年鉴", f'{code},{period},441621,"2,500",统计年鉴')
    bad = clerk.post(address, {"import_file": file_of(*lines, f"{code},{period},110101,5,年鉴", f"{code},1999,441621,5,年鉴",
                                                      f"{code},{period},441622,0,年鉴"), "format": ""}, follow=True)
    told = bad.content.decode()
    for sentence in ("您管理的项目中没有这个未关闭的期间", "没有这个地区代码", "不是整数"):
        assert sentence in told, sentence
    shown = clerk.post(address, {"import_file": file_of(*lines), "format": ""}, follow=True)
    held = shown.context["held"]
    assert (shown.context["preview"].added, shown.context["preview"].unchanged, shown.context["preview"].refused) == (1, 1, 0)
    done = clerk.post(address, {"held": held.pk, "digest": shown.context["preview"].digest}, follow=True)
    assert done.status_code == 200
    assert states() == [("441602", 1_000, "approved"), ("441621", 2_500, "proposed")]
    reviewer = signed_in(world.reviewer)
    page = f"{reverse('admin:takeup_target_approve')}?period={world.period.pk}"
    asked = reviewer.get(page)
    assert "紫金县" in asked.content.decode()
    answer = reviewer.post(page, {"digest": asked.context["form"].initial["digest"]})
    assert answer.status_code == 302
    assert states() == [("441602", 1_000, "approved"), ("441621", 2_500, "approved")]


def test_buttons_propose_send_back_and_withdraw(world: World) -> None:
    clerk, reviewer = signed_in(city_clerk(world)), signed_in(world.reviewer)
    given = {"period": world.period.pk, "region_code": "441602", "people": 900, "basis": "统计年鉴"}
    assert clerk.post(reverse("admin:takeup_target_propose"), given).status_code == 302
    target = Target.objects.get()
    page = reviewer.get(reverse("admin:takeup_target_change", args=[target.pk])).content.decode()
    assert "900" in page
    assert reviewer.post(reverse("admin:takeup_target_decline", args=[target.pk]), {"reason": "请用新年鉴"}).status_code == 302
    assert clerk.post(reverse("admin:takeup_target_propose"), given).status_code == 302
    again = Target.objects.latest("pk")
    assert clerk.post(reverse("admin:takeup_target_withdraw", args=[again.pk])).status_code == 302
    assert [state for _code, _people, state in states()] == ["declined", "withdrawn"]
    wrong = clerk.post(reverse("admin:takeup_target_propose"), {**given, "region_code": "999999"})
    assert "没有这个代码的县区" in wrong.content.decode()
    assert wrong.status_code == 200
    chosen = reviewer.get(reverse("admin:takeup_target_approve"))
    assert "请选择期间" in chosen.content.decode()


def test_a_period_that_is_closed_takes_no_target(world: World) -> None:
    period = world.period
    type(period).objects.filter(pk=period.pk).update(closed_at=timezone.now() - timedelta(days=1))
    assert refusal(lambda: proposed(world, c441602=1_000)) == "PERIOD_CLOSED"


def test_a_document_number_stays_in_no_reason_and_no_basis(world: World) -> None:
    target = proposed(world, c441602=1_000)[0]
    with pytest.raises(PersonalDataRefused):
        decline_target(target, reason="与441602196203151219不符", by=world.reviewer, at=timezone.now())
    with pytest.raises(PersonalDataRefused):
        propose_targets(
            world.period, [Wanted("441602", 900, "据441602196203151219")], by=city_clerk(world), at=timezone.now()
        )
    assert states() == [("441602", 1_000, "proposed")]

"""Pages of the room: a format drafted and approved, a hand-over proposed, released, fetched and answered, each by its clicks."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from audit.testing import shared
from beneficiaries.testing import World, applied, make_world, people
from handover import actions
from handover.models import HandOver, InsurerFormat, Receipt
from handover.testing import COLUMNS, PASSWORD, TERMS, answered, drafted, numbers_of, opened, receipt_file, released
from jobs.testing import drain

pytestmark = pytest.mark.django_db


def made() -> World:
    """Three people who wait for the insurer."""
    world = make_world(**TERMS)
    applied(world, people(3))
    return world


_django_db_helper, one_world, kept_world = shared(made)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def signed_in(user: Any) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def test_a_format_goes_from_a_draft_into_use_by_two_people(kept_world: Any) -> None:
    clerk, reviewer = signed_in(kept_world.clerk), signed_in(kept_world.reviewer)
    page = text_of(clerk.get(reverse("admin:handover_insurerformat_draft")))
    assert "被保险人证件号码" in page and "保障凭证号 = 保障凭证号" in page
    given = {
        "organization": kept_world.office.pk, "insurer": kept_world.insurer.pk, "name": "示例财险清单", "file_kind": "csv",
        "encoding": "gb18030", "dates": "%Y%m%d", "entries": COLUMNS, "leaves": "", "document_types": "居民身份证 = 01",
        "sexes": "男 = M\n女 = F", "number": "客户号", "policy_number": "个单号", "result": "", "reason": "", "accepted": "Y",
        "refused": "N", "own_policies": "on",
    }
    wrong = clerk.post(reverse("admin:handover_insurerformat_draft"), {**given, "entries": "姓名 = 无此字段"})
    assert "“无此字段”不是我方字段。" in text_of(wrong) and not InsurerFormat.objects.exists()
    wrong = clerk.post(reverse("admin:handover_insurerformat_draft"), {**given, "entries": "姓名 = 被保险人姓名"})
    assert "须有一列为保障凭证号" in text_of(wrong)
    made = clerk.post(reverse("admin:handover_insurerformat_draft"), given)
    kept = InsurerFormat.objects.get()
    address = reverse("admin:handover_insurerformat_change", args=[kept.pk])
    assert (made.status_code, made["Location"]) == (302, address)
    page = text_of(clerk.get(address))
    for word in ("欧阳示例", "44162519951102042X", "示例-2027-000100000", "19620315", "减员原因", "迁出"):
        assert word in page, word
    approve = reverse("admin:handover_insurerformat_approve", args=[kept.pk])
    assert clerk.post(approve).status_code == 403
    edited = clerk.post(reverse("admin:handover_insurerformat_edit", args=[kept.pk]), {**given, "dates": "%Y-%m-%d"})
    assert edited.status_code == 302
    assert reviewer.post(approve).status_code == 302
    kept.refresh_from_db()
    assert (kept.state, kept.dates) == ("approved", "%Y-%m-%d")
    assert kept.codes == {"document_type": {"resident_id": "01"}, "sex": {"male": "M", "female": "F"}}
    renewed = clerk.post(reverse("admin:handover_insurerformat_renew", args=[kept.pk]), given)
    assert renewed.status_code == 302
    second = InsurerFormat.objects.latest("pk")
    assert reviewer.post(reverse("admin:handover_insurerformat_approve", args=[second.pk])).status_code == 302
    states = InsurerFormat.objects.order_by("pk").values_list("number", "state")
    assert list(states) == [(1, "retired"), (2, "approved")]


def test_a_hand_over_goes_its_way_by_clicks(kept_world: Any) -> None:
    clerk, reviewer = signed_in(kept_world.clerk), signed_in(kept_world.reviewer)
    kept = actions.approve_format(drafted(kept_world), by=kept_world.reviewer, at=timezone.now())
    period = text_of(clerk.get(reverse("admin:programs_period_change", args=[kept_world.period.pk])))
    propose = reverse("admin:handover_handover_propose")
    assert "尚未向保险公司移交" in period and f"{propose}?period={kept_world.period.pk}" in period
    made = clerk.post(
        propose,
        {
            "period": kept_world.period.pk, "organization": kept_world.office.pk, "kind": "initial", "format": kept.pk,
            "purpose": "承保出单", "recipient": "承保部", "kept_days": "5",
        },
    )
    hand_over = HandOver.objects.get()
    page = reverse("admin:handover_handover_change", args=[hand_over.pk])
    assert made["Location"] == page
    release = reverse("admin:handover_handover_release", args=[hand_over.pk])
    assert clerk.post(release, {"shown": 3}).status_code == 403
    shown = text_of(reviewer.get(release))
    assert "297.00" in shown and "证件号码" in shown and 'name="shown" value="3"' in shown
    assert reviewer.post(release, {"shown": 2}).status_code == 409
    assert reviewer.post(release, {"shown": 3}).status_code == 302
    drain()
    hand_over.refresh_from_db()
    assert text_of(clerk.get(page)).count("297.00") >= 4
    fetch = reverse("admin:handover_handover_download", args=[hand_over.pk])
    offered = [re.search(r'name="password" value="([^"]+)"', text_of(clerk.get(fetch))) for _turn in range(2)]
    passwords = {found[1] for found in offered if found}
    assert len(passwords) == 2 and all(re.fullmatch(r"(?:\w{4}-){3}\w{4}", each) for each in passwords)
    assert "12 至 64 位密码" in clerk.post(fetch, {"password": "kurz"}).content.decode()
    password = passwords.pop()
    answer = clerk.post(fetch, {"password": password})
    entry, content = opened(b"".join(answer.streaming_content), password=password)
    assert hashlib.sha256(content).hexdigest() == hand_over.sha256
    name = f"HY-{kept_world.period.code}-initial-{hand_over.pk}.xlsx"
    assert entry == name and answer["Content-Disposition"].startswith(f'attachment; filename="{name}.zip"')
    one, two, _three = numbers_of(hand_over)
    file = receipt_file([(one, "Y", "PA1", ""), (two, "N", "", "年龄超限"), (two[:-1] + "x", "Y", "PA2", "")])
    file.name = "回执.csv"
    sent = clerk.post(reverse("admin:handover_handover_receive", args=[hand_over.pk]), {"file": file})
    drain()
    receipt = Receipt.objects.get()
    address = reverse("admin:handover_receipt_change", args=[receipt.pk])
    assert sent["Location"] == address
    shown = text_of(clerk.get(address))
    for word in ("不是本保障年度的保障凭证号", "PA1", "年龄超限", one, "可答复"):
        assert word in shown, word
    assert clerk.post(reverse("admin:handover_receipt_submit", args=[receipt.pk])).status_code == 302
    receipt.refresh_from_db()
    approve = reverse("admin:handover_receipt_approve", args=[receipt.pk])
    assert "回执不能撤销" in text_of(reviewer.get(approve))
    assert reviewer.post(approve, {"digest": receipt.digest}).status_code == 302
    drain()
    lines = reverse("admin:handover_handoverline_changelist")
    for answer, count in (("accepted", 1), ("refused", 1), ("open", 1)):
        found = clerk.get(f"{lines}?hand_over__id__exact={hand_over.pk}&answer={answer}")
        assert found.context["cl"].queryset.count() == count, answer
    refused = hand_over.lines.get(answer="refused").enrollment
    person = text_of(clerk.get(reverse("admin:beneficiaries_person_change", args=[refused.person_id])))
    assert "年龄超限" in person and "保险公司拒保" in person
    cover = hand_over.lines.get(answer="accepted").enrollment
    assert "PA1" in text_of(clerk.get(reverse("admin:beneficiaries_enrollment_change", args=[cover.pk])))
    assert clerk.get(f"{lines}?q=PA1").context["cl"].queryset.count() == 1
    assert clerk.get(f"{lines}?q={one}").context["cl"].queryset.count() == 1


def test_the_insurers_people_see_and_fetch_their_own_and_change_nothing(kept_world: Any) -> None:
    hand_over = released(kept_world)
    theirs = signed_in(make_user("hy-insurer-clerk", organization=kept_world.insurer, role="clerk"))
    others = signed_in(make_user("hy-other-insurer", organization=kept_world.foundation_org, role="clerk"))
    page = reverse("admin:handover_handover_change", args=[hand_over.pk])
    fetch = reverse("admin:handover_handover_download", args=[hand_over.pk])
    assert "297.00" in text_of(theirs.get(page))
    _name, content = opened(b"".join(theirs.post(fetch, {"password": PASSWORD}).streaming_content))
    assert hashlib.sha256(content).hexdigest() == hand_over.sha256
    assert theirs.get(reverse("admin:handover_handoverline_changelist")).context["cl"].queryset.count() == 3
    for name in ("receive", "withdraw", "release"):
        answer = theirs.post(reverse(f"admin:handover_handover_{name}", args=[hand_over.pk]), {"reason": "x"})
        assert answer.status_code == 403, name
    assert (others.get(page).status_code, others.post(fetch, {"password": PASSWORD}).status_code) == (404, 403)
    reviewer = signed_in(make_user("hy-insurer-reviewer", organization=kept_world.insurer, role="reviewer"))
    assert reviewer.post(reverse("admin:handover_handover_withdraw", args=[hand_over.pk]), {"reason": "不要了"}).status_code == 403
    hand_over.refresh_from_db()
    assert hand_over.state == "released"


def test_an_auditor_reads_and_fetches_nothing(kept_world: Any) -> None:
    hand_over = released(kept_world)
    auditor = signed_in(kept_world.auditor)
    assert "承保出单" in text_of(auditor.get(reverse("admin:handover_handover_change", args=[hand_over.pk])))
    assert auditor.post(reverse("admin:handover_handover_download", args=[hand_over.pk])).status_code == 403


def test_pages_ask_as_many_questions_whatever_the_people(kept_world: Any) -> None:
    clerk = signed_in(kept_world.clerk)

    def asked(hand_over: HandOver) -> list[int]:
        counts = []
        for address in (
            reverse("admin:handover_handover_change", args=[hand_over.pk]),
            f"{reverse('admin:handover_handoverline_changelist')}?hand_over__id__exact={hand_over.pk}",
            reverse("admin:handover_receipt_change", args=[Receipt.objects.latest("pk").pk]),
        ):
            clerk.get(address)
            with CaptureQueriesContext(connection) as found:
                assert clerk.get(address).status_code == 200
            counts.append(len(found))
        return counts

    first = released(kept_world)
    answered(kept_world, first, [(numbers_of(first)[0], "Y", "PA1", "")])
    few = asked(first)
    applied(kept_world, people(12, first=20))
    second = released(kept_world, kind="additions", month=timezone.localdate() + timedelta(days=40))
    answered(kept_world, second, [(number, "Y", f"PB{at}", "") for at, number in enumerate(numbers_of(second))], name="二.csv")
    assert asked(second) == few

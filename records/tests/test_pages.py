"""Pages of records and of proposals, as their users meet them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.testing import make_user
from audit.testing import shared
from claims.models import Claim
from exports.tests.conftest import content_of, export
from jobs.testing import drain
from records.models import Proposal, RecordList
from records.testing import Bureau, bureau, checked, file_of, line, proposed
from records.tests.test_records import WORKED

D = Decimal
pytestmark = pytest.mark.django_db

_django_db_helper, one_world, kept_world = shared(bureau)


@pytest.fixture
def world(kept_world: Bureau) -> Bureau:
    return kept_world


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def page(name: str, found: RecordList) -> str:
    return reverse(f"admin:records_recordlist_{name}", args=[found.pk])


def of(name: str, proposal: Proposal) -> str:
    return reverse(f"admin:records_proposal_{name}", args=[proposal.pk])


def test_a_file_goes_from_the_upload_to_the_claim_by_its_buttons(world: Bureau) -> None:
    clerk, reviewer = signed_in(world.clerk), signed_in(world.reviewer)
    lines = [
        line(world, 0, "A1", **WORKED), line(world, 1, "A2", total="21000.00"),
        line(world, 2, "A3", name="张三丰", total="21000.00"), line(world, 9, "A4", total="21000.00"),
    ]
    answer = clerk.post(reverse("admin:records_recordlist_upload"), {
        "program": world.market.program.pk, "organization": world.market.world.office.pk, "reference": "YB-1",
        "file": SimpleUploadedFile("结算.csv", file_of(world, lines).getvalue()),
    })
    found = RecordList.objects.get()
    assert answer.headers["Location"] == page("change", found)
    drain()
    shown = clerk.get(page("change", found))
    assert dict(shown.context["summary"]) == {
        "结算清单条数": "4", "已匹配、尚未申请理赔": "2", "应赔": "1 条，364,700.00 元", "单独不够赔付": "1", "已申请理赔": "0",
        "待核实": "1",
        "不列入": "1",
    }
    assert next((each.label, each.lines, each.due) for each in shown.context["responsibilities"]) == (
        "医保目录内自付费用", 1, D("133300.00"),
    )
    assert [(each.row.settlement_number, each.due) for each in shown.context["biggest"]] == [("A1", D("364700.00"))]
    text = shown.content.decode()
    assert world.covers[0].person.name.reveal() not in text and "C34.9" not in text
    clerk.post(page("submit", found))
    assert clerk.get(page("approve", found)).status_code == 403
    confirm = reviewer.get(page("approve", found))
    reviewer.post(page("approve", found), {"digest": confirm.context["form"]["digest"].value()})
    drain()
    found.refresh_from_db()
    assert found.state == "applied"
    listed = clerk.get(f"{reverse('admin:records_proposal_changelist')}?due=waiting")
    assert [each.settlement_number for each in listed.context["cl"].result_list] == ["A1"]
    proposal = Proposal.objects.get(settlement_number="A1")
    today = f"{timezone.localdate():%Y-%m-%d}"
    assert clerk.post(of("tell", proposal), {"told_on": today, "reason": "电话告知本人"}).status_code == 302
    clerk.post(of("decline", proposal), {"reason": "本人放弃"})
    assert Proposal.objects.get(pk=proposal.pk).state == "declined"
    clerk.post(of("reopen", proposal), {"reason": "本人改变主意"})
    assert reviewer.get(of("open_claim", proposal)).status_code == 403
    clerk.post(of("open_claim", proposal))
    claim = Claim.objects.get()
    shown = clerk.get(of("change", proposal)).content.decode()
    assert claim.number in shown and "133,300.00" in shown and "已立案" in shown
    told = clerk.get(reverse("admin:claims_claim_change", args=[claim.pk])).content.decode()
    assert "医保结算单已掌握" in told
    cover = clerk.get(reverse("admin:beneficiaries_enrollment_change", args=[claim.enrollment_id])).content.decode()
    person = clerk.get(reverse("admin:beneficiaries_person_change", args=[claim.enrollment.person_id])).content.decode()
    assert "A1" in cover and "A1" in person


def test_claims_of_many_are_opened_and_people_noted_as_told_by_one_form(world: Bureau) -> None:
    of_bureau = proposed(world, [line(world, who, f"B{who}", total=total, **{"of:self_pay": amount}) for who, total, amount in (
        (0, "60000.00", "40000.00"), (1, "40000.00", "20000.00"), (2, "39000.00", "19000.00"), (3, "21000.00", "1000.00"),
    )])
    clerk = signed_in(world.clerk)
    told = {
        "program": world.market.program.pk, "record_list": of_bureau.pk, "region_code": "4416", "least": "1000", "most": "10",
        "told_on": f"{timezone.localdate():%Y-%m-%d}", "reason": "村干部上门告知",
    }
    address = reverse("admin:records_proposal_changelist")
    assert clerk.get(reverse("admin:records_proposal_tell_many")).status_code == 200
    assert clerk.post(reverse("admin:records_proposal_tell_many"), told).headers["Location"] == address
    states = dict(Proposal.objects.values_list("settlement_number", "state"))
    assert states == {"B0": "told", "B1": "told", "B2": "open", "B3": "nothing"}
    given = {
        "program": world.market.program.pk, "record_list": "", "region_code": "", "least": "0", "most": "1", "told_alone": "on",
    }
    clerk.post(reverse("admin:records_proposal_claim_many"), given)
    clerk.post(reverse("admin:records_proposal_claim_many"), {**given, "most": "9"})
    states = dict(Proposal.objects.values_list("settlement_number", "state"))
    assert states == {"B0": "claimed", "B1": "claimed", "B2": "open", "B3": "nothing"}
    nothing = clerk.post(reverse("admin:records_proposal_claim_many"), {**given, "most": "9"})
    assert nothing.status_code == 409 and "没有待办事项" in nothing.content.decode()
    del given["told_alone"]
    clerk.post(reverse("admin:records_proposal_claim_many"), given)
    assert Claim.objects.count() == 3


def test_the_list_is_narrowed_exported_and_asks_as_much_for_many_as_for_few(world: Bureau) -> None:
    proposed(world, [
        line(world, 0, "C1", **WORKED), line(world, 1, "C2"), line(world, 2, "C3", **{"of:self_pay": "30000.00"}),
        line(world, 3, "C4", **{"of:self_pay": "18100.00"}),
    ])
    client = signed_in(world.market.world.auditor)
    address = reverse("admin:records_proposal_changelist")

    def found(query: str) -> set[str]:
        return {each.settlement_number for each in client.get(f"{address}?{query}").context["cl"].result_list}

    assert found("") == {"C1", "C2", "C3", "C4"}
    assert found("due=waiting") == {"C1", "C3", "C4"} and found("due=1000") == {"C1", "C3"} and found("due=50000") == {"C1"}
    assert found("state__exact=nothing") == {"C2"} and found("record_list=999999") == set()
    assert found("q=C2") == {"C2"} and found(f"q={world.covers[0].number}") == {"C1"}
    assert len(content_of(export(client, "records.proposal")).decode("utf-8-sig").splitlines()) == 5
    with CaptureQueriesContext(connection) as few:
        client.get(f"{address}?q=C2")
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) <= len(few) + 2


def test_a_colleague_of_another_office_sees_no_proposal(world: Bureau) -> None:
    proposed(world, [line(world, 0, "D1", **WORKED)])
    other = signed_in(make_user("zijin.clerk2", organization=world.market.world.sibling, role="clerk"))
    assert list(other.get(reverse("admin:records_proposal_changelist")).context["cl"].result_list) == []
    assert other.get(of("change", Proposal.objects.get())).status_code in (302, 404)


def test_the_blank_template_has_the_columns_of_the_programs_plans(world: Bureau) -> None:
    answer = signed_in(world.clerk).post(
        reverse("admin:records_recordlist_blank_template"), {"program": world.market.program.pk}
    )
    assert answer.headers["Content-Disposition"] == 'attachment; filename="settlements-HMB.xlsx"'
    assert answer.content[:2] == b"PK"


def test_an_undo_is_asked_for_and_approved_by_buttons(world: Bureau) -> None:
    found = proposed(world, [line(world, 0, "E1", **WORKED)])
    signed_in(world.clerk).post(page("request_undo", found), {"reason": "文件重复上报"})
    reviewer = signed_in(world.reviewer)
    reviewer.post(page("approve_undo", found))
    drain()
    assert RecordList.objects.get().state == "undone"
    assert "已撤销" in reviewer.get(of("change", Proposal.objects.get())).content.decode()


def test_queues_of_the_workbench_count_what_waits(world: Bureau) -> None:
    proposed(world, [line(world, 0, "F1", **WORKED)])
    checked(world, [line(world, 1, "F2")], reference="J2")
    text = signed_in(world.clerk).get(reverse("admin:index")).content.decode()
    assert "待核对的结算清单" in text and "应赔未赔，待申请" in text

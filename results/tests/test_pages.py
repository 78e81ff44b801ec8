"""Pages of reports and of results, as their users meet them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.testing import make_user
from audit.testing import shared
from exports.tests.conftest import content_of, export
from jobs.testing import drain
from results.models import Report, ReportRow, Result
from results.testing import Payouts, checked, file_of, line, payouts, recorded
from results.tests.test_reports import WORKED

D = Decimal
pytestmark = pytest.mark.django_db

_django_db_helper, one_world, kept_world = shared(payouts)


@pytest.fixture
def world(kept_world: Payouts) -> Payouts:
    return kept_world


@pytest.fixture(autouse=True)
def _no_second_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def page(name: str, report: Report) -> str:
    return reverse(f"admin:results_report_{name}", args=[report.pk])


def test_a_report_goes_from_the_upload_to_the_result_by_its_buttons(world: Payouts) -> None:
    clerk, reviewer = signed_in(world.clerk), signed_in(world.reviewer)
    lines = [
        line(world, 0, "A1", **WORKED),
        line(world, 1, "A2", **{"of:self_pay": "30000.00", "paid:in_catalogue": "7900.00", "paid": "7900.00"}),
        line(world, 2, "A3", name="张三丰", paid="5.00"), line(world, 3, "A4", paid="10.00"),
    ]
    given = {
        "program": world.market.program.pk, "organization": world.market.world.office.pk, "reference": "LP-1", "control_lines": "5",
        "control_amount": "372615.00", "file": SimpleUploadedFile("赔付.csv", file_of(world, lines).getvalue()),
    }
    answer = clerk.post(reverse("admin:results_report_upload"), given)
    report = Report.objects.get()
    assert answer.headers["Location"] == page("change", report)
    drain()
    shown = clerk.get(page("change", report))
    assert dict(shown.context["summary"]) == {
        "保险公司所报": "5 行，372,615.00 元", "文件中的行": "4 行，372,615.00 元", "待登记": "3 行，372,610.00 元",
        "待核实": "1 行，5.00 元",
    }
    assert [(each.label, each.lines, each.above, each.below) for each in shown.context["outcomes"]] == [
        ("一致", 1, D("0.00"), D("0.00")), ("不一致", 1, D("100.00"), D("0.00")), ("无法核算", 1, None, None),
    ]
    assert [(each.row.claim_number, each.difference) for each in shown.context["biggest"]] == [("A2", D("100.00"))]
    first = shown.context["responsibilities"][0]
    assert (first.label, first.paid, first.due) == ("医保目录内自付费用", D("141200.00"), D("141100.00"))
    text = shown.content.decode()
    assert world.covers[0].person.name.reveal() not in text and "C34.9" not in text
    # One line, every step of it.
    row = ReportRow.objects.get(claim_number="A2")
    single = clerk.get(f"{page('line', report)}?only={row.pk}")
    one = single.context["one"]
    assert (one.due, one.difference, one.differing) == (D("7800.00"), D("100.00"), {"in_catalogue"})
    assert "理算过程" in single.content.decode()
    assert clerk.get(page("line", report)).headers["Location"] == page("change", report)
    held = ReportRow.objects.get(claim_number="A3")
    decided = clerk.post(
        f"{page('decide', report)}?only={held.pk}", {"kind": "refuse", "reason": "与保司核实，姓名有误"}
    )
    assert decided.status_code == 302
    clerk.post(page("submit", report))
    assert clerk.get(page("approve", report)).status_code == 403
    confirm = reviewer.get(page("approve", report))
    assert any("不一致" in warning for warning in confirm.context["warnings"])
    refused = reviewer.post(page("approve", report), {"digest": confirm.context["form"]["digest"].value()})
    assert "确认合计" in refused.content.decode()
    totals = reviewer.get(page("confirm_totals", report))
    reviewer.post(
        page("confirm_totals", report), {"digest": totals.context["form"]["digest"].value(), "reason": "与保司核对，多报一行"}
    )
    reviewer.post(page("approve", report), {"digest": confirm.context["form"]["digest"].value()})
    drain()
    report.refresh_from_db()
    assert report.state == "applied"
    results = signed_in(world.reviewer).get(f"{reverse('admin:results_result_changelist')}?report={report.pk}")
    assert {each.claim_number for each in results.context["cl"].result_list} == {"A1", "A2", "A4"}


def test_a_results_page_tells_every_step_and_what_would_explain_the_difference(world: Payouts) -> None:
    recorded(world, [
        line(world, 0, "B1", bill_number="1", **{"of:self_pay": "30000.00", "paid:in_catalogue": "7800.00", "paid": "7800.00"}),
        line(world, 0, "B2", bill_number="2", **{"of:self_pay": "22000.00", "paid:in_catalogue": "2600.00", "paid": "2600.00"}),
    ])
    result = Result.objects.get(claim_number="B2")
    assert (result.due, result.difference) == (D("14300.00"), D("-11700.00"))
    client = signed_in(world.market.world.auditor)
    shown = client.get(reverse("admin:results_result_change", args=[result.pk]))
    one = shown.context["one"]
    assert (one.due, one.before, one.explanations) == (result.due, 1, ["本年度此前没有赔付，也没有扣过免赔额"])
    assert not shown.context["changed"]
    assert [(part.name, part.paid, part.due) for part in one.parts] == [("医保目录内自付费用", D("2600.00"), D("14300.00"))]
    assert [(differs, step) for differs, (_number, _part, _said, step, _amount) in one.steps] == [
        (False, "费用合计"), (False, "条款未说明"), (False, "视为符合"), (True, "计入"), (True, "扣除免赔额"),
        (True, "分段赔付"), (True, "赔付"), (False, "合计"),
    ]
    assert [row for differs, row in one.steps if differs][1:] == [
        ("5", "医保目录内自付费用", "计入 22,000.00元；免赔额 18,000.00元；此前 18,000.00元；本次扣 0.00元", "扣除免赔额",
            "22,000.00元"),
        ("6", "医保目录内自付费用", "起 0.00元；止 100,000.00元；部分 22,000.00元；比例 65%", "分段赔付", "14,300.00元"),
        ("7", "医保目录内自付费用", "", "赔付", "14,300.00元"),
    ]
    # On the pages of the person and of the cover.
    cover = client.get(reverse("admin:beneficiaries_enrollment_change", args=[result.enrollment_id])).content.decode()
    assert "有效赔付 2 笔，共 10,400.00 元。" in cover and "保额剩余 1,989,600.00 元。" in cover
    person = client.get(reverse("admin:beneficiaries_person_change", args=[result.enrollment.person_id])).content.decode()
    assert "B2" in person


def test_the_list_is_narrowed_exported_and_asks_as_much_for_many_as_for_few(world: Payouts) -> None:
    recorded(world, [
        line(world, 0, "C1", **WORKED), line(world, 1, "C2", paid="10.00", hospital="甲医院"),
        line(world, 2, "C3", **{"of:self_pay": "30000.00", "paid": "9800.00"}),
        line(world, 3, "C4", paid="0.00", bank_result="退票", **{"of:self_pay": "30000.00"}),
    ])
    client = signed_in(world.market.world.auditor)
    address = reverse("admin:results_result_changelist")

    def claims(query: str) -> set[str]:
        return {each.claim_number for each in client.get(f"{address}?{query}").context["cl"].result_list}

    assert claims("") == {"C1", "C2", "C3", "C4"}
    assert claims("comparison__exact=different") == {"C3", "C4"}
    assert claims("difference=above") == {"C3"} and claims("difference=below") == {"C4"}
    assert claims("difference=1000") == {"C3", "C4"} and claims("difference=10000") == set()
    assert claims("hospital=甲医院") == {"C2"} and claims("standing=unpaid") == {"C4"}
    assert claims("q=C2") == {"C2"} and claims(f"q={world.covers[0].number}") == {"C1"}
    assert len(content_of(export(client, "results.result")).decode("utf-8-sig").splitlines()) == 5
    with CaptureQueriesContext(connection) as few:
        client.get(f"{address}?q=C2")
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) <= len(few) + 2


def test_a_colleague_of_another_office_sees_no_result(world: Payouts) -> None:
    recorded(world, [line(world, 0, "D1", paid="10.00")])
    other = signed_in(make_user("zijin.clerk2", organization=world.market.world.sibling, role="clerk"))
    assert list(other.get(reverse("admin:results_result_changelist")).context["cl"].result_list) == []
    assert other.get(reverse("admin:results_result_change", args=[Result.objects.get().pk])).status_code in (302, 404)


def test_the_blank_template_has_the_columns_of_the_programs_plans(world: Payouts) -> None:
    client = signed_in(world.clerk)
    answer = client.post(reverse("admin:results_report_blank_template"), {"program": world.market.program.pk})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="payouts-HMB.xlsx"'
    assert answer.content[:2] == b"PK"


def test_an_undo_is_asked_for_and_approved_by_buttons(world: Payouts) -> None:
    report = recorded(world, [line(world, 0, "E1", paid="10.00")])
    clerk, reviewer = signed_in(world.clerk), signed_in(world.reviewer)
    clerk.post(page("request_undo", report), {"reason": "文件重复上报"})
    assert Report.objects.get().state == "undo_asked"
    reviewer.post(page("approve_undo", report))
    drain()
    assert Report.objects.get().state == "undone"
    shown = reviewer.get(reverse("admin:results_result_change", args=[Result.objects.get().pk])).content.decode()
    assert "已撤销" in shown


def test_queues_of_the_workbench_count_what_waits(world: Payouts) -> None:
    checked(world, [line(world, 0, "F1", paid="10.00")])
    assert "待核对的赔付清单" in signed_in(world.clerk).get(reverse("admin:index")).content.decode()

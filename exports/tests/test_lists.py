"""A list leaves as it is shown: scope, filters, search, order and selected rows; masked, recorded, capped."""

from __future__ import annotations

import io
import json
import zipfile
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from accounts.actions import grant_membership
from accounts.models import User
from accounts.roles import PERMISSIONS, Role
from accounts.testing import make_user
from audit import events
from audit.models import Event
from beneficiaries.models import Enrollment, Person
from beneficiaries.testing import World, people
from exports.models import Export
from exports.tests.conftest import PURPOSE, Browser, address_of, content_of, covered, enrolled, export, lines_of
from jobs.models import Job
from programs.testing import make_budget, make_funder

pytestmark = pytest.mark.django_db

ENROLLMENT, PERSON, ROSTER = "beneficiaries.enrollment", "beneficiaries.person", "beneficiaries.roster"


def covered_in_the_sibling_county(world: World, count: int) -> None:
    """People of another county, enrolled by its own office."""
    funder = make_funder("紫金县财政", organization=world.sibling, kind="government", region="441621")
    make_budget(
        funder, period=world.period, granted=Decimal("10000.00"), maker=world.finance_maker, checker=world.finance_checker,
        at=world.at,
    )
    clerk = make_user("zj-clerk", organization=world.sibling, role="clerk")
    covered(world, people(count, county="441621", first=10), organization=world.sibling, by=clerk)


def test_the_file_holds_what_the_list_shows_in_its_order_and_masked(world: World, signed_in: Browser) -> None:
    enrolled(world, 3)
    lines = lines_of(content_of(export(signed_in(world.clerk), ENROLLMENT)))
    assert lines[0] == [
        "保障凭证号", "姓名", "证件号码", "项目", "方案", "保障年度", "困难类别", "机构", "地区代码", "地区", "保费", "个人缴费",
        "状态", "保障起期", "保障止期", "保单号",
    ]
    newest = Enrollment.objects.order_by("-pk")
    assert [line[0] for line in lines[1:]] == [each.number for each in newest]
    assert [line[1] for line in lines[1:]] == ["李*"] * 3
    documents = [cells[2] for cells in people(3)]
    assert sorted(line[2] for line in lines[1:]) == sorted(f"{number[:4]}**********{number[-4:]}" for number in documents)
    first = lines[1]
    assert first[8:12] == ["441602", "源城区", "99.00", "0.01"]
    assert all(not row[10].startswith("'") for row in lines[1:])


def test_nothing_personal_is_in_the_clear_in_either_format(world: World, signed_in: Browser) -> None:
    enrolled(world, 3, phone="13912345678")
    raw = [cell for cells in people(3) for cell in (cells[0], cells[2])] + ["13912345678"]
    for model in (ENROLLMENT, PERSON):
        for kind in ("csv", "xlsx"):
            content = content_of(export(signed_in(world.clerk), model, kind=kind))
            if kind == "xlsx":
                with zipfile.ZipFile(io.BytesIO(content)) as archive:
                    content = b"".join(archive.read(name) for name in archive.namelist())
            text = content.decode()
            assert [value for value in raw if value in text] == []
            assert "李*" in text


def test_a_workbook_opens_with_money_as_numbers_and_days_as_days(world: World, signed_in: Browser) -> None:
    enrolled(world, 2)
    answer = export(signed_in(world.clerk), ENROLLMENT, kind="xlsx")
    assert answer["Content-Type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert "filename*=UTF-8''" in answer["Content-Disposition"] and "no-store" in answer["Cache-Control"]
    content = content_of(answer)
    assert answer["Content-Length"] == str(len(content))
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet.freeze_panes == "A2" and sheet.max_row == 3
    line = sheet[2]
    assert (line[10].value, line[10].data_type, line[10].number_format) == (99, "n", "#,##0.00")
    assert (line[8].value, line[8].data_type) == ("441602", "s")
    assert line[13].data_type == "d"


def test_headings_are_in_the_users_language(world: World, signed_in: Browser) -> None:
    enrolled(world, 1)
    client = signed_in(world.clerk)
    client.cookies["django_language"] = "en"
    assert lines_of(content_of(export(client, PERSON)))[0] == [
        "ID", "Name", "Document", "Document number", "Sex", "Born on", "Deceased on"
    ]


def test_filters_and_search_hold_and_the_other_rows_stay(world: World, signed_in: Browser) -> None:
    enrolled(world, 3)
    wanted = people(3)[1][2]
    client = signed_in(world.clerk)
    lines = lines_of(content_of(export(client, PERSON, f"q={wanted}")))
    assert [line[3] for line in lines[1:]] == [f"{wanted[:4]}**********{wanted[-4:]}"]
    men = lines_of(content_of(export(client, PERSON, "sex__exact=male")))
    women = lines_of(content_of(export(client, PERSON, "sex__exact=female")))
    assert {line[4] for line in men[1:]} <= {"男"} and {line[4] for line in women[1:]} <= {"女"}
    assert len(men) + len(women) == 3 + 2
    voided = lines_of(content_of(export(client, ENROLLMENT, "state__exact=voided")))
    assert len(voided) == 1


def test_the_order_of_the_list_is_the_files(world: World, signed_in: Browser) -> None:
    enrolled(world, 3)
    client = signed_in(world.clerk)
    newest = lines_of(content_of(export(client, ENROLLMENT)))[1:]
    # Column 1 is the cover number, the only one that may be sorted by.
    oldest = lines_of(content_of(export(client, ENROLLMENT, "o=1")))[1:]
    assert oldest == newest[::-1] and len(oldest) == 3


def test_the_page_of_the_list_does_not_cut_the_file(world: World, signed_in: Browser) -> None:
    enrolled(world, 60)
    client = signed_in(world.clerk)
    listed = client.get(reverse("admin:beneficiaries_person_changelist"))
    turned = listed.context["cl"].paginator.links["next"]
    assert len(lines_of(content_of(export(client, PERSON, turned.lstrip("?"))))) == 61


def test_selected_rows_and_no_others_leave(world: World, signed_in: Browser) -> None:
    enrolled(world, 4)
    client = signed_in(world.clerk)
    chosen = sorted(Person.objects.order_by("pk").values_list("pk", flat=True))[1:3]
    listing = reverse("admin:beneficiaries_person_changelist")
    led = client.post(listing + "?sex__exact=male", {"action": "export_selected", "_selected_action": chosen, "index": 0})
    query = urlsplit(led.url).query
    men = list(Person.objects.filter(pk__in=chosen, sex="male").values_list("pk", flat=True))
    assert sorted(parse_qs(query, keep_blank_values=True)["picked"][0].split(".")) == sorted(map(str, men)) or not men
    led = client.post(listing, {"action": "export_selected", "_selected_action": chosen, "index": 0})
    lines = lines_of(content_of(export(client, PERSON, urlsplit(led.url).query)))
    assert sorted(int(line[0]) for line in lines[1:]) == chosen


def test_a_foreign_row_is_never_in_the_file_not_even_selected(world: World, signed_in: Browser) -> None:
    mine = covered(world, people(2))
    covered_in_the_sibling_county(world, 2)
    theirs = list(Enrollment.objects.exclude(organization=world.office).values_list("pk", flat=True))
    assert len(theirs) == 2
    client = signed_in(world.clerk)
    lines = lines_of(content_of(export(client, ENROLLMENT)))
    own = Enrollment.objects.filter(roster=mine)
    assert sorted(line[0] for line in lines[1:]) == sorted(each.number for each in own)
    picked = ".".join(map(str, theirs))
    assert len(lines_of(content_of(export(client, ENROLLMENT, f"picked={picked}")))) == 1
    for none in ("", "0", "99999999999999999999"):
        assert len(lines_of(content_of(export(client, ENROLLMENT, f"picked={none}")))) == 1


def test_a_formula_in_a_text_is_harmless(world: World, signed_in: Browser) -> None:
    world.period.program.name = "=cmd|' /C calc'!A0"
    world.period.program.save(update_fields=["name"])
    lines = lines_of(content_of(export(signed_in(world.finance_maker), "programs.program")))
    assert "'=cmd|' /C calc'!A0" in lines[1]


def test_one_event_tells_who_took_what_and_nothing_of_a_person(world: World, signed_in: Browser) -> None:
    enrolled(world, 2)
    wanted = people(2)[0][2]
    last = Event.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    client = signed_in(world.clerk)
    content = content_of(export(client, ENROLLMENT, f"q={wanted}&state__exact=awaiting"))
    kept = Export.objects.get()
    told = Event.objects.filter(pk__gt=last).exclude(verb__startswith="user.")
    event = told.get()
    assert (event.verb, event.actor_id, event.subject_id) == ("export.made", world.clerk.pk, str(kept.pk))
    assert event.data == {
        "list": ENROLLMENT, "format": "csv", "rows": kept.rows, "bytes": len(content), "content": kept.sha256[:12],
        "filters": [["q", "…"], ["state__exact", "awaiting"]], "purpose": PURPOSE,
    }
    assert wanted not in json.dumps(event.data) and kept.state == "sent" and kept.folder == ""
    with translation.override("zh-hans"):
        assert events.sentence(event) == f"从列表“参保登记”导出 {kept.rows} 行（CSV）。用途：{PURPOSE}".replace(
            "参保登记", kept.title
        )


def test_a_list_of_people_asks_what_for_and_takes_no_number_of_a_person(world: World, signed_in: Browser) -> None:
    enrolled(world, 1)
    client = signed_in(world.clerk)
    assert export(client, PERSON, purpose="").context["form"].errors.keys() == {"purpose"}
    for purpose, said in (("核对", "至少 5 个字"), ("给 441602196203151219 核对", "证件号码或账号")):
        answer = export(client, PERSON, purpose=purpose)
        assert answer.status_code == 409 and said in answer.content.decode(), purpose
    assert Export.objects.count() == 0
    assert not client.get(address_of(ROSTER)).context["form"].fields.get("purpose")
    assert content_of(client.post(address_of(ROSTER), {"kind": "csv"}))


def test_a_day_has_its_cap(world: World, signed_in: Browser, settings: Any) -> None:
    settings.EXPORTS_PER_DAY = 2
    client = signed_in(world.clerk)
    for _time in range(2):
        content_of(export(client, ROSTER))
    answer = export(client, ROSTER)
    assert answer.status_code == 409 and "您今天已导出 2 次" in answer.content.decode()
    assert Export.objects.count() == 2


def test_looking_at_the_page_exports_nothing(world: World, signed_in: Browser) -> None:
    enrolled(world, 2)
    page = signed_in(world.clerk).get(address_of(ENROLLMENT, "state__exact=awaiting"))
    text = page.content.decode()
    assert page.status_code == 200 and Export.objects.count() == 0
    assert "待完成环节" in text and "个人信息已脱敏" in text


def test_the_button_takes_along_what_the_list_is_narrowed_to(world: World, signed_in: Browser) -> None:
    page = signed_in(world.clerk).get(reverse("admin:beneficiaries_enrollment_changelist") + "?state__exact=awaiting&p=last")
    assert f'href="{address_of(ENROLLMENT, "state__exact=awaiting")}"' in page.content.decode()


@pytest.mark.parametrize("query", ["password__startswith=a", "q=%00", "state__exact=%00", "id__gt=1", "picked=x", "picked=1.%00"])
def test_an_address_that_no_list_writes_exports_nothing(world: World, signed_in: Browser, query: str) -> None:
    answer = export(signed_in(world.clerk), ENROLLMENT, query)
    assert answer.status_code in (302, 400) and Export.objects.count() == 0


def test_who_may_not_export_a_list_has_no_button_and_no_page(world: World, signed_in: Browser) -> None:
    client = signed_in(world.finance_maker)
    assert client.post(address_of(PERSON), {"kind": "csv", "purpose": PURPOSE}).status_code == 403
    assert address_of("jobs.job") not in signed_in(world.clerk).get(reverse("admin:jobs_job_changelist")).content.decode()
    assert Export.objects.count() == 0 and Job.objects.filter(kind="exports.write").count() == 0


def test_a_role_that_may_see_but_not_export_a_row_leaves_it_out(
    world: World, signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows come from roles that may export them, though others show them: here a clerk of one county who reads another."""
    covered(world, people(1))
    covered_in_the_sibling_county(world, 1)
    reader = make_user("reader", organization=world.office, role="clerk")
    # Both are duties of making: one person may hold them.
    grant_membership(reader, role="finance_maker", organization=world.sibling, by="system:test", at=world.at)
    view = PERMISSIONS[Role.FINANCE_MAKER] | {"beneficiaries.view_enrollment"}
    monkeypatch.setitem(PERMISSIONS, Role.FINANCE_MAKER, view)
    client = signed_in(User.objects.get(pk=reader.pk))
    listed = client.get(reverse("admin:beneficiaries_enrollment_changelist")).context["cl"].result_count
    assert listed == 2
    lines = lines_of(content_of(export(client, ENROLLMENT)))
    assert [line[8] for line in lines[1:]] == ["441602"]


def test_every_list_of_the_portal_can_be_exported_and_no_amount_leaves_as_text(world: World, signed_in: Browser) -> None:
    covered(world, people(2))
    users = [world.clerk, world.auditor, world.finance_maker]
    users += [make_user(f"x-{role}", organization=world.city, role=role) for role in ("system_admin", "security_admin")]
    exported = set()
    for user in users:
        client = signed_in(user)
        for model, page in admin.site._registry.items():
            label = model._meta.label_lower
            if not getattr(page, "list_export", False) or not user.has_perm(page.permission("export")):
                continue
            sheet = load_workbook(io.BytesIO(content_of(export(client, label, kind="xlsx")))).active
            exported.add(label)
            assert [cell.value for cell in sheet[1] if not cell.value] == [], label
            texts = [cell.value for row in sheet.iter_rows(min_row=2) for cell in row if cell.data_type == "s"]
            amounts = [text for text in texts if text and text.replace(",", "").replace("-", "").replace(".", "", 1).isdecimal()
                       and "." in text]
            assert amounts == [], label
            assert [text for text in texts if "<" in str(text)] == [], label
    of_lists = {
        model._meta.label_lower for model, page in admin.site._registry.items() if getattr(page, "list_export", False)
    }
    assert exported == of_lists
    assert of_lists == {
        "accounts.membership", "accounts.organization", "accounts.user", "audit.event", "audit.reveal",
        "beneficiaries.employer", "beneficiaries.enrollment", "beneficiaries.person", "beneficiaries.personchange",
        "beneficiaries.roster",
        "gates.clearing", "gates.clearingline", "gates.employerbill",
        "gates.heldpayment", "gates.notice", "gates.objection", "gates.ownpayment", "gates.statement",
        "gates.uncollected", "gates.unpaid",
        "claims.flagrule", "claims.serviceterm",
        "claims.claim", "claims.payable", "claims.recovery",
        "closing.closedbalance", "closing.closedfigure", "closing.monthclosing", "complaints.complaint",
        "continuity.earlierlist",
        "handover.handover", "handover.handoverline", "handover.insurerformat", "handover.invoice", "handover.receipt",
        "handover.remittance",
        "intake.wordmapping", "jobs.job", "outreach.deliveryreport",
        "outreach.messagewording", "outreach.sending", "papers.personrequest", "papers.printing",
        "payouts.approvalthreshold", "payouts.bankformat", "payouts.bankreturn", "payouts.batch", "payouts.batchline",
        "payouts.payeraccount",
        "programs.budget", "programs.budgetreservation", "programs.funder", "programs.fundingscheme",
        "programs.ledgeraccount", "programs.ledgertransaction", "programs.period", "programs.plan", "programs.program",
        "filings.claimfile", "records.proposal", "records.recordlist", "reconciliation.claimstatement",
        "reconciliation.reconciliation", "results.report", "results.result",
        "retention.destructionline", "retention.destructionrun", "retention.legalhold", "retention.retentionterm",
        "subsidies.differenceline", "subsidies.differences", "subsidies.fundmovement", "subsidies.fundrequest",
        "subsidies.fundrequestline", "samples.evidencebundle", "samples.sample", "samples.sampleitem", "takeup.takeup",
        "takeup.participantlist", "years.comparison", "years.planreview", "years.yearleft",
    }


def test_an_export_costs_as_many_queries_for_many_rows_as_for_few(
    world: World, signed_in: Browser, django_assert_max_num_queries: Any
) -> None:
    enrolled(world, 40)
    client = signed_in(world.clerk)
    export(client, ENROLLMENT)
    with django_assert_max_num_queries(45):
        assert len(lines_of(content_of(export(client, ENROLLMENT)))) == 41



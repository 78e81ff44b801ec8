"""Import and export on the lists' pages: preview, confirmation, refused rows, template; who may, once, and leaving nothing."""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import Region, User
from accounts.roles import Role
from accounts.testing import make_organization, make_region_tree, make_user
from audit.faults import FaultAt, PlantedFault, handled_by
from audit.models import Event
from audit.testing import Stepper
from intake.actions import hold_upload, remove_orphans, take_in_upload
from intake.errors import IntakeRefused
from intake.models import File, HeldUpload
from intake.reference import reading
from intake.reference.formats import ListCsv
from intake.reference.reading import MOST_BYTES
from programs.demo_lists import make_codes, make_hospitals
from programs.lists import HospitalResource
from programs.models import Code, Hospital
from programs.reference import make_categories
from programs.testing import make_program

pytestmark = pytest.mark.django_db

HEAD = "定点医疗机构编码,医疗机构名称,医院等级,办医性质,行政区划代码,是否定点,定点开始日期,停止定点日期"
NEW = "H44160200077,新开医院(示例),二级甲等,公立,441602,是,2026-01-01,"
CHANGED = "H44160200001,河源市第一人民医院(示例),三级乙等,公立,441602,是,2022-01-01,"
BAD = "H4416020000,坏编码医院,五级,公立,441602,是,,"
HOSPITALS = "admin:programs_hospital_import_action"


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def operator() -> User:
    make_region_tree()
    make_hospitals(at=timezone.now())
    return make_user("portal-system", organization=make_organization(kind="operator"), role=Role.SYSTEM_ADMIN)


def browser(user: User) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user, backend="accounts.backends.RoleBackend")
    return client


def upload(client: Client, *lines: str, name: str = "医院.csv", page: str = HOSPITALS, **given: str) -> Any:
    content = SimpleUploadedFile(name, "\n".join(lines).encode("utf-8-sig"))
    return client.post(reverse(page), {"import_file": content, "format": "", "resource": "0", **given})


def held_of(answer: Any) -> HeldUpload:
    assert answer.status_code == 302, answer.context["form"].errors
    return HeldUpload.objects.get(pk=answer["Location"].split("held=")[1])


def confirm(client: Client, preview: Any, *, page: str = HOSPITALS) -> Any:
    return client.post(reverse(page), {"held": preview.context["held"].pk, "digest": preview.context["preview"].digest})


def verbs_after(number: int) -> list[str]:
    return list(Event.objects.filter(pk__gt=number).order_by("pk").values_list("verb", flat=True))


def last_event() -> int:
    return Event.objects.order_by("pk").values_list("pk", flat=True).last() or 0


def test_a_file_is_previewed_confirmed_recorded_and_then_gone(operator: User) -> None:
    client, before = browser(operator), last_event()
    answer = upload(client, HEAD, NEW, CHANGED)
    held = held_of(answer)
    assert default_storage.exists(held.file.storage_key)
    with default_storage.open(held.file.storage_key) as kept:
        assert "新开医院".encode() not in kept.read()
    preview = client.get(answer["Location"])
    assert preview.status_code == 200
    shown = preview.content.decode()
    assert "确认导入" in shown and "新开医院(示例)" in shown
    assert Hospital.objects.filter(code="H44160200077").count() == 0
    done = confirm(client, preview)
    assert (done.status_code, done["Location"]) == (302, reverse("admin:programs_hospital_changelist"))
    assert "已导入：新增 1，变动 1，无变动 0。" in client.get(done["Location"]).content.decode()
    assert Hospital.objects.get(code="H44160200077").designated_from == date(2026, 1, 1)
    assert Hospital.objects.get(code="H44160200001").grade == "B"
    assert verbs_after(before) == ["file.received", "hospital.imported", "reference.imported", "file.discarded"]
    told = Event.objects.get(verb="reference.imported")
    assert (told.actor_id, told.subject_type, told.subject_id) == (operator.pk, "intake.file", str(held.file_id))
    assert told.data == {
        "list": "programs.hospital", "added": 1, "changed": 1, "unchanged": 0, "content": held.file.sha256,
        "previewed": preview.context["preview"].digest, "options": {},
    }
    assert not HeldUpload.objects.exists() and not default_storage.exists(held.file.storage_key)
    assert File.objects.get(pk=held.file_id).purged_at is not None


def test_a_second_confirmation_has_no_effect(operator: User) -> None:
    client = browser(operator)
    preview = client.get(upload(client, HEAD, NEW)["Location"])
    assert confirm(client, preview).status_code == 302
    count = Event.objects.count()
    again = confirm(client, preview)
    assert again["Location"] == reverse("admin:programs_hospital_changelist")
    assert "该文件已经导入或放弃。" in client.get(again["Location"]).content.decode()
    assert Event.objects.count() == count


@pytest.mark.django_db(transaction=True)
def test_two_confirmations_at_once_give_one_effect(operator: User) -> None:
    content = f"{HEAD}\n{NEW}".encode()
    at = timezone.now()
    held = hold_upload(io.BytesIO(content), name="a.csv", kind="programs.hospital", options={}, by=operator, at=at)

    def take() -> Any:
        file = ListCsv(columns=HospitalResource.columns).create_dataset(content)
        resource = HospitalResource(user=User.objects.get(pk=operator.pk))
        digest = HospitalResource(user=User.objects.get(pk=operator.pk)).preview(file).digest
        return take_in_upload(held, resource, file, digest=digest, by=operator, at=at)

    with Stepper() as stepper:
        first = stepper.start(take, stop_at="intake.take_in_upload.written")
        second = stepper.start(take)
        assert second.waits()
        first.go_on()
        assert first.result().added == 1
        error = second.error()
    assert isinstance(error, IntakeRefused) and error.code == "NOT_HELD"
    assert Event.objects.filter(verb="reference.imported").count() == 1
    assert Event.objects.filter(verb="hospital.imported").count() == 2  # the fixture's own, and this one
    assert Hospital.objects.filter(code="H44160200077").count() == 1


def test_what_has_changed_since_the_preview_is_shown_again_and_not_imported(operator: User) -> None:
    client = browser(operator)
    preview = client.get(upload(client, HEAD, CHANGED)["Location"])
    Hospital.objects.filter(code="H44160200001").update(name="别人改过的名字")
    answer = confirm(client, preview)
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "您查看之后内容有变化，请刷新页面重新核对。" in shown
    assert "<del>别人改过的名字</del>" in shown
    assert Hospital.objects.get(code="H44160200001").grade == "A"
    assert confirm(client, answer).status_code == 302
    assert Hospital.objects.get(code="H44160200001").grade == "B"


def test_with_one_bad_row_nothing_comes_in_and_the_bad_rows_go_back_with_their_reasons(operator: User) -> None:
    client = browser(operator)
    preview = client.get(upload(client, HEAD, NEW, BAD, "H44160200078,=1+1,,国有,999999,是,,")["Location"])
    shown = preview.content.decode()
    assert "确认导入" not in shown and "有 2 行不能导入" in shown
    assert "H4416020000 坏编码医院" in shown
    assert "第3行 定点医疗机构编码（H4416020000）：代码的样式不符（H + 11），请按官方目录填写" in shown
    assert confirm(client, preview).status_code == 409
    assert Hospital.objects.filter(code="H44160200077").count() == 0
    file = client.get(f"{reverse(HOSPITALS)}?held={preview.context['held'].pk}&refused=1")
    assert file["Content-Disposition"] == 'attachment; filename="hospital-refused.xlsx"'
    rows = [[cell.value or "" for cell in row] for row in load_workbook(io.BytesIO(file.content)).worksheets[0]]
    assert rows[0] == [*HEAD.split(","), "行号", "原因"]
    assert [row[:9] for row in rows[1:]] == [
        ["H4416020000", "坏编码医院", "五级", "公立", "441602", "是", "", "", "3"],
        ["H44160200078", "'=1+1", "", "国有", "999999", "是", "", "", "4"],
    ]
    assert rows[2][9] == (
        "第4行 办医性质（国有）：不是可选的内容，请填写：公立、民营;"
        "第4行 行政区划代码（999999）：没有这个地区代码，请填写6、9或12位的现行区划代码"
    )


def test_corrected_refused_rows_are_taken_as_they_come_back(operator: User) -> None:
    client = browser(operator)
    preview = client.get(upload(client, HEAD, BAD)["Location"])
    file = client.get(f"{reverse(HOSPITALS)}?held={preview.context['held'].pk}&refused=1")
    book = load_workbook(io.BytesIO(file.content))
    book.worksheets[0]["A2"] = "H44160200088"
    book.worksheets[0]["C2"] = "一级"
    target = io.BytesIO()
    book.save(target)
    answer = client.post(reverse(HOSPITALS), {"import_file": SimpleUploadedFile("改.xlsx", target.getvalue()), "format": ""})
    preview = client.get(answer["Location"])
    assert [row.import_type for row in preview.context["preview"].rows] == ["new"]
    assert preview.context["preview"].findings == []
    assert confirm(client, preview).status_code == 302
    assert Hospital.objects.get(code="H44160200088").level == 1
    assert HeldUpload.objects.count() == 0


def test_nobody_else_sees_confirms_or_discards_a_held_file(operator: User) -> None:
    client = browser(operator)
    preview = client.get(upload(client, HEAD, NEW)["Location"])
    colleague = browser(make_user(organization=operator.organization, role=Role.SYSTEM_ADMIN))
    address = f"{reverse(HOSPITALS)}?held={preview.context['held'].pk}"
    for answer in (
        colleague.get(address), colleague.get(f"{address}&refused=1"), confirm(colleague, preview),
        colleague.post(reverse(HOSPITALS), {"held": preview.context["held"].pk, "discard": "1"}),
        # Another list's page is no way to it either.
        client.get(f"{reverse('admin:programs_code_import_action')}?held={preview.context['held'].pk}"),
        client.get(f"{reverse(HOSPITALS)}?held=987654321"), client.get(f"{reverse(HOSPITALS)}?held=x"),
    ):
        assert answer.status_code == 302 and answer["Location"].endswith("/")
        assert "held" not in answer["Location"]
    assert HeldUpload.objects.count() == 1
    assert Hospital.objects.filter(code="H44160200077").count() == 0


def test_a_discarded_file_leaves_nothing_and_a_new_upload_takes_its_place(operator: User) -> None:
    client = browser(operator)
    first = held_of(upload(client, HEAD, NEW))
    second = held_of(upload(client, HEAD, CHANGED))
    assert not default_storage.exists(first.file.storage_key) and default_storage.exists(second.file.storage_key)
    answer = client.post(reverse(HOSPITALS), {"held": second.pk, "discard": "1"})
    assert answer.status_code == 302
    assert not HeldUpload.objects.exists() and not default_storage.exists(second.file.storage_key)
    assert Event.objects.filter(verb="file.discarded", actor_id=operator.pk).count() == 2


def test_a_file_that_nobody_decides_on_is_removed_after_a_day(operator: User) -> None:
    held = held_of(upload(browser(operator), HEAD, NEW))
    File.objects.filter(pk=held.file_id).update(uploaded_at=timezone.now() - timedelta(days=2))
    assert remove_orphans(at=timezone.now()) >= 1
    assert not HeldUpload.objects.exists() and not default_storage.exists(held.file.storage_key)


@pytest.mark.parametrize(
    ("name", "content", "chosen", "sentence"),
    [
        ("医院.csv", b"", "", "提交的是空文件"),
        ("医院.xlsx", HEAD.encode(), "", "这不是可以读取的表格"),
        ("医院.csv", HEAD.encode(), "", "只有表头，没有数据"),
        ("医院.csv", b"a,b\n1,2", "", "缺少必需的列：定点医疗机构编码、医疗机构名称、行政区划代码"),
        ("医院.csv", f"{HEAD}\n{NEW}".encode(), "0", "这不是可以读取的表格"),
        ("医院.csv", b"x" * (MOST_BYTES + 1), "", "文件超过 8 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words_and_not_kept(
    operator: User, name: str, content: bytes, chosen: str, sentence: str
) -> None:
    answer = browser(operator).post(
        reverse(HOSPITALS), {"import_file": SimpleUploadedFile(name, content), "format": chosen, "resource": "0"}
    )
    assert answer.status_code == 200
    errors = answer.context["form"].errors["import_file"]
    assert any(sentence in error for error in errors), errors
    assert not HeldUpload.objects.exists() and not File.objects.exists()


def test_more_rows_than_allowed_are_refused(operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    monkeypatch.setattr(reading, "LIMITS", replace(reading.LIMITS, rows=2))
    answer = upload(browser(operator), HEAD, NEW, CHANGED, "H44160200079,三,,,441602,,,")
    assert answer.status_code == 200
    assert answer.context["form"].errors["import_file"] == ["行数超过上限（2），请拆成几个文件上传"]


def test_an_export_is_the_rows_that_one_may_change_and_is_told_of(operator: User) -> None:
    client = browser(operator)
    before = last_event()
    answer = client.post(reverse("admin:programs_hospital_export_action"), {"format": "1", "resource": "0", "beginning": "H441621"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines == [
        HEAD, "H44162100001,紫金县人民医院(示例),二级甲等,公立,441621,是,2022-01-01,",
        "H44162100002,紫城镇中心卫生院(示例),一级甲等,公立,441621,是,2022-01-01,",
        "H44162100003,紫金仁爱门诊部(示例),未定级,民营,441621,否,,",
    ]
    event = Event.objects.filter(pk__gt=before).get(verb="reference.exported")
    assert event.actor_id == operator.pk
    assert {key: event.data[key] for key in ("list", "rows", "format")} == {"list": "programs.hospital", "rows": 3, "format": "csv"}
    assert len(event.data["content"]) == 64


def test_the_blank_template_has_headings_notes_and_drop_downs(operator: User) -> None:
    answer = browser(operator).get(reverse("admin:programs_hospital_blank_template"))
    book = load_workbook(io.BytesIO(answer.content))
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]] == [
        "定点医疗机构编码*", "医疗机构名称*", "医院等级", "办医性质", "行政区划代码*", "是否定点", "定点开始日期", "停止定点日期",
    ]
    assert sheet["A1"].comment.text.startswith("H加11位数字")
    assert [str(each.sqref) for each in sheet.data_validations.dataValidation] == ["C2:C5000", "D2:D5000", "F2:F5000"]
    assert book.sheetnames == ["医院", "选项", "填写说明"]


#: Who comes how far: role and kind of organization -> lists whose import and export open.
ALL = {"accounts_region", "programs_category", "programs_hospital", "programs_code"}
OF_SYSTEM_ADMINS = {"operator": ALL, "government": {"programs_code"}, "insurer": {"programs_code"}}
REACH = [
    (role, kind, opened if role == Role.SYSTEM_ADMIN else set())
    for role in Role.values for kind, opened in OF_SYSTEM_ADMINS.items()
]


@pytest.mark.parametrize(("role", "kind", "opened"), REACH)
def test_imports_open_to_the_portals_administrator_and_own_codes_to_an_organizations(
    operator: User, role: str, kind: str, opened: set[str]
) -> None:
    region = "441602" if kind == "government" else ""
    client = browser(make_user(organization=make_organization(kind=kind, region=region), role=role))
    counts = (Hospital.objects.count(), Code.objects.count(), Region.objects.count(), Event.objects.count())
    for name in sorted(ALL):
        for verb in ("import_action", "export_action", "blank_template"):
            address = reverse(f"admin:{name}_{verb}")
            wanted = 200 if name in opened else 403
            assert client.get(address).status_code == wanted, (name, verb)
            if wanted == 403:
                assert client.post(address, {"held": "1", "format": "0"}).status_code == 403
        page = client.get(reverse(f"admin:{name}_changelist"))
        assert page.status_code in (200, 403)
        if page.status_code == 200:
            assert (reverse(f"admin:{name}_import_action") in page.content.decode()) == (name in opened)
    assert (Hospital.objects.count(), Code.objects.count(), Region.objects.count(), Event.objects.count()) == counts


def test_an_office_fills_its_own_table_and_neither_sees_nor_changes_a_foreign_one(operator: User) -> None:
    make_codes(at=timezone.now())
    own, foreign = make_organization("甲保险", kind="insurer"), make_organization("乙保险", kind="insurer")
    row = Code.objects.create(organization=foreign, system="occupation", code="050204", name="金丝雀骑手", group="6")
    client = browser(make_user(organization=own, role=Role.SYSTEM_ADMIN))
    page = "admin:programs_code_import_action"
    preview = client.get(upload(client, "类型,代码,名称,类别", "职业,050204,骑手,5", page=page)["Location"])
    assert "金丝雀" not in preview.content.decode() and "外卖配送员" not in preview.content.decode()
    assert confirm(client, preview, page=page).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.group, row.organization_id) == ("金丝雀骑手", "6", foreign.pk)
    assert Code.objects.get(organization=None, code="050204").name == "外卖配送员(电动车)"
    mine = Code.objects.get(organization=own)
    assert (mine.name, mine.group) == ("骑手", "5")
    file = client.post(reverse("admin:programs_code_export_action"), {"format": "1"})
    assert file.content.decode("utf-8-sig").splitlines()[1:] == ["职业,050204,骑手,5,,"]
    shown = client.get(reverse("admin:programs_code_changelist")).content.decode()
    assert "骑手" in shown and "外卖配送员" in shown and "金丝雀" not in shown
    event = Event.objects.filter(verb="code.imported").latest("pk")
    assert event.organization_id == own.pk


def test_regions_come_in_by_the_page_and_a_full_edition_ends_what_it_lacks(operator: User) -> None:
    client, page = browser(operator), "admin:accounts_region_import_action"
    lines = ("code,name,valid_from,valid_to,successor", "441602,源城新区,,,", "441602001002,新村社区,2026-01-01,,")
    preview = client.get(upload(client, *lines, page=page, retire_missing_on="2026-07-01")["Location"])
    result = preview.context["preview"]
    assert [(row.name, row.import_type) for row in result.rows] == [("441602 源城新区", "update"), ("441602001002 新村社区", "new")]
    assert [(row.name, [change.after for change in row.changes]) for row in result.beside] == [
        ("441602001 上城街道", ["广东省河源市源城新区上城街道"]),
        ("441602001001 公园社区", ["2026-07-01", "广东省河源市源城新区上城街道公园社区"]),
        ("441621 紫金县", ["2026-07-01"]), ("441621100 紫城镇", ["2026-07-01"]),
    ]
    assert result.warnings == ["有 3 个地区因文件未列出而停用。"]
    assert Region.objects.get(code="441621").valid_to is None
    assert confirm(client, preview, page=page).status_code == 302
    assert Region.objects.get(code="441621").valid_to == date(2026, 7, 1)
    new = Region.objects.get(code="441602001002")
    assert (new.full_name, new.parent_id) == ("广东省河源市源城新区上城街道新村社区", "441602001")
    told = Event.objects.get(verb="reference.imported")
    assert told.data["options"] == {"retire_missing_on": "2026-07-01"}
    assert Event.objects.filter(verb="region.imported").latest("pk").data == {"added": 1, "changed": 3, "retired": 3}


def test_each_fault_of_each_region_is_told(operator: User) -> None:
    client, page = browser(operator), "admin:accounts_region_import_action"
    preview = client.get(upload(
        client, "区划代码,名称,启用日期,停用日期,现区划代码", "44160,短码,,,", "990101001,无上级,,,",
        "441602002,倒日期,2026-01-01,2025-01-01,",
        "441602003,有后继无停用,,,441602001", "441602004,后继不同级,,2026-01-01,441602", "441602005,,,,", page=page,
    )["Location"])
    assert [sentence for row in preview.context["preview"].rows for sentence in row.sentences] == [
        "第2行 区划代码（44160）：代码的样式不符（2/4/6/9/12），请按官方目录填写",
        "第3行 区划代码（990101001）：没有它的上级地区（990101），请补上该地区的一行",
        "第4行 停用日期（2025-01-01）：结束不晚于开始，请核对两个日期",
        "第5行 现区划代码（441602001）：填了现区划代码却没有停用日期，请填写停用日期，或清空现区划代码",
        "第6行 现区划代码（441602）：该地区不能作为其现区划，请填写同一级别的已有地区",
        "第7行 名称：必填项为空，请填写",
    ]


def test_the_changelist_offers_import_export_and_template(operator: User) -> None:
    make_categories(at=timezone.now())
    shown = browser(operator).get(reverse("admin:programs_category_changelist")).content.decode()
    for verb in ("import_action", "export_action", "blank_template"):
        assert reverse(f"admin:programs_category_{verb}") in shown


def test_a_long_preview_comes_in_pages_and_by_kind(operator: User) -> None:
    client = browser(operator)
    rows = [f"H4416021{number:04d},示例卫生站{number},,,441602,,," for number in range(250)]
    answer = upload(client, HEAD, CHANGED, *rows)
    first = client.get(answer["Location"])
    assert (len(first.context["rows"]), first.context["pages"], first.context["kind"]) == (100, 3, "new")
    last = client.get(f"{answer['Location']}&show=new&page=3")
    assert [row.line for row in last.context["rows"]][-1] == 252
    changed = client.get(f"{answer['Location']}&show=update")
    assert [row.name for row in changed.context["rows"]] == ["H44160200001 河源市第一人民医院(示例)"]


def test_a_table_is_read_below_its_organization_and_by_offices_that_it_insures_and_changed_by_neither(operator: User) -> None:
    insurer, other = make_organization("甲保险", kind="insurer"), make_organization("乙保险", kind="insurer")
    city = make_organization("市局", region="4416")
    county = make_organization("县局", region="441602", parent=city)
    make_program("HY", organization=city, insurer=insurer)
    rows = {
        name: Code.objects.create(organization=organization, system="drug", code="X1", name=name)
        for name, organization in {"平台": None, "甲": insurer, "乙": other, "市": city, "县": county}.items()
    }

    def reach(organization: Any, permission: str) -> set[str]:
        user = make_user(organization=organization, role=Role.SYSTEM_ADMIN)
        return {name for name, row in rows.items() if Code.objects.visible_to(user, permission).filter(pk=row.pk).exists()}

    view, change = "programs.view_code", "programs.change_code"
    assert reach(county, view) == {"平台", "市", "县", "甲"}
    assert reach(city, view) == {"平台", "市", "县", "甲"}
    assert reach(insurer, view) == {"平台", "甲"}
    assert reach(operator.organization, view) == {"平台"}
    assert [reach(each, change) for each in (county, city, insurer, operator.organization)] == [
        {"县"}, {"市", "县"}, {"甲"}, {"平台"},
    ]


def test_a_code_is_added_by_hand_to_the_own_table_only(operator: User) -> None:
    own = make_organization("甲保险", kind="insurer")
    portal = Code.objects.create(system="drug", code="X1", name="平台的药")
    client = browser(make_user(organization=own, role=Role.SYSTEM_ADMIN))
    given = {"system": "drug", "code": "X1", "name": "自己的药", "group": "", "valid_from": "", "valid_to": ""}
    assert client.post(reverse("admin:programs_code_add"), given).status_code == 302
    assert Code.objects.get(organization=own).name == "自己的药"
    again = client.post(reverse("admin:programs_code_add"), given)
    assert again.status_code == 200 and again.context["adminform"].form.errors == {"code": ["代码 X1 已被使用。"]}
    address = reverse("admin:programs_code_change", args=[portal.pk])
    assert client.get(address).status_code == 200
    assert client.post(address, {**given, "name": "改"}).status_code == 403
    portal.refresh_from_db()
    assert portal.name == "平台的药"


@pytest.mark.parametrize("name", ["programs_hospital", "programs_code"])
def test_a_list_asks_as_many_questions_for_fifty_rows_as_for_five(operator: User, name: str) -> None:
    client, address = browser(operator), reverse(f"admin:{name}_changelist")
    make_codes(at=timezone.now())

    def questions() -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    few = questions()
    Hospital.objects.bulk_create(
        Hospital(code=f"H4416021{number:04d}", name=f"示例{number}", region_code="441602") for number in range(60)
    )
    Code.objects.bulk_create(Code(system="drug", code=f"Z{number}", name=f"药{number}") for number in range(60))
    assert questions() == few


def test_a_preview_asks_a_fixed_number_of_questions_however_long_the_file(operator: User) -> None:
    def questions(rows: int) -> int:
        lines = (f"H4416021{number:04d},示例{number},,,441602,,," for number in range(rows))
        file = ListCsv(columns=HospitalResource.columns).create_dataset("\n".join((HEAD, *lines)).encode())
        resource = HospitalResource(user=User.objects.get(pk=operator.pk))
        with CaptureQueriesContext(connection) as asked:
            assert resource.preview(file).added == rows
        return len(asked)

    assert questions(2_000) == questions(2) <= 13


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", ["raise", "disconnect"])
def test_a_fault_at_any_point_of_a_confirmation_leaves_all_of_it_or_nothing(operator: User, mode: str) -> None:
    at, content = timezone.now(), f"{HEAD}\n{NEW}\n{CHANGED}".encode()
    kept = hold_upload(io.BytesIO(content), name="a.csv", kind="programs.hospital", options={}, by=operator, at=at)

    def run() -> None:
        user = User.objects.get(pk=operator.pk)
        file = ListCsv(columns=HospitalResource.columns).create_dataset(content)
        digest = HospitalResource(user=user).preview(file).digest
        held = HeldUpload.objects.select_related("file").get(pk=kept.pk)
        take_in_upload(held, HospitalResource(user=user), file, digest=digest, by=user, at=at)

    def whole() -> tuple[int, int, int, int]:
        return (
            Hospital.objects.filter(code="H44160200077").count(), Hospital.objects.filter(code="H44160200001", grade="B").count(),
            Event.objects.filter(verb__in=["reference.imported", "hospital.imported"]).count() - 1, HeldUpload.objects.count(),
        )

    before, after = (0, 0, 0, 1), (1, 1, 2, 0)
    seen = []
    for k in range(1, 60):
        fault = FaultAt(k=k, mode=mode)
        with suppress(PlantedFault, OperationalError), handled_by(fault):
            run()
        assert fault.struck, "the confirmation ended before its content was struck at"
        assert whole() in (before, after), (k, fault.seen)
        seen.append(whole())
        if whole() == after:
            break
    # At the first point behind the commit all of it stands; what is left is the content, which the daily removal deletes.
    assert seen == [before] * (len(seen) - 1) + [after] and len(seen) >= 8
    assert default_storage.exists(kept.file.storage_key)
    File.objects.filter(pk=kept.file_id).update(uploaded_at=at - timedelta(days=2))
    remove_orphans(at=at)
    assert not default_storage.exists(kept.file.storage_key)


def test_the_portals_operator_exports_and_compares_its_own_table_though_others_stand_below_it(operator: User) -> None:
    make_codes(at=timezone.now())
    below = make_organization("下级保险", kind="insurer", parent=operator.organization)
    Code.objects.create(organization=below, system="occupation", code="010101", name="下级内勤", group="2")
    client, page = browser(operator), "admin:programs_code_import_action"
    file = client.post(reverse("admin:programs_code_export_action"), {"format": "1", "beginning": "0101"})
    assert file.content.decode("utf-8-sig").splitlines()[1:] == ["职业,010101,机关内勤人员,1,2022-01-01,"]
    preview = client.get(upload(client, "类型,代码,名称,类别", "职业,010101,机关内勤,1", page=page)["Location"])
    assert preview.context["preview"].rows[0].changes == [("名称", "机关内勤人员", "机关内勤")]
    assert confirm(client, preview, page=page).status_code == 302
    assert dict(Code.objects.filter(code="010101").values_list("organization__name", "name")) == {
        None: "机关内勤", "下级保险": "下级内勤",
    }


def test_a_click_that_comes_when_the_content_is_gone_already_is_told_so(operator: User) -> None:
    client = browser(operator)
    preview = client.get(upload(client, HEAD, NEW)["Location"])
    default_storage.delete(preview.context["held"].file.storage_key)
    assert confirm(client, preview).status_code == 409
    assert "该文件已经导入或放弃。" in client.get(f"{reverse(HOSPITALS)}?held={preview.context['held'].pk}").content.decode()
    assert Hospital.objects.filter(code="H44160200077").count() == 0


def test_an_edition_that_would_end_what_began_later_is_refused_as_a_whole(operator: User) -> None:
    Region.objects.filter(code="441621").update(valid_from=date(2026, 6, 1))
    client, page = browser(operator), "admin:accounts_region_import_action"
    preview = client.get(upload(client, "code,name", "441602,源城区", page=page, retire_missing_on="2026-01-01")["Location"])
    assert preview.status_code == 409
    assert "441621" in preview.content.decode() and "确认导入" not in preview.content.decode()

"""Lists of reference data by their resources: what a file says, each fault of each row, and the round trip."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any

import pytest
import tablib
from django.utils import timezone
from django.utils.translation import override
from openpyxl import Workbook, load_workbook

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_organization, make_region_tree, make_user
from audit.models import Event
from intake.readers import FileRefused
from intake.reference.formats import ListCsv, ListWorkbook
from intake.reference.reading import ListFile
from intake.reference.resource import Change, Preview
from programs.actions import import_hospitals
from programs.demo_lists import make_codes, make_hospitals
from programs.lists import CategoryResource, CodeResource, HospitalResource
from programs.models import Category, Code, Hospital
from programs.reference import make_categories

pytestmark = pytest.mark.django_db

HEAD = "定点医疗机构编码,医疗机构名称,医院等级,办医性质,行政区划代码,是否定点,定点开始日期,停止定点日期"


@pytest.fixture(autouse=True)
def _chinese() -> Any:
    with override("zh-hans"):
        yield


@pytest.fixture
def operator() -> User:
    make_region_tree()
    return make_user("portal-system", organization=make_organization(kind="operator"), role=Role.SYSTEM_ADMIN)


def csv_file(*lines: str, columns: Any = HospitalResource.columns, encoding: str = "utf-8") -> ListFile:
    return ListCsv(columns=columns).create_dataset("\n".join(lines).encode(encoding))


def sentences(preview: Preview) -> list[str]:
    return [sentence for row in preview.rows for sentence in row.sentences]


def kinds(preview: Preview) -> list[tuple[int, str | None]]:
    return [(row.line, row.import_type) for row in preview.rows]


def test_every_fault_of_every_row_is_told_at_once(operator: User) -> None:
    preview = HospitalResource(user=operator).preview(csv_file(
        HEAD,
        "H44160200001,甲医院,三级甲等,公立,441602,是,2022-01-01,",
        "H4416,乙医院,四级,公立,999999,是,,",
        "H44160200003,,二级,国有,441602,否,2022-01-01,",
        "H44160200001,丁医院,一级,民营,441602,是,2022-13-01,2021-01-01",
        "H44160200005,戊医院,一级,民营,441602,是,2022-01-01,2022-01-01",
    ))
    assert kinds(preview) == [(2, "new"), (3, "invalid"), (4, "invalid"), (5, "invalid"), (6, "invalid")]
    standings = "三级甲等、三级乙等、三级丙等、三级、二级甲等、二级乙等、二级丙等、二级、一级甲等、一级乙等、一级丙等、一级、未定级"
    assert sentences(preview) == [
        f"第3行 医院等级（四级）：不是可选的内容，请填写：{standings}",
        "第3行 定点医疗机构编码（H4416）：代码的样式不符（H + 11），请按官方目录填写",
        "第3行 行政区划代码（999999）：没有这个地区代码，请填写6、9或12位的现行区划代码",
        "第4行 办医性质（国有）：不是可选的内容，请填写：公立、民营",
        "第4行 医疗机构名称：必填项为空，请填写",
        "第4行 是否定点（否）：填了日期却不是定点，请填写为定点，或清空日期",
        "第5行 定点开始日期（2022-13-01）：不是日期，请按2025-01-31的样式填写",
        "第5行 定点医疗机构编码（H44160200001）：与前面的行重复（行号2），请只保留一行",
        "第6行 停止定点日期（2022-01-01）：结束不晚于开始，请核对两个日期",
    ]


def test_a_round_trip_changes_what_was_edited_and_nothing_else(operator: User) -> None:
    make_hospitals(at=timezone.now())
    resource = HospitalResource(user=operator)
    for kind in (ListWorkbook, ListCsv):
        file = kind(columns=resource.columns)
        content = file.export_data(resource.export(Hospital.objects.order_by("code")))
        again = HospitalResource(user=operator).preview(file.create_dataset(content))
        assert (again.added, again.changed, again.unchanged, again.refused) == (0, 0, 11, 0)
        assert not again.does_something


def test_an_edited_export_comes_back_as_exactly_the_edits(operator: User) -> None:
    make_hospitals(at=timezone.now())
    resource = HospitalResource(user=operator)
    book = load_workbook(io.BytesIO(ListWorkbook().export_data(resource.export(Hospital.objects.order_by("code")))))
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]] == HEAD.split(",")
    assert [cell.value for cell in sheet[5]] == [
        "H44160200004", "源城康宁专科医院(示例)", "二级", "民营", "441602", "是", "2022-01-01", "2025-07-01",
    ]
    sheet.cell(row=5, column=3, value="二级乙等")
    sheet.append(["H44160200077", "新开医院(示例)", "", "", "441602", "", "", ""])
    target = io.BytesIO()
    book.save(target)
    file = ListWorkbook(columns=resource.columns).create_dataset(target.getvalue())
    preview = resource.preview(file)
    assert [(row.name, row.import_type, row.changes) for row in preview.rows if row.import_type != "skip"] == [
        ("H44160200004 源城康宁专科医院(示例)", "update", [Change("医院等级", "二级", "二级乙等")]),
        ("H44160200077 新开医院(示例)", "new", [
            Change("定点医疗机构编码", "", "H44160200077"), Change("医疗机构名称", "", "新开医院(示例)"),
            Change("医院等级", "", "未定级"), Change("行政区划代码", "", "441602"), Change("是否定点", "", "是"),
        ]),
    ]
    assert Hospital.objects.count() == 11
    resource.import_data(file, dry_run=False)
    changed, new = (Hospital.objects.get(code=code) for code in ("H44160200004", "H44160200077"))
    assert (changed.level, changed.grade, changed.designated_to) == (2, "B", date(2025, 7, 1))
    assert (new.level, new.grade, new.public, new.designated, new.designated_from) == (0, "", None, True, None)
    event = Event.objects.latest("pk")
    assert (event.verb, event.actor_id, event.data) == ("hospital.imported", operator.pk, {"added": 1, "changed": 1})


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_cell_of_an_export_is_calculated(operator: User, sign: str) -> None:
    import_hospitals([Hospital(code="H44160200001", name=f"{sign}1+1", region_code="441602")], by="system:test", at=timezone.now())
    dataset = HospitalResource(user=operator).export()
    text = ListCsv().export_data(dataset).decode("utf-8-sig")
    assert next(csv.reader(io.StringIO(text.split("\r\n", 1)[1], newline="")))[1] == f"'{sign}1+1"
    book = load_workbook(io.BytesIO(ListWorkbook().export_data(dataset)))
    cell = book.worksheets[0]["B2"]
    # openpyxl gives \r as a line break, as XML does.
    assert (cell.data_type, cell.value.replace("\n", "\r")) == ("s", f"'{sign}1+1")


def test_a_csv_for_excel_begins_with_its_mark(operator: User) -> None:
    make_hospitals(at=timezone.now())
    content = ListCsv().export_data(HospitalResource(user=operator).export())
    assert content.startswith(b"\xef\xbb\xbf" + "定点医疗机构编码".encode())
    assert content.count(b"\r\n") == 12


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_chinese_is_read_in_every_encoding_that_offices_use(operator: User, encoding: str) -> None:
    file = csv_file(HEAD, "H44160200001,𠮷祥医院,三级甲等,公立,441602,是,,", encoding=encoding)
    (row,) = HospitalResource(user=operator).preview(file).rows
    assert row.changes[1] == Change("医疗机构名称", "", "𠮷祥医院")


def test_text_that_fits_no_encoding_refuses_the_file() -> None:
    content = f"{HEAD}\nH44160200001,医院很好很强大,三级甲等,公立,441602,是,,\n".encode() + b"H4416\xff\xfe\xff,x,,,,,,\n"
    with pytest.raises(FileRefused) as refused:
        ListCsv(columns=HospitalResource.columns).create_dataset(content)
    assert [finding.code for finding in refused.value.findings] == ["ENCODING"]


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def test_a_code_that_a_workbook_holds_as_a_number_is_refused_when_digits_are_lost_and_never_repaired(operator: User) -> None:
    content = workbook(
        ["代码类型", "代码", "名称"], ["特定药品", 441602196203151219, "甲"], ["特定药品", "010101", "乙"],
        ["特定药品", "441602196203151219", "丙"], ["特定药品", "4.41602E+17", "丁"], ["特定药品", "=1+1", "戊"],
    )
    preview = CodeResource(user=operator).preview(ListWorkbook(columns=CodeResource.columns).create_dataset(content))
    assert kinds(preview) == [(2, "invalid"), (3, "new"), (4, "new"), (5, "invalid"), (6, "invalid")]
    said = sentences(preview)
    assert said[0] == "第2行 代码（****）：按数字保存，末几位已丢失，请把该列设为文本后重新输入完整号码"
    assert said[1] == "第5行 代码（4.41602E+17）：变成了科学计数法，末几位已丢失，请把该列设为文本后重新输入完整号码"
    assert said[2] == "第6行 代码：单元格显示错误，或公式没有结果，请直接填写内容后重新上传"
    assert [row.name for row in preview.rows if row.import_type == "new"] == [
        "特定药品 010101 乙", "特定药品 441602196203151219 丙",
    ]


def test_a_csv_keeps_leading_zeros_and_long_codes(operator: User) -> None:
    columns = CodeResource.columns
    file = csv_file("代码类型,代码,名称,类别", "职业,010101,内勤,1", "特定药品,000000000000000001,药,", columns=columns)
    CodeResource(user=operator).import_data(file, dry_run=False)
    assert list(Code.objects.order_by("code").values_list("code", flat=True)) == ["000000000000000001", "010101"]


def test_a_row_with_too_many_cells_is_one_refused_row(operator: User) -> None:
    preview = HospitalResource(user=operator).preview(csv_file(
        HEAD, "H44160200001,甲,一级,公立,441602,是,,,多", "H44160200002,乙,一级,公立,441602,是,,",
    ))
    assert kinds(preview) == [(2, "invalid"), (3, "new")]
    assert sentences(preview) == ["第2行：列数与表头不一致（9/8），请检查多余或缺少的分隔符、引号"]


def test_headings_are_found_below_a_title_and_by_other_words(operator: User) -> None:
    file = csv_file("河源市定点医疗机构名单,,,", "序号,医院名称,医院编码,区划代码", "1,甲医院,H44160200001,441602")
    preview = HospitalResource(user=operator).preview(file)
    assert kinds(preview) == [(3, "new")]
    assert [str(finding) for finding in preview.findings] == [
        "不认识的列：序号，该列不会导入，原文保留；如需要请把表头改为模板中的名称后重新上传"
    ]


def test_a_file_without_the_needed_columns_is_refused_and_names_them() -> None:
    with pytest.raises(FileRefused) as refused:
        csv_file("姓名,证件号码", "王小明,441602196203151219")
    assert str(refused.value) == (
        "缺少必需的列：定点医疗机构编码、医疗机构名称、行政区划代码，请补上，或把对应的表头改为模板中的名称后重新上传"
    )


def test_categories_come_in_with_an_event_each(operator: User) -> None:
    make_categories(at=timezone.now())
    columns = CategoryResource.columns
    file = csv_file(
        "类别代码,类别名称,其他叫法,顺序,启用", "tekun,特困供养人员,特困、五保户,1,是", "kunjing,困境儿童,,,",
        "youfu,优抚对象,,8,是",
        columns=columns,
    )
    resource = CategoryResource(user=operator)
    preview = resource.preview(file)
    assert [(row.name, row.import_type) for row in preview.rows] == [
        ("tekun 特困供养人员", "update"), ("kunjing 困境儿童", "new"), ("youfu 优抚对象", "skip"),
    ]
    assert preview.rows[0].changes == [
        Change("类别名称", "特困人员", "特困供养人员"), Change("其他叫法", "特困、五保户、特困供养人员", "特困、五保户"),
    ]
    before = Event.objects.count()
    resource.import_data(file, dry_run=False)
    assert list(Event.objects.order_by("pk")[before:].values_list("verb", "data__code")) == [
        ("category.changed", "tekun"), ("category.created", "kunjing"),
    ]
    assert Category.objects.get(code="kunjing").position == 100


def test_two_categories_cannot_bear_one_name(operator: User) -> None:
    make_categories(at=timezone.now())
    preview = CategoryResource(user=operator).preview(csv_file(
        "代码,名称", "xin_a,孤儿", "xin_b,新名", "xin_c,新名", "Xin-D,别名", columns=CategoryResource.columns,
    ))
    assert sentences(preview) == [
        "第2行 类别名称（孤儿）：该名称已属于另一代码（guer），请换一个名称，或填写该代码",
        "第4行 类别名称（新名）：该名称已属于另一代码（xin_b），请换一个名称，或填写该代码",
        "第5行 类别代码（Xin-D）：代码的样式不符（a-z _），请按官方目录填写",
    ]


def test_who_operates_nothing_compares_and_changes_nothing_that_everybody_shares(operator: User) -> None:
    make_hospitals(at=timezone.now())
    office = make_organization(region="441602")
    stranger = make_user(organization=office, role=Role.SYSTEM_ADMIN)
    resource = HospitalResource(user=stranger)
    file = csv_file(HEAD, "H44160200001,被改的名字,一级,民营,441621,否,,")
    assert [change.before for change in resource.preview(file).rows[0].changes] == [""] * 6
    result = resource.import_data(file, dry_run=False)
    assert [str(error.error) for error in result.base_errors] == ["该机构或地区不在您的管辖范围。"]
    assert Hospital.objects.get(code="H44160200001").name == "河源市第一人民医院(示例)"
    assert HospitalResource().get_queryset().count() == 0


def test_an_own_table_of_codes_stands_beside_the_portals_and_a_foreign_one(operator: User) -> None:
    make_codes(at=timezone.now())
    own, foreign = make_organization("甲保险", kind="insurer"), make_organization("乙保险", kind="insurer")
    Code.objects.create(organization=foreign, system="occupation", code="010101", name="金丝雀内勤", group="3")
    admin = make_user(organization=own, role=Role.SYSTEM_ADMIN)
    lines = ("代码类型,代码,名称,类别,维护单位,id", f"职业,010101,本公司内勤,2,乙保险,{foreign.pk}")
    file = csv_file(*lines, columns=CodeResource.columns)
    resource = CodeResource(user=admin)
    preview = resource.preview(file)
    assert [(row.import_type, row.changes) for row in preview.rows] == [("new", [
        Change("代码类型", "", "职业"), Change("代码", "", "010101"), Change("名称", "", "本公司内勤"), Change("类别", "", "2"),
    ])]
    resource.import_data(file, dry_run=False)
    held = Code.objects.filter(code="010101").order_by("pk").values_list("organization__name", "name", "group")
    assert sorted(held, key=str) == sorted(
        [(None, "机关内勤人员", "1"), ("乙保险", "金丝雀内勤", "3"), ("甲保险", "本公司内勤", "2")], key=str
    )
    assert [code.name for code in resource.get_queryset()] == ["本公司内勤"]
    assert [row[2] for row in CodeResource(user=admin).export()] == ["本公司内勤"]


def test_an_occupations_class_is_one_to_seven(operator: User) -> None:
    file = csv_file("代码类型,代码,名称,类别", "职业,010101,内勤,8", "疾病诊断,C34,肺癌,II", columns=CodeResource.columns)
    preview = CodeResource(user=operator).preview(file)
    assert sentences(preview) == ["第2行 类别（8）：不是整数，请填写1–7之间的数"]


def test_a_plain_dataset_of_django_import_export_is_taken_too(operator: User) -> None:
    dataset = tablib.Dataset(["H44160200001", "甲医院", 441602], headers=["code", "name", "region"])
    result = HospitalResource(user=operator).import_data(dataset, dry_run=True)
    assert [(row.import_type, row.line) for row in result.rows] == [("new", 2)]
    assert Hospital.objects.count() == 0


def test_a_digest_stands_for_everything_that_a_file_would_do(operator: User) -> None:
    make_hospitals(at=timezone.now())
    lines = (HEAD, "H44160200001,河源市第一人民医院(示例),三级乙等,公立,441602,是,2022-01-01,")

    def digest(*rows: str) -> str:
        return HospitalResource(user=operator).preview(csv_file(*rows)).digest

    first = digest(*lines)
    assert digest(*lines) == first
    assert digest(lines[0], lines[1].replace("三级乙等", "三级丙等")) != first
    Hospital.objects.filter(code="H44160200001").update(grade="C")
    assert digest(*lines) != first


def test_a_column_that_the_file_lacks_stays_as_it_is_and_an_empty_cell_says_the_usual(operator: User) -> None:
    make_hospitals(at=timezone.now())
    short = csv_file(
        "定点医疗机构编码,医疗机构名称,行政区划代码", "H44160200004,改名医院(示例),441602", "H44160200077,新医院(示例),441602",
    )
    preview = HospitalResource(user=operator).preview(short)
    assert preview.rows[0].changes == [Change("医疗机构名称", "源城康宁专科医院(示例)", "改名医院(示例)")]
    assert [change.after for change in preview.rows[1].changes] == ["H44160200077", "新医院(示例)", "未定级", "441602", "是"]
    empty = csv_file(HEAD, "H44160200004,源城康宁专科医院(示例),,,441602,,,")
    assert HospitalResource(user=operator).preview(empty).rows[0].changes == [
        Change("医院等级", "二级", "未定级"), Change("办医性质", "民营", ""), Change("定点开始日期", "2022-01-01", ""),
        Change("停止定点日期", "2025-07-01", ""),
    ]

"""A list's file in the browser: chosen, refused, corrected, previewed, confirmed; wide and on a phone, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_organization, make_region_tree, make_user
from programs.demo_lists import make_codes, make_hospitals
from programs.models import Hospital
from programs.reference import make_categories
from tests.kit.browser import (
    PHONE,
    WIDE,
    assert_no_console_errors,
    assert_no_horizontal_scroll,
    keyboard_reachable,
    screenshot,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HEAD = "定点医疗机构编码,医疗机构名称,医院等级,行政区划代码,停止定点日期"
GOOD = ("H44160200077,新开医院(示例),二级甲等,441602,", "H44160200001,河源市第一人民医院(示例),三级乙等,441602,2027-01-01")
BAD = ("H4416020007,坏编码医院(示例),五级,999999,",)


@pytest.fixture
def operator(settings: Any) -> User:
    settings.SECOND_FACTOR_REQUIRED = False
    make_region_tree()
    at = timezone.now()
    make_categories(at=at)
    make_hospitals(at=at)
    make_codes(at=at)
    office = make_organization("普惠保险平台运营中心", kind="operator")
    return make_user("portal-system", organization=office, role=Role.SYSTEM_ADMIN)


def written(folder: Path, name: str, *lines: str) -> str:
    path = folder / name
    path.write_text("\n".join((HEAD, *lines)), encoding="utf-8-sig")
    return str(path)


@pytest.mark.parametrize(("size", "kind"), [(WIDE, "wide"), (PHONE, "phone")])
def test_a_file_is_refused_corrected_previewed_and_confirmed(
    operator: User, signed_in_page: Callable[..., Any], tmp_path: Path, size: tuple[int, int], kind: str
) -> None:
    page = signed_in_page(operator, size=size)

    def looked_at(name: str) -> None:
        assert_no_horizontal_scroll(page)
        screenshot(page, f"reference-{name}-{kind}")

    page.goto(reverse("admin:programs_hospital_changelist"))
    looked_at("list")
    page.locator(f"a[href*='{reverse('admin:programs_hospital_import_action')}'] >> visible=true").first.click()
    page.set_input_files("input[type=file]", written(tmp_path, "医院.csv", *GOOD, *BAD))
    looked_at("import")
    page.click("text=查看变动")
    assert page.locator("text=确认导入").count() == 0
    looked_at("refused")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载未通过的行").click()
    assert download.value.suggested_filename == "hospital-refused.xlsx"
    page.click("text=换一个文件")
    page.set_input_files("input[type=file]", written(tmp_path, "医院.csv", *GOOD))
    page.click("text=查看变动")
    looked_at("preview")
    keyboard_reachable(page)
    page.click("text=确认导入")
    page.wait_for_selector("text=已导入：新增 1，变动 1，无变动 0。")
    looked_at("imported")
    assert Hospital.objects.get(code="H44160200001").grade == "B"
    assert_no_console_errors(page)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("label", ["programs_hospital", "programs_code", "programs_category", "accounts_region"])
def test_each_page_of_each_list_is_whole_on_a_phone(
    operator: User, signed_in_page: Callable[..., Any], label: str, language: str
) -> None:
    page = signed_in_page(operator, size=PHONE, language=language)
    for verb in ("changelist", "import_action", "export_action"):
        page.goto(reverse(f"admin:{label}_{verb}"))
        assert_no_horizontal_scroll(page)
        screenshot(page, f"reference-{label}-{verb}-{language}")
    assert_no_console_errors(page)

"""A browser journey: an office's own words and sheets are said once on the roster's page, wide and on a phone."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from playwright.sync_api import Page, expect

from beneficiaries.models import Roster
from beneficiaries.testing import HEADINGS, World, make_world, people
from intake.models import State
from jobs.testing import drain
from tests.kit.browser import PHONE, assert_no_console_errors, assert_no_horizontal_scroll, screenshot

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def world(transactional_db: Any) -> World:
    return make_world()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three villages, an old sheet; the name stands under 户主, categories and places are the office's own words."""
    book = Workbook()
    del book[book.sheetnames[0]]
    for number, name in enumerate(("东埔村", "高塘村", "旧表")):
        sheet = book.create_sheet(name)
        sheet.append(["户主" if heading == "姓名" else heading for heading in HEADINGS] + ["帮扶干部"])
        for line in people(3, first=10 * number):
            line[5], line[7] = "源城", ("乙类户", "丙类户")[number % 2]
            sheet.append([*line, "王小二"])
    target = io.BytesIO()
    book.save(target)
    path = tmp_path / "东埔街道名册.xlsx"
    path.write_bytes(target.getvalue())
    return path


def test_words_and_sheets_are_said_once_on_the_rosters_page(
    world: World, file: Path, signed_in_page: Callable[..., Page]
) -> None:
    clerk = signed_in_page(world.clerk)
    clerk.goto("/admin/beneficiaries/roster/")
    clerk.get_by_role("link", name="新建名单").click()
    clerk.get_by_label("保障年度").select_option(label=str(world.period))
    clerk.locator("input[type=file]").set_input_files(file)
    clerk.get_by_label("由我选择工作表").check()
    screenshot(clerk, "mending-upload")
    clerk.get_by_role("button", name="上传").click()
    drain()
    roster = Roster.objects.get()
    page = f"/admin/beneficiaries/roster/{roster.pk}/change/"
    clerk.goto(page)
    screenshot(clerk, "mending-failed")
    clerk.get_by_role("link", name="设置对照").click()
    clerk.get_by_label("表头“户主”").select_option(label="姓名(必需)")
    screenshot(clerk, "mending-headings")
    clerk.get_by_role("button", name="记住并重新检查").click()
    drain()
    clerk.goto(page)
    clerk.get_by_role("link", name="选择工作表").click()
    clerk.get_by_label("东埔村 · 3行").check()
    clerk.get_by_label("高塘村 · 3行").check()
    screenshot(clerk, "mending-sheets")
    clerk.get_by_role("button", name="读取所选工作表").click()
    drain()
    clerk.goto(page)
    screenshot(clerk, "mending-review")
    clerk.get_by_role("link", name="设置对照").click()
    clerk.get_by_label("类别“乙类户”").select_option(label="低保对象")
    clerk.get_by_label("类别“丙类户”").select_option(label="特困人员")
    clerk.get_by_label("地名“源城”").select_option(index=1)
    screenshot(clerk, "mending-words")
    clerk.get_by_role("button", name="记住并重新检查").click()
    drain()
    roster.refresh_from_db()
    assert (roster.state, roster.counts["verdicts"]) == (State.REVIEW, {"1": 6})
    clerk.goto("/admin/intake/wordmapping/")
    expect(clerk.get_by_text("户主")).to_be_visible()
    screenshot(clerk, "mending-remembered")
    assert_no_console_errors(clerk)

    phone = signed_in_page(world.clerk, size=PHONE)
    for name in ("change", "words", "sheets", "files"):
        phone.goto(f"/admin/beneficiaries/roster/{roster.pk}/{name}/")
        assert_no_horizontal_scroll(phone)
        screenshot(phone, f"mending-phone-{name}")
    assert_no_console_errors(phone)

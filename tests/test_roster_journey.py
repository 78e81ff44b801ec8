"""A browser journey: a county's ugly workbook is sent back, mended, decided, corrected, approved, walked back, and undone.

Jobs run between the clicks (`drain`), as the worker would run them. What the workbook holds, and what each of its lines
becomes, is declared in `beneficiaries.messy`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from beneficiaries import messy
from beneficiaries.models import Enrollment, Roster
from beneficiaries.testing import World, make_world, people, row, uploaded
from beneficiaries.tests.messy_world import BOOK, make_messy_world
from intake.findings import Verdict
from intake.models import State
from jobs.testing import drain
from tests.kit.browser import PHONE, assert_no_console_errors, assert_no_horizontal_scroll, screenshot

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def world(transactional_db: Any) -> World:
    return make_messy_world()


def address(roster: Roster, page: str = "change") -> str:
    return f"/admin/beneficiaries/roster/{roster.pk}/{page}/"


def counted(roster: Roster) -> dict[str, int]:
    roster.refresh_from_db()
    return {verdict.name: roster.verdict_count(verdict) for verdict in Verdict if roster.verdict_count(verdict)}


def sends(clerk: Page, world: World, *, asks: bool) -> Roster:
    """The clerk uploads the workbook; `asks`: to choose its sheets."""
    clerk.goto("/admin/beneficiaries/roster/upload/")
    clerk.get_by_label("保障年度").select_option(label=str(world.period))
    clerk.locator("input[type=file]").set_input_files(BOOK)
    if asks:
        clerk.get_by_label("由我选择工作表").check()
    clerk.get_by_role("button", name="上传").click()
    expect(clerk.get_by_role("heading", name="名单 ", exact=False).first).to_be_visible()
    drain()
    return Roster.objects.latest("pk")


def says(clerk: Page, roster: Roster, *words: tuple[str, str]) -> None:
    """The clerk says what words mean: (label of the field, label of the choice)."""
    clerk.goto(address(roster))
    clerk.get_by_role("link", name="设置对照").click()
    for field, choice in words:
        clerk.get_by_label(field).select_option(label=choice)
    clerk.get_by_role("button", name="记住并重新检查").click()
    drain()


def decides(clerk: Page, roster: Roster, code: str, kind: str) -> None:
    """The clerk decides all rows of a finding."""
    clerk.goto(f"{address(roster, 'decide')}?code={code}")
    clerk.get_by_label(kind, exact=True).check()
    clerk.get_by_label("原因").fill("已核对身份证和户口簿原件")
    clerk.get_by_role("button", name="处理", exact=True).click()
    expect(clerk.get_by_role("heading", name="名单 ", exact=False).first).to_be_visible()


def corrects(clerk: Page, roster: Roster, folder: Path) -> Path:
    """The clerk downloads what was refused and puts four numbers right."""
    clerk.goto(address(roster, "refused"))
    clerk.locator("select[name=kind]").select_option("xlsx")
    with clerk.expect_download() as coming:
        clerk.get_by_role("button", name="下载").click()
    path = folder / "未通过行(已更正).xlsx"
    coming.value.save_as(path)
    book = load_workbook(path)
    sheet = book["化峒镇"]
    headings = [cell.value for cell in sheet[1]]
    number, line = headings.index("公民身份号码(18位)"), headings.index("行号")
    for cells in sheet.iter_rows(min_row=2):
        if (place := int(cells[line].value)) in (3, 4, 5, 6):
            cells[number].value = messy.someone(18 + place)["document"]
    book.save(path)
    return path


def test_an_ugly_workbook_is_sent_back_mended_approved_walked_back_and_undone(
    world: World, signed_in_page: Callable[..., Page], settings: Any, tmp_path: Path
) -> None:
    # The second factor has its own tests; here the auditor comes in by a cookie.
    settings.SECOND_FACTOR_REQUIRED = False
    clerk, reviewer = signed_in_page(world.clerk), signed_in_page(world.reviewer)

    # As it comes: the void sheet is read, the last village is not. The reviewer sends it back.
    first = sends(clerk, world, asks=False)
    assert counted(first) == FIRST
    clerk.goto(address(first))
    expect(clerk.get_by_text("工作表“渠洋镇”没有需要的表头，未读取", exact=False).first).to_be_visible()
    clerk.get_by_role("link", name="提交审批").click()
    clerk.get_by_role("button", name="提交").click()
    reviewer.goto("/admin/")
    reviewer.get_by_role("link", name="待审批的名单").first.click()
    reviewer.get_by_role("link", name=f"#{first.pk}").click()
    reviewer.get_by_role("link", name="驳回").click()
    reviewer.get_by_label("原因").fill("作废表不应上报,渠洋镇漏报")
    reviewer.get_by_role("button", name="驳回").click()
    first.refresh_from_db()
    assert (first.state, first.reason) == (State.REFUSED, "作废表不应上报,渠洋镇漏报")

    # Again, mended: the heading said, four sheets chosen, the office's words said.
    roster = sends(clerk, world, asks=True)
    assert roster.state == State.FAILED
    says(clerk, roster, ("表头“村民姓名”", "姓名（必需）"))
    clerk.goto(address(roster))
    clerk.get_by_role("link", name="选择工作表").click()
    for name, rows in (("新靖镇", 22), ("化峒镇", 32), ("龙邦镇", 32), ("渠洋镇", 4)):
        clerk.get_by_label(f"{name} · {rows}行").check()
    clerk.get_by_role("button", name="读取所选工作表").click()
    drain()
    places = (("地名“新靖镇”", "百色市新靖镇 451081100"), ("地名“渠洋镇”", "百色市渠洋镇 451081105"))
    says(clerk, roster, ("类别“乙类户”", "低保对象"), *places)
    assert counted(roster) == MENDED
    clerk.goto(address(roster))
    screenshot(clerk, "journey-review")
    assert_no_console_errors(clerk)

    # The doubtful rows; another word said afterwards takes no decision back.
    decides(clerk, roster, "ID_ROUNDED", "按此行接受")
    decides(clerk, roster, "IDENTITY_CONFLICT", "接受：系同一人，姓名和证件以已登记的为准")
    decides(clerk, roster, "SAME_PERSON", "接受：系同一人，姓名和证件更正为名单所列")
    decides(clerk, roster, "SAME_PERSON_SEVERAL", "不通过")
    assert counted(roster) == DECIDED
    says(clerk, roster, ("类别“困难群众”", "低保对象"))
    assert counted(roster) == SAID
    assert roster.counts["decisions"] == {"kept": 4, "open": 0}

    # What was refused comes back corrected and joins the same roster.
    corrected = corrects(clerk, roster, tmp_path)
    clerk.goto(address(roster, "files"))
    clerk.locator("input[type=file]").set_input_files(corrected)
    clerk.get_by_role("button", name="上传").click()
    drain()
    assert counted(roster) == CORRECTED
    phone = signed_in_page(world.clerk, size=PHONE)
    for name in ("change", "words", "sheets", "files"):
        phone.goto(address(roster, name))
        assert_no_horizontal_scroll(phone)
        screenshot(phone, f"journey-phone-{name}")
    assert_no_console_errors(phone)
    clerk.goto(address(roster, "submit"))
    clerk.get_by_role("button", name="提交").click()
    assert_no_console_errors(clerk)

    reviewer.goto(address(roster))
    expect(reviewer.get_by_role("heading", name="本单位的用语对照")).to_be_visible()
    screenshot(reviewer, "journey-reviewer")
    reviewer.get_by_role("link", name="批准").click()
    reviewer.get_by_role("button", name="批准").click()
    drain()
    reviewer.goto(address(roster))
    expect(reviewer.get_by_text("46 份保障已生效")).to_be_visible()

    foundation = signed_in_page(world.foundation_maker)
    foundation.goto("/admin/programs/budget/")
    # 46 new covers and 9 of before, 68.99 yuan each.
    expect(foundation.get_by_text("3,794.45").first).to_be_visible()
    assert_no_console_errors(foundation)

    cover = Enrollment.objects.filter(roster=roster).order_by("-pk")[0]
    auditor = signed_in_page(world.auditor)
    auditor.goto("/admin/beneficiaries/enrollment/")
    auditor.get_by_role("link", name=cover.number).click()
    auditor.get_by_role("link", name="查看该行").click()
    expect(auditor.locator(f"#row-{cover.row_id}")).to_be_visible()
    auditor.goto(f"/admin/beneficiaries/person/{cover.person_id}/change/")
    assert_no_console_errors(auditor)

    # Undone by two people: the clerk asks, the reviewer agrees.
    clerk.goto(address(roster, "undo"))
    clerk.get_by_label("原因").fill("渠洋镇名单有误,整份撤销")
    clerk.get_by_role("button", name="申请撤销").click()
    reviewer.goto(address(roster, "approve-undo"))
    reviewer.get_by_role("button", name="批准撤销").click()
    drain()
    roster.refresh_from_db()
    assert roster.state == State.UNDONE
    assert list(Enrollment.objects.filter(roster=roster).values_list("state", flat=True)) == ["voided"] * 46
    reviewer.goto(address(roster))
    screenshot(reviewer, "journey-undone")
    assert_no_console_errors(reviewer)


#: Rows by verdict at each turn of the way.
FIRST = {"NEW": 30, "CHANGED": 4, "UNCHANGED": 1, "COVERED": 2, "DOUBTFUL": 4, "REFUSED": 38}
MENDED = {**FIRST, "NEW": 34, "REFUSED": 36}
DECIDED = {"NEW": 35, "CHANGED": 4, "UNCHANGED": 1, "COVERED": 4, "REFUSED": 37}
SAID = {**DECIDED, "NEW": 36, "REFUSED": 36}
#: Four lines put right, three right once they are plain text; one asks again whose document it is.
CORRECTED = {**SAID, "NEW": 43, "DOUBTFUL": 1, "REFUSED": 28, "REPLACED": 36}


def test_roster_and_person_fit_a_phone(transactional_db: Any, signed_in_page: Callable[..., Page]) -> None:
    world = make_world()
    roster = uploaded(world, [*people(5), row(name="")])
    drain()
    page = signed_in_page(world.clerk, size=PHONE)
    for name, place in (
        ("phone-rosters", "/admin/beneficiaries/roster/"), ("phone-roster", address(roster)),
        ("phone-upload", "/admin/beneficiaries/roster/upload/"),
    ):
        page.goto(place)
        assert_no_horizontal_scroll(page)
        screenshot(page, name)
    assert_no_console_errors(page)

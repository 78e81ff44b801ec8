"""The button, its page, the file and one's own exports in a real browser, wide and at 390 pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from openpyxl import load_workbook
from playwright.sync_api import Page

from beneficiaries.testing import World, make_world
from exports import writing
from exports.models import Export
from exports.tests.conftest import address_of, enrolled
from jobs.testing import drain
from tests.kit.browser import PHONE, assert_no_console_errors, assert_no_horizontal_scroll, screenshot

SIZES = {"wide": (1440, 900), "phone": PHONE}


@pytest.fixture
def lasting(transactional_db: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    settings.SECOND_FACTOR_REQUIRED = False
    monkeypatch.setattr("exports.page.AT_ONCE_ROWS", 8)
    monkeypatch.setattr(writing, "AT_ONCE_ROWS", 8)
    return make_world()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", SIZES.values(), ids=list(SIZES))
def test_a_clerk_exports_a_list_and_finds_the_long_one_among_their_own(
    lasting: World, signed_in_page: Callable[..., Page], size: tuple[int, int], tmp_path: Path
) -> None:
    enrolled(lasting, 12)
    page = signed_in_page(lasting.clerk, size=size)
    name = f"export-{size[0]}"

    def stands(what: str) -> None:
        assert_no_console_errors(page)
        assert_no_horizontal_scroll(page)
        screenshot(page, f"{name}-{what}", full=what not in ("list", "selected"))

    # The list, and some of its rows selected.
    page.goto(reverse("admin:beneficiaries_enrollment_changelist") + "?state__exact=in_force")
    stands("list")
    page.locator("input.action-select").first.check()
    page.locator("input.action-select").nth(1).check()
    stands("selected")
    page.locator("select[name=action]").select_option("export_selected")
    page.locator("button[name=index]").click()
    page.locator(".pp-confirm").wait_for()
    assert "已选 2 行" in page.locator(".pp-confirm").inner_text()
    stands("page-of-selected")
    page.locator("input[name=purpose]").fill("交财政局核对补贴名单")
    with page.expect_download() as waiting:
        page.locator(".pp-confirm button[type=submit]").click()
    target = tmp_path / waiting.value.suggested_filename
    assert target.name.startswith("投保记录-") and target.suffix == ".xlsx"
    waiting.value.save_as(target)
    sheet = load_workbook(target).active
    assert sheet.max_row == 3 and sheet["A1"].value == "保障凭证号"
    # The whole of it is long: it waits among one's own.
    page.goto(address_of("beneficiaries.enrollment", "state__exact=in_force"))
    assert "生效中" in page.locator(".pp-confirm").inner_text()
    stands("page-of-a-long-list")
    page.locator("input[name=purpose]").fill("交财政局核对补贴名单")
    page.locator(".pp-confirm button[type=submit]").click()
    page.wait_for_url("**/exports/export/*/change/")
    stands("waiting")
    drain()
    made = Export.objects.get(state="ready")
    page.goto(reverse("admin:exports_export_change", args=[made.pk]))
    stands("ready")
    page.goto(reverse("admin:exports_export_changelist"))
    stands("mine")
    page.locator(f"a[href='{reverse('admin:exports_export_download', args=[made.pk])}']").first.click()
    page.locator(".pp-confirm").wait_for()
    stands("download")
    with page.expect_download() as waiting:
        page.locator(".pp-confirm button[type=submit]").click()
    waiting.value.save_as(tmp_path / "long.xlsx")
    assert load_workbook(tmp_path / "long.xlsx").active.max_row == 13

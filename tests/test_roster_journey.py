"""A browser journey: the clerk uploads, the reviewer approves, the foundation sees its money, the auditor walks back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from beneficiaries.models import Enrollment, Roster
from beneficiaries.testing import World, csv_of, make_world, people, row, uploaded
from jobs.testing import drain
from tests.kit.browser import PHONE, assert_no_console_errors, assert_no_horizontal_scroll, screenshot

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def world(transactional_db: Any) -> World:
    return make_world()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "源城区名单.csv"
    bad = [row(document="441602196203151218"), row(name="")]
    path.write_bytes(csv_of([*people(60), *bad]).getvalue())
    return path


def test_a_roster_becomes_cover_and_a_cover_leads_back_to_its_line(
    world: World, file: Path, signed_in_page: Callable[..., Page], settings: Any
) -> None:
    # The second factor has its own tests; here the auditor comes in by a cookie.
    settings.SECOND_FACTOR_REQUIRED = False
    clerk = signed_in_page(world.clerk)
    clerk.goto("/admin/beneficiaries/roster/")
    clerk.get_by_role("link", name="新建名单").click()
    clerk.get_by_label("保障年度").select_option(label=str(world.period))
    clerk.locator("input[type=file]").set_input_files(file)
    screenshot(clerk, "roster-upload")
    clerk.get_by_role("button", name="上传").click()
    expect(clerk.get_by_role("heading", name="名单 ", exact=False).first).to_be_visible()
    drain()
    roster = Roster.objects.get()
    clerk.goto(f"/admin/beneficiaries/roster/{roster.pk}/change/")
    expect(clerk.get_by_text("校验位不符").first).to_be_visible()
    screenshot(clerk, "roster-review")
    clerk.get_by_role("link", name="提交审批").click()
    screenshot(clerk, "roster-submit")
    clerk.get_by_role("button", name="提交").click()
    assert_no_console_errors(clerk)

    reviewer = signed_in_page(world.reviewer)
    reviewer.goto("/admin/")
    screenshot(reviewer, "index-reviewer")
    reviewer.get_by_role("link", name="待审批的名单").first.click()
    reviewer.get_by_role("link", name=f"#{roster.pk}").click()
    reviewer.get_by_role("link", name="批准").click()
    screenshot(reviewer, "roster-approve")
    reviewer.get_by_role("button", name="批准").click()
    drain()
    reviewer.goto(f"/admin/beneficiaries/roster/{roster.pk}/change/")
    expect(reviewer.get_by_text("60 份保障已生效")).to_be_visible()
    screenshot(reviewer, "roster-applied")
    assert_no_console_errors(reviewer)

    foundation = signed_in_page(world.foundation_maker)
    foundation.goto("/admin/programs/budget/")
    expect(foundation.get_by_text("4,139.40").first).to_be_visible()
    screenshot(foundation, "budget-list")
    assert_no_console_errors(foundation)

    cover = Enrollment.objects.order_by("-pk")[0]
    auditor = signed_in_page(world.auditor)
    auditor.goto("/admin/beneficiaries/enrollment/")
    screenshot(auditor, "enrollment-list")
    auditor.get_by_role("link", name=cover.number).click()
    screenshot(auditor, "enrollment-page")
    auditor.get_by_role("link", name="查看该行").click()
    expect(auditor.locator(f"#row-{cover.row_id}")).to_be_visible()
    auditor.goto(f"/admin/beneficiaries/person/{cover.person_id}/change/")
    screenshot(auditor, "person-page")
    assert_no_console_errors(auditor)


def test_roster_and_person_fit_a_phone(world: World, file: Path, signed_in_page: Callable[..., Page]) -> None:
    roster = uploaded(world, [*people(5), row(name="")])
    drain()
    page = signed_in_page(world.clerk, size=PHONE)
    for name, address in (
        ("phone-rosters", "/admin/beneficiaries/roster/"),
        ("phone-roster", f"/admin/beneficiaries/roster/{roster.pk}/change/"),
        ("phone-upload", "/admin/beneficiaries/roster/upload/"),
    ):
        page.goto(address)
        assert_no_horizontal_scroll(page)
        screenshot(page, name)
    assert_no_console_errors(page)

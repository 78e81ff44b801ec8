"""The next year in a browser: a clerk has everybody looked up, a reviewer approves, people are covered, the years compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from beneficiaries.models import Enrollment, Roster
from beneficiaries.tests.renewing import Years, cover_of, covered, make_years
from intake.models import State
from jobs.testing import drain
from tests.kit.browser import PHONE, assert_no_console_errors, assert_no_horizontal_scroll, screenshot
from years.actions import count_due
from years.models import Comparison

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
DESK = (1366, 900)


@pytest.fixture
def years(transactional_db: Any, settings: Any) -> Years:
    settings.SECOND_FACTOR_REQUIRED = False
    found = make_years(max_age=87)
    covered(found, 6)
    return found


def address(roster: Roster) -> str:
    return reverse("admin:beneficiaries_roster_change", args=[roster.pk])


def looked_at(page: Page, name: str) -> None:
    assert_no_horizontal_scroll(page)
    screenshot(page, name)
    assert_no_console_errors(page)


def test_everybody_still_eligible_is_renewed_into_the_next_year_and_the_years_compare(
    years: Years, signed_in_page: Callable[..., Page]
) -> None:
    clerk, reviewer = signed_in_page(years.world.clerk, size=DESK), signed_in_page(years.world.reviewer, size=DESK)
    phone = signed_in_page(years.world.clerk, size=PHONE)

    # The clerk opens next year's period and asks who goes on.
    clerk.goto(reverse("admin:programs_period_change", args=[years.into.pk]))
    clerk.get_by_role("link", name="为 2027 期保障对象整体续保").click()
    looked_at(clerk, "renewal-form")
    clerk.get_by_role("button", name="核对可续保人员").click()
    expect(clerk.get_by_role("heading", name="名单 ", exact=False).first).to_be_visible()
    drain()
    roster = Roster.objects.latest("pk")
    for page, size in ((clerk, "wide"), (phone, "phone")):
        page.goto(address(roster))
        expect(page.get_by_role("heading", name="由 2027 期续保到 2028 期")).to_be_visible()
        expect(page.get_by_text(cover_of(years, 0).number)).to_be_visible()
        looked_at(page, f"renewal-review-{size}")
    clerk.get_by_role("link", name="提交审批").click()
    clerk.get_by_role("button", name="提交").click()

    # A second person approves what is shown; the worker enrolls.
    reviewer.goto("/admin/")
    reviewer.get_by_role("link", name="待审批的名单").first.click()
    reviewer.get_by_role("link", name=f"#{roster.pk}").click()
    reviewer.get_by_role("link", name="批准").click()
    looked_at(reviewer, "renewal-approval")
    reviewer.get_by_role("button", name="批准").click()
    drain()
    roster.refresh_from_db()
    assert roster.state == State.APPLIED
    assert Enrollment.objects.filter(roster=roster, state="in_force").count() == 5

    # The clock has the years counted; the clerk sees who went on and who did not.
    count_due(at=roster.applied_at)  # type: ignore[arg-type]
    drain()
    comparison = Comparison.objects.get(period=years.into)
    for page, size in ((clerk, "wide"), (phone, "phone")):
        page.goto(reverse("admin:years_comparison_change", args=[comparison.pk]))
        expect(page.get_by_role("heading", name="2028 与 2027 对比")).to_be_visible()
        expect(page.get_by_text("83.3%").first).to_be_visible()
        looked_at(page, f"years-{size}")
    clerk.get_by_role("row", name="不再符合条件").get_by_role("link", name="查看名单").click()
    expect(clerk.get_by_role("link", name=cover_of(years, 0).number)).to_be_visible()
    looked_at(clerk, "years-left")

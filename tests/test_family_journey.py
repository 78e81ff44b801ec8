"""Prices on a page and a family at the counter, in the browser: read, checked, enrolled, seen in the take-up, given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from beneficiaries.models import Enrollment, PersonChange, Purchase
from beneficiaries.tests.purchasing import paid_market, person
from beneficiaries.tests.test_families import PRICES, child
from programs.actions import copy_plan, set_benefits
from programs.reference import make_student_category
from programs.tests.test_benefits import terms
from tests.kit.browser import PHONE, WIDE, assert_no_console_errors, assert_no_horizontal_scroll, screenshot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_prices_are_read_and_a_family_is_checked_enrolled_and_given_back(
    signed_in_page: Callable[..., Any], settings: Any
) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    market = paid_market(prices=PRICES, refund_days=15, max_age=90)
    world = market.world
    make_student_category(at=world.at)
    draft = copy_plan(market.plan, by=world.finance_maker, at=world.at)
    set_benefits(draft, terms("hangzhou-2022"), by=world.finance_maker, at=world.at)
    for size, kind in ((WIDE, "wide"), (PHONE, "phone")):
        page = signed_in_page(world.finance_maker, size=size)
        page.goto(reverse("admin:programs_plan_change", args=[draft.pk]))
        assert "按年龄、类别的保费" in page.content()
        assert_no_horizontal_scroll(page)
        screenshot(page, f"prices-{kind}")
        page = signed_in_page(world.clerk, size=size)
        page.goto(reverse("admin:beneficiaries_enrollment_enroll_family"))
        screenshot(page, f"family-blank-{kind}")
        _fill(page, market, kind)
        page.click(".pp-buttons button[name=_judge]")
        page.wait_for_selector("text=可投保 2 人")
        assert_no_horizontal_scroll(page)
        screenshot(page, f"family-judged-{kind}")
    page = signed_in_page(world.clerk, size=WIDE)
    page.goto(reverse("admin:beneficiaries_enrollment_enroll_family"))
    _fill(page, market, "paid")
    page.fill("[name=payment]", "R-1")
    page.fill("[name=amount]", "250.00")
    page.fill("[name=paid_on]", f"{market.at:%Y-%m-%d}")
    page.click(".pp-buttons button[name=_together]")
    page.wait_for_selector("text=已投保 2 人")
    screenshot(page, "family-cover-wide")
    assert Purchase.objects.get().people == 2
    cover = Enrollment.objects.earliest("line")
    for size, kind in ((WIDE, "wide"), (PHONE, "phone")):
        page = signed_in_page(world.reviewer, size=size)
        page.goto(reverse("admin:takeup_takeup_change", args=[market.period.pk]))
        assert page.text_content(".pp-places tfoot td").split() == ["2"]
        by_way = page.locator("section", has=page.locator("h2", has_text="按投保渠道")).locator("tbody tr").all_text_contents()
        assert ["".join(text.split()) for text in by_way] == ["窗口办理2"]
        assert_no_horizontal_scroll(page)
        screenshot(page, f"family-takeup-{kind}")
    page = signed_in_page(world.clerk, size=WIDE)
    page.goto(reverse("admin:beneficiaries_enrollment_refund_cover", args=[cover.pk]))
    page.fill("[name=reason]", "购买后改变主意")
    screenshot(page, "refund-wide")
    page.click("form[method=post] .pp-buttons button[type=submit]")
    page.wait_for_selector("text=犹豫期退保")
    assert PersonChange.objects.get().cover_id == cover.pk
    screenshot(page, "refund-proposed-wide")
    assert_no_console_errors(page)


def _fill(page: Any, market: Any, reference: str) -> None:
    page.select_option("[name=period]", str(market.period.pk))
    page.select_option("[name=organization]", str(market.world.office.pk))
    page.fill("[name=payer]", "王大明")
    page.fill("[name=reference]", f"GUI-{reference}")
    for number, (cells, relation) in enumerate(((person(0), "self"), (child(), "child"))):
        page.select_option(f"[name=m{number}-relation]", relation)
        for key in ("name", "document", "region_code", "phone"):
            page.fill(f"[name=m{number}-{key}]", cells[key])

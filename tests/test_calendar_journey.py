"""A year of working days as it is looked at: on a desk and on a phone, whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from accounts.testing import make_organization, make_region_tree, make_user
from claims.calendar_file import make_holidays, make_law_terms
from tests.kit.browser import PHONE, WIDE, assert_no_console_errors, assert_no_horizontal_scroll, screenshot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_year_is_whole_on_a_desk_and_on_a_phone(signed_in_page: Callable[..., Any], settings: Any) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    make_region_tree()
    make_holidays(at=timezone.now())
    make_law_terms(at=timezone.now())
    operator = make_user("portal-system", organization=make_organization(kind="operator"), role=Role.SYSTEM_ADMIN)
    for name, size in (("desk", WIDE), ("phone", PHONE)):
        page = signed_in_page(operator, size=size)
        page.goto(f"{reverse('admin:claims_holiday_year_page')}?year=2026")
        assert page.locator(".pp-month").count() == 12
        assert page.locator("td.pp-day-worked").count() == 6
        assert_no_horizontal_scroll(page)
        screenshot(page, f"calendar-{name}")
        page.goto(reverse("admin:claims_serviceterm_changelist"))
        assert_no_horizontal_scroll(page)
        screenshot(page, f"terms-{name}")
        assert_no_console_errors(page)

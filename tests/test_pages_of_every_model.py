"""WCAG 2.2 AA on the list, a row and the forms of every model, wide and at 390 px, in a world where each model has rows.

What readers see by role is `test_accessibility`; here nothing is left out because a small world has none of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Page

from audit.worlds import keepable
from tests.kit.accessibility import faults_of
from tests.kit.browser import PHONE, WIDE, assert_no_console_errors, assert_no_horizontal_scroll, resize
from tests.kit.latin import LatinWorld, make_latin_world, rows_of
from tests.kit.matrix.table import Page as AdminPage
from tests.kit.matrix.table import admin_pages

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

ROOMS = sorted({model._meta.app_label for model in admin.site._registry})
#: Rooms of other projects, whose lists nobody in this world opens.
NO_READER = {"django_celery_beat"}
#: Buttons that answer with a file, or that ask for a second page.
NO_PAGE = {"delete"}


@keepable
def make_everything() -> LatinWorld:
    """Rows of every model."""
    with transaction.atomic():
        return make_latin_world()


@pytest.fixture
def world(transactional_db: Any, settings: Any) -> LatinWorld:
    """Its users sign in without a second factor."""
    settings.SECOND_FACTOR_REQUIRED = False
    return make_everything()


def reader_of(page: AdminPage, world: LatinWorld) -> str | None:
    """The first reader whose role opens a page."""
    return next((name for name in world.users if name.split()[1] in page.roles("get")), None)


@pytest.mark.parametrize("room", ROOMS)
def test_every_page_of_a_room_passes_wide_and_on_a_phone(
    world: LatinWorld, signed_in_page: Callable[..., Page], room: str
) -> None:
    browsers: dict[str, Page] = {}
    found: list[str] = []
    seen: set[str] = set()
    for label, model_admin, pages in admin_pages():
        if label.split(".")[0] != room:
            continue
        rows = rows_of(label, model_admin.model)
        for page in pages:
            name = reader_of(page, world)
            if name is None or page.verb in NO_PAGE or (page.takes_object and not rows):
                continue
            if name not in browsers:
                browsers[name] = signed_in_page(world.users[name], size=PHONE)
            browser = browsers[name]
            address = reverse(page.name, args=[rows[-1].pk] if page.takes_object else [])
            if not opens(browser, address):
                continue
            seen.add(page.verb)
            found += [f"{name} {address}: {fault}" for fault in faults_of(browser)]
            assert_no_horizontal_scroll(browser)
            if page.verb in ("changelist", "change"):
                resize(browser, WIDE)
                found += [f"{name} {address} wide: {fault}" for fault in faults_of(browser)]
                assert_no_horizontal_scroll(browser)
                resize(browser, PHONE)
            assert_no_console_errors(browser)
    assert found == [], "\n".join(dict.fromkeys(found))
    assert seen or room in NO_READER


def opens(browser: Page, address: str) -> bool:
    """Whether an address shows a page of its own: a button may be closed in this state, lead on, or give a file."""
    answer = browser.request.get(address, max_redirects=0)
    if answer.status != 200 or not answer.headers["content-type"].startswith("text/html") or "attachment" in answer.headers.get(
        "content-disposition", ""
    ):
        return False
    return (browser.goto(address) or answer).status == 200

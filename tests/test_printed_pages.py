"""What people print: pages without the menu and cut nowhere, and a notice with a sheet of its own for each village."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Page

from beneficiaries.testing import applied, make_world, people
from gates import printing
from gates.testing import TERMS, posted_notice
from tests.kit.browser import WIDE, look
from tests.kit.latin import LatinWorld, rows_of
from tests.test_pages_of_every_model import make_everything

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

#: Pixels of a sheet of A4 between its margins, at the 96 a browser counts to an inch.
SHEET = 718
#: What offices print: (reader, model, whether of a row of it).
PRINTED = (
    ("city reviewer", "beneficiaries.roster", True), ("city reviewer", "beneficiaries.person", True),
    ("city finance_checker", "closing.monthclosing", True), ("city finance_checker", "reconciliation.reconciliation", False),
    ("city reviewer", "takeup.takeup", False), ("city finance_maker", "handover.handover", True),
    ("city finance_maker", "subsidies.fundrequest", True), ("city reviewer", "gates.notice", True),
    ("city reviewer", "claims.claim", True), ("city finance_maker", "payouts.batch", True),
)
_CUT = f"""() => [...document.querySelectorAll("#content *, .pp-page *")]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().right > {SHEET} + 1
        && !one.closest("svg, .material-symbols-outlined"))
    .map((one) => one.outerHTML.slice(0, 120)).slice(0, 3)"""


def sheets(page: Page) -> int:
    """How many sheets of A4 a page takes."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))


@pytest.fixture
def everything(transactional_db: Any, settings: Any) -> LatinWorld:
    """Rows of every model."""
    settings.SECOND_FACTOR_REQUIRED = False
    return make_everything()


def test_pages_are_printed_without_the_menu_and_cut_nowhere(
    everything: LatinWorld, signed_in_page: Callable[..., Page]
) -> None:
    models = {model._meta.label_lower: model for model in admin.site._registry}
    pages: dict[str, Page] = {}
    found: list[str] = []
    for reader, label, of_row in PRINTED:
        if reader not in pages:
            pages[reader] = signed_in_page(everything.users[reader], size=WIDE)
            pages[reader].emulate_media(media="print")
            pages[reader].set_viewport_size({"width": SHEET, "height": 1015})
        page, name = pages[reader], label.replace(".", "_")
        address = (
            reverse(f"admin:{name}_change", args=[rows_of(label, models[label])[-1].pk]) if of_row
            else reverse(f"admin:{name}_changelist")
        )
        answer = page.goto(address)
        assert answer is not None and answer.status == 200, address
        found += [f"{address}: {cut}" for cut in look(page, _CUT)]
        if page.locator("#nav-sidebar").is_visible() or page.locator(".pp-actions").first.is_visible():
            found.append(f"{address}: the menu or the buttons are printed")
        assert sheets(page) >= 1
    assert found == [], "\n".join(found)


def test_a_notice_is_one_sheet_for_each_village(transactional_db: Any, new_page: Callable[..., Page]) -> None:
    world = make_world(**TERMS)
    rows = people(45)
    for at, line in enumerate(rows):
        line[5] = ("441602", "441602001", "441602001001")[at % 3]
    applied(world, rows)
    notice = posted_notice(world)
    page = new_page()
    page.set_content("".join(printing.document(notice, as_file=True)))
    assert notice.villages == 3
    assert sheets(page) == 3

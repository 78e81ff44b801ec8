"""WCAG 2.2 AA on every page, wide and at 390 px, by a check of our own that fails on planted faults.

In the short form a page of a row and its past are looked at on the phone only: FULL_SWEEP=1 asks for them wide, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_user
from audit.admin.base import visible
from audit.testing import FULL_SWEEP
from audit.worlds import keepable
from beneficiaries.actions import approve_roster, submit_roster
from beneficiaries.models import Person, Roster
from beneficiaries.testing import World, make_world, people, row, uploaded
from jobs.testing import drain
from portal import unfold
from tests.kit.accessibility import faults_of, focus_is_seen
from tests.kit.browser import (
    LATIN_ON_EVERY_PAGE,
    PHONE,
    WIDE,
    assert_no_console_errors,
    assert_no_horizontal_scroll,
    latin_words,
    resize,
    visible_text,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@keepable
def make_reviewed() -> World:
    """A city with rosters in review and applied."""
    world = make_world()
    uploaded(world, people(3))
    drain()
    roster = submit_roster(Roster.objects.latest("pk"), by=world.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain()
    changed = people(2, phone="13900139000")
    uploaded(world, [*changed, *people(60, first=10), row(document="441602196203151218"), row(name="")], name="第二批.csv")
    drain()
    return world


@pytest.fixture
def world(transactional_db: Any, settings: Any) -> World:
    """Of one user of every role."""
    settings.SECOND_FACTOR_REQUIRED = False
    return make_reviewed()


def users_of(world: World) -> dict[str, User]:
    return {
        "clerk": world.clerk, "reviewer": world.reviewer, "finance maker": world.finance_maker,
        "finance checker": world.finance_checker, "foundation": world.foundation_maker, "auditor": world.auditor,
        "security": make_user("hy-security", organization=world.city, role=Role.SECURITY_ADMIN),
        "system": make_user("hy-system", organization=world.city, role=Role.SYSTEM_ADMIN),
    }


#: The order in which roles are asked: each list is looked at by the first that opens it, the workbench by all.
ROLES = ("clerk", "reviewer", "finance maker", "finance checker", "foundation", "auditor", "security", "system")


def pages_of(role: str, users: dict[str, User]) -> Iterator[str]:
    """The workbench; lists that no role before opens, with the newest object of each and its past."""
    yield "/admin/"
    before = ROLES[: ROLES.index(role)]
    taken = {listed.label for other in before for _group, listed, _title, _address in unfold.open_pages(users[other])}
    models = {model._meta.label_lower: model for model in admin.site._registry}
    pasts = 0
    for _group, listed, _title, address in unfold.open_pages(users[role]):
        if listed.label in taken:
            continue
        yield address
        newest = visible(models[listed.label], users[role]).order_by("-pk").first()
        if newest is not None:
            name = listed.label.replace(".", "_")
            yield reverse(f"admin:{name}_change", args=[newest.pk])
            if FULL_SWEEP or not pasts:
                # One template draws every past: in the short form each role looks at one.
                pasts += 1
                yield reverse(f"admin:{name}_history", args=[newest.pk])


@pytest.mark.walk
@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_a_role_passes_wide_and_at_390_pixels(
    world: World, signed_in_page: Callable[..., Page], role: str
) -> None:
    users = users_of(world)
    page = signed_in_page(users[role], size=WIDE)
    found: list[str] = []
    sizes = [WIDE, PHONE]
    for address in pages_of(role, users):
        both = FULL_SWEEP or not address.endswith(("/change/", "/history/"))
        if not both and sizes[0] != PHONE:
            sizes.reverse()
            page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        answer = page.goto(address)
        assert answer is not None and answer.status == 200, address
        # A page is looked at as it was opened, then in the other window, which the next one is opened in.
        for place, size in enumerate(sizes if both else sizes[:1]):
            if place:
                resize(page, size)
            found += [f"{address} at {size[0]}: {fault}" for fault in faults_of(page)]
            assert_no_horizontal_scroll(page)
        if both:
            sizes.reverse()
        if address == "/admin/":
            names = {user.username for user in users.values()} | {world.program.code}
            assert latin_words(visible_text(page), allowed=LATIN_ON_EVERY_PAGE | names) == []
    assert_no_console_errors(page)
    assert found == [], "\n".join(dict.fromkeys(found))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_forms_and_the_center_of_intake_pass_in_both_brightnesses(
    world: World, signed_in_page: Callable[..., Page], dark: bool
) -> None:
    users = users_of(world)
    roster = Roster.objects.latest("pk")
    one, two = Person.objects.order_by("pk")[:2]
    todo = [
        ("clerk", "/admin/"), ("clerk", reverse("admin:beneficiaries_roster_changelist")),
        ("clerk", reverse("admin:beneficiaries_roster_change", args=[roster.pk])),
        ("clerk", reverse("admin:beneficiaries_roster_upload")),
        ("clerk", reverse("admin:beneficiaries_roster_submit", args=[roster.pk])),
        ("clerk", reverse("admin:beneficiaries_roster_withdraw", args=[roster.pk])),
        ("clerk", reverse("admin:beneficiaries_roster_refused_rows", args=[roster.pk])),
        ("clerk", reverse("admin:beneficiaries_person_correct", args=[one.pk])),
        ("clerk", f"{reverse('admin:beneficiaries_person_merge', args=[one.pk])}?other={two.pk}"),
        ("finance maker", reverse("admin:programs_budget_propose")),
        ("security", reverse("admin:accounts_membership_grant")),
    ]
    found: list[str] = []
    for role in dict.fromkeys(role for role, _address in todo):
        page = signed_in_page(users[role], dark=dark)
        for address in (each for owner, each in todo if owner == role):
            answer = page.goto(address)
            assert answer is not None and answer.status == 200, address
            resize(page, WIDE)
            found += [f"{address}: {fault}" for fault in faults_of(page)]
            hidden = focus_is_seen(page)
            found += [f"{address}: the focus is not seen on {one}" for one in hidden]
            resize(page, PHONE)
            assert_no_horizontal_scroll(page)
    assert found == [], "\n".join(dict.fromkeys(found))


GOOD = "<h1>名单</h1><h2>结果</h2><label>姓名 <input></label><button>提交</button><p>正文</p>"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (GOOD.replace("<h2>", "<h3>").replace("</h2>", "</h3>"), "a heading skips from 1 to 3"),
        (GOOD + "<h1>又一个</h1>", "2 headings of the first level"),
        (GOOD + "<input type=text placeholder=姓名>", "has no name"),
        (GOOD + "<button><span class=material-symbols-outlined>close</span></button>", "has no name"),
        (GOOD + "<p style='color:#aaa'>淡</p>", "contrast 2.32 where 4.5 is asked"),
        (GOOD + "<div style='background:#000'><p style='color:oklch(40% .02 170)'>暗</p></div>", "contrast 2."),
        (GOOD + "<p id=a>一</p><p id=a>二</p>", "the id a stands twice"),
        (GOOD + "<img src='data:,'>", "a picture without alt"),
        (GOOD + "<p aria-describedby=nowhere>x</p>", "names nowhere, which is not there"),
        (
            GOOD + "<button style='width:18px;height:18px;padding:0'>甲</button><button style='width:40px;height:30px'>乙</button>",
            "a target of 18 by 18 px beside another",
        ),
        (
            GOOD + "<p style='margin:0;font-size:10px;line-height:1'><a href=/a>甲</a></p><button style='height:30px'>乙</button>",
            "px beside another: <a href",
        ),
        (GOOD + "<table><tr><td>1</td></tr><tr><td>2</td></tr></table>", "a table without headings"),
    ],
)
def test_the_check_sees_a_planted_fault(new_page: Callable[..., Page], body: str, said: str) -> None:
    page = new_page()
    page.set_content(f"<!doctype html><html lang=zh><title>页</title><body>{body}</body></html>")
    [fault] = faults_of(page)
    assert said in fault


def test_the_check_passes_a_good_page_and_asks_for_a_language(new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.set_content(f"<!doctype html><html lang=zh><title>页</title><body>{GOOD}</body></html>")
    assert faults_of(page) == []
    page.set_content(f"<!doctype html><html><title>页</title><body>{GOOD}</body></html>")
    assert faults_of(page) == ["the page names no language"]


def test_a_page_that_is_too_wide_is_named(new_page: Callable[..., Page]) -> None:
    page = new_page(size=PHONE)
    head = "<!doctype html><html lang=zh><meta name=viewport content='width=device-width'>"
    page.set_content(f"{head}<div style='width:900px'>宽</div></html>")
    with pytest.raises(AssertionError, match="wide in a window of 390"):
        assert_no_horizontal_scroll(page)


def test_a_control_that_hides_its_focus_is_named(new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.set_content("<!doctype html><html lang=zh><button style='outline:none'>甲</button><button>乙</button></html>")
    assert [one[:7] for one in focus_is_seen(page, presses=2)] == ["<button"]

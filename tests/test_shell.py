"""The admin's shell: workbench, sign-in, navigation, palette, error pages; in both languages, wide and narrow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse, reverse_lazy
from django.utils import translation
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from playwright.sync_api import Page

from accounts.models import Organization, User
from accounts.roles import PERMISSIONS, Role
from accounts.testing import make_organization, make_user
from audit import panels
from audit.panels import Chart, ChartData, ChartKind, Figure, PagePanel, Series, Urgency, WorkQueue
from audit.testing import Stops, in_two_walks
from portal import dashboard, unfold
from tests.kit.browser import (
    BACKEND,
    LATIN_ON_EVERY_PAGE,
    PHONE,
    WIDE,
    assert_no_console_errors,
    assert_no_horizontal_scroll,
    keyboard_reachable,
    latin_words,
    screenshot,
    settle,
    visible_text,
)

LANGUAGES = ("zh-hans", "en")


@pytest.fixture
def office(db: None) -> Organization:
    """A county office."""
    return make_organization("源城区民政局", region="441602")


@pytest.fixture(autouse=True)
def no_second_factor(settings: Any) -> None:
    """The shell looks the same with one."""
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture
def own_panels(monkeypatch: pytest.MonkeyPatch) -> Iterator[panels.Registry]:
    """An empty registry for one test."""
    fresh = panels.Registry()
    monkeypatch.setattr(panels, "registry", fresh)
    yield fresh


def fill(registry: panels.Registry, *, permission: str = "accounts.view_region") -> None:
    """Panels of every kind, each asking one question."""

    def ask(number: int) -> Callable[[User], int]:
        return lambda user: User.objects.count() * 0 + number

    panels.register_queue(
        WorkQueue("test.calm", "等待受理的名单", permission, ask(3), "/admin/", Urgency.CALM)
    )
    panels.register_queue(WorkQueue("test.now", "等待复核的名单", permission, ask(12_345), "/admin/", Urgency.NOW))
    panels.register_queue(WorkQueue("test.none", "等待发放的凭证", permission, ask(0), "/admin/"))
    panels.register_figure(Figure("test.people", "保障中的人员", permission, ask(1_234_567), "人", "/admin/"))
    panels.register_figure(
        Figure("test.money", "本期保费", permission, lambda user: Decimal("98765432109.90"), "元")
    )
    panels.register_chart(
        Chart(
            "test.counties", "各县区保障人数", permission,
            lambda user: ChartData(
                ["源城区", "紫金县"], [Series("低保对象", [300, 100]), Series("特困人员", [100, 0])]
            ),
            "人",
        )
    )
    panels.register_chart(
        Chart(
            "test.months", "每月新增", permission,
            lambda user: ChartData([f"{month}月" for month in range(1, 13)], [Series("新增", list(range(12)))]),
            "人", ChartKind.COLUMNS,
        )
    )
    panels.register_chart(Chart("test.empty", "赔付", permission, lambda user: ChartData([], []), "元"))


def workbench(client: Client, user: User, language: str = "zh-hans") -> Any:
    client.force_login(user, backend=BACKEND)
    client.cookies["django_language"] = language
    return client.get(reverse("admin:index"))


# -- Without a browser -------------------------------------------------------------------------------------------------


def test_the_workbench_shows_queues_by_urgency_and_empty_ones_in_words(
    client: Client, office: Organization, own_panels: panels.Registry
) -> None:
    fill(own_panels)
    page = workbench(client, make_user(role=Role.CLERK, organization=office, display_name="张三"))
    waiting = [(card.queue.key, card.text) for card in page.context["queues"]]
    assert waiting == [("test.now", "12,345"), ("test.calm", "3")]
    assert [card.queue.key for card in page.context["idle_queues"]] == ["test.none"]
    assert [card.text for card in page.context["figures"]] == ["1,234,567", "98,765,432,109.90"]
    text = page.content.decode()
    assert "张三，您好" in text
    assert "须马上办理" in text
    assert "暂无待办：" in text
    assert "还没有数据。" in text


def test_a_panel_is_neither_shown_nor_counted_without_its_permission(
    client: Client, office: Organization, own_panels: panels.Registry
) -> None:
    fill(own_panels, permission="accounts.view_user")
    page = workbench(client, make_user(role=Role.CLERK, organization=office))
    assert (page.context["queues"], page.context["idle_queues"], page.context["figures"], page.context["charts"]) == (
        [], [], [], [],
    )
    assert "目前没有需要您办理的事项。" in page.content.decode()


def test_each_panel_costs_the_workbench_the_queries_it_asks_itself_and_no_more(
    client: Client, office: Organization, own_panels: panels.Registry
) -> None:
    user = make_user(role=Role.CLERK, organization=office)
    bare = count_queries(client, user)
    fill(own_panels)
    # Three queues and one figure ask one question each; the rest of the panels asks none.
    assert count_queries(client, user) == bare + 4


def count_queries(client: Client, user: User) -> int:
    client.force_login(user, backend=BACKEND)
    client.get(reverse("admin:index"))
    with CaptureQueriesContext(connection) as asked:
        assert client.get(reverse("admin:index")).status_code == 200
    return len(asked)


def test_a_chart_is_drawn_to_a_round_top_and_its_parts_stand_on_one_another() -> None:
    data = ChartData(["一月", "二月"], [Series("甲", [30, 0]), Series("乙", [10, 25])])
    card = dashboard.chart_card(Chart("k", "t", "p", lambda user: data, kind=ChartKind.COLUMNS), None)
    assert card.top == "50"
    assert [(part.tone, part.left, part.top, part.size) for part in card.rows[0].parts] == [
        (1, "1.5", "40", "60"), (2, "1.5", "20", "20"),
    ]
    assert [(part.tone, part.left, part.top, part.size) for part in card.rows[1].parts] == [(2, "11.5", "50", "50")]
    assert [row.total for row in card.rows] == ["40", "25"]


@pytest.mark.parametrize(
    ("months", "shown", "spared"),
    [
        (4, [0, 1, 2, 3], [1, 3]), (12, [0, 2, 4, 6, 8, 10], [2, 6, 10]),
        (24, [0, 3, 6, 9, 12, 15, 18, 21], [3, 9, 15, 21]),
    ],
)
def test_a_phone_is_spared_every_second_label_of_a_chart(months: int, shown: list[int], spared: list[int]) -> None:
    data = ChartData([str(at) for at in range(months)], [Series("甲", list(range(months)))])
    rows = dashboard.chart_card(Chart("k", "t", "p", lambda user: data, kind=ChartKind.COLUMNS), None).rows
    assert [at for at, row in enumerate(rows) if row.shown] == shown
    assert [at for at, row in enumerate(rows) if row.spare] == spared


@pytest.mark.parametrize(("highest", "top"), [(0, 1), (1, 1), (2, 2), (3, 5), (11, 20), (50, 50), (51, 100)])
def test_the_top_of_a_chart_is_a_round_number(highest: int, top: int) -> None:
    assert dashboard.round_top(highest) == top


def test_chart_data_that_do_not_fit_their_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="1 values for 2 labels"):
        ChartData(["a", "b"], [Series("s", [1])])
    with pytest.raises(ValueError, match="below zero"):
        ChartData(["a"], [Series("s", [-1])])


def test_two_panels_of_one_key_are_refused_and_the_same_one_twice_is_not(own_panels: panels.Registry) -> None:
    figure = Figure("room.figure", "t", "p", len)
    panels.register_figure(figure)
    panels.register_figure(figure)
    with pytest.raises(ValueError, match=r"two panels are called room\.figure"):
        panels.register_figure(Figure("room.figure", "other", "p", len))


def test_a_panel_whose_page_does_not_exist_stands_without_a_link() -> None:
    assert panels.address(lambda: reverse("admin:nowhere_nothing_changelist")) == ""
    assert panels.address(reverse_lazy("admin:nowhere_nothing_changelist")) == ""
    assert panels.address("/admin/") == "/admin/"


def test_a_page_shows_the_parts_that_other_rooms_add_in_their_order(
    office: Organization, own_panels: panels.Registry
) -> None:
    def add(key: str, order: int, permission: str = "accounts.view_region", model: str = "accounts.User") -> None:
        panels.register_page_panel(
            PagePanel(key, key, model, permission, lambda one, user: {"facts": [("名称", one.username)]},
                      "portal/facts.html", order)
        )

    user = make_user("clerk01", role=Role.CLERK, organization=office)
    add("second", 20)
    add("first", 10)
    add("closed", 1, permission="accounts.add_user")
    add("elsewhere", 1, model="accounts.organization")
    request = RequestFactory().get("/")
    request.user = user
    rendered = panels.render_panels(user, request)
    assert [panel.key for panel in rendered] == ["first", "second"]
    assert "<dt>名称</dt><dd>clerk01</dd>" in rendered[0].html


def test_the_sidebar_shows_only_what_a_role_opens(office: Organization) -> None:
    def titles(role: str) -> list[str]:
        request = RequestFactory().get(reverse("admin:index"))
        request.user = make_user(role=role, organization=office)
        return [entry.title for _group, entries in unfold.navigation(request) for entry in entries]

    with translation.override("zh-hans"):
        clerk, security = titles(Role.CLERK), titles(Role.SECURITY_ADMIN)
        users = unfold.Page("accounts.user", "").title()
    assert clerk[0] == security[0] == "工作台"
    assert users in security
    assert users not in clerk


@pytest.mark.parametrize(
    ("language", "steps"), [("zh-hans", ["机构与用户", "用户", "zqclerk"]), ("en", ["Offices and users", "Users", "zqclerk"])]
)
def test_a_page_stands_where_the_sidebar_has_its_list_and_a_button_s_page_names_its_object(
    client: Client, office: Organization, language: str, steps: list[str]
) -> None:
    admin = make_user(role=Role.SYSTEM_ADMIN, organization=office)
    clerk = make_user("zqclerk", role=Role.CLERK, organization=office)
    client.force_login(admin, backend=BACKEND)
    client.cookies["django_language"] = language
    listed = reverse("admin:accounts_user_changelist")
    for address, shown in (
        (listed, steps[:2]), (reverse("admin:accounts_user_change", args=[clerk.pk]), steps),
        (reverse("admin:accounts_user_history", args=[clerk.pk]), steps),
        (reverse("admin:accounts_user_deactivate", args=[clerk.pk]), steps), (reverse("admin:accounts_user_new_user"), steps[:2]),
    ):
        heading = client.get(address).content.decode().split('<h1 class="pp-crumbs', 1)[1].split("</h1>", 1)[0]
        found = re.findall(r'class="pp-crumb"(?: href="([^"]*)")?>([^<]*)<', heading)
        assert [title for _link, title in found] == shown, address
        assert found[0][0] == "" and found[1][0] == listed


def test_a_list_is_called_by_what_it_lists(client: Client, office: Organization) -> None:
    client.force_login(make_user(role=Role.SYSTEM_ADMIN, organization=office), backend=BACKEND)
    client.cookies["django_language"] = "zh-hans"
    page = client.get(reverse("admin:accounts_user_changelist")).content.decode()
    assert " ".join(page.split("<title>", 1)[1].split("</title>", 1)[0].split()) == "用户 | 普惠保险管理平台"


def test_a_role_s_region_is_named_on_its_list_and_its_page(client: Client, db: None) -> None:
    whole = make_organization()
    admin = make_user(role=Role.SECURITY_ADMIN, organization=whole)
    clerk = make_user(role=Role.CLERK, organization=make_organization(parent=whole, region="441602"), region_prefix="441602")
    client.force_login(admin, backend=BACKEND)
    client.cookies["django_language"] = "zh-hans"
    listed = client.get(reverse("admin:accounts_membership_changelist")).content.decode()
    cells = re.findall(r'field-reach[^>]*>\s*([^<]*?)\s*<', listed)
    assert sorted(cells) == ["全部地区", "源城区"]
    page = client.get(reverse("admin:accounts_membership_change", args=[clerk.memberships.get().pk])).content.decode()
    assert "<dt>地区</dt><dd>源城区</dd>" in page


def test_a_page_without_an_admin_or_a_model_is_left_out() -> None:
    assert unfold.Page("nowhere.nothing", "").title() is None
    assert unfold.Page("accounts.pastpassword", "").title() is not None
    assert unfold.Page("accounts.pastpassword", "").address() is None


def test_the_palette_finds_pages_by_either_language_and_never_data(client: Client, office: Organization) -> None:
    user = make_user(role=Role.SECURITY_ADMIN, organization=office, display_name="欧阳明珠")
    client.force_login(user, backend=BACKEND)
    client.cookies["django_language"] = "zh-hans"

    def found(term: str) -> str:
        return client.get(reverse("admin:search"), {"s": term, "extended": "1"}).content.decode()

    assert reverse("admin:accounts_user_changelist") in found("users")
    assert reverse("accounts:password_change") in found("密码")
    for personal in ("欧阳明珠", user.username):
        assert reverse("admin:accounts_user_changelist") not in found(personal)
        assert "/change/" not in found(personal)


def test_only_a_demo_wears_a_badge(settings: Any) -> None:
    request = RequestFactory().get("/")
    with translation.override("zh-hans"):
        settings.DEMO = True
        assert unfold.environment(request) == ["演示", "warning"]
        settings.DEMO = False
        assert unfold.environment(request) is None


def test_a_missing_page_says_so_in_chinese_and_names_nothing(client: Client, office: Organization) -> None:
    workbench(client, make_user(role=Role.CLERK, organization=office, display_name="张三"))
    page = client.get("/nowhere/")
    text = page.content.decode()
    assert page.status_code == 404
    assert "找不到这个页面" in text
    assert "张三" not in text
    assert "<script" not in text
    assert "http" not in text.replace("https://", "")


def test_a_form_without_its_token_is_refused_in_words(office: Organization) -> None:
    client = Client(enforce_csrf_checks=True)
    page = client.post(reverse("accounts:login"), {"username": "a", "password": "b"})
    assert page.status_code == 403
    assert "表单已失效" in page.content.decode()


# -- In a browser ------------------------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
# Each role's own workbench, with something on it, is looked at by `test_accessibility`.
@pytest.mark.parametrize("role", [Role.CLERK, None])
def test_an_empty_workbench_stands_wide_and_narrow(
    signed_in_page: Callable[..., Page], role: str | None, language: str
) -> None:
    office = make_organization("源城区民政局", region="441602")
    user = make_user(role=role, organization=office, display_name="测试员")
    for name, size in (("wide", WIDE), ("phone", PHONE)):
        page = signed_in_page(user, size=size, language=language)
        page.goto("/admin/")
        page.get_by_role("heading", name="待您办理" if language == "zh-hans" else "Waiting for you").wait_for()
        assert_no_console_errors(page)
        assert_no_horizontal_scroll(page)
        if language == "zh-hans":
            assert latin_words(visible_text(page), allowed=LATIN_ON_EVERY_PAGE | {user.username}) == []
        screenshot(page, f"index-{role or 'none'}-{language}-{name}")


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbench_stands_with_panels_of_every_kind(
    signed_in_page: Callable[..., Page], own_panels: panels.Registry, language: str
) -> None:
    fill(own_panels)
    user = make_user(role=Role.CLERK, organization=make_organization(region="441602"))
    for name, size, dark in (("wide", WIDE, False), ("phone", PHONE, False), ("dark", WIDE, True)):
        page = signed_in_page(user, size=size, language=language, dark=dark)
        page.goto("/admin/")
        page.get_by_text("12,345").wait_for()
        assert_no_console_errors(page)
        assert_no_horizontal_scroll(page)
        screenshot(page, f"panels-{language}-{name}")


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sign_in_page_stands_wide_and_narrow(
    new_page: Callable[..., Page], transactional_db: None, language: str
) -> None:
    for name, size in (("wide", WIDE), ("phone", PHONE)):
        page = new_page(size=size, language=language)
        page.goto("/admin/login/")
        page.locator("input[name=password]").wait_for()
        assert_no_console_errors(page)
        assert_no_horizontal_scroll(page)
        if language == "zh-hans":
            assert latin_words(visible_text(page), allowed=LATIN_ON_EVERY_PAGE) == []
        screenshot(page, f"login-{language}-{name}")


@pytest.mark.browser
def test_language_and_brightness_are_chosen_before_sign_in(new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto("/admin/login/")
    page.get_by_role("button", name="English").click()
    page.get_by_role("button", name="简体中文").wait_for()
    page.get_by_role("button", name="Brightness").click()
    page.locator("html.dark").wait_for()
    assert_no_console_errors(page)


@pytest.mark.browser
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_everything_on_the_workbench_is_reached_by_keyboard(
    signed_in_page: Callable[..., Page], own_panels: panels.Registry, size: tuple[int, int]
) -> None:
    fill(own_panels)
    page = signed_in_page(make_user(role=Role.SECURITY_ADMIN), size=size)
    page.goto("/admin/")
    page.get_by_text("12,345").wait_for()
    names = keyboard_reachable(page)
    assert names[0] == "跳到正文"
    assert any(name.startswith("等待复核的名单") for name in names)


@pytest.mark.browser
def test_the_menu_and_the_account_open_by_keyboard_on_a_phone(signed_in_page: Callable[..., Page]) -> None:
    page = signed_in_page(make_user(role=Role.SECURITY_ADMIN), size=PHONE)
    page.goto("/admin/")
    page.get_by_role("button", name="显示或隐藏菜单").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="关闭菜单").wait_for()
    page.get_by_role("button", name="测试员").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="修改密码").wait_for()
    screenshot(page, "menu-phone", full=False)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="修改密码").wait_for(state="hidden")
    assert_no_console_errors(page)


@pytest.mark.browser
def test_the_palette_opens_by_ctrl_k_and_leads_to_a_page(signed_in_page: Callable[..., Page]) -> None:
    page = signed_in_page(make_user(role=Role.SECURITY_ADMIN))
    page.goto("/admin/")
    settle(page)
    page.keyboard.press("Control+k")
    page.locator("#search-input-command").press_sequentially("memberships")
    page.locator("#command-results-list a").first.wait_for()
    page.keyboard.press("ArrowDown")
    screenshot(page, "palette", full=False)
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/membership/")
    assert_no_console_errors(page)
    assert_no_horizontal_scroll(page)


# Lists with rows are looked at by `test_accessibility`.
@pytest.mark.browser
@in_two_walks
def test_each_empty_list_that_a_clerk_opens_stands_on_a_phone(signed_in_page: Callable[..., Page], stops: Stops) -> None:
    user = make_user(role=Role.CLERK, organization=make_organization("源城区民政局", region="441602"))
    page = signed_in_page(user, size=PHONE)
    empty = 0
    for _group, listed, _title, address in unfold.open_pages(user):
        if not stops(address):
            continue
        answer = page.goto(address)
        assert answer is not None and answer.status == 200, address
        if not page.locator("#result_list tbody tr").count() and page.locator("#changelist").count():
            assert page.locator(".pp-empty-list").inner_text() == "暂无记录。", address
            empty += 1
        assert_no_console_errors(page)
        assert_no_horizontal_scroll(page)
        screenshot(page, f"list-{listed.label}")
    assert empty


@pytest.mark.browser
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_everything_on_a_list_is_reached_by_keyboard(
    signed_in_page: Callable[..., Page], size: tuple[int, int]
) -> None:
    user = make_user(role=Role.SECURITY_ADMIN, organization=make_organization(region="441602"))
    page = signed_in_page(user, size=size)
    page.goto(reverse("admin:accounts_user_changelist"))
    settle(page)
    names = keyboard_reachable(page)
    assert user.username in names
    page.locator("[data-keyboard]", has_text="筛选").first.focus()
    page.keyboard.press("Enter")
    page.locator("#changelist-filter").wait_for()
    page.goto(reverse("admin:accounts_user_changelist"))
    page.locator("#changelist-search input[type=search], #searchbar").first.fill("nobody-of-this-name")
    page.keyboard.press("Enter")
    page.get_by_text("没有符合条件的记录").wait_for()
    assert_no_horizontal_scroll(page)
    screenshot(page, f"list-empty-{size[0]}")


@pytest.mark.browser
def test_what_runs_by_the_clock_is_shown_and_changed_by_nobody(
    signed_in_page: Callable[..., Page], client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = PERMISSIONS[Role.SYSTEM_ADMIN] | {
        f"django_celery_beat.{verb}_periodictask" for verb in ("view", "add", "change", "delete")
    }
    monkeypatch.setitem(PERMISSIONS, Role.SYSTEM_ADMIN, opened)
    user = make_user(role=Role.SYSTEM_ADMIN, organization=make_organization(region="441602"))
    every = IntervalSchedule.objects.create(every=30, period=IntervalSchedule.SECONDS)
    task = PeriodicTask.objects.create(name="jobs.sweep", task="jobs.sweep", interval=every)
    page = signed_in_page(user)
    page.goto(reverse("admin:django_celery_beat_periodictask_changelist"))
    page.get_by_role("link", name="jobs.sweep").click()
    settle(page)
    assert page.locator("#content input:visible, #content button[type=submit]:visible").count() == 0
    assert_no_console_errors(page)
    client.force_login(user, backend=BACKEND)
    address = reverse("admin:django_celery_beat_periodictask_change", args=[task.pk])
    assert client.post(address, {"name": "other"}).status_code == 403
    assert client.get(reverse("admin:django_celery_beat_periodictask_add")).status_code == 403
    task.refresh_from_db()
    assert task.name == "jobs.sweep"


@pytest.mark.browser
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_page_behind_a_button_stands_and_is_reached_by_keyboard(
    signed_in_page: Callable[..., Page], size: tuple[int, int]
) -> None:
    user = make_user(role=Role.SECURITY_ADMIN, organization=make_organization(region="441602"))
    page = signed_in_page(user, size=size)
    page.goto(reverse("admin:accounts_membership_grant"))
    page.locator(".pp-confirm button[type=submit]").wait_for()
    assert_no_console_errors(page)
    assert_no_horizontal_scroll(page)
    assert "返回" in keyboard_reachable(page)
    screenshot(page, f"confirm-{size[0]}")


@pytest.mark.browser
def test_an_error_page_stands_alone(new_page: Callable[..., Page]) -> None:
    for name, size in (("wide", WIDE), ("phone", PHONE)):
        page = new_page(size=size)
        answer = page.goto("/nowhere/")
        assert answer is not None and answer.status == 404
        page.get_by_role("heading", name="找不到这个页面").wait_for()
        assert_no_horizontal_scroll(page)
        assert latin_words(visible_text(page)) == []
        screenshot(page, f"404-{name}")

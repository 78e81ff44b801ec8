"""Lists by keyset: every row once in whatever order, the queries of a page counted, odd addresses refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import timezone
from unfold.sites import UnfoldAdminSite

from accounts.models import Organization, User
from accounts.testing import make_user
from audit import paging
from audit.admin import ScopedModelAdmin
from audit.paging import AFTER, BEFORE, Total, keys_of, read_place, total_of, written
from audit.tests.conftest import Places, make_places
from audit.worlds import keepable
from portal.urls import urlpatterns as portal_urls

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
SIZE = 7

probe = UnfoldAdminSite(name="pages")


@admin.register(User, site=probe)
class UserPages(ScopedModelAdmin):
    """Columns with ties, with nothing in them, and behind a relation."""

    list_display = ("username", "display_name", "duty", "deactivated_at", "organization", "is_active")
    list_filter = ("is_active",)
    search_fields = ("=username",)
    list_per_page = SIZE
    ordering = ("-id",)


urlpatterns = [path("pages/", probe.urls), *portal_urls]


@pytest.fixture(autouse=True)
def quiet(settings: Any) -> None:
    """The second factor has its own tests."""
    settings.SECOND_FACTOR_REQUIRED = False


@keepable
def make_crowd() -> tuple[Places, list[str]]:
    """Thirty users: names in ties, half of them deactivated at a few moments, of two offices."""
    places, made = make_places(), []
    now = timezone.now()
    for number in range(30):
        user = make_user(
            f"user.{number:02d}", organization=(places.own, places.city)[number % 2], role="clerk" if number % 3 else None,
            display_name=f"同名{number % 4}",
        )
        if number % 2:
            User.objects.filter(pk=user.pk).update(is_active=False, deactivated_at=now - timedelta(days=number % 5))
        made.append(user.username)
    return places, made


@pytest.fixture
def crowded(db: None) -> tuple[Places, list[str]]:
    """Four offices, and thirty users of two of them."""
    return make_crowd()


@pytest.fixture
def places(crowded: tuple[Places, list[str]]) -> Places:
    """The offices."""
    return crowded[0]


@pytest.fixture
def crowd(crowded: tuple[Places, list[str]]) -> list[str]:
    """The users' names."""
    return crowded[1]


@pytest.fixture
def client(places: Places) -> Client:
    """The system administrator of the city."""
    found = Client()
    admin_of_city = make_user("city.admin", organization=places.city, role="system_admin")
    found.force_login(admin_of_city, backend="accounts.backends.RoleBackend")
    return found


def get(client: Client, query: str) -> Any:
    answer = client.get(f"/pages/accounts/user/{query}")
    assert answer.status_code == 200, query
    return answer


def walk(client: Client, query: str, turn: str) -> Iterator[list[str]]:
    """The pages of a list, one link after another."""
    for _page in range(20):
        cl = get(client, query).context["cl"]
        yield [user.username for user in cl.result_list]
        if turn not in cl.paginator.links:
            return
        query = cl.paginator.links[turn]
    raise AssertionError("the pages never end")


#: By name, by a column of ties, of nothing, behind a relation, of two values; rising and falling.
ORDERS = ["", *(f"?o={sign}{column}" for column in range(1, 7) for sign in ("", "-")), "?o=2.-4.3"]


@pytest.mark.parametrize("order", ORDERS)
def test_each_row_stands_on_one_page_whatever_the_order(client: Client, crowd: list[str], order: str) -> None:
    cl = get(client, order).context["cl"]
    whole = list(cl.queryset.values_list("username", flat=True))
    assert sorted(whole) == sorted([*crowd, "city.admin"])
    pages = list(walk(client, order, "next"))
    assert [len(page) for page in pages] == [7, 7, 7, 7, 3]
    assert [name for page in pages for name in page] == whole


@pytest.mark.parametrize("order", ORDERS)
def test_the_way_back_from_the_last_page_shows_the_same_rows(client: Client, crowd: list[str], order: str) -> None:
    first = get(client, order).context["cl"]
    whole = list(first.queryset.values_list("username", flat=True))
    pages = list(walk(client, first.paginator.links["last"], "previous"))
    assert [name for page in reversed(pages) for name in page] == whole
    assert [len(page) for page in pages] == [7, 7, 7, 7, 3]


def test_links_stand_only_where_there_are_rows(client: Client, crowd: list[str]) -> None:
    first = get(client, "").context["cl"].paginator.links
    assert set(first) == {"next", "last"}
    second = get(client, first["next"]).context["cl"].paginator.links
    assert set(second) == {"first", "previous", "next", "last"}
    last = get(client, first["last"]).context["cl"].paginator.links
    assert set(last) == {"first", "previous"}
    assert get(client, "?q=user.03").context["cl"].paginator.links == {}


def test_a_page_keeps_filters_order_and_search(client: Client, crowd: list[str]) -> None:
    pages = list(walk(client, "?is_active__exact=0&o=2", "next"))
    names = [name for page in pages for name in page]
    assert sorted(names) == [name for number, name in enumerate(crowd) if number % 2]
    assert [len(page) for page in pages] == [7, 7, 1]


def test_a_row_that_comes_in_between_moves_no_other_row(client: Client, crowd: list[str], places: Places) -> None:
    first = get(client, "").context["cl"]
    expected = [user.username for user in get(client, first.paginator.links["next"]).context["cl"].result_list]
    make_user("newcomer", organization=places.own)
    again = get(client, first.paginator.links["next"]).context["cl"]
    assert [user.username for user in again.result_list] == expected


def test_a_deep_page_asks_what_the_first_asks_and_never_by_offset(client: Client, crowd: list[str]) -> None:
    def asked(query: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            get(client, query)
        return [each["sql"] for each in queries if '"accounts_user"' in each["sql"] and "LIMIT" in each["sql"]]

    get(client, "")
    first = asked("")
    last = asked(get(client, "").context["cl"].paginator.links["last"])
    middle = asked(get(client, get(client, "").context["cl"].paginator.links["next"]).context["cl"].paginator.links["next"])
    of_pages = [[sql for sql in each if "_page_key_0" in sql] for each in (first, middle, last)]
    assert [len(each) for each in of_pages] == [1, 1, 1]
    assert len(first) == len(middle) == len(last)
    assert not any("OFFSET" in sql for each in (first, middle, last) for sql in each)
    counts = [sql for sql in first if "COUNT(" in sql.upper()]
    assert len(counts) == 1 and f"LIMIT {paging.CAP + 1}" in counts[0]


def test_no_page_counts_the_whole_table(client: Client, crowd: list[str]) -> None:
    with CaptureQueriesContext(connection) as queries:
        get(client, "")
    counting = [each["sql"] for each in queries if "COUNT(" in each["sql"].upper()]
    assert [sql for sql in counting if "LIMIT" not in sql] == []


@pytest.mark.parametrize(
    "place",
    ["after", "after.", "after.!!!", "after.bnVsbA", "before.WzEsMl0", "sideways.WzFd", "2", "after.WyJ4Il0",
     written(AFTER, ["a\x00", 1]), written(BEFORE, [{"a": 1}])],
)
def test_an_address_that_nobody_wrote_leads_to_the_first_page(client: Client, crowd: list[str], place: str) -> None:
    answer = client.get("/pages/accounts/user/", {"p": place})
    assert (answer.status_code, answer["Location"]) == (302, "/pages/accounts/user/?e=1")


def test_a_page_beyond_the_end_is_empty_and_leads_back(client: Client, crowd: list[str]) -> None:
    links = get(client, f"?p={written(AFTER, [0])}").context["cl"].paginator.links
    assert set(links) == {"first"}


def test_what_is_written_is_read_again_to_the_microsecond() -> None:
    keys = keys_of(User, ["deactivated_at", "display_name"])
    moment = timezone.now()
    assert read_place(written(AFTER, [moment, "王·甲", 7]), keys).values == (moment, "王·甲", 7)
    assert read_place(written(BEFORE, [None, "", 7]), keys).values == (None, "", 7)


def test_a_relation_is_opened_into_the_order_of_what_it_points_to() -> None:
    assert [(key.path, key.descending) for key in keys_of(User, ["-organization"])] == [
        *((f"organization__{name.lstrip('-')}", not name.startswith("-")) for name in Organization._meta.ordering), ("id", False),
    ]
    assert [key.path for key in keys_of(User, ["-pk"])] == ["id"]


def test_a_personal_column_orders_no_page() -> None:
    with pytest.raises(ImproperlyConfigured, match="phone: a personal column"):
        keys_of(User, ["phone"])


def test_totals_are_exact_up_to_the_cap_and_honest_beyond(crowd: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    rows = User.objects.all()
    assert total_of(rows, filtered=False) == Total(rows.count(), exact=True)
    monkeypatch.setattr(paging, "CAP", 5)
    assert total_of(rows, filtered=True) == Total(5, exact=False)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_user")
    assert total_of(rows, filtered=False) == Total(rows.count(), exact=False, estimated=True)
    assert paging._two_figures(12_345) == 12_000
    assert paging._two_figures(987_654) == 990_000


@pytest.mark.parametrize(
    ("total", "chinese"),
    [
        (Total(1, exact=True), "共 1 条"), (Total(1_234, exact=True), "共 1,234 条"),
        (Total(12_000, exact=False, estimated=True), "约 12,000 条"), (Total(5_000, exact=False), "超过 5,000 条"),
    ],
)
def test_totals_are_said_in_words(total: Total, chinese: str) -> None:
    assert str(total) == chinese

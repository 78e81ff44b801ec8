"""The scope matrix: every URL x reader x {own, sibling, parent, foreign, other program} x method, from the table in the kit.

Joining costs a new model one line in SUBJECTS; a URL or model that nobody classified fails with what to add.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import override_settings
from django.urls import get_resolver, path, reverse
from rest_framework.generics import RetrieveAPIView

from accounts.models import User
from accounts.roles import Role
from audit.classification import our_models
from tests.kit.matrix import asking, table
from tests.kit.matrix.asking import MISSING, Judge, ask, signed_in
from tests.kit.matrix.table import HIDDEN, OF_THE_PORTAL, SHARED, SUBJECTS, Page, Subject, admin_pages, may
from tests.kit.matrix.worlds import Worlds, make_worlds

# The mark has pytest-django set the database up; the fixture below takes the place of its transaction per test.
pytestmark = pytest.mark.django_db


@pytest.fixture
def _django_db_helper() -> None:
    """All tests here share one transaction: `worlds`."""


@pytest.fixture(scope="module")
def worlds(django_db_setup: None, django_db_blocker: Any) -> Iterator[Worlds]:
    """Made once for the module, in one transaction that is rolled back."""
    with django_db_blocker.unblock(), override_settings(SECOND_FACTOR_REQUIRED=False), transaction.atomic():
        # Thousands of requests: their log lines would take a third of the time.
        logging.disable(logging.WARNING)
        yield make_worlds(signed_in, asking.lists_and_workbench)
        logging.disable(logging.NOTSET)
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def rows(worlds: Worlds) -> dict[str, dict[str, Any]]:
    """Model -> relation -> row."""
    return asking.rows_of(worlds)


def test_every_url_is_classified() -> None:
    assert table.unclassified() == []


class EveryPerson(RetrieveAPIView):
    """An endpoint that nobody has thought about."""

    queryset = User.objects.all()


urlpatterns = [
    path("api/people/<int:pk>", EveryPerson.as_view(), name="api_person"), path("api/", EveryPerson.as_view(), name="api"),
]


def test_an_endpoint_that_nobody_classified_fails_with_what_to_add() -> None:
    assert table.unclassified(get_resolver(__name__)) == [
        'api_person: add to OBJECT_URLS "api_person": ("app.model", "app.permission")',
        'api: add to CLASSIFIED "api": what it is',
    ]


def test_every_model_in_the_admin_is_in_the_table() -> None:
    missing = {label for label, _admin, _pages in admin_pages()} - SUBJECTS.keys() - SHARED - OF_THE_PORTAL
    assert missing == set(), f'add to SUBJECTS "{missing and min(missing)}": Subject("office", lambda place: ...)'
    known = {model._meta.label_lower for model in our_models()} | {"axes.accessattempt"}
    assert known >= SUBJECTS.keys()


def test_each_model_has_a_row_in_each_relation_that_its_kind_knows(rows: dict[str, dict[str, Any]]) -> None:
    wanted = {
        "office": {"own", "sibling", "parent", "other program", "foreign"}, "staff": {"own", "sibling", "parent", "foreign"},
        "program": {"own", "other program", "foreign"}, "funder": {"own", "sibling", "parent", "foreign"},
        "money": {"own", "sibling", "parent", "other program", "foreign"},
    }
    poor = {
        label: wanted[subject.kind] - rows[label].keys() for label, subject in SUBJECTS.items()
        if label != "axes.accessattempt" and not rows[label].keys() >= wanted[subject.kind]
    }
    assert poor == {}
    assert rows["axes.accessattempt"].keys() == {"sibling", "foreign"}


READERS = (
    *(f"{place} {role}" for place in ("county", "city") for role in Role.values),
    "foundation finance_maker", "foundation auditor", "insurer auditor", "limited clerk", "limited auditor", "ended clerk",
    "ended auditor", "expired clerk", "expired auditor",
)
#: Relations that tell nothing new for a reader: the second program is the office's own to all but the limited, and what is
#: below the city is alike.
SAME = {"county": ("other program",), "city": ("other program", "sibling")}


@pytest.mark.parametrize("reader", READERS)
def test_each_reader_comes_as_far_as_the_table_says(reader: str, worlds: Worlds, rows: dict[str, dict[str, Any]]) -> None:
    judge, client = Judge(worlds, reader, rows), worlds.clients[reader]
    same = SAME.get(reader.split()[0], ())
    broken: list[str] = []
    before = asking.digest_of_everything()
    for label, _model_admin, pages in admin_pages():
        subject = SUBJECTS.get(label)
        below = {relation: instance for relation, instance in rows.get(label, {}).items() if relation not in same}
        for page in pages:
            if not page.takes_object:
                broken += list_page(page, reader, judge, client)
            elif subject is None:
                continue
            elif not holds(page, reader):
                broken += closed_page(page, reader, judge, client, below)
            else:
                broken += object_page(page, subject, reader, judge, client, below)
    assert asking.digest_of_everything() == before, f"{reader}: something has changed for good"
    assert broken == [], "\n" + "\n".join(broken)


def holds(page: Page, reader: str) -> bool:
    """Whether a live role of the reader has a permission that some method of the page needs."""
    place, role = reader.split()
    if page.model in SHARED and not page.permission.split(".")[-1].startswith("view_"):
        return False  # what everybody shares is changed by the portal's operator, who is no reader here
    return place not in ("ended", "expired") and role in page.roles("get") | page.roles("post")


def list_page(page: Page, reader: str, judge: Judge, client: Any) -> list[str]:
    """A page without an object: open to who has the permission, and silent on hidden rows."""
    address = reverse(page.name)
    answer = ask(client, "get", address)
    found = [row(page, reader, "get", "list", leak) for leak in judge.leaks(answer)]
    if (answer.status_code == 200) != holds(page, reader):
        found.append(row(page, reader, "get", "list", f"answers {answer.status_code}"))
    if page.verb == "changelist" and holds(page, reader):
        return found  # its POST is an action: see below
    count = asking.changes()
    answer = ask(client, "post", address)
    found += [row(page, reader, "post", "list", leak) for leak in judge.leaks(answer)]
    if not holds(page, reader) and (answer.status_code != 403 or asking.changes() != count):
        found.append(row(page, reader, "post", "list", f"answers {answer.status_code} or changes something"))
    return found


def closed_page(page: Page, reader: str, judge: Judge, client: Any, below: dict[str, Any]) -> list[str]:
    """A page whose permission the reader lacks: even an own row is closed. Who holds the role elsewhere is asked once."""
    if reader.split()[0] not in ("city", "ended", "expired") or (page.verb == "delete" and "expired" in reader):
        return []
    found = []
    relation = "own" if "own" in below else next(iter(below))
    address = reverse(page.name, args=[below[relation].pk])
    for method in ("get", "post"):
        count = asking.changes()
        answer = ask(client, method, address)
        found += [row(page, reader, method, relation, leak) for leak in judge.leaks(answer, asked=address)]
        if answer.status_code not in (403, 404) or asking.changes() != count:
            found.append(row(page, reader, method, relation, f"answers {answer.status_code}, should be closed"))
    return found


def object_page(
    page: Page, subject: Subject, reader: str, judge: Judge, client: Any, below: dict[str, Any]
) -> list[str]:
    """A page of an object in each relation: open where the table says so, else as missing as one that never was."""
    found = []
    for method in ("get", "post"):
        if method == "post" and page.verb == "history":
            continue  # answers as to GET
        missing = ask(client, method, reverse(page.name, args=[MISSING])).status_code
        for relation, instance in below.items():
            address = reverse(page.name, args=[instance.pk])
            is_open = may(page, subject, reader, relation, method)
            if is_open and page.verb == "history" and relation != "own":
                continue  # one open timeline tells enough, and costs what all cost
            count = 0 if is_open else asking.changes()
            answer = ask(client, method, address)
            found += [row(page, reader, method, relation, leak) for leak in judge.leaks(answer, asked=address)]
            if is_open:
                if answer.status_code in (403, 404):
                    found.append(row(page, reader, method, relation, f"answers {answer.status_code}, should be open"))
                continue
            if answer.status_code not in (403, 404):
                found.append(row(page, reader, method, relation, f"answers {answer.status_code}, should be closed"))
            if table.level(subject, reader, relation) == HIDDEN and answer.status_code != missing:
                found.append(
                    row(page, reader, method, relation, f"answers {answer.status_code}, one that never was {missing}")
                )
            if asking.changes() != count:
                found.append(row(page, reader, method, relation, "is refused and changes something"))
    if reader.startswith("city") and page.verb == "change":
        found += other_methods(page, subject, reader, judge, client, below)
    return found


def other_methods(
    page: Page, subject: Subject, reader: str, judge: Judge, client: Any, below: dict[str, Any]
) -> list[str]:
    """PUT, PATCH and DELETE: nothing of a hidden row, and nothing is changed at all."""
    found = []
    address = reverse(page.name, args=[below["foreign"].pk])
    for method in ("put", "patch", "delete"):
        count = asking.changes()
        answer = ask(client, method, address)
        found += [row(page, reader, method, "foreign", leak) for leak in judge.leaks(answer, asked=address)]
        if answer.status_code < 400 or asking.changes() != count:
            found.append(row(page, reader, method, "foreign", f"answers {answer.status_code}"))
    return found


def row(page: Page, reader: str, method: str, relation: str, what: str) -> str:
    """The row of the table that is broken."""
    wanted = page.wanted(method)
    roles = ", ".join(sorted(page.roles(method))) or "nobody"
    return f"{reader} | {method} {page.name} | {relation}: {what} [{wanted or 'no permission'}: {roles}]"


def test_nothing_on_any_list_or_workbench_moves_when_another_city_comes(worlds: Worlds) -> None:
    after = asking.lists_and_workbench(worlds.readers, worlds.clients)
    assert after.keys() == worlds.before.keys()
    moved = [f"{reader} {address}" for (reader, address), text in after.items() if worlds.before[reader, address] != text]
    assert moved == []
    assert len(after) > 60

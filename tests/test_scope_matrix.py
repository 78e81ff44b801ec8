"""The scope matrix: every URL x reader x {own, sibling, parent, foreign, other program} x method, from the table in the kit.

Joining costs a new model one line in SUBJECTS; a URL or model that nobody classified fails with what to add.
The suite asks by one reader of each place, another for each page: the list and the page of a row for the rows of all relations,
buttons, timelines and changes for the foreign row. Whether those are open and closed for all other rows, and answer alike for
one that never was, is asked at one place, another for each page; so are files of exports. A closed page is asked by three
readers. FULL_SWEEP=1 asks everything by all.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.forms import ModelChoiceField
from django.test import override_settings
from django.urls import get_resolver, path, reverse
from rest_framework.generics import RetrieveAPIView

from accounts.models import User
from accounts.roles import Role
from audit.classification import our_models
from audit.testing import FULL_SWEEP, Stops, in_two_walks
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
        try:
            yield make_worlds(signed_in, asking.lists_and_workbench)
        finally:
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
        "program": {"own", "other program", "foreign"}, "plan": {"own", "other program", "foreign"},
        "funder": {"own", "sibling", "parent", "foreign"},
        "money": {"own", "sibling", "parent", "other program", "foreign"}, "table": {"own", "sibling", "parent", "foreign"},
        "own person": {"own", "sibling", "parent", "foreign"},
        "insured": {"own", "sibling", "parent", "other program", "foreign"},
        "insurer's table": {"own", "sibling", "parent", "foreign"},
        "operator": {"own", "other program", "foreign"}, "billed": {"own", "other program", "foreign"},
        "funds": {"own", "sibling", "parent", "other program", "foreign"},
    }
    poor = {
        label: wanted[subject.kind] - rows[label].keys() for label, subject in SUBJECTS.items()
        if label != "axes.accessattempt" and not rows[label].keys() >= wanted[subject.kind]
    }
    assert poor == {}
    assert rows["axes.accessattempt"].keys() == {"sibling", "foreign"}


@pytest.fixture(scope="module")
def at_first(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """All rows of the world, before the first reader comes: nobody here changes any for good."""
    return asking.digest_of_everything()


READERS = (
    *(f"{place} {role}" for place in ("county", "city") for role in Role.values),
    "foundation finance_maker", "foundation auditor", "insurer auditor", "coinsurer auditor", "platform clerk",
    "hospital auditor", "limited clerk",
    "limited auditor", "ended auditor",
    "expired clerk",
)
RELATIONS = ("own", "sibling", "parent", "other program", "foreign")
#: Relations that tell nothing new for a reader: the second program is the office's own to all but the limited, and what is
#: below the city is alike.
SAME = {"county": ("other program",), "city": ("other program", "sibling")}


@in_two_walks
@pytest.mark.parametrize("reader", READERS)
def test_each_reader_comes_as_far_as_the_table_says(
    reader: str, worlds: Worlds, rows: dict[str, dict[str, Any]], at_first: dict[str, Any], stops: Stops
) -> None:
    judge, client = Judge(worlds, reader, rows), worlds.clients[reader]
    same = SAME.get(reader.split()[0], ())
    broken: list[str] = []
    for label, _model_admin, pages in admin_pages():
        subject = SUBJECTS.get(label)
        below = {relation: instance for relation, instance in rows.get(label, {}).items() if relation not in same}
        for page in filter(lambda page: stops(page.name), pages):
            if not page.takes_object:
                broken += list_page(page, reader, judge, client)
            elif subject is None:
                continue
            elif not holds(page, reader):
                broken += closed_page(page, reader, judge, client, below)
            elif asks(page, reader):
                broken += object_page(page, subject, reader, judge, client, below)
    assert asking.digest_of_everything() == at_first, f"{reader}: something has changed for good"
    assert broken == [], "\n" + "\n".join(broken)


@cache
def holds(page: Page, reader: str) -> bool:
    """Whether a live role of the reader has a permission that some method of the page needs."""
    place, role = reader.split()
    if page.model in SHARED and not page.permission.split(".")[-1].startswith("view_"):
        return False  # what everybody shares is changed by the portal's operator, who is no reader here
    return place not in ("ended", "expired") and role in page.roles("get") | page.roles("post")


def asks(page: Page, reader: str) -> bool:
    """Whether this reader opens the page: in the short form one of those who hold it at a place, another for each page."""
    return FULL_SWEEP or one_asking(page, reader.split()[0]) == reader


@cache
def one_asking(page: Page, place: str) -> str:
    """Who asks a page for a place where somebody holds it."""
    holding = [other for other in READERS if other.split()[0] == place and holds(page, other)]
    return holding[zlib.crc32(page.name.encode()) % len(holding)]


def tries(page: Page, reader: str) -> bool:
    """Whether this reader tries a page that is closed to them: who holds the same role elsewhere would hear the same.

    In the short form three of those whom it is closed to, others for each page.
    """
    return reader in those_trying(page)


@cache
def those_trying(page: Page) -> set[str]:
    """Who tries a page that is closed to them."""
    closed = [other for other in READERS if other.split()[0] in ("city", "ended", "expired") and not holds(page, other)]
    if FULL_SWEEP or len(closed) < 4:
        return set(closed)
    first = zlib.crc32(page.name.encode())
    return {closed[(first + step * len(closed) // 3) % len(closed)] for step in range(3)}


def leads(page: Page, subject: Subject | None, reader: str, method: str) -> bool:
    """Whether the reader's place is the one that asks for all that a page can answer: in the short form another for each page.

    One queryset opens a row to all pages of its model, and one check stands before them: both are asked at every place by the
    list and by the page of the row itself. A page that shows other rows than its model's is asked so, too.
    """
    if FULL_SWEEP or (page.verb in ("changelist", "change") and method == "get") or page.name in table.KIND_OF_PAGE:
        return True
    return leading_place(page, subject, method) == reader.split()[0]


@cache
def leading_place(page: Page, subject: Subject | None, method: str) -> str:
    """One of the places that open some row to a page, or that hold a page without an object."""
    holding = [other for other in READERS if holds(page, other)]
    opened = [
        other for other in holding
        if subject is not None and page.takes_object and any(may(page, subject, other, relation, method) for relation in RELATIONS)
    ]
    places = sorted({other.split()[0] for other in opened or holding})
    return places[zlib.crc32(f"{method} {page.name}".encode()) % len(places)]


def list_page(page: Page, reader: str, judge: Judge, client: Any) -> list[str]:
    """A page without an object: open to who has the permission, and silent on hidden rows."""
    if not (asks(page, reader) if holds(page, reader) else tries(page, reader) or FULL_SWEEP):
        return []
    address = reverse(page.name)
    found: list[str] = []
    if holds(page, reader) and not leads(page, None, reader, "get"):
        return []  # a form says nothing of rows; what may be chosen in it is asked below, and the file of an export is read
    if not holds(page, reader) and not FULL_SWEEP and page.verb != "changelist":
        # One check stands before both methods: what is there to act is asked to act.
        return closed_list(page, reader, judge, client, address)
    answer = ask(client, "get", address)
    found += [row(page, reader, "get", "list", leak) for leak in judge.leaks(answer)]
    if (answer.status_code == 200) != holds(page, reader):
        found.append(row(page, reader, "get", "list", f"answers {answer.status_code}"))
    if holds(page, reader) and (page.verb == "changelist" or not FULL_SWEEP):
        return found  # the POST of a list is an action: see below; an empty form comes back as it was shown
    if not holds(page, reader):
        return found + closed_list(page, reader, judge, client, address)
    answer = ask(client, "post", address)
    return found + [row(page, reader, "post", "list", leak) for leak in judge.leaks(answer)]


def closed_list(page: Page, reader: str, judge: Judge, client: Any, address: str) -> list[str]:
    """A page without an object that is closed to the reader takes nothing from them."""
    count = asking.changes()
    answer = ask(client, "post", address)
    found = [row(page, reader, "post", "list", leak) for leak in judge.leaks(answer)]
    if answer.status_code != 403 or asking.changes() != count:
        found.append(row(page, reader, "post", "list", f"answers {answer.status_code} or changes something"))
    return found


def acts_by(page: Page) -> str:
    """The method by which a page does what it is there for."""
    return "get" if page.verb == "history" else "post"


def is_button(page: Page) -> bool:
    """Whether the page of an object is there to act."""
    return page.verb not in ("change", "history")


def closed_page(page: Page, reader: str, judge: Judge, client: Any, below: dict[str, Any]) -> list[str]:
    """A page whose permission the reader lacks: even an own row is closed."""
    if not tries(page, reader):
        return []
    found = []
    relation = "own" if "own" in below else next(iter(below))
    address = reverse(page.name, args=[below[relation].pk])
    # One check stands before both methods: a page is asked to show, a button to act.
    method = "post" if is_button(page) else "get"
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
        led = leads(page, subject, reader, method)
        missing = status_of_missing(page, reader, client, method) if led else 0
        opened = [relation for relation in below if may(page, subject, reader, relation, method)]
        for relation, instance in below.items():
            address = reverse(page.name, args=[instance.pk])
            is_open = relation in opened
            if not is_open and not FULL_SWEEP and not (
                asks_closed(page, reader, method, relation, below) if led else relation == "foreign" and method == acts_by(page)
            ):
                continue
            if is_open and not (led and asks_open(page, reader, method, relation, opened)):
                continue
            count = 0 if is_open else asking.changes()
            answer = ask(client, method, address)
            found += [row(page, reader, method, relation, leak) for leak in judge.leaks(answer, asked=address)]
            if is_open:
                if answer.status_code in (403, 404):
                    found.append(row(page, reader, method, relation, f"answers {answer.status_code}, should be open"))
                continue
            if answer.status_code not in (403, 404):
                found.append(row(page, reader, method, relation, f"answers {answer.status_code}, should be closed"))
            if led and table.level(subject, reader, relation) == HIDDEN and answer.status_code != missing:
                found.append(
                    row(page, reader, method, relation, f"answers {answer.status_code}, one that never was {missing}")
                )
            if asking.changes() != count:
                found.append(row(page, reader, method, relation, "is refused and changes something"))
    if reader.startswith("city") and page.verb == "change":
        found += other_methods(page, subject, reader, judge, client, below)
    return found


_missing: dict[tuple[str, str, bool, str], int] = {}


def status_of_missing(page: Page, reader: str, client: Any, method: str) -> int:
    """What a page answers about a row that never was; in the short form once for all of a place who may ask alike."""
    place, role = reader.split()
    key = (page.name, place, role in page.roles(method), method)
    if FULL_SWEEP or key not in _missing:
        _missing[key] = ask(client, method, reverse(page.name, args=[MISSING])).status_code
    return _missing[key]


def asks_closed(page: Page, reader: str, method: str, relation: str, below: dict[str, Any]) -> bool:
    """Whether a closed row is asked for in the short form: one check stands before all pages of a row and both methods.

    So the page itself is asked for every row, and what shows, takes or does something by another way (a past, a changed page,
    a button, which is asked to act) for one row, another for each page and reader; a button for a foreign one, too.
    """
    if page.verb == "change" and method == "get":
        return True
    if is_button(page) and (method == "get" or relation == "foreign"):
        return method == "post"
    return list(below)[zlib.crc32(f"{page.name} {reader} {method}".encode()) % len(below)] == relation


def asks_open(page: Page, reader: str, method: str, relation: str, opened: list[str]) -> bool:
    """Whether an open row is asked for in the short form: one template draws the page of every row that one queryset opens.

    So the first open row (the own one, if it is open) is asked for by every page, and a second one by the page of the row
    itself, another for each page, reader and method. A timeline or a button of one tells enough, and costs what all cost.
    """
    if FULL_SWEEP or relation == opened[0]:
        return True
    rest = opened[1:]
    return page.verb == "change" and rest[zlib.crc32(f"{page.name} {reader} {method}".encode()) % len(rest)] == relation


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
    held = [
        reverse(page.name) for label, _model_admin, pages in admin_pages() for page in pages
        if page.verb == "changelist" and label in SUBJECTS and any(holds(page, f"city {role}") for role in Role.values)
    ]
    assert {address for _reader, address in after} == {reverse("admin:index"), *held}


@in_two_walks
def test_no_lookup_order_search_filter_or_action_tells_or_moves_a_hidden_row(
    worlds: Worlds, rows: dict[str, dict[str, Any]], stops: Stops
) -> None:
    """What a URL can say to a list: each with the foreign row's own words and numbers."""
    broken: list[str] = []
    opened: set[str] = set()
    # Between them they open every list; how far each role comes is asked above.
    for reader in ("city auditor", "city security_admin"):
        judge, client = Judge(worlds, reader, rows), worlds.clients[reader]
        for label, model_admin, pages in admin_pages():
            page = next(page for page in pages if page.verb == "changelist")
            if label not in SUBJECTS or not stops(label) or not holds(page, reader) or (label in opened and not FULL_SWEEP):
                continue
            opened.add(label)
            address, foreign = reverse(page.name), rows[label]["foreign"]
            sought = ("?q=金丝雀", "?q=canary", f"?q={foreign.pk}")
            # Said alike to every list by the base admin: in the short form each list hears one lookup and one of the rest.
            looked_up = (f"?id__exact={foreign.pk}", f"?pk__in={foreign.pk}", "?organization__short_name__startswith=金")
            queries = [
                # A search and a filter go through the visible rows whatever is asked: in the short form one is sought, and each
                # filter hears one of its two words.
                *(sought if FULL_SWEEP else rotated(sought, page.name)[:1]), *related_queries(model_admin, rows),
                *(looked_up if FULL_SWEEP else rotated(looked_up, page.name)[:1]),
                *(GENERIC if FULL_SWEEP else rotated(GENERIC, page.name)[:1]),
            ]
            for query in queries:
                answer = client.get(address + query)
                # The box of the search repeats what was typed: that is the reader's own word.
                shown = [leak for leak in judge.leaks(answer) if not ("?q=" in query and leak.endswith(query[3:]))]
                broken += [f"{reader} {address}{query}: {leak}" for leak in shown]
            count = asking.changes()
            actions = ("delete_selected", "export_admin_action", "export_selected", "")
            for action in actions if FULL_SWEEP else rotated(actions, page.name)[:1]:
                answer = ask(client, "post", address, {"action": action, "_selected_action": [foreign.pk], "index": 0})
                broken += [f"{reader} {address} action {action}: {leak}" for leak in judge.leaks(answer)]
            if asking.changes() != count:
                broken.append(f"{reader} {address}: an action on a foreign row changes something")
    assert broken == [], "\n" + "\n".join(broken)
    assert opened == set(filter(stops, SUBJECTS))


@in_two_walks
def test_no_export_holds_a_hidden_row(worlds: Worlds, rows: dict[str, dict[str, Any]], stops: Stops) -> None:
    """Every list that a reader may export, whole and by the foreign row's number, in both formats: the file itself is read.

    In the short form one place exports each list, another for each.
    """
    broken: list[str] = []
    files: dict[str, set[str]] = {"": set(), "picked": set()}
    for reader in READERS:
        judge, client = Judge(worlds, reader, rows), worlds.clients[reader]
        for label, _model_admin, pages in admin_pages():
            page = next((page for page in pages if page.verb == "export_list" and stops(label)), None)
            if page is None or not (asks(page, reader) if holds(page, reader) else tries(page, reader) or FULL_SWEEP):
                continue
            if holds(page, reader) and not leads(page, None, reader, "post"):
                continue  # a file holds the rows of its list, which every place has asked for
            address = reverse(page.name)
            queries = ["", *(f"?picked={foreign.pk}" for foreign in [rows.get(label, {}).get("foreign")] if foreign is not None)]
            if holds(page, reader) and page.name in files["picked"] and not FULL_SWEEP:
                # Whoever exports a list names rows by one door: in the short form the first of them names the foreign row.
                queries = queries[:1]
            for query in queries:
                kind = "csv" if query else "xlsx"
                answer = ask(client, "post", address + query, {"kind": kind, "purpose": "核对名单用"})
                broken += [row(page, reader, "post", f"file {query}", leak) for leak in judge.leaks(answer)]
                if holds(page, reader) != bool(answer.status_code == 200 and answer.streaming):
                    broken.append(row(page, reader, "post", f"file {query}", f"answers {answer.status_code}"))
                if answer.status_code == 200:
                    files["picked" if query else ""].add(page.name)
    assert broken == [], "\n" + "\n".join(broken)
    exported = {
        (label, page.name) for label, _model_admin, pages in admin_pages() for page in pages
        if page.verb == "export_list" and stops(label) and any(holds(page, reader) for reader in READERS)
    }
    assert files[""] == {name for _label, name in exported}
    assert files["picked"] == {name for label, name in exported if "foreign" in rows.get(label, {})}


#: What a URL can say to a list whatever its rows are.
GENERIC = ("?o=1.-2.3", "?all=1", "?p=99", "?e=1", "?_facets=True", "?_popup=1&_to_field=id")


def rotated(all_of_them: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The same, from another one on for each name."""
    first = zlib.crc32(name.encode()) % len(all_of_them)
    return (*all_of_them[first:], *all_of_them[:first])


def related_queries(model_admin: Any, rows: dict[str, dict[str, Any]]) -> list[str]:
    """Filters of a list by foreign rows."""
    found: list[str] = []
    for item in model_admin.list_filter:
        name = item if isinstance(item, str) else item[0] if isinstance(item, tuple) else ""
        field = model_admin.opts.get_field(name) if name and "__" not in name else None
        related = field.related_model._meta.label_lower if field is not None and field.is_relation else ""
        if "foreign" in rows.get(related, {}):
            words = (f"?{name}__id__exact={rows[related]['foreign'].pk}", f"?{name}__in={rows[related]['foreign'].pk}")
            found += words if FULL_SWEEP else rotated(words, f"{model_admin.opts.label}{name}")[:1]
    return found


def test_autocomplete_offers_and_names_no_hidden_row(worlds: Worlds, rows: dict[str, dict[str, Any]]) -> None:
    """Every foreign key of every model, asked with a canary for a term and with none.

    In the short form with one of them, by the first reader who is answered.
    """
    broken, asked, answered = [], 0, set()
    for reader in ("city auditor", "city system_admin"):
        judge, client = Judge(worlds, reader, rows), worlds.clients[reader]
        for model in our_models():
            for field in model._meta.fields:
                related: Any = field.related_model
                if related is None or related._meta.label_lower not in SUBJECTS or (field in answered and not FULL_SWEEP):
                    continue
                terms = ("", "金丝雀", "canary")
                for term in terms if FULL_SWEEP else rotated(terms, f"{reader}{field}")[:1]:
                    asked += 1
                    place = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field.name}
                    answer = client.get(reverse("admin:autocomplete"), {**place, "term": term})
                    broken += [f"{reader} {place}: {leak}" for leak in judge.leaks(answer)]
                    if answer.status_code == 200:
                        answered.add(field)
    assert broken == [] and asked > 100


@in_two_walks
def test_no_form_takes_a_hidden_row_for_a_choice(
    worlds: Worlds, rows: dict[str, dict[str, Any]], stops: Stops
) -> None:
    """Each choice of rows in each form behind a button or on a page of changes, answered with the foreign row's number."""
    places = {"city": worlds.places["parent"], "county": worlds.places["own"]}
    broken, asked = [], set()
    for reader in READERS[:14]:
        judge, client, place = Judge(worlds, reader, rows), worlds.clients[reader], places[reader.split()[0]]
        for label, _model_admin, pages in admin_pages():
            for page in pages:
                if page.verb in ("changelist", "history", "delete") or not holds(page, reader) or not asks(page, reader):
                    continue
                if not stops(f"{label} {page.verb}"):
                    continue
                if not FULL_SWEEP and offered_by(page) != reader.split()[0]:
                    continue
                subject: Any = {"programs.plan": place.draft, "programs.fundingscheme": place.draft.schemes.get()}.get(label) or (
                    rows[label].get("own") if label in SUBJECTS else None
                )
                if page.takes_object and subject is None:
                    continue
                address = reverse(page.name, args=[subject.pk] if page.takes_object else [])
                for name, form, field in choices_of(client.get(address)):
                    foreign = rows.get(field.queryset.model._meta.label_lower, {}).get("foreign")
                    if foreign is None:
                        continue
                    asked.add((label, page.verb, name))
                    count = asking.changes()
                    answer = ask(client, "post", address, {**filled(form), name: foreign.pk})
                    broken += [f"{reader} {address} {name}: {leak}" for leak in judge.leaks(answer, asked=address)]
                    if answer.status_code == 302 or asking.changes() != count:
                        broken.append(f"{reader} {address} {name}: takes the foreign row")
    assert broken == [], "\n" + "\n".join(broken)
    wanted = {
        ("accounts.membership", "grant", "organization"), ("accounts.membership", "grant", "user"),
        ("accounts.organization", "move", "parent"), ("accounts.organization", "new_organization", "parent"),
        ("accounts.user", "new_user", "organization"), ("beneficiaries.roster", "upload", "organization"),
        ("beneficiaries.roster", "upload", "period"), ("programs.budget", "propose", "funder"),
        ("programs.budget", "propose", "period"), ("programs.plan", "draft", "program"), ("programs.plan", "draft", "funder"),
        ("programs.program", "new_program", "organization"), ("programs.funder", "new_funder", "organization"),
        ("programs.funder", "statement", "program"), ("programs.fundingscheme", "change", "shares-0-funder"),
    }
    assert {(label, verb, name) for label, verb, name in wanted if stops(f"{label} {verb}")} <= asked


def offered_by(page: Page) -> str:
    """The place whose reader fills in a form in the short form: a city, or a county where only a county may."""
    held = {reader.split()[0] for reader in READERS[:14] if holds(page, reader)}
    return "city" if "city" in held else "county"


def choices_of(answer: Any) -> list[tuple[str, Any, Any]]:
    """(name in the POST, what the page's forms hold, field) of each choice of rows on a page."""
    context = answer.context or {}
    forms = [form for key in ("form", "adminform") if (form := context.get(key)) is not None]
    forms = [getattr(form, "form", form) for form in forms]
    for inline in context.get("inline_admin_formsets", ()):
        forms += inline.formset.forms
    return [
        (form.add_prefix(name), context, field) for form in forms for name, field in getattr(form, "fields", {}).items()
        if isinstance(field, ModelChoiceField)
    ]


def filled(context: Any) -> dict[str, Any]:
    """A page's forms as a browser would send them, gaps filled with something plausible."""
    forms, found = [], {}
    for key in ("form", "adminform"):
        if context.get(key) is not None:
            forms.append(getattr(context[key], "form", context[key]))
    for inline in context.get("inline_admin_formsets", ()):
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        fields: dict[str, Any] = getattr(form, "fields", {})
        for name, field in fields.items():
            value = form[name].value()
            offered, choices = getattr(field, "queryset", None), getattr(field, "choices", None)
            if value in (None, "") and offered is not None:
                value = getattr(offered.first(), "pk", "")
            elif value in (None, "") and choices is not None:
                value = next((key for key, _label in choices if key), "")
            elif value in (None, "") and field.required:
                value = {"DateField": "2027-01-01", "DecimalField": "1.00", "FileField": SimpleUploadedFile("名册.csv", b"x")}.get(
                    type(field).__name__, "ZZ9"
                )
            if value not in (None, ""):
                found[form.add_prefix(name)] = value
    return found

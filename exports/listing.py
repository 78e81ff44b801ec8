"""A list as one user sees it now: its rows, their order, its columns; read page by page by key, written nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import NotRelationField, get_fields_from_path
from django.core.exceptions import FieldDoesNotExist, SuspiciousOperation, ValidationError
from django.db.models import F, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.text import capfirst

from accounts.models import User
from audit.admin.base import visible
from audit.events import refuse_personal
from audit.paging import AFTER, KeysetChangeList, Total, beyond, read_place, total_of, written
from exports.columns import Column, columns_of
from exports.errors import ExportsRefused

_KEY = "_export_key_%d"
#: The box of the search, and filters whose words may be a person's.
_SEARCH = "q"
Reach = list[list[Any]]


@dataclass(frozen=True)
class Wanted:
    """Which rows of a list: what its address narrows it to (urlencoded), and selected rows by their keys, or all."""

    query: str
    picked: tuple[str, ...] | None = None


class _Rows(KeysetChangeList):
    """The list's rows without a page of them."""

    def get_results(self, request: HttpRequest) -> None:
        """Nothing is read yet."""


class Listing:
    """A list under a user's rights of this moment. Raises ExportsRefused where they do not suffice."""

    def __init__(self, label: str, user: User, wanted: Wanted) -> None:
        self.label, self.user, self.wanted = label, user, wanted
        self.model_admin: Any = _admin_of(label)
        self.permission = self.model_admin.permission("export")
        self.request = _request(user, wanted.query)
        if not user.has_perm(self.permission) or not self.model_admin.has_view_permission(self.request):
            raise ExportsRefused("RIGHT_LOST")

    @property
    def title(self) -> str:
        """The list in words."""
        return str(capfirst(self.model_admin.opts.verbose_name_plural))

    @cached_property
    def columns(self) -> list[Column]:
        """In the active language."""
        return columns_of(self.model_admin)

    @cached_property
    def holds_people(self) -> bool:
        """Whether a column says something of a person, masked as it is."""
        return any(column.personal for column in self.columns)

    @cached_property
    def changelist(self) -> _Rows:
        """The list itself, so that search, filters and order are the page's own."""
        page, request = self.model_admin, self.request
        kind: Any = type("Rows", (_Rows, page.get_changelist(request)), {})
        if "\x00" in self.wanted.query or "%00" in self.wanted.query:
            raise ExportsRefused("LIST_UNREADABLE")
        # An address counts the columns with the box that selects a row, where the page has one.
        boxes = ("action_checkbox",) if page.get_actions(request) else ()
        try:
            return kind(
                request, page.model, [*boxes, *page.get_list_display(request)], (), page.get_list_filter(request),
                page.date_hierarchy, page.get_search_fields(request), page.get_list_select_related(request),
                page.list_per_page, page.list_max_show_all, (), page, page.get_sortable_by(request), page.search_help_text,
            )
        except (IncorrectLookupParameters, SuspiciousOperation) as error:
            raise ExportsRefused("LIST_UNREADABLE") from error

    @cached_property
    def rows(self) -> QuerySet:
        """Within scope and within what the roles that may export reach, in the list's order."""
        found = self.changelist.queryset
        seen = self.user.grants(self.model_admin.permission("view"))
        if set(self.user.grants(self.permission)) != set(seen):
            found = found.filter(pk__in=visible(self.model_admin.model, self.user, self.permission).order_by().values("pk"))
        if self.wanted.picked is not None:
            found = found.filter(pk__in=self._keys())
        return self._side_by_side(found)

    def _keys(self) -> list[Any]:
        """The keys of the selected rows."""
        key = self.model_admin.opts.pk
        try:
            return [key.to_python(each) for each in self.wanted.picked or ()]
        except ValidationError as error:
            raise ExportsRefused("LIST_UNREADABLE") from error

    def _side_by_side(self, rows: QuerySet) -> QuerySet:
        """Relations looked up once for a page instead of joined to each row: many rows point to few."""
        joined = rows.query.select_related
        paths = {column.related for column in self.columns if column.related}
        if isinstance(joined, dict):
            paths |= set(_paths(joined))
            rows = rows.select_related(None)
        return rows.prefetch_related(*sorted(paths))

    def count(self, *, up_to: int | None = None) -> int:
        """How many rows there are, counted up to a bound."""
        bare = self.rows.prefetch_related(None).order_by()
        return bare.count() if up_to is None else bare[:up_to].count()

    def estimate(self) -> Total:
        """About how many rows there are, as the planner knows it, for a list too long to be counted on a page."""
        return total_of(self.rows.prefetch_related(None), filtered=False)

    def page(self, place: str, *, size: int) -> tuple[list[Any], str]:
        """Rows behind a place ("" for the first), and the place behind the last of them."""
        # The list sets its keys when its rows are first asked for.
        rows, keys = self.rows, self.changelist.page_keys
        rows = rows.annotate(**{_KEY % at: F(key.path) for at, key in enumerate(keys)})
        if place:
            far = beyond(keys, read_place(place, keys))
            rows = rows.none() if far is None else rows.filter(far)
        found = list(rows[:size])
        if not found:
            return [], place
        self.model_admin.rows_read(self.request, found)
        return found, written(AFTER, [getattr(found[-1], _KEY % at) for at in range(len(keys))])

    def filters_in_words(self) -> list[tuple[str, str]]:
        """(title, choice) of each filter that narrows the list."""
        found = []
        for spec in self.changelist.filter_specs:
            chosen = [
                str(choice["display"]) for choice in spec.choices(self.changelist)
                if choice.get("selected") and choice.get("query_string") != "?"
            ] if spec.used_parameters or getattr(spec, "value", lambda: None)() else []
            if chosen:
                found.append((str(capfirst(spec.title)), "、".join(chosen)))
        return found

    def narrowed(self) -> list[list[str]]:
        """Names of what narrows the list, with the values that cannot be a person's: for the event."""
        found = []
        for name, values in sorted(QueryDict(self.wanted.query).lists()):
            for value in values if value_is_open(self.model_admin.model, name) else ("…",):
                found.append([name[:60], value[:60]])
        if self.wanted.picked is not None:
            found.append(["picked", str(len(self.wanted.picked))])
        refuse_personal(str(found))
        return found


def value_is_open(model: Any, name: str) -> bool:
    """Whether what a list is asked for under this name is told: never a search, never a personal field."""
    if name == _SEARCH:
        return False
    parts = name.split("__")
    while parts:
        try:
            path = get_fields_from_path(model, "__".join(parts))
        except (FieldDoesNotExist, NotRelationField):
            parts.pop()
            continue
        return not any(field.name in getattr(field.model, "personal_fields", ()) for field in path)
    # A filter of the page's own: what it offers are codes.
    return True


def reach_of(user: User) -> Reach:
    """The user's roles and how far they come, as JSON keeps them."""
    return sorted(
        [
            grant.role, grant.organization_path, grant.region_prefix,
            None if grant.program_ids is None else sorted(grant.program_ids), grant.operates_portal,
        ]
        for grant in user.grants()
    )


def still_reaches(user: User, reach: Reach) -> bool:
    """Whether each role that a file was made by is still held, and comes as far."""
    return all(
        any(
            grant.role == role and path.startswith(grant.organization_path) and region.startswith(grant.region_prefix)
            and (grant.program_ids is None or (programs is not None and grant.program_ids.issuperset(programs)))
            and (grant.operates_portal or not operates)
            for grant in user.grants()
        )
        for role, path, region, programs, operates in reach
    )


def _admin_of(label: str) -> Any:
    try:
        page = admin.site._registry.get(apps.get_model(label))
    except (LookupError, ValueError):
        page = None
    if page is None or not getattr(page, "list_export", False):
        raise ExportsRefused("RIGHT_LOST")
    return page


def _request(user: User, query: str) -> HttpRequest:
    """What the list's own code asks of a request: who, and how the list is narrowed."""
    request = HttpRequest()
    request.method, request.path = "GET", "/"
    request.GET = QueryDict(query)
    request.user = user
    return request


def _paths(joined: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """{"person": {}, "period": {"program": {}}} -> person, period, period__program."""
    for name, below in joined.items():
        yield prefix + name
        yield from _paths(below, f"{prefix}{name}__")


def picked_of(text: str | None) -> tuple[str, ...] | None:
    """Keys parted by dots; None when rows were not selected."""
    return None if text is None else tuple(part for part in text.split(".") if part)

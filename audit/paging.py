"""Pages of big tables by keyset: no COUNT of everything, no OFFSET; the last page costs what the first one costs."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import EmptyResultSet, FieldDoesNotExist, ImproperlyConfigured, ValidationError
from django.core.paginator import Paginator
from django.db import connection, models
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.sql.where import WhereNode
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from unfold.views import ChangeList

#: Rows are counted up to here.
CAP = 5_000
FIRST, LAST, AFTER, BEFORE = "", "last", "after", "before"
_ANNOTATION = "_page_key_%d"


class CappedPaginator(Paginator):
    """Counts at most CAP rows: for choices that are searched, not read through."""

    @cached_property
    def count(self) -> int:
        """Rows, or CAP."""
        rows: Any = self.object_list
        return int(rows.order_by()[:CAP].count())


@dataclass(frozen=True)
class Key:
    """One column of an order: the path from the model, its field, its direction, whether it may hold nothing."""

    path: str
    field: models.Field
    descending: bool
    nullable: bool

    def beyond(self, value: Any, *, backward: bool) -> Q | None:
        """Rows that come after a value of this column (before it, walking backward); None for no row.

        PostgreSQL puts nothing last in rising and first in falling order.
        """
        falling = self.descending != backward
        if value is None:
            return Q((f"{self.path}__isnull", False)) if falling else None
        if falling:
            return Q((f"{self.path}__lt", value))
        rising = Q((f"{self.path}__gt", value))
        return rising | Q((f"{self.path}__isnull", True)) if self.nullable else rising

    def same(self, value: Any) -> Q:
        """Rows with this value."""
        return Q((f"{self.path}__isnull", True)) if value is None else Q((self.path, value))

    def not_before(self, value: Any, *, backward: bool) -> Q | None:
        """What `same` and `beyond` have in common: a plain range that an index serves."""
        falling = self.descending != backward
        # Nothing comes last in rising order: no range leaves it in.
        if value is None or (self.nullable and not falling):
            return None
        return Q((f"{self.path}__{'lte' if falling else 'gte'}", value))


def keys_of(model: type[models.Model], ordering: Sequence[Any]) -> list[Key]:
    """An order as columns, relations opened into the order of what they point to, the primary key at the end."""
    keys: list[Key] = []
    for part in (*ordering, "pk"):
        path, descending = _read(part)
        keys += [key for key in _opened(model, path, descending) if key.path not in {each.path for each in keys}]
    return keys


def _read(part: Any) -> tuple[str, bool]:
    named: Any = part.expression if isinstance(part, OrderBy) else part
    if isinstance(named, F):
        if isinstance(part, OrderBy) and (part.nulls_first or part.nulls_last):
            raise ImproperlyConfigured(f"{part}: a page's order keeps PostgreSQL's place of nothing")
        return named.name, isinstance(part, OrderBy) and part.descending  # type: ignore[attr-defined]
    if isinstance(part, str):
        return part.lstrip("-"), part.startswith("-")
    raise ImproperlyConfigured(f"{part!r}: an order of pages names columns")


def _opened(model: type[models.Model], path: str, descending: bool, *, prefix: str = "", nullable: bool = False) -> Iterator[Key]:
    """The columns that a path stands for, as Django itself opens a relation in ORDER BY."""
    here: Any = model
    names = path.split("__")
    for at, name in enumerate(names):
        field = here._meta.pk if name == "pk" else here._meta.get_field(name)
        nullable = nullable or bool(field.null)
        if at < len(names) - 1:
            here = field.related_model
    if name in getattr(here, "personal_fields", ()):
        raise ImproperlyConfigured(f"{path}: a personal column orders no page")
    whole = prefix + path
    if field.is_relation and name not in (field.attname, "pk"):
        target = field.related_model
        for part in target._meta.ordering or ("pk",):
            inner, falling = _read(part)
            yield from _opened(target, inner, falling != descending, prefix=f"{whole}__", nullable=nullable)
        return
    column = prefix + "__".join([*names[:-1], field.attname])
    yield Key(column, field.target_field if field.is_relation else field, descending, nullable)


@dataclass(frozen=True)
class Place:
    """Where a page begins: at the first row, behind or before a row's keys, or at the last row."""

    kind: str
    values: tuple[Any, ...] = ()

    @property
    def backward(self) -> bool:
        """Whether its rows are read from the end."""
        return self.kind in (LAST, BEFORE)


def written(kind: str, values: Sequence[Any]) -> str:
    """A place as a part of an address."""
    plain = [str(value) if isinstance(value, date | Decimal) else value for value in values]
    text = base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":"), default=str).encode()).decode()
    return f"{kind}.{text.rstrip('=')}"


def read_place(text: str, keys: Sequence[Key]) -> Place:
    """The place that an address names; ValueError for one that nobody wrote."""
    if text in (FIRST, LAST):
        return Place(text)
    kind, _dot, packed = text.partition(".")
    if kind not in (AFTER, BEFORE):
        raise ValueError(text)
    try:
        values = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
        if not isinstance(values, list) or len(values) != len(keys):
            raise ValueError(text)
        cleaned = [key.field.to_python(value) for key, value in zip(keys, values, strict=True)]
    except (binascii.Error, UnicodeDecodeError, ValidationError, TypeError) as error:
        raise ValueError(text) from error
    if any("\x00" in value for value in cleaned if isinstance(value, str)):
        raise ValueError(text)
    return Place(kind, tuple(cleaned))


def beyond(keys: Sequence[Key], place: Place) -> Q | None:
    """The rows on the far side of a place, in its direction; None for no row."""
    found: Q | None = None
    before = Q()
    for key, value in zip(keys, place.values, strict=True):
        part = key.beyond(value, backward=place.backward)
        if part is not None:
            found = before & part if found is None else found | (before & part)
        before &= key.same(value)
    leading = keys[0].not_before(place.values[0], backward=place.backward)
    return found if found is None or leading is None else leading & found


@dataclass(frozen=True)
class Total:
    """How many rows a list has: exactly up to CAP, beyond it about as many or more than that many."""

    number: int
    exact: bool
    estimated: bool = False

    def __str__(self) -> str:
        number = f"{self.number:,}"
        if self.exact:
            return ngettext("%(number)s entry", "%(number)s entries", self.number) % {"number": number}
        if self.estimated:
            return _("about %(number)s entries") % {"number": number}
        return _("more than %(number)s entries") % {"number": number}


def total_of(rows: QuerySet, *, filtered: bool) -> Total:
    """Counted up to CAP; beyond it the planner's estimate of an unfiltered list, in two figures."""
    counted = rows.order_by()[: CAP + 1].count()
    return Total(counted, exact=True) if counted <= CAP else beyond_cap(rows, filtered=filtered)


def beyond_cap(rows: QuerySet, *, filtered: bool) -> Total:
    """Of a list known to be longer than CAP: the planner's estimate where it is unfiltered."""
    if not filtered:
        plan = json.loads(rows.order_by().values("pk").explain(format="json"))
        guess = int(plan[0]["Plan"]["Plan Rows"])
        if guess > CAP:
            return Total(_two_figures(guess), exact=False, estimated=True)
    return Total(CAP, exact=False)


def _two_figures(number: int) -> int:
    """12,345 -> 12,000."""
    step = 10 ** max(len(str(number)) - 2, 0)
    return round(number / step) * step


def keys_between(page: QuerySet, where: Q, *, falling: bool) -> list[Any]:
    """The keys of a page's rows, looked for within a stretch of keys alone and in their order.

    The planner would rather read all rows of a region by their index and sort them: it cannot know that the stretch holds
    most of these. So the stretch takes the table's name in the question, behind a fence (OFFSET 0).
    """
    model: Any = page.model
    try:
        stretch, bounds = model._base_manager.filter(where).order_by("-pk" if falling else "pk").query.sql_with_params()
        asked, values = page.values("pk").query.sql_with_params()
    except EmptyResultSet:
        return []
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {table} AS NOT MATERIALIZED ({stretch} OFFSET 0) {asked}", [*bounds, *values])
        return [key for (key, *_rest) in cursor.fetchall()]


def read_by_key(rows: QuerySet, keys: list[Any]) -> QuerySet:
    """Rows of a page by their keys alone, which were found within everything that the list asks.

    Asked once more beside the keys, a planner that believes in few rows of an office reads all of them for one page.
    """
    found = rows.all()
    found.query.where = WhereNode()
    return found.filter(pk__in=keys)


class KeysetPaginator(Paginator):
    """What a list's page knows of its neighbors; the template draws its links."""

    template_name = "portal/pages.html"

    def __init__(self, rows: Any, per_page: int, *, total: Total, links: dict[str, str]) -> None:
        super().__init__(rows, per_page)
        self.total, self.links = total, links

    @cached_property
    def count(self) -> int:
        """Rows, as far as they were counted."""
        return self.total.number

    def get_elided_page_range(self, number: Any = 1, **options: Any) -> Iterator[Any]:
        """No numbers: pages have neighbors only."""
        return iter(())


class KeysetChangeList(ChangeList):
    """A list whose pages follow one another by key. Two questions a page: the count up to a cap, and the rows."""

    total: Total

    def __init__(self, request: HttpRequest, *given: Any) -> None:
        """Called by what it lists; Django's own title tells people to choose one."""
        super().__init__(request, *given)
        self.title = capfirst(self.opts.verbose_name_plural)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[str]:
        """Every column of the order by itself, the primary key last, so that each row has one place."""
        chosen = super().get_ordering(request, queryset)
        try:
            self.page_keys = keys_of(self.model, chosen)
        except FieldDoesNotExist as error:
            raise ImproperlyConfigured(f"{type(self.model_admin).__name__}: {error}") from error
        return [("-" if key.descending else "") + key.path for key in self.page_keys]

    def get_results(self, request: HttpRequest) -> None:
        """The page's rows, and whether there are more on either side."""
        try:
            place = read_place(str(request.GET.get("p", "")), self.page_keys)
        except ValueError as error:
            raise IncorrectLookupParameters from error
        rows, more = self._rows(request, place)
        filtered = self.has_active_filters or bool(self.query) or bool(self.get_filters_params())
        self.total = self.model_admin.counted(request, self) or total_of(self.queryset, filtered=bool(filtered))
        shown = list(rows)
        self.model_admin.rows_read(request, shown)
        earlier = bool(shown) and (more if place.backward else place.kind == AFTER)
        later = bool(shown) and (place.kind == BEFORE if place.backward else more)
        links = {}
        if earlier:
            links["first"] = self.get_query_string()
            links["previous"] = self._link(written(BEFORE, self._values(shown[0])))
        if later:
            links["next"] = self._link(written(AFTER, self._values(shown[-1])))
            links["last"] = self._link(LAST)
        if not shown and place.kind != FIRST:
            links["first"] = self.get_query_string()
        self.result_list = rows
        self.result_count = self.total.number
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = bool(shown)
        self.can_show_all = self.show_all = False
        self.multi_page = bool(links)
        self.narrowed = bool(self.has_active_filters or self.query)
        self.paginator = KeysetPaginator(self.queryset, self.list_per_page, total=self.total, links=links)

    def _link(self, place: str) -> str:
        return self.get_query_string({"p": place})

    def _rows(self, request: HttpRequest, place: Place) -> tuple[QuerySet, bool]:
        """One page in the list's own order, and whether rows lie behind it in the direction of reading."""
        rows = self.queryset.annotate(**{_ANNOTATION % at: F(key.path) for at, key in enumerate(self.page_keys)})
        if self.model_admin.joined_on_pages:
            rows = rows.select_related(None).select_related(*self.model_admin.joined_on_pages)
        if place.values:
            far = beyond(self.page_keys, place)
            rows = rows.none() if far is None else rows.filter(far)
        if place.backward:
            rows = rows.reverse()
        for where, whole in (*self.model_admin.whereabouts(request, self, place), (Q(), True)):
            page = rows.filter(where)[: self.list_per_page + 1]
            if where and self.model_admin.reads_between:
                page = read_by_key(rows, keys_between(page, where, falling=self.page_keys[0].descending != place.backward))
            elif self.model_admin.keys_first:
                page = read_by_key(rows, list(page.values_list("pk", flat=True)))
            found = list(page)
            if whole or len(found) > self.list_per_page:
                break
        more = len(found) > self.list_per_page
        found = found[: self.list_per_page]
        # The page stays a queryset (formsets ask for one), holding the rows that were read.
        page._result_cache = found[::-1] if place.backward else found
        return page, more

    def _values(self, row: models.Model) -> list[Any]:
        return [getattr(row, _ANNOTATION % at) for at in range(len(self.page_keys))]

"""What rooms add to the workbench and to other rooms' pages: declared here, gathered by the roof; no page is here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from django.apps import apps
from django.db.models import Model
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.safestring import SafeString

Words = str | Promise
#: An address, lazy or not, or a callable that gives one.
Address = str | Promise | Callable[[], str]


#: Rows of a queue are counted up to here.
MOST = 5_000
#: By which a list is asked for the rows of a queue.
QUEUE_PARAMETER = "queue"


class Urgency(StrEnum):
    """How long a queue can wait."""

    NOW = "now"
    SOON = "soon"
    CALM = "calm"


class ChartKind(StrEnum):
    """How a chart is drawn: bars for things side by side, columns for a course of time."""

    BARS = "bars"
    COLUMNS = "columns"


class Panel(Protocol):
    """What every panel has: a stable key "room.name", a title, and the permission that opens it."""

    @property
    def key(self) -> str: ...

    @property
    def title(self) -> Words: ...

    @property
    def permission(self) -> str: ...


@dataclass(frozen=True)
class WorkQueue:
    """Work that waits for this user. `count` asks one query, and counts up to one more than MOST; `url` is the list that shows the
    same rows.

    Made by `queue_of`, whose `narrow` (rows, user) -> rows is both the count and the list's filter.
    """

    key: str
    title: Words
    permission: str
    count: Callable[[Any], int]
    url: Address
    urgency: Urgency = Urgency.SOON
    model: str = ""
    narrow: Callable[[Any, Any], Any] | None = None


def queue_of(
    model: str, key: str, title: Words, permission: str, narrow: Callable[[Any, Any], Any], urgency: Urgency = Urgency.SOON,
    *, counted: Callable[[Any], int | None] | None = None,
) -> WorkQueue:
    """A queue of rows of "app.model": the list behind it counts what the workbench counts.

    `counted` gives the same number, beyond MOST too, without reading the rows, or None where it cannot tell.
    """
    app_label, name = model.split(".")

    def count(user: Any) -> int:
        known = counted(user) if counted is not None else None
        if known is not None:
            return known
        rows = narrow(apps.get_model(model)._default_manager.get_queryset(), user)
        return int(rows.order_by()[: MOST + 1].count())

    def url() -> str:
        return f"{reverse(f'admin:{app_label}_{name}_changelist')}?{QUEUE_PARAMETER}={key}"

    return WorkQueue(key, title, permission, count, url, urgency, model, narrow)


@dataclass(frozen=True)
class Figure:
    """One number. `value` asks one query: a whole number, an amount in yuan (Decimal), or finished text."""

    key: str
    title: Words
    permission: str
    value: Callable[[Any], str | Decimal | int]
    unit: Words = ""
    url: Address = ""


@dataclass(frozen=True)
class Series:
    """One line of numbers of a chart, none below zero, as many as the chart has labels."""

    name: Words
    values: Sequence[int | Decimal]


@dataclass(frozen=True)
class ChartData:
    """What a chart shows; no labels mean that there is nothing yet."""

    labels: Sequence[Words]
    series: Sequence[Series]

    def __post_init__(self) -> None:
        for line in self.series:
            if len(line.values) != len(self.labels):
                raise ValueError(f"{len(line.values)} values for {len(self.labels)} labels")
            if any(value < 0 for value in line.values):
                raise ValueError("a chart shows no values below zero")


@dataclass(frozen=True)
class Chart:
    """A drawing of numbers. `data` asks one query and gives at most a few dozen labels."""

    key: str
    title: Words
    permission: str
    data: Callable[[Any], ChartData]
    unit: Words = ""
    kind: ChartKind = ChartKind.BARS
    url: Address = ""


@dataclass(frozen=True)
class Place:
    """One county or town of a table of places, its values in the order of the columns; None for one that is not shown."""

    code: str
    name: Words
    values: Sequence[int | Decimal | None]
    url: Address = ""


@dataclass(frozen=True)
class PlaceGroup:
    """Places of one city or county, with the sums over all of them."""

    name: Words
    places: Sequence[Place]
    sums: Sequence[int | Decimal | None]


@dataclass(frozen=True)
class PlaceData:
    """What a table of places shows; no groups mean that there is nothing yet."""

    columns: Sequence[Words]
    groups: Sequence[PlaceGroup]
    sums: Sequence[int | Decimal | None]

    def __post_init__(self) -> None:
        lines = [self.sums, *(group.sums for group in self.groups)]
        lines += [place.values for group in self.groups for place in group.places]
        if any(len(line) != len(self.columns) for line in lines):
            raise ValueError("a line of a table of places has a value for each of its columns")


@dataclass(frozen=True)
class PlaceTable:
    """Numbers by place, each shaded by its size within its column: a map to be read, heard and printed.

    `data` gives at most a few hundred places.
    """

    key: str
    title: Words
    permission: str
    data: Callable[[Any], PlaceData]
    note: Words = ""


@dataclass(frozen=True)
class PagePanel:
    """A part of another room's page: shown on each object of `model` ("beneficiaries.person") to who may see it."""

    key: str
    title: Words
    model: str
    permission: str
    context: Callable[[Any, Any], Mapping[str, Any]]
    template: str
    order: int = 100


@dataclass(frozen=True)
class Rendered:
    """A page panel as it stands on the page."""

    key: str
    title: Words
    html: SafeString


P = TypeVar("P", bound=Panel)


@dataclass
class Registry:
    """All panels by kind and key, in the order of registration."""

    queues: dict[str, WorkQueue] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    charts: dict[str, Chart] = field(default_factory=dict)
    place_tables: dict[str, PlaceTable] = field(default_factory=dict)
    page_panels: dict[str, PagePanel] = field(default_factory=dict)
    #: Whether a panel can ever show this user anything; the roof knows.
    offers: Callable[[Any, Any], bool] = lambda panel, user: True


registry = Registry()
_URGENT_FIRST = {urgency: place for place, urgency in enumerate(Urgency)}


def register_queue(queue: WorkQueue) -> None:
    """Add a work queue; rooms call this from `ready()`."""
    _register(registry.queues, queue)


def register_figure(figure: Figure) -> None:
    """Add a figure; rooms call this from `ready()`."""
    _register(registry.figures, figure)


def register_chart(chart: Chart) -> None:
    """Add a chart; rooms call this from `ready()`."""
    _register(registry.charts, chart)


def register_place_table(table: PlaceTable) -> None:
    """Add a table of places; rooms call this from `ready()`."""
    _register(registry.place_tables, table)


def register_page_panel(panel: PagePanel) -> None:
    """Add a part to the page of a model of any room; rooms call this from `ready()`."""
    _register(registry.page_panels, panel)


def queues_for(user: Any) -> list[WorkQueue]:
    """The work queues that a user may see, the most urgent first."""
    return sorted(_permitted(registry.queues, user), key=lambda queue: _URGENT_FIRST[queue.urgency])


def queues_of(model: type[Model], user: Any) -> list[WorkQueue]:
    """The work queues of a model's rows that a user may see."""
    return [queue for queue in queues_for(user) if queue.model == model._meta.label_lower and queue.narrow is not None]


def figures_for(user: Any) -> list[Figure]:
    """The figures that a user may see."""
    return _permitted(registry.figures, user)


def charts_for(user: Any) -> list[Chart]:
    """The charts that a user may see."""
    return _permitted(registry.charts, user)


def place_tables_for(user: Any) -> list[PlaceTable]:
    """The tables of places that a user may see."""
    return _permitted(registry.place_tables, user)


def panels_for(subject: Model | type[Model], user: Any) -> list[PagePanel]:
    """The parts that other rooms add to a page of this model, for this user."""
    label = subject._meta.label_lower
    found = [panel for panel in _permitted(registry.page_panels, user) if panel.model.lower() == label]
    return sorted(found, key=lambda panel: panel.order)


def render_panels(subject: Model, request: HttpRequest) -> list[Rendered]:
    """The parts of a page, ready to stand on it; each template also gets `subject` and `panel`.

    One that says nothing about this object has no part.
    """
    parts = [
        Rendered(
            key=panel.key,
            title=panel.title,
            html=render_to_string(
                panel.template,
                {**panel.context(subject, request.user), "subject": subject, "panel": panel},
                request=request,
            ),
        )
        for panel in panels_for(subject, request.user)
    ]
    return [part for part in parts if part.html.strip()]


def address(url: Address) -> str:
    """The address as text; "" when no such page exists (a room without its admin must not take the workbench down)."""
    try:
        return str(url()) if callable(url) else str(url)
    except NoReverseMatch:
        return ""


def _register(known: dict[str, P], panel: P) -> None:
    if known.setdefault(panel.key, panel) != panel:
        raise ValueError(f"two panels are called {panel.key}")


def _permitted(known: Mapping[str, P], user: Any) -> list[P]:
    return [panel for panel in known.values() if user.has_perm(panel.permission) and registry.offers(panel, user)]

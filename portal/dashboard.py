"""The workbench: what waits for this user, their figures and charts; rooms declare them, nothing is counted here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Role
from audit import panels
from audit.panels import Chart, ChartData, ChartKind, Figure, P, WorkQueue
from portal.figures import number_text
from portal.places import place_card
from portal.unfold import GROUPS, open_pages

#: Widths of a chart drawn as columns, in its own units.
COLUMN_STEP, COLUMN_WIDTH, COLUMN_HEIGHT = 10, 7, 100
#: Labels that stand under a chart at most; every value is in its table.
LABELS_SHOWN = 8


@dataclass(frozen=True)
class QueueCard:
    """A work queue with its count."""

    queue: WorkQueue
    count: int
    text: str
    url: str


@dataclass(frozen=True)
class FigureCard:
    """A figure as text."""

    figure: Figure
    text: str
    url: str


@dataclass(frozen=True)
class Part:
    """One rectangle of a chart; `left`, `top`, `size` in the chart's units, as text for CSS and SVG."""

    tone: int
    left: str
    top: str
    size: str
    title: str


@dataclass(frozen=True)
class Row:
    """One label of a chart with its values and rectangles."""

    label: str
    shown: bool
    #: Every second of the labels shown: a phone has no room for it.
    spare: bool
    texts: list[str]
    total: str
    parts: list[Part]


@dataclass(frozen=True)
class ChartCard:
    """A chart, drawn."""

    chart: Chart
    names: list[str]
    rows: list[Row]
    top: str
    width: int
    url: str

    @property
    def as_bars(self) -> bool:
        """Whether its labels stand one under the other."""
        return self.chart.kind == ChartKind.BARS

    @property
    def digits(self) -> int:
        """Characters of the longest total: the bars beside them end at one line."""
        return max(len(row.total) for row in self.rows)


def figures(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's DASHBOARD_CALLBACK: one question for each panel that this user may see, no more."""
    user: Any = request.user
    cards = [queue_card(queue, user) for queue in panels.queues_for(user)]
    return {
        **context,
        "title": _("Workbench"),
        "greeting": _("Good day, %(name)s") % {"name": user.get_full_name()},
        "role_names": [str(Role(role).label) for role in Role if role in user.roles()],
        "today": timezone.localdate(),
        "queues": [card for card in cards if card.count],
        "idle_queues": [card for card in cards if not card.count],
        "figures": [figure_card(figure, user) for figure in in_order(panels.figures_for(user))],
        "charts": [chart_card(chart, user) for chart in in_order(panels.charts_for(user))],
        "place_tables": [
            card for card in (place_card(table, user) for table in in_order(panels.place_tables_for(user))) if card.groups
        ],
        "pages": [
            {"group": str(group), "title": title, "icon": page.icon, "url": address}
            for group, page, title, address in open_pages(user)
        ],
    }


def in_order(found: Sequence[P]) -> list[P]:
    """Panels as the sidebar orders the rooms: people and money before users and machinery."""
    rooms = list(dict.fromkeys(page.label.split(".")[0] for _group, pages in GROUPS for page in pages))
    places = {room: place for place, room in enumerate(rooms)}
    return sorted(found, key=lambda panel: places.get(panel.key.split(".")[0], len(rooms)))


def queue_card(queue: WorkQueue, user: Any) -> QueueCard:
    """Ask a queue for its count."""
    count = queue.count(user)
    # Nobody works off more than this, and to the last one it would be counted at each look.
    text = f"{number_text(panels.MOST)}+" if count == panels.MOST + 1 else number_text(count)
    return QueueCard(queue, count, text, panels.address(queue.url))


def figure_card(figure: Figure, user: Any) -> FigureCard:
    """Ask a figure for its value."""
    return FigureCard(figure, number_text(figure.value(user)), panels.address(figure.url))


def chart_card(chart: Chart, user: Any) -> ChartCard:
    """Ask a chart for its data and draw it."""
    data = chart.data(user)
    totals = [sum(line.values[at] for line in data.series) for at in range(len(data.labels))]
    top = round_top(max(totals, default=0))
    every = max(1, -(-len(data.labels) // LABELS_SHOWN))
    rows = [
        Row(
            label=str(label),
            shown=at % every == 0,
            spare=at % (2 * every) == every,
            texts=[number_text(line.values[at]) for line in data.series],
            total=number_text(totals[at]),
            parts=_parts(data, at, top=top, kind=chart.kind),
        )
        for at, label in enumerate(data.labels)
    ]
    return ChartCard(
        chart=chart,
        names=[str(line.name) for line in data.series],
        rows=rows,
        top=number_text(top),
        width=COLUMN_STEP * max(1, len(rows)),
        url=panels.address(chart.url),
    )


def round_top(highest: Decimal | int) -> Decimal | int:
    """The least of 1, 2, 5, 10, 20, 50 … that is not below the highest value."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor >= highest:
                return step * factor
        step *= 10


def _parts(data: ChartData, at: int, *, top: Decimal | int, kind: ChartKind) -> list[Part]:
    """The rectangles of one label, stacked in the order of the series."""
    parts, before = [], Decimal(0)
    for tone, line in enumerate(data.series, start=1):
        size = Decimal(line.values[at]) / Decimal(top) * COLUMN_HEIGHT
        if size:
            parts.append(
                Part(
                    tone=(tone - 1) % 4 + 1,
                    left=str(at * COLUMN_STEP + (COLUMN_STEP - COLUMN_WIDTH) / 2),
                    top=_short(COLUMN_HEIGHT - before - size) if kind == ChartKind.COLUMNS else "0",
                    size=_short(size),
                    title=_title(data, at, tone - 1),
                )
            )
        before += size
    return parts


def _title(data: ChartData, at: int, line: int) -> str:
    name: Sequence[str] = [str(data.labels[at]), str(data.series[line].name), number_text(data.series[line].values[at])]
    return " · ".join(part for part in name if part)


def _short(value: Decimal) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")

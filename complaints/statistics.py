"""Complaints of one quarter as the regulator asks for them: by kind, cause, program, insurer and office, as far as their reader
sees them. One question; nothing is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Count, Min
from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from claims.rules.clock import WorkCalendar
from complaints.models import Complaint, Kind, Topic
from complaints.rules.quarters import Group, Quarter, Sums, summed
from exports.tables import Cell, Table

VIEW = "complaints.view_complaint"
#: Quarters that a page offers.
OFFERED = 20
_ASKED = (
    "kind", "topic", "program__code", "program__name", "program__insurer__name", "organization__name", "state", "outcome",
    "received_on", "due_on", "told_on",
)
#: Key, title, heading of the first column, what a row is called.
_BY: Sequence[tuple[str, str | Promise, str | Promise, Callable[[Mapping[str, Any]], str]]] = (
    ("kinds", _("By kind"), _("kind"), lambda row: str(Kind(row["kind"]).label)),
    ("causes", _("By cause"), _("cause"), lambda row: str(Topic(row["topic"]).label)),
    ("programs", _("By program"), _("program"), lambda row: f"{row['program__name']}（{row['program__code']}）"),
    ("insurers", _("By insurer"), _("insurer"), lambda row: row["program__insurer__name"] or _t("no insurer")),
    ("offices", _("By office"), _("office"), lambda row: row["organization__name"]),
)
#: In the order of the regulator's causes, others by name.
_ORDER: Mapping[str, Sequence[str]] = {"kinds": Kind.values, "causes": Topic.values}


def quarters(user: Any, *, today: date) -> list[Quarter]:
    """Those that may be asked for, the newest first: from the first complaint that the reader sees to today."""
    first = Complaint.objects.visible_to(user, VIEW).aggregate(day=Min("received_on"))["day"]
    last = Quarter.of(today)
    found = [last, last.before]
    while first is not None and found[-1] > Quarter.of(first) and len(found) < OFFERED:
        found.append(found[-1].before)
    return found


def tables_of(user: Any, quarter: Quarter, *, program_id: int | None, calendar: WorkCalendar, today: date) -> list[Table]:
    """What was received in a quarter, and what became of it until now."""
    found = Complaint.objects.filter(
        pk__in=Complaint.objects.visible_to(user, VIEW).values("pk"), received_on__gte=quarter.first,
        received_on__lt=quarter.until,
    )
    if program_id is not None:
        found = found.filter(program=program_id)
    rows = list(found.order_by().values(*_ASKED).annotate(number=Count("pk")))
    return [_table(rows, *by, calendar=calendar, today=today) for by in _BY]


def _table(
    rows: Sequence[Mapping[str, Any]], key: str, title: Any, first: Any, name: Callable[[Mapping[str, Any]], str], *,
    calendar: WorkCalendar, today: date,
) -> Table:
    groups: dict[str, list[Group]] = defaultdict(list)
    codes: dict[str, int] = {}
    for row in rows:
        label = name(row)
        order = _ORDER.get(key, ())
        codes.setdefault(label, order.index(row["kind" if key == "kinds" else "topic"]) if order else 0)
        groups[label].append(Group(
            row["number"], row["state"], row["outcome"], row["received_on"], row["due_on"], row["told_on"]
        ))
    lines = [
        (label, _cells(summed(groups[label], calendar=calendar, today=today)))
        for label in sorted(groups, key=lambda each: (codes[each], each))
    ]
    whole = summed([each for several in groups.values() for each in several], calendar=calendar, today=today)
    return Table(key, str(title), str(first), headings(), lines, (_t("In all"), _cells(whole)) if lines else None)


def headings() -> list[str]:
    """Of the columns."""
    return [
        pgettext("complaints", "received"), pgettext("complaints", "withdrawn"), _t("within its term"), _t("overdue"),
        _t("answered"), _t("answered in time"),
        _t("answered in time (%)"), _t("upheld"), _t("partly upheld"), _t("not upheld"), _t("upheld or partly (%)"),
        _t("average working days"),
    ]


def _cells(sums: Sums) -> tuple[Cell, ...]:
    return (
        sums.received, sums.withdrawn, sums.running, sums.overdue, sums.told, sums.in_time, sums.in_time_share, sums.upheld,
        sums.partly, sums.not_upheld, sums.upheld_share, sums.average_days,
    )

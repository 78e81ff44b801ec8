"""The calendar of working days as a file: its columns, what a row says, and the action that takes a file in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from claims.actions.holidays import import_holidays
from claims.models.calendar import DayKind, Holiday
from claims.rules.almanac import published
from intake.columns import Column
from intake.reference.resource import Fault, ListRow, ReferenceResource, as_day
from programs.actions.lists import hold_list

KINDS = {"放假": DayKind.OFF, "调休上班": DayKind.WORKED, "照常": DayKind.ORDINARY}
_WORD_OF = {str(kind.value): word for word, kind in KINDS.items()}
_SATURDAY = 5

HOLIDAY_COLUMNS = (
    Column("day", "日期", ("day", "date"), required=True, clean="date", example="2026-10-01"),
    Column(
        "kind", "类型", ("安排", "kind"), required=True, clean="choice", choices=tuple(KINDS), example="放假",
        help=_("The last choice: a notice was changed, the day is again what its weekday says."),
    ),
    Column("name", "名称", ("节日", "节假日", "name"), required=True, max_length=40, example="国庆节"),
    Column(
        "source", "依据", ("通知", "来源", "source"), required=True, max_length=120,
        example="国务院办公厅关于2026年部分节假日安排的通知", help=_("The notice that says so."),
    ),
)


class HolidayResource(ReferenceResource):
    """Days off and worked weekends."""

    columns = HOLIDAY_COLUMNS

    class Meta:
        """By day."""

        model = Holiday
        import_id_fields = ("day",)

    def lock(self) -> None:
        """Nobody else writes a day meanwhile."""
        hold_list(Holiday)

    def rows_named(self) -> QuerySet:
        """The days of the file."""
        return self.get_queryset().filter(day__in={line.cells["day"] for line in self.lines} - {None})

    def key_of(self, cells: Mapping[str, Any]) -> tuple[Any, ...]:
        """The day as text, from the file and from the database alike."""
        return (str(cells.get("day") or ""),)

    def assign(self, instance: Holiday, cells: Mapping[str, Any]) -> Iterator[Fault]:
        """A day that is worked instead is a Saturday or Sunday."""
        instance.day, instance.name, instance.source = cells["day"], cells["name"] or "", cells["source"] or ""
        if cells["kind"]:
            instance.kind = KINDS[cells["kind"]].value
        if instance.kind == DayKind.WORKED and cells["day"] is not None and cells["day"].weekday() < _SATURDAY:
            yield Fault("kind", "WORKED_WEEKDAY")

    def cells_of(self, instance: Holiday) -> dict[str, str]:
        """As the file has them."""
        return {
            "day": as_day(instance.day), "kind": _WORD_OF.get(instance.kind, ""), "name": instance.name,
            "source": instance.source,
        }

    def warnings(self, beside: Sequence[ListRow]) -> list[str]:
        """Years of the file that are not whole with it."""
        kinds = {each.day: each.kind for each in self.get_queryset()} | {each.day: each.kind for each in self.touched}
        whole = published(day for day, kind in kinds.items() if kind == DayKind.OFF)
        parts = sorted({each.day.year for each in self.touched} - whole)
        return [
            _t(
                "%(year)d is not whole: 1 January and 1 October are days off of every year. Until they are in the list, the year"
                " counts as not published."
            ) % {"year": year}
            for year in parts
        ]

    def take_in(self, *, by: User, at: datetime) -> None:
        """By the action."""
        import_holidays(self.touched, by=by, at=at)

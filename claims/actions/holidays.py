"""The calendar of working days: one for the whole portal, kept by those who operate it; a year comes in at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from audit import events
from audit.faults import fault_point
from claims.models.calendar import DayKind, Holiday
from claims.recounting import ask_recount
from claims.term_errors import TermRefused
from programs.actions.lists import ListImport, differing, hold_list, operates_portal

FIELDS = ("kind", "name", "source")
_SATURDAY = 5


def create_holiday(holiday: Holiday, *, by: User | str, at: datetime) -> Holiday:
    """Add one day, given unsaved."""
    _refuse_stranger("claims.add_holiday", by=by)
    with transaction.atomic():
        hold_list(Holiday)
        if Holiday.objects.filter(day=holiday.day).exists():
            raise TermRefused("DAY_TAKEN", day=f"{holiday.day:%Y-%m-%d}")
        _check([holiday])
        fault_point("claims.create_holiday.before")
        holiday.save(force_insert=True)
        events.record("holiday.created", holiday, by=by, at=at, data=_told(holiday))
        ask_recount(by=by, at=at)
        fault_point("claims.create_holiday.after")
    return holiday


def change_holiday(holiday: Holiday, *, by: User | str, at: datetime) -> Holiday:
    """What the given object says instead of what is kept; which day it is never changes."""
    _refuse_stranger("claims.change_holiday", by=by)
    with transaction.atomic():
        hold_list(Holiday)
        kept = Holiday.objects.select_for_update().get(pk=holiday.pk)
        changed = differing(holiday, kept, FIELDS)
        if not changed:
            return kept
        for name in changed:
            setattr(kept, name, getattr(holiday, name))
        _check([kept])
        fault_point("claims.change_holiday.before")
        kept.save(update_fields=changed)
        events.record("holiday.changed", kept, by=by, at=at, data=_told(kept))
        if "kind" in changed:
            ask_recount(by=by, at=at)
        fault_point("claims.change_holiday.after")
    return kept


def import_holidays(edition: Sequence[Holiday], *, by: User | str, at: datetime) -> ListImport:
    """Add and change days, given unsaved; days that are not named stay as they are."""
    _refuse_stranger("claims.import_holiday", by=by)
    with transaction.atomic():
        hold_list(Holiday)
        named = [each.day for each in edition]
        known = {each.day: each for each in Holiday.objects.select_for_update().filter(day__in=named).order_by("day")}
        added = [each for each in edition if each.day not in known]
        changed = [each for each in edition if each.day in known and differing(each, known[each.day], FIELDS)]
        touched = sorted([*added, *changed], key=lambda each: each.day)
        _check(touched)
        fault_point("claims.import_holidays.before")
        Holiday.objects.bulk_create(
            [Holiday(day=each.day, **{name: getattr(each, name) for name in FIELDS}) for each in touched],
            update_conflicts=True, unique_fields=["day"], update_fields=list(FIELDS),
        )
        if touched:
            first, last = touched[0].day, touched[-1].day
            events.record(
                "holiday.imported", Holiday.objects.get(day=first), by=by, at=at,
                data={"added": len(added), "changed": len(changed), "first": f"{first:%Y-%m-%d}", "last": f"{last:%Y-%m-%d}"},
            )
            ask_recount(by=by, at=at)
        fault_point("claims.import_holidays.after")
    return ListImport(len(edition), len(added), len(changed))


def _refuse_stranger(permission: str, *, by: User | str) -> None:
    if isinstance(by, User) and not operates_portal(by, permission):
        raise TermRefused("SHARED")


def _check(days: Sequence[Holiday]) -> None:
    for each in days:
        if each.kind == DayKind.WORKED and each.day.weekday() < _SATURDAY:
            raise TermRefused("WORKED_WEEKDAY", day=f"{each.day:%Y-%m-%d}")


def _told(holiday: Holiday) -> dict[str, Any]:
    return {"day": f"{holiday.day:%Y-%m-%d}", "kind": str(holiday.kind), "name": holiday.name}

"""The calendar of working days in the admin: a list that files come into, and a year at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ScopedModelAdmin
from audit.buttons import holds
from claims.actions import holidays as actions
from claims.lists import HolidayResource
from claims.models.calendar import DayKind, Holiday
from claims.rules.almanac import Look, missing_year, months_of, published, spells_of
from claims.term_errors import TermRefused
from claims.terms import calendar_now
from intake.reference.pages import ReferencePages, listing

_FIRST, _LAST = 2000, 2100
_LOOK_OF = {DayKind.OFF: Look.OFF, DayKind.WORKED: Look.WORKED}


class HolidayForm(forms.ModelForm):
    """One day."""

    def clean_day(self) -> date:
        """Once in the calendar."""
        day: date = self.cleaned_data["day"]
        if Holiday.objects.filter(day=day).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(str(TermRefused("DAY_TAKEN", day=f"{day:%Y-%m-%d}")))
        return day


@admin.register(Holiday)
class HolidayAdmin(ReferencePages, ScopedModelAdmin):
    """Days off and worked weekends, the latest first."""

    form = HolidayForm
    resource_classes = (HolidayResource,)
    actions_list = ("year_page", "import_action", "export_action", "blank_template")
    code_field = "day"
    list_display = ("day", "weekday", "kind", "name", "source")
    list_filter = ("kind",)
    date_hierarchy = "day"
    search_fields = ("name",)
    search_help_text = _("A part of a name")
    ordering = ("-day",)
    fields = ("day", "kind", "name", "source")

    has_look_permission = holds("claims.view_holiday")
    has_import_permission = listing("claims.import_holiday")
    has_export_permission = listing("claims.export_holiday")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Which day it is never changes."""
        return ("day",) if obj is not None else ()

    @display(description=_("day of the week"))
    def weekday(self, found: Holiday) -> str:
        """In words."""
        return f"{WEEKDAYS[found.day.weekday()]}"

    @action(description=_("Year at a glance"), url_path="year", permissions=["look"], icon="calendar_month")
    def year_page(self, request: HttpRequest) -> HttpResponse:
        """Twelve months with working days, days off and worked weekends."""
        today = timezone.localdate()
        year = _year(request.GET.get("year", ""), today.year)
        return render(request, "claims/year.html", {
            **self.admin_site.each_context(request), "opts": self.opts,
            "title": _t("Working days of %(year)d") % {"year": year}, **context_of(year, today=today),
        })

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the room's actions, which record it."""
        user: Any = request.user
        given: dict[str, Any] = {"by": user, "at": timezone.now()}
        try:
            actions.change_holiday(obj, **given) if change else actions.create_holiday(obj, **given)
        except TermRefused as refused:
            # Checked by the form already: only somebody else's change at the same time is refused here.
            raise PermissionDenied(str(refused)) from refused


WEEKDAYS = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))


def context_of(year: int, *, today: date) -> Mapping[str, Any]:
    """What the page of a year shows; asks twice, whatever the year holds."""
    calendar = calendar_now()
    rows = list(Holiday.objects.filter(day__year=year).exclude(kind=DayKind.ORDINARY).order_by("day"))
    names = {row.day: row.name for row in rows}
    months = months_of(year, calendar, names)
    missing = missing_year(calendar.known_until, today=today)
    return {
        "year": year, "months": [(date(year, month.number, 1), month) for month in months], "today": today,
        "working": sum(month.working for month in months), "is_published": year in published(calendar.off),
        "spells": spells_of((row.day, _LOOK_OF[DayKind(row.kind)], row.name) for row in rows),
        "sources": list(dict.fromkeys(row.source for row in rows)), "missing": missing,
        "previous": year - 1 if year > _FIRST else None, "next": year + 1 if year < _LAST else None,
    }


def _year(text: str, otherwise: int) -> int:
    year = int(text) if text.isascii() and text.isdecimal() and len(text) == 4 else otherwise
    return min(max(year, _FIRST), _LAST)

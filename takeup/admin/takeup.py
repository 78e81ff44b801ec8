"""Take-up in the admin: the list of periods with their windows, and the page of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from beneficiaries.models import DayStanding
from takeup.counting import PEOPLE
from takeup.models import TakeUp
from takeup.progress import in_words, taken_up, window_of


@admin.register(TakeUp)
class TakeUpAdmin(ReadOnlyScopedAdmin):
    """Periods by their windows, the newest first."""

    list_display = ("period_code", "program", "opens", "last_day", "standing", "enrolled")
    export_columns = ("period_code", "program", "opens", "last_day", "standing", "enrolled")
    list_filter = ("program",)
    list_select_related = ("program__organization", "plan")
    ordering = ("-enrollment_opens_on", "-id")
    sortable_by = ("opens",)
    change_form_template = "takeup/takeup_page.html"
    fields = ("code",)
    readonly_fields = fields

    class Media:
        """How the course of days is drawn."""

        css = {"all": ("takeup/takeup.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("program__organization", "plan")

    def rows_read(self, request: HttpRequest, rows: Sequence[TakeUp]) -> None:
        """How many stand enrolled in the page's periods, whom the reader may see."""
        super().rows_read(request, rows)
        counts = DayStanding.objects.visible_to(request.user, PEOPLE).filter(period__in=[row.pk for row in rows])
        people = dict(counts.order_by().values_list("period").annotate(number=Sum("people")))
        held: Any
        for held in rows:
            held.people = people.get(held.pk)

    @display(description=_("period"))
    def period_code(self, period: TakeUp) -> str:
        """The program year."""
        return period.code

    @display(description=_("window opens"), ordering="enrollment_opens_on")
    def opens(self, period: TakeUp) -> str:
        """Its first day."""
        return f"{period.enrollment_opens_on:%Y-%m-%d}"

    @display(description=_("last day"))
    def last_day(self, period: TakeUp) -> str:
        """Of the window."""
        return f"{window_of(period, today=timezone.localdate()).last:%Y-%m-%d}"

    @display(description=_("window"))
    def standing(self, period: TakeUp) -> SafeString:
        """How it stands today."""
        window = window_of(period, today=timezone.localdate())
        return badge(in_words(window), "good" if window.is_open else "calm" if window.is_over else "wait")

    @display(description=_("people enrolled"))
    def enrolled(self, period: TakeUp) -> str:
        """Who stands enrolled within the reader's reach."""
        number = getattr(period, "people", None)
        return "—" if number is None else f"{number:,}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """How far a period is."""
        period = self.get_object(request, object_id)
        if period is None:
            return super().change_view(request, object_id, form_url, extra_context)
        return super().change_view(
            request, object_id, form_url, {**page_context(period, request.user), **(extra_context or {})}
        )


def page_context(period: TakeUp, user: Any) -> dict[str, Any]:
    """What the page shows."""
    found = taken_up(period, user, today=timezone.localdate())
    sees_targets = user.has_perm("takeup.view_target")
    return {
        "period": period, "found": found, "today": timezone.localdate(), "standing": in_words(found.window),
        "title": _t("Take-up of %(period)s") % {"period": period},
        "targets_url": f"{reverse('admin:takeup_target_changelist')}?period__id__exact={period.pk}" if sees_targets else "",
        "period_url": reverse("admin:programs_period_change", args=[period.pk]) if user.has_perm("programs.view_period") else "",
        "tables": [
            (_t("By age on the first day of cover"), _t("age"), found.bands),
            (_t("By way of enrollment"), _t("way in"), found.channels),
        ],
    }

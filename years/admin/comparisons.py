"""Comparisons in the admin: the list of them, and the page of two years side by side."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from jobs.models import Job
from years import actions
from years.compared import COLUMNS, Compared, compared
from years.models import Comparison, Outcome

COUNT = "years.count_comparison"


@admin.register(Comparison)
class ComparisonAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Newest period first."""

    list_display = ("period_code", "program", "before_code", "counted_at")
    export_columns = ("period_code", "program", "before_code", "counted_at")
    list_filter = ("program",)
    list_select_related = ("period__program", "before", "program")
    ordering = ("-id",)
    sortable_by = ("counted_at",)
    change_form_template = "years/comparison_page.html"
    fields = ("period",)
    readonly_fields = fields
    actions_detail = ("count",)

    has_count_permission = holds(COUNT)

    class Media:
        """Renews the page while its job runs."""

        js = ("jobs/refresh.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "period__program", "period__plan", "before__program", "before__plan", "program__organization"
        )

    @display(description=_("period"), ordering="period__code")
    def period_code(self, comparison: Comparison) -> str:
        """The program year."""
        return comparison.period.code

    @display(description=_("period before"))
    def before_code(self, comparison: Comparison) -> str:
        """The year that it is compared with."""
        return comparison.before.code

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Two years side by side."""
        comparison = self.visible_or_404(request, object_id)
        return super().change_view(
            request, object_id, form_url, {**page_context(comparison, request), **(extra_context or {})}
        )

    @action(description=_("Count again"), url_path="count", permissions=["count"], icon="refresh")
    def count(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Have it counted as of now."""
        comparison = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.ask_comparison(comparison.period, **given)
            return _t("The years are being counted.")

        return self.button_page(
            request, title=_t("Count again"), button=_t("Count"), subject=comparison, run=run,
            sentence=_t("Everybody of both years is compared as of now. Rosters that are applied are counted by themselves."),
        )


def page_context(comparison: Comparison, request: HttpRequest) -> dict[str, Any]:
    """What the page shows besides its button."""
    found = compared(comparison, request.user)
    user: Any = request.user
    address = reverse("admin:years_yearleft_changelist")
    sees = user.has_perm("years.view_yearleft")
    premium, before = found.total.premium, found.total.premium_before
    return {
        "comparison": comparison, "found": found, "cards": _cards(found),
        "title": _t("%(code)s beside %(before)s") % {"code": comparison.period.code, "before": comparison.before.code},
        "by_county": _t("By county"), "by_category": _t("By category"), "county": _t("county"), "category": _t("category"),
        "left": [
            (label, number, f"{address}?comparison__id__exact={comparison.pk}&outcome__exact={outcome}" if sees else "")
            for outcome, label, number in found.left
        ],
        "more": premium - before if premium is not None and before is not None else None,
        "job": Job.objects.about(comparison).live().first(),
    }


def _cards(found: Compared) -> list[tuple[str, int | None, str]]:
    """The greatest figures."""
    people = dict(zip((str(column) for column in COLUMNS), found.total.people, strict=True))
    headings = dict(zip((str(column) for column in COLUMNS), found.headings, strict=True))
    shown = ("before", Outcome.RENEWED.value, Outcome.NEW.value, Outcome.NOT_RENEWED.value, "now")
    notes = {Outcome.RENEWED.value: found.total.kept}
    return [(headings[each], people[each], notes.get(each, "")) for each in shown]

"""Complaints of a quarter in figures: a page beside their list, and the same as a workbook for the regulator's report."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from unfold.decorators import action

from audit.buttons import holds
from claims.terms import calendar_now
from complaints.rules.quarters import Quarter
from complaints.statistics import VIEW, quarters, tables_of
from exports.tables import shown, workbook_of
from programs.models import Program

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class QuarterForm(forms.Form):
    """Which quarter, of which program."""

    quarter = forms.ChoiceField(label=_("quarter"))
    program = forms.ModelChoiceField(Program.objects.none(), label=_("program"), required=False, empty_label=_("All programs"))

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        today = timezone.localdate()
        offered = quarters(by, today=today)
        fields["quarter"].choices = [(each.code, name_of(each)) for each in offered]
        fields["program"].queryset = Program.objects.visible_to(by, "programs.view_program").order_by("code")
        #: The last one that is over, unless another is chosen.
        self.wanted = Quarter.of(today).before
        self.of: Program | None = None
        if self.is_bound and self.is_valid():
            self.wanted = Quarter.read(self.cleaned_data["quarter"]) or self.wanted
            self.of = self.cleaned_data["program"]
        fields["quarter"].initial = self.wanted.code


def name_of(quarter: Quarter) -> str:
    """In words."""
    return _t("%(year)d, quarter %(number)d") % {"year": quarter.year, "number": quarter.number}


class StatisticsPages:
    """Mixed into the complaints' admin: its button `statistics`."""

    has_reading_permission = holds(VIEW)

    @action(description=_("Statistics"), url_path="statistics", permissions=["reading"], icon="query_stats")
    def statistics(self, request: HttpRequest) -> HttpResponse:
        """As far as the reader sees complaints."""
        pages: Any = self
        form = QuarterForm(request.GET if "quarter" in request.GET else None, by=request.user)
        today = timezone.localdate()
        tables = tables_of(
            request.user, form.wanted, program_id=form.of.pk if form.of is not None else None,
            calendar=calendar_now(), today=today,
        )
        facts = [
            (_t("quarter"), name_of(form.wanted)),
            (_t("program"), form.of.name if form.of is not None else _t("All programs")),
            (_t("seen by"), str(getattr(request.user, "organization", ""))), (_t("as of"), f"{today:%Y-%m-%d}"), *definitions(),
        ]
        if "workbook" in request.GET:
            answer = HttpResponse(workbook_of(tables, facts, about=_t("About these figures")), content_type=_XLSX)
            name = f"complaints-{form.wanted.code}.xlsx"
            answer["Content-Disposition"] = content_disposition_header(True, name) or ""
            answer["Cache-Control"] = "no-store"
            return answer
        asked = request.GET.copy()
        asked["quarter"], asked["workbook"] = form.wanted.code, "1"
        return render(request, "complaints/statistics.html", {
            **pages.admin_site.each_context(request), "opts": pages.opts, "title": _t("Statistics of complaints"), "form": form,
            "facts": facts, "tables": [shown(table) for table in tables], "workbook_url": f"?{asked.urlencode()}",
            "back_url": reverse("admin:complaints_complaint_changelist"),
        })


def definitions() -> list[tuple[str, str]]:
    """What the columns say; they go with the file."""
    return [
        (
            pgettext("complaints", "received"),
            _t("Put on record with a day of receipt in the quarter; reviews count by themselves."),
        ),
        (_t("answered in time"), _t("Told until the last day of the term, longer terms that were approved included; in percent of"
            " all that were told or are overdue.")),
        (_t("upheld"), _t("By the answer that was told; in percent of all that were told.")),
        (_t("average working days"), _t("From the day after the receipt to the day of telling, by the calendar of working days.")),
    ]

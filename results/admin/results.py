"""Results in the admin: what insurers paid, beside our own calculation; one result's page shows every step of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.places import PlaceColumn
from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from beneficiaries.admin.searching import CoverSearch
from beneficiaries.models import Enrollment
from results.admin.reports import shown, signed
from results.models import Comparison, Report, ReportRow, Result
from results.models.result import NOT_PAID
from results.one import decided_one

TONES = {Comparison.EQUAL: "good", Comparison.DIFFERENT: "bad", Comparison.NOT_COMPUTABLE: "calm"}
VIEW = "results.view_result"


class ByDifference(admin.SimpleListFilter):
    """By how much was paid above or below our calculation."""

    title = _("difference")
    parameter_name = "difference"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """More, less, and much of it."""
        return [
            ("above", _("paid more")), ("below", _("paid less")), ("100", _("by 100 yuan or more")),
            ("1000", _("by 1,000 yuan or more")), ("10000", _("by 10,000 yuan or more")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Those."""
        wanted = self.value()
        differing = queryset.filter(comparison=Comparison.DIFFERENT)
        if wanted == "above":
            return differing.filter(difference__gt=0)
        if wanted == "below":
            return differing.filter(difference__lt=0)
        if wanted in ("100", "1000", "10000"):
            least = Decimal(wanted)
            return differing.exclude(difference__gt=-least, difference__lt=least)
        return queryset


class Standing(admin.SimpleListFilter):
    """Whether it counts."""

    title = _("whether it counts")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Stands, undone, not paid out, accepted by a person."""
        return [
            ("stands", _("Stands")), ("undone", _("Undone")), ("unpaid", _("Not paid out by the bank")),
            ("decided", _("Recorded by decision")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Those."""
        wanted = self.value()
        if wanted == "undone":
            return queryset.exclude(undone_at=None)
        stands = queryset.filter(undone_at=None)
        if wanted == "unpaid":
            return stands.filter(bank_result__in=NOT_PAID)
        if wanted == "decided":
            return stands.exclude(decision=None)
        return stands if wanted == "stands" else queryset


class OfOne(admin.SimpleListFilter):
    """Of one thing, as a link names it."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """The one that is shown."""
        wanted = self.used_parameters.get(self.parameter_name or "") or request.GET.get(self.parameter_name or "")
        return [(wanted, self.said(wanted))] if wanted else []

    def said(self, wanted: Any) -> str:
        """As the filter names it."""
        return str(wanted)


class OfReport(OfOne):
    """Of one report."""

    title = _("report of payouts")
    parameter_name = "report"

    def said(self, wanted: Any) -> str:
        """By its number."""
        return f"#{wanted}"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Its results."""
        wanted = self.value()
        if not wanted:
            return queryset
        if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 19):
            return queryset.none()
        return queryset.filter(report=wanted)


class OfHospital(OfOne):
    """Of one hospital, by the name that reports give."""

    title = _("hospital")
    parameter_name = "hospital"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Its results."""
        wanted = self.value()
        return queryset.filter(hospital=wanted) if wanted else queryset


@admin.register(Result)
class ResultAdmin(CoverSearch, PlaceColumn, ReadOnlyScopedAdmin):
    """Results, newest first."""

    list_display = (
        "claim", "cover_number", "person_name", "program", "period_code", "event_on", "hospital_link", "paid_shown", "due_shown",
        "difference_shown", "compared", "paid_on", "bank",
    )
    export_columns = (
        "claim_number", "cover_number", "enrollment__person__name", "program", "period_code", "place", "organization", "event_on",
        "hospital", "bill_number", "cost", "basic_paid", "others_paid", "paid", "due", "difference", "comparison", "why", "paid_on",
        "last_four", "bank_result", "report__reference", "applied_at", "undone_at",
    )
    sortable_by = ()
    list_filter = (
        "comparison", ByDifference, "program", "period", "paid_on", "bank_result", Standing, OfHospital, OfReport, "organization",
    )
    list_select_related = ("program", "period", "enrollment__person", "enrollment__program", "enrollment__period")
    search_fields = ("=claim_number",)
    search_help_text = _(
        "The insurer's claim number; or cover number, document number, mobile phone number, or a name or its beginning"
    )
    cover_path = "enrollment__"
    ordering = ("-id",)
    list_per_page = 50
    change_form_template = "results/result_page.html"
    fields = ("claim_number",)
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program", "period__program", "plan", "insurer", "organization", "report__organization", "decision__decided_by",
            "enrollment__person", "enrollment__program", "enrollment__period",
        )

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By claim number, exactly; else by whom it was for."""
        term = search_term.strip()
        found = queryset.filter(claim_number=term) if term else queryset.none()
        return (found, False) if term and found.exists() else super().get_search_results(request, queryset, search_term)

    @display(description=_("claim number"), ordering="id")
    def claim(self, result: Result) -> str:
        """The insurer's."""
        return result.claim_number

    @display(description=_("cover number"))
    def cover_number(self, result: Result) -> str:
        """保障凭证号."""
        return result.enrollment.number

    @display(description=_("name"))
    def person_name(self, result: Result) -> str:
        """Masked."""
        return str(result.enrollment.person.name)

    @display(description=_("period"))
    def period_code(self, result: Result) -> str:
        """The program year."""
        return result.period.code

    @display(description=_("hospital"))
    def hospital_link(self, result: Result) -> SafeString | str:
        """With the way to all of it."""
        if not result.hospital:
            return "—"
        return format_html('<a href="?{}">{}</a>', urlencode({"hospital": result.hospital}), result.hospital)

    @display(description=_("paid (yuan)"))
    def paid_shown(self, result: Result) -> str:
        """Yuan."""
        return shown(result.paid)

    @display(description=_("by our calculation (yuan)"))
    def due_shown(self, result: Result) -> str:
        """Yuan."""
        return shown(result.due)

    @display(description=_("difference (yuan)"))
    def difference_shown(self, result: Result) -> str:
        """With its sign."""
        return signed(result.difference)

    @display(description=_("compared with ours"))
    def compared(self, result: Result) -> SafeString:
        """As a badge."""
        if result.undone_at is not None:
            return badge(_t("Undone"), "calm")
        return badge(result.get_comparison_display(), TONES[Comparison(result.comparison)])

    @display(description=_("bank result"))
    def bank(self, result: Result) -> str:
        """What the bank said."""
        return str(result.get_bank_result_display()) or "—"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The result's page: what was paid, what our calculation gives, step by step."""
        result = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if result is not None:
            context = {**page_of(result, by=request.user), "title": result.claim_number}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})


def page_of(result: Result, *, by: Any) -> dict[str, Any]:
    """Facts, the calculation, and the way back to the line."""
    row = ReportRow.objects.select_related("file").filter(pk=result.row_id).first()
    one = decided_one(result.report, row_id=result.row_id, cover=result.enrollment_id) if row is not None else None
    cover_seen = Enrollment.objects.visible_to(by, "beneficiaries.view_enrollment").filter(pk=result.enrollment_id).exists()
    report_seen = Report.objects.visible_to(by, "results.view_report").filter(pk=result.report_id).exists()
    return {
        "result": result, "one": one,
        "badge": badge(result.get_comparison_display(), TONES[Comparison(result.comparison)]),
        "undone": badge(_t("Undone"), "bad") if result.undone_at is not None else "",
        "cover_url": reverse("admin:beneficiaries_enrollment_change", args=[result.enrollment_id]) if cover_seen else "",
        "facts": facts_of(result, row),
        "changed": one is not None and (one.due != result.due or one.why != result.why),
        "origin": _t("Report %(reference)s of %(insurer)s, %(file)s line %(line)s") % {
            "reference": result.report.reference, "insurer": result.insurer.name, "file": row.file.name if row else "",
            "line": " ".join(part for part in (row.sheet, str(row.line)) if part) if row else "",
        },
        "origin_url": (
            f"{reverse('admin:results_report_change', args=[result.report_id])}?row={result.row_id}#row-{result.row_id}"
            if report_seen else ""
        ),
    }


def facts_of(result: Result, row: ReportRow | None) -> list[tuple[str, Any]]:
    """What the report says."""
    decided = result.decision
    return [
        (_t("claim number"), result.claim_number), (_t("insurer"), result.insurer.name),
        (_t("program"), result.program.name), (_t("plan"), str(result.plan)), (_t("period"), result.period.code),
        (_t("office"), result.organization.name), (_t("day of the event"), result.event_on), (_t("hospital"), result.hospital),
        (_t("diagnosis"), str(result.diagnosis) if result.diagnosis is not None else ""),
        (_t("number of the bill"), result.bill_number),
        (_t("total cost (yuan)"), shown(result.cost)), (_t("paid by basic insurance (yuan)"), shown(result.basic_paid)),
        (_t("paid by others (yuan)"), shown(result.others_paid)), (_t("paid (yuan)"), shown(result.paid)),
        (_t("day of payment"), result.paid_on), (_t("account's last four digits"), result.last_four),
        (_t("bank result"), result.get_bank_result_display()),
        (_t("recorded at"), f"{timezone.localtime(result.applied_at):%Y-%m-%d %H:%M}"),
        *([(_t("undone at"), f"{timezone.localtime(result.undone_at):%Y-%m-%d %H:%M}")] if result.undone_at else []),
        *([
            (_t("was held, recorded by decision"), _t("%(who)s: %(reason)s") % {
                "who": decided.decided_by.get_full_name(), "reason": decided.reason,
            }),
        ] if decided is not None else []),
    ]

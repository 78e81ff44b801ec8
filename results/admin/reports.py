"""Reports of payouts in the admin: uploaded, recalculated, looked at, approved by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.admin.places import PlaceColumn
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import holds
from audit.exporting import ExportColumn
from intake.findings import Verdict
from intake.models import ONCE_APPLIED, State
from intake.pages import Cell, ImportPages, blank_workbook, of_its_office, rows
from intake.pages.buttons import BUTTON_STATES, BUTTONS
from programs.benefit_terms import terms_of_program
from results import actions, summary
from results.actions.reports import APPROVE, DESK, UPLOAD
from results.admin import undoing
from results.admin.deciding import DecidingPages
from results.admin.forms import ProgramForm, ReportForm, TotalsForm
from results.columns import columns_of
from results.models import Comparison, Recalculation, Report, ReportRow, Result
from results.one import decided_one
from results.template import totals, totals_agree

SUBMIT, DOWNLOAD = "results.submit_report", "results.download_report_rows"


@admin.register(Report)
class ReportAdmin(DecidingPages, undoing.UndoPages, PlaceColumn, ImportPages, ReadOnlyScopedAdmin):
    """Reports, newest first."""

    list_display = (
        "number", "program", "insurer", "reference", "organization", "place", "standing", "lines", "paid_sum", "different", "held",
        "uploader", "uploaded_at",
    )
    export_columns = (
        "number", "program", "insurer", "reference", "organization", "region_code", "state", "control_lines", "control_amount",
        ExportColumn("paid_sum", _("paid (yuan)"), lambda report: yuan_of(report, "sum")),
        ExportColumn("different", _("different lines"), lambda report: different_of(report)),
        ExportColumn("held", _("held (yuan)"), lambda report: yuan_of(report, "held")), "uploader", "uploaded_at", "submitted_at",
        "decided_at", "applied_at",
    )
    list_filter = ("state", "program", "insurer", "organization", "uploaded_at")
    list_select_related = ("program", "insurer", "organization", "uploaded_by")
    search_fields = ("=reference", "=id")
    search_help_text = _("Report number")
    ordering = ("-id",)
    list_per_page = 50
    change_form_template = "results/report_page.html"
    desk = DESK
    last_step = _("Record")
    verdict_words: ClassVar[Mapping[Verdict, Any]] = {Verdict.NEW: _("To be recorded"), Verdict.DOUBTFUL: _("Held")}
    actions_list = ("upload", "blank_template")
    actions_detail = (*BUTTONS, "decide", "confirm_totals", *undoing.BUTTONS, "refused_rows", "withdraw", "line")
    button_states: ClassVar[dict[str, tuple[State, ...]]] = {
        **BUTTON_STATES, **undoing.BUTTON_STATES, "decide": (State.REVIEW,), "confirm_totals": (State.SUBMITTED,),
    }

    has_reading_permission = holds("results.view_report")
    has_upload_permission = holds(UPLOAD)
    has_submit_permission = holds(SUBMIT)
    has_approve_permission = holds(APPROVE)
    has_mend_permission = holds(UPLOAD)
    has_decide_permission = holds(SUBMIT)
    has_confirm_permission = holds(SUBMIT)
    has_download_permission = holds(DOWNLOAD, also=of_its_office(Report, DOWNLOAD))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program", "insurer", "organization", "uploaded_by", "submitted_by", "decided_by", "undo_asked_by", "undo_decided_by",
            "totals_by",
        )

    def offers(self, name: str, subject: Report, request: HttpRequest) -> bool:
        """Lines are decided while some are held; totals are confirmed where they differ, by who may approve."""
        if name == "line" or not super().offers(name, subject, request):
            # Reached from the lines themselves.
            return False
        if name == "decide":
            return bool(subject.verdict_count(Verdict.DOUBTFUL))
        if name == "confirm_totals":
            others = request.user.pk not in (subject.uploaded_by_id, subject.submitted_by_id)
            return others and not totals_agree(subject) and not is_confirmed(subject, request.user)
        return undoing.offers(name, subject, request) if name in undoing.BUTTONS else True

    def page_context(self, subject: Report, request: HttpRequest) -> dict[str, Any]:
        """With what was recalculated and what was decided."""
        return {
            **super().page_context(subject, request), **summary.context_of(subject), "decisions": self.decisions_of(subject),
            "results_url": results_of(subject) if subject.state in ONCE_APPLIED else "",
        }

    @display(description=_("paid (yuan)"))
    def paid_sum(self, report: Report) -> str:
        """Yuan of all lines."""
        return shown(yuan_of(report, "sum"))

    @display(description=_("different lines"))
    def different(self, report: Report) -> str:
        """Lines that are not what our calculation gives."""
        number = different_of(report)
        return "—" if number is None else f"{number:,}"

    @display(description=_("held (yuan)"))
    def held(self, report: Report) -> str:
        """Yuan of held lines."""
        return shown(yuan_of(report, "held"))

    def heads(self, subject: Report) -> list[str]:
        """What stands below the title besides the office."""
        return [subject.program.name, subject.insurer.name, subject.reference]

    def facts(self, subject: Report) -> list[tuple[str, Any]]:
        """What the report is."""
        return [
            (_t("program"), subject.program.name), (_t("insurer"), subject.insurer.name), (_t("report number"), subject.reference),
            *super().facts(subject),
        ]

    def summary(self, subject: Report) -> list[tuple[str, Any]]:
        """What the insurer says, what is to be recorded, what is held, what is refused."""
        money = subject.money
        found = [(_t("by the insurer"), in_words(subject.control_lines, subject.control_amount))]
        if not money:
            return found
        if not totals_agree(subject):
            found.append((_t("lines of the file"), in_words(money["lines"], Decimal(money["sum"]))))
        if subject.totals_by is not None:
            words = _t("%(who)s: %(reason)s") % {"who": subject.totals_by.display_name, "reason": subject.totals_reason}
            found.append((_t("other totals confirmed"), words))
        found.append((_t("to be recorded"), in_words(money["rows"], Decimal(money["amount"]))))
        if money["held_rows"]:
            found.append((_t("held"), in_words(money["held_rows"], Decimal(money["held"]))))
        if money["refused_rows"]:
            found.append((_t("refused"), in_words(money["refused_rows"], Decimal(money["refused"]))))
        for code, label in (("DECIDED_ACCEPTED", _t("recorded by decision")), ("DECIDED_AGAINST", _t("left out by decision"))):
            if number := subject.counts.get("codes", {}).get(code):
                found.append((label, f"{number:,}"))
        if subject.state in ONCE_APPLIED:
            found.append((_t("payout results"), format_html('<a href="{}">{}</a>', results_of(subject), _t("See the list"))))
        return found

    def confirm_facts(self, subject: Report) -> list[tuple[str, Any]]:
        """What a confirm page says: which report, counts and sums, what the comparison found."""
        compared = [
            (line.label, in_words(line.lines, line.paid)) for line in summary.outcomes(subject)
        ] if subject.money else []
        return [
            (_t("program"), subject.program.name), (_t("insurer"), subject.insurer.name), (_t("report number"), subject.reference),
            *super().confirm_facts(subject), *compared,
        ]

    def approval_sentence(self, subject: Report) -> str:
        """What the click does."""
        return _t(
            "Each line that is to be recorded becomes a result of its cover, equal or different as it was found, and counts "
            "towards its limits. Held and refused lines stay out."
        )

    def approval_warnings(self, subject: Report) -> list[str]:
        """What an approver should know first."""
        found = super().approval_warnings(subject)
        different = subject.money.get("comparison", {}).get(Comparison.DIFFERENT.value)
        if different:
            found.append(
                _t("%(lines)s lines differ from our calculation: %(above)s yuan above it, %(below)s yuan below.")
                % {"lines": f"{different[0]:,}", "above": f"{Decimal(different[3]):,.2f}", "below": f"{Decimal(different[4]):,.2f}"}
            )
        if not totals_agree(subject) and subject.money:
            found.append(_t("The lines come to %(ours)s, the insurer says %(theirs)s.") % totals(subject))
        return found

    def cells_of(self, subject: Report, page: Sequence[Any]) -> dict[int, list[Cell]]:
        """What a line says, and what our calculation gives; personal values masked."""
        found = Recalculation.objects.filter(row_id__in=[row.pk for row in page]).in_bulk()
        return {row.pk: _cells(row, found.get(row.pk)) for row in page}

    def outcomes_of(self, subject: Report, page: Sequence[Any], request: HttpRequest) -> dict[int, str]:
        """The result of each line that was recorded, for a reader who sees it."""
        if subject.state not in ONCE_APPLIED or not request.user.has_perm("results.view_result"):
            return {}
        seen = Result.objects.visible_to(request.user, "results.view_result").filter(row_id__in=[row.pk for row in page])
        return {row: reverse("admin:results_result_change", args=[pk]) for row, pk in seen.values_list("row_id", "pk")}

    @action(description=_("New report"), url_path="upload", permissions=["upload"], icon="upload_file")
    def upload(self, request: HttpRequest) -> HttpResponse:
        """Take in a file."""
        posted = request.method == "POST"

        def run(given: dict[str, Any]) -> HttpResponse:
            files = [(file.name, file) for file in given.pop("file")]
            report = actions.upload_report(files, **given)
            return self.see(request, report, _t("The file has been received and is being checked."))

        return self.button_page(
            request, title=_t("New report"), button=_t("Upload"), run=run,
            form=ReportForm(request.POST if posted else None, request.FILES if posted else None, by=request.user),
            sentence=_t(
                "What an insurer has paid. Each line is found in the covers of the program and calculated by its plan; nothing is "
                "recorded before another person approves it."
            ),
        )

    @action(description=_("Blank template"), url_path="template", permissions=["upload"], icon="table_view")
    def blank_template(self, request: HttpRequest) -> HttpResponse:
        """The layout of a program's reports as a workbook."""

        def run(given: dict[str, Any]) -> HttpResponse:
            columns = columns_of(terms_of_program(given["program"].pk).values())
            return blank_workbook(columns, f"payouts-{given['program'].code}.xlsx")

        return self.button_page(
            request, title=_t("Blank template"), button=_t("Download"), run=run,
            form=ProgramForm(request.POST if request.method == "POST" else None, by=request.user),
            sentence=_t("The columns of responsibilities and of kinds of expenses are those of the program's plans."),
        )

    @action(description=_("Confirm the totals"), url_path="totals", permissions=["approve"], icon="calculate")
    def confirm_totals(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Accept another count or sum than the insurer's, with a reason."""
        report = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.confirm_totals(report, **given)
            return _t("The totals are confirmed; the report can be approved now.")

        return self.button_page(
            request, title=_t("Confirm the totals"), button=_t("Confirm"), subject=report, run=run,
            form=TotalsForm(request.POST if request.method == "POST" else None, initial={"digest": report.digest}),
            sentence=_t("Lines may be missing or too many. Your reason is kept with the report; you then approve it."),
            facts=[(_t("lines of the file"), totals(report)["ours"]), (_t("by the insurer"), totals(report)["theirs"])],
        )

    @action(description=_("Calculation of a line"), url_path="line", permissions=["reading"], icon="calculate")
    def line(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One line, which the address names, decided by itself with every step."""
        report = self.visible_or_404(request, object_id)
        wanted = rows.shown(request.GET).only
        row = ReportRow.objects.filter(report=report, pk__in=wanted[:1]).first()
        if row is None:
            # The report's page names its lines.
            return HttpResponseRedirect(reverse("admin:results_report_change", args=[report.pk]))
        one = decided_one(report, row_id=row.pk, cover=row.enrollment_id) if row.enrollment_id is not None else None
        return render(request, "results/line_page.html", {
            **self.admin_site.each_context(request), "opts": self.opts, "title": row.claim_number or _t("Calculation of a line"),
            "report": report, "row": row, "one": one,
            "facts": [(cell.label, cell.value) for cell in _cells(row, Recalculation.objects.filter(row_id=row.pk).first())],
            "back_url": f"{reverse('admin:results_report_change', args=[report.pk])}?row={row.pk}#row-{row.pk}",
        })


def _cells(row: Any, found: Recalculation | None) -> list[Cell]:
    if found is None:
        compared = ""
    elif found.comparison == Comparison.NOT_COMPUTABLE:
        compared = _t("%(comparison)s: %(why)s") % {
            "comparison": found.get_comparison_display(), "why": found.get_why_display(),
        }
    else:
        compared = str(found.get_comparison_display())
    return [
        Cell(_t("claim number"), row.claim_number or "", "pp-number pp-wraps"),
        Cell(_t("cover or document number"), row.number or str(row.document or ""), "pp-number pp-wraps"),
        Cell(_t("name"), str(row.name or "")), Cell(_t("day of the event"), str(row.event_on or "")),
        Cell(_t("hospital"), row.hospital or "", "pp-wraps"), Cell(_t("paid (yuan)"), shown(row.paid), "pp-right"),
        Cell(_t("by our calculation (yuan)"), shown(found.due if found is not None else None), "pp-right"),
        Cell(_t("difference (yuan)"), signed(found.difference if found is not None else None), "pp-right"),
        Cell(_t("compared with ours"), compared),
    ]


def results_of(report: Report) -> str:
    """The list of a report's results."""
    return f"{reverse('admin:results_result_changelist')}?report={report.pk}"


def is_confirmed(report: Report, user: Any) -> bool:
    """Whether this reader has confirmed the totals as they stand."""
    return report.totals_digest == report.digest and report.totals_by_id == user.pk


def yuan_of(report: Report, name: str) -> Decimal | None:
    """A sum of a checked report."""
    return Decimal(report.money.get(name, "0.00")) if report.money else None


def different_of(report: Report) -> int | None:
    """Lines that differ, of a checked report."""
    if not report.money:
        return None
    return int(report.money.get("comparison", {}).get(Comparison.DIFFERENT.value, [0])[0])


def shown(amount: Decimal | None) -> str:
    """Yuan, or a dash."""
    return f"{amount:,.2f}" if amount is not None else "—"


def signed(amount: Decimal | None) -> str:
    """Yuan with their sign, or a dash."""
    return "—" if amount is None else f"{amount:+,.2f}" if amount else "0.00"


def in_words(lines: int, amount: Decimal) -> str:
    """Lines and yuan."""
    return _t("%(lines)s lines, %(amount)s yuan") % {"lines": f"{lines:,}", "amount": f"{amount:,.2f}"}

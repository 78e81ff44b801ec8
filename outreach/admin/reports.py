"""Delivery reports in the admin: the pages of any import, with what their lines say of which message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import holds
from intake.findings import Verdict
from intake.pages import Cell, ImportPages, blank_workbook
from outreach.actions import REPORTS
from outreach.composing import reference_of
from outreach.models import DeliveryReport, Outcome
from outreach.reporting import template_of


@admin.register(DeliveryReport)
class DeliveryReportAdmin(ImportPages, ReadOnlyScopedAdmin):
    """Reports, newest first."""

    list_display = (
        "number", "message_number", "program", "organization", "standing", "lines", "refused_count", "uploader", "uploaded_at",
    )
    export_columns = (
        "number", "message_number", "program", "organization", "state", "row_count", "uploader", "uploaded_at", "submitted_at",
        "decided_at", "applied_at",
    )
    list_filter = ("state", "program", "organization", "sending", "uploaded_at")
    list_select_related = ("program", "organization", "uploaded_by")
    search_fields = ("=id",)
    search_help_text = _("Number of a delivery report")
    ordering = ("-id",)
    list_per_page = 50
    change_form_template = "intake/import_page.html"
    desk = REPORTS
    last_step = _("Results")
    verdict_words = {
        Verdict.NEW: _("To be kept"), Verdict.UNCHANGED: _("Not known"), Verdict.COVERED: _("Reported before"),
        Verdict.DOUBTFUL: _("Held"),
    }
    actions_list = ("blank_template",)

    has_upload_permission = holds("outreach.upload_report")
    has_submit_permission = holds("outreach.submit_report")
    has_approve_permission = holds("outreach.approve_report")
    has_mend_permission = holds("outreach.upload_report")
    has_confirm_permission = holds("outreach.submit_report")
    has_download_permission = holds("outreach.download_report_rows")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program", "organization", "sending__period__program", "uploaded_by", "submitted_by", "decided_by",
        )

    @display(description=_("message"))
    def message_number(self, report: DeliveryReport) -> str:
        """Whose messages it speaks of."""
        return f"#{report.sending_id}"

    def heads(self, subject: DeliveryReport) -> list[str]:
        """What stands below the title."""
        return [subject.program.name, _t("Message %(number)s") % {"number": subject.sending_id}]

    def facts(self, subject: DeliveryReport) -> list[tuple[str, Any]]:
        """What the report is of."""
        return [
            (_t("message"), f"#{subject.sending_id} {subject.sending.get_topic_display()}"),
            (_t("lines by the gateway"), f"{subject.control_lines:,}"), *super().facts(subject),
        ]

    def summary(self, subject: DeliveryReport) -> list[tuple[str, Any]]:
        """Messages of both outcomes, and those that stay unknown."""
        return [
            (_t("delivered"), f"{subject.money.get(Outcome.DELIVERED.value, 0):,}"),
            (_t("not delivered"), f"{subject.money.get(Outcome.FAILED.value, 0):,}"),
            (_t("not known"), f"{subject.verdict_count(Verdict.UNCHANGED):,}"),
        ]

    def cells_of(self, subject: DeliveryReport, page: Sequence[Any]) -> dict[int, list[Cell]]:
        """The message, what became of it, the reason."""
        return {
            row.pk: [
                Cell(
                    _t("our reference"), reference_of(subject.sending, row.number) if row.number is not None else "—", "pp-number"
                ),
                Cell(_t("what became of it"), str(Outcome(row.outcome).label) if row.outcome else "—"),
                Cell(_t("why it failed"), row.failure or "—"),
            ]
            for row in page
        }

    def confirm_facts(self, subject: DeliveryReport) -> list[tuple[str, Any]]:
        """Counts; what is not kept stays out."""
        kept = subject.verdict_count(Verdict.NEW)
        return [
            (_t("office"), subject.organization.name), (_t("message"), f"#{subject.sending_id}"), *self.summary(subject),
            (_t("rows that stay out"), f"{subject.row_count - kept:,}"),
        ]

    def approval_sentence(self, subject: DeliveryReport) -> str:
        """What the click does."""
        return _t(
            "What became of each message is kept with everybody whom it spoke for. Whoever was not reached joins the lists of "
            "their villages. A report cannot be undone."
        )

    @action(description=_("Blank template"), url_path="template", permissions=["upload"], icon="table_view")
    def blank_template(self, request: HttpRequest) -> HttpResponse:
        """The layout as a workbook."""
        return blank_workbook(template_of().columns, "delivery-report-template.xlsx")

"""Receipts in the admin: the pages of any import, with what their lines answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import holds
from beneficiaries.models import Enrollment
from handover.actions import DESK
from handover.answers import RECEIPT
from handover.models import Answer, Receipt
from intake.findings import Verdict
from intake.pages import Cell, ImportPages, blank_workbook


@admin.register(Receipt)
class ReceiptAdmin(ImportPages, ReadOnlyScopedAdmin):
    """Receipts, newest first."""

    list_display = (
        "number", "hand_over_number", "program", "organization", "standing", "lines", "refused_count", "uploader", "uploaded_at",
    )
    export_columns = (
        "number", "hand_over_number", "program", "organization", "state", "row_count", "uploader", "uploaded_at", "submitted_at",
        "decided_at", "applied_at",
    )
    list_filter = ("state", "program", "organization", "hand_over", "uploaded_at")
    list_select_related = ("program", "organization", "uploaded_by")
    search_fields = ("=id",)
    search_help_text = _("Number of a receipt")
    ordering = ("-id",)
    list_per_page = 50
    change_form_template = "intake/import_page.html"
    desk = DESK
    last_step = _("Answers")
    verdict_words = {
        Verdict.NEW: _("Answers its line"), Verdict.COVERED: _("Answered before"), Verdict.DOUBTFUL: _("Held"),
    }
    actions_list = ("blank_template",)

    has_upload_permission = holds("handover.upload_receipt")
    has_submit_permission = holds("handover.submit_receipt")
    has_approve_permission = holds("handover.approve_receipt")
    has_mend_permission = holds("handover.upload_receipt")
    has_confirm_permission = holds("handover.submit_receipt")
    has_download_permission = holds("handover.download_refused_receipt_rows")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program", "organization", "hand_over__insurer", "hand_over__period", "uploaded_by", "submitted_by", "decided_by",
        )

    @display(description=_("hand-over"))
    def hand_over_number(self, receipt: Receipt) -> str:
        """What it answers."""
        return f"#{receipt.hand_over_id}"

    def heads(self, subject: Receipt) -> list[str]:
        """What stands below the title."""
        return [subject.hand_over.insurer.name, _t("Hand-over %(number)s") % {"number": subject.hand_over_id}]

    def facts(self, subject: Receipt) -> list[tuple[str, Any]]:
        """What the receipt answers."""
        return [
            (_t("hand-over"), f"#{subject.hand_over_id}"), (_t("insurer"), subject.hand_over.insurer.name), *super().facts(subject),
        ]

    def summary(self, subject: Receipt) -> list[tuple[str, Any]]:
        """People and yuan of both answers."""
        found = []
        for answer, people, yuan in (
            (Answer.ACCEPTED, _t("accepted by the insurer"), _t("accepted premium (yuan)")),
            (Answer.REFUSED, _t("refused by the insurer"), _t("refused premium (yuan)")),
        ):
            number, premium = subject.money.get(answer.value, [0, "0.00"])
            found += [(people, f"{number:,}"), (yuan, premium)]
        return found

    def cells_of(self, subject: Receipt, page: Sequence[Any]) -> dict[int, list[Cell]]:
        """The cover, the answer, the policy or the reason."""
        covers = Enrollment.objects.select_related("program", "period").in_bulk(
            [row.enrollment_id for row in page if row.line_id is not None]
        )
        return {
            row.pk: [
                Cell(_t("cover number"), covers[row.enrollment_id].number if row.enrollment_id in covers else "—"),
                Cell(_t("answer"), str(Answer(row.answer).label) if row.answer else "—"),
                Cell(_t("insurer's policy"), row.policy_number or "—"),
                Cell(_t("why the insurer refused"), row.refusal or "—"),
            ]
            for row in page
        }

    def outcomes_of(self, subject: Receipt, page: Sequence[Any], request: HttpRequest) -> dict[int, str]:
        """The covers that were answered."""
        if subject.applied_at is None or not request.user.has_perm("beneficiaries.view_enrollment"):
            return {}
        return {
            row.pk: reverse("admin:beneficiaries_enrollment_change", args=[row.enrollment_id])
            for row in page if row.verdict == Verdict.NEW and not row.set_aside
        }

    def approval_sentence(self, subject: Receipt) -> str:
        """What the click does."""
        return _t(
            "Accepted people come into force under their policy numbers. Refused people are taken out with the reason, "
            "and what their cover would have cost goes back to each payer. A receipt cannot be undone."
        )

    @action(description=_("Blank template"), url_path="template", permissions=["upload"], icon="table_view")
    def blank_template(self, request: HttpRequest) -> HttpResponse:
        """The common layout as a workbook."""
        return blank_workbook(RECEIPT.columns, "receipt-template.xlsx")

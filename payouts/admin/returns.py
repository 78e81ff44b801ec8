"""Returned files in the admin: the pages of any import, with what their lines say."""

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
from intake.findings import Verdict
from intake.pages import Cell, ImportPages, blank_workbook
from payouts.actions import RETURNS
from payouts.models import BankReturn, FailureCode, Outcome
from payouts.models.batch import REFERENCE
from payouts.returns import RETURN


@admin.register(BankReturn)
class BankReturnAdmin(ImportPages, ReadOnlyScopedAdmin):
    """Returned files, newest first."""

    list_display = (
        "number", "batch_number", "program", "organization", "standing", "lines", "refused_count", "uploader", "uploaded_at",
    )
    export_columns = (
        "number", "batch_number", "program", "organization", "state", "row_count", "control_lines", "control_amount", "uploader",
        "uploaded_at", "submitted_at", "decided_at", "applied_at",
    )
    list_filter = ("state", "program", "organization", "batch", "uploaded_at")
    list_select_related = ("program", "organization", "uploaded_by")
    search_fields = ("=id",)
    search_help_text = _("Number of a returned file")
    ordering = ("-id",)
    list_per_page = 50
    change_form_template = "intake/import_page.html"
    desk = RETURNS
    last_step = _("Results of the bank")
    verdict_words = {
        Verdict.NEW: _("New result"), Verdict.COVERED: _("Known already"), Verdict.DOUBTFUL: _("Held"),
    }
    actions_list = ("blank_template",)

    has_upload_permission = holds("payouts.upload_bankreturn")
    has_submit_permission = holds("payouts.submit_bankreturn")
    has_approve_permission = holds("payouts.approve_bankreturn")
    has_mend_permission = holds("payouts.upload_bankreturn")
    has_confirm_permission = holds("payouts.submit_bankreturn")
    has_download_permission = holds("payouts.download_bankreturn_rows")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program", "organization", "batch", "uploaded_by", "submitted_by", "decided_by"
        )

    @display(description=_("payout batch"))
    def batch_number(self, bank_return: BankReturn) -> str:
        """What it speaks of."""
        return REFERENCE.format(bank_return.batch_id)

    def heads(self, subject: BankReturn) -> list[str]:
        """What stands below the title."""
        return [_t("Payout batch %(number)s") % {"number": REFERENCE.format(subject.batch_id)}]

    def facts(self, subject: BankReturn) -> list[tuple[str, Any]]:
        """What the bank says of the whole."""
        return [
            (_t("payout batch"), REFERENCE.format(subject.batch_id)), (_t("lines by the bank"), f"{subject.control_lines:,}"),
            (_t("sum by the bank (yuan)"), f"{subject.control_amount:,.2f}"), *super().facts(subject),
        ]

    def summary(self, subject: BankReturn) -> list[tuple[str, Any]]:
        """Payouts and yuan of each result."""
        found: list[tuple[str, Any]] = []
        for outcome in Outcome:
            number, amount = subject.money.get(outcome.value, [0, "0.00"])
            found += [(str(outcome.label), f"{number:,}"), (_t("%(result)s (yuan)") % {"result": outcome.label}, amount)]
        return found

    def cells_of(self, subject: BankReturn, page: Sequence[Any]) -> dict[int, list[Cell]]:
        """Payout, result, reason, amount, day."""
        return {
            row.pk: [
                Cell(_t("line of the batch"), f"{row.number:,}" if row.number is not None else "—"),
                Cell(_t("result"), str(Outcome(row.outcome).label) if row.outcome else "—"),
                Cell(_t("why it failed"), str(FailureCode(row.code).label) if row.code else "—"),
                Cell(_t("amount (yuan)"), f"{row.amount:,.2f}" if row.amount is not None else "—"),
                Cell(_t("day"), f"{row.settled_on:%Y-%m-%d}" if row.settled_on else "—"),
            ]
            for row in page
        }

    def outcomes_of(self, subject: BankReturn, page: Sequence[Any], request: HttpRequest) -> dict[int, str]:
        """The batch whose lines were answered."""
        if subject.applied_at is None:
            return {}
        address = reverse("admin:payouts_batch_change", args=[subject.batch_id])
        return {row.pk: address for row in page if row.verdict == Verdict.NEW and not row.set_aside}

    def approval_sentence(self, subject: BankReturn) -> str:
        """What the click does."""
        return _t(
            "Paid amounts are booked and their claims are paid. Failed ones are owed again with a corrected account only; "
            "what came "
            "back after payment is booked back. Lines that are held change nothing. A returned file cannot be undone."
        )

    @action(description=_("Blank template"), url_path="template", permissions=["upload"], icon="table_view")
    def blank_template(self, request: HttpRequest) -> HttpResponse:
        """The common layout as a workbook."""
        return blank_workbook(RETURN.columns, "bank-return-template.xlsx")

"""Payout lines in the admin: who is paid what by which batch, and what the bank said; names and accounts masked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.places import PlaceColumn
from audit.admin import ReadOnlyScopedAdmin
from payouts.models import BatchLine, LineState
from payouts.models.batch import REFERENCE

TONES = {
    LineState.OPEN: "wait", LineState.PAID: "good", LineState.FAILED: "bad", LineState.RETURNED: "bad", LineState.OUT: "calm",
}
_PAGES = ("changelist", "export_list")
#: As the database keeps numbers of batches and lines.
_NUMBER = re.compile(r"[0-9]{1,9}")


@admin.register(BatchLine)
class BatchLineAdmin(PlaceColumn, ReadOnlyScopedAdmin):
    """Lines in the order of their batches."""

    list_display = (
        "line_key", "payee_name", "payee_account", "bank", "place", "amount", "standing", "code", "settled_on", "returned_on",
    )
    export_columns = (
        "line_key", "payable__payee_name", "payable__payee_account", "payable__bank_name", "place", "amount", "is_test", "state",
        "code", "settled_on", "returned_on",
    )
    list_filter = ("state", "code", "in_bank", "is_test", "batch")
    list_select_related = ("batch", "payable")
    search_fields = ("=batch__id",)
    search_help_text = _("Payout number or batch number")
    sortable_by = ()
    ordering = ("-batch_id", "-number")
    list_display_links = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("batch", "payable")

    def get_ordering(self, request: HttpRequest) -> Sequence[str]:
        """One batch from its first line on; of all batches the newest first."""
        return ("batch_id", "number") if request.GET.get("batch__id__exact") else self.ordering

    def get_urls(self) -> list[Any]:
        """A list: what is behind a line is its claim's page and its batch's."""
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        return [each for each in super().get_urls() if str(each.name or "").removeprefix(prefix) in _PAGES]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By payout number or batch number, exactly."""
        term = search_term.strip().upper()
        if not term:
            return queryset, False
        batch, _dash, line = term.removeprefix("P").partition("-")
        if not _NUMBER.fullmatch(batch) or (line and not _NUMBER.fullmatch(line)):
            return queryset.none(), False
        found = queryset.filter(batch_id=int(batch))
        return found.filter(number=int(line)) if line else found, False

    @display(description=_("payout number"))
    def line_key(self, line: BatchLine) -> SafeString:
        """With the way to the batch."""
        address = reverse("admin:payouts_batch_change", args=[line.batch_id])
        number = format_html('<a href="{}">{}</a>-{}', address, REFERENCE.format(line.batch_id), f"{line.number:06d}")
        return format_html("{} · {}", number, _t("verifies the account")) if line.is_test else number

    @display(description=_("payee"))
    def payee_name(self, line: BatchLine) -> str:
        """Masked."""
        return str(line.payable.payee_name or "—")

    @display(description=_("account number"))
    def payee_account(self, line: BatchLine) -> str:
        """Masked."""
        return str(line.payable.payee_account or "—")

    @display(description=_("bank"))
    def bank(self, line: BatchLine) -> str:
        """The payee's."""
        return line.payable.bank_name or "—"

    @display(description=_("state"))
    def standing(self, line: BatchLine) -> SafeString:
        """The state as a badge."""
        state = LineState(line.state)
        return render_to_string("portal/badge.html", {"text": state.label, "tone": TONES[state]})

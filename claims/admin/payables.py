"""What is owed: to be paid, on its way, paid, failed, asked back and what became of that."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from audit.exporting import ExportColumn
from claims.admin.office_list import OfficeList
from claims.admin.recoveries import ReclaimPages
from claims.admin.words import payee_in_words, standing_of, yuan
from claims.models import Claim, Payable, PayableKind, PayableState, number_in

TONES = {
    PayableState.OPEN: "work", PayableState.IN_PAYMENT: "wait", PayableState.PAID: "good", PayableState.FAILED: "bad",
    PayableState.CANCELLED: "calm",
}


@admin.register(Payable)
class PayableAdmin(ReclaimPages, OfficeList, ReadOnlyScopedAdmin):
    """Newest first."""

    list_display = (
        "claim_number", "program", "organization", "kind", "amount_shown", "open_shown", "payee_shown", "standing", "made_at",
        "paid_on",
    )
    export_columns = (
        "claim_number", "program", "organization",
        ExportColumn("region_code", _("region code"), lambda payable: payable.region_code),
        "kind", "amount", "received", "written_off", "payee_name", "payee_account", "bank_name", "state", "failure", "made_at",
        "paid_on",
    )
    list_filter = ("state", "kind", "program", "organization", "made_at")
    list_select_related = ("claim", "program", "organization")
    search_fields = ("=id",)
    search_help_text = _("Claim number")
    sortable_by = ("claim_number",)
    ordering = ("-id",)
    #: Of what claim and whose, whether or not its reader sees the claim itself.
    OWED = "claim_number", "program", "organization", "kind", "amount_shown"
    fields = (
        *OWED, "standing", "payee_name", "payee_account", "bank_name", "bank_code", "failure", "made_at", "paid_on",
    )
    readonly_fields = (*fields, "received_shown", "written_off_shown", "open_shown")
    actions_detail = ReclaimPages.of_reclaims

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("claim__organization", "program", "organization")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By the claim's number; without one, all."""
        if not search_term.strip():
            return queryset, False
        claim = number_in(search_term, "P")
        return queryset.filter(claim=claim or 0), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the way to its claim."""
        payable = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if payable is not None:
            context = {"title": payable.claim.number, "subtitle": payable.get_kind_display()}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def came_by(self, request: HttpRequest, obj: Payable) -> list[Any]:
        """Its claim, as far as its reader sees that."""
        return list(Claim.objects.visible_to(request.user, "claims.view_claim").filter(pk=obj.claim_id))

    def get_fields(self, request: HttpRequest, obj: Payable | None = None) -> Any:
        """Of an amount asked back what became of it, of a payout its payee."""
        if obj is not None and obj.kind == PayableKind.RECLAIM:
            return *self.OWED, "received_shown", "written_off_shown", "open_shown", "standing", "made_at", "paid_on"
        return self.fields

    @display(description=_("claim number"), ordering="id")
    def claim_number(self, payable: Payable) -> str:
        """赔案号."""
        return payable.claim.number

    @display(description=_("amount (yuan)"))
    def amount_shown(self, payable: Payable) -> str:
        """Yuan."""
        return yuan(payable.amount)

    @display(description=_("received back (yuan)"))
    def received_shown(self, payable: Payable) -> str:
        """Yuan, as confirmed."""
        return yuan(payable.received)

    @display(description=_("written off (yuan)"))
    def written_off_shown(self, payable: Payable) -> str:
        """Yuan, as confirmed."""
        return yuan(payable.written_off)

    @display(description=_("still asked back (yuan)"))
    def open_shown(self, payable: Payable) -> str:
        """Of what is asked back."""
        return yuan(payable.unsettled) if payable.kind == PayableKind.RECLAIM and payable.state == PayableState.OPEN else ""

    @display(description=_("payee"))
    def payee_shown(self, payable: Payable) -> str:
        """Masked."""
        return payee_in_words(payable)

    @display(description=_("state"))
    def standing(self, payable: Payable) -> SafeString:
        """As a badge."""
        return badge(standing_of(payable), TONES[PayableState(payable.state)])

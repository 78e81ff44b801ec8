"""Own payments in the admin: what came in, for how many, from whom."""

from __future__ import annotations

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

from audit.admin import ReadOnlyScopedAdmin
from gates.models import OwnPayment

TONES = {OwnPayment.State.RECORDING: "work", OwnPayment.State.RECORDED: "good"}


@admin.register(OwnPayment)
class OwnPaymentAdmin(ReadOnlyScopedAdmin):
    """Payments, newest first."""

    list_display = ("number", "program", "period_code", "reference", "paid_on", "payer", "people_shown", "amount_shown", "standing")
    export_columns = (
        "number", "program", "period_code", "organization", "reference", "paid_on", "payer", "people", "amount", "state",
        "left_people", "left_amount", "made_at",
    )
    list_filter = ("state", ("statement", admin.EmptyFieldListFilter), "program", "period", "organization", "paid_on")
    list_select_related = ("program", "period__program", "sponsor")
    search_fields = ("=reference",)
    search_help_text = _("Reference of a payment")
    sortable_by = ("number", "paid_on")
    ordering = ("-id",)
    fields = (
        "number", "program", "period_code", "organization", "reference", "paid_on", "payer", "people_shown", "amount_shown",
        "standing", "left_people", "left_amount", "of_statement", "recorded_by", "made_at",
    )
    readonly_fields = fields

    class Media:
        """Renews the page while its job runs."""

        js = ("jobs/refresh.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        found = super().get_queryset(request)
        return found.select_related("program", "period__program", "organization", "sponsor", "made_by", "statement")

    @display(description=_("no."), ordering="id")
    def number(self, payment: OwnPayment) -> str:
        """The payment's number."""
        return f"#{payment.pk}"

    @display(description=_("period"))
    def period_code(self, payment: OwnPayment) -> str:
        """The program year."""
        return payment.period.code

    @display(description=_("paid by"))
    def payer(self, payment: OwnPayment) -> str:
        """A sponsor, or the people themselves."""
        return payment.sponsor.name if payment.sponsor is not None else _t("the insured themselves")

    @display(description=_("people"))
    def people_shown(self, payment: OwnPayment) -> str:
        """On it."""
        return f"{payment.people:,}"

    @display(description=_("amount (yuan)"))
    def amount_shown(self, payment: OwnPayment) -> str:
        """Yuan."""
        return f"{payment.amount:,.2f}"

    @display(description=_("state"))
    def standing(self, payment: OwnPayment) -> SafeString:
        """The state as a badge."""
        return render_to_string(
            "portal/badge.html", {"text": payment.get_state_display(), "tone": TONES[OwnPayment.State(payment.state)]}
        )

    @display(description=_("collection statement"))
    def of_statement(self, payment: OwnPayment) -> str:
        """The file that said who paid."""
        if payment.statement_id is None:
            return ""
        address = reverse("admin:gates_statement_change", args=[payment.statement_id])
        return format_html('<a href="{}">{}</a>', address, str(payment.statement))

    @display(description=_("recorded by"))
    def recorded_by(self, payment: Any) -> str:
        """The name colleagues know."""
        return payment.made_by.get_full_name()

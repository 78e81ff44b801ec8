"""Enrolled and not shown to be paid: purchases whose payment no channel's statement has reported yet, to be gone through."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from audit.admin import ReadOnlyScopedAdmin
from audit.exporting import ExportColumn
from beneficiaries.models import Enrollment, Purchase
from beneficiaries.models.enrollment import EnrollmentState
from beneficiaries.models.payer import Way
from gates.models import Uncollected


class ByWay(admin.SimpleListFilter):
    """By whose money it is: the statement of that channel is looked for."""

    title = _("paid by way of")
    parameter_name = "way"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """As offices take it down; others said none."""
        return [*Way.choices, ("none", _("Not said"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Those."""
        wanted = self.value()
        if not wanted:
            return queryset
        return queryset.filter(payer__isnull=True) if wanted == "none" else queryset.filter(payer__way=wanted)


@admin.register(Uncollected)
class UncollectedAdmin(ReadOnlyScopedAdmin):
    """Payments that offices took down and no statement has shown, newest first."""

    list_display = (
        "number", "program", "period_code", "organization", "reference", "payment_reference", "paid_on", "way", "payer_name",
        "people_shown", "amount_shown", "waits",
    )
    export_columns = (
        "number", "program", "period_code", "organization", "reference", "payment_reference",
        ExportColumn("paid_on", _("paid on"), lambda purchase: paid_on(purchase)),
        ExportColumn("way", _("paid by way of"), lambda purchase: way_of(purchase)), "payer__name", "people", "own_share",
        ExportColumn("waits", _("days since"), lambda purchase: days_since(purchase)),
    )
    list_filter = ("program", "period", "organization", "channel", ByWay, "paid_at")
    list_select_related = ("program", "period", "period__program", "organization", "payer")
    search_fields = ("=reference", "=payment_reference", "=id")
    search_help_text = _("Number of the application or of the payment")
    sortable_by = ("number",)
    ordering = ("-id",)
    list_per_page = 50
    fields = (
        "number", "program", "period_code", "organization", "channel", "reference", "payment_reference", "paid_on", "way",
        "payer_name", "people_shown", "amount_shown", "waits", "covers", "follows",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("program", "period__program", "organization", "payer")

    @display(description=_("no."), ordering="id")
    def number(self, purchase: Uncollected) -> str:
        """Of the purchase."""
        return f"#{purchase.pk}"

    @display(description=_("period"))
    def period_code(self, purchase: Uncollected) -> str:
        """The program year."""
        return purchase.period.code

    @display(description=_("paid on"))
    def paid_on(self, purchase: Uncollected) -> Any:
        """As the office took it down."""
        return paid_on(purchase)

    @display(description=_("paid by way of"))
    def way(self, purchase: Uncollected) -> str:
        """Cash, personal medical account, sponsor."""
        return way_of(purchase) or "—"

    @display(description=_("payer of the family"))
    def payer_name(self, purchase: Uncollected) -> str:
        """Masked."""
        payer = getattr(purchase, "payer", None)
        return str(payer.name) if payer is not None else "—"

    @display(description=_("people"))
    def people_shown(self, purchase: Uncollected) -> str:
        """Insured by it."""
        return f"{purchase.people:,}"

    @display(description=_("amount (yuan)"))
    def amount_shown(self, purchase: Uncollected) -> str:
        """Yuan."""
        return f"{purchase.own_share:,.2f}"

    @display(description=_("days since"))
    def waits(self, purchase: Uncollected) -> int:
        """How long ago it was paid."""
        return days_since(purchase)

    @display(description=_("enrollments"))
    def covers(self, purchase: Uncollected) -> SafeString | str:
        """The covers of it, masked, without a way there: who works with money may see no enrollments."""
        found = _covers(purchase)[:20]
        return format_html_join(
            "、", "{} {} · {}", ((each.number, each.person.name, each.get_state_display()) for each in found)
        ) or "—"

    @display(description=_("what follows"))
    def follows(self, purchase: Uncollected) -> SafeString:
        """What the plan makes of it, and what there is to do."""
        states = Counter(_covers(purchase).values_list("state", flat=True))
        found = [
            sentence % {"number": states[state]} for state, sentence in (
                (EnrollmentState.IN_FORCE, _t("%(number)d covers are in force; they began with the payment taken down.")),
                (EnrollmentState.AWAITING, _t("%(number)d covers wait for a further step; none lapses unpaid.")),
                (EnrollmentState.ENDED, _t("%(number)d covers ended: no money goes back before it came.")),
                (EnrollmentState.VOIDED, _t("%(number)d covers were taken back: no money goes back before it came.")),
            ) if states[state]
        ]
        found.append(
            _t(
                "Look for it among the payments held, since a number may be mistyped, and count it for this purchase; else ask "
                "the payer for their receipt."
            )
        )
        return format_html_join(" ", "{}", ((each,) for each in found))


def _covers(purchase: Purchase) -> QuerySet:
    return Enrollment.objects.filter(purchase=purchase.pk).select_related("person", "program", "period").order_by("line")


def paid_on(purchase: Purchase) -> Any:
    """The day of the payment, as the office took it down."""
    return timezone.localdate(purchase.paid_at) if purchase.paid_at is not None else None


def way_of(purchase: Purchase) -> str:
    """How it was paid, in words; empty where the request did not say."""
    payer = getattr(purchase, "payer", None)
    return str(payer.get_way_display()) if payer is not None else ""


def days_since(purchase: Purchase) -> int:
    """Days since the payment."""
    return int((timezone.localdate() - timezone.localdate(purchase.paid_at or purchase.made_at)).days)

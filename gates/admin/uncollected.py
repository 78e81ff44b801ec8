"""Enrolled and not shown to be paid: purchases whose payment no channel's statement has reported yet, to be gone through."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from audit.errors import Refused
from audit.exporting import ExportColumn
from beneficiaries.models import Enrollment, Purchase
from beneficiaries.models.enrollment import EnrollmentState
from beneficiaries.models.payer import Way
from gates import actions
from gates.actions.clearings import PROPOSE
from gates.admin.clearing_forms import WhyForm
from gates.admin.picking import back_to, listed, picked_page, with_query
from gates.models import Clearing, Uncollected

_SENTENCE = _(
    "The payment that was taken down never came: once a colleague who checks approves it, it is taken out of the books, and the "
    "covers are voided as if they had never stood. Nobody gets money back, and who comes with money later is enrolled anew. What "
    "has arrived, or is in use by a claim, is left out or refused."
)


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
class UncollectedAdmin(ButtonPages, ReadOnlyScopedAdmin):
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
        "payer_name", "people_shown", "amount_shown", "waits", "covers", "follows", "clearings",
    )
    readonly_fields = fields
    actions_list = ("give_up_all",)
    actions_detail = ("give_up",)
    actions = ("give_up_selected",)

    has_propose_permission = holds(PROPOSE)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("program", "period__program", "organization", "payer")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The button takes along what the list is narrowed to."""
        return with_query(super().changelist_view(request, extra_context), request, "give-up-all")

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
                "the payer for their receipt. Where it never came, say so: a colleague approves it, and the covers are voided."
            )
        )
        return format_html_join(" ", "{}", ((each,) for each in found))


    @display(description=_("clearings"))
    def clearings(self, purchase: Uncollected) -> SafeString | str:
        """The lists on which it stands or stood as never having come, the last first."""
        found = Clearing.objects.filter(lines__purchase=purchase.pk).order_by("-pk")[:5]
        return format_html_join(
            "、", '<a href="{}">#{} {} · {}</a>',
            (
                (reverse("admin:gates_clearing_change", args=[each.pk]), each.pk, each.get_kind_display(), each.get_state_display())
                for each in found
            ),
        ) or "—"

    @admin.action(description=_("The payments of the selected never came"), permissions=["propose"])
    def give_up_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponseRedirect:
        """To the page of the button."""
        return picked_page(request, queryset, "admin:gates_uncollected_give_up_all")

    @action(description=_("The payments never came"), url_path="give-up-all", permissions=["propose"], icon="money_off")
    def give_up_all(self, request: HttpRequest) -> HttpResponse:
        """Whatever the list shows, of one office and period."""
        back = back_to(request, self.address(None))
        facts: list[tuple[str, Any]] = []
        warnings: list[str] = []
        try:
            chosen = listed(request, "gates.uncollected", PROPOSE, Uncollected)
            found = chosen.aggregate(
                number=Count("pk"), amount=Sum("own_share", default=0), people=Sum("people", default=0),
                offices=Count("organization", distinct=True), periods=Count("period", distinct=True),
            )
        except Refused as refused:
            chosen = Uncollected.objects.none()
            warnings = [str(refused)]
        else:
            facts = [
                (_t("payments"), f"{found['number']:,}"), (_t("people"), f"{found['people']:,}"),
                (_t("amount (yuan)"), f"{found['amount']:,.2f}"),
            ]
            if found["offices"] > 1 or found["periods"] > 1:
                warnings = [_t("These are of several offices or periods: narrow the list to one.")]

        def run(given: dict[str, Any]) -> HttpResponse:
            return self._proposed(request, actions.propose_giving_up(chosen, **given))

        return self.button_page(
            request, title=_t("The payments never came"), button=_t("Put forward"), back=back, run=run, facts=facts,
            warnings=warnings, danger=True, form=WhyForm(request.POST if request.method == "POST" else None),
            sentence=str(_SENTENCE),
        )

    @action(description=_("The payment never came"), url_path="give-up", permissions=["propose"], icon="money_off")
    def give_up(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """This one."""
        purchase = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            return self._proposed(request, actions.propose_giving_up(Uncollected.objects.filter(pk=purchase.pk), **given))

        return self.button_page(
            request, title=_t("The payment never came"), button=_t("Put forward"), subject=purchase, run=run, danger=True,
            facts=[
                (_t("reference"), purchase.reference), (_t("payment"), purchase.payment_reference),
                (_t("paid on"), paid_on(purchase)), (_t("people"), f"{purchase.people:,}"),
                (_t("amount (yuan)"), f"{purchase.own_share:,.2f}"),
            ],
            form=WhyForm(request.POST if request.method == "POST" else None), sentence=str(_SENTENCE),
        )

    def _proposed(self, request: HttpRequest, clearing: Clearing) -> HttpResponse:
        messages.success(request, _t("Put forward: a colleague who checks approves it."))
        return HttpResponseRedirect(reverse("admin:gates_clearing_change", args=[clearing.pk]))


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

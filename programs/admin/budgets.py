"""Budgets and reservations in the admin."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.admin.places import PlaceColumn
from audit import naming
from audit.admin import ReadOnlyScopedAdmin
from audit.admin.base import ScopedTabularInline
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from audit.exporting import ExportColumn
from programs import actions
from programs.admin.forms import BudgetForm
from programs.models import Budget, BudgetReservation, BudgetReservationLine
from programs.models.budget import ALARM_AT, WARN_AT

#: Value of the filter -> share of the grant.
BOUND = {"80": WARN_AT, "95": ALARM_AT, "100": Decimal(1)}
TONES = {Budget.State.DRAFT: "wait", Budget.State.APPROVED: "good", Budget.State.CLOSED: "calm"}


class BoundFilter(admin.SimpleListFilter):
    """Open budgets that are nearly spent."""

    title = _("bound")
    parameter_name = "bound"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """From 80, from 95, at 100 %."""
        return [("80", _("80 % or more")), ("95", _("95 % or more")), ("100", _("100 %: nothing left"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Those bound to the chosen share or more."""
        share = BOUND.get(self.value() or "")
        return queryset if share is None else queryset.bound_from(share)


@admin.register(Budget)
class BudgetAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Tranches of money, and how much of each is bound."""

    list_display = (
        "funder", "program", "period_code", "label", "granted_yuan", "reserved_yuan", "used_yuan", "bound", "standing",
    )
    export_columns = (
        "funder", "program", "period_code", "label", "region_prefix", "category", "granted", "reserved", "used", "settled",
        "released", "state", "proposer", "proposed_at", "approver", "approved_at",
    )
    list_filter = (BoundFilter, "state", "program", "period", "funder")
    list_select_related = ("funder", "program", "period")
    ordering = ("program", "funder", "label")
    fields = (
        "funder", "program", "period", "label", "region_prefix", "category", "granted_yuan", "reserved_yuan",
        "used_yuan", "settled_yuan", "released_yuan", "bound", "standing", "proposer", "proposed_at", "approver", "approved_at",
    )
    readonly_fields = fields
    actions_list = ("propose",)
    actions_detail = ("approve", "close")
    button_states: ClassVar[dict[str, tuple[str, ...]]] = {
        "approve": (Budget.State.DRAFT,),
        "close": (Budget.State.APPROVED,),
    }

    has_propose_permission = holds("programs.propose_budget")
    has_approve_permission = holds("programs.approve_budget")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "funder", "program", "period", "category", "proposed_by", "approved_by"
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the budget's state."""
        offered = super().get_actions_detail(request, object_id)
        if not offered:
            return offered
        found = self.get_queryset(request).filter(pk=object_id).values_list("state", "proposed_by").first()
        state, maker = found if found else ("", None)
        return [
            button for button in offered
            if state in self.button_states[button.method.__name__]
            and (button.method.__name__ == "close" or maker != request.user.pk)
        ]

    @display(description=_("period"), ordering="period__code")
    def period_code(self, budget: Budget) -> str:
        """The program year."""
        return budget.period.code

    @display(description=_("state"), ordering="state")
    def standing(self, budget: Budget) -> SafeString:
        """The state as a badge."""
        tone = TONES[Budget.State(budget.state)]
        return badge(budget.get_state_display(), tone)

    @display(description=_("granted"), ordering="granted")
    def granted_yuan(self, budget: Budget) -> str:
        """Yuan."""
        return f"{budget.granted:,.2f}"

    @display(description=_("reserved"), ordering="reserved")
    def reserved_yuan(self, budget: Budget) -> str:
        """Yuan."""
        return f"{budget.reserved:,.2f}"

    @display(description=_("used"), ordering="used")
    def used_yuan(self, budget: Budget) -> str:
        """Yuan."""
        return f"{budget.used:,.2f}"

    @display(description=_("settled"))
    def settled_yuan(self, budget: Budget) -> str:
        """Yuan."""
        return f"{budget.settled:,.2f}"

    @display(description=_("released"))
    def released_yuan(self, budget: Budget) -> str:
        """Yuan."""
        return f"{budget.released:,.2f}"

    @display(description=_("proposed by"))
    def proposer(self, budget: Budget) -> str:
        """The name colleagues know."""
        return budget.proposed_by.get_full_name()

    @display(description=_("approved by"))
    def approver(self, budget: Budget) -> str:
        """The name colleagues know."""
        return budget.approved_by.get_full_name() if budget.approved_by is not None else ""

    @display(description=_("bound"))
    def bound(self, budget: Budget) -> SafeString:
        """Reserved and used of the grant; colored from 80 and 95 %."""
        # Rounded down: 99.96 % is not yet full.
        percent = (budget.bound_share * 100).quantize(Decimal("0.1"), ROUND_DOWN)
        return render_to_string("programs/bound.html", {"budget": budget, "percent": f"{percent}"})

    @action(description=_("Propose budget"), url_path="propose", permissions=["propose"], icon="add")
    def propose(self, request: HttpRequest) -> HttpResponse:
        """Propose a tranche."""

        def run(given: dict[str, Any]) -> str:
            budget = actions.propose_budget(given.pop("funder"), **given)
            return _t("%(budget)s is proposed.") % {"budget": budget}

        return self.button_page(
            request, title=_t("Propose budget"), button=_t("Propose"), run=run,
            sentence=_t("Nothing can be reserved before another person approves it."),
            form=BudgetForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    @action(description=_("Approve budget"), url_path="approve", permissions=["approve"], icon="verified")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open it for rosters."""
        budget = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.approve_budget(budget, **given)
            return _t("%(budget)s is approved.") % {"budget": budget}

        return self.button_page(
            request, title=_t("Approve budget"), button=_t("Approve"), subject=budget, run=run,
            sentence=_t("Rosters can reserve it from now on."), facts=budget_facts(budget),
        )

    @action(description=_("Close budget"), url_path="close", permissions=["approve"], icon="lock")
    def close(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Nothing is reserved of it any more."""
        budget = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.close_budget(budget, **given)
            return _t("%(budget)s is closed.") % {"budget": budget}

        return self.button_page(
            request, title=_t("Close budget"), button=_t("Close"), subject=budget, run=run, danger=True,
            sentence=_t("Nothing can be reserved of it any more; what was used stays."), facts=budget_facts(budget),
        )


class LineInline(ScopedTabularInline):
    """The budgets that carry a reservation."""

    model = BudgetReservationLine
    fields = ("budget", "reserved", "used", "released")
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Written by actions."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Written by actions."""
        return False


@admin.register(BudgetReservation)
class BudgetReservationAdmin(PlaceColumn, ReadOnlyScopedAdmin):
    """What rosters and purchases hold."""

    list_display = ("holder", "funder", "program", "place", "category", "people", "reserved_at", "closed_at")
    export_columns = (
        "holder", "funder", "program", "period__code",
        ExportColumn("region_code", _("region code"), lambda reservation: reservation.region_code), "place", "category",
        "people", "reserved_at", "closed_at",
    )
    list_filter = ("program", "funder")
    list_select_related = ("funder", "program", "category")
    search_fields = ("=owner_id",)
    search_help_text = _("Number of a roster or purchase")
    ordering = ("-id",)
    fields = ("owner_id", "funder", "program", "period", "region_code", "category", "people", "reserved_at", "closed_at")
    readonly_fields = fields
    inlines = (LineInline,)

    @display(description=_("held by"), ordering="owner_id")
    def holder(self, reservation: BudgetReservation) -> str:
        """The roster or purchase that holds the money."""
        return f"{naming.kind_in_words(reservation.owner_type)} #{reservation.owner_id}"


def budget_facts(budget: Budget) -> list[tuple[str, Any]]:
    """What a confirm page says about a budget."""
    return [
        (_t("funder"), budget.funder.name),
        (_t("program"), budget.program.name),
        (_t("Period"), budget.period.code),
        (_t("tranche"), budget.label),
        (_t("granted"), _t("%(amount)s yuan") % {"amount": f"{budget.granted:,.2f}"}),
        (_t("reserved"), _t("%(amount)s yuan") % {"amount": f"{budget.reserved:,.2f}"}),
        (_t("used"), _t("%(amount)s yuan") % {"amount": f"{budget.used:,.2f}"}),
    ]

"""Movements of funds in the admin: what came in, went back or was written off; decided by another, reversed by two."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from intake.pages.forms import ReasonForm
from subsidies import actions
from subsidies.actions.funds import held_for
from subsidies.admin.forms import PaybackForm, ReceiptForm
from subsidies.models import FundMovement
from subsidies.models.movement import MovementKind, MovementState

TONES = {
    MovementState.PROPOSED: "wait", MovementState.CONFIRMED: "good", MovementState.DECLINED: "calm", MovementState.REVERSED: "calm",
}


@admin.register(FundMovement)
class FundMovementAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Movements, newest first."""

    list_display = (
        "number", "kind", "funder_name", "program", "request_number", "amount_shown", "reference", "moved_on", "standing",
    )
    export_columns = (
        "number", "kind", "funder_name", "program", "request_number", "amount", "held", "reference", "moved_on", "state", "reason",
        "answer", "made_at", "decided_at",
    )
    list_filter = ("state", "kind", "program", "funder", "moved_on")
    list_select_related = ("funder", "program")
    search_fields = ("=reference",)
    search_help_text = _("Reference of a payment")
    sortable_by = ("number", "moved_on")
    ordering = ("-id",)
    fields = (
        "number", "kind", "funder_name", "program", "request_number", "differences_number", "reverses_number", "amount_shown",
        "held", "reference", "moved_on", "reason", "standing", "recorded_by", "made_at", "decider", "decided_at", "answer",
    )
    readonly_fields = fields
    actions_list = ("receive", "pay_back")
    actions_detail = ("confirm", "decline", "reverse")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[MovementState, ...]]] = {
        "confirm": (MovementState.PROPOSED,), "decline": (MovementState.PROPOSED,), "reverse": (MovementState.CONFIRMED,),
    }

    has_record_permission = holds("subsidies.record_movement")
    has_confirm_permission = holds("subsidies.confirm_movement")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("funder", "program__organization", "made_by", "decided_by")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the movement's state, for this user."""
        offered = super().get_actions_detail(request, object_id)
        movement = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        return [
            button for button in offered
            if movement is not None and movement.state in self.button_states[button.method.__name__]
            and not (button.method.__name__ != "reverse" and movement.made_by_id == request.user.pk)
            and not (button.method.__name__ == "reverse" and movement.kind == MovementKind.REVERSAL)
        ]

    @display(description=_("no."), ordering="id")
    def number(self, movement: FundMovement) -> str:
        """The movement's number."""
        return f"#{movement.pk}"

    @display(description=_("funder"))
    def funder_name(self, movement: FundMovement) -> str:
        """Whose money it is."""
        return movement.funder.name if movement.funder is not None else _t("the insured themselves")

    @display(description=_("request for funds"))
    def request_number(self, movement: FundMovement) -> str:
        """What it is for."""
        return f"#{movement.request_id}" if movement.request_id else "—"

    @display(description=_("differences"))
    def differences_number(self, movement: FundMovement) -> str:
        """The list whose own shares went back."""
        return f"#{movement.differences_id}" if movement.differences_id else "—"

    @display(description=_("reverses"))
    def reverses_number(self, movement: FundMovement) -> str:
        """The wrong one."""
        return f"#{movement.reverses_id}" if movement.reverses_id else "—"

    @display(description=_("amount (yuan)"))
    def amount_shown(self, movement: FundMovement) -> str:
        """Yuan."""
        return f"{movement.amount:,.2f}"

    @display(description=_("state"))
    def standing(self, movement: FundMovement) -> SafeString:
        """The state as a badge."""
        return render_to_string(
            "portal/badge.html", {"text": movement.get_state_display(), "tone": TONES[MovementState(movement.state)]}
        )

    @display(description=_("recorded by"))
    def recorded_by(self, movement: Any) -> str:
        """The name colleagues know."""
        return str(movement.made_by.get_full_name())

    @display(description=_("decided by"))
    def decider(self, movement: Any) -> str:
        """The name colleagues know."""
        return str(movement.decided_by.get_full_name()) if movement.decided_by else "—"

    @action(description=_("Record a receipt"), url_path="receive", permissions=["record"], icon="payments")
    def receive(self, request: HttpRequest) -> HttpResponse:
        """A tranche came in."""

        def run(given: dict[str, Any]) -> HttpResponse:
            return self._recorded(request, actions.record_receipt(given.pop("funder"), **given))

        return self.button_page(
            request, title=_t("Record a receipt"), button=_t("Record"), run=run,
            sentence=_t("Nothing is booked before a colleague who checks confirms it."),
            form=ReceiptForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    @action(description=_("Record a payback"), url_path="pay-back", permissions=["record"], icon="undo")
    def pay_back(self, request: HttpRequest) -> HttpResponse:
        """What was held for a funder went back."""

        def run(given: dict[str, Any]) -> HttpResponse:
            return self._recorded(request, actions.record_payback(given.pop("funder"), **given))

        return self.button_page(
            request, title=_t("Record a payback"), button=_t("Record"), run=run,
            sentence=_t("What is held for a funder can also stay: it is set against its next request."),
            form=PaybackForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    @action(description=_("Confirm"), url_path="confirm", permissions=["confirm"], icon="task_alt")
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Book it."""
        movement = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            done = actions.confirm_movement(movement, **given)
            return _t("Booked: %(amount)s yuan, of which %(held)s yuan are held for the funder.") % {
                "amount": f"{done.amount:,.2f}", "held": f"{done.held:,.2f}",
            }

        return self.button_page(
            request, title=_t("Confirm the movement"), button=_t("Confirm"), subject=movement, run=run, facts=facts_of(movement),
            sentence=_t("Compare it with the statement of the account: requests, budgets and the books move at once."),
        )

    @action(description=_("Decline to confirm"), url_path="decline", permissions=["confirm"], icon="block")
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Book nothing."""
        movement = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.decline_movement(movement, **given)
            return _t("Declined: nothing was booked.")

        return self.button_page(
            request, title=_t("Decline the movement"), button=_t("Decline to confirm"), subject=movement, run=run, danger=True,
            facts=facts_of(movement), form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("Its reference can be recorded again."),
        )

    @action(description=_("Reverse"), url_path="reverse", permissions=["record"], icon="settings_backup_restore")
    def reverse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It was recorded wrongly."""
        movement = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            return self._recorded(request, actions.record_reversal(movement, **given))

        return self.button_page(
            request, title=_t("Reverse the movement"), button=_t("Reverse"), subject=movement, run=run, danger=True,
            facts=facts_of(movement), form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("It is booked back once a colleague who checks confirms the reversal."),
        )

    def _recorded(self, request: HttpRequest, movement: FundMovement) -> HttpResponse:
        messages.success(request, _t("Recorded: a colleague who checks confirms it."))
        return HttpResponseRedirect(reverse("admin:subsidies_fundmovement_change", args=[movement.pk]))


def facts_of(movement: FundMovement) -> list[tuple[str, Any]]:
    """What a movement is, as its confirm pages say it."""
    yuan = _t("%(amount)s yuan")
    held = held_for(funder_id=movement.funder_id, program_id=movement.program_id) if movement.funder_id else None
    return [
        (_t("kind"), movement.get_kind_display()),
        (_t("funder"), movement.funder.name if movement.funder is not None else _t("the insured themselves")),
        (_t("program"), movement.program.name),
        (_t("request for funds"), f"#{movement.request_id}" if movement.request_id else ""),
        (_t("amount"), yuan % {"amount": f"{movement.amount:,.2f}"}),
        (_t("reference of the payment"), movement.reference),
        (_t("day of the movement"), movement.moved_on),
        (_t("reason"), movement.reason),
        *([(_t("held for the funder"), yuan % {"amount": f"{held:,.2f}"})] if held is not None else []),
    ]

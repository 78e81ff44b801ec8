"""Remittances in the admin: prepared, approved by another, confirmed by what the bank says."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from handover import actions
from handover.admin.premium_forms import PaidForm, RemittanceForm
from handover.models import Remittance, RemittanceState
from intake.pages.forms import ReasonForm

TONES = {
    RemittanceState.PREPARED: "wait", RemittanceState.APPROVED: "work", RemittanceState.PAID: "good",
    RemittanceState.FAILED: "bad", RemittanceState.WITHDRAWN: "calm",
}


class MovingFilter(admin.SimpleListFilter):
    """On the way: prepared or approved, and not paid yet."""

    title = _("standing")
    parameter_name = "stands"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """One choice."""
        return [("moving", _("On the way"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """By state."""
        moving = (RemittanceState.PREPARED, RemittanceState.APPROVED)
        return queryset.filter(state__in=moving) if self.value() == "moving" else queryset


@admin.register(Remittance)
class RemittanceAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Remittances, newest first."""

    list_display = (
        "number", "program", "period_code", "insurer", "standing", "lines_shown", "amount_shown", "reference", "paid_on", "made_at",
    )
    export_columns = (
        "number", "program", "period_code", "insurer", "state", "lines", "amount", "reference", "paid_on", "reason", "made_at",
        "approved_at", "ended_at",
    )
    list_filter = ("state", MovingFilter, "program", "period", "made_at")
    list_select_related = ("program", "period__program", "insurer")
    search_fields = ("=reference", "=id")
    search_help_text = _("Bank's reference, or number of a remittance")
    sortable_by = ("number",)
    ordering = ("-id",)
    fields = (
        "number", "program", "period_code", "insurer", "standing", "lines_shown", "amount_shown", "invoices_shown", "parts_shown",
        "maker", "approver", "recorder", "reference", "paid_on", "reason",
    )
    readonly_fields = fields
    actions_list = ("prepare",)
    actions_detail = ("approve", "decline", "withdraw", "confirm_paid", "record_failure")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, RemittanceState]] = {
        "approve": RemittanceState.PREPARED, "decline": RemittanceState.PREPARED, "withdraw": RemittanceState.PREPARED,
        "confirm_paid": RemittanceState.APPROVED, "record_failure": RemittanceState.APPROVED,
    }

    has_prepare_permission = holds("handover.prepare_remittance")
    has_approve_permission = holds("handover.approve_remittance")
    has_confirm_permission = holds("handover.confirm_remittance")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program__organization", "period__program", "insurer", "made_by", "approved_by", "ended_by"
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the remittance's state, for this user."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        return [
            button for button in offered
            if found is not None and found.state == self.button_states[button.method.__name__]
            and not (button.method.__name__ in ("approve", "decline") and found.made_by_id == request.user.pk)
            and not (button.method.__name__ in ("confirm_paid", "record_failure") and found.approved_by_id == request.user.pk)
        ]

    @display(description=_("no."), ordering="id")
    def number(self, remittance: Remittance) -> str:
        """Its number."""
        return f"#{remittance.pk}"

    @display(description=_("period"))
    def period_code(self, remittance: Remittance) -> str:
        """The program year."""
        return remittance.period.code

    @display(description=_("lines"))
    def lines_shown(self, remittance: Remittance) -> str:
        """Lines of its invoices."""
        return f"{remittance.lines:,}"

    @display(description=_("amount (yuan)"))
    def amount_shown(self, remittance: Remittance) -> str:
        """Yuan."""
        return f"{remittance.amount:,.2f}"

    @display(description=_("state"))
    def standing(self, remittance: Remittance) -> SafeString:
        """The state as a badge."""
        return render_to_string(
            "portal/badge.html", {"text": remittance.get_state_display(), "tone": TONES[RemittanceState(remittance.state)]}
        )

    @display(description=_("invoices"))
    def invoices_shown(self, remittance: Remittance) -> SafeString:
        """Each with its sum and the way there."""
        found = remittance.paid_invoices.select_related("invoice").order_by("pk")
        return format_html_join(
            "; ", '<a href="{}">{}</a> {}',
            ((reverse("admin:handover_invoice_change", args=[each.invoice_id]), each.invoice.number, f"{each.amount:,.2f}")
             for each in found),
        )

    @display(description=_("by payer (yuan)"))
    def parts_shown(self, remittance: Remittance) -> str:
        """Each payer's part."""
        return "; ".join(f"{name} {amount}" for name, amount in parts_in_words(remittance))

    @display(description=_("prepared by"))
    def maker(self, remittance: Any) -> str:
        """The name colleagues know."""
        return str(remittance.made_by.get_full_name())

    @display(description=_("approved by"))
    def approver(self, remittance: Any) -> str:
        """The name colleagues know."""
        return str(remittance.approved_by.get_full_name()) if remittance.approved_by else "—"

    @display(description=_("recorded by"))
    def recorder(self, remittance: Any) -> str:
        """The name colleagues know."""
        return str(remittance.ended_by.get_full_name()) if remittance.ended_by else "—"

    @action(description=_("Prepare a remittance"), url_path="prepare", permissions=["prepare"], icon="send_money")
    def prepare(self, request: HttpRequest) -> HttpResponse:
        """Put agreed invoices together."""

        def run(given: dict[str, Any]) -> HttpResponse:
            remittance = actions.prepare_remittance(list(given.pop("invoices")), **given)
            messages.success(request, _t("Prepared: a colleague who checks approves it."))
            return HttpResponseRedirect(reverse("admin:handover_remittance_change", args=[remittance.pk]))

        return self.button_page(
            request, title=_t("Prepare a remittance"), button=_t("Prepare"), run=run,
            sentence=_t("The agreed sum of each invoice is paid whole. Nothing is paid or booked before a colleague approves it."),
            form=RemittanceForm(
                request.POST if request.method == "POST" else None, by=request.user, period=request.GET.get("period", "")
            ),
        )

    @action(description=_("Approve"), url_path="approve", permissions=["approve"], icon="task_alt")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let it be paid."""

        def run(given: dict[str, Any], remittance: Remittance) -> str:
            actions.approve_remittance(remittance, **given)
            return _t("Approved: record it once the bank has paid.")

        return self._decided(
            request, object_id, title=_t("Approve the remittance"), button=_t("Approve"), run=run,
            sentence=_t("The sum may be paid to the insurer; it is booked when the bank has paid."),
        )

    @action(description=_("Decline"), url_path="decline", permissions=["approve"], icon="block")
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send it back."""

        def run(given: dict[str, Any], remittance: Remittance) -> str:
            actions.decline_remittance(remittance, **given)
            return _t("Declined: its invoices can be remitted anew.")

        return self._decided(
            request, object_id, title=_t("Decline the remittance"), button=_t("Decline"), run=run, danger=True,
            form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("Nothing is paid; its invoices are free again."),
        )

    @action(description=_("Withdraw"), url_path="withdraw", permissions=["prepare"], icon="undo")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it back before it is approved."""

        def run(given: dict[str, Any], remittance: Remittance) -> str:
            actions.withdraw_remittance(remittance, **given)
            return _t("Withdrawn: its invoices can be remitted anew.")

        return self._decided(
            request, object_id, title=_t("Withdraw the remittance"), button=_t("Withdraw"), run=run, danger=True,
            form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("Nothing is paid; its invoices are free again."),
        )

    @action(description=_("Record the payment"), url_path="paid", permissions=["confirm"], icon="payments")
    def confirm_paid(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The bank has paid."""

        def run(given: dict[str, Any], remittance: Remittance) -> str:
            done = actions.confirm_paid(remittance, **given)
            return _t("Booked: %(amount)s yuan paid to the insurer.") % {"amount": f"{done.amount:,.2f}"}

        return self._decided(
            request, object_id, title=_t("Record the payment"), button=_t("Record the payment"), run=run,
            form=PaidForm(request.POST if request.method == "POST" else None),
            sentence=_t("Compare it with the statement of the account: it is booked at once and not taken back here."),
        )

    @action(description=_("Record a failure"), url_path="failed", permissions=["confirm"], icon="error")
    def record_failure(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The bank has not paid."""

        def run(given: dict[str, Any], remittance: Remittance) -> str:
            actions.record_failure(remittance, **given)
            return _t("Recorded: nothing was booked, its invoices can be remitted anew.")

        return self._decided(
            request, object_id, title=_t("Record a failure"), button=_t("Record a failure"), run=run, danger=True,
            form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("Only when the bank says that it was not paid: an unknown outcome waits until the bank was asked."),
        )

    def _decided(self, request: HttpRequest, object_id: str, *, run: Any, **page: Any) -> HttpResponse:
        """A page about one remittance with its sums."""
        remittance = self.visible_or_404(request, object_id)
        return self.button_page(
            request, subject=remittance, facts=facts_of(remittance), run=lambda given: run(given, remittance), **page
        )


def parts_in_words(remittance: Remittance) -> list[tuple[str, str]]:
    """Payer and yuan."""
    return [
        (part.funder.name if part.funder is not None else _t("the insured themselves"), f"{part.amount:,.2f}")
        for part in remittance.parts.select_related("funder").order_by("pk")
    ]


def facts_of(remittance: Remittance) -> list[tuple[str, Any]]:
    """What a remittance is, as its confirm pages say it."""
    yuan = _t("%(amount)s yuan")
    numbers = remittance.paid_invoices.order_by("pk").values_list("invoice__number", flat=True)
    return [
        (_t("insurer"), remittance.insurer.name), (_t("program"), remittance.program.name), (_t("period"), remittance.period.code),
        (_t("invoices"), "、".join(numbers)),
        (_t("lines"), f"{remittance.lines:,}"), (_t("amount"), yuan % {"amount": f"{remittance.amount:,.2f}"}),
        *((name, yuan % {"amount": amount}) for name, amount in parts_in_words(remittance)),
    ]

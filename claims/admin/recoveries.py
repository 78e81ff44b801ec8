"""Amounts asked back in the admin: what came in or is written off, recorded, confirmed by another, reversed by two."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from audit.exporting import ExportColumn
from claims import actions
from claims.actions.recoveries import CONFIRM, RECORD, REFERENCE_LENGTH
from claims.admin.forms import ReasonForm, money
from claims.admin.words import yuan
from claims.models import Claim, Payable, PayableKind, PayableState, Recovery, RecoveryKind, RecoveryState, number_in
from programs.admin.forms import REASONABLE

TONES = {
    RecoveryState.PROPOSED: "wait", RecoveryState.CONFIRMED: "good", RecoveryState.DECLINED: "calm",
    RecoveryState.REVERSED: "calm",
}


class ReceiptForm(forms.Form):
    """What came in."""

    amount = money(_("Received back (yuan)"), required=True, help_text=_("As the statement of the account says: all, or a part."))
    reference = forms.CharField(
        label=_("The bank's reference"), max_length=REFERENCE_LENGTH, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Of the transfer that gives it back; for one amount each is recorded once."),
    )
    received_on = forms.DateField(
        label=_("Received on"), widget=UnfoldAdminDateWidget(), validators=REASONABLE, initial=timezone.localdate
    )


class WriteOffForm(forms.Form):
    """What will not come any more."""

    amount = money(_("Written off (yuan)"), required=True)
    reason = forms.CharField(
        label=_("Why it will not come"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Kept in the clear: names nobody."),
    )


class ReclaimPages(ButtonPages):
    """Mixed into the admin of amounts owed: what became of an amount asked back."""

    #: Buttons of an amount that is asked back and open.
    of_reclaims = ("receive", "write_off")

    has_record_permission = holds(RECORD)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only while something is asked back."""
        offered = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        rows = Payable.objects.filter(pk=object_id, kind=PayableKind.RECLAIM, state=PayableState.OPEN)
        return list(offered) if offered and rows.exists() else []

    @action(description=_("Record what came back"), url_path="receive", permissions=["record"], icon="payments")
    def receive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """All of it, or a part."""
        payable = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            return _recorded(request, actions.record_recovery(payable, **given))

        return self.button_page(
            request, title=_t("Record what came back"), button=_t("Record"), subject=payable, run=run, facts=asked_facts(payable),
            sentence=_t("Nothing is booked before a colleague who checks confirms it."),
            form=ReceiptForm(
                request.POST if request.method == "POST" else None, initial={"amount": payable.unsettled}
            ),
        )

    @action(description=_("Write off"), url_path="write-off", permissions=["record"], icon="money_off")
    def write_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What will not come any more."""
        payable = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            return _recorded(request, actions.record_write_off(payable, **given))

        return self.button_page(
            request, title=_t("Write off"), button=_t("Record"), subject=payable, run=run, facts=asked_facts(payable), danger=True,
            sentence=_t(
                "What is written off is not asked for any more. Nothing is booked before a colleague who checks confirms it."
            ),
            form=WriteOffForm(
                request.POST if request.method == "POST" else None, initial={"amount": payable.unsettled}
            ),
        )


@admin.register(Recovery)
class RecoveryAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Newest first."""

    list_display = (
        "claim_number", "program", "kind", "amount_shown", "reference", "happened_on", "standing", "recorded_by", "decider",
    )
    export_columns = (
        "claim_number", "program", ExportColumn("organization", _("office"), lambda found: found.payable.organization.name),
        "kind", "amount", "reference", "happened_on", "state", "reason", "answer", "made_at", "decided_at",
    )
    list_filter = ("state", "kind", "payable__program", "payable__organization", "happened_on")
    list_select_related = joined_on_pages = ("payable__claim", "payable__program", "made_by", "decided_by")
    search_fields = ("=reference",)
    search_help_text = _("The bank's reference, or a claim number")
    sortable_by = ("happened_on",)
    ordering = ("-id",)
    fields = (
        "claim_number", "program", "kind", "reverses_shown", "amount_shown", "reference", "happened_on", "reason", "standing",
        "recorded_by", "made_at", "decider", "decided_at", "answer",
    )
    readonly_fields = fields
    actions_detail = ("confirm", "decline", "reverse")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[RecoveryState, ...]]] = {
        "confirm": (RecoveryState.PROPOSED,), "decline": (RecoveryState.PROPOSED,), "reverse": (RecoveryState.CONFIRMED,),
    }

    has_record_permission = holds(RECORD)
    has_confirm_permission = holds(CONFIRM)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "payable__claim", "payable__program", "payable__organization", "made_by", "decided_by", "reverses"
        )

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By the claim's number as it is printed, else by the reference."""
        claim = number_in(search_term, "P")
        if claim is not None:
            return queryset.filter(payable__claim=claim), False
        return super().get_search_results(request, queryset, search_term)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in its state, for this user."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        if found is None:
            return []
        mine, reversal = found.made_by_id == request.user.pk, found.kind == RecoveryKind.REVERSAL
        shut = {"confirm": mine, "decline": mine, "reverse": reversal}
        return [
            button for button in offered
            if found.state in self.button_states[button.method.__name__] and not shut[button.method.__name__]
        ]

    def came_by(self, request: HttpRequest, obj: Recovery) -> list[Any]:
        """Its amount and claim, as far as its reader sees them."""
        user: Any = request.user
        return [
            *Payable.objects.visible_to(user, "claims.view_payable").filter(pk=obj.payable_id),
            *Claim.objects.visible_to(user, "claims.view_claim").filter(pk=obj.payable.claim_id),
        ]

    @display(description=_("claim number"), ordering="id")
    def claim_number(self, recovery: Recovery) -> str:
        """赔案号."""
        return recovery.payable.claim.number

    @display(description=_("program"))
    def program(self, recovery: Recovery) -> str:
        """Of the amount."""
        return recovery.payable.program.name

    @display(description=_("amount (yuan)"))
    def amount_shown(self, recovery: Recovery) -> str:
        """Yuan."""
        return yuan(recovery.amount)

    @display(description=_("reverses"))
    def reverses_shown(self, recovery: Recovery) -> str:
        """The wrong record."""
        return "—" if recovery.reverses is None else in_words(recovery.reverses)

    @display(description=_("state"))
    def standing(self, recovery: Recovery) -> SafeString:
        """As a badge."""
        return badge(recovery.get_state_display(), TONES[RecoveryState(recovery.state)])

    @display(description=_("recorded by"))
    def recorded_by(self, recovery: Any) -> str:
        """The name colleagues know."""
        return str(recovery.made_by.get_full_name())

    @display(description=_("decided by"))
    def decider(self, recovery: Any) -> str:
        """The name colleagues know."""
        return str(recovery.decided_by.get_full_name()) if recovery.decided_by else "—"

    @action(description=_("Confirm"), url_path="confirm", permissions=["confirm"], icon="task_alt")
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Book it."""
        recovery = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            done = actions.confirm_recovery(recovery, **given)
            return _t("Booked: %(amount)s yuan.") % {"amount": yuan(done.amount)}

        return self.button_page(
            request, title=_t("Confirm"), button=_t("Confirm"), subject=recovery, run=run, facts=facts_of(recovery),
            warnings=warnings_of(recovery, request.user),
            sentence=_t("Compare it with the statement of the account: the amount asked back and the books move at once."),
        )

    @action(description=_("Decline to confirm"), url_path="decline", permissions=["confirm"], icon="block")
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Book nothing."""
        recovery = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.decline_recovery(recovery, **given)
            return _t("Declined: nothing was booked.")

        return self.button_page(
            request, title=_t("Decline to confirm"), button=_t("Decline to confirm"), subject=recovery, run=run, danger=True,
            facts=facts_of(recovery), form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("Its reference can be recorded again."),
        )

    @action(description=_("Reverse"), url_path="reverse", permissions=["record"], icon="settings_backup_restore")
    def reverse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It was recorded wrongly."""
        recovery = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            return _recorded(request, actions.record_reversal(recovery, **given))

        return self.button_page(
            request, title=_t("Reverse"), button=_t("Reverse"), subject=recovery, run=run, danger=True, facts=facts_of(recovery),
            form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("Its sum is asked back again once a colleague who checks confirms the reversal."),
        )


def _recorded(request: HttpRequest, recovery: Recovery) -> HttpResponse:
    messages.success(request, _t("Recorded: a colleague who checks confirms it."))
    return HttpResponseRedirect(reverse("admin:claims_recovery_change", args=[recovery.pk]))


def in_words(recovery: Recovery) -> str:
    """A record in one line."""
    said = (recovery.get_kind_display(), _t("%(amount)s yuan") % {"amount": yuan(recovery.amount)}, recovery.reference)
    return " · ".join(part for part in (*said, f"{recovery.happened_on:%Y-%m-%d}") if part)


def asked_facts(payable: Payable) -> list[tuple[str, Any]]:
    """What is asked back, and what of it is open."""
    return [
        (_t("claim number"), payable.claim.number),
        (_t("program"), payable.program.name),
        (_t("asked back (yuan)"), yuan(payable.amount)),
        (_t("received back (yuan)"), yuan(payable.received)),
        (_t("written off (yuan)"), yuan(payable.written_off)),
        (_t("still open (yuan)"), yuan(payable.unsettled if payable.state == PayableState.OPEN else None) or "0.00"),
    ]


def facts_of(recovery: Recovery) -> list[tuple[str, Any]]:
    """What a record is, as its confirm pages say it."""
    return [
        (_t("kind"), recovery.get_kind_display()),
        *([(_t("reverses"), in_words(recovery.reverses))] if recovery.reverses is not None else []),
        (_t("amount (yuan)"), yuan(recovery.amount)),
        (_t("the bank's reference"), recovery.reference),
        (_t("day"), recovery.happened_on),
        (_t("reason"), recovery.reason),
        *asked_facts(recovery.payable),
    ]


def warnings_of(recovery: Recovery, user: Any) -> list[str]:
    """One transfer may give back several amounts, or was recorded for the wrong one."""
    if not recovery.reference:
        return []
    same = Recovery.objects.visible_to(user, "claims.view_recovery").filter(
        reference=recovery.reference, state__in=(RecoveryState.PROPOSED, RecoveryState.CONFIRMED),
        payable__program=recovery.payable.program_id,
    ).exclude(payable=recovery.payable_id).select_related("payable__claim").order_by("pk")[:10]
    found = [f"{each.payable.claim.number} {yuan(each.amount)}" for each in same]
    return [
        _t("This reference is recorded for other amounts, too: %(claims)s (yuan). Their sum must be that of the transfer.")
        % {"claims": "、".join(found)}
    ] if found else []

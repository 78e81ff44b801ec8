"""Paying accounts in the admin: put on record by one person, taken into use by another."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from payouts import actions
from payouts.admin.forms import PayerForm
from payouts.models import PayerAccount, PayerState

TONES = {PayerState.DRAFT: "wait", PayerState.APPROVED: "good", PayerState.RETIRED: "calm"}


@admin.register(PayerAccount)
class PayerAccountAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Accounts, newest first."""

    list_display = ("title", "program", "organization", "holder", "masked", "standing", "drafted_at")
    export_columns = ("program", "organization", "holder", "bank_name", "bank_code", "masked", "tests_accounts", "state",
        "drafted_at", "approved_at")
    list_filter = ("state", "tests_accounts", "program", "organization")
    list_select_related = ("program", "organization")
    search_fields = ("=holder",)
    search_help_text = _("Account holder")
    sortable_by = ("drafted_at",)
    ordering = ("-id",)
    change_form_template = "payouts/plain_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_list = ("draft",)
    actions_detail = ("approve", "verify_accounts", "pay_unverified", "retire")
    button_states: ClassVar[dict[str, tuple[PayerState, ...]]] = {
        "approve": (PayerState.DRAFT,), "verify_accounts": (PayerState.APPROVED,), "pay_unverified": (PayerState.APPROVED,),
        "retire": (PayerState.DRAFT, PayerState.APPROVED),
    }

    has_draft_permission = holds("payouts.draft_payer")
    has_approve_permission = holds("payouts.approve_payer")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("program", "organization", "drafted_by", "approved_by")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the account's state."""
        offered = super().get_actions_detail(request, object_id)
        payer = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        return [
            button for button in offered
            if payer is not None and payer.state in self.button_states[button.method.__name__]
            and not (button.method.__name__ == "approve" and payer.drafted_by_id == request.user.pk)
            and button.method.__name__ != ("verify_accounts" if payer.tests_accounts else "pay_unverified")
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The account's page."""
        payer = self.visible_or_404(request, object_id)
        context = {
            "title": _t("Paying account"), "badge": badge(payer), "below": f"{payer.program.name} · {payer.organization.name}",
            "facts": [
                *facts_of(payer), (_t("recorded by"), payer.drafted_by.get_full_name()),
                (_t("approved by"), payer.approved_by.get_full_name() if payer.approved_by else ""),
            ],
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("bank"), ordering="id")
    def title(self, payer: PayerAccount) -> str:
        """Its bank."""
        return payer.bank_name

    @display(description=_("account number"))
    def masked(self, payer: PayerAccount) -> str:
        """The last digits."""
        return str(payer.number or "")

    @display(description=_("state"), ordering="state")
    def standing(self, payer: PayerAccount) -> SafeString:
        """The state as a badge."""
        return badge(payer)

    @action(description=_("New paying account"), url_path="draft", permissions=["draft"], icon="account_balance")
    def draft(self, request: HttpRequest) -> HttpResponse:
        """Put an account on record."""

        def run(given: dict[str, Any]) -> HttpResponse:
            program = given.pop("program")
            payer = actions.draft_payer(program, **given)
            self.message_user(request, _t("It is on record; a colleague who checks takes it into use."))
            return HttpResponseRedirect(self.address(payer))

        return self.button_page(
            request, title=_t("New paying account"), button=_t("Put it on record"), run=run,
            form=PayerForm(request.POST if request.method == "POST" else None, by=request.user),
            sentence=_t("Nothing leaves from it before another person takes it into use. It is not changed then: another one "
                "is put on record."),
        )

    @action(description=_("Approve"), url_path="approve", permissions=["approve"], icon="verified")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it into use."""
        payer = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.approve_payer(payer, **given)
            return _t("The account is in use.")

        return self.button_page(
            request, title=_t("Take the account into use"), button=_t("Approve"), subject=payer, run=run, facts=facts_of(payer),
            warnings=[_t("It comes instead of the one that is in use, which goes out of use.")] if payer.instead_of_id else [],
            sentence=_t("Compare it with the bank's own paper: batches can be paid from it from now on."),
        )

    @action(description=_("Verify new accounts first"), url_path="verify-accounts", permissions=["draft"], icon="price_check")
    def verify_accounts(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From then on 0.01 yuan goes first."""
        return self._redraft(
            request, object_id, tests_accounts=True, title=_t("Verify new accounts first"),
            sentence=_t("Once a colleague who checks has approved it, an account that nothing was paid to yet gets 0.01 yuan "
                "first, by a batch of its own; it is paid when that has arrived. Batches that are made already go on."),
        )

    @action(description=_("Pay without verifying"), url_path="pay-unverified", permissions=["draft"], icon="money_off")
    def pay_unverified(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """From then on everything is paid at once."""
        return self._redraft(
            request, object_id, tests_accounts=False, title=_t("Pay without verifying"),
            sentence=_t("Once a colleague who checks has approved it, new accounts are paid at once."),
        )

    def _redraft(self, request: HttpRequest, object_id: str, *, tests_accounts: bool, title: str, sentence: str) -> HttpResponse:
        payer = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            draft = actions.redraft_payer(payer, tests_accounts=tests_accounts, **given)
            self.message_user(request, _t("It is on record; a colleague who checks takes it into use."))
            return HttpResponseRedirect(self.address(draft))

        return self.button_page(
            request, title=title, button=_t("Put it on record"), subject=payer, run=run, facts=facts_of(payer), sentence=sentence,
        )

    @action(description=_("Retire"), url_path="retire", permissions=["approve"], icon="block")
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it out of use."""
        payer = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.retire_payer(payer, **given)
            return _t("The account is no longer used.")

        return self.button_page(
            request, title=_t("Retire"), button=_t("Retire"), subject=payer, run=run, danger=True, facts=facts_of(payer),
            sentence=_t("No new batch is paid from it; what is on its way goes on."),
        )


def badge(payer: PayerAccount) -> SafeString:
    """An account's state."""
    return render_to_string("portal/badge.html", {"text": payer.get_state_display(), "tone": TONES[PayerState(payer.state)]})


def facts_of(payer: PayerAccount) -> list[tuple[str, Any]]:
    """What an account is."""
    return [
        (_t("program"), payer.program.name), (_t("office"), payer.organization.name), (_t("account holder"), payer.holder),
        (_t("bank"), payer.bank_name), (_t("bank code"), payer.bank_code), (_t("account number"), str(payer.number or "")),
        (_t("names of the same bank begin with"), "、".join(payer.own_names)),
        (_t("days for which a changed account is pointed out"), payer.fresh_days),
        (_t("new accounts of payees"), _t("verified by 0.01 yuan first") if payer.tests_accounts else _t("paid at once")),
    ]

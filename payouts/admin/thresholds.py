"""Approval thresholds in the admin: proposed by one person, decided by another."""

from __future__ import annotations

from typing import Any

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
from payouts.admin.forms import ThresholdForm
from payouts.models import ApprovalThreshold, ThresholdState

TONES = {
    ThresholdState.PROPOSED: "wait", ThresholdState.IN_FORCE: "good", ThresholdState.DECLINED: "calm",
    ThresholdState.REPLACED: "calm",
}


@admin.register(ApprovalThreshold)
class ApprovalThresholdAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Thresholds, newest first."""

    list_display = ("number", "organization", "program_shown", "sum_shown", "approvals", "standing", "proposed_at", "decided_at")
    export_columns = ("number", "organization", "program_shown", "from_amount", "approvals", "state", "proposed_at", "decided_at")
    list_filter = ("state", "organization", "program")
    list_select_related = ("organization", "program")
    sortable_by = ("number",)
    ordering = ("-id",)
    change_form_template = "payouts/plain_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_list = ("propose",)
    actions_detail = ("approve", "decline")

    has_propose_permission = holds("payouts.propose_threshold")
    has_decide_permission = holds("payouts.decide_threshold")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("program", "organization", "proposed_by", "decided_by")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only while it waits, and not to who proposed it."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        waits = found is not None and found.state == ThresholdState.PROPOSED and found.proposed_by_id != request.user.pk
        return list(offered) if waits else []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The threshold's page."""
        found = self.visible_or_404(request, object_id)
        context = {
            "title": _t("Approval threshold %(number)s") % {"number": found.pk}, "badge": badge(found),
            "below": found.organization.name,
            "facts": [
                *facts_of(found), (_t("put forward by"), found.proposed_by.get_full_name()),
                (_t("decided by"), found.decided_by.get_full_name() if found.decided_by else ""),
            ],
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("no."), ordering="id")
    def number(self, threshold: ApprovalThreshold) -> str:
        """Its number."""
        return f"#{threshold.pk}"

    @display(description=_("program"))
    def program_shown(self, threshold: ApprovalThreshold) -> str:
        """One, or all."""
        return threshold.program.name if threshold.program else _t("All programs")

    @display(description=_("from a sum of (yuan)"))
    def sum_shown(self, threshold: ApprovalThreshold) -> str:
        """Yuan."""
        return f"{threshold.from_amount:,.2f}"

    @display(description=_("state"), ordering="state")
    def standing(self, threshold: ApprovalThreshold) -> SafeString:
        """The state as a badge."""
        return badge(threshold)

    @action(description=_("New threshold"), url_path="propose", permissions=["propose"], icon="how_to_vote")
    def propose(self, request: HttpRequest) -> HttpResponse:
        """Say from which sum on how many people authorize."""

        def run(given: dict[str, Any]) -> HttpResponse:
            found = actions.propose_threshold(given.pop("organization"), **given)
            self.message_user(request, _t("It is proposed; a colleague who checks decides about it."))
            return HttpResponseRedirect(self.address(found))

        return self.button_page(
            request, title=_t("New threshold"), button=_t("Propose it"), run=run,
            form=ThresholdForm(request.POST if request.method == "POST" else None, by=request.user),
            sentence=_t("Without a threshold one person authorizes. The strictest one that a batch's sum reaches counts."),
        )

    @action(description=_("Approve"), url_path="approve", permissions=["decide"], icon="verified")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let it hold."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.approve_threshold(found, **given)
            return _t("The threshold is in force.")

        return self.button_page(
            request, title=_t("Approve the threshold"), button=_t("Approve"), subject=found, run=run, facts=facts_of(found),
            sentence=_t("It holds for batches that are made from now on; one of the same sum that holds today ends."),
        )

    @action(description=_("Decline"), url_path="decline", permissions=["decide"], icon="block")
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It shall not hold."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.decline_threshold(found, **given)
            return _t("The threshold was declined.")

        return self.button_page(
            request, title=_t("Decline"), button=_t("Decline"), subject=found, run=run, danger=True, facts=facts_of(found),
            sentence=_t("What holds today goes on."),
        )


def badge(threshold: ApprovalThreshold) -> SafeString:
    """A threshold's state."""
    return render_to_string(
        "portal/badge.html", {"text": threshold.get_state_display(), "tone": TONES[ThresholdState(threshold.state)]}
    )


def facts_of(threshold: ApprovalThreshold) -> list[tuple[str, Any]]:
    """What a threshold says."""
    return [
        (_t("office"), threshold.organization.name),
        (_t("program"), threshold.program.name if threshold.program else _t("All programs")),
        (_t("from a sum of (yuan)"), f"{threshold.from_amount:,.2f}"), (_t("people who authorize"), threshold.approvals),
    ]

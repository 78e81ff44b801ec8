"""Wordings of messages in the admin: drafted, looked at with people who do not exist, approved by another."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from intake.pages.forms import ReasonForm
from outreach import actions
from outreach.actions.wordings import examples
from outreach.admin.forms import WordingForm
from outreach.models import MessageWording, WordingState

TONES = {
    WordingState.DRAFT: "wait", WordingState.APPROVED: "good", WordingState.DECLINED: "bad", WordingState.RETIRED: "calm",
}


@admin.register(MessageWording)
class MessageWordingAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Newest first."""

    list_display = ("version", "program", "topic", "standing", "segments", "whole_text", "drafted_at")
    export_columns = ("version", "program", "topic", "state", "segments", "text", "hotline", "drafted_at", "decided_at")
    list_filter = ("state", "topic", "program")
    list_select_related = ("program",)
    ordering = ("-id",)
    sortable_by = ("drafted_at",)
    # Not by whom: offices below read it, and staff of a city is none of theirs.
    fields = (
        "program", "topic", "version", "standing", "whole_text", "name_form", "hotline", "preview", "drafted_at", "decided_at",
        "reason_shown",
    )
    readonly_fields = fields
    actions_list = ("draft",)
    actions_detail = ("approve", "decline")

    has_draft_permission = holds("outreach.draft_wording")
    has_approve_permission = holds("outreach.approve_wording")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("program")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only what does something for this reader now."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        decides = found is not None and found.state == WordingState.DRAFT and found.drafted_by_id != request.user.pk
        return offered if decides else []

    @display(description=_("version"), ordering="id")
    def version(self, found: MessageWording) -> str:
        """Within its occasion."""
        return f"v{found.number}"

    @display(description=_("state"), ordering="state")
    def standing(self, found: MessageWording) -> SafeString:
        """The state as a badge."""
        return render_to_string(
            "portal/badge.html", {"text": found.get_state_display(), "tone": TONES[WordingState(found.state)]}
        )

    @display(description=_("text"))
    def whole_text(self, found: MessageWording) -> SafeString:
        """With its signature, as it is in every language."""
        return said(found)

    @display(description=_("reason for the refusal"))
    def reason_shown(self, found: MessageWording) -> str:
        """Why it was declined."""
        return found.reason or "—"

    @display(description=_("as people would read it (none of them exists)"))
    def preview(self, found: MessageWording) -> SafeString:
        """Examples, and what each costs."""
        return render_to_string("outreach/preview.html", {"examples": examples(found)})

    @action(description=_("Draft a wording"), url_path="draft", permissions=["draft"], icon="edit_note")
    def draft(self, request: HttpRequest) -> HttpResponse:
        """The next version of what people are told."""

        def run(given: dict[str, Any]) -> HttpResponse:
            made = actions.draft_message(given.pop("program"), **given)
            self.message_user(request, _t("Drafted; a colleague who checks approves it."))
            return HttpResponseRedirect(self.address(made))

        return self.button_page(
            request, title=_t("Draft a wording"), button=_t("Put the wording forward"), run=run,
            sentence=_t("Nothing is sent with it before a colleague approves it; a text is never changed, only replaced."),
            form=WordingForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    @action(description=_("Approve"), url_path="approve", permissions=["approve"], icon="check")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """New messages say this."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.approve_message(found, **given)
            return _t("Messages say this from now on.")

        return self.button_page(
            request, title=_t("Approve the wording"), button=_t("Approve"), subject=found, run=run, facts=facts_of(found),
            sentence=_t("It replaces the version before; messages that were released keep theirs."),
            detail=self.preview(found),
        )

    @action(description=_("Decline"), url_path="decline", permissions=["approve"], icon="block")
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It is used for nothing."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.decline_message(found, **given)
            return _t("Declined.")

        return self.button_page(
            request, title=_t("Decline the wording"), button=_t("Decline"), subject=found, run=run, danger=True,
            facts=facts_of(found), form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("It is used for nothing; whoever drafted it reads why."),
        )


def facts_of(found: MessageWording) -> list[tuple[str, Any]]:
    """What a confirm page says about a wording."""
    return [
        (_t("program"), found.program.name), (_t("occasion"), found.get_topic_display()), (_t("version"), f"v{found.number}"),
        (_t("name in messages"), found.get_name_form_display()), (_t("text"), said(found)),
    ]


def said(found: MessageWording) -> SafeString:
    """The text, which no page translates."""
    return format_html('<span translate="no" lang="zh-Hans">{}</span>', found.whole)

"""Terms in the admin: proposed, approved by another, declined."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from intake.pages.forms import ReasonForm
from retention import actions
from retention.actions.terms import APPROVE, PROPOSE
from retention.admin.forms import TermForm
from retention.models import RetentionTerm, TermState
from retention.terms import RULES

TONES = {TermState.PROPOSED: "wait", TermState.IN_FORCE: "good", TermState.DECLINED: "bad", TermState.REPLACED: "calm"}


@admin.register(RetentionTerm)
class RetentionTermAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Versions of terms, newest first."""

    list_display = ("kind", "program", "term", "standing", "reason", "proposer", "proposed_at", "decider", "decided_at")
    export_columns = ("kind", "program", "length", "unit", "state", "reason", "proposed_at", "decided_at")
    list_filter = ("state", "kind", "program")
    list_select_related = ("program", "proposed_by", "decided_by")
    search_fields = ("=id",)
    sortable_by = ()
    ordering = ("-id",)
    fields = ("program", "kind", "term", "state", "reason", "proposed_at", "decided_at", "answer")
    readonly_fields = fields
    actions_list = ("propose",)
    actions_detail = ("approve", "decline")
    button_states: ClassVar[dict[str, tuple[TermState, ...]]] = {
        "approve": (TermState.PROPOSED,), "decline": (TermState.PROPOSED,)
    }

    has_propose_permission = holds(PROPOSE)
    has_approve_permission = holds(APPROVE)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("program__organization", "proposed_by", "decided_by")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the term's state, for this user."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        if found is None or found.proposed_by_id == request.user.pk:
            return []
        return [button for button in offered if found.state in self.button_states[button.method.__name__]]

    def told_by(self, request: HttpRequest, obj: Any) -> list[Any]:
        """The term."""
        return [obj]

    @display(description=_("kept for"))
    def term(self, found: RetentionTerm) -> str:
        """Length and unit."""
        return found.in_words

    @display(description=_("state"))
    def standing(self, found: RetentionTerm) -> SafeString:
        """The state as a badge."""
        return render_to_string(
            "portal/badge.html", {"text": found.get_state_display(), "tone": TONES[TermState(found.state)]}
        )

    @display(description=_("proposed by"))
    def proposer(self, found: RetentionTerm) -> str:
        """As colleagues know them."""
        return found.proposed_by.get_full_name()

    @display(description=_("decided by"))
    def decider(self, found: RetentionTerm) -> str:
        """As colleagues know them."""
        return found.decided_by.get_full_name() if found.decided_by is not None else "—"

    @action(description=_("Propose a term"), url_path="propose", permissions=["propose"], icon="schedule")
    def propose(self, request: HttpRequest) -> HttpResponse:
        """Of one program and kind of records."""

        def run(given: dict[str, Any]) -> str:
            actions.propose_term(given.pop("program"), **given)
            return _t("Proposed: a colleague who checks puts it in force.")

        return self.button_page(
            request, title=_t("Propose a term"), button=_t("Propose"), run=run,
            form=TermForm(request.POST if request.method == "POST" else None, by=request.user),
            sentence=_t(
                "From its approval on the program keeps these records so long, and no longer. Never shorter than the law asks."
            ),
        )

    @action(description=_("Put in force"), url_path="approve", permissions=["approve"], icon="check")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The one before is replaced."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.approve_term(found, **given)
            return _t("The term is in force.")

        return self.button_page(
            request, title=_t("Put the term in force"), button=_t("Put in force"), subject=found, run=run, facts=facts_of(found),
            sentence=_t("A list of what is to be destroyed that was drawn up before can no longer be released."),
        )

    @action(description=_("Decline"), url_path="decline", permissions=["approve"], icon="block")
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What was in force stays."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.decline_term(found, answer=given["reason"], by=given["by"], at=given["at"])
            return _t("Declined: what was in force stays.")

        return self.button_page(
            request, title=_t("Decline the term"), button=_t("Decline"), subject=found, run=run, danger=True, facts=facts_of(found),
            form=ReasonForm(request.POST if request.method == "POST" else None), sentence=_t("What was in force stays."),
        )


def facts_of(found: RetentionTerm) -> list[tuple[str, Any]]:
    """What a term says."""
    return [
        (_t("program"), found.program.name), (_t("kind of records"), found.get_kind_display()),
        (_t("kept for"), found.in_words), (_t("counted from"), str(RULES[found.kind].begins)),
        (_t("reason"), found.reason), (_t("proposed by"), found.proposed_by.get_full_name()),
    ]

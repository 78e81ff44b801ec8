"""Destruction in the admin: the overview of whoever is in charge, a list drawn up, released by another, its certificate."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from audit.naming import as_recorded
from intake.pages.forms import DigestForm, ReasonForm
from retention import actions
from retention.actions.runs import DRAW, RELEASE
from retention.admin.forms import DrawUpForm, programs_of
from retention.models import DestructionRun, LegalHold, RunKind, RunState
from retention.report import context_of, facts_of, overview

_VIEW = "retention.view_destructionrun"
TONES = {
    RunState.LISTING: "work", RunState.DRAWN: "wait", RunState.RELEASED: "work", RunState.DONE: "good", RunState.WITHDRAWN: "calm"
}


@admin.register(DestructionRun)
class DestructionRunAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Destruction runs, newest first."""

    list_display = (
        "number_shown", "program", "kind", "standing", "due_on", "on_list", "destroyed_shown", "drawer", "releaser", "finished_at",
    )
    export_columns = ("id", "program", "kind", "state", "due_on", "number", "destroyed", "drawn_at", "released_at", "finished_at")
    list_filter = ("state", "kind", "program")
    list_select_related = ("program", "drawn_by", "released_by")
    search_fields = ("=id",)
    sortable_by = ()
    ordering = ("-id",)
    change_form_template = "retention/run_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_list = ("overview", "draw_up")
    actions_detail = ("release", "withdraw", "certificate")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[RunState, ...]]] = {
        "release": (RunState.DRAWN,), "withdraw": (RunState.LISTING, RunState.DRAWN), "certificate": (RunState.DONE,)
    }

    has_draw_permission = holds(DRAW)
    has_release_permission = holds(RELEASE)
    has_read_permission = holds(_VIEW)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("program", "organization", "drawn_by", "released_by")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the run's state, for this user."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        if found is None:
            return []
        return [
            button for button in offered
            if found.state in self.button_states[button.method.__name__]
            and not (button.method.__name__ == "release" and (found.drawn_by_id == request.user.pk or not found.number))
        ]

    def told_by(self, request: HttpRequest, obj: Any) -> list[Any]:
        """The run."""
        return [obj]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The run's page."""
        found = self.visible_or_404(request, object_id)
        lines = f"{reverse('admin:retention_destructionline_changelist')}?{urlencode({'run__id__exact': found.pk})}"
        context = {
            **context_of(found), "title": str(found), "badge": badge(found), "lines_url": lines, "sentence": _sentence(found),
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("number"))
    def number_shown(self, found: DestructionRun) -> str:
        """Of the run."""
        return str(found)

    @display(description=_("state"))
    def standing(self, found: DestructionRun) -> SafeString:
        """The state as a badge."""
        return badge(found)

    @display(description=_("on the list"))
    def on_list(self, found: DestructionRun) -> str:
        """People, or lists and files."""
        return f"{found.number:,}"

    @display(description=_("destroyed"))
    def destroyed_shown(self, found: DestructionRun) -> str:
        """Of them."""
        return f"{found.destroyed:,}"

    @display(description=_("drawn up by"))
    def drawer(self, found: DestructionRun) -> str:
        """As colleagues know them."""
        return found.drawn_by.get_full_name()

    @display(description=_("released by"))
    def releaser(self, found: DestructionRun) -> str:
        """As colleagues know them."""
        return found.released_by.get_full_name() if found.released_by is not None else "—"

    @action(description=_("Terms and what comes due"), url_path="overview", permissions=["read"], icon="event_upcoming")
    def overview(self, request: HttpRequest) -> HttpResponse:
        """What whoever is in charge of personal information looks at."""
        programs = list(programs_of(request.user, _VIEW))
        seen: Any = LegalHold.objects
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": _t("Retention: terms and what comes due"),
            **overview(
                programs, seen.visible_to(request.user, "retention.view_legalhold"), self.get_queryset(request),
                day=timezone.localdate(),
            ),
            "draw_url": reverse("admin:retention_destructionrun_draw_up") if request.user.has_perm(DRAW) else "",
            "holds_url": reverse("admin:retention_legalhold_changelist"),
            "terms_url": reverse("admin:retention_retentionterm_changelist"),
            "runs_url": reverse("admin:retention_destructionrun_changelist"),
        }
        return render(request, "retention/overview.html", context)

    @action(description=_("Draw up a destruction"), url_path="draw-up", permissions=["draw"], icon="playlist_add_check")
    def draw_up(self, request: HttpRequest) -> HttpResponse:
        """List what is out of its term."""

        def run(given: dict[str, Any]) -> HttpResponse:
            made = actions.draw_up_run(given.pop("program"), due_on=timezone.localdate(given["at"]), **given)
            messages.success(request, _t("What is due is being listed. Look at it, then ask a colleague who checks to release it."))
            return HttpResponseRedirect(reverse("admin:retention_destructionrun_change", args=[made.pk]))

        return self.button_page(
            request, title=_t("Draw up a destruction"), button=_t("List what is due"), run=run,
            form=DrawUpForm(request.POST if request.method == "POST" else None, by=request.user),
            sentence=_t(
                "What is out of its term today is listed and counted. Nothing is destroyed before a colleague releases the list."
            ),
        )

    @action(description=_("Release"), url_path="release", permissions=["release"], icon="delete_forever")
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """For good."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.release_run(found, **given)
            return _t("Released: it is being destroyed.")

        return self.button_page(
            request, title=_t("Release the destruction"), button=_t("Destroy for good"), subject=found, run=run, danger=True,
            facts=facts_of(found),
            form=DigestForm(request.POST if request.method == "POST" else None, initial={"digest": found.digest}),
            sentence=_t(
                "Names, documents, contacts and the lines of files can be read by nobody afterwards. Nothing brings them back."
                " Covers, amounts and the ledger stay as they are."
            ),
        )

    @action(description=_("Withdraw"), url_path="withdraw", permissions=["draw"], icon="undo")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Nothing was destroyed."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.withdraw_run(found, **given)
            return _t("Withdrawn: nothing was destroyed.")

        return self.button_page(
            request, title=_t("Withdraw the destruction"), button=_t("Withdraw"), subject=found, run=run, facts=facts_of(found),
            form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("Nothing was destroyed. What is due can be listed anew."),
        )

    @action(description=_("Certificate"), url_path="certificate", permissions=["read"], icon="print")
    def certificate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The destruction on paper: counts, who and when; it names nobody whose data it was."""
        found = self.visible_or_404(request, object_id)
        if found.state != RunState.DONE:
            messages.info(request, _t("There is a certificate once it is done."))
            return HttpResponseRedirect(reverse("admin:retention_destructionrun_change", args=[found.pk]))
        context = {**context_of(found), "checksums": [
            (_t("checksum of the list"), as_recorded(found.digest)),
            (_t("checksum of this certificate"), as_recorded(found.certificate_digest)),
        ]}
        answer = render(request, "retention/certificate.html", context)
        answer["Cache-Control"] = "no-store"
        return answer


def badge(found: DestructionRun) -> SafeString:
    """A run's state."""
    return render_to_string("portal/badge.html", {"text": found.get_state_display(), "tone": TONES[RunState(found.state)]})


def _sentence(found: DestructionRun) -> str:
    if found.state == RunState.LISTING:
        return _t("What is due is being listed.")
    if found.state == RunState.DRAWN:
        if not found.number:
            return _t("Nothing is due: everything is within its term, or kept for another reason. Withdraw this list.")
        return _t("A colleague who checks looks at the list and releases it. Until then nothing is destroyed.")
    if found.state == RunState.RELEASED:
        return _t("It is being destroyed, step by step; a step that is interrupted goes on by itself.")
    if found.state == RunState.DONE:
        return (
            _t("Destroyed: nobody can read whose data it was. Covers and amounts stay as numbers.")
            if found.kind == RunKind.PEOPLE else _t("Destroyed: the contents of these files and lines can be read by nobody.")
        )
    return _t("Withdrawn: nothing of it was destroyed.")

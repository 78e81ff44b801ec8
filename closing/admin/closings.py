"""Months in the admin: drawn up, submitted, closed by another; printed; compared with today."""

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
from audit.exporting import ExportColumn
from audit.naming import as_recorded
from closing import actions
from closing.actions.months import CLOSE, DRAW
from closing.admin.forms import DrawUpForm
from closing.models import ClosingState, MonthClosing
from closing.report import SHOWN, carried, comparison, context_of
from intake.pages.forms import DigestForm, ReasonForm
from programs.statements import source_in_words

TONES = {
    ClosingState.DRAWN: "work", ClosingState.SUBMITTED: "wait", ClosingState.CLOSED: "good", ClosingState.DECLINED: "bad",
    ClosingState.WITHDRAWN: "calm",
}
_VIEW = "closing.view_monthclosing"
_OPEN = (ClosingState.DRAWN, ClosingState.SUBMITTED)


@admin.register(MonthClosing)
class MonthClosingAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Months, newest first."""

    list_display = ("month_shown", "program", "standing", "postings_shown", "drawn_at", "drawer", "decider", "decided_at")
    export_columns = (
        "month", "program", "state", "postings",
        ExportColumn("digest", _("checksum of the figures"), lambda closing: closing.digest),
        "drawn_at", "submitted_at", "decided_at", "reason",
    )
    list_filter = ("state", "program")
    list_select_related = ("program", "drawn_by", "decided_by")
    search_fields = ("=id",)
    search_help_text = _("Number of a closing")
    sortable_by = ("month_shown",)
    ordering = ("-month", "-id")
    change_form_template = "closing/closing_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_list = ("draw_up",)
    actions_detail = ("submit", "approve", "decline", "withdraw", "print", "compare")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[ClosingState, ...]]] = {
        "submit": (ClosingState.DRAWN,), "approve": (ClosingState.SUBMITTED,), "decline": (ClosingState.SUBMITTED,),
        "withdraw": _OPEN, "print": tuple(ClosingState), "compare": tuple(ClosingState),
    }

    has_draw_permission = holds(DRAW)
    has_close_permission = holds(CLOSE)
    has_read_permission = holds(_VIEW)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program__organization", "previous", "drawn_by", "submitted_by", "decided_by"
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the month's state, for this user."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        if found is None:
            return []
        own = request.user.pk in (found.drawn_by_id, found.submitted_by_id)
        return [
            button for button in offered
            if found.state in self.button_states[button.method.__name__]
            and not (own and button.method.__name__ in ("approve", "decline"))
        ]

    def told_by(self, request: HttpRequest, obj: Any) -> list[Any]:
        """The closing."""
        return [obj]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The month's page."""
        found = self.visible_or_404(request, object_id)
        lists = {
            name: f"{reverse(f'admin:closing_{name}_changelist')}?{urlencode({'closing__id__exact': found.pk})}"
            for name in ("closedfigure", "closedbalance")
        }
        context = {
            **context_of(found), "title": str(found), "badge": badge(found), "facts": facts_of(found), "lists": lists,
            "is_closed": found.state == ClosingState.CLOSED, "is_open": found.state in _OPEN,
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("month"), ordering="month")
    def month_shown(self, found: MonthClosing) -> str:
        """Year and month."""
        return f"{found.month:%Y-%m}"

    @display(description=_("state"))
    def standing(self, found: MonthClosing) -> SafeString:
        """The state as a badge."""
        return badge(found)

    @display(description=_("postings"))
    def postings_shown(self, found: MonthClosing) -> str:
        """Of the month."""
        return f"{found.postings:,}"

    @display(description=_("drawn up by"))
    def drawer(self, found: MonthClosing) -> str:
        """As colleagues know them."""
        return found.drawn_by.get_full_name()

    @display(description=_("decided by"))
    def decider(self, found: MonthClosing) -> str:
        """As colleagues know them."""
        return found.decided_by.get_full_name() if found.decided_by is not None else "—"

    @action(description=_("Draw up a month"), url_path="draw-up", permissions=["draw"], icon="event_available")
    def draw_up(self, request: HttpRequest) -> HttpResponse:
        """Count the next month of a program."""
        form = DrawUpForm(request.POST if request.method == "POST" else None, by=request.user)

        def run(given: dict[str, Any]) -> HttpResponse:
            program, month = given.pop("which")
            closing = actions.draw_up_month(program, month=month, **given)
            messages.success(request, _t("Drawn up: look at the figures, then submit them to a colleague who checks."))
            return HttpResponseRedirect(reverse("admin:closing_monthclosing_change", args=[closing.pk]))

        return self.button_page(
            request, title=_t("Draw up a month"), button=_t("Draw up"), run=run, form=form,
            sentence=_t(
                "The figures of the month are counted and kept. From then on nothing is booked into it any more: what comes later"
                " falls into the next month."
            ),
            warnings=[] if form.months else [_t("No month is over and waits to be drawn up.")],
        )

    @action(description=_("Submit"), url_path="submit", permissions=["draw"], icon="send")
    def submit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To a colleague who checks."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.submit_closing(found, **given)
            return _t("Submitted: a colleague who checks closes the month.")

        return self.button_page(
            request, title=_t("Submit the month"), button=_t("Submit"), subject=found, run=run, facts=facts_of(found),
            sentence=_t("You have looked at the figures and at what is still open."), warnings=_warnings(found),
        )

    @action(description=_("Close the month"), url_path="approve", permissions=["close"], icon="lock")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """For good."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.approve_closing(found, **given)
            return _t("The month is closed.")

        return self.button_page(
            request, title=_t("Close the month"), button=_t("Close the month"), subject=found, run=run, facts=facts_of(found),
            sentence=_t("A closed month is never opened again: what turns out to be wrong is corrected in the next one."),
            warnings=_warnings(found),
            form=DigestForm(request.POST if request.method == "POST" else None, initial={"digest": found.digest}),
        )

    @action(description=_("Send back"), url_path="decline", permissions=["close"], icon="undo")
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The month is open again."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.decline_closing(found, **given)
            return _t("Sent back: the month is open again.")

        return self.button_page(
            request, title=_t("Send the month back"), button=_t("Send back"), subject=found, run=run, danger=True,
            facts=facts_of(found), form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("The month takes postings again and is drawn up anew once what is wrong is put right."),
        )

    @action(description=_("Withdraw"), url_path="withdraw", permissions=["draw"], icon="undo")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The month is open again."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.withdraw_closing(found, **given)
            return _t("Withdrawn: the month is open again.")

        return self.button_page(
            request, title=_t("Withdraw the closing"), button=_t("Withdraw"), subject=found, run=run, danger=True,
            facts=facts_of(found), sentence=_t("The month takes postings again and can be drawn up anew."),
        )

    @action(description=_("Print"), url_path="print", permissions=["read"], icon="print")
    def print(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The month on paper: what is kept, and nothing else; it holds no person."""
        found = self.visible_or_404(request, object_id)
        answer = render(request, "closing/report.html", {**context_of(found), "facts": facts_of(found)})
        answer["Cache-Control"] = "no-store"
        return answer

    @action(description=_("Compare with today"), url_path="compare", permissions=["read"], icon="compare_arrows")
    def compare(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same figures as of now, and what came too late for the month."""
        found = self.visible_or_404(request, object_id)
        late = carried(found)
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "found": found, "badge": badge(found),
            "title": _t("%(closing)s: compared with today") % {"closing": found}, "month": f"{found.month:%Y-%m}",
            "comparison": comparison(found), "late_number": late.count(), "shown": SHOWN,
            "late": [(each, source_in_words(each)) for each in late.order_by("at", "pk")[:SHOWN]],
            "back_url": reverse("admin:closing_monthclosing_change", args=[found.pk]),
        }
        return render(request, "closing/compare.html", context)


def _warnings(found: MonthClosing) -> list[str]:
    return [sentence for sentence, _address in context_of(found)["open_points"]]


def badge(found: MonthClosing) -> SafeString:
    """A month's state."""
    return render_to_string("portal/badge.html", {"text": found.get_state_display(), "tone": TONES[ClosingState(found.state)]})


def facts_of(found: MonthClosing) -> list[tuple[str, Any]]:
    """What a closing is, as its page, its confirm pages and its paper say it."""
    return [
        (_t("program"), found.program.name),
        (_t("month"), f"{found.month:%Y-%m}"),
        (_t("office"), found.program.organization.name),
        (_t("state"), found.get_state_display()),
        (_t("cut-off"), _moment(found.drawn_at)),
        (_t("postings"), f"{found.postings:,}"),
        (_t("drawn up by"), found.drawn_by.get_full_name()),
        (_t("submitted by"), found.submitted_by.get_full_name() if found.submitted_by is not None else ""),
        (_t("decided by"), found.decided_by.get_full_name() if found.decided_by is not None else ""),
        (_t("decided at"), _moment(found.decided_at)),
        *([(_t("reason"), found.reason)] if found.reason else []),
        (_t("checksum of the figures"), as_recorded(found.digest)),
        (_t("checksum of the month before"), as_recorded(found.previous_digest) if found.previous_digest else ""),
    ]


def _moment(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}" if at is not None else ""

"""Requests for funds in the admin: made, doubts decided, submitted, approved by another, printed; what came in; the statement."""

from __future__ import annotations

import csv
import io
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import F, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit import events
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from audit.faults import fault_point
from intake.exports import harmless
from intake.pages.forms import DigestForm, ReasonForm
from jobs.models import Job
from subsidies import actions, printing
from subsidies.actions.funds import held_for
from subsidies.admin.forms import ReceiptForm, RequestForm, WriteOffForm
from subsidies.models import FundMovement, FundRequest, FundRequestLine
from subsidies.models.request import ASKED, Doubt, RequestState, Verdict
from subsidies.statement import PlaceStatement, statement_of
from subsidies.summary import Table, entries_of, hides_people, table_of

TONES = {
    RequestState.MAKING: "work", RequestState.DRAFT: "wait", RequestState.SUBMITTED: "wait", RequestState.SENT: "work",
    RequestState.SETTLED: "good", RequestState.WITHDRAWN: "calm",
}
#: Movements that a page shows.
SHOWN = 50


@admin.register(FundRequest)
class FundRequestAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Requests, newest first."""

    list_display = (
        "number", "funder", "program", "period_code", "cut_on", "amount_shown", "received_shown", "open_shown", "standing",
    )
    export_columns = (
        "number", "funder", "program", "period_code", "cut_on", "state", "people", "removals", "amount", "allocated",
        "written_off", "made_at", "approved_at", "settled_at",
    )
    list_filter = ("state", "program", "period", "funder")
    list_select_related = ("funder", "program", "period__program")
    search_fields = ("=id",)
    search_help_text = _("Number of a request for funds")
    sortable_by = ("number",)
    ordering = ("-id",)
    change_form_template = "subsidies/request_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_list = ("make",)
    actions_detail = ("submit", "approve", "receive", "print", "statement", "write_off", "withdraw", "recall")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[RequestState, ...]]] = {
        "submit": (RequestState.DRAFT,), "approve": (RequestState.SUBMITTED,), "receive": (RequestState.SENT,),
        "write_off": (RequestState.SENT,), "print": (RequestState.SUBMITTED, *ASKED), "statement": tuple(RequestState),
        "withdraw": (RequestState.DRAFT, RequestState.SUBMITTED, RequestState.MAKING), "recall": (RequestState.SENT,),
    }

    has_make_permission = holds("subsidies.make_request")
    has_approve_permission = holds("subsidies.approve_request")
    has_record_permission = holds("subsidies.record_movement")
    has_print_permission = holds("subsidies.view_fundrequest")
    has_statement_permission = holds("programs.view_statement")

    class Media:
        """Renews the page while its job runs."""

        js = ("jobs/refresh.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "funder", "program__organization", "period__program", "made_by", "submitted_by", "approved_by"
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the request's state, for this user."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        if found is None:
            return []
        own = request.user.pk in (found.made_by_id, found.submitted_by_id)
        return [
            button for button in offered
            if found.state in self.button_states[button.method.__name__]
            and not (button.method.__name__ == "approve" and own)
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The request's page."""
        found = self.visible_or_404(request, object_id)
        context = {**page_context(found, request), "title": str(found)}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("no."), ordering="id")
    def number(self, found: FundRequest) -> str:
        """The request's number."""
        return f"#{found.pk}"

    @display(description=_("period"))
    def period_code(self, found: FundRequest) -> str:
        """The program year."""
        return found.period.code

    @display(description=_("amount (yuan)"))
    def amount_shown(self, found: FundRequest) -> str:
        """Yuan."""
        return f"{found.amount:,.2f}"

    @display(description=_("received (yuan)"))
    def received_shown(self, found: FundRequest) -> str:
        """Yuan."""
        return f"{found.allocated:,.2f}"

    @display(description=_("open (yuan)"))
    def open_shown(self, found: FundRequest) -> str:
        """Yuan still to come."""
        return f"{found.open_amount:,.2f}" if found.state in ASKED else "—"

    @display(description=_("state"))
    def standing(self, found: FundRequest) -> SafeString:
        """The state as a badge."""
        return badge(found)

    @action(description=_("New request"), url_path="make", permissions=["make"], icon="request_quote")
    def make(self, request: HttpRequest) -> HttpResponse:
        """Say whom to ask."""

        def run(given: dict[str, Any]) -> HttpResponse:
            made = actions.make_request(given.pop("funder"), **given)
            done = made.state == RequestState.DRAFT
            messages.success(request, _t("The list was made: look through it.") if done else _t("The list is being made."))
            return HttpResponseRedirect(reverse("admin:subsidies_fundrequest_change", args=[made.pk]))

        return self.button_page(
            request, title=_t("New request"), button=_t("Make"), run=run,
            sentence=_t(
                "The list holds what the funder owes beyond its earlier requests, and what it no longer owes of them: covers that"
                " were undone, and approved differences. Nothing is sent before a colleague who checks approves it."
            ),
            form=RequestForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    @action(description=_("Submit"), url_path="submit", permissions=["make"], icon="send")
    def submit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Fix the list."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.submit_request(found, **given)
            return _t("Submitted: a colleague who checks approves it.")

        return self.button_page(
            request, title=_t("Submit the request"), button=_t("Submit"), subject=found, run=run, facts=facts_of(found),
            sentence=_t("The list is not changed any more."), warnings=_warnings(found),
        )

    @action(description=_("Approve"), url_path="approve", permissions=["approve"], icon="task_alt")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send it."""
        found = self.visible_or_404(request, object_id)
        held = held_for(funder_id=found.funder_id, program_id=found.program_id)

        def run(given: dict[str, Any]) -> str:
            sent = actions.approve_request(found, **given)
            return _t("Approved: %(amount)s yuan, of which %(against)s yuan were set against what was held.") % {
                "amount": f"{sent.amount:,.2f}", "against": f"{sent.allocated:,.2f}",
            }

        return self.button_page(
            request, title=_t("Approve the request"), button=_t("Approve and send"), subject=found, run=run,
            facts=[*facts_of(found), (_t("held for the funder"), _t("%(amount)s yuan") % {"amount": f"{held:,.2f}"})],
            sentence=_t("What is held for the funder is set against it at once. A sum below zero is held for the funder."),
            form=DigestForm(request.POST if request.method == "POST" else None, initial={"digest": found.digest}),
        )

    @action(description=_("Record a receipt"), url_path="receive", permissions=["record"], icon="payments")
    def receive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A tranche of this request came in."""
        found = self.visible_or_404(request, object_id)
        form = ReceiptForm(
            request.POST if request.method == "POST" else None, by=request.user,
            initial={"program": found.program_id, "funder": found.funder_id, "request": found.pk, "amount": found.open_amount},
        )
        for name in ("program", "funder"):
            del form.fields[name]

        def run(given: dict[str, Any]) -> HttpResponse:
            movement = actions.record_receipt(found.funder, program=found.program, **given)
            messages.success(request, _t("Recorded: a colleague who checks confirms it."))
            return HttpResponseRedirect(reverse("admin:subsidies_fundmovement_change", args=[movement.pk]))

        return self.button_page(
            request, title=_t("Record a receipt"), button=_t("Record"), subject=found, run=run, facts=facts_of(found), form=form,
            sentence=_t("Nothing is booked before a colleague who checks confirms it."),
        )

    @action(description=_("Write off"), url_path="write-off", permissions=["record"], icon="money_off")
    def write_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The rest will not come."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            movement = actions.record_write_off(found, **given)
            messages.success(request, _t("Recorded: a colleague who checks confirms it."))
            return HttpResponseRedirect(reverse("admin:subsidies_fundmovement_change", args=[movement.pk]))

        return self.button_page(
            request, title=_t("Write off"), button=_t("Record"), subject=found, run=run, facts=facts_of(found), danger=True,
            sentence=_t("Nothing is booked before a colleague who checks confirms it."),
            form=WriteOffForm(request.POST if request.method == "POST" else None, initial={"amount": found.open_amount}),
        )

    @action(description=_("Print"), url_path="print", permissions=["print"], icon="print")
    def print(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The letter with its sums."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            actions.record_printing(found, **given)
            answer = HttpResponse(printing.document(found, summary_of(found, request.user), by=request.user))
            answer["Cache-Control"] = "no-store"
            return answer

        return self.button_page(
            request, title=_t("Print"), button=_t("Print"), subject=found, run=run, facts=facts_of(found),
            sentence=_t("The request with its sums by county and category, without a person's name."),
        )

    @action(description=_("Withdraw"), url_path="withdraw", permissions=["make"], icon="undo")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it back before it is sent."""
        return self._withdraw(request, object_id)

    @action(description=_("Withdraw what was sent"), url_path="recall", permissions=["approve"], icon="undo")
    def recall(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it back after it was sent, as long as nothing came in."""
        return self._withdraw(request, object_id)

    def _withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.withdraw_request(found, **given)
            return _t("The request was withdrawn.")

        return self.button_page(
            request, title=_t("Withdraw the request"), button=_t("Withdraw"), subject=found, run=run, danger=True,
            facts=facts_of(found), form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("What it asks stands on the next request."),
        )

    @action(description=_("Statement by place"), url_path="statement", permissions=["statement"], icon="table_view")
    def statement(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The funder's period by county and category."""
        found = self.visible_or_404(request, object_id)
        stated = statement_of(found.funder, found.period, hides=hides_people(request.user, [found.program]))
        if request.GET.get("format") == "csv":
            return _as_csv(request, found, stated)
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "subject": found, "stated": stated,
            "title": _t("Statement of %(funder)s by place") % {"funder": found.funder.name}, "back_url": self.address(found),
            "period": found.period,
        }
        return render(request, "subsidies/statement.html", context)


def _as_csv(request: HttpRequest, found: FundRequest, stated: PlaceStatement) -> HttpResponse:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([
        _t("county"), _t("category"), _t("person-times"), _t("used (yuan)"), _t("given back (yuan)"), _t("requested (yuan)"),
        _t("left out (yuan)"), _t("not yet requested (yuan)"),
    ])
    for row in [*stated.rows, None]:
        sums = stated.total if row is None else row.sums
        names = [_t("In all"), ""] if row is None else [harmless(row.county), harmless(row.category)]
        writer.writerow(
            [*names, *([_t("not shown")] * 6 if sums is None else [
                sums.times, sums.used, sums.given_back, sums.asked, sums.left_out, sums.to_ask,
            ])]
        )
    user: Any = request.user
    fault_point("subsidies.export_statement.before")
    events.record(
        "funds.statement_exported", found, by=user, at=timezone.now(), organization=user.organization,
        region_code=user.organization.region_code or "", program_id=found.program_id, data={"lines": len(stated.rows)},
    )
    fault_point("subsidies.export_statement.after")
    response = HttpResponse(text.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="statement-by-place-{found.pk}.csv"'
    return response


def badge(found: FundRequest) -> SafeString:
    """A request's state."""
    return render_to_string("portal/badge.html", {"text": found.get_state_display(), "tone": TONES[RequestState(found.state)]})


def facts_of(found: FundRequest) -> list[tuple[str, Any]]:
    """What a request is, as its page and its confirm pages say it."""
    yuan = _t("%(amount)s yuan")
    return [
        (_t("funder"), found.funder.name),
        (_t("program"), f"{found.program.name} · {found.period.code}"),
        (_t("cut day"), found.cut_on),
        (_t("number of covers"), f"{found.people:,}"),
        (_t("corrections of earlier requests"), f"{found.removals:,}"),
        (_t("amount"), yuan % {"amount": f"{found.amount:,.2f}"}),
        *(
            [
                (_t("received"), yuan % {"amount": f"{found.allocated:,.2f}"}),
                (_t("written off"), yuan % {"amount": f"{found.written_off:,.2f}"}),
                (_t("open"), yuan % {"amount": f"{found.open_amount:,.2f}"}),
            ] if found.state in ASKED else []
        ),
    ]


def summary_of(found: FundRequest, user: Any) -> Table:
    """A request's sums by county and category, as far as the reader may see them."""
    rows = found.parts.order_by().values("county", "category").annotate(
        covers=Sum(F("people") + F("removals")), times_sum=Sum("times"), amount_sum=Sum("amount")
    )
    return table_of(entries_of(rows), hides=hides_people(user, [found.program]))


def _doubts(found: FundRequest) -> int:
    return FundRequestLine.objects.filter(request=found, verdict=Verdict.OPEN).exclude(doubt=Doubt.NONE).count()


def _warnings(found: FundRequest) -> list[str]:
    doubts = _doubts(found)
    return [_t("%(number)s doubtful lines are to be decided first.") % {"number": f"{doubts:,}"}] if doubts else []


def jobs_of(found: FundRequest) -> list[Job]:
    """The job that makes the list, while it is at work or when it failed."""
    return list(Job.objects.about(found).order_by("-pk")[:1]) if found.state == RequestState.MAKING else []


def page_context(found: FundRequest, request: HttpRequest) -> dict[str, Any]:
    """Facts, sums by county and category, what came in, the way to the list."""
    user: Any = request.user
    seen = FundMovement.objects.visible_to(user, "subsidies.view_fundmovement").filter(request=found)
    lines = reverse("admin:subsidies_fundrequestline_changelist")
    doubts = _doubts(found) if found.state == RequestState.DRAFT else 0
    table = summary_of(found, user)
    return {
        "found": found, "badge": badge(found), "jobs": [] if table.hides else jobs_of(found), "table": table, "doubts": doubts,
        "facts": [
            *facts_of(found),
            (_t("made by"), found.made_by.get_full_name()),
            (_t("submitted by"), found.submitted_by.get_full_name() if found.submitted_by else ""),
            (_t("approved by"), found.approved_by.get_full_name() if found.approved_by else ""),
            *([(_t("reason for the withdrawal"), found.reason)] if found.reason else []),
        ],
        "movements": [
            (each, reverse("admin:subsidies_fundmovement_change", args=[each.pk])) for each in seen[:SHOWN]
        ],
        "lines_url": f"{lines}?request__id__exact={found.pk}" if not table.hides else "",
        "doubts_url": f"{lines}?request__id__exact={found.pk}&open=1" if doubts and not table.hides else "",
    }

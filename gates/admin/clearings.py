"""Clearings in the admin: what becomes of held money, and reversals of payments; approved by another, followed to the bank."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from exports.forms import PasswordForm
from gates import actions
from gates.actions.clearings import APPROVE, PROPOSE, file_name
from gates.admin.clearing_forms import NotReturnedForm, ReturnedForm, WhyForm
from gates.admin.held import OfOneStatement
from gates.clearing import why_in_words
from gates.models import Clearing, ClearingKind, ClearingLine, ClearingState, Outcome, StatementRow
from intake.pages.forms import DigestForm, ReasonForm
from jobs.models import Job

FETCH = "gates.fetch_clearing"
#: Characters of numbers that an address takes along.
LONGEST = 1_500
#: Lines that a page shows of a list.
SHOWN = 20
TONES = {
    ClearingState.PROPOSED: "wait", ClearingState.APPROVED: "work", ClearingState.DONE: "good", ClearingState.DROPPED: "calm",
}
OUTCOME_TONES = {Outcome.OPEN: "wait", Outcome.DONE: "good", Outcome.LEFT: "warn"}
#: What a line's cells ask.
OF_A_LINE = ("held__row", "held__statement", "arrival__row", "arrival__statement", "purchase")
_AT_THE_BANK = (ClearingState.APPROVED, ClearingState.DONE)


@admin.register(Clearing)
class ClearingAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Clearings, newest first."""

    list_display = (
        "number", "kind", "program", "period_code", "of_what", "lines_shown", "amount_shown", "standing", "ends", "proposed_at",
    )
    export_columns = (
        "number", "kind", "program", "period_code", "organization", "of_what", "lines_count", "amount", "state", "done_lines",
        "done_amount", "left_lines", "left_amount", "reason", "answer", "proposed_at", "decided_at", "ended_at",
    )
    list_filter = ("state", "kind", "program", "period", "organization", OfOneStatement, "proposed_at")
    list_select_related = ("program", "period__program", "statement", "payment")
    search_fields = ("=statement__reference", "=payment__reference", "=id")
    search_help_text = _("Number of a statement, payment or clearing")
    sortable_by = ("number",)
    ordering = ("-id",)
    change_form_template = "gates/clearing_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_detail = ("approve", "refuse", "download", "returned", "not_returned", "withdraw", "unmatch")
    #: Button -> states in which it does something.
    button_states: ClassVar[dict[str, tuple[ClearingState, ...]]] = {
        "approve": (ClearingState.PROPOSED,), "refuse": (ClearingState.PROPOSED,), "withdraw": (ClearingState.PROPOSED,),
        "download": _AT_THE_BANK,
        "returned": (ClearingState.APPROVED,), "not_returned": _AT_THE_BANK, "unmatch": (ClearingState.DONE,),
    }

    has_propose_permission = holds(PROPOSE)
    has_approve_permission = holds(APPROVE)
    has_fetch_permission = holds(FETCH)

    class Media:
        """Renews the page while its job runs."""

        js = ("jobs/refresh.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program", "period__program", "organization", "statement", "payment", "proposed_by", "decided_by"
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something for this reader now."""
        offered = super().get_actions_detail(request, object_id)
        clearing = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        return [
            button for button in offered if clearing is not None and self._offers(button.method.__name__, clearing, request)
        ]

    def _offers(self, name: str, clearing: Clearing, request: HttpRequest) -> bool:
        if clearing.state not in self.button_states[name]:
            return False
        mine = clearing.proposed_by_id == request.user.pk
        if name in ("approve", "refuse"):
            return not mine
        if name == "withdraw":
            return mine
        if name == "unmatch":
            return clearing.kind == ClearingKind.MATCH and clearing.arrivals.standing().exists()
        if clearing.kind != ClearingKind.RETURN:
            return False
        return name != "not_returned" or clearing.left_lines < clearing.lines_count

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The clearing's page."""
        clearing = self.visible_or_404(request, object_id)
        title = _t("Clearing %(number)s") % {"number": clearing.pk}
        context = {**page_context(clearing), "title": title, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    @display(description=_("no."), ordering="id")
    def number(self, clearing: Clearing) -> str:
        """Its number."""
        return f"#{clearing.pk}"

    @display(description=_("period"))
    def period_code(self, clearing: Clearing) -> str:
        """The program year."""
        return clearing.period.code

    @display(description=_("statement or payment"))
    def of_what(self, clearing: Clearing) -> str:
        """The number of the statement, or the reference of the payment."""
        return reference_of(clearing)

    @display(description=_("lines"))
    def lines_shown(self, clearing: Clearing) -> str:
        """On it."""
        return f"{clearing.lines_count:,}"

    @display(description=_("amount (yuan)"))
    def amount_shown(self, clearing: Clearing) -> str:
        """Yuan."""
        return f"{clearing.amount:,.2f}"

    @display(description=_("state"), ordering="state")
    def standing(self, clearing: Clearing) -> SafeString:
        """The state as a badge."""
        return badge(clearing.get_state_display(), TONES[ClearingState(clearing.state)])

    @display(description=_("done / put back"))
    def ends(self, clearing: Clearing) -> str:
        """How many lines have which end."""
        return f"{clearing.done_lines:,} / {clearing.left_lines:,}"

    @action(description=_("Approve"), url_path="approve", permissions=["approve"], icon="verified")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let it happen."""
        clearing = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            done = actions.approve_clearing(clearing, **given)
            if done.state == ClearingState.DONE:
                return _t("Done: %(lines)s lines; %(left)s were put back.") % {
                    "lines": f"{done.done_lines:,}", "left": f"{done.left_lines:,}",
                }
            return _t("Approved: the list can be fetched for the bank.") if done.kind == ClearingKind.RETURN else _t(
                "Approved: its lines are being worked through."
            )

        return self.button_page(
            request, title=_t("Approve the clearing"), button=_t("Approve"), subject=clearing, run=run,
            sentence=str(SENTENCES[ClearingKind(clearing.kind)]), facts=facts_of(clearing), detail=lines_table(clearing),
            form=DigestForm(request.POST if request.method == "POST" else None, initial={"digest": clearing.digest}),
        )

    @action(description=_("Send back"), url_path="refuse", permissions=["approve"], icon="undo")
    def refuse(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let nothing of it happen."""
        return self._drop(request, object_id, title=_t("Send back"))

    @action(description=_("Withdraw"), url_path="withdraw", permissions=["propose"], icon="block")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it back before it is approved."""
        return self._drop(request, object_id, title=_t("Withdraw"))

    def _drop(self, request: HttpRequest, object_id: str, *, title: str) -> HttpResponse:
        clearing = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.drop_clearing(clearing, **given)
            return _t("Dropped: its lines can be put on another list.")

        return self.button_page(
            request, title=title, button=title, subject=clearing, run=run, danger=True, facts=facts_of(clearing),
            form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("Nothing of it happens, and the reason stays with it."),
        )

    @action(description=_("Download for the bank"), url_path="download", permissions=["fetch"], icon="download")
    def download(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The list, in an archive that its password opens."""
        clearing = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> Any:
            answer = StreamingHttpResponse(actions.open_returns(clearing, **given), content_type="application/zip")
            answer["Content-Disposition"] = f'attachment; filename="{file_name(clearing)}.zip"'
            answer["Cache-Control"] = "no-store"
            answer["X-Content-Type-Options"] = "nosniff"
            return answer

        return self.button_page(
            request, title=_t("Download for the bank"), button=_t("Download"), subject=clearing, run=run, facts=facts_of(clearing),
            sentence=_t(
                "The list holds names in the clear, for the bank of the collecting account, in an archive that this password "
                "opens. The password is kept nowhere: note it now, and tell it by another way than the file. Each download is "
                "recorded."
            ),
            form=PasswordForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Record what was given back"), url_path="returned", permissions=["propose"], icon="task_alt")
    def returned(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The bank has done it, for all open lines or some."""
        clearing = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            before = clearing.done_lines
            done = actions.record_returned(clearing, **given)
            return _t("Recorded: %(lines)s lines were given back.") % {"lines": f"{done.done_lines - before:,}"}

        return self.button_page(
            request, title=_t("Record what was given back"), button=_t("Record"), subject=clearing, run=run,
            facts=facts_of(clearing),
            sentence=_t("As the bank says it, for all lines that are open or for some; it is booked then."),
            form=ReturnedForm(request.POST if request.method == "POST" else None, numbers=request.GET.get("numbers", "")),
        )

    @action(description=_("Record what was not given back"), url_path="not-returned", permissions=["propose"], icon="undo")
    def not_returned(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The bank could not, or it bounced."""
        clearing = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            before = clearing.left_lines
            done = actions.record_not_returned(clearing, **given)
            return _t("Recorded: %(lines)s lines are held again.") % {"lines": f"{done.left_lines - before:,}"}

        return self.button_page(
            request, title=_t("Record what was not given back"), button=_t("Record"), subject=clearing, run=run, danger=True,
            facts=facts_of(clearing), sentence=_t("Their money is held again, and can be put on another list."),
            form=NotReturnedForm(request.POST if request.method == "POST" else None, numbers=request.GET.get("numbers", "")),
        )


    @action(description=_("Reverse the count"), url_path="unmatch", permissions=["propose"], icon="undo")
    def unmatch(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """All of it was counted for purchases by mistake."""
        clearing = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            put_forward = actions.propose_unmatch(clearing.arrivals.all(), **given)
            messages.success(request, _t("Put forward: a colleague who checks approves it."))
            return HttpResponseRedirect(reverse("admin:gates_clearing_change", args=[put_forward.pk]))

        return self.button_page(
            request, title=_t("Reverse the count"), button=_t("Put forward"), subject=clearing, run=run, facts=facts_of(clearing),
            form=WhyForm(request.POST if request.method == "POST" else None),
            sentence=_t(
                "All lines of this list were counted for purchases by mistake: their money is held again, and the payments of "
                "those purchases have not arrived. A single one is reversed on its own page among the payments held. Nothing "
                "happens before a colleague who checks approves it."
            ),
        )


SENTENCES = {
    ClearingKind.ASSIGN: _(
        "Each line becomes the own payment of its cover, which comes into force where nothing else is missing, from the next day "
        "on at the earliest; it is booked. A line that does not fit any more is put back."
    ),
    ClearingKind.RETURN: _(
        "The money goes back the way it came: the list can be fetched for the bank then, and no line of it assigned."
    ),
    ClearingKind.MATCH: _(
        "Each line is the payment that came with the purchase of its cover: it has arrived, and is booked once. A line whose "
        "purchase has been shown to be paid meanwhile is put back."
    ),
    ClearingKind.UNMATCH: _(
        "Each line was counted for a purchase by mistake: its money is held again, and is booked so; the purchase's payment has "
        "not arrived. Who was enrolled by it stays so."
    ),
    ClearingKind.UNPAID: _(
        "The payment that an office took down never came: it is taken out of the books, and the covers are voided as if they had "
        "never stood; budgets get their part back. A payment that has arrived meanwhile, or whose cover is in use, is put back. A "
        "line of a statement that comes later is held."
    ),
    ClearingKind.REVERSE: _(
        "These covers owe their own share again and wait for it; it is booked. Money that came in by a statement is held from "
        "then on. A cover that has begun meanwhile is left as it is."
    ),
}


class OfOneClearing(OfOneStatement):
    """Of one clearing, as a link names it."""

    title = _("clearing")
    parameter_name = "clearing"


@admin.register(ClearingLine)
class ClearingLineAdmin(ReadOnlyScopedAdmin):
    """Lines of clearings, masked."""

    list_display = (
        "line_number", "of_clearing", "name", "known_by", "origin", "amount_shown", "outcome_shown", "why_shown", "reference",
        "settled_on",
    )
    export_columns = (
        "line_number", "clearing", "clearing__kind", "held__row__name", "enrollment__person__name", "known_by", "origin", "amount",
        "outcome", "why_shown", "reference", "settled_on",
    )
    list_filter = (OfOneClearing, "outcome", "clearing__kind", "settled_on")
    list_select_related = ("clearing__statement", *OF_A_LINE, "enrollment__person")
    search_fields = ("=reference", "=held__row__serial")
    search_help_text = _("Reference of the bank, or serial number")
    sortable_by = ("line_number",)
    ordering = ("-id",)
    list_per_page = 50
    fields = (
        "line_number", "of_clearing", "name", "known_by", "origin", "amount_shown", "outcome_shown", "why_shown", "reference",
        "settled_on",
    )
    readonly_fields = fields
    actions = ("returned_selected", "not_returned_selected")

    has_propose_permission = holds(PROPOSE)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(*self.list_select_related, "enrollment__program", "enrollment__period")

    @display(description=_("number of the line"), ordering="id")
    def line_number(self, line: ClearingLine) -> str:
        """Clearing and number, as the bank's list has it."""
        return line.label

    @display(description=_("clearing"))
    def of_clearing(self, line: ClearingLine) -> SafeString:
        """With the way there."""
        address = reverse("admin:gates_clearing_change", args=[line.clearing_id])
        return format_html('<a href="{}">#{} {}</a>', address, line.clearing_id, line.clearing.get_kind_display())

    @display(description=_("name"))
    def name(self, line: ClearingLine) -> str:
        """Masked."""
        return name_of(line)

    @display(description=_("cover or document number"))
    def known_by(self, line: ClearingLine) -> str:
        """The cover's number, else what the statement says; a document masked."""
        return known_by(line)

    @display(description=_("line of a statement"))
    def origin(self, line: ClearingLine) -> str:
        """Statement, sheet and line."""
        return origin_of(line) or "—"

    @display(description=_("amount (yuan)"))
    def amount_shown(self, line: ClearingLine) -> str:
        """Yuan."""
        return f"{line.amount:,.2f}"

    @display(description=_("how it ended"))
    def outcome_shown(self, line: ClearingLine) -> SafeString:
        """As a badge."""
        return badge(line.get_outcome_display(), OUTCOME_TONES[Outcome(line.outcome)])

    @display(description=_("why it was put back"))
    def why_shown(self, line: ClearingLine) -> str:
        """In words."""
        return why_in_words(line.why) if line.why else ""

    @admin.action(description=_("Record the selected as given back"), permissions=["propose"])
    def returned_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponseRedirect | None:
        """To the page of the clearing's button."""
        return self._to(request, queryset, "returned")

    @admin.action(description=_("Record the selected as not given back"), permissions=["propose"])
    def not_returned_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponseRedirect | None:
        """To the page of the clearing's button."""
        return self._to(request, queryset, "not_returned")

    def _to(self, request: HttpRequest, queryset: QuerySet, button: str) -> HttpResponseRedirect | None:
        found = list(queryset.order_by("clearing", "number").values_list("clearing", "number"))
        if len({clearing for clearing, _number in found}) != 1:
            self.message_user(request, _t("Choose lines of one clearing."), level="warning")
            return None
        numbers = in_spans([number for _pk, number in found])
        if len(numbers) > LONGEST:
            self.message_user(request, _t("These are too many: write their numbers on the page of the clearing."), level="warning")
            return None
        address = reverse(f"admin:gates_clearing_{button}", args=[found[0][0]])
        return HttpResponseRedirect(f"{address}?{urlencode({'numbers': numbers})}")


def in_spans(numbers: list[int]) -> str:
    """1, 2, 3, 7 as people write them: "1-3, 7"."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in spans)


def reference_of(clearing: Clearing) -> str:
    """The statement's number, or the reference of the payment."""
    if clearing.statement is not None:
        return str(clearing.statement.reference)
    return str(clearing.payment.reference) if clearing.payment is not None else ""


def name_of(line: ClearingLine) -> str:
    """Masked: as the statement says it, else of the person."""
    row = row_of(line)
    if row is not None and row.name is not None:
        return str(row.name)
    return str(line.enrollment.person.name) if line.enrollment is not None else "—"


def known_by(line: ClearingLine) -> str:
    """The number of the cover that it is or becomes the payment of, else what the statement says; a document masked."""
    if line.enrollment is not None:
        return str(line.enrollment.number)
    return line.held.row.number or str(line.held.row.document or "—") if line.held is not None else "—"


def origin_of(line: ClearingLine) -> str:
    """Statement, sheet and line, or the numbers of a purchase; empty for a payment without a file."""
    if line.purchase is not None:
        return _t("%(payment)s of application %(application)s") % {
            "payment": line.purchase.payment_reference, "application": line.purchase.reference,
        }
    said = line.held or line.arrival
    if said is None:
        return ""
    place = " ".join(part for part in (said.row.sheet, str(said.row.line)) if part)
    return _t("%(reference)s line %(line)s") % {"reference": said.statement.reference, "line": place}


def row_of(line: ClearingLine) -> StatementRow | None:
    """The line of a statement that it is about."""
    said = line.held or line.arrival
    return said.row if said is not None else None


def paid_on(line: ClearingLine) -> date | None:
    """As the statement says it, or as the office took it down."""
    if line.purchase is not None and line.purchase.paid_at is not None:
        return timezone.localdate(line.purchase.paid_at)
    row = row_of(line)
    return row.paid_on if row is not None else None


def facts_of(clearing: Clearing) -> list[tuple[str, Any]]:
    """What a clearing is, as its page and its confirm pages say it."""
    yuan = _t("%(amount)s yuan")
    return [
        (_t("kind"), clearing.get_kind_display()),
        (_t("program"), clearing.program.name),
        (_t("period"), clearing.period.code),
        (_t("office"), clearing.organization.name),
        *([(_t("statement or payment"), reference_of(clearing))] if reference_of(clearing) else []),
        (_t("lines"), f"{clearing.lines_count:,}"),
        (_t("amount"), yuan % {"amount": f"{clearing.amount:,.2f}"}),
        (_t("reason"), clearing.reason),
        (_t("put forward by"), _who(clearing.proposed_by, clearing.proposed_at)),
    ]


def _who(user: Any, at: Any) -> str:
    return f"{user.get_full_name()} {timezone.localtime(at):%Y-%m-%d %H:%M}" if user and at else ""


def lines_table(clearing: Clearing) -> SafeString:
    """The first lines, masked: what they say, and whose cover is meant."""
    found = clearing.lines.select_related(
        *OF_A_LINE, "enrollment__person", "enrollment__program", "enrollment__period"
    ).order_by("number")[:SHOWN]
    rows = [
        {
            "number": line.number, "name": name_of(line), "known_by": known_by(line), "origin": origin_of(line),
            "person": str(line.enrollment.person.name) if line.enrollment is not None and line.held is not None else "",
            "due": f"{line.enrollment.own_share:,.2f}" if line.enrollment is not None else "",
            "amount": f"{line.amount:,.2f}", "paid_on": paid_on(line),
            "outcome": badge(line.get_outcome_display(), OUTCOME_TONES[Outcome(line.outcome)]),
            "why": why_in_words(line.why) if line.why else line.reference,
        }
        for line in found
    ]
    listed = f"{reverse('admin:gates_clearingline_changelist')}?clearing={clearing.pk}"
    return render_to_string(
        "gates/clearing_lines.html",
        {
            "rows": rows, "whole": f"{clearing.lines_count:,}" if clearing.lines_count > SHOWN else "", "url": listed,
            "assigns": clearing.kind == ClearingKind.ASSIGN, "by_file": clearing.kind != ClearingKind.REVERSE,
            "gives_up": clearing.kind == ClearingKind.UNPAID,
            "shown": clearing.state != ClearingState.PROPOSED,
        },
    )


def page_context(clearing: Clearing) -> dict[str, Any]:
    """Facts, what became of the lines, the first of them, and the job."""
    yuan = _t("%(lines)s lines, %(amount)s yuan")

    def told(lines: int, amount: Any) -> str:
        return yuan % {"lines": f"{lines:,}", "amount": f"{amount:,.2f}"}

    open_lines = clearing.lines_count - clearing.done_lines - clearing.left_lines
    open_amount = clearing.amount - clearing.done_amount - clearing.left_amount
    links = []
    if clearing.statement is not None:
        links.append((_t("collection statement"), "gates_statement", clearing.statement_id, clearing.statement.reference))
    payment = clearing.payment or getattr(clearing, "assigned", None)
    if payment is not None:
        links.append((_t("own payment"), "gates_ownpayment", payment.pk, payment.reference))
    return {
        "clearing": clearing, "badge": badge(clearing.get_state_display(), TONES[ClearingState(clearing.state)]),
        "facts": [
            *facts_of(clearing),
            (_t("decided by"), _who(clearing.decided_by, clearing.decided_at)),
            *([(_t("answer"), clearing.answer)] if clearing.answer else []),
            *[
                (label, format_html('<a href="{}">{}</a>', reverse(f"admin:{name}_change", args=[pk]), text))
                for label, name, pk, text in links
            ],
        ],
        "counts": [
            (_t("whole list"), told(clearing.lines_count, clearing.amount)),
            (_t("done so far"), told(clearing.done_lines, clearing.done_amount)),
            (_t("put back"), told(clearing.left_lines, clearing.left_amount)), (_t("not done yet"), told(open_lines, open_amount)),
        ],
        "lines": lines_table(clearing),
        "job": Job.objects.about(clearing).order_by("-pk").first() if clearing.state == ClearingState.APPROVED else None,
    }

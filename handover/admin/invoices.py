"""Insurers' invoices in the admin: the pages of any import, with what each line charges and what is due."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import holds
from beneficiaries.models import Enrollment
from handover import actions
from handover.actions import INVOICES
from handover.admin.invoice_answers import AnswerPages, says_something
from handover.admin.premium_forms import InvoiceForm, SumForm, to_remit
from handover.charging import COLUMNS, agreeing
from handover.models import DecisionKind, Invoice
from handover.premium import UNDECIDED
from handover.totals import agrees, difference_of
from intake.findings import Verdict
from intake.models import State
from intake.pages import Cell, ImportPages, blank_workbook
from intake.pages.buttons import BUTTON_STATES, BUTTONS
from intake.pages.forms import ReasonForm

SUBMIT = "handover.submit_invoice"


class StandsFilter(admin.SimpleListFilter):
    """Where an invoice stands on its way to be paid."""

    title = _("standing")
    parameter_name = "stands"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """As the page of a period counts them."""
        return [
            ("waiting", _("Not decided yet")), ("agreed", _("Agreed")), ("disputed", _("With disputed lines")),
            ("unpaid", _("Agreed and still to be remitted")), ("differing", _("Accepted above or below our premium")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """By state and sums."""
        wanted = self.value()
        if wanted == "waiting":
            return queryset.filter(state__in=UNDECIDED)
        if wanted == "agreed":
            return queryset.filter(state=State.APPLIED)
        if wanted == "differing":
            return queryset.filter(state=State.APPLIED).exclude(difference=0)
        if wanted == "disputed":
            differs = ~Q(agreed_amount=F("control_amount")) | ~Q(agreed_lines=F("control_lines"))
            return queryset.filter(differs, state=State.APPLIED)
        return queryset.filter(pk__in=to_remit(request.user).order_by().values("pk")) if wanted == "unpaid" else queryset


@admin.register(Invoice)
class InvoiceAdmin(AnswerPages, ImportPages, ReadOnlyScopedAdmin):
    """Invoices, newest first."""

    list_display = (
        "number", "insurers_number", "program", "period_code", "insurer", "of_what", "issued_on", "standing", "lines",
        "charged_shown", "agreed_shown", "uploader",
    )
    export_columns = (
        "number", "insurers_number", "code", "program", "period_code", "insurer", "of_what", "issued_on", "state", "control_lines",
        "control_amount", "tax", "agreed_lines", "agreed_amount", "difference", "pays_ours", "uploader", "uploaded_at",
        "submitted_at", "decided_at", "applied_at",
    )
    list_filter = ("state", StandsFilter, "covers", "program", "period", "issued_on")
    list_select_related = ("program", "period__program", "insurer", "uploaded_by")
    search_fields = ("=number", "=id")
    search_help_text = _("Invoice number")
    ordering = ("-id",)
    list_per_page = 50
    change_form_template = "handover/invoice_page.html"
    desk = INVOICES
    last_step = _("Agreed")
    verdict_words: ClassVar[dict[Verdict, Any]] = {
        Verdict.NEW: _("Equal"), Verdict.COVERED: _("Charged before"), Verdict.DOUBTFUL: _("Other amount"),
        Verdict.REFUSED: _("Disputed"),
    }
    actions_list = ("upload", "record", "blank_template")
    actions_detail = (*BUTTONS[:1], "decide_sum", "pay_ours", *BUTTONS[1:], "decide", "objections", "refused_rows", "withdraw")
    button_states: ClassVar[dict[str, tuple[State, ...]]] = {
        **BUTTON_STATES, "pay_ours": (State.REVIEW,), "decide": (State.REVIEW,), "decide_sum": (State.REVIEW,),
        "objections": (State.APPLIED,),
    }

    has_upload_permission = holds("handover.upload_invoice")
    has_submit_permission = holds(SUBMIT)
    has_decide_permission = holds(SUBMIT)
    has_approve_permission = holds("handover.approve_invoice")
    has_mend_permission = holds("handover.upload_invoice")
    has_confirm_permission = holds(SUBMIT)
    has_download_permission = holds("handover.download_invoice_rows")
    has_take_permission = holds("handover.view_invoice")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program", "period__program", "organization", "insurer", "uploaded_by", "submitted_by", "decided_by", "hand_over",
            "reverses",
        )

    def offers(self, name: str, subject: Any, request: HttpRequest) -> bool:
        """Our amount can be decided for where more is charged, until it was; a sum's difference where it has one."""
        if name in ("pay_ours", "decide", "decide_sum") and subject.state != State.REVIEW:
            return False
        if name == "pay_ours":
            return subject.has_lines and not subject.pays_ours and bool(subject.money["more"][0])
        if name == "decide":
            return subject.has_lines and subject.row_count > subject.verdict_count(Verdict.NEW)
        if name == "decide_sum":
            return not subject.has_lines and bool(difference_of(subject))
        if name == "objections":
            return subject.state == State.APPLIED and says_something(subject)
        return super().offers(name, subject, request)

    @display(description=_("invoice number"))
    def insurers_number(self, invoice: Invoice) -> str:
        """The insurer's own."""
        return invoice.number

    @display(description=_("period"), ordering="period__code")
    def period_code(self, invoice: Invoice) -> str:
        """The program year."""
        return invoice.period.code

    @display(description=_("of what"))
    def of_what(self, invoice: Invoice) -> str:
        """Its own lines, or what its one sum is of."""
        return of_what(invoice)

    @display(description=_("charged (yuan)"))
    def charged_shown(self, invoice: Invoice) -> str:
        """What the invoice says."""
        return f"{invoice.control_amount:,.2f}"

    @display(description=_("agreed (yuan)"))
    def agreed_shown(self, invoice: Invoice) -> str:
        """What was agreed of it."""
        return f"{invoice.agreed_amount:,.2f}" if invoice.applied_at else "—"

    def heads(self, subject: Invoice) -> list[str]:
        """What stands below the title."""
        red = [_t("below zero: takes premium back")] if subject.is_red else []
        return [subject.insurer.name, subject.period.code, subject.number, *red]

    def page_context(self, subject: Invoice, request: HttpRequest) -> dict[str, Any]:
        """With what was decided, and how one sum stands against our lists."""
        return {**super().page_context(subject, request), **self.answers_context(subject)}

    def row_lines(self, subject: Invoice, page: Sequence[Any], request: HttpRequest) -> Any:
        """With what was decided of each, and the way to decide it."""
        return self.with_answers(subject, page, super().row_lines(subject, page, request), request)

    def facts(self, subject: Invoice) -> list[tuple[str, Any]]:
        """What the invoice is."""
        return [
            (_t("insurer"), subject.insurer.name), (_t("program"), subject.program.name), (_t("period"), subject.period.code),
            (_t("invoice number"), subject.number), (_t("invoice code"), subject.code),
            (_t("day of the invoice"), subject.issued_on), (_t("of what"), of_what(subject)),
            (_t("of which tax (yuan)"), shown(subject.tax)),
            *([(_t("takes back"), f"#{subject.reverses_id} {subject.reverses.number}")] if subject.reverses else []),
            *super().facts(subject),
            *([(_t("why our amount is paid"), subject.pays_ours)] if subject.pays_ours else []),
        ]

    def summary(self, subject: Invoice) -> list[tuple[str, Any]]:
        """What the insurer says, what is equal, what is not, to the fen."""
        if not subject.has_lines:
            return sum_in_words(subject)
        found = [(_t("by the invoice"), in_words(subject.control_lines, subject.control_amount))]
        money = subject.money
        if not money:
            return found
        more, less = money["more"], money["less"]
        found.append((_t("equal"), in_words(*money["equal"][:2])))
        if more[0]:
            found.append((_t("charged too high"), against(*more)))
        if less[0]:
            found.append((_t("charged too low"), against(*less)))
        for name, label in (("before", _t("charged before")), ("others", _t("not accepted, unknown or with a fault"))):
            if money[name][0]:
                found.append((label, in_words(*money[name][:2])))
        found.append((_t("accepted by the insurer and not charged"), in_words(*money["missing"])))
        for kind in (DecisionKind.ACCEPT, DecisionKind.INSIST, DecisionKind.ASK):
            if kind.value in money.get("decided", {}):
                found.append((_t("decided: %(kind)s") % {"kind": kind.label}, against(*money["decided"][kind.value])))
        if subject.applied_at is not None:
            disputed = subject.control_amount - subject.agreed_amount
            found += [
                (_t("agreed"), in_words(subject.agreed_lines, subject.agreed_amount)),
                *([(_t("of it above or below our premium"), f"{subject.difference:+,.2f}")] if subject.difference else []),
                (_t("disputed"), in_words(subject.control_lines - subject.agreed_lines, disputed)),
            ]
        return found

    def cells_of(self, subject: Invoice, page: Sequence[Any]) -> dict[int, list[Cell]]:
        """The cover, what is charged, what is due, by how much they differ."""
        covers = Enrollment.objects.select_related("program", "period").in_bulk(
            [row.enrollment_id for row in page if row.line_id is not None]
        )
        return {
            row.pk: [
                Cell(_t("cover number"), covers[row.enrollment_id].number if row.enrollment_id in covers else "—", "pp-number"),
                Cell(_t("charged (yuan)"), shown(row.amount), "pp-right"),
                Cell(_t("due by our list (yuan)"), shown(row.due), "pp-right"),
                Cell(_t("difference (yuan)"), difference(row.amount, row.due), "pp-right"),
            ]
            for row in page
        }

    def confirm_facts(self, subject: Invoice) -> list[tuple[str, Any]]:
        """What a confirm page says: which invoice, counts and sums."""
        agreed = agreeing(subject) if subject.has_lines else subject.row_count if agrees(subject) else 0
        return [
            (_t("office"), subject.organization.name), (_t("insurer"), subject.insurer.name),
            (_t("invoice number"), subject.number), *self.summary(subject),
            *([(_t("why our amount is paid"), subject.pays_ours)] if subject.pays_ours else []),
            (_t("lines that are agreed"), f"{agreed:,}"), (_t("lines that stay disputed"), f"{subject.row_count - agreed:,}"),
        ]

    def approval_sentence(self, subject: Invoice) -> str:
        """What the click does."""
        return _t(
            "What is equal is agreed and can be remitted. Disputed lines stay open and are listed; what a later invoice "
            "charges again is never agreed twice. Nothing is booked before the bank has paid."
        )

    @action(description=_("Upload an invoice"), url_path="upload", permissions=["upload"], icon="upload_file")
    def upload(self, request: HttpRequest) -> HttpResponse:
        """A new invoice."""
        posted = request.method == "POST"

        def run(given: dict[str, Any]) -> HttpResponse:
            files = [(file.name, file) for file in given.pop("file")]
            invoice = actions.upload_invoice(files, **given)
            return HttpResponseRedirect(reverse("admin:handover_invoice_change", args=[invoice.pk]))

        return self.button_page(
            request, title=_t("Upload an invoice"), button=_t("Upload"), run=run,
            sentence=_t("Each line is compared with what was handed over and accepted. Nothing is agreed yet."),
            form=InvoiceForm(
                request.POST if posted else None, request.FILES if posted else None, by=request.user,
                period=request.GET.get("period", ""),
            ),
        )

    @action(description=_("Record an invoice without lines"), url_path="record", permissions=["upload"], icon="receipt_long")
    def record(self, request: HttpRequest) -> HttpResponse:
        """One sum, as most insurers send it."""

        def run(given: dict[str, Any]) -> HttpResponse:
            invoice = actions.record_invoice(given.pop("period"), **given)
            return HttpResponseRedirect(reverse("admin:handover_invoice_change", args=[invoice.pk]))

        return self.button_page(
            request, title=_t("Record an invoice without lines"), button=_t("Record"), run=run,
            sentence=_t("The sum is compared with what is due of the same span by our lists. Nothing is agreed yet."),
            form=SumForm(
                request.POST if request.method == "POST" else None, by=request.user, period=request.GET.get("period", "")
            ),
        )

    @action(description=_("Pay our amount"), url_path="pay-ours", permissions=["decide"], icon="rule")
    def pay_ours(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Where more is charged than is due."""
        invoice = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.pay_ours(invoice, **given)
            return _t("Decided: our amount is paid for these lines once a colleague agrees to the invoice.")

        return self.button_page(
            request, title=_t("Pay our amount"), button=_t("Pay our amount"), subject=invoice, run=run,
            facts=self.summary(invoice), form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("For lines that charge more than is due, our amount is agreed; what is beyond it stays disputed."),
        )

    @action(description=_("Blank template"), url_path="template", permissions=["upload"], icon="table_view")
    def blank_template(self, request: HttpRequest) -> HttpResponse:
        """The layout as a workbook."""
        return blank_workbook(COLUMNS, "invoice-template.xlsx")


def shown(amount: Decimal | None) -> str:
    """Yuan, or a dash."""
    return f"{amount:,.2f}" if amount is not None else "—"


def difference(charged: Decimal | None, due: Decimal | None) -> str:
    """By how much more is charged than is due; a dash where one of the two is not known."""
    return f"{charged - due:+,.2f}" if charged is not None and due is not None else "—"


def in_words(lines: int, amount: Decimal | str) -> str:
    """Lines and yuan."""
    return _t("%(lines)s lines, %(amount)s yuan") % {"lines": f"{lines:,}", "amount": f"{Decimal(amount):,.2f}"}


def against(lines: int, charged: str, due: str) -> str:
    """Lines and yuan beside what is due."""
    return _t("%(lines)s lines: %(charged)s yuan charged, %(due)s due") % {
        "lines": f"{lines:,}", "charged": f"{Decimal(charged):,.2f}", "due": f"{Decimal(due):,.2f}",
    }


def of_what(invoice: Invoice) -> str:
    """Its own lines, or what its one sum is of, and which lines of ours it is compared with."""
    if invoice.has_lines:
        return str(invoice.get_covers_display())
    said = str(invoice.get_covers_display())
    if invoice.hand_over_id is not None:
        said = _t("hand-over %(number)s") % {"number": f"#{invoice.hand_over_id}"}
    elif invoice.month is not None:
        said = f"{invoice.month:%Y-%m}"
    return f"{said} · {invoice.get_sides_display()}"


def sum_in_words(invoice: Invoice) -> list[tuple[str, Any]]:
    """The sum of an invoice without lines, ours, and by how much they differ."""
    yuan = _t("%(amount)s yuan")
    found: list[tuple[str, Any]] = [(_t("by the invoice"), yuan % {"amount": f"{invoice.control_amount:,.2f}"})]
    if not invoice.money:
        return found
    lines, due = invoice.money["due"]
    found += [
        (_t("due by our lists"), in_words(lines, due)), (_t("difference (yuan)"), f"{difference_of(invoice):+,.2f}"),
    ]
    if invoice.applied_at is not None:
        found += [
            (_t("agreed"), in_words(invoice.agreed_lines, invoice.agreed_amount)),
            *([(_t("of it above or below our premium"), f"{invoice.difference:+,.2f}")] if invoice.difference else []),
            (_t("disputed (yuan)"), f"{invoice.control_amount - invoice.agreed_amount:,.2f}"),
        ]
    return found

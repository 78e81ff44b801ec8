"""Collection statements in the admin: uploaded, looked at, approved by another; and the money that they left held."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import holds
from audit.exporting import ExportColumn
from beneficiaries.models import Enrollment
from gates import actions
from gates.actions.statements import DESK
from gates.admin.deciding import DecidingPages, decisions_of
from gates.admin.statement_forms import UPLOAD, StatementForm
from gates.columns import COLUMNS, REFUND_COLUMNS
from gates.models import Arrival, EmployerBill, HeldPayment, OwnPayment, Statement
from gates.taking_in import AGREES
from intake.findings import Verdict
from intake.models import State
from intake.pages import Cell, ImportPages, blank_workbook, of_its_office
from intake.pages.buttons import BUTTON_STATES, BUTTONS

SUBMIT, APPROVE, DOWNLOAD = "gates.submit_statement", "gates.approve_statement", "gates.download_statement_rows"


@admin.register(Statement)
class StatementAdmin(DecidingPages, ImportPages, ReadOnlyScopedAdmin):
    """Statements, newest first."""

    list_display = (
        "number", "program", "period_code", "direction", "channel", "reference", "organization", "standing", "lines",
        "matched", "held", "uploader", "uploaded_at",
    )
    export_columns = (
        "number", "program", "period_code", "direction", "channel", "reference", "organization", "region_code",
        "state", "control_lines", "control_amount",
        ExportColumn("matched", _("matched (yuan)"), lambda statement: yuan_of(statement, "amount")),
        ExportColumn("agreed", _("of purchases and bills (yuan)"), lambda statement: yuan_of(statement, "agree")),
        ExportColumn("held", _("held (yuan)"), lambda statement: yuan_of(statement, "held")), "uploader", "uploaded_at",
        "submitted_at", "decided_at", "applied_at",
    )
    list_filter = ("state", "direction", "channel", "program", "period", "organization", "uploaded_at")
    list_select_related = ("program", "period__program", "organization", "uploaded_by")
    search_fields = ("=reference", "=id")
    search_help_text = _("Statement number")
    ordering = ("-id",)
    list_per_page = 50
    change_form_template = "gates/statement_page.html"
    desk = DESK
    last_step = _("Record")
    verdict_words: ClassVar[dict[Verdict, Any]] = {Verdict.NEW: _("Matched"), AGREES: _("Agrees with a purchase or a bill")}
    actions_list = ("upload", "blank_template", "blank_refunds")
    actions_detail = (*BUTTONS, "decide", "refused_rows", "withdraw")
    button_states: ClassVar[dict[str, tuple[State, ...]]] = {**BUTTON_STATES, "decide": (State.REVIEW,)}

    has_upload_permission = holds(UPLOAD)
    has_submit_permission = holds(SUBMIT)
    has_approve_permission = holds(APPROVE)
    has_mend_permission = holds(UPLOAD)
    has_decide_permission = holds(SUBMIT)
    has_confirm_permission = holds(SUBMIT)
    has_download_permission = holds(DOWNLOAD, also=of_its_office(Statement, DOWNLOAD))

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        found = super().get_queryset(request)
        return found.select_related(
            "program", "period__program", "period__plan", "organization", "uploaded_by", "submitted_by", "decided_by",
            "undo_asked_by", "undo_decided_by",
        )

    def offers(self, name: str, subject: Statement, request: HttpRequest) -> bool:
        """Lines are decided while some are in doubt."""
        return super().offers(name, subject, request) and (name != "decide" or bool(subject.verdict_count(Verdict.DOUBTFUL)))

    def page_context(self, subject: Statement, request: HttpRequest) -> dict[str, Any]:
        """With what was decided."""
        return {**super().page_context(subject, request), "decisions": decisions_of(subject)}

    @display(description=_("period"), ordering="period__code")
    def period_code(self, statement: Statement) -> str:
        """The program year."""
        return statement.period.code

    @display(description=_("matched (yuan)"))
    def matched(self, statement: Statement) -> str:
        """Yuan of the lines that pay somebody's share."""
        return shown(yuan_of(statement, "amount"))

    @display(description=_("held (yuan)"))
    def held(self, statement: Statement) -> str:
        """Yuan of the other lines."""
        return shown(yuan_of(statement, "held"))

    def heads(self, subject: Statement) -> list[str]:
        """What stands below the title besides the office."""
        return [subject.program.name, subject.period.code, subject.reference]

    def facts(self, subject: Statement) -> list[tuple[str, Any]]:
        """What the statement is."""
        return [
            (_t("program"), subject.program.name), (_t("period"), subject.period.code),
            (_t("payments or refunds"), subject.get_direction_display()),
            (_t("channel"), subject.get_channel_display()), (_t("statement number"), subject.reference), *super().facts(subject),
        ]

    def summary(self, subject: Statement) -> list[tuple[str, Any]]:
        """What the channel says, what pays somebody's share, what is held."""
        money = subject.money
        if not money:
            return [(_t("by the statement"), in_words(subject.control_lines, subject.control_amount))]
        if gave_back(subject):
            return [
                (_t("by the statement"), in_words(subject.control_lines, subject.control_amount)),
                (_t("given back as it was to be"), in_words(money["rows"], Decimal(money["amount"]))),
                (_t("was not to go back so: ask the channel"), in_words(money["held_rows"], Decimal(money["held"]))),
            ]
        found = [
            (_t("by the statement"), in_words(subject.control_lines, subject.control_amount)),
            (_t("matched"), in_words(money["rows"], Decimal(money["amount"]))),
            (_t("not matched: to be cleared or given back"), in_words(money["held_rows"], Decimal(money["held"]))),
        ]
        if money.get("agree_rows"):
            agreed = in_words(money["agree_rows"], Decimal(money["agree"]))
            found.insert(2, (_t("payments of purchases and of employers' bills"), agreed))
        for code, label in (("DECIDED_ACCEPTED", _t("accepted by decision")), ("DECIDED_AGAINST", _t("held by decision"))):
            if number := subject.counts.get("codes", {}).get(code):
                found.append((label, f"{number:,}"))
        if subject.state != State.APPLIED:
            return found
        payment = OwnPayment.objects.filter(statement=subject).first()
        if payment is not None:
            address = reverse("admin:gates_ownpayment_change", args=[payment.pk])
            found.append((_t("own payment"), format_html('<a href="{}">{}</a>', address, str(payment))))
            if payment.left_people:
                found.append((_t("of the matched ones set aside"), in_words(payment.left_people, payment.left_amount)))
        if HeldPayment.objects.filter(statement=subject).exists():
            address = f"{reverse('admin:gates_heldpayment_changelist')}?statement={subject.pk}"
            found.append((_t("payments held"), format_html('<a href="{}">{}</a>', address, _t("See the list"))))
        return found

    def confirm_facts(self, subject: Statement) -> list[tuple[str, Any]]:
        """What a confirm page says: which statement, counts and sums."""
        return [
            (_t("program"), subject.program.name), (_t("period"), subject.period.code),
            *([(_t("payments or refunds"), subject.get_direction_display())] if gave_back(subject) else []),
            (_t("channel"), subject.get_channel_display()), (_t("statement number"), subject.reference),
            *super().confirm_facts(subject),
        ]

    def approval_sentence(self, subject: Statement) -> str:
        """What the click does."""
        if gave_back(subject):
            return _t(
                "Lines of lists are recorded as given back, and booked; of covers that were given back it is kept that the channel "
                "has done it. The other lines change nothing: ask the channel about them."
            )
        return _t(
            "The matched people are recorded as having paid, their covers come into force where nothing else is missing, and the "
            "sum is booked. Payments that came with purchases have arrived then, and employers' bills are paid. The money "
            "of all other lines is held until it is assigned or given back."
        )

    def approval_warnings(self, subject: Statement) -> list[str]:
        """What an approver should know first."""
        found = super().approval_warnings(subject)
        closed = timezone.localdate() >= subject.period.enrollment_closes_on and not gave_back(subject)
        if closed and subject.verdict_count(Verdict.NEW):
            found.append(_t("Enrollment has closed: send it back, and let it be checked again."))
        return found

    def cells_of(self, subject: Statement, page: Sequence[Any]) -> dict[int, list[Cell]]:
        """What a line says; personal values masked."""
        bills = EmployerBill.objects.filter(pk__in={row.bill_id for row in page if row.bill_id})
        bill_numbers = {bill.pk: bill.number for bill in bills.select_related("program", "period")}
        return {
            row.pk: [
                Cell(
                    _t("cover or document number"), row.number or str(row.document or "") or bill_numbers.get(row.bill_id, ""),
                    "pp-number",
                ),
                Cell(_t("name"), str(row.name or "")),
                Cell(_t("paid on"), str(row.paid_on or "")), Cell(_t("amount (yuan)"), shown(row.amount), "pp-right"),
                Cell(_t("serial number"), row.serial or "", "pp-number pp-wraps"),
            ]
            for row in page
        }

    def outcomes_of(self, subject: Statement, page: Sequence[Any], request: HttpRequest) -> dict[int, str]:
        """The cover of each line that was recorded, one of each purchase's, for a reader who sees it."""
        if subject.state != State.APPLIED or not request.user.has_perm("beneficiaries.view_enrollment"):
            return {}
        paid = {row.pk: row.enrollment_id for row in page if row.verdict == Verdict.NEW and not row.set_aside}
        came = Arrival.objects.standing().filter(row__in=[row.pk for row in page]).values_list("row", "purchase")
        firsts = Enrollment.objects.filter(purchase__in=[bought for _row, bought in came]).order_by("-line")
        first = dict(firsts.values_list("purchase", "pk"))
        paid |= {row: first[bought] for row, bought in came if bought in first}
        seen = set(
            Enrollment.objects.visible_to(request.user, "beneficiaries.view_enrollment").filter(pk__in=paid.values())
            .values_list("pk", flat=True)
        )
        return {
            row: reverse("admin:beneficiaries_enrollment_change", args=[cover]) for row, cover in paid.items() if cover in seen
        }

    @action(description=_("New statement"), url_path="upload", permissions=["upload"], icon="upload_file")
    def upload(self, request: HttpRequest) -> HttpResponse:
        """Take in a file."""
        posted = request.method == "POST"

        def run(given: dict[str, Any]) -> HttpResponse:
            files = [(file.name, file) for file in given.pop("file")]
            statement = actions.upload_statement(files, **given)
            return self.see(request, statement, _t("The file has been received and is being checked."))

        return self.button_page(
            request, title=_t("New statement"), button=_t("Upload"), run=run,
            form=StatementForm(request.POST if posted else None, request.FILES if posted else None, by=request.user),
            sentence=_t(
                "What a bank, WeChat, Alipay or a village collector received. The lines are matched to people who have not paid; "
                "nothing takes effect before another person approves it."
            ),
            detail=render_to_string("gates/blank_statement.html"),
        )

    @action(description=_("Blank template"), url_path="template", permissions=["upload"], icon="table_view")
    def blank_template(self, request: HttpRequest) -> HttpResponse:
        """The layout as a workbook."""
        return blank_workbook(COLUMNS, "statement-template.xlsx")

    @action(description=_("Blank template of refunds"), url_path="refund-template", permissions=["upload"], icon="table_view")
    def blank_refunds(self, request: HttpRequest) -> HttpResponse:
        """The layout of refunds as a workbook."""
        return blank_workbook(REFUND_COLUMNS, "refund-statement-template.xlsx")


def gave_back(statement: Statement) -> bool:
    """Whether its lines are refunds."""
    return bool(statement.direction == Statement.Direction.OUT)


def yuan_of(statement: Statement, name: str) -> Decimal | None:
    """A sum of a checked statement."""
    return Decimal(statement.money.get(name, "0.00")) if statement.money else None


def shown(amount: Decimal | None) -> str:
    """Yuan, or a dash."""
    return f"{amount:,.2f}" if amount is not None else "—"


def in_words(lines: int, amount: Decimal) -> str:
    """Lines and yuan."""
    return _t("%(lines)s payments, %(amount)s yuan") % {"lines": f"{lines:,}", "amount": f"{amount:,.2f}"}

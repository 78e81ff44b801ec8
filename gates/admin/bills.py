"""Employers' bills in the admin: what is due, printed for the employer; its one transfer recorded, confirmed by another."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from audit.exporting import ExportColumn
from beneficiaries.models import Employer, Roster
from gates import actions, bills, printing
from gates.actions.bills import CONFIRM, RECORD
from gates.models import BillPayment, EmployerBill, OwnPayment, Statement
from programs.admin.forms import REASONABLE

TONES = {
    BillPayment.State.PROPOSED: "work", BillPayment.State.CONFIRMED: "good", BillPayment.State.DECLINED: "calm",
}


class Standing(admin.SimpleListFilter):
    """By what is due of a bill now."""

    title = _("state")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Something is due, it was paid, or neither."""
        return [("unpaid", _("To be paid")), ("paid", _("Paid")), ("gone", _("Nothing is due any more"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Those."""
        chosen = {"unpaid": "unpaid", "paid": "paid", "gone": "gone"}.get(self.value() or "")
        return getattr(queryset, chosen)() if chosen else queryset


class BillPaymentForm(forms.Form):
    """The employer's transfer."""

    reference = forms.CharField(
        label=_("Reference of the payment"), max_length=60, widget=UnfoldAdminTextInputWidget(),
        help_text=_("The bank's own number; each is recorded once."),
    )
    paid_on = forms.DateField(label=_("Paid on"), widget=UnfoldAdminDateWidget(), validators=REASONABLE)
    amount = forms.DecimalField(
        label=_("Amount received (yuan)"), max_digits=14, decimal_places=2, min_value=Decimal("0.01"),
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        help_text=_("As the bank says. Another sum than is due is refused."),
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["paid_on"].initial = timezone.localdate()


class ReasonForm(forms.Form):
    """Why it is declined."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))


class BillPrintForm(forms.Form):
    """Where the employer is to pay."""

    account = forms.CharField(
        label=_("Pay to"), max_length=200, required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Account holder, bank and account number of the collecting account, as they are to stand on the bill."),
    )


@admin.register(EmployerBill)
class EmployerBillAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Bills, newest first."""

    list_display = (
        "number_shown", "employer", "program", "period_code", "organization", "people_shown", "amount_shown", "due_shown",
        "standing",
    )
    export_columns = (
        "number_shown", ExportColumn("employer__name", _("employer"), lambda bill: bill.employer.name),
        ExportColumn("employer__uscc", _("unified social credit code"), lambda bill: bill.employer.uscc), "program",
        "period_code", "organization", "people", "amount",
        ExportColumn("due_people", _("people to be paid for"), lambda bill: bill.due_people),
        ExportColumn("due", _("due (yuan)"), lambda bill: bill.due),
        ExportColumn("standing", _("state"), lambda bill: bills.standing_of(bill)[0]), "made_at",
    )
    list_filter = (Standing, "program", "period", "organization", "made_at")
    list_select_related = ("employer", "program", "period__program", "organization")
    search_fields = ("=id", "employer__name", "=employer__uscc")
    search_help_text = _("Employer's name or credit code")
    sortable_by = ("number_shown",)
    ordering = ("-id",)
    change_form_template = "gates/bill_page.html"
    fields = ("people",)
    readonly_fields = fields
    actions_detail = ("pay", "confirm", "decline", "withdraw", "print")

    has_pay_permission = holds(RECORD)
    has_confirm_permission = holds(CONFIRM)
    has_decline_permission = holds(CONFIRM)
    has_withdraw_permission = holds(RECORD)
    has_print_permission = holds("gates.view_employerbill")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names and what is due."""
        found: Any = super().get_queryset(request)
        return found.select_related("employer", "program", "period__program", "organization", "roster").with_due()

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """The number as it is printed, too."""
        number = bills.bill_id_of(search_term)
        return super().get_search_results(request, queryset, str(number) if number is not None else search_term)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only what may become of the bill, for this user."""
        offered = super().get_actions_detail(request, object_id)
        bill = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        if bill is None:
            return []
        waiting = _waiting(bill)
        mine = waiting is not None and waiting.recorded_by_id == request.user.pk
        may = {
            "pay": waiting is None and bill.due_people > 0, "confirm": waiting is not None and not mine,
            "decline": waiting is not None and not mine, "withdraw": mine, "print": bill.due_people > 0,
        }
        return [button for button in offered if may[button.method.__name__]]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The bill's page."""
        bill = self.visible_or_404(request, object_id)
        context = {**page_context(bill, request), "title": bill.number}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def came_by(self, request: HttpRequest, obj: EmployerBill) -> list[Any]:
        """The roster that it is of, as far as its reader sees that."""
        return list(Roster.objects.visible_to(request.user, "beneficiaries.view_roster").filter(pk=obj.roster_id))

    @display(description=_("bill number"), ordering="id")
    def number_shown(self, bill: EmployerBill) -> str:
        """As it is printed."""
        return bill.number

    @display(description=_("period"))
    def period_code(self, bill: EmployerBill) -> str:
        """The program year."""
        return bill.period.code

    @display(description=_("people"))
    def people_shown(self, bill: EmployerBill) -> str:
        """When it was drawn up."""
        return f"{bill.people:,}"

    @display(description=_("amount (yuan)"))
    def amount_shown(self, bill: EmployerBill) -> str:
        """When it was drawn up."""
        return f"{bill.amount:,.2f}"

    @display(description=_("due (yuan)"))
    def due_shown(self, bill: Any) -> str:
        """Now."""
        return f"{bill.due:,.2f}"

    @display(description=_("state"))
    def standing(self, bill: EmployerBill) -> SafeString:
        """As a badge."""
        return badge(*bills.standing_of(bill))

    @action(description=_("Record the payment"), url_path="pay", permissions=["pay"], icon="payments")
    def pay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The employer's transfer came in."""
        bill = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.record_bill_payment(bill, **given)
            return _t("Recorded: a colleague who checks confirms it.")

        return self.button_page(
            request, title=_t("Record the payment of the bill"), button=_t("Record"), subject=bill, run=run, facts=facts_of(bill),
            sentence=_t("Nobody has paid before a colleague who checks confirms it."),
            warnings=[] if timezone.localdate() < bill.period.enrollment_closes_on else [_t("Enrollment has closed.")],
            form=BillPaymentForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Confirm the payment"), url_path="confirm", permissions=["confirm"], icon="task_alt")
    def confirm(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The transfer is there."""
        bill = self.visible_or_404(request, object_id)
        waiting = _waiting(bill)
        if waiting is None:
            return HttpResponseRedirect(self.address(bill))

        def run(given: dict[str, Any]) -> str:
            done = actions.confirm_bill_payment(waiting, **given)
            whole = done.payment is not None and done.payment.state == OwnPayment.State.RECORDED
            return _t("Confirmed: the own shares of %(people)s people are paid.") % {
                "people": f"{done.people:,}"
            } if whole else _t("The payment is being recorded for everybody on it.")

        return self.button_page(
            request, title=_t("Confirm the payment of the bill"), button=_t("Confirm"), subject=bill, run=run,
            facts=[*facts_of(bill), *payment_facts(waiting)],
            sentence=_t("Compare reference, day and amount with the bank. Everybody of the bill has paid then."),
        )

    @action(description=_("Decline the payment"), url_path="decline", permissions=["decline"], icon="block")
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It is not there, or was recorded wrongly."""
        return self._dropped(request, object_id, title=_t("Decline the payment of the bill"), button=_t("Decline"))

    @action(description=_("Withdraw the payment"), url_path="withdraw", permissions=["withdraw"], icon="undo")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Whoever recorded it found that it was wrong."""
        return self._dropped(request, object_id, title=_t("Withdraw the payment of the bill"), button=_t("Withdraw"))

    def _dropped(self, request: HttpRequest, object_id: str, *, title: str, button: str) -> HttpResponse:
        bill = self.visible_or_404(request, object_id)
        waiting = _waiting(bill)
        if waiting is None:
            return HttpResponseRedirect(self.address(bill))

        def run(given: dict[str, Any]) -> str:
            actions.decline_bill_payment(waiting, **given)
            return _t("Dropped: the bill is to be paid as before.")

        return self.button_page(
            request, title=title, button=button, subject=bill, run=run, danger=True,
            facts=[*facts_of(bill), *payment_facts(waiting)], sentence=_t("Nobody has paid by it; the bill is to be paid."),
            form=ReasonForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Print"), url_path="print", permissions=["print"], icon="print")
    def print(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The bill as the employer gets it."""
        bill = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            actions.record_bill_printing(bill, by=given["by"], at=given["at"])
            answer = HttpResponse(printing.bill_document(bill, account=given["account"], at=given["at"]))
            answer["Cache-Control"] = "no-store"
            return answer

        return self.button_page(
            request, title=_t("Print"), button=_t("Print"), subject=bill, run=run, facts=facts_of(bill),
            sentence=_t("What is due now: count, sum and prices, and the number that the transfer names. No person is named."),
            form=BillPrintForm(request.POST if request.method == "POST" else None),
        )


def _waiting(bill: EmployerBill) -> BillPayment | None:
    found = bill.payments.filter(state=BillPayment.State.PROPOSED).select_related("recorded_by")
    return found.first()


def payment_facts(payment: BillPayment) -> list[tuple[str, Any]]:
    """What a confirm page says of a payment."""
    return [
        (_t("reference of the payment"), payment.reference), (_t("paid on"), payment.paid_on),
        (_t("amount (yuan)"), f"{payment.amount:,.2f}"), (_t("recorded by"), payment.recorded_by.get_full_name()),
    ]


def facts_of(bill: Any) -> list[tuple[str, Any]]:
    """What a bill is, as its page and its confirm pages say it."""
    yuan = _t("%(amount)s yuan")
    return [
        (_t("bill number"), bill.number),
        (_t("employer"), f"{bill.employer.name} · {bill.employer.uscc}"),
        (_t("program"), f"{bill.program.name} · {bill.period.code}"),
        (_t("office"), bill.organization.name),
        (_t("when it was drawn up"), _t("%(people)s people, %(amount)s yuan") % {
            "people": f"{bill.people:,}", "amount": f"{bill.amount:,.2f}",
        }),
        (_t("people to be paid for"), f"{bill.due_people:,}"),
        (_t("due now"), yuan % {"amount": f"{bill.due:,.2f}"}),
        (_t("to be paid before"), bill.period.enrollment_closes_on),
    ]


def page_context(bill: EmployerBill, request: HttpRequest) -> dict[str, Any]:
    """Facts, prices, what became of its people, its payments."""
    user = request.user
    seen = Employer.objects.visible_to(user, "beneficiaries.view_employer").filter(pk=bill.employer_id).exists()
    roster = Roster.objects.visible_to(user, "beneficiaries.view_roster").filter(pk=bill.roster_id).exists()
    payments = list(bill.payments.select_related("recorded_by", "decided_by", "payment", "statement").order_by("-pk"))
    statements = set(
        Statement.objects.visible_to(user, "gates.view_statement").filter(pk__in=[each.statement_id for each in payments])
        .values_list("pk", flat=True)
    )
    return {
        "bill": bill,
        "badge": badge(*bills.standing_of(bill)),
        "facts": facts_of(bill),
        "employer_url": reverse("admin:beneficiaries_employer_change", args=[bill.employer_id]) if seen else "",
        "roster_url": reverse("admin:beneficiaries_roster_change", args=[bill.roster_id]) if roster else "",
        "prices": bills.prices_of(bill),
        "states": bills.states_of(bill),
        "payments": [
            (
                each, badge(each.get_state_display(), TONES[BillPayment.State(each.state)]),
                reverse("admin:gates_ownpayment_change", args=[each.payment_id]) if each.payment_id else "",
                each.payment is not None and each.payment.state == OwnPayment.State.REVERSED,
                f"{reverse('admin:gates_statement_change', args=[each.statement_id])}?row={each.row_id}#row-{each.row_id}"
                if each.statement_id in statements else "",
            )
            for each in payments
        ],
    }

"""What people fill in about insurers' invoices and remittances."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from handover.models import Covers, HandOver, HandOverState, Invoice, Sides
from intake.models import State
from intake.pages.forms import SeveralFilesField
from programs.admin.forms import REASONABLE
from programs.models import Period, Plan


class _Charged(forms.ModelChoiceField):
    def label_from_instance(self, invoice: Any) -> str:
        """Number and sum."""
        return f"{invoice.number} · {invoice.control_amount:,.2f}"


class _Told(forms.ModelChoiceField):
    def label_from_instance(self, hand_over: Any) -> str:
        """Number, kind, period."""
        month = f" {hand_over.month:%Y-%m}" if hand_over.month else ""
        return f"#{hand_over.pk} · {hand_over.get_kind_display()}{month} · {hand_over.period}"


class _SaidForm(forms.Form):
    """What any invoice says of itself."""

    period = forms.ModelChoiceField(Period.objects.none(), label=_("Period"), widget=UnfoldAdminSelectWidget())
    number = forms.CharField(
        label=_("Invoice number"), max_length=60, widget=UnfoldAdminTextInputWidget(),
        help_text=_("The insurer's own number; each is taken in once."),
    )
    code = forms.CharField(
        label=_("Invoice code"), max_length=20, required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Of an invoice on paper; one that is only electronic has none."),
    )
    issued_on = forms.DateField(
        label=_("Day of the invoice"), widget=UnfoldAdminDateWidget(), validators=REASONABLE, initial=timezone.localdate
    )
    tax = forms.DecimalField(
        label=_("Of which tax (yuan)"), max_digits=14, decimal_places=2, required=False, initial="0.00",
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
    )
    reverses = _Charged(
        Invoice.objects.none(), label=_("Takes back"), required=False, widget=UnfoldAdminSelectWidget(),
        help_text=_("Of a red-letter invoice (below zero): the invoice that it takes back, where we have it."),
    )

    def __init__(self, data: Any, files: Any = None, *, by: Any, period: str = "") -> None:
        super().__init__(data, files)
        fields: Any = self.fields
        periods = Period.objects.visible_to(by, "handover.upload_invoice").filter(
            program__insurer__isnull=False, plan__period_kind=Plan.PeriodKind.ANNUAL
        )
        fields["period"].queryset = periods.select_related("program").order_by("program", "-starts_on")
        fields["period"].initial = period if period.isascii() and period.isdecimal() else None
        agreed = Invoice.objects.visible_to(by, "handover.upload_invoice").filter(state=State.APPLIED, control_amount__gt=0)
        fields["reverses"].queryset = agreed.order_by("-pk")

    def clean_tax(self) -> Decimal:
        """Nothing where nothing is said."""
        return self.cleaned_data["tax"] or Decimal("0.00")


class InvoiceForm(_SaidForm):
    """The invoice's files, and what it says of the whole."""

    control_lines = forms.IntegerField(
        label=_("Number of lines"), min_value=1, max_value=2_000_000_000, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("As the invoice says it."),
    )
    control_amount = forms.DecimalField(
        label=_("Sum (yuan)"), max_digits=14, decimal_places=2, widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        help_text=_("As the invoice says it; below zero where it gives back. Another count or sum of its lines refuses the whole."),
    )
    file = SeveralFilesField(
        label=_("List of its lines"),
        help_text=_("XLSX, XLS or CSV (UTF-8 or GB18030): cover number or policy number, and premium; up to a million rows each."),
    )
    field_order = ("period", "number", "code", "issued_on", "control_lines", "control_amount", "tax", "reverses", "file")


class SumForm(_SaidForm):
    """An invoice that is one sum, and what it is of."""

    amount = forms.DecimalField(
        label=_("Sum with tax (yuan)"), max_digits=14, decimal_places=2,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        help_text=_("As the invoice says it; below zero (a red-letter invoice) where premium is given back."),
    )
    covers = forms.ChoiceField(
        label=_("What it is of"), choices=[each for each in Covers.choices if each[0]], widget=UnfoldAdminSelectWidget()
    )
    hand_over = _Told(
        HandOver.objects.none(), label=_("Hand-over"), required=False, widget=UnfoldAdminSelectWidget(),
        help_text=_("Only where the invoice is of one hand-over."),
    )
    month = forms.DateField(
        label=_("Any day of the month"), required=False, widget=UnfoldAdminDateWidget(), validators=REASONABLE,
        help_text=_("Only where the invoice is of a month's additions and removals."),
    )
    sides = forms.ChoiceField(
        label=_("Compared with"), choices=[each for each in Sides.choices if each[0]], widget=UnfoldAdminSelectWidget(),
        help_text=_("A hand-over says it itself; below zero is compared with who goes."),
    )
    field_order = (
        "period", "number", "code", "issued_on", "amount", "tax", "covers", "hand_over", "month", "sides", "reverses",
    )

    def __init__(self, data: Any, *, by: Any, period: str = "") -> None:
        super().__init__(data, by=by, period=period)
        fields: Any = self.fields
        told = HandOver.objects.visible_to(by, "handover.view_handover").filter(
            state__in=(HandOverState.RELEASED, HandOverState.ANSWERED)
        )
        fields["hand_over"].queryset = told.select_related("period__program").order_by("-pk")

    def clean_covers(self) -> Covers:
        """The choice itself."""
        return Covers(self.cleaned_data["covers"])

    def clean_sides(self) -> Sides:
        """The choice itself."""
        return Sides(self.cleaned_data["sides"])


def to_remit(by: Any) -> Any:
    """Agreed invoices that no remittance pays, as far as the user reaches."""
    agreed = Invoice.objects.visible_to(by, "handover.view_invoice").filter(state=State.APPLIED)
    return agreed.exclude(remittances__stands=True).exclude(agreed_lines=0)


class _Labeled(forms.ModelMultipleChoiceField):
    def label_from_instance(self, invoice: Any) -> str:
        """Number, period and what was agreed."""
        return f"{invoice.number} · {invoice.period} · {invoice.agreed_amount:,.2f}"


class RemittanceForm(forms.Form):
    """Which invoices are paid together."""

    invoices = _Labeled(
        Invoice.objects.none(), label=_("Invoices"), widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=_("Of one period; those that give premium back are set against the others."),
    )

    def __init__(self, data: Any, *, by: Any, period: str = "") -> None:
        super().__init__(data)
        fields: Any = self.fields
        found = to_remit(by)
        if period.isascii() and period.isdecimal() and len(period) < 19:
            found = found.filter(period=period)
        fields["invoices"].queryset = found.select_related("period__program").order_by("period", "pk")


class PaidForm(forms.Form):
    """What the bank says."""

    reference = forms.CharField(
        label=_("Bank's reference"), max_length=60, widget=UnfoldAdminTextInputWidget(),
        help_text=_("The bank's own number of the payment; each is recorded once."),
    )
    paid_on = forms.DateField(label=_("Paid on"), widget=UnfoldAdminDateWidget(), validators=REASONABLE, initial=timezone.localdate)

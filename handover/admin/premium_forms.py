"""What people fill in about insurers' invoices and remittances."""

from __future__ import annotations

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

from handover.models import Invoice
from intake.models import State
from intake.pages.forms import SeveralFilesField
from programs.admin.forms import REASONABLE
from programs.models import Period, Plan


class InvoiceForm(forms.Form):
    """The invoice's files, and what it says of the whole."""

    period = forms.ModelChoiceField(Period.objects.none(), label=_("Period"), widget=UnfoldAdminSelectWidget())
    number = forms.CharField(
        label=_("Invoice number"), max_length=60, widget=UnfoldAdminTextInputWidget(),
        help_text=_("The insurer's own number; each is taken in once."),
    )
    issued_on = forms.DateField(
        label=_("Day of the invoice"), widget=UnfoldAdminDateWidget(), validators=REASONABLE, initial=timezone.localdate
    )
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

    def __init__(self, data: Any, files: Any, *, by: Any, period: str = "") -> None:
        super().__init__(data, files)
        fields: Any = self.fields
        periods = Period.objects.visible_to(by, "handover.upload_invoice").filter(
            program__insurer__isnull=False, plan__period_kind=Plan.PeriodKind.ANNUAL
        )
        fields["period"].queryset = periods.select_related("program").order_by("program", "-starts_on")
        fields["period"].initial = period if period.isascii() and period.isdecimal() else None


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

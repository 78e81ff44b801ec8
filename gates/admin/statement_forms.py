"""What people fill in about a collection statement."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from accounts.models import Organization
from gates.models import Channel, Statement
from intake.pages.forms import SeveralFilesField
from programs.models import Period

UPLOAD = "gates.upload_statement"


class StatementForm(forms.Form):
    """The statement's files, and what it says of the whole."""

    period = forms.ModelChoiceField(Period.objects.none(), label=_("Period"), widget=UnfoldAdminSelectWidget())
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget(),
        help_text=_("Lines of people outside this office are not matched."),
    )
    direction = forms.ChoiceField(
        label=_("Payments or refunds"), choices=Statement.Direction.choices, required=False, initial=Statement.Direction.IN,
        widget=UnfoldAdminSelectWidget(),
        help_text=_("What the lines say: money that came in, or that the channel gave back."),
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices, widget=UnfoldAdminSelectWidget())
    reference = forms.CharField(
        label=_("Statement number"), max_length=60, widget=UnfoldAdminTextInputWidget(),
        help_text=_("The channel's own number of the statement; each is taken in once."),
    )
    control_lines = forms.IntegerField(
        label=_("Number of payments"), min_value=1, max_value=2_000_000_000, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("As the statement says it."),
    )
    control_amount = forms.DecimalField(
        label=_("Sum (yuan)"), max_digits=14, decimal_places=2, min_value=Decimal("0.01"),
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        help_text=_("As the statement says it. Another count or sum of its lines refuses the whole."),
    )
    file = SeveralFilesField(
        label=_("Files"), help_text=_("XLSX, XLS or CSV (UTF-8 or GB18030), one or several; up to a million rows each."),
    )
    ask_sheets = forms.BooleanField(
        label=_("Let me choose the sheets"), required=False, widget=UnfoldBooleanWidget(),
        help_text=_("Otherwise every visible sheet with the headings is read."),
    )

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        periods = Period.objects.visible_to(by, "gates.view_statement").filter(closed_at=None, plan__requires_own_payment=True)
        fields["period"].queryset = periods.select_related("program").order_by("program", "-starts_on")
        offices = Organization.objects.visible_to(by, UPLOAD).active().exclude(region=None)
        fields["organization"].queryset = offices
        if by.organization in offices:
            fields["organization"].initial = by.organization.pk

    def clean_direction(self) -> str:
        """Payments, unless something else is said."""
        return self.cleaned_data["direction"] or Statement.Direction.IN

    def clean_channel(self) -> Channel:
        """As the code knows it."""
        return Channel(self.cleaned_data["channel"])

"""What people fill in about held money and reversals."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from programs.admin.forms import REASONABLE


class WhyForm(forms.Form):
    """The reason, which the approver reads."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("What was compared, who confirmed it. The approver reads it; write no names and numbers."),
    )


class AssignForm(WhyForm):
    """Whose share it is."""

    number = forms.CharField(
        label=_("Cover number"), max_length=60, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("Of the cover that waits for exactly this payment."),
    )
    field_order = ("number", "reason")


class MatchForm(WhyForm):
    """Which purchase it came with."""

    number = forms.CharField(
        label=_("Cover number"), max_length=60, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("Of any cover of the family or person whose payment it is: the whole sum that they paid."),
    )
    field_order = ("number", "reason")


class ReversalForm(WhyForm):
    """All of a payment, or some of its covers."""

    numbers = forms.CharField(
        label=_("Cover numbers"), required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_("One a line, for some of its people; empty for the whole payment."),
    )
    others_stay = forms.BooleanField(
        label=_("Leave out whatever cannot be reversed any more"), required=False, widget=UnfoldBooleanWidget(),
        help_text=_("Otherwise nothing is put forward while there is such a cover."),
    )
    field_order = ("numbers", "others_stay", "reason")

    def clean_numbers(self) -> list[str]:
        """As a list."""
        return [each for each in re.split(r"[\s,,、;;]+", self.cleaned_data["numbers"]) if each]


class ReturnedForm(forms.Form):
    """What the bank said."""

    numbers = forms.CharField(
        label=_("Numbers on the list"), required=False, widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "1-20, 35"}),
        help_text=_("Of the lines that the bank has given back; empty for all that are open."),
    )
    reference = forms.CharField(
        label=_("Reference of the bank"), max_length=60, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Of the transfer that gave the money back."),
    )
    returned_on = forms.DateField(label=_("Given back on"), widget=UnfoldAdminDateWidget(), validators=REASONABLE)

    def __init__(self, data: Any, *, numbers: str = "") -> None:
        super().__init__(data, initial={"numbers": numbers, "returned_on": timezone.localdate()})


class NotReturnedForm(forms.Form):
    """Which lines, and why."""

    numbers = forms.CharField(
        label=_("Numbers on the list"), widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "1-20, 35"}),
        help_text=_("Of the lines that could not be given back, or came back from the bank."),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("As the bank says it: account closed, other name …; no names and numbers."),
    )

    def __init__(self, data: Any, *, numbers: str = "") -> None:
        super().__init__(data, initial={"numbers": numbers})

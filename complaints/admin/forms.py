"""What people fill in for complaints and their answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from claims.models import LetterFormat
from complaints.actions.complaints import WORDS_MAX
from complaints.actions.letters import PURPOSE_MAX
from complaints.models import APPEAL_TOPICS, COMPLAINT_TOPICS, Channel, Complainant, Outcome, Topic
from complaints.rules.answer_text import TEXT
from complaints.stepping import WRITE
from programs.admin.forms import REASONABLE
from programs.models import Program

_KNOWN: dict[str, Any] = {
    "topic": Topic, "complainant": Complainant, "channel": Channel, "outcome": Outcome, "file_format": LetterFormat,
}


class _Known(forms.Form):
    def clean(self) -> dict[str, Any]:
        """As the code knows them."""
        given: dict[str, Any] = super().clean() or {}
        return {**given, **{name: choices(given[name]) for name, choices in _KNOWN.items() if name in given}}


class ClaimForm(forms.Form):
    """Which claim is meant."""

    number = forms.CharField(
        label=_("Claim number"), max_length=30, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("It stands on the claim's page and in its letters."),
    )


class WhoForm(_Known):
    """Who complains, in which words, when and how."""

    complainant = forms.ChoiceField(label=_("Who complains"), choices=Complainant.choices, widget=UnfoldAdminSelectWidget())
    complainant_name = forms.CharField(
        label=_("Name of whoever complains"), max_length=100, required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Empty when it is the insured person. Kept sealed."),
    )
    words = forms.CharField(
        label=_("In their words"), max_length=WORDS_MAX, widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text=_("What they complain about and what they ask for. Kept sealed."),
    )
    channel = forms.ChoiceField(label=_("Came by"), choices=Channel.choices, widget=UnfoldAdminSelectWidget())
    received_on = forms.DateField(
        label=_("Received on"), widget=UnfoldAdminDateWidget(), validators=REASONABLE,
        help_text=_("The term for the answer runs from this day."),
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["received_on"].initial = timezone.localdate()


class ComplaintForm(WhoForm):
    """And what it is about."""

    topic = forms.ChoiceField(
        label=_("About"), widget=UnfoldAdminSelectWidget(),
        choices=[
            (_("Complaint"), [(each.value, each.label) for each in COMPLAINT_TOPICS]),
            (_("Appeal"), [(each.value, each.label) for each in APPEAL_TOPICS]),
        ],
        help_text=_("An appeal is against the decision in force: if it is upheld, the claim is reopened."),
    )
    field_order = ("topic",)


class AnswerForm(_Known):
    """What was found."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=Outcome.choices, widget=UnfoldAdminSelectWidget())
    answer = forms.CharField(
        label=_("Answer"), max_length=WORDS_MAX, widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text=_("What was found and what is done. It stands in the letter; kept sealed."),
    )


class DayForm(forms.Form):
    """When it was told."""

    told_on = forms.DateField(label=_("Told on"), widget=UnfoldAdminDateWidget(), validators=REASONABLE)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["told_on"].initial = timezone.localdate()


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Kept in the clear: names nobody."),
    )


class PrintForm(_Known):
    """As what the letter is printed, and what for."""

    file_format = forms.ChoiceField(label=_("Format"), choices=LetterFormat.choices, widget=UnfoldAdminSelectWidget())
    purpose = forms.CharField(
        label=_("Purpose"), max_length=PURPOSE_MAX, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("It stands in the record of printings. No names and numbers of people."),
    )


class WordingForm(forms.Form):
    """What the answers of a program say."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())
    text = forms.CharField(label=_("Text"), max_length=2000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 12}))
    phone = forms.CharField(label=_("Telephone"), max_length=40, widget=UnfoldAdminTextInputWidget())

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        fields["program"].queryset = Program.objects.visible_to(by, WRITE).filter(active=True).order_by("code")
        fields["text"].initial = TEXT

"""What auditors fill in."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.models import Organization
from closing.models import ClosingState, MonthClosing
from payouts.models import BatchLine
from programs.admin.forms import offer, visible_choice
from programs.models import Category, Period, Program
from samples.actions.drawing import DRAW, PURPOSE_MAX
from samples.actions.evidence import GATHER
from samples.models import Finding, Stratum, Subject
from samples.models.sample import MOST

_NUMBER = re.compile("P([0-9]{9})-([0-9]{6})")


class DrawForm(forms.Form):
    """Which covers are meant, how many of them, by which seed."""

    program = visible_choice(_("Program"))
    period = visible_choice(_("Period"), required=False, help_text=_("Empty: of all periods."))
    closing = visible_choice(
        _("Closed month"), required=False, help_text=_("Covers begun in this month; empty: whenever they began.")
    )
    organization = visible_choice(_("Office"), help_text=_("This office and those below it."))
    region_code = forms.RegexField(
        "^[0-9]{2,12}$", label=_("Region"), required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Code of a city, county, town or village; empty: all of the office's."),
    )
    category = visible_choice(_("Category"), required=False, help_text=_("Empty: of all categories."))
    subject = forms.ChoiceField(
        label=_("What is drawn"), choices=Subject.choices, required=False, widget=UnfoldAdminSelectWidget(),
        help_text=_("Of payouts the closed month is the one in which they were taken over."),
    )
    stratum = forms.ChoiceField(label=_("Strata"), choices=Stratum.choices, widget=UnfoldAdminSelectWidget())
    size = forms.IntegerField(
        label=_("Covers to draw"), min_value=1, max_value=MOST, initial=30,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric"}),
    )
    is_weighted = forms.BooleanField(
        label=_("Weighted by sum"), required=False, widget=UnfoldBooleanSwitchWidget(),
        help_text=_("Payouts of more yuan are drawn more often."),
    )
    seed = forms.CharField(
        label=_("Seed"), required=False, max_length=64, widget=UnfoldAdminTextInputWidget(),
        help_text=_("For a draw that is repeated, or agreed on beforehand; empty: made at random and shown."),
    )
    purpose = forms.CharField(
        label=_("Purpose"), max_length=PURPOSE_MAX, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("What the sample is to show. Kept in the clear: names nobody."),
    )

    def clean_subject(self) -> Subject:
        """Covers, unless something else is chosen."""
        return Subject(self.cleaned_data["subject"] or Subject.COVERS)

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        programs = Program.objects.visible_to(by, DRAW)
        offer(self, "program", programs.order_by("name"))
        offer(self, "period", Period.objects.filter(program__in=programs).select_related("program").order_by("-starts_on"))
        closed = MonthClosing.objects.visible_to(by, "closing.view_monthclosing").filter(state=ClosingState.CLOSED)
        offer(self, "closing", closed.select_related("program").order_by("program", "-month"))
        offer(self, "organization", Organization.objects.visible_to(by, DRAW).filter(active=True).order_by("path"))
        offer(self, "category", Category.objects.order_by("position"))
        field: Any = self.fields["closing"]
        field.label_from_instance = lambda closing: f"{closing.program.name} · {closing.month:%Y-%m}"


class PayoutForm(forms.Form):
    """What the evidence of a payout is for."""

    purpose = forms.CharField(
        label=_("Purpose"), max_length=PURPOSE_MAX, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("What it is for and who gets it. Kept in the clear: names nobody."),
    )


class OnePayoutForm(PayoutForm):
    """Which payout, and what its evidence is for."""

    number = forms.CharField(
        label=_("Payout number"), max_length=20, widget=UnfoldAdminTextInputWidget(),
        help_text=_("As the bank's file and the claim's page have it: P000000012-000001."),
    )
    field_order = ("number", "purpose")

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._by = by

    def clean_number(self) -> BatchLine:
        """The payout itself, where the auditor's role reaches it; of any other nothing is told."""
        said = _NUMBER.fullmatch("".join(self.cleaned_data["number"].split()).upper())
        reached = BatchLine.objects.visible_to(self._by, GATHER)
        found = reached.filter(batch=int(said[1]), number=int(said[2])).first() if said else None
        if found is None:
            raise forms.ValidationError(_("There is no such payout within your reach."))
        return found


class NoteForm(forms.Form):
    """What was found of a cover."""

    finding = forms.ChoiceField(label=_("Result"), choices=Finding.choices, widget=UnfoldAdminSelectWidget())
    note = forms.CharField(
        label=_("Note"), required=False, max_length=1000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_("What differs, and from what. Kept in the clear: names nobody."),
    )

    def clean_finding(self) -> Finding:
        """The choice itself."""
        return Finding(self.cleaned_data["finding"])


class ConclusionForm(forms.Form):
    """What the sample shows."""

    conclusion = forms.CharField(label=_("Conclusion"), max_length=1000, widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}))


class ClearForm(forms.Form):
    """What evidence in the clear is for."""

    purpose = forms.CharField(
        label=_("Purpose and recipient"), max_length=PURPOSE_MAX, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("What it is for and who gets it. Kept in the clear: names nobody."),
    )

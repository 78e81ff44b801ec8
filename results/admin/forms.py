"""What people fill in about reports of payouts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from accounts.models import Organization
from intake.pages.forms import DigestForm, SeveralFilesField
from programs.models import PlanInsurer, Program
from results.actions.reports import UPLOAD

#: A program is read by every office of its region, and worked on by the one that operates it.
VIEW = "results.view_report"


class ReportForm(forms.Form):
    """The report's files, and what the insurer says of the whole."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())
    insurer = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Insurer"), required=False, widget=UnfoldAdminSelectWidget(),
        help_text=_("Empty: the insurer of the program; else a co-insurer of one of its plans."),
    )
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget(),
        help_text=_("Lines of people outside this office are not matched."),
    )
    reference = forms.CharField(
        label=_("Report number"), max_length=60, widget=UnfoldAdminTextInputWidget(),
        help_text=_("The insurer's own number of the report; each is taken in once."),
    )
    control_lines = forms.IntegerField(
        label=_("Number of lines"), min_value=1, max_value=2_000_000_000, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("As the insurer's statement says it."),
    )
    control_amount = forms.DecimalField(
        label=_("Sum paid (yuan)"), max_digits=14, decimal_places=2, min_value=Decimal("0.00"),
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        help_text=_("As the insurer's statement says it. Another count or sum waits for the approver's word."),
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
        programs = Program.objects.visible_to(by, VIEW).filter(active=True)
        fields["program"].queryset = programs
        insurers = Organization.objects.filter(
            pk__in=PlanInsurer.objects.filter(plan__program__in=programs).values("insurer")
        ) | Organization.objects.filter(pk__in=programs.values("insurer"))
        fields["insurer"].queryset = insurers.distinct().order_by("name")
        offices = Organization.objects.visible_to(by, UPLOAD).active().exclude(region=None)
        fields["organization"].queryset = offices
        if by.organization in offices:
            fields["organization"].initial = by.organization.pk


class ProgramForm(forms.Form):
    """Of which program's plans a blank template is."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["program"].queryset = Program.objects.visible_to(by, VIEW).filter(active=True)


class WhyForm(forms.Form):
    """The reason, which colleagues read."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("What was compared, what the insurer said. Write no names and numbers of people."),
    )


class TotalsForm(WhyForm, DigestForm):
    """Why the totals may differ, of exactly what was looked at."""

"""Forms behind the buttons; choices are limited to what the signed-in user may use."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from accounts.models import Organization
from beneficiaries.actions.employers import employers_of
from beneficiaries.gating import GATE_WORDS, Gate
from beneficiaries.models.roster import Purpose
from beneficiaries.money import Outlook
from beneficiaries.uscc import clean_code
from intake.pages.forms import DigestForm, SeveralFilesField
from programs.models import Period

UPLOAD = "beneficiaries.upload_roster"


class UploadForm(forms.Form):
    """A new roster."""

    purpose = forms.ChoiceField(
        label=_("Purpose"), choices=Purpose.choices, initial=Purpose.ENROLL, required=False,
        widget=UnfoldAdminSelectWidget(), help_text=_("Each purpose has a blank template of its own."),
    )
    period = forms.ModelChoiceField(Period.objects.none(), label=_("Period"), widget=UnfoldAdminSelectWidget())
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget(),
        help_text=_("Rows of people outside this office's region are refused."),
    )
    uscc = forms.CharField(
        label=_("Employer's unified social credit code"), required=False, max_length=40, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Only for an employer that pays for its staff; empty otherwise. Record the employer first."),
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
        day = timezone.localdate()
        # Who enrolls is held to the time of enrollment by the action: what is known is updated and ended the year round.
        periods = Period.objects.visible_to(by).filter(closed_at=None, enrollment_opens_on__lte=day)
        self.fields["period"].queryset = periods.select_related("program")  # type: ignore[attr-defined]
        offices = Organization.objects.visible_to(by, UPLOAD).active().exclude(region=None)
        self.fields["organization"].queryset = offices  # type: ignore[attr-defined]
        if by.organization in offices:
            self.fields["organization"].initial = by.organization.pk

    def clean(self) -> dict[str, Any]:
        """`employer`: the one that the office knows by the code."""
        given: dict[str, Any] = super().clean() or {}
        code, period, office = given.pop("uscc", ""), given.get("period"), given.get("organization")
        given["employer"] = None
        if code and period is not None and office is not None:
            given["employer"] = employers_of(period.program, office).filter(uscc=clean_code(code)).first()
            if given["employer"] is None:
                self.add_error("uscc", _("This office knows no employer by this code in this program: record it first."))
        return given

    def clean_purpose(self) -> Purpose:
        """To enroll, where nothing is said."""
        return Purpose(self.cleaned_data["purpose"] or Purpose.ENROLL)


class ApprovalForm(DigestForm):
    """What the approver has looked at, and how to go on when the budgets do not suffice."""

    WHOLE, BY_PRIORITY = "whole", "by_priority"

    hold = forms.ChoiceField(label=_("How to go on"), widget=UnfoldAdminRadioSelectWidget(), required=False)
    #: Groups that were shown as left out: "441602.3,441621.5".
    left_out = forms.CharField(widget=forms.HiddenInput(), required=False)

    def __init__(self, data: Any, *, outlook: Outlook, digest: str) -> None:
        shown = ",".join(f"{county}.{category}" for county, category in (group.place for group in outlook.left_out))
        initial = {"digest": digest, "left_out": shown, "hold": self.WHOLE}
        super().__init__(data, initial=initial)
        left, kept = (sum(group.rows for group in groups) for groups in (outlook.left_out, outlook.held))
        premium = sum((group.premium for group in outlook.held), Decimal(0))
        self.fields["hold"].choices = [  # type: ignore[attr-defined]
            (self.WHOLE, _("All or nothing: reserve the whole sum, or be refused")),
            (
                self.BY_PRIORITY,
                _("By priority: enroll %(kept)s people (%(premium)s yuan) now, leave %(left)s out")
                % {"kept": f"{kept:,}", "premium": f"{premium:,.2f}", "left": f"{left:,}"},
            ),
        ]
        if not self.is_bound and (outlook.suffices or not outlook.held):
            del self.fields["hold"]

    def clean_left_out(self) -> list[tuple[str, int]]:
        """(county, category id) of each group."""
        places = [part.partition(".") for part in self.cleaned_data["left_out"].split(",") if part]
        if not all(county.isascii() and category.isascii() and category.isdecimal() for county, _dot, category in places):
            raise forms.ValidationError(_("Load the page again."))
        return [(county, int(category)) for county, _dot, category in places]


class GateForm(forms.Form):
    """Which step before cover is done."""

    gate = forms.ChoiceField(label=_("Step"), widget=UnfoldAdminSelectWidget())
    policy_number = forms.CharField(
        label=_("Insurer's policy number"), required=False, max_length=60, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Needed for the insurer's acceptance."),
    )

    def __init__(self, *args: Any, gates: list[Gate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["gate"].choices = [(gate.value, GATE_WORDS[gate]) for gate in gates]  # type: ignore[attr-defined]

    def clean_gate(self) -> Gate:
        """The gate itself."""
        return Gate(self.cleaned_data["gate"])


class RevealForm(forms.Form):
    """Which fields, and why."""

    fields_wanted = forms.MultipleChoiceField(label=_("Fields"), widget=UnfoldAdminCheckboxSelectMultipleWidget())
    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Kept with your name; auditors read it."),
    )

    def __init__(self, *args: Any, choices: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fields_wanted"].choices = choices  # type: ignore[attr-defined]

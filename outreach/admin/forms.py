"""What people fill in for messages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.models import Organization, Region
from accounts.models.region import CODE_LENGTHS
from intake.pages.forms import SeveralFilesField
from outreach.actions.sendings import MOST_DAYS, PROPOSE
from outreach.models import NameForm, Topic
from outreach.models.sending import FIRST_HOUR, LAST_HOUR, MOST_TURNS
from outreach.wording import PLACES
from programs.models import Period, Plan, Program

#: Regions that a form offers.
MOST = 300


class WordingForm(forms.Form):
    """What people are told on an occasion."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())
    topic = forms.ChoiceField(label=_("Occasion"), choices=Topic.choices, widget=UnfoldAdminSelectWidget())
    signature = forms.CharField(
        label=_("Signature"), max_length=12, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Stands before the text in 【】: the name of the office or the program."),
    )
    text = forms.CharField(label=_("Text"), max_length=400, widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}))
    name_form = forms.ChoiceField(
        label=_("Name in messages"), choices=NameForm.choices, widget=UnfoldAdminSelectWidget(),
        help_text=_("Lists for villages always mask it."),
    )
    hotline = forms.CharField(label=_("Hotline of the insurer"), max_length=40, widget=UnfoldAdminTextInputWidget())

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        programs = Program.objects.visible_to(by, "outreach.draft_wording").filter(active=True)
        fields["program"].queryset = programs.order_by("code")
        fields["text"].help_text = format_html(
            '{} <span translate="no" lang="zh-Hans">{}</span>',
            _t(
                "Up to 70 signs are one message, more are sent in pieces of 67. Nothing of papers, health or hardship. Places "
                "that are filled for each person:"
            ),
            " ".join(f"{{{place}}}" for place in PLACES),
        )

    def clean(self) -> dict[str, Any]:
        """As the code knows them."""
        given: dict[str, Any] = super().clean() or {}
        for name, kind in (("topic", Topic), ("name_form", NameForm)):
            if name in given:
                given[name] = kind(given[name])
        return given


class SendingForm(forms.Form):
    """Who is to be told what, and when."""

    period = forms.ModelChoiceField(Period.objects.none(), label=_("Period"), widget=UnfoldAdminSelectWidget())
    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget())
    region_code = forms.ChoiceField(
        label=_("Place"), widget=UnfoldAdminSelectWidget(), required=False,
        help_text=_("Whoever lives there. Empty: the whole region of the office."),
    )
    topic = forms.ChoiceField(label=_("Occasion"), choices=Topic.choices, widget=UnfoldAdminSelectWidget())
    turn = forms.TypedChoiceField(
        label=_("First message or reminder"), coerce=int, widget=UnfoldAdminSelectWidget(), initial=1,
        choices=[(1, _("First message")), (2, _("First reminder")), (MOST_TURNS, _("Second reminder"))],
        help_text=_("Whoever was told is told no second time for the same; reminders go to whoever got the message before."),
    )
    within_days = forms.IntegerField(
        label=_("Days before the end"), required=False, min_value=1, max_value=MOST_DAYS, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("For covers that end soon."),
    )
    grouped = forms.BooleanField(
        label=_("One message for all people of a telephone"), required=False, initial=True, widget=UnfoldBooleanSwitchWidget(),
    )
    village_only = forms.BooleanField(
        label=_("Everybody by the village"), required=False, widget=UnfoldBooleanSwitchWidget(),
        help_text=_(
            "No message is sent: whoever has a telephone stands on the village's list, too. Else only those without one do."
        ),
    )
    earliest_hour = forms.IntegerField(
        label=_("Not before (hour)"), min_value=FIRST_HOUR, max_value=LAST_HOUR, initial=FIRST_HOUR,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    latest_hour = forms.IntegerField(
        label=_("Not after (hour)"), min_value=FIRST_HOUR, max_value=LAST_HOUR, initial=20, widget=UnfoldAdminIntegerFieldWidget(),
    )

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        periods = Period.objects.visible_to(by, "outreach.view_sending").filter(plan__period_kind=Plan.PeriodKind.ANNUAL)
        fields["period"].queryset = periods.select_related("program").order_by("program", "-starts_on")
        fields["organization"].queryset = Organization.objects.visible_to(by, PROPOSE).active().exclude(region=None)
        fields["organization"].initial = by.organization.pk
        below = _below(by.organization.region_code or "")
        fields["region_code"].choices = [("", _t("The whole region")), *((each.pk, each.full_name or each.name) for each in below)]


class ShownForm(forms.Form):
    """How many people the releasing person was told of."""

    shown = forms.IntegerField(widget=forms.HiddenInput())


def _below(code: str) -> list[Region]:
    """The levels below a region, as deep as they are few enough to choose from."""
    found: list[Region] = []
    for size in (size for size in CODE_LENGTHS if size > len(code)):
        more = list(Region.objects.below(code).filter(level=size).order_by("pk")[: MOST + 1]) if code else []
        if len(found) + len(more) > MOST:
            break
        found += more
    return sorted(found, key=lambda each: each.pk)


class ReportForm(forms.Form):
    """A gateway's report, and how many lines it says that it has."""

    control_lines = forms.IntegerField(
        label=_("Number of lines"), min_value=1, max_value=2_000_000_000, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("As the gateway says it: a file with another number is refused whole."),
    )
    file = SeveralFilesField(
        label=_("Files"), help_text=_("XLSX, XLS or CSV (UTF-8 or GB18030), one or several; up to a million rows each."),
    )

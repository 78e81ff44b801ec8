"""What people fill in between enrollment and cover."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.models import Organization, Region
from accounts.models.region import CODE_LENGTHS
from beneficiaries.models import Roster
from gates.models import WHITELIST, ObjectionReason, ObjectionState
from gates.models.notice import CATEGORY, NAME, REGION
from intake.models import State
from programs.admin.forms import REASONABLE
from programs.models import Category, Funder, Period

COLUMN_WORDS = {NAME: _("masked name"), REGION: _("village"), CATEGORY: _("category of hardship")}
#: Categories that tell of children, of disability or of illness: not ticked unless somebody does.
QUIET = ("guer", "shishi_guer", "zhongcan", "yinbing")
#: Regions that a form offers.
MOST = 300
MAKE = "gates.make_notice"


class NoticeForm(forms.Form):
    """What hangs where, and for how long."""

    period = forms.ModelChoiceField(Period.objects.none(), label=_("Period"), widget=UnfoldAdminSelectWidget())
    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget())
    region_code = forms.ChoiceField(
        label=_("Place"), widget=UnfoldAdminSelectWidget(), required=False,
        help_text=_("Whoever lives there is named. Empty: the whole region of the office."),
    )
    roster = forms.ModelChoiceField(
        Roster.objects.none(), label=_("Roster"), required=False, widget=UnfoldAdminSelectWidget(),
        help_text=_("Empty: everybody who waits for the notice."),
    )
    starts_on = forms.DateField(label=_("Hangs from"), widget=UnfoldAdminDateWidget(), validators=REASONABLE)
    days = forms.IntegerField(
        label=_("Days that it hangs"), min_value=0, max_value=365, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("Calendar days; not fewer than the plan asks for."),
    )
    columns = forms.MultipleChoiceField(
        label=_("What is published"), choices=[(each, COLUMN_WORDS[each]) for each in WHITELIST], initial=list(WHITELIST),
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=_("The law allows these and nothing else; never a number, a phone, an account or an illness."),
    )
    named_categories = forms.ModelMultipleChoiceField(
        Category.objects.none(), label=_("Categories that are named"), required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=_("Of children no category is named, nor one that tells of disability or illness unless you tick it."),
    )
    basis = forms.CharField(label=_("Legal basis"), max_length=200, widget=UnfoldAdminTextInputWidget())
    phone = forms.CharField(label=_("Phone for objections"), max_length=40, widget=UnfoldAdminTextInputWidget())

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        periods = Period.objects.visible_to(by, "gates.view_notice").filter(closed_at=None, plan__requires_notice=True)
        fields["period"].queryset = periods.select_related("program").order_by("program", "-starts_on")
        fields["organization"].queryset = Organization.objects.visible_to(by, MAKE).active().exclude(region=None)
        fields["organization"].initial = by.organization.pk
        own = by.organization.region_code or ""
        below = regions_below(own)
        fields["region_code"].choices = [("", _t("The whole region")), *((each.pk, each.full_name or each.name) for each in below)]
        fields["roster"].queryset = Roster.objects.visible_to(by, "beneficiaries.view_roster").filter(
            state__in=(State.APPLIED, State.UNDO_ASKED), plan__requires_notice=True
        ).select_related("program", "organization").order_by("-pk")
        fields["starts_on"].initial = timezone.localdate()
        fields["days"].initial = max(periods.values_list("plan__notice_days", flat=True), default=0)
        categories = Category.objects.filter(holds_for_everybody=False, active=True).order_by("position")
        fields["named_categories"].queryset = categories
        fields["named_categories"].initial = [each.pk for each in categories if each.code not in QUIET]


def regions_below(code: str) -> list[Region]:
    """Two levels down when they are few enough to choose from, else one."""
    deeper = [size for size in CODE_LENGTHS if size > len(code)][:2]
    found = list(Region.objects.below(code).filter(level__in=deeper).order_by("pk")[: MOST + 1]) if code else []
    return found if len(found) <= MOST else list(Region.objects.below(code).filter(level=deeper[0]).order_by("pk")[:MOST])


class PrintForm(forms.Form):
    """On the screen, to be printed from there, or as a file."""

    SCREEN, FILE = "screen", "file"

    kind = forms.ChoiceField(
        label=_("How"), choices=[(SCREEN, _("On the screen, to print from there")), (FILE, _("As a file"))],
        widget=UnfoldAdminSelectWidget(),
    )


class ObjectionForm(forms.Form):
    """Against whom, and what was said."""

    region_code = forms.ChoiceField(label=_("Village"), widget=UnfoldAdminSelectWidget())
    number = forms.IntegerField(
        label=_("Number on the list"), min_value=1, max_value=2_000_000_000, widget=UnfoldAdminIntegerFieldWidget()
    )
    reason = forms.ChoiceField(label=_("Reason"), choices=ObjectionReason.choices, widget=UnfoldAdminSelectWidget())
    text = forms.CharField(
        label=_("What was said"), max_length=1000, required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_("Kept sealed; who decides can open it with a reason."),
    )
    received_on = forms.DateField(label=_("Received on"), widget=UnfoldAdminDateWidget(), validators=REASONABLE)

    def __init__(self, data: Any, *, villages: list[tuple[str, str, int]]) -> None:
        super().__init__(data)
        fields: Any = self.fields
        fields["region_code"].choices = [
            (code, _t("%(village)s (1 to %(lines)s)") % {"village": name, "lines": f"{lines:,}"}) for code, name, lines in villages
        ]
        fields["received_on"].initial = timezone.localdate()

    def clean_reason(self) -> ObjectionReason:
        """As the code knows it."""
        return ObjectionReason(self.cleaned_data["reason"])


class DecisionForm(forms.Form):
    """Upheld or dismissed, and why."""

    state = forms.ChoiceField(
        label=_("Decision"), choices=[(each.value, each.label) for each in (ObjectionState.UPHELD, ObjectionState.DISMISSED)],
        widget=UnfoldAdminSelectWidget(),
    )
    decision = forms.CharField(
        label=_("Why"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Kept in the clear: names nobody."),
    )

    def clean_state(self) -> ObjectionState:
        """As the code knows it."""
        return ObjectionState(self.cleaned_data["state"])


class PaymentForm(forms.Form):
    """What came in for the people of the page."""

    reference = forms.CharField(
        label=_("Reference of the payment"), max_length=60, widget=UnfoldAdminTextInputWidget(),
        help_text=_("The bank's or the payment office's own number; each is recorded once."),
    )
    paid_on = forms.DateField(label=_("Paid on"), widget=UnfoldAdminDateWidget(), validators=REASONABLE)
    amount = forms.DecimalField(
        label=_("Amount received (yuan)"), max_digits=14, decimal_places=2, min_value=Decimal("0.01"),
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
        help_text=_("As the statement says. Another sum than these people owe is refused."),
    )
    sponsor = forms.ModelChoiceField(
        Funder.objects.none(), label=_("Sponsor"), required=False, widget=UnfoldAdminSelectWidget(),
        help_text=_("Who paid for all of them; empty when each paid their own."),
    )

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        fields["sponsor"].queryset = Funder.objects.visible_to(by, "programs.view_funder").filter(active=True).order_by("name")
        fields["paid_on"].initial = timezone.localdate()

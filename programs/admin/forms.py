"""Forms behind the buttons; choices are limited to what the signed-in user may use."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from accounts.models import Organization
from programs.models import Category, Funder, Period, Program

#: Days on which books may be asked for.
REASONABLE = (MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31)))


def visible_choice(label: Any, *, required: bool = True, help_text: Any = "") -> forms.ModelChoiceField:
    """A choice whose rows the form's maker sets."""
    return forms.ModelChoiceField(
        Program.objects.none(), label=label, required=required, widget=UnfoldAdminSelectWidget(), help_text=help_text
    )


def money_field(label: Any, *, required: bool = True, above: bool = False, help_text: Any = "") -> forms.DecimalField:
    """Yuan with two places; `above`: zero is not enough."""
    return forms.DecimalField(
        label=label, max_digits=16, decimal_places=2, min_value=Decimal("0.01") if above else Decimal("0.00"),
        required=required,
        widget=UnfoldAdminDecimalFieldWidget(), help_text=help_text,
    )


def offer(form: forms.Form, name: str, rows: Any) -> None:
    """Set the rows that a choice offers."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))


class ShownForm(forms.Form):
    """What whoever approves was shown."""

    digest = forms.CharField(widget=forms.HiddenInput(), required=False, max_length=64)


class ProgramForm(forms.Form):
    """A new program."""

    code = forms.RegexField(
        "^[A-Z][A-Z0-9]{1,19}$", label=_("Code"), widget=UnfoldAdminTextInputWidget(),
        help_text=_("2 to 20 capital letters and digits; it stands in every cover number."),
    )
    name = forms.CharField(label=_("program name"), max_length=100, widget=UnfoldAdminTextInputWidget())
    kind = forms.ChoiceField(label=_("kind"), choices=Program.Kind.choices, widget=UnfoldAdminSelectWidget())
    organization = visible_choice(_("operating office"))
    insurer = visible_choice(_("insurer"), required=False)

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seen = Organization.objects.visible_to(by).active()
        offer(self, "organization", seen.exclude(region=None))
        offer(self, "insurer", seen.filter(kind=Organization.Kind.INSURER))


class FunderForm(forms.Form):
    """A new funder."""

    name = forms.CharField(label=_("funder name"), max_length=100, widget=UnfoldAdminTextInputWidget())
    kind = forms.ChoiceField(label=_("kind"), choices=Funder.Kind.choices, widget=UnfoldAdminSelectWidget())
    organization = visible_choice(_("organization"), required=False)
    region_code = forms.RegexField(
        "^([0-9]{2}|[0-9]{4}|[0-9]{6})?$", label=_("region"), required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Of a government: the county, city or province that pays."),
    )

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "organization", Organization.objects.visible_to(by).active())

    def clean(self) -> dict[str, Any]:
        """A government pays for its region."""
        given = super().clean() or {}
        if given.get("kind") == Funder.Kind.GOVERNMENT and not given.get("region_code"):
            self.add_error("region_code", _("A government needs its region."))
        return given


class PlanForm(forms.Form):
    """A first draft with the usual payers; everything can be changed on the draft's page."""

    program = visible_choice(_("program"))
    name = forms.CharField(label=_("plan name"), max_length=100, widget=UnfoldAdminTextInputWidget())
    premium = money_field(_("premium"), above=True, help_text=_("Yuan a person and period; of spans, a person and day."))
    cover_limit = money_field(_("cover limit"), above=True, help_text=_("Yuan a person and period."))
    own_share = money_field(_("own share"), required=False, help_text=_("Empty without a funder: the whole is the person's own."))
    county_share = money_field(_("share of the person's own county"), required=False)
    funder = visible_choice(_("funder of the remainder"), required=False)
    min_age = forms.IntegerField(
        label=_("youngest age"), required=False, min_value=0, max_value=120, widget=UnfoldAdminTextInputWidget()
    )
    max_age = forms.IntegerField(
        label=_("oldest age"), required=False, min_value=0, max_value=120, widget=UnfoldAdminTextInputWidget()
    )
    requires_guardian = forms.BooleanField(
        label=_("guardian of minors first"), required=False, widget=UnfoldBooleanSwitchWidget(),
        help_text=_("Whoever is under 18 on the first day of cover is enrolled only with a guardian who is known."),
    )
    requires_basic_insurance = forms.BooleanField(
        label=_("basic insurance first"), required=False, widget=UnfoldBooleanSwitchWidget(),
        help_text=_("Only who stands on the list of participants of basic insurance that is in force is enrolled."),
    )
    requires_notice = forms.BooleanField(
        label=_("public notice first"), required=False, initial=True, widget=UnfoldBooleanSwitchWidget()
    )
    requires_own_payment = forms.BooleanField(
        label=_("own payment first"), required=False, initial=True, widget=UnfoldBooleanSwitchWidget()
    )
    requires_insurer_acceptance = forms.BooleanField(
        label=_("insurer's acceptance first"), required=False, initial=True, widget=UnfoldBooleanSwitchWidget()
    )

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "program", Program.objects.visible_to(by, "programs.add_plan").filter(active=True))
        offer(self, "funder", Funder.objects.visible_to(by).filter(active=True))

    def clean(self) -> dict[str, Any]:
        """Exactly one payer takes the remainder: the funder, or the person."""
        given = super().clean() or {}
        if given.get("funder") is None and given.get("own_share") is not None:
            self.add_error("funder", _("Name the funder of the remainder, or leave the own share empty."))
        if given.get("funder") is not None and given.get("own_share") is None and "own_share" not in self.errors:
            self.add_error("own_share", _("Say how much of it is the person's own; zero when nothing is."))
        return given


class PeriodForm(forms.Form):
    """A new period of a plan in force."""

    code = forms.CharField(label=_("Period"), max_length=12, widget=UnfoldAdminTextInputWidget(), help_text=_("Such as 2027."))
    starts_on = forms.DateField(label=_("first day of cover"), widget=UnfoldAdminDateWidget())
    last_day = forms.DateField(label=_("last day of cover"), widget=UnfoldAdminDateWidget(), validators=REASONABLE)
    enrollment_opens_on = forms.DateField(label=_("enrollment opens"), widget=UnfoldAdminDateWidget())
    enrollment_closes_on = forms.DateField(
        label=_("enrollment closes"), widget=UnfoldAdminDateWidget(), help_text=_("The first day on which it is closed.")
    )


class BudgetForm(forms.Form):
    """A tranche to be proposed."""

    funder = visible_choice(_("funder"))
    period = visible_choice(_("Period"))
    label = forms.CharField(label=_("tranche"), max_length=40, widget=UnfoldAdminTextInputWidget())
    granted = money_field(_("granted"), above=True, help_text=_("Yuan."))
    region_prefix = forms.RegexField(
        "^([0-9]{2}|[0-9]{4}|[0-9]{6})?$", label=_("region"), required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Empty: everywhere."),
    )
    category = visible_choice(_("category"), required=False, help_text=_("Empty: every category."))

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "funder", Funder.objects.visible_to(by, "programs.propose_budget").filter(active=True))
        offer(self, "period", Period.objects.visible_to(by).filter(closed_at=None).select_related("program"))
        offer(self, "category", Category.objects.visible_to(by).filter(active=True))


class StatementForm(forms.Form):
    """Which program, from when to when."""

    program = visible_choice(_("program"))
    first = forms.DateField(label=_("from"), widget=UnfoldAdminDateWidget(), validators=REASONABLE)
    last = forms.DateField(label=_("to"), widget=UnfoldAdminDateWidget(), validators=REASONABLE)

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "program", Program.objects.visible_to(by, "programs.view_statement"))

    def clean(self) -> dict[str, Any]:
        """From a day to the same or a later one."""
        given = super().clean() or {}
        if given.get("first") and given.get("last") and given["last"] < given["first"]:
            self.add_error("last", _("The last day lies before the first."))
        return given

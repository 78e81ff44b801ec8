"""Forms behind the buttons; choices are limited to what the signed-in user may use."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import Region
from programs.models import Period, Plan
from takeup.actions.targets import PROPOSE
from takeup.models.target import MOST
from takeup.reach import reaches


class TargetForm(forms.Form):
    """One county's target population."""

    period = forms.ModelChoiceField(Period.objects.none(), label=_("period"), widget=UnfoldAdminSelectWidget())
    region_code = forms.RegexField(
        "^[0-9]{6}$", label=_("county"), widget=UnfoldAdminTextInputWidget(), help_text=_("The six digits of its code.")
    )
    people = forms.IntegerField(
        label=_("target population"), min_value=1, max_value=MOST, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("How many people of the county could be enrolled."),
    )
    basis = forms.CharField(
        label=_("based on"), max_length=200, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Such as a yearbook or a letter."),
    )

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["period"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = periods_of(by, PROPOSE)

    def clean_region_code(self) -> str:
        """A county that is known."""
        code: str = self.cleaned_data["region_code"]
        if not Region.objects.filter(code=code, level=Region.Level.COUNTY).exists():
            raise forms.ValidationError(_("There is no county with this code."))
        return code


class PeriodForm(forms.Form):
    """Of which period."""

    period = forms.ModelChoiceField(Period.objects.none(), label=_("period"), widget=UnfoldAdminSelectWidget())

    def __init__(self, *args: Any, rows: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["period"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows


def periods_of(user: Any, permission: str) -> Any:
    """Periods, not closed and not over, of the programs that a user's role reaches whole."""
    rows = Period.objects.visible_to(user, permission).filter(
        closed_at=None, ends_on__gt=timezone.localdate(), plan__period_kind=Plan.PeriodKind.ANNUAL
    ).select_related("program__organization")
    reached = [each.pk for each in rows if reaches(user, permission, program=each.program)]
    return Period.objects.filter(pk__in=reached).select_related("program").order_by("program__code", "-starts_on")

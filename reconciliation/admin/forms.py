"""What a reconciliation is narrowed to."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from accounts.models import Organization
from programs.models import LedgerTransaction, Program
from programs.models.books import month_after, month_of
from reconciliation.span import Span, of_day, of_month

#: Months that are offered.
_MONTHS = 36


class SpanForm(forms.Form):
    """A month or a day, or everything so far; the whole program, or one office; after how many days a payout is overdue."""

    month = forms.ChoiceField(label=_("month"), required=False)
    day = forms.DateField(label=_("or a day"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    office = forms.ModelChoiceField(
        Organization.objects.none(), label=_("office"), required=False, empty_label=_("The whole program")
    )
    late = forms.IntegerField(
        label=_("overdue after (days)"), required=False, validators=[MinValueValidator(0), MaxValueValidator(365)],
        widget=forms.NumberInput(attrs={"min": 0, "max": 365}),
    )

    def __init__(self, data: Any, *, program: Program, today: date) -> None:
        super().__init__(data)
        self.program = program
        fields: Any = self.fields
        fields["month"].choices = [("", _("Since the beginning")), *((key, key) for key in _months(program, today))]
        fields["office"].queryset = Organization.objects.filter(
            path__startswith=program.organization.path
        ).exclude(pk=program.organization_id).order_by("path")

    def clean(self) -> dict[str, Any]:
        """A day or a month, not both."""
        given = super().clean() or {}
        if given.get("month") and given.get("day"):
            self.add_error("day", _("Choose a month or a day, not both."))
        return given

    @property
    def span(self) -> Span:
        """What was chosen; of what was not said well, everything."""
        given = self.cleaned_data if self.is_bound and self.is_valid() else {}
        rest: dict[str, Any] = {"path": given["office"].path} if given.get("office") is not None else {}
        if given.get("late") is not None:
            rest["late_days"] = given["late"]
        if given.get("day"):
            return of_day(given["day"], **rest)
        if given.get("month"):
            return of_month(date.fromisoformat(f"{given['month']}-01"), **rest)
        return Span(**rest)


def _months(program: Program, today: date) -> list[str]:
    """From the newest back to that of the first posting."""
    first = LedgerTransaction.objects.filter(program=program).aggregate(day=Min("booked_on"))["day"] or today
    found: list[str] = []
    month = month_of(today)
    while len(found) < _MONTHS and month_after(month) > first:
        found.append(f"{month:%Y-%m}")
        month = month_of(month - timedelta(days=1))
    return found


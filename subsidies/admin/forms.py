"""What people fill in about funders' money."""

from __future__ import annotations

from decimal import Decimal
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

from programs.admin.forms import REASONABLE, offer, visible_choice
from programs.models import Funder, Period, Program
from subsidies.models import FundRequest
from subsidies.models.request import ASKED, Verdict
from subsidies.reach import reaches

#: Cover numbers that a form takes at once.
MOST_NUMBERS = 2_000


def _amount(label: Any, help_text: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label, max_digits=14, decimal_places=2, min_value=Decimal("0.01"), help_text=help_text,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
    )


def _reference() -> forms.CharField:
    return forms.CharField(
        label=_("Reference of the payment"), max_length=60, widget=UnfoldAdminTextInputWidget(),
        help_text=_("The bank's or the payment office's own number; each is recorded once."),
    )


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=UnfoldAdminDateWidget(), validators=REASONABLE, initial=timezone.localdate)


def _reason(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=help_text or _("Kept in the clear: names nobody."),
    )


def programs_of(by: Any, permission: str) -> Any:
    """Programs that a role of the user with this permission operates."""
    seen = Program.objects.visible_to(by, "programs.view_program").select_related("organization")
    return Program.objects.filter(pk__in=[each.pk for each in seen if reaches(by, permission, program=each)])


class RequestForm(forms.Form):
    """Whom to ask, for which period, up to which day."""

    funder = visible_choice(_("Funder"))
    period = visible_choice(_("Period"))
    cut_on = _day(_("Cut day"))

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        own = programs_of(by, "subsidies.make_request")
        periods = Period.objects.filter(program__in=own).select_related("program").order_by("program", "-starts_on")
        offer(self, "period", periods)
        offer(self, "funder", Funder.objects.filter(budgets__program__in=own).distinct().order_by("name"))
        self.fields["cut_on"].help_text = _("Covers that came into force by the end of this day are asked for.")


class ReceiptForm(forms.Form):
    """What came in, from whom, for what."""

    program = visible_choice(_("Program"))
    funder = visible_choice(_("Funder"))
    request = visible_choice(
        _("Request for funds"), required=False, help_text=_("Empty: the oldest requests first. What is above all of them is held.")
    )
    amount = _amount(_("Amount received (yuan)"), _("As the statement of the account says."))
    reference = _reference()
    received_on = _day(_("Received on"))

    def __init__(self, data: Any, *, by: Any, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        own = programs_of(by, "subsidies.record_movement")
        offer(self, "program", own)
        offer(self, "funder", Funder.objects.filter(budgets__program__in=own).distinct().order_by("name"))
        offer(self, "request", FundRequest.objects.filter(program__in=own, state__in=ASKED).order_by("-pk"))


class PaybackForm(forms.Form):
    """What went back to whom."""

    program = visible_choice(_("Program"))
    funder = visible_choice(_("Funder"))
    amount = _amount(_("Amount paid back (yuan)"), _("Not more than is held for the funder."))
    reference = _reference()
    paid_on = _day(_("Paid on"))

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        own = programs_of(by, "subsidies.record_movement")
        offer(self, "program", own)
        offer(self, "funder", Funder.objects.filter(budgets__program__in=own).distinct().order_by("name"))


class WriteOffForm(forms.Form):
    """What will not come any more."""

    amount = _amount(_("Amount written off (yuan)"), _("Not more than is open."))
    reason = _reason(_("Why it will not come"))


class RefundForm(forms.Form):
    """How the insured got their own shares back."""

    amount = _amount(_("Amount paid back (yuan)"), _("All own shares of the list, to the fen."))
    reference = _reference()
    paid_on = _day(_("Paid on"))


class DoubtForm(forms.Form):
    """Kept or left out, and why."""

    verdict = forms.ChoiceField(
        label=_("Decision"), choices=[(each.value, each.label) for each in (Verdict.LEFT_OUT, Verdict.KEPT)],
        widget=UnfoldAdminSelectWidget(),
    )
    reason = forms.CharField(
        label=_("Why"), max_length=200, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Kept in the clear: names nobody."),
    )


class PeriodForm(forms.Form):
    """Which period."""

    period = visible_choice(_("Period"))

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        own = programs_of(by, "subsidies.make_differences")
        offer(self, "period", Period.objects.filter(program__in=own).select_related("program").order_by("program", "-starts_on"))


class ElsewhereForm(PeriodForm):
    """Which covers a funder does not bear any more, and why."""

    funder = visible_choice(_("Funder"))
    numbers = forms.CharField(
        label=_("Cover numbers"), widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}), max_length=64 * MOST_NUMBERS,
        help_text=_("One a line, as they stand on certificates and lists."),
    )
    reason = _reason(_("Why the funder does not bear them"))

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data, by=by)
        own = programs_of(by, "subsidies.make_differences")
        offer(self, "funder", Funder.objects.filter(budgets__program__in=own).distinct().order_by("name"))

    def clean_numbers(self) -> list[str]:
        """Each by itself."""
        found = [line.strip() for line in str(self.cleaned_data["numbers"]).splitlines() if line.strip()]
        if len(found) > MOST_NUMBERS:
            raise forms.ValidationError(_("At most %(number)d numbers at once.") % {"number": MOST_NUMBERS})
        return found

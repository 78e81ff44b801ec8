"""Forms of changes of single people; choices are limited to offices that the signed-in user proposes for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget

from beneficiaries.actions.changes import END_REASONS
from beneficiaries.models import Beneficiary
from beneficiaries.models.roster import EndReason


class ChangeForm(forms.Form):
    """As whose office, and why."""

    beneficiary = forms.TypedChoiceField(label=_("As whose office"), coerce=int, widget=UnfoldAdminRadioSelectWidget())
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("What you rely on, such as a certificate; no document or account numbers."),
    )

    def __init__(self, data: Any, *, known: Sequence[Beneficiary], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.known = {each.pk: each for each in known}
        field: Any = self.fields["beneficiary"]
        field.choices = [(each.pk, f"{each.program.name} · {each.organization.name}") for each in known]
        if len(self.known) == 1:
            field.initial, field.widget = known[0].pk, forms.HiddenInput()
        # The reason comes last, whatever a form asks beside it.
        self.order_fields([name for name in self.fields if name != "reason"])

    def clean_beneficiary(self) -> Beneficiary:
        """The office's own row of the person."""
        return self.known[self.cleaned_data["beneficiary"]]


class EndingForm(ChangeForm):
    """Why a person's cover ends, and with which day."""

    end_reason = forms.TypedChoiceField(
        label=_("What happened"), coerce=EndReason, widget=UnfoldAdminRadioSelectWidget(),
        choices=[(each.value, each.label) for each in END_REASONS],
        help_text=_("Whoever is recorded as deceased is never enrolled again."),
    )
    ended_on = forms.DateField(
        label=_("Last day of cover"), widget=UnfoldAdminDateWidget(),
        help_text=_("Cover ends with the end of this day; it does not lie in the future."),
    )

    def __init__(self, data: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["ended_on"].initial = timezone.localdate()

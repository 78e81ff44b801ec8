"""The form that says in which order the covers of a case pay."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from unfold.widgets import UnfoldAdminSelectWidget

from claims.admin.forms import ReasonForm
from claims.models import Case


class OrderForm(ReasonForm):
    """A place for each claim of the case."""

    def __init__(self, data: Any, *, case: Case) -> None:
        super().__init__(data)
        self.claims = list(case.claims.select_related("program").order_by("position"))
        places = [(str(place), str(place)) for place in range(1, len(self.claims) + 1)]
        fields = {
            f"place_{claim.pk}": forms.ChoiceField(
                label=f"{claim.program.name} · {claim.number}", choices=places, initial=str(claim.position),
                widget=UnfoldAdminSelectWidget(),
            )
            for claim in self.claims
        }
        self.fields = {**fields, **self.fields}

    def clean(self) -> dict[str, Any]:
        """Each place once."""
        given = super().clean() or self.cleaned_data
        said = [given.get(f"place_{claim.pk}") for claim in self.claims]
        if None not in said and len(set(said)) != len(said):
            raise forms.ValidationError(_t("Each place is given once."))
        return given

    @property
    def order(self) -> list[int]:
        """Claims, the first payer first."""
        return sorted((claim.pk for claim in self.claims), key=lambda key: int(self.cleaned_data[f"place_{key}"]))

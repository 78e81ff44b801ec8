"""What people fill in about terms, holds and destruction."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.models import Organization
from beneficiaries.models import Beneficiary, Roster
from programs.models import Program
from retention.actions.holds import HOLD
from retention.actions.runs import DRAW
from retention.actions.terms import PROPOSE
from retention.models import RunKind
from retention.reach import reaches
from retention.terms import RULES, Kind, in_words


def programs_of(user: Any, permission: str) -> Any:
    """Programs whose operating office a role of the user reaches with a permission."""
    seen = Program.objects.visible_to(user, permission).select_related("organization").order_by("code")
    reached = [
        each.pk for each in seen
        if reaches(user, permission, organization=each.organization, region_code=each.region_code, program_id=each.pk)
    ]
    return seen.filter(pk__in=reached)


class TermForm(forms.Form):
    """How long a program keeps what."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())
    kind = forms.ChoiceField(label=_("Kind of records"), choices=Kind.choices, widget=UnfoldAdminSelectWidget())
    length = forms.IntegerField(label=_("Kept for"), min_value=1, max_value=3650, widget=UnfoldAdminIntegerFieldWidget())
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        fields["program"].queryset = programs_of(by, PROPOSE)
        fields["length"].help_text = " · ".join(
            _t("%(kind)s: at least %(least)s") % {"kind": kind.label, "least": in_words(RULES[kind].least, RULES[kind].unit)}
            for kind in Kind
        )

    def clean_kind(self) -> Kind:
        """As the code knows it."""
        return Kind(self.cleaned_data["kind"])


class DrawUpForm(forms.Form):
    """What is to be listed."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())
    kind = forms.ChoiceField(label=_("What is destroyed"), choices=RunKind.choices, widget=UnfoldAdminSelectWidget())

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        fields["program"].queryset = programs_of(by, DRAW)

    def clean_kind(self) -> RunKind:
        """As the code knows it."""
        return RunKind(self.cleaned_data["kind"])


class HoldForm(forms.Form):
    """What is held, one of four, why and until when."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), required=False, widget=UnfoldAdminSelectWidget())
    office = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Organization, with those below it"), required=False, widget=UnfoldAdminSelectWidget()
    )
    person = forms.IntegerField(
        label=_("Number of a person"), required=False, min_value=1, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("As it stands on the person's page."),
    )
    roster = forms.IntegerField(
        label=_("Roster number"), required=False, min_value=1, widget=UnfoldAdminIntegerFieldWidget()
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Court, authority, file number. It stays in the record; name nobody."),
    )
    ends_on = forms.DateField(
        label=_("Until"), required=False, widget=UnfoldAdminDateWidget(), help_text=_("The last day; empty: until it is lifted.")
    )

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        self._by = by
        fields: Any = self.fields
        fields["program"].queryset = programs_of(by, HOLD)
        fields["office"].queryset = Organization.objects.visible_to(by, HOLD).active().order_by("path")

    def clean_ends_on(self) -> date | None:
        """Today or later."""
        day: date | None = self.cleaned_data["ends_on"]
        if day is not None and day < timezone.localdate():
            raise ValidationError(_t("A hold ends today or later."))
        return day

    def clean(self) -> dict[str, Any]:
        """The one thing, as `held`."""
        given: dict[str, Any] = super().clean() or {}
        named = [given[name] for name in ("program", "office", "person", "roster") if given.get(name)]
        if len(named) != 1:
            raise ValidationError(_t("Name one thing to be held: a program, an organization, a person or a roster."))
        held: Any = named[0]
        if given.get("person"):
            # Restricted ones too: they are held like others.
            held = Beneficiary.objects.filter(person=given["person"]).select_related("organization").order_by("pk")
            held = next((each for each in held if self._reached(each)), None)
        elif given.get("roster"):
            held = Roster.objects.visible_to(self._by, HOLD).filter(pk=given["roster"]).select_related("organization").first()
        if held is None:
            raise ValidationError(_t("There is nothing of this number within your reach."))
        return {"held": held, "reason": given.get("reason", ""), "ends_on": given.get("ends_on")}

    def _reached(self, known: Beneficiary) -> bool:
        return reaches(
            self._by, HOLD, organization=known.organization, region_code=known.region_code, program_id=known.program_id
        )

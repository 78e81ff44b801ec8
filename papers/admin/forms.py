"""What people fill in for papers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.models import Organization, Region
from accounts.models.region import CODE_LENGTHS
from beneficiaries.models import Roster
from intake.models import State
from papers.actions.printings import PRINT, PURPOSE_MAX
from papers.models import Asker, IdentityCheck, RequestKind
from programs.admin.forms import REASONABLE
from programs.models import Period, Program

#: Regions that a form offers.
MOST = 300


class CoverForm(forms.Form):
    """Whose cover is meant."""

    number = forms.CharField(
        label=_("Number of the certificate"), max_length=60,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("It stands on the cover's page, too."),
    )


class PurposeForm(forms.Form):
    """What the paper is for."""

    purpose = forms.CharField(
        label=_("Purpose"), max_length=PURPOSE_MAX, widget=UnfoldAdminTextInputWidget(),
        help_text=_("What the paper is for and who gets it. It stays in the record; name nobody."),
    )


class AskForm(forms.Form):
    """Whose certificates are to be printed, and what for."""

    period = forms.ModelChoiceField(Period.objects.none(), label=_("Period"), widget=UnfoldAdminSelectWidget())
    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget())
    region_code = forms.ChoiceField(
        label=_("Place"), widget=UnfoldAdminSelectWidget(), required=False,
        help_text=_("Whoever lives there and is covered. Empty: the whole region of the office."),
    )
    roster = forms.ModelChoiceField(
        Roster.objects.none(), label=_("Roster"), required=False, widget=UnfoldAdminSelectWidget(),
        help_text=_("Empty: everybody whose cover is in force."),
    )
    purpose = forms.CharField(
        label=_("Purpose and recipient"), max_length=PURPOSE_MAX, widget=UnfoldAdminTextInputWidget(),
        help_text=_("What the file is for and who gets it. It stays in the record; name nobody."),
    )

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        periods = Period.objects.visible_to(by, "papers.view_printing").select_related("program")
        fields["period"].queryset = periods.order_by("program", "-starts_on")
        fields["organization"].queryset = Organization.objects.visible_to(by, PRINT).active().exclude(region=None)
        fields["organization"].initial = by.organization.pk
        below = _below(by.organization.region_code or "")
        fields["region_code"].choices = [("", _t("The whole region")), *((each.pk, each.full_name or each.name) for each in below)]
        fields["roster"].queryset = Roster.objects.visible_to(by, "beneficiaries.view_roster").filter(
            state__in=(State.APPLIED, State.UNDO_ASKED)
        ).select_related("program", "organization").order_by("-pk")


class WordingForm(forms.Form):
    """What the certificates of a program say."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())
    how_to_claim = forms.CharField(
        label=_("How to claim"), max_length=400, widget=UnfoldAdminTextareaWidget(attrs={"rows": 6}),
        help_text=_("In plain words: whom to tell, until when, which papers, when money comes. Seven lines have room."),
    )
    phone = forms.CharField(label=_("Telephone"), max_length=40, widget=UnfoldAdminTextInputWidget())

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        fields["program"].queryset = Program.objects.visible_to(by, "papers.write_wording").filter(active=True).order_by("code")


class RequestForm(forms.Form):
    """What somebody asks about a person, and how it is known who asks."""

    kind = forms.ChoiceField(label=_("Request"), widget=UnfoldAdminSelectWidget())
    asker = forms.ChoiceField(label=_("Who asks"), choices=Asker.choices, widget=UnfoldAdminSelectWidget())
    asker_name = forms.CharField(
        label=_("Name of whoever asks"), max_length=60, required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Empty when it is the person. Kept sealed."),
    )
    identity_check = forms.ChoiceField(
        label=_("How the identity was checked"), choices=IdentityCheck.choices, widget=UnfoldAdminSelectWidget(),
        help_text=_("Whoever asks for somebody else shows the documents of both."),
    )
    text = forms.CharField(
        label=_("In the person's words"), max_length=1000, required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_("What they ask and why. Kept sealed."),
    )
    received_on = forms.DateField(
        label=_("Received on"), widget=UnfoldAdminDateWidget(), validators=REASONABLE,
        help_text=_("The term for the answer runs from this day."),
    )

    def __init__(self, data: Any, *, kinds: Sequence[RequestKind]) -> None:
        super().__init__(data)
        fields: Any = self.fields
        fields["kind"].choices = [(each.value, each.label) for each in kinds]
        fields["received_on"].initial = timezone.localdate()

    def clean(self) -> dict[str, Any]:
        """As the code knows them."""
        given: dict[str, Any] = super().clean() or {}
        for name, kind in (("kind", RequestKind), ("asker", Asker), ("identity_check", IdentityCheck)):
            if name in given:
                given[name] = kind(given[name])
        return given


class AnswerForm(forms.Form):
    """What the person is told."""

    answer = forms.CharField(
        label=_("Answer"), max_length=300, required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("What the person is told. Kept in the clear: names nobody."),
    )


def _below(code: str) -> list[Region]:
    """The levels below a region, as deep as they are few enough to choose from."""
    found: list[Region] = []
    for size in (size for size in CODE_LENGTHS if size > len(code)):
        more = list(Region.objects.below(code).filter(level=size).order_by("pk")[: MOST + 1]) if code else []
        if len(found) + len(more) > MOST:
            break
        found += more
    return sorted(found, key=lambda each: each.pk)

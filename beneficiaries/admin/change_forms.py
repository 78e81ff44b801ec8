"""Forms of changes of single people; choices are limited to offices that the signed-in user proposes for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.admin.forms import RegionCodeField
from beneficiaries.actions.changes import END_REASONS
from beneficiaries.identity import Identity
from beneficiaries.models import Beneficiary, Enrollment, Person
from beneficiaries.models.person import DocumentType, Sex
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


class RefundForm(forms.Form):
    """Why a cover is given back."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextInputWidget(),
        help_text=_("What the person said; no names or numbers of people."),
    )


class EndingForm(ChangeForm):
    """Why a person's cover ends, and with which day."""

    end_reason = forms.TypedChoiceField(
        label=_("Why it ends"), coerce=EndReason, widget=UnfoldAdminRadioSelectWidget(),
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


class CorrectionForm(ChangeForm):
    """Who somebody is: what is left empty stays as it is registered."""

    REPLACED, MISTAKEN = "replaced", "mistaken"

    name = forms.CharField(label=_("Full name"), max_length=60, required=False, widget=UnfoldAdminTextInputWidget())
    document_type = forms.ChoiceField(
        label=_("Document"), choices=DocumentType.choices, required=False, widget=UnfoldAdminSelectWidget()
    )
    document = forms.CharField(
        label=_("Document number"), max_length=40, required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("Birth date and sex come from a resident ID card's number."),
    )
    former = forms.ChoiceField(
        label=_("The number so far"), required=False, widget=UnfoldAdminRadioSelectWidget(),
        choices=[
            (MISTAKEN, _("was written wrongly: it is kept to be found, and names nobody in a file")),
            (REPLACED, _("was theirs and was replaced: files that still name it find the person")),
        ],
    )
    sex = forms.ChoiceField(
        label=_("Sex"), choices=[("", _("as registered")), *Sex.choices], required=False, widget=UnfoldAdminSelectWidget()
    )
    birth_on = forms.DateField(label=_("Born on"), required=False, widget=UnfoldAdminDateWidget())

    def __init__(self, data: Any, *, person: Person, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["document_type"].initial = person.document_type
        self.fields["former"].initial = self.MISTAKEN
        self.fields["name"].help_text = _("Registered: %(value)s. Empty: it stays.") % {"value": person.name}
        self.fields["birth_on"].help_text = _("Registered: %(value)s. Empty: it stays.") % {"value": person.birth_on or "—"}

    def clean(self) -> dict[str, Any]:
        """`right` and `number_was_theirs`, as the action takes them."""
        given = super().clean() or {}
        former = given.pop("former", "")
        values = {name: given.pop(name, "") for name in ("name", "document_type", "document", "sex")}
        right = Identity(**values, birth_on=given.pop("birth_on", None))
        return {**given, "right": right, "number_was_theirs": former == self.REPLACED}


class DocumentForm(ChangeForm):
    """A further document of a person."""

    document_type = forms.ChoiceField(label=_("Document"), choices=DocumentType.choices, widget=UnfoldAdminSelectWidget())
    document = forms.CharField(
        label=_("Document number"), max_length=40, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})
    )
    valid_from = forms.DateField(label=_("Valid from"), required=False, widget=UnfoldAdminDateWidget())
    valid_to = forms.DateField(
        label=_("Valid until"), required=False, widget=UnfoldAdminDateWidget(), help_text=_("The last day.")
    )

    def __init__(self, data: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["document_type"].initial = DocumentType.PASSPORT


class MoveForm(ChangeForm):
    """Where somebody lives now."""

    region = RegionCodeField(
        label=_("Region code"),
        help_text=_("Code of county (6), town (9) or village (12 digits) of the household register."),
    )

    def __init__(self, data: Any, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["region"].required = True

    def clean(self) -> dict[str, Any]:
        """`region_code`, as the action takes it."""
        given = super().clean() or {}
        region = given.pop("region", None)
        return {**given, "region_code": region.code if region is not None else ""}


class OtherPersonForm(forms.Form):
    """Whom to look for, exactly."""

    term = forms.CharField(
        label=_("Document number or whole name of the other person"), max_length=60,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


class MergeForm(ChangeForm):
    """Which cover goes where two cover the same time, and why the two are one."""

    def __init__(self, data: Any, *, pairs: Sequence[tuple[Enrollment, Enrollment]], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.pairs = pairs
        for place, pair in enumerate(pairs):
            self.fields[f"goes_{place}"] = forms.TypedChoiceField(
                label=_("Both cover %(program)s %(period)s: which cover is given up?")
                % {"program": pair[0].program.name, "period": pair[0].period.code},
                coerce=int, widget=UnfoldAdminRadioSelectWidget(),
                choices=[
                    (
                        each.pk,
                        _("%(number)s; premium %(amount)s yuan") % {"number": each.number, "amount": f"{each.premium:,.2f}"},
                    )
                    for each in pair
                ],
                help_text=_("It is voided and its premium goes back to the budgets; the other one stays."),
            )
        self.order_fields([name for name in self.fields if name != "reason"])

    def clean(self) -> dict[str, Any]:
        """`given_up`, as the action takes it."""
        given = super().clean() or {}
        chosen = [given.pop(f"goes_{place}", None) for place in range(len(self.pairs))]
        return {**given, "given_up": [number for number in chosen if number is not None]}

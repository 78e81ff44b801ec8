"""Buttons on a person's page by which an office says who speaks for them: a minor's guardian, an agent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from audit.buttons import ButtonPages, holds
from beneficiaries import actions
from beneficiaries.admin.change_forms import ChangeForm
from beneficiaries.admin.change_pages import PROPOSE, identity_facts, number_of, proposed_for, see
from beneficiaries.models import Representative, Role
from beneficiaries.models.person import DocumentType


class SpeakerForm(ChangeForm):
    """Who speaks for the person."""

    role = forms.TypedChoiceField(
        label=_("Guardian or agent"), coerce=Role, choices=Role.choices, widget=UnfoldAdminRadioSelectWidget(),
        help_text=_("A guardian of a minor; an agent of somebody without a telephone, such as a village officer."),
    )
    name = forms.CharField(label=_("Full name"), max_length=60, widget=UnfoldAdminTextInputWidget())
    document_type = forms.ChoiceField(label=_("Document"), choices=DocumentType.choices, widget=UnfoldAdminSelectWidget())
    document = forms.CharField(
        label=_("Document number"), max_length=40, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})
    )
    phone = forms.CharField(
        label=_("Phone"), max_length=30, required=False, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})
    )
    relation = forms.CharField(
        label=_("Relation to the person"), max_length=20, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Mother, grandfather, village officer …"),
    )
    valid_from = forms.DateField(label=_("Valid from"), required=False, widget=UnfoldAdminDateWidget())
    valid_to = forms.DateField(
        label=_("Valid until"), required=False, widget=UnfoldAdminDateWidget(), help_text=_("The last day.")
    )


class EndSpeakerForm(forms.Form):
    """Which of them ends, and why."""

    representative = forms.TypedChoiceField(
        label=_("Guardian or agent"), coerce=int, widget=UnfoldAdminRadioSelectWidget()
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("What you rely on, such as a certificate; no document or account numbers."),
    )

    def __init__(self, data: Any, *, standing: list[Representative]) -> None:
        super().__init__(data)
        self.standing = {each.pk: each for each in standing}
        field: Any = self.fields["representative"]
        field.choices = [(each.pk, f"{each.get_role_display()} · {each.name} · {each.relation}") for each in standing]

    def clean_representative(self) -> Representative:
        """The row."""
        return self.standing[self.cleaned_data["representative"]]


class SpeakerPages(ButtonPages):
    """Mixed into the person's admin."""

    has_propose_permission = holds(PROPOSE)

    @action(description=_("Record guardian or agent"), url_path="speaker", permissions=["propose"], icon="supervisor_account")
    def add_speaker(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Propose who speaks for the person."""
        person = self.visible_or_404(request, object_id)
        known = proposed_for(person, request)

        def run(given: dict[str, Any]) -> HttpResponse:
            return see(self, request, actions.propose_representative(**given))

        return self.button_page(
            request, title=_t("Record guardian or agent"), button=_t("Propose"), subject=person, run=run,
            sentence=_t(
                "A second person decides. Messages of a minor go to the guardian's telephone; an agent gets those of whoever has "
                "none, and asks for them."
            ),
            facts=identity_facts(person), form=SpeakerForm(request.POST if request.method == "POST" else None, known=known),
        )

    @action(description=_("End guardian or agent"), url_path="end-speaker", permissions=["propose"], icon="person_remove")
    def end_speaker(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Propose that one of them ends."""
        person = self.visible_or_404(request, object_id)
        known = proposed_for(person, request)
        standing = Representative.objects.filter(beneficiary__in=known).open()
        found = list(standing.select_related("beneficiary__person").order_by("pk"))

        def run(given: dict[str, Any]) -> HttpResponse:
            return see(self, request, actions.propose_end(given.pop("representative"), **given))

        return self.button_page(
            request, title=_t("End guardian or agent"), button=_t("Propose"), subject=person, run=run, danger=True,
            sentence=_t("A second person decides. What they were stays readable."), facts=identity_facts(person),
            form=EndSpeakerForm(request.POST if request.method == "POST" else None, standing=found),
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The end only where somebody speaks for the person."""
        offered = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        speaks = Representative.objects.filter(beneficiary__person=number_of(str(object_id))).open().exists()
        return [each for each in offered if speaks or each.method.__name__ != "end_speaker"]

"""The button on a person's page by which an office states a declared health class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminDateWidget, UnfoldAdminRadioSelectWidget

from audit.buttons import ButtonPages, holds
from beneficiaries import actions
from beneficiaries.admin.change_forms import ChangeForm
from beneficiaries.admin.change_pages import PROPOSE, identity_facts, proposed_for, see
from beneficiaries.health import CLASSES, groups_of
from beneficiaries.models import Beneficiary


class HealthForm(ChangeForm):
    """What the person declared."""

    health_class = forms.ChoiceField(
        label=_("Health class"), choices=[(each.value, each.label) for each in CLASSES], widget=UnfoldAdminRadioSelectWidget(),
        help_text=_("As the person, or the guardian, declared it."),
    )
    groups = forms.MultipleChoiceField(
        label=_("Groups of diseases"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=_(
            "Of a pre-existing condition: those that plans of the program name. None: what it concerns is decided at the claim."
        ),
    )
    from_on = forms.DateField(
        label=_("Holds from"), widget=UnfoldAdminDateWidget(),
        help_text=_("The day of the declaration, or the first day of cover."),
    )

    def __init__(self, data: Any, *, known: Sequence[Beneficiary], **kwargs: Any) -> None:
        super().__init__(data, known=known, **kwargs)
        groups: dict[str, str] = {}
        for program in {each.program_id for each in known}:
            groups.update(groups_of(program))
        field: Any = self.fields["groups"]
        field.choices = list(groups.items())
        if not groups:
            del self.fields["groups"]
        self.fields["from_on"].initial = timezone.localdate()


class HealthPages(ButtonPages):
    """Mixed into the person's admin."""

    has_propose_permission = holds(PROPOSE)

    @action(description=_("State health class"), url_path="health", permissions=["propose"], icon="stethoscope")
    def declare_health(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Propose what the person declared."""
        person = self.visible_or_404(request, object_id)
        known = proposed_for(person, request)

        def run(given: dict[str, Any]) -> HttpResponse:
            return see(self, request, actions.propose_health(**given))

        return self.button_page(
            request, title=_t("State health class"), button=_t("Propose"), subject=person, run=run,
            sentence=_t(
                "A second person decides. What a plan pays may depend on the health class; it holds from its day until another is "
                "stated."
            ),
            facts=identity_facts(person), form=HealthForm(request.POST if request.method == "POST" else None, known=known),
        )

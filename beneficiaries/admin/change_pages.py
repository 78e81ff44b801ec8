"""Buttons by which an office proposes a change of one person: on the person's page and on a cover's."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from audit.buttons import ButtonPages, holds
from beneficiaries import actions
from beneficiaries.admin.change_forms import CorrectionForm, DocumentForm, EndingForm
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Beneficiary, Enrollment, Person, PersonChange
from beneficiaries.models.enrollment import EnrollmentState
from beneficiaries.panels import last_moment

PROPOSE = "beneficiaries.propose_change"


class EndingButton(ButtonPages):
    """The button that ends cover, on the page of a person or of a cover."""

    has_propose_permission = holds(PROPOSE)

    @action(description=_("End cover"), url_path="end", permissions=["propose"], icon="event_busy")
    def end_cover(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Propose an exit or a death."""
        subject = self.visible_or_404(request, object_id)
        known = proposed_for(subject, request)

        def run(given: dict[str, Any]) -> HttpResponse:
            return see(self, request, actions.propose_ending(**given))

        return self.button_page(
            request, title=_t("End cover"), button=_t("Propose"), subject=subject, run=run, danger=True,
            sentence=_t(
                "A second person decides. The chosen office's covers in force that last longer end with that day, as by a "
                "line of a file. No premium is given back, neither to funders nor to the person."
            ),
            facts=covers_in_force(known), form=EndingForm(request.POST if request.method == "POST" else None, known=known),
        )


class ChangePages(EndingButton):
    """Mixed into the person's admin."""

    @action(description=_("Correct identity"), url_path="correct", permissions=["propose"], icon="edit")
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Propose another name, number, birth date or sex."""
        person = self.visible_or_404(request, object_id)
        known = proposed_for(person, request)

        def run(given: dict[str, Any]) -> HttpResponse:
            try:
                return see(self, request, actions.propose_correction(**given))
            except BeneficiariesRefused as refused:
                return lead_to_other(self, request, refused)

        return self.button_page(
            request, title=_t("Correct identity"), button=_t("Propose"), subject=person, run=run,
            sentence=_t(
                "A second person decides. Every office that deals with the person sees the correction; what stood before is "
                "kept, and the former number still finds the person."
            ),
            facts=identity_facts(person),
            form=CorrectionForm(request.POST if request.method == "POST" else None, known=known, person=person),
        )

    @action(description=_("Add document"), url_path="document", permissions=["propose"], icon="badge")
    def add_document(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Propose a further document."""
        person = self.visible_or_404(request, object_id)
        known = proposed_for(person, request)

        def run(given: dict[str, Any]) -> HttpResponse:
            try:
                return see(self, request, actions.propose_document(**given))
            except BeneficiariesRefused as refused:
                return lead_to_other(self, request, refused)

        return self.button_page(
            request, title=_t("Add document"), button=_t("Propose"), subject=person, run=run,
            sentence=_t("A second person decides. From then on files and searches find the person by this document, too."),
            facts=identity_facts(person),
            form=DocumentForm(request.POST if request.method == "POST" else None, known=known),
        )


def proposed_for(subject: Any, request: HttpRequest) -> list[Beneficiary]:
    """The rows of a person as offices know them for which this user proposes; of a cover its own."""
    own: dict[str, Any] = {"pk": subject.beneficiary_id} if isinstance(subject, Enrollment) else {"person": subject}
    seen = Beneficiary.objects.visible_to(request.user, PROPOSE).filter(**own)
    found = list(seen.select_related("program", "organization", "person").order_by("pk"))
    if not found:
        raise Http404
    return found


def covers_in_force(known: list[Beneficiary]) -> list[tuple[str, Any]]:
    """What a confirm page says of the covers of these offices: each with its last day and premium."""
    covers = Enrollment.objects.filter(beneficiary__in=known, state=EnrollmentState.IN_FORCE)
    lines: list[tuple[str, Any]] = [
        (
            each.number,
            _t("%(office)s; last day %(day)s; premium %(amount)s yuan") % {
                "office": each.organization.name, "day": last_moment(each), "amount": f"{each.premium:,.2f}"
            },
        )
        for each in covers.select_related("program", "period__program", "plan", "organization").order_by("pk")[:20]
    ]
    return lines or [(_t("covers in force"), _t("none"))]


def identity_facts(person: Person) -> list[tuple[str, Any]]:
    """Who is registered, masked."""
    return [
        (_t("name"), str(person.name)), (_t("document"), person.get_document_type_display()),
        (_t("document number"), str(person.document)), (_t("sex"), person.get_sex_display()),
        (_t("born on"), f"{person.birth_on:%Y-%m-%d}" if person.birth_on else ""),
    ]


def lead_to_other(page: Any, request: HttpRequest, refused: BeneficiariesRefused) -> HttpResponse:
    """To the person who has the number already, where it is refused for that; any other refusal stays one."""
    if refused.code != "HELD_BY":
        raise refused
    page.message_user(request, str(refused), messages.WARNING)
    return HttpResponseRedirect(reverse("admin:beneficiaries_person_change", args=[refused.facts["person"]]))


def see(page: Any, request: HttpRequest, change: PersonChange) -> HttpResponse:
    """To the page of what was proposed, where its reader sees it."""
    page.message_user(request, _t("Proposed; a second person decides."))
    return HttpResponseRedirect(reverse("admin:beneficiaries_personchange_change", args=[change.pk]))

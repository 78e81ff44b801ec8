"""Buttons by which an office proposes a change of one person: on the person's page and on a cover's."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from audit.buttons import ButtonPages, holds
from beneficiaries import actions
from beneficiaries.admin.change_forms import EndingForm
from beneficiaries.models import Beneficiary, Enrollment, PersonChange
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


def see(page: Any, request: HttpRequest, change: PersonChange) -> HttpResponse:
    """To the page of what was proposed, where its reader sees it."""
    page.message_user(request, _t("Proposed; a second person decides."))
    return HttpResponseRedirect(reverse("admin:beneficiaries_personchange_change", args=[change.pk]))

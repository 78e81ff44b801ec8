"""Buttons by which an office proposes a change of one person: on the person's page and on a cover's."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from accounts.models import Region
from audit.buttons import ButtonPages, holds
from beneficiaries import actions
from beneficiaries.admin.change_forms import (
    ChangeForm,
    CorrectionForm,
    DocumentForm,
    EndingForm,
    MergeForm,
    MoveForm,
    OtherPersonForm,
    RefundForm,
)
from beneficiaries.admin.change_words import merge_facts, new_in_words, side_by_side
from beneficiaries.admin.origins import payer_of, payment_of
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.merging import merge_outlook
from beneficiaries.models import Beneficiary, Enrollment, Person, PersonChange
from beneficiaries.models.enrollment import LIVE
from beneficiaries.panels import last_moment
from beneficiaries.people_search import people_found
from beneficiaries.refunding import refund_outlook
from beneficiaries.unmerging import merge_of, new_since

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
                "line of a file; no premium of them is given back. Those that wait for a step are voided, and every payer "
                "gets the whole share back."
            ),
            facts=live_covers(known), form=EndingForm(request.POST if request.method == "POST" else None, known=known),
        )


    @action(description=_("Give cover back"), url_path="refund", permissions=["propose"], icon="undo")
    def refund_cover(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Propose that a cover is given back within the plan's days for it."""
        subject = self.visible_or_404(request, object_id)
        cover = Enrollment.objects.select_related(
            "plan", "purchase__payer", "period__program", "roster__employer"
        ).get(pk=subject.pk)

        def run(given: dict[str, Any]) -> HttpResponse:
            return see(self, request, actions.propose_refund(cover, **given))

        return self.button_page(
            request, title=_t("Give cover back"), button=_t("Propose"), subject=subject, run=run, danger=True,
            sentence=_t("A second person decides. The cover never stood then, and every payer gets the whole share back."),
            facts=[
                (_t("cover number"), cover.number), (_t("premium"), f"{cover.premium:,.2f}"),
                (
                    _t("of it paid by the person") if cover.employer is None else _t("of it paid by the employer"),
                    f"{cover.own_share:,.2f}",
                ),
                (_t("payment"), payment_of(cover)),
                (_t("payer of the family") if cover.employer is None else _t("goes back to the employer"), payer_of(cover)),
            ],
            form=RefundForm(request.POST if request.method == "POST" else None),
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
                return lead_to_other(self, request, person, refused)

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
                return lead_to_other(self, request, person, refused)

        return self.button_page(
            request, title=_t("Add document"), button=_t("Propose"), subject=person, run=run,
            sentence=_t("A second person decides. From then on files and searches find the person by this document, too."),
            facts=identity_facts(person),
            form=DocumentForm(request.POST if request.method == "POST" else None, known=known),
        )


    @action(description=_("Register a move"), url_path="move", permissions=["propose"], icon="moving")
    def move(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Propose another region: within the office, or with another one that accepts."""
        person = self.visible_or_404(request, object_id)
        known = proposed_for(person, request)

        def run(given: dict[str, Any]) -> HttpResponse:
            return see(self, request, actions.propose_move(**given))

        places = Region.objects.names_of(each.region_code for each in known)
        return self.button_page(
            request, title=_t("Register a move"), button=_t("Propose"), subject=person, run=run,
            sentence=_t(
                "Within the office's region a second person of it decides, beyond it the office there. Cover goes on; money "
                "stays with who paid. To another office goes who the person is, and nothing else that this one knows."
            ),
            facts=[(each.organization.name, places.get(each.region_code, each.region_code)) for each in known],
            form=MoveForm(request.POST if request.method == "POST" else None, known=known),
        )

    @action(description=_("Merge"), url_path="merge", permissions=["propose"], icon="merge")
    def merge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Look for the other person exactly; then both stand side by side, to be proposed for a merge."""
        person = self.visible_or_404(request, object_id)
        known = proposed_for(person, request)
        if not request.GET.get("other"):
            return self._other_page(request, person)
        other = others_of(person, request).filter(pk=number_of(request.GET["other"])).first()
        if other is None:
            raise Http404
        outlook = merge_outlook(person, other, by=request.user)

        def run(given: dict[str, Any]) -> HttpResponse:
            return see(self, request, actions.propose_merge(other=other, **given))

        return self.button_page(
            request, title=_t("Merge two people"), button=_t("Propose"), subject=person, run=run, danger=True,
            sentence=_t(
                "A second person decides. The person on the left stays; covers, offices and documents of the other go over to "
                "them, and both numbers find them. It can be undone until something new hangs on them."
            ),
            warnings=[refusal(outlook.obstacle)] if outlook.obstacle else [],
            detail=render_to_string("beneficiaries/side_by_side.html", side_by_side(person, other, request.user)),
            form=MergeForm(request.POST if request.method == "POST" else None, known=known, pairs=outlook.pairs),
        )

    def _other_page(self, request: HttpRequest, person: Person) -> HttpResponse:
        """Exact search, by POST: no number stands in an address."""

        def run(given: dict[str, Any]) -> HttpResponse:
            found = list(others_of(person, request).filter(pk__in=people_found(given["term"]).values("pk"))[:2])
            if len(found) != 1:
                raise BeneficiariesRefused("SEVERAL_FOUND" if found else "NOBODY_FOUND")
            return HttpResponseRedirect(f"{request.path}?other={found[0].pk}")

        return self.button_page(
            request, title=_t("Merge two people"), button=_t("Find"), subject=person, run=run, facts=identity_facts(person),
            sentence=_t("Who is the same person? Found are people whom your office knows, by whole number or name."),
            form=OtherPersonForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Undo merge"), url_path="unmerge", permissions=["propose"], icon="call_split")
    def unmerge(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Propose that the last merge is undone."""
        person = self.visible_or_404(request, object_id)
        known, merge = proposed_for(person, request), merge_of(person)

        def run(given: dict[str, Any]) -> HttpResponse:
            if merge is None:
                raise BeneficiariesRefused("NOBODY_MERGED")
            return see(self, request, actions.propose_unmerge(merge=merge, **given))

        return self.button_page(
            request, title=_t("Undo merge"), button=_t("Propose"), subject=person, run=run, danger=True,
            sentence=_t("A second person decides. Everything that the merge moved goes back to the other person."),
            facts=merge_facts(merge) if merge is not None else [],
            warnings=new_in_words(new_since(merge)) if merge is not None else [refusal("NOBODY_MERGED")],
            form=ChangeForm(request.POST if request.method == "POST" else None, known=known),
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """The undo only where a merge stands."""
        offered = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        merged = Person.objects.filter(merged_into=number_of(str(object_id))).exists()
        return [each for each in offered if merged or each.method.__name__ != "unmerge"]


def others_of(person: Person, request: HttpRequest) -> QuerySet[Person]:
    """People for whose offices this user proposes, but for one."""
    return Person.objects.visible_to(request.user, PROPOSE).standing().exclude(pk=person.pk)


def number_of(text: str) -> int:
    """A row's number from an address; 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def refusal(code: str) -> str:
    """What stands against a merge, as the action would say it."""
    return str(BeneficiariesRefused(code))


def proposed_for(subject: Any, request: HttpRequest) -> list[Beneficiary]:
    """The rows of a person as offices know them for which this user proposes; of a cover its own."""
    own: dict[str, Any] = {"pk": subject.beneficiary_id} if isinstance(subject, Enrollment) else {"person": subject}
    seen = Beneficiary.objects.visible_to(request.user, PROPOSE).filter(**own)
    found = list(seen.select_related("program", "organization", "person").order_by("pk"))
    if not found:
        raise Http404
    return found


def live_covers(known: list[Beneficiary]) -> list[tuple[str, Any]]:
    """What a confirm page says of the covers of these offices: each with its last day and premium."""
    covers = Enrollment.objects.filter(beneficiary__in=known, state__in=LIVE)
    lines: list[tuple[str, Any]] = [
        (
            each.number,
            _t("%(office)s; last day %(day)s; premium %(amount)s yuan") % {
                "office": each.organization.name, "day": last_moment(each), "amount": f"{each.premium:,.2f}"
            },
        )
        for each in covers.select_related("program", "period__program", "plan", "organization").order_by("pk")[:20]
    ]
    return lines or [(_t("covers in force or waiting"), _t("none"))]


def may_be_refunded(cover: Enrollment) -> bool:
    """Whether its plan's days for giving it back are not over."""
    try:
        refund_outlook(cover, asked_on=timezone.localdate())
    except BeneficiariesRefused:
        return False
    return True


def identity_facts(person: Person) -> list[tuple[str, Any]]:
    """Who is registered, masked."""
    return [
        (_t("name"), str(person.name)), (_t("document"), person.get_document_type_display()),
        (_t("document number"), str(person.document)), (_t("sex"), person.get_sex_display()),
        (_t("born on"), f"{person.birth_on:%Y-%m-%d}" if person.birth_on else ""),
    ]


def lead_to_other(page: Any, request: HttpRequest, subject: Person, refused: BeneficiariesRefused) -> HttpResponse:
    """To the merge with the person who has the number, where it is refused for that; any other refusal stays one."""
    if refused.code != "HELD_BY":
        raise refused
    page.message_user(request, str(refused), messages.WARNING)
    address = reverse("admin:beneficiaries_person_merge", args=[subject.pk])
    return HttpResponseRedirect(f"{address}?other={refused.facts['person']}")


def see(page: Any, request: HttpRequest, change: PersonChange) -> HttpResponse:
    """To the page of what was proposed, where its reader sees it."""
    page.message_user(request, _t("Proposed; a second person decides."))
    return HttpResponseRedirect(reverse("admin:beneficiaries_personchange_change", args=[change.pk]))

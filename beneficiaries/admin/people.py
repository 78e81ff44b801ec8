"""The one page of a person: identity masked, what offices know, covers; other rooms add their parts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.models import Region
from audit import panels, reveals
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import holds
from beneficiaries.admin.change_pages import ChangePages, number_of
from beneficiaries.admin.forms import RevealForm
from beneficiaries.admin.health_pages import HealthPages
from beneficiaries.admin.known_list import KnownList
from beneficiaries.admin.representing_pages import SpeakerPages
from beneficiaries.admin.searching import PEOPLE_HELP, tell
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Beneficiary, Person, PersonChange
from beneficiaries.people_search import named_people

REVEAL = "beneficiaries.reveal_person"
PERSON_FIELDS = ("name", "document")
BENEFICIARY_FIELDS = ("phone", "address", "bank_account", "guardian_name", "guardian_document")


@admin.register(Person)
class PersonAdmin(HealthPages, SpeakerPages, ChangePages, KnownList, ReadOnlyScopedAdmin):
    """People, found by document number or whole name."""

    list_display = ("person_name", "document_shown", "document_type", "sex", "birth_on")
    export_columns = ("id", "name", "document_type", "document", "sex", "birth_on", "deceased_on")
    list_filter = ("document_type", "sex")
    search_fields = ("=id",)
    search_help_text = PEOPLE_HELP
    sortable_by = ("created_at",)
    ordering = ("-id",)
    change_form_template = "beneficiaries/person_page.html"
    fields = ("document_type",)
    readonly_fields = fields
    actions_detail = (
        "reveal", "end_cover", "correct", "add_document", "add_speaker", "end_speaker", "declare_health",
        "move", "merge", "unmerge",
    )

    has_reveal_permission = holds(REVEAL)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Whoever was merged goes on in somebody else."""
        return super().get_queryset(request).filter(merged_into=None)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By document, telephone, name or its beginning; never by a pattern."""
        if not search_term.strip():
            return queryset, False
        people, asked = named_people(queryset, search_term, by=request.user)
        tell(request, asked)
        return people, False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The person's page."""
        person = self.get_object(request, object_id)
        stays = self.get_queryset(request).filter(merged__pk=number_of(object_id)).first() if person is None else None
        if stays is not None:
            self.message_user(request, _t("Person %(number)s was merged into this one.") % {"number": object_id})
            return HttpResponseRedirect(reverse("admin:beneficiaries_person_change", args=[stays.pk]))
        context: dict[str, Any] = {}
        if person is not None:
            context = {**page_context(person, request), "title": _t("Person %(number)s") % {"number": person.pk}}
        response = super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})
        response["Cache-Control"] = "no-store"
        return response

    def told_by(self, request: HttpRequest, obj: Any) -> list[Any]:
        """The person, and what offices within reach know of them."""
        return [obj, *known_beneficiaries(obj, request)]

    def came_by(self, request: HttpRequest, obj: Any) -> list[Any]:
        """Changes that offices within reach proposed of them."""
        seen = PersonChange.objects.visible_to(request.user, "beneficiaries.view_personchange")
        return list(seen.filter(person__in=Person.objects.going_on_in(obj))[:50])

    @display(description=_("name"))
    def person_name(self, person: Person) -> str:
        """Masked."""
        return str(person.name)

    @display(description=_("document number"))
    def document_shown(self, person: Person) -> str:
        """Masked."""
        return str(person.document)

    @action(description=_("Show in the clear"), url_path="reveal", permissions=["reveal"], icon="visibility")
    def reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show fields in the clear for some minutes, with a reason."""
        person = self.visible_or_404(request, object_id)
        known = list(known_beneficiaries(person, request, REVEAL))

        def run(given: dict[str, Any]) -> str:
            if person.destroyed_at is not None:
                raise BeneficiariesRefused("DESTROYED")
            wanted = given["fields_wanted"]
            place = {
                "reason": given["reason"], "by": given["by"], "at": given["at"],
                "organization": known[0].organization if known else None,
                "region_code": known[0].region_code if known else "",
                "program_id": known[0].program_id if known else None,
            }
            own = [name for name in wanted if name in PERSON_FIELDS]
            if own:
                reveals.reveal(person, fields=own, **place)
            theirs = [name for name in wanted if name in BENEFICIARY_FIELDS]
            if theirs:
                for beneficiary in known:
                    reveals.reveal(
                        beneficiary, fields=theirs,
                        **{
                            **place, "organization": beneficiary.organization, "region_code": beneficiary.region_code,
                            "program_id": beneficiary.program_id,
                        },
                    )
            return _t("Shown in the clear for some minutes; the view is recorded.")

        choices = [(name, _word(Person, name)) for name in PERSON_FIELDS]
        choices += [(name, _word(Beneficiary, name)) for name in BENEFICIARY_FIELDS]
        return self.button_page(
            request, title=_t("Show in the clear"), button=_t("Show"), subject=person, run=run,
            sentence=_t("Only what your task needs. Your name, the reason and the fields are kept for the auditor."),
            form=RevealForm(request.POST if request.method == "POST" else None, choices=choices),
        )


def _word(model: type[Person | Beneficiary], name: str) -> str:
    field: Any = model._meta.get_field(name)
    return str(field.verbose_name)


def known_beneficiaries(person: Person, request: HttpRequest, permission: str | None = None) -> QuerySet:
    """What offices within the user's reach know of a person, of somebody merged into them too."""
    of_both = Person.objects.going_on_in(person)
    seen = Beneficiary.objects.visible_to(request.user, permission).filter(person__in=of_both).order_by("pk")
    return seen.select_related("program", "organization")


def page_context(person: Person, request: HttpRequest) -> dict[str, Any]:
    """Identity, beneficiaries with their categories, and the parts of other rooms."""
    now = timezone.now()
    known = list(known_beneficiaries(person, request))
    places = Region.objects.names_of(each.region_code for each in known)
    shown = reveals.revealed_fields(person, to=request.user, at=now)
    seen = reveals.revealed_fields_of(known, to=request.user, at=now)
    return {
        "person": person,
        "facts": [
            (_t("name"), _value(person, "name", shown)),
            (_t("document"), person.get_document_type_display()),
            (_t("document number"), _value(person, "document", shown)),
            (_t("sex"), person.get_sex_display()),
            (_t("born on"), f"{person.birth_on:%Y-%m-%d}" if person.birth_on else ""),
            *([(_t("deceased on"), f"{person.deceased_on:%Y-%m-%d}")] if person.deceased_on else []),
            # Not since when the portal knows them: another organization may have brought them.
            (_t("known since"), f"{timezone.localtime(min(each.created_at for each in known)):%Y-%m-%d}" if known else ""),
        ],
        "revealed": bool(shown or seen),
        "known": [
            (each, _facts_of(each, places.get(each.region_code, ""), seen.get(str(each.pk), frozenset()))) for each in known
        ],
        "panels": panels.render_panels(person, request),
    }


def _facts_of(beneficiary: Beneficiary, place: str, shown: frozenset[str]) -> list[tuple[str, Any]]:
    return [
        (_t("program"), beneficiary.program.name),
        (_t("office"), beneficiary.organization.name),
        (_t("region"), place),
        (_t("phone"), _value(beneficiary, "phone", shown)),
        (_t("address"), _value(beneficiary, "address", shown)),
        (_t("bank"), beneficiary.bank_name),
        (_t("bank account"), _value(beneficiary, "bank_account", shown)),
        (_t("guardian"), _value(beneficiary, "guardian_name", shown)),
        (_t("guardian's document"), _value(beneficiary, "guardian_document", shown)),
    ]


def _value(subject: Any, name: str, shown: frozenset[str]) -> str:
    sealed = getattr(subject, name)
    if sealed is None:
        return ""
    return sealed.told() if name in shown else str(sealed)

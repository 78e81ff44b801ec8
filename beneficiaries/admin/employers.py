"""Employers in the admin: recorded once, found by code or name, each with its rosters and the parts of other rooms."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from accounts.admin.forms import RegionCodeField
from accounts.admin.places import PlaceColumn
from accounts.models import Organization, Region
from audit import reveals
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from beneficiaries import actions
from beneficiaries.actions.employers import RECORD
from beneficiaries.admin.forms import RevealForm
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Employer, Roster
from programs.models import Program

REVEAL = "beneficiaries.reveal_employer"
CONTACT = ("contact_name", "contact_phone")
#: Rosters that a page shows.
SHOWN = 20


class EmployerForm(forms.Form):
    """What is known of an employer."""

    name = forms.CharField(label=_("Name"), max_length=100, widget=UnfoldAdminTextInputWidget())
    region = RegionCodeField(label=_("Region code"), help_text=_("Empty: the region of the office."))
    takes_families = forms.BooleanField(
        label=_("Family members may be enrolled"), required=False, widget=UnfoldBooleanWidget(),
        help_text=_("Its rosters then may name husband, wife, children and parents of its staff, each with their relation."),
    )
    contact_name = forms.CharField(
        label=_("Contact person"), max_length=30, required=False, widget=UnfoldAdminTextInputWidget()
    )
    contact_phone = forms.CharField(
        label=_("Contact's phone"), max_length=20, required=False, widget=UnfoldAdminTextInputWidget()
    )


class NewEmployerForm(EmployerForm):
    """A new one, of a program and an office."""

    field_order = ("program", "organization", "uscc", "name")
    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())
    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget())
    uscc = forms.CharField(
        label=_("Unified social credit code"), max_length=40, widget=UnfoldAdminTextInputWidget(),
        help_text=_("18 characters, as on the business license."),
    )

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        programs = Program.objects.visible_to(by).filter(kind=Program.Kind.SUPPLEMENTARY, active=True)
        fields["program"].queryset = programs.order_by("name")
        offices = Organization.objects.visible_to(by, RECORD).active().exclude(region=None)
        fields["organization"].queryset = offices
        if by.organization in offices:
            fields["organization"].initial = by.organization.pk


class CorrectedEmployerForm(EmployerForm):
    """A correction: of the contact only what is typed in changes."""

    forget = forms.BooleanField(
        label=_("Remove the contact"), required=False, widget=UnfoldBooleanWidget(),
        help_text=_("When the contact person has left, or asks for it. Else empty cells keep what is recorded."),
    )


@admin.register(Employer)
class EmployerAdmin(PlaceColumn, ButtonPages, ReadOnlyScopedAdmin):
    """Employers, newest first."""

    list_display = ("number", "name", "uscc", "program", "organization", "place", "contact", "takes_families")
    export_columns = (
        "number", "name", "uscc", "program", "organization", "place", "contact_name", "contact_phone", "takes_families",
        "created_at",
    )
    list_filter = ("program", "organization", "takes_families")
    list_select_related = ("program", "organization")
    search_fields = ("name", "=uscc")
    search_help_text = _("Credit code, name or a part of it")
    sortable_by = ("number",)
    ordering = ("-id",)
    change_form_template = "beneficiaries/employer_page.html"
    fields = ("name",)
    readonly_fields = fields
    actions_list = ("record",)
    actions_detail = ("enroll", "correct", "reveal")

    has_record_permission = holds(RECORD)
    has_enroll_permission = holds("beneficiaries.upload_roster")
    has_reveal_permission = holds(REVEAL)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("program", "organization")

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """A code as it is written on paper, too."""
        return super().get_search_results(request, queryset, search_term.upper() if search_term.isascii() else search_term)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Nothing is done with one whose contact was destroyed."""
        offered = super().get_actions_detail(request, object_id)
        stands = self.get_queryset(request).filter(pk=object_id, destroyed_at=None).exists() if offered else False
        return list(offered) if stands else []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The employer's page."""
        employer = self.visible_or_404(request, object_id)
        context = {**page_context(employer, request), "title": employer.name}
        response = super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})
        response["Cache-Control"] = "no-store"
        return response

    @display(description=_("no."), ordering="id")
    def number(self, employer: Employer) -> str:
        """Of the employer."""
        return f"#{employer.pk}"

    @display(description=_("contact person"))
    def contact(self, employer: Employer) -> str:
        """Masked."""
        return str(employer.contact_name or "—")

    @action(description=_("New employer"), url_path="record", permissions=["record"], icon="add_business")
    def record(self, request: HttpRequest) -> HttpResponse:
        """Make one known."""

        def run(given: dict[str, Any]) -> HttpResponse:
            region = given.pop("region")
            made = actions.record_employer(given.pop("program"), region_code=region.pk if region else "", **given)
            self.message_user(request, _t("Employer %(name)s has been recorded.") % {"name": made.name})
            return HttpResponseRedirect(self.address(made))

        return self.button_page(
            request, title=_t("New employer"), button=_t("Record"), run=run,
            sentence=_t("Once for your office and program: it is found again by its code. Then upload the roster of its staff."),
            form=NewEmployerForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    @action(description=_("Upload a roster of its staff"), url_path="enroll", permissions=["enroll"], icon="upload_file")
    def enroll(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """To the usual page, with the employer filled in."""
        employer = self.visible_or_404(request, object_id)
        page = reverse("admin:beneficiaries_roster_upload")
        return HttpResponseRedirect(f"{page}?{urlencode({'employer': employer.uscc})}")

    @action(description=_("Correct"), url_path="correct", permissions=["record"], icon="edit")
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Name, place, contact, families."""
        employer = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            region, forget = given.pop("region"), given.pop("forget")
            contact = {name: "" if forget else given.pop(name) or None for name in CONTACT}
            actions.change_employer(
                employer, region_code=region.pk if region else employer.organization.region_code, name=given["name"],
                takes_families=given["takes_families"], **contact, by=given["by"], at=given["at"],
            )
            return _t("Employer %(name)s has been corrected.") % {"name": given["name"]}

        initial = {"name": employer.name, "region": employer.region_code, "takes_families": employer.takes_families}
        return self.button_page(
            request, title=_t("Correct the employer"), button=_t("Save"), subject=employer, run=run, sentence=employer.name,
            form=CorrectedEmployerForm(request.POST if request.method == "POST" else None, initial=initial),
        )

    @action(description=_("Show in the clear"), url_path="reveal", permissions=["reveal"], icon="visibility")
    def reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The contact, for some minutes, with a reason."""
        employer = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            if employer.destroyed_at is not None:
                raise BeneficiariesRefused("DESTROYED")
            reveals.reveal(
                employer, fields=given["fields_wanted"], reason=given["reason"], by=given["by"], at=given["at"],
                organization=employer.organization, region_code=employer.region_code, program_id=employer.program_id,
            )
            return _t("Shown in the clear for some minutes; the view is recorded.")

        choices = [(name, str(Employer._meta.get_field(name).verbose_name)) for name in CONTACT]  # type: ignore[union-attr]
        return self.button_page(
            request, title=_t("Show in the clear"), button=_t("Show"), subject=employer, run=run,
            sentence=_t("Only what your task needs. Your name, the reason and the fields are kept for the auditor."),
            form=RevealForm(request.POST if request.method == "POST" else None, choices=choices),
        )


def page_context(employer: Employer, request: HttpRequest) -> dict[str, Any]:
    """Facts, and the rosters of its staff that the reader sees."""
    shown = reveals.revealed_fields(employer, to=request.user, at=timezone.now())
    rosters = Roster.objects.visible_to(request.user, "beneficiaries.view_roster").filter(employer=employer)
    return {
        "employer": employer,
        "facts": [
            (_t("unified social credit code"), employer.uscc),
            (_t("program"), employer.program.name),
            (_t("office"), employer.organization.name),
            (_t("region"), Region.objects.names_of([employer.region_code]).get(employer.region_code, employer.region_code)),
            (_t("contact person"), _value(employer, "contact_name", shown)),
            (_t("contact's phone"), _value(employer, "contact_phone", shown)),
            (_t("family members may be enrolled"), _t("yes") if employer.takes_families else _t("no")),
            (_t("recorded at"), f"{timezone.localtime(employer.created_at):%Y-%m-%d}"),
        ],
        "revealed": bool(shown),
        "rosters": [
            (roster, reverse("admin:beneficiaries_roster_change", args=[roster.pk]))
            for roster in rosters.select_related("period").order_by("-pk")[:SHOWN]
        ],
    }


def _value(employer: Employer, name: str, shown: frozenset[str]) -> str:
    sealed = getattr(employer, name)
    if sealed is None:
        return ""
    return str(sealed.told() if name in shown else sealed)

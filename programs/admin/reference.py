"""Hospitals and codes in the admin: lists that are searched, one row changed by hand, whole files by import."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.places import PlaceColumn
from accounts.models import Region
from audit.admin import ScopedModelAdmin
from intake.reference.pages import ReferencePages, listing
from programs import actions
from programs.actions.lists import keeper_of
from programs.errors import ProgramRefused
from programs.lists import CodeResource, HospitalResource
from programs.models import Code, Hospital


class HospitalForm(forms.ModelForm):
    """One hospital."""

    def clean_region_code(self) -> str:
        """A known county, town or village."""
        code: str = self.cleaned_data["region_code"]
        if not Region.objects.filter(code=code, level__gte=Region.Level.COUNTY).exists():
            raise forms.ValidationError(str(ProgramRefused("REGION_UNKNOWN", region=code)))
        return code


@admin.register(Hospital)
class HospitalAdmin(ReferencePages, PlaceColumn, ScopedModelAdmin):
    """Hospitals by their national code."""

    form = HospitalForm
    resource_classes = (HospitalResource,)
    list_display = ("name", "code", "standing", "place", "is_designated_now", "designated_from", "designated_to")
    list_filter = ("level", "designated", "public")
    search_fields = ("code__startswith", "name")
    search_help_text = _("The first characters of a code, or a part of a name")
    ordering = ("code",)
    fields = (
        "code", "name", "level", "grade", "public", "region_code", "designated", "designated_from", "designated_to",
    )

    has_import_permission = listing("programs.import_hospital")
    has_export_permission = listing("programs.export_hospital")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A code stands on old bills: it never changes."""
        return ("code",) if obj is not None else ()

    @display(description=_("level"), ordering="level")
    def standing(self, hospital: Hospital) -> str:
        """Level and grade in one word."""
        return " ".join(part for part in (hospital.get_level_display(), hospital.get_grade_display()) if part)

    @display(description=_("designated today"), boolean=True)
    def is_designated_now(self, hospital: Hospital) -> bool:
        """Whether basic insurance counts there today."""
        return hospital.is_designated(on=timezone.localdate())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the room's actions, which record it."""
        given: dict[str, Any] = {"by": request.user, "at": timezone.now()}
        _saved(lambda: actions.change_hospital(obj, **given) if change else actions.create_hospital(obj, **given))


class CodeForm(forms.ModelForm):
    """One code, of the table that the user writes."""

    by: ClassVar[Any] = None

    def clean(self) -> dict[str, Any]:
        """Once in its table."""
        given = super().clean() or {}
        if self.instance.pk is None and "code" in given and "system" in given:
            table = Code.objects.filter(organization=keeper_of(self.by, "programs.add_code"))
            if table.filter(system=given["system"], code=given["code"]).exists():
                self.add_error("code", str(ProgramRefused("CODE_TAKEN", program=given["code"])))
        return given


@admin.register(Code)
class CodeAdmin(ReferencePages, ScopedModelAdmin):
    """Codes: the portal's, and tables of an organization's own."""

    form = CodeForm
    resource_classes = (CodeResource,)
    list_display = ("code", "name", "system", "group", "keeper", "valid_from", "valid_to")
    list_filter = ("system", "organization", ("valid_to", admin.EmptyFieldListFilter))
    list_select_related = ("organization",)
    search_fields = ("code__startswith", "name")
    search_help_text = _("The first characters of a code, or a part of a name")
    ordering = ("system", "code", "id")
    fields = ("system", "code", "name", "group", "keeper", "valid_from", "valid_to")

    has_import_permission = listing("programs.import_code")
    has_export_permission = listing("programs.export_code")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """System and code stand in old data, and a code stays in its table."""
        return ("system", "code", "keeper") if obj is not None else ("keeper",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """With who fills it in: that says which table is written."""
        form = super().get_form(request, obj, change, **kwargs)
        form.by = request.user
        return form

    @display(description=_("kept by"), ordering="organization")
    def keeper(self, code: Code) -> str:
        """Whose table it stands in."""
        return str(code.organization) if code.organization is not None else _t("the portal")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the room's actions, which record it."""
        user: Any = request.user
        given: dict[str, Any] = {"by": user, "at": timezone.now()}
        if not change:
            obj.organization = keeper_of(user, "programs.add_code")
        _saved(lambda: actions.change_code(obj, **given) if change else actions.create_code(obj, **given))


def _saved(act: Any) -> None:
    """Checked by the form already: only somebody else's change at the same time is refused here."""
    try:
        act()
    except ProgramRefused as refused:
        raise PermissionDenied(str(refused)) from refused

"""Lists of participants in the admin: the pages of any import; nobody is ever listed by name or number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget

from accounts.admin.places import PlaceColumn
from accounts.models import Organization, Region
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import holds
from intake.findings import Verdict
from intake.models import State
from intake.pages import Cell, ImportPages, blank_workbook
from intake.pages.forms import SeveralFilesField
from takeup import actions
from takeup.actions.participants import LISTS, UPLOAD
from takeup.models import InsuranceKind, InsuranceStatus, ParticipantList
from takeup.participants import COLUMNS

SUBMIT, APPROVE, DOWNLOAD = "takeup.submit_participants", "takeup.approve_participants", "takeup.download_participant_rows"


class ListForm(forms.Form):
    """The files of a list, and of which day it is."""

    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget(),
        help_text=_("The list speaks of everybody in this office's region, and replaces its last one."),
    )
    as_of = forms.DateField(
        label=_("as of"), widget=UnfoldAdminDateWidget(), help_text=_("The day that the bureau says the list is of.")
    )
    file = SeveralFilesField(
        label=_("Files"), help_text=_("XLSX, XLS or CSV (UTF-8 or GB18030), one or several; up to a million rows each."),
    )

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organization"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Organization.objects.visible_to(by, UPLOAD).active().exclude(region=None)
        if by.organization in field.queryset:
            field.initial = by.organization.pk
        self.fields["as_of"].initial = timezone.localdate()


@admin.register(ParticipantList)
class ParticipantListAdmin(PlaceColumn, ImportPages, ReadOnlyScopedAdmin):
    """Lists, newest first."""

    list_display = (
        "number", "organization", "place", "as_of", "in_force", "standing", "lines", "refused_count", "uploader", "uploaded_at",
    )
    export_columns = (
        "number", "organization", "place", "as_of", "is_in_force", "state", "row_count", "uploader", "uploaded_at", "submitted_at",
        "decided_at", "applied_at",
    )
    list_filter = ("state", "is_in_force", "organization", "uploaded_at")
    list_select_related = ("organization", "uploaded_by")
    search_fields = ("=id",)
    search_help_text = _("Number of a list of participants")
    ordering = ("-id",)
    list_per_page = 50
    change_form_template = "intake/import_page.html"
    desk = LISTS
    last_step = _("In force")
    verdict_words = {Verdict.NEW: _("To be taken in")}
    actions_list = ("upload", "blank_template")

    has_upload_permission = holds(UPLOAD)
    has_submit_permission = holds(SUBMIT)
    has_approve_permission = holds(APPROVE)
    has_mend_permission = holds(UPLOAD)
    has_confirm_permission = holds(SUBMIT)
    has_download_permission = holds(DOWNLOAD)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("organization", "uploaded_by", "submitted_by", "decided_by")

    @display(description=_("in force"), boolean=True)
    def in_force(self, subject: ParticipantList) -> bool:
        """Whether rosters are compared with it."""
        return subject.is_in_force

    def words_of(self, subject: ParticipantList) -> Mapping[Verdict, Any]:
        """Of whom the list speaks, and whom it will once it is taken in."""
        return {Verdict.NEW: _("Taken in")} if subject.state == State.APPLIED else self.verdict_words

    def heads(self, subject: ParticipantList) -> list[str]:
        """What stands below the title."""
        return [_t("as of %(day)s") % {"day": f"{subject.as_of:%Y-%m-%d}"}]

    def facts(self, subject: ParticipantList) -> list[tuple[str, Any]]:
        """What the list is of."""
        return [
            (_t("as of"), f"{subject.as_of:%Y-%m-%d}"), (_t("in force"), _t("yes") if subject.is_in_force else _t("no")),
            *super().facts(subject),
        ]

    def summary(self, subject: ParticipantList) -> list[tuple[str, Any]]:
        """People by status."""
        return [
            (str(InsuranceStatus(status).label), f"{number:,}")
            for status in InsuranceStatus.values if (number := subject.money.get(status))
        ]

    def cells_of(self, subject: ParticipantList, page: Sequence[Any]) -> dict[int, list[Cell]]:
        """Kind, status and place; who it is, nobody reads here."""
        names = Region.objects.names_of(row.region_code for row in page if row.region_code)
        return {
            row.pk: [
                Cell(_t("type of insurance"), str(InsuranceKind(row.kind).label) if row.kind else "—"),
                Cell(_t("status"), str(InsuranceStatus(row.status).label) if row.status else "—"),
                Cell(_t("pooling area"), names.get(row.region_code or "", row.region_code or "—")),
            ]
            for row in page
        }

    def confirm_facts(self, subject: ParticipantList) -> list[tuple[str, Any]]:
        """Counts; what is not taken in stays out."""
        kept = subject.verdict_count(Verdict.NEW)
        return [
            (_t("office"), subject.organization.name), (_t("as of"), f"{subject.as_of:%Y-%m-%d}"), *self.summary(subject),
            (_t("rows that stay out"), f"{subject.row_count - kept:,}"),
        ]

    def approval_sentence(self, subject: ParticipantList) -> str:
        """What the click does."""
        return _t(
            "Rosters, renewals and purchases under plans that demand basic insurance are compared with this list from now on; "
            "the last list of the office is deleted. Of each line a blind index, type, status and pooling area are kept, "
            "neither name nor number."
        )

    @action(description=_("Upload a list"), url_path="upload", permissions=["upload"], icon="upload_file")
    def upload(self, request: HttpRequest) -> HttpResponse:
        """Take in a file."""
        posted = request.method == "POST"

        def run(given: dict[str, Any]) -> HttpResponse:
            files = [(file.name, file) for file in given.pop("file")]
            found = actions.upload_participants(files, **given)
            return self.see(request, found, _t("The file has been received and is being checked."))

        return self.button_page(
            request, title=_t("New list of participants"), button=_t("Upload"), run=run,
            form=ListForm(request.POST if posted else None, request.FILES if posted else None, by=request.user),
            sentence=_t(
                "Everybody of a region who takes part in basic insurance, as the bureau gives it. Nothing takes effect before "
                "another person approves it."
            ),
        )

    @action(description=_("Blank template"), url_path="template", permissions=["upload"], icon="table_view")
    def blank_template(self, request: HttpRequest) -> HttpResponse:
        """The layout as a workbook."""
        return blank_workbook(COLUMNS, "participants-template.xlsx")

"""Lists of earlier years in the admin: the pages of any import; nobody is ever listed by name or number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget

from accounts.admin.places import PlaceColumn
from accounts.models import Organization
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import holds
from continuity import actions
from continuity.actions.lists import LISTS, UPLOAD
from continuity.earlier import COLUMNS
from continuity.models import EarlierList
from intake.findings import Verdict
from intake.models import State
from intake.pages import Cell, ImportPages, blank_workbook
from intake.pages.forms import SeveralFilesField
from programs.models import Program

SUBMIT, APPROVE, DOWNLOAD = "continuity.submit_earlier", "continuity.approve_earlier", "continuity.download_earlier_rows"


class ListForm(forms.Form):
    """The files of a list, whose program they are of, and until which day they speak."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())
    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget())
    as_of = forms.DateField(
        label=_("years until"), widget=UnfoldAdminDateWidget(),
        help_text=_("The last day that the earlier insurer's years speak of, such as 31 December; cover here continues them."),
    )
    file = SeveralFilesField(
        label=_("Files"), help_text=_("XLSX, XLS or CSV (UTF-8 or GB18030), one or several; up to a million rows each."),
    )

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        program, office = self.fields["program"], self.fields["organization"]
        assert isinstance(program, forms.ModelChoiceField)
        assert isinstance(office, forms.ModelChoiceField)
        program.queryset = Program.objects.visible_to(by, UPLOAD).filter(active=True).exclude(kind=Program.Kind.DAY_COVER)
        office.queryset = Organization.objects.visible_to(by, UPLOAD).active().exclude(region=None)
        if by.organization in office.queryset:
            office.initial = by.organization.pk


@admin.register(EarlierList)
class EarlierListAdmin(PlaceColumn, ImportPages, ReadOnlyScopedAdmin):
    """Lists, newest first."""

    list_display = (
        "number", "program", "organization", "place", "as_of", "standing", "lines", "refused_count", "uploader", "uploaded_at",
    )
    export_columns = (
        "number", "program", "organization", "place", "as_of", "state", "row_count", "uploader", "uploaded_at", "submitted_at",
        "decided_at", "applied_at",
    )
    list_filter = ("state", "program", "organization", "uploaded_at")
    list_select_related = ("program", "organization", "uploaded_by")
    search_fields = ("=id",)
    search_help_text = _("Number of a list of earlier years")
    ordering = ("-id",)
    list_per_page = 50
    change_form_template = "intake/import_page.html"
    desk = LISTS
    last_step = _("Taken in")
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
        named = ("program", "organization", "uploaded_by", "submitted_by", "decided_by")
        return super().get_queryset(request).select_related(*named)

    def words_of(self, subject: EarlierList) -> Mapping[Verdict, Any]:
        """Of whom the list speaks, and whom it will once it is taken in."""
        return {Verdict.NEW: _("Taken in")} if subject.state == State.APPLIED else self.verdict_words

    def heads(self, subject: EarlierList) -> list[str]:
        """What stands below the title."""
        return [subject.program.name, _t("years until %(day)s") % {"day": f"{subject.as_of:%Y-%m-%d}"}]

    def facts(self, subject: EarlierList) -> list[tuple[str, Any]]:
        """What the list is of."""
        return [
            (_t("program"), subject.program.name), (_t("years until"), f"{subject.as_of:%Y-%m-%d}"), *super().facts(subject),
        ]

    def summary(self, subject: EarlierList) -> list[tuple[str, Any]]:
        """People by years in a row."""
        return [
            (_t("%(years)d years in a row") % {"years": int(years)}, f"{number:,}")
            for years, number in sorted(subject.money.items(), key=lambda each: int(each[0]))
        ]

    def cells_of(self, subject: EarlierList, page: Sequence[Any]) -> dict[int, list[Cell]]:
        """The two numbers; whose they are, nobody reads here."""
        return {
            row.pk: [
                Cell(_t("years insured in a row"), _number(row.continuity_years)),
                Cell(_t("years without a claim"), _number(row.claim_free_years)),
            ]
            for row in page
        }

    def confirm_facts(self, subject: EarlierList) -> list[tuple[str, Any]]:
        """Counts; what is not taken in stays out."""
        kept = subject.verdict_count(Verdict.NEW)
        return [
            (_t("program"), subject.program.name), (_t("office"), subject.organization.name),
            (_t("years until"), f"{subject.as_of:%Y-%m-%d}"), *self.summary(subject),
            (_t("rows that stay out"), f"{subject.row_count - kept:,}"),
        ]

    def approval_sentence(self, subject: EarlierList) -> str:
        """What the click does."""
        return _t(
            "Covers of the program that begin after that day continue these years; what a plan pays may depend on them. Of "
            "each line a blind index and the two numbers are kept, neither name nor number. The newest list about a person counts."
        )

    @action(description=_("Upload a list"), url_path="upload", permissions=["upload"], icon="upload_file")
    def upload(self, request: HttpRequest) -> HttpResponse:
        """Take in a file."""
        posted = request.method == "POST"

        def run(given: dict[str, Any]) -> HttpResponse:
            files = [(file.name, file) for file in given.pop("file")]
            found = actions.upload_earlier(files, **given)
            return self.see(request, found, _t("The file has been received and is being checked."))

        return self.button_page(
            request, title=_t("New list of earlier years"), button=_t("Upload"), run=run,
            form=ListForm(request.POST if posted else None, request.FILES if posted else None, by=request.user),
            sentence=_t(
                "How many years in a row people were insured before, as the earlier insurer gives it. Nothing takes effect before "
                "another person approves it."
            ),
        )

    @action(description=_("Blank template"), url_path="template", permissions=["upload"], icon="table_view")
    def blank_template(self, request: HttpRequest) -> HttpResponse:
        """The layout as a workbook."""
        return blank_workbook(COLUMNS, "earlier-years-template.xlsx")


def _number(years: int | None) -> str:
    return "—" if years is None else f"{years}"

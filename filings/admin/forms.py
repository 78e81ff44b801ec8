"""What people fill in about files of claims and their papers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanWidget,
)

from accounts.models import Organization
from filings.actions.claim_files import UPLOAD
from filings.models import PaperArchive
from intake.pages.forms import SeveralFilesField
from programs.models import PlanInsurer, Program

#: A program is read by every office of its region, and worked on by the one that operates it.
VIEW = "filings.view_claimfile"


class ClaimFileForm(forms.Form):
    """The file, who sends it, and its papers."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget(),
        help_text=_("Lines of people outside this office are not matched."),
    )
    sender = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Sender"), required=False, widget=UnfoldAdminSelectWidget(),
        help_text=_(
            "Whose claim numbers they are: an insurer of the program, or an office. Empty: the office itself, for its villages."
        ),
    )
    file = SeveralFilesField(
        label=_("Files"), help_text=_("XLSX, XLS or CSV (UTF-8 or GB18030), one or several; one line a bill."),
    )
    papers = forms.FileField(
        label=_("Papers (ZIP)"), required=False, widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".zip"}),
        help_text=_("Named “claim number/kind.pdf” or “claim number_kind.jpg”; it can also be added later."),
    )
    ask_sheets = forms.BooleanField(
        label=_("Let me choose the sheets"), required=False, widget=UnfoldBooleanWidget(),
        help_text=_("Otherwise every visible sheet with the headings is read."),
    )

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        programs = Program.objects.visible_to(by, VIEW).filter(active=True)
        fields["program"].queryset = programs
        offices = Organization.objects.visible_to(by, UPLOAD).active().exclude(region=None)
        fields["organization"].queryset = offices
        shared = PlanInsurer.objects.filter(plan__program__in=programs).values("insurer")
        senders = Organization.objects.filter(
            Q(pk__in=shared) | Q(pk__in=programs.values("insurer")) | Q(pk__in=offices.values("pk"))
        )
        fields["sender"].queryset = senders.order_by("name")
        if by.organization in offices:
            fields["organization"].initial = by.organization.pk


class PapersForm(forms.Form):
    """An archive of papers."""

    papers = forms.FileField(
        label=_("Papers (ZIP)"), widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".zip"}),
        help_text=_("Named “claim number/kind.pdf” or “claim number_kind.jpg”; PDF or pictures of at most 20 MB each."),
    )


class ArchiveForm(forms.Form):
    """Which archive is meant."""

    archive = forms.ModelChoiceField(PaperArchive.objects.none(), label=_("Archive"), widget=UnfoldAdminSelectWidget())

    def __init__(self, *args: Any, archives: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["archive"]
        field.queryset = archives
        field.label_from_instance = lambda archive: archive.file.name
        field.initial = archives.order_by("-pk").values_list("pk", flat=True).first()


class ProgramForm(forms.Form):
    """Of which program's plans a blank template is."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["program"].queryset = Program.objects.visible_to(by, VIEW).filter(active=True)

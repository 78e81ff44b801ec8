"""What people fill in about settlement records and proposals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from accounts.models import Organization
from intake.pages.forms import SeveralFilesField
from intake.pages.held import DecideForm
from programs.models import Program
from records.actions.claiming import MOST
from records.actions.lists import UPLOAD
from records.models import LineDecision, RecordList

VIEW = "records.view_recordlist"


class RecordsForm(forms.Form):
    """The bureau's files."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget(),
        help_text=_("Records of people outside this office are not matched."),
    )
    reference = forms.CharField(
        label=_("Number of the file"), max_length=60, widget=UnfoldAdminTextInputWidget(),
        help_text=_("As the bureau calls it; each is taken in once."),
    )
    file = SeveralFilesField(
        label=_("Files"), help_text=_("XLSX, XLS or CSV (UTF-8 or GB18030), one or several; up to a million rows each."),
    )
    ask_sheets = forms.BooleanField(
        label=_("Let me choose the sheets"), required=False, widget=UnfoldBooleanWidget(),
        help_text=_("Otherwise every visible sheet with the headings is read."),
    )

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["program"].queryset = Program.objects.visible_to(by, VIEW).filter(active=True)
        offices = Organization.objects.visible_to(by, UPLOAD).active().exclude(region=None)
        fields["organization"].queryset = offices
        if by.organization in offices:
            fields["organization"].initial = by.organization.pk


class ProgramForm(forms.Form):
    """Of which program's plans a blank template is."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["program"].queryset = Program.objects.visible_to(by, VIEW).filter(active=True)


class DecideRecordForm(DecideForm):
    """What becomes of the chosen records; for one, under which cover."""

    cover = forms.CharField(
        label=_("Cover number"), max_length=64, required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Only for “under another cover”: as it stands on the certificate."),
    )

    def __init__(self, data: Any, *, kinds: Sequence[Any], help_text: Any = "") -> None:
        super().__init__(data, kinds=kinds, help_text=help_text)
        if LineDecision.COVER not in kinds:
            del self.fields["cover"]

    def clean(self) -> dict[str, Any]:
        """A cover is named where another one is meant."""
        given = super().clean() or {}
        if given.get("kind") == LineDecision.COVER and not given.get("cover", "").strip():
            self.add_error("cover", _("Give the number of the cover."))
        return given


class WhyForm(forms.Form):
    """The reason, which colleagues read."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Write no names and numbers of people."),
    )


class TellForm(forms.Form):
    """When and how people were told."""

    told_on = forms.DateField(label=_("Told on"), widget=UnfoldAdminDateWidget())
    reason = forms.CharField(
        label=_("How"), max_length=300, widget=UnfoldAdminTextInputWidget(),
        help_text=_("By telephone, by the village officer, by letter … Write no names and numbers of people."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": {"told_on": timezone.localdate()}, **kwargs})


class ManyForm(forms.Form):
    """Which proposals are meant."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())
    record_list = forms.ModelChoiceField(
        RecordList.objects.none(), label=_("File of settlement records"), required=False, widget=UnfoldAdminSelectWidget(),
        help_text=_("Empty: of all files."),
    )
    region_code = forms.CharField(
        label=_("Region code"), max_length=12, required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Of a county, a town or a village, with all below it; empty: everywhere."),
    )
    least = forms.DecimalField(
        label=_("Due at least (yuan)"), min_value=0, max_digits=12, decimal_places=2, initial=0,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
    )
    told_alone = forms.BooleanField(
        label=_("Only those whose person was told"), required=False, initial=True, widget=UnfoldBooleanWidget(),
    )
    most = forms.IntegerField(
        label=_("At most"), min_value=1, max_value=MOST, initial=200, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("The largest sums come first."),
    )

    def __init__(self, *args: Any, by: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["program"].queryset = Program.objects.visible_to(by, VIEW).filter(active=True)
        fields["record_list"].queryset = RecordList.objects.visible_to(by, VIEW).filter(state="applied").order_by("-pk")
        fields["record_list"].label_from_instance = lambda found: found.reference


class ManyTellForm(ManyForm, TellForm):
    """Which proposals are meant, and how their people were told."""

    field_order = ("program", "record_list", "region_code", "least", "most", "told_on", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["told_alone"]

"""What people fill in between the office and the insurer."""

from __future__ import annotations

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
from handover.actions.hand_overs import MOST_DAYS
from handover.columns import (
    ENTRIES,
    LEAVES,
    RECEIPT_KEYS,
    checked_columns,
    checked_words,
    read_codes,
    read_columns,
    read_words,
    written_codes,
    written_columns,
)
from handover.errors import HandOverRefused
from handover.models import DateStyle, Encoding, FileKind, FormatState, InsurerFormat, Kind
from intake.pages.forms import SeveralFilesField
from programs.admin.forms import REASONABLE
from programs.models import Period, Plan, Program

DRAFT, PROPOSE = "handover.draft_format", "handover.propose_handover"
_LINES = {"rows": 14, "spellcheck": "false", "class": "pp-mono"}
#: What a first draft begins with.
FIRST = (
    ("保障凭证号", "number"), ("姓名", "name"), ("证件类型", "document_type"), ("证件号码", "document"), ("性别", "sex"),
    ("出生日期", "birth_on"), ("保费", "premium"), ("保险起期", "starts_on"), ("保险止期", "ends_on"),
)


def _area(label: Any, help_text: Any, *, rows: int, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label, required=required, help_text=help_text, widget=UnfoldAdminTextareaWidget(attrs={**_LINES, "rows": rows})
    )


class FormatForm(forms.Form):
    """A format: the insurer, the file, its columns and codes, and how its receipt is headed."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget())
    insurer = forms.ModelChoiceField(Organization.objects.none(), label=_("Insurer"), widget=UnfoldAdminSelectWidget())
    name = forms.CharField(
        label=_("Name of the format"), max_length=60, widget=UnfoldAdminTextInputWidget(),
        help_text=_("A name that exists already gets its next version."),
    )
    file_kind = forms.ChoiceField(label=_("Kind of file"), choices=FileKind.choices, widget=UnfoldAdminSelectWidget())
    encoding = forms.ChoiceField(label=_("Encoding of CSV"), choices=Encoding.choices, widget=UnfoldAdminSelectWidget())
    dates = forms.ChoiceField(label=_("How days are written"), choices=DateStyle.choices, widget=UnfoldAdminSelectWidget())
    entries = _area(
        _("Columns of the first list and of additions"),
        _("One line a column, in their order: “their heading = our field”, or “their heading := a text that is always the same”."),
        rows=12, required=True,
    )
    leaves = _area(_("Columns of removals"), _("Empty: the same, with reason and last day behind them."), rows=5)
    document_types = _area(
        _("Their codes for types of documents"), _("One line each: “居民身份证 = 01”; empty: our words."), rows=3
    )
    sexes = _area(_("Their codes for sex"), _("One line each: “男 = M”; empty: our words."), rows=2)
    number = forms.CharField(
        label=_("Receipt: headings of the cover number"), required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Several with commas between; common headings are known anyway."),
    )
    policy_number = forms.CharField(
        label=_("Receipt: headings of the policy number"), required=False, widget=UnfoldAdminTextInputWidget()
    )
    result = forms.CharField(label=_("Receipt: headings of the result"), required=False, widget=UnfoldAdminTextInputWidget())
    reason = forms.CharField(label=_("Receipt: headings of the reason"), required=False, widget=UnfoldAdminTextInputWidget())
    accepted = forms.CharField(
        label=_("Receipt: words for accepted"), required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Several with commas between; common words are known anyway."),
    )
    refused = forms.CharField(label=_("Receipt: words for refused"), required=False, widget=UnfoldAdminTextInputWidget())
    own_policies = forms.BooleanField(
        label=_("Each person has a policy number of their own"), required=False, initial=True, widget=UnfoldBooleanWidget(),
        help_text=_("Otherwise several people may stand under one policy of a group."),
    )

    def __init__(self, data: Any, *, by: Any, kept: InsurerFormat | None = None, fixed: bool = False) -> None:
        super().__init__(data)
        fields: Any = self.fields
        fields["organization"].queryset = Organization.objects.visible_to(by, DRAFT).active().exclude(region=None)
        fields["organization"].initial = by.organization.pk
        programs = Program.objects.visible_to(by).filter(insurer__isnull=False)
        fields["insurer"].queryset = Organization.objects.filter(pk__in=programs.values("insurer")).order_by("name")
        fields["entries"].initial = written_columns([(heading, field, "") for heading, field in FIRST])
        if kept is not None:
            self._begin_with(kept)
        if fixed:
            # Of a draft only its terms are changed.
            for name in ("organization", "insurer", "name"):
                del fields[name]

    def _begin_with(self, kept: InsurerFormat) -> None:
        fields: Any = self.fields
        for name in ("organization", "insurer", "name", "file_kind", "encoding", "dates", "own_policies"):
            fields[name].initial = getattr(kept, name)
        fields["entries"].initial = written_columns(kept.columns[ENTRIES])
        fields["leaves"].initial = written_columns(kept.columns[LEAVES])
        fields["document_types"].initial = written_codes("document_type", kept.codes.get("document_type", {}))
        fields["sexes"].initial = written_codes("sex", kept.codes.get("sex", {}))
        for name in RECEIPT_KEYS:
            fields[name].initial = "、".join(kept.receipt_headings.get(name, ()))
        for name in ("accepted", "refused"):
            fields[name].initial = "、".join(kept.receipt_words.get(name, ()))

    def clean(self) -> dict[str, Any]:
        """The terms as a format keeps them, or what is wrong with a line."""
        given = super().clean() or self.cleaned_data
        if self.errors:
            return given
        try:
            given["terms"] = {
                **{name: given[name] for name in ("file_kind", "encoding", "dates", "own_policies")},
                "columns": checked_columns(read_columns(given["entries"]), read_columns(given["leaves"])),
                "codes": {
                    "document_type": read_codes("document_type", given["document_types"]), "sex": read_codes("sex", given["sexes"]),
                },
                "receipt_headings": {name: read_words(given[name]) for name in RECEIPT_KEYS},
                "receipt_words": checked_words(read_words(given["accepted"]), read_words(given["refused"])),
            }
        except HandOverRefused as refused:
            raise forms.ValidationError(str(refused)) from refused
        return given


class ProposalForm(forms.Form):
    """What is to be handed over, why and to whom."""

    period = forms.ModelChoiceField(Period.objects.none(), label=_("Period"), widget=UnfoldAdminSelectWidget())
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget(),
        help_text=_("Its people, and those of the offices below it."),
    )
    kind = forms.ChoiceField(
        label=_("What is handed over"), choices=Kind.choices, widget=UnfoldAdminSelectWidget(),
        help_text=_("First list and additions: whoever waits for the insurer and was not handed over yet. Removals: whoever goes."),
    )
    month = forms.DateField(
        label=_("Any day of the month"), required=False, widget=UnfoldAdminDateWidget(), validators=REASONABLE,
        help_text=_("Of additions and removals; empty for the first list."),
    )
    format = forms.ModelChoiceField(
        InsurerFormat.objects.none(), label=_("Insurer's format"), widget=UnfoldAdminSelectWidget()
    )
    purpose = forms.CharField(label=_("Purpose"), max_length=300, widget=UnfoldAdminTextInputWidget())
    recipient = forms.CharField(
        label=_("Recipient"), max_length=120, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Who at the insurer receives the file."),
    )
    kept_days = forms.IntegerField(
        label=_("Days that the file is kept"), min_value=1, max_value=MOST_DAYS, initial=7, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("Then it is deleted; what was in it stays known line by line."),
    )

    def __init__(self, data: Any, *, by: Any, period: str = "") -> None:
        super().__init__(data)
        fields: Any = self.fields
        periods = Period.objects.visible_to(by, "handover.view_handover").filter(
            closed_at=None, program__insurer__isnull=False, plan__period_kind=Plan.PeriodKind.ANNUAL
        )
        fields["period"].queryset = periods.select_related("program").order_by("program", "-starts_on")
        fields["period"].initial = period if period.isascii() and period.isdecimal() else None
        fields["organization"].queryset = Organization.objects.visible_to(by, PROPOSE).active().exclude(region=None)
        fields["organization"].initial = by.organization.pk
        formats = InsurerFormat.objects.visible_to(by, "handover.view_insurerformat").filter(state=FormatState.APPROVED)
        fields["format"].queryset = formats.order_by("name")
        fields["month"].initial = None
        fields["month"].widget.attrs["placeholder"] = f"{timezone.localdate():%Y-%m-%d}"


class ReceiptForm(forms.Form):
    """An insurer's answer."""

    file = SeveralFilesField(
        label=_("Files"), help_text=_("XLSX, XLS or CSV (UTF-8 or GB18030), one or several; up to a million rows each."),
    )


class ShownForm(forms.Form):
    """How many people the releasing person was told of."""

    shown = forms.IntegerField(widget=forms.HiddenInput())

"""What people fill in so that money reaches people."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from accounts.models import Organization
from intake.pages.forms import SeveralFilesField
from payouts.actions.batches import PREPARE, PURPOSE_LENGTH
from payouts.actions.deliveries import REFERENCE_LENGTH
from payouts.actions.payers import MOST_DAYS, MOST_PEOPLE
from payouts.choosing import MOST_LINES
from payouts.columns import (
    RESULT_KEYS,
    RESULTS,
    checked_columns,
    checked_words,
    read_codes,
    read_columns,
    read_control_lines,
    read_reasons,
    read_words,
    written_codes,
    written_columns,
    written_control_lines,
    written_reasons,
)
from payouts.errors import PayoutsRefused
from payouts.models import (
    AmountStyle,
    Answer,
    BankFormat,
    Dangerous,
    DateStyle,
    Encoding,
    FormatState,
    LineEnd,
    PayerAccount,
    PayerState,
    Separator,
    Takes,
)
from programs.models import Program

DRAFT = "payouts.draft_format"
_LINES = {"rows": 14, "spellcheck": "false", "class": "pp-mono"}
#: What a first draft begins with.
FIRST = (
    ("业务编号", "line_key"), ("转账类型", "transfer"), ("付款账号", "payer_account"), ("收款账号", "account"), ("户名", "name"),
    ("开户行", "bank"), ("行号", "bank_code"), ("金额", "amount"), ("用途", "purpose"),
)
_HEADINGS = {
    "line_key": _("Returned file: headings of the payout number"), "batch": _("Returned file: headings of the batch number"),
    "amount": _("Returned file: headings of the amount"), "status": _("Returned file: headings of the result"),
    "code": _("Returned file: headings of the code of a failure"), "reason": _("Returned file: headings of the reason"),
    "settled_on": _("Returned file: headings of the day"),
}
_WORDS = {
    "paid": _("Returned file: words for paid"), "failed": _("Returned file: words for failed"),
    "unknown": _("Returned file: words for not known yet"), "returned": _("Returned file: words for returned after payment"),
}


def _area(label: Any, help_text: Any, *, rows: int, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label, required=required, help_text=help_text, widget=UnfoldAdminTextareaWidget(attrs={**_LINES, "rows": rows})
    )


def _choice(label: Any, choices: Any, **given: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, widget=UnfoldAdminSelectWidget(), **given)


def _text(label: Any, *, required: bool = True, **given: Any) -> forms.CharField:
    return forms.CharField(label=label, required=required, widget=UnfoldAdminTextInputWidget(), **given)


class FormatForm(forms.Form):
    """A format: the file, its columns and lines of the whole, and how its answer is headed and says what became of a line."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget())
    bank = _text(_("Bank"), max_length=60)
    name = _text(_("Name of the format"), max_length=60, help_text=_("A name that exists already gets its next version."))
    takes = _choice(_("Which transfers a file may hold"), Takes.choices)
    encoding = _choice(_("Encoding"), Encoding.choices, initial=Encoding.GB18030)
    separator = _choice(_("Between cells"), Separator.choices)
    line_end = _choice(_("End of a line"), LineEnd.choices)
    dates = _choice(_("How days are written"), DateStyle.choices, initial=DateStyle.DIGITS)
    amounts = _choice(_("How amounts are written"), AmountStyle.choices)
    dangerous = _choice(
        _("Texts that begin like a formula"), Dangerous.choices, initial=Dangerous.REFUSE,
        help_text=_("Ask the bank whether it takes an apostrophe before such a text."),
    )
    has_headings = forms.BooleanField(
        label=_("A line of headings"), required=False, initial=True, widget=UnfoldBooleanWidget()
    )
    columns = _area(
        _("Columns of the file"),
        _("One line a column, in their order: “their heading = our field”, or “their heading := a text that is always the same”."),
        rows=10, required=True,
    )
    head_lines = _area(
        _("Lines at the begin"), _("As they stand in the file, with places in braces, such as {number of payouts}."), rows=2
    )
    foot_lines = _area(_("Lines at the end"), "", rows=2)
    codes = _area(_("Their codes for kinds of transfers"), _("One line each: “行内 = I”; empty: our words."), rows=2)
    failures = _area(
        _("Their codes and words for failures"),
        _("One line a reason of ours: “户名不符 = E001、E002”; common words are known anyway."),
        rows=4,
    )

    def __init__(self, data: Any, *, by: Any, kept: BankFormat | None = None, fixed: bool = False) -> None:
        super().__init__(data)
        fields: Any = self.fields
        for key, label in _HEADINGS.items():
            fields[f"heading_{key}"] = _text(label, required=False, max_length=200)
        for key, label in _WORDS.items():
            fields[f"word_{key}"] = _text(label, required=False, max_length=200)
        fields["heading_line_key"].help_text = _("Several with commas between; common headings are known anyway.")
        fields["word_paid"].help_text = _("Several with commas between; common words are known anyway.")
        fields["organization"].queryset = Organization.objects.visible_to(by, DRAFT).active().exclude(region=None)
        fields["organization"].initial = by.organization.pk
        fields["columns"].initial = written_columns([(heading, field, "") for heading, field in FIRST])
        fields["codes"].initial = written_codes({"in_bank": "I", "interbank": "D"})
        if kept is not None:
            self._begin_with(kept)
        if fixed:
            # Of a draft only its terms are changed.
            for name in ("organization", "bank", "name"):
                del fields[name]

    def _begin_with(self, kept: BankFormat) -> None:
        fields: Any = self.fields
        for name in (
            "organization", "bank", "name", "takes", "encoding", "separator", "line_end", "dates", "amounts", "dangerous",
            "has_headings",
        ):
            fields[name].initial = getattr(kept, name)
        fields["columns"].initial = written_columns(kept.columns)
        fields["head_lines"].initial = written_control_lines(kept.head_lines)
        fields["foot_lines"].initial = written_control_lines(kept.foot_lines)
        fields["codes"].initial = written_codes(kept.codes)
        fields["failures"].initial = written_reasons(kept.failure_words)
        for key in RESULT_KEYS:
            fields[f"heading_{key}"].initial = "、".join(kept.result_headings.get(key, ()))
        for key in RESULTS:
            fields[f"word_{key}"].initial = "、".join(kept.result_words.get(key, ()))

    def clean(self) -> dict[str, Any]:
        """The terms as a format keeps them, or what is wrong with a line."""
        given = super().clean() or self.cleaned_data
        if self.errors:
            return given
        try:
            given["terms"] = {
                **{
                    name: given[name] for name in (
                        "takes", "encoding", "separator", "line_end", "dates", "amounts", "dangerous", "has_headings"
                    )
                },
                "columns": checked_columns(read_columns(given["columns"]), takes=given["takes"]),
                "head_lines": read_control_lines(given["head_lines"]), "foot_lines": read_control_lines(given["foot_lines"]),
                "codes": read_codes(given["codes"]),
                "result_headings": {key: read_words(given[f"heading_{key}"]) for key in RESULT_KEYS},
                "result_words": checked_words({key: read_words(given[f"word_{key}"]) for key in RESULTS}),
                "failure_words": read_reasons(given["failures"]),
            }
        except PayoutsRefused as refused:
            raise forms.ValidationError(str(refused)) from refused
        return given


class PayerForm(forms.Form):
    """An account that money leaves from."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget(),
        help_text=_("Whose account it is; it pays for this office and those below it."),
    )
    holder = _text(_("Account holder"), max_length=100, help_text=_("As the bank writes it."))
    bank_name = _text(_("Bank"), max_length=100)
    bank_code = _text(_("Bank code"), required=False, max_length=14, help_text=_("12 digits; may be empty."))
    own_names = _text(
        _("How names of the same bank begin"), required=False, max_length=300,
        help_text=_("Several with commas between, such as 中国农业银行、农行: payees there get transfers within the bank."),
    )
    number = _text(_("Account number"), max_length=40)
    fresh_days = forms.IntegerField(
        label=_("Days for which a changed account is pointed out"), min_value=0, max_value=MOST_DAYS, initial=30,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    tests_accounts = forms.BooleanField(
        label=_("Verify new accounts by 0.01 yuan"), required=False, widget=UnfoldBooleanWidget(),
        help_text=_("Before the first payout to an account, 0.01 yuan is sent there, and it is paid once that has arrived. It "
            "costs a day or two, and finds a wrong account before a large sum leaves."),
    )

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        fields["number"].widget.attrs["autocomplete"] = "off"
        fields["program"].queryset = Program.objects.visible_to(by).filter(active=True).order_by("name")
        fields["organization"].queryset = Organization.objects.visible_to(by, "payouts.draft_payer").active().exclude(region=None)
        fields["organization"].initial = by.organization.pk

    def clean_own_names(self) -> list[str]:
        """Words."""
        return read_words(self.cleaned_data["own_names"])


class ThresholdForm(forms.Form):
    """From which sum on how many people authorize."""

    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget(),
        help_text=_("It holds for this office and those below it."),
    )
    program = forms.ModelChoiceField(
        Program.objects.none(), label=_("Program"), required=False, widget=UnfoldAdminSelectWidget(), empty_label=_("All programs"),
    )
    from_amount = forms.DecimalField(
        label=_("From a sum of (yuan)"), min_value=0, max_digits=16, decimal_places=2, widget=UnfoldAdminDecimalFieldWidget()
    )
    approvals = forms.IntegerField(
        label=_("People who authorize"), min_value=1, max_value=MOST_PEOPLE, initial=2, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("Beside the one who makes a batch and the one who checks it."),
    )

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        fields["organization"].queryset = Organization.objects.visible_to(by,
            "payouts.propose_threshold").active().exclude(region=None)
        fields["organization"].initial = by.organization.pk
        fields["program"].queryset = Program.objects.visible_to(by).filter(active=True).order_by("name")


class BatchForm(forms.Form):
    """What is to be paid, from which account, in which file."""

    payer = forms.ModelChoiceField(PayerAccount.objects.none(), label=_("Paying account"), widget=UnfoldAdminSelectWidget())
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget(),
        help_text=_("What it owes, and the offices below it."),
    )
    format = forms.ModelChoiceField(
        BankFormat.objects.none(), label=_("Bank's format"), widget=UnfoldAdminSelectWidget(),
        help_text=_("It says which payees fit: of the same bank, of others, or both."),
    )
    purpose = _text(
        _("Purpose"), max_length=PURPOSE_LENGTH, initial="理赔款", help_text=_("What payees read on their statement; name nobody.")
    )
    most = forms.IntegerField(
        label=_("At most so many payouts"), min_value=1, max_value=MOST_LINES, initial=MOST_LINES,
        widget=UnfoldAdminIntegerFieldWidget(), help_text=_("The oldest first."),
    )

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        payers = PayerAccount.objects.visible_to(by, "payouts.view_payeraccount").filter(state=PayerState.APPROVED)
        fields["payer"].queryset = payers.select_related("program").order_by("program__name", "pk")
        fields["payer"].label_from_instance = named_payer
        fields["organization"].queryset = Organization.objects.visible_to(by, PREPARE).active().exclude(region=None)
        fields["organization"].initial = by.organization.pk
        formats = BankFormat.objects.visible_to(by, "payouts.view_bankformat").filter(state=FormatState.APPROVED)
        fields["format"].queryset = formats.order_by("bank", "name")


class TestForm(BatchForm):
    """Which accounts are verified, from which account, in which file."""

    purpose = _text(
        _("Purpose"), max_length=PURPOSE_LENGTH, initial="账户验证",
        help_text=_("What payees read on their statement; name nobody."),
    )
    most = forms.IntegerField(
        label=_("At most so many accounts"), min_value=1, max_value=MOST_LINES, initial=MOST_LINES,
        widget=UnfoldAdminIntegerFieldWidget(), help_text=_("The oldest first."),
    )

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data, by=by)
        fields: Any = self.fields
        fields["payer"].queryset = fields["payer"].queryset.filter(tests_accounts=True)
        fields["organization"].help_text = _("Accounts that its payouts wait for, and those of the offices below it.")


def named_payer(payer: PayerAccount) -> str:
    """An account as people tell it from others: program, bank, the last digits."""
    return f"{payer.program.name} · {payer.bank_name} {payer.number}"


class DigestForm(forms.Form):
    """The digest that was shown."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput())


class EnquiryForm(forms.Form):
    """What the bank answered."""

    answer = _choice(_("What the bank says"), Answer.choices)
    reference = _text(
        _("Bank's reference"), max_length=REFERENCE_LENGTH, help_text=_("Its number of the file or of the enquiry; name nobody.")
    )


class ReturnForm(forms.Form):
    """A bank's answer."""

    file = SeveralFilesField(
        label=_("Files"), help_text=_("XLSX, XLS or CSV (UTF-8 or GB18030), one or several; up to a million rows each."),
    )
    control_lines = forms.IntegerField(
        label=_("Lines by the bank"), min_value=1, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("As the bank says it for the whole file: another number refuses it."),
    )
    control_amount = forms.DecimalField(
        label=_("Sum by the bank (yuan)"), min_value=0, max_digits=16, decimal_places=2, widget=UnfoldAdminDecimalFieldWidget()
    )

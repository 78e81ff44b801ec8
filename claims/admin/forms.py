"""Forms behind the buttons of a claim."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminTimeWidget,
    UnfoldBooleanWidget,
)

from accounts.models import User
from benefits import wording
from claims.actions import Account, Facts, Report
from claims.errors import ClaimsRefused
from claims.models import (
    Bill,
    BillLine,
    Case,
    Channel,
    Claim,
    EventKind,
    Locality,
    PaperKind,
    Payee,
    Reporter,
    Setting,
)
from programs.benefit_terms import engine_language
from programs.models import Hospital
from programs.rules.paper_files import LIMIT

#: As conditions of plans name them.
DEPARTMENTS = [
    ("general", _("Ordinary")), ("special_needs", _("Special-needs ward")), ("international", _("International ward")),
]


def _text(label: Any, *, most: int, required: bool = True, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, required=required, widget=UnfoldAdminTextInputWidget(), help_text=help_text
    )


def _area(label: Any, *, most: int, required: bool = True, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, required=required, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), help_text=help_text
    )


def _day(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    return forms.DateField(label=label, required=required, widget=UnfoldAdminDateWidget(), help_text=help_text)


def _choice(label: Any, choices: Any, *, required: bool = True, help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, required=required, widget=UnfoldAdminSelectWidget(), help_text=help_text
    )


def money(label: Any, *, required: bool = False, help_text: Any = "") -> forms.DecimalField:
    """Yuan, not below zero."""
    return forms.DecimalField(
        label=label, max_digits=14, decimal_places=2, min_value=0, required=required, help_text=help_text,
        widget=UnfoldAdminDecimalFieldWidget(attrs={"inputmode": "decimal"}),
    )


class ReasonForm(forms.Form):
    """Why."""

    reason = _area(_("Reason"), most=300)


def _marks(label: Any, known: Mapping[str, str]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, choices=list(known.items()), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget()
    )


class MarksForm(ReasonForm):
    """Which marks a case has, of those that its plans know."""

    def __init__(self, data: Any, *, case: Case, known: Mapping[str, str]) -> None:
        super().__init__(data, initial={"marks": case.marks})
        self.fields["marks"] = _marks(_("Marks"), known)
        self.order_fields(["marks", "reason"])


class BillMarksForm(ReasonForm):
    """Which marks a bill has, and each of its charges."""

    def __init__(self, data: Any, *, bill: Bill, known: Mapping[str, str]) -> None:
        lines = list(bill.lines.all())
        super().__init__(data, initial={"marks": bill.marks, **{self.name_of(line): line.marks for line in lines}})
        self.fields["marks"] = _marks(_("Marks of the whole bill"), known)
        for number, line in enumerate(lines, start=1):
            words = {"number": number, "kind": kind_words(line.kind), "amount": f"{line.amount:,.2f}"}
            self.fields[self.name_of(line)] = _marks(_t("Charge %(number)d: %(kind)s, %(amount)s yuan") % words, known)
        self.order_fields(["marks", *map(self.name_of, lines), "reason"])

    @staticmethod
    def name_of(line: BillLine) -> str:
        """What the marks of a charge are called in the form."""
        return f"line-{line.pk}"


class NoteForm(forms.Form):
    """A note."""

    text = _area(_("Note"), most=2000, help_text=_("Sealed, and read by whoever may see the claim."))


class EventFields(forms.Form):
    """What happened, as far as it is known."""

    kind = _choice(_("Kind of event"), EventKind.choices)
    diagnosis = _text(_("Main diagnosis (ICD-10)"), most=20, required=False)
    disease_group = _text(
        _("Group of diseases"), most=40, required=False, help_text=_("Its code, only where the plan's terms ask for one.")
    )
    injuries = _text(
        _("Disability grades"), most=60, required=False, help_text=_("Of an accident, 1 to 10, with commas between.")
    )
    died_on = _day(_("Died on"), required=False)
    death_paid_elsewhere = money(_("Death benefit of other insurers (yuan)"), help_text=_("Of a minor, over all policies."))

    def clean_injuries(self) -> list[int]:
        """Numbers."""
        said = self.cleaned_data["injuries"].replace("，", ",").replace("、", ",")
        parts = [part.strip() for part in said.split(",") if part.strip()]
        if any(not (part.isascii() and part.isdecimal() and 1 <= int(part) <= 10) for part in parts):
            raise forms.ValidationError(str(ClaimsRefused("INJURY")))
        return [int(part) for part in parts]

    @property
    def facts(self) -> dict[str, Any]:
        """For a report, or a change of it."""
        given = self.cleaned_data
        return {
            "kind": given["kind"], "diagnosis": given["diagnosis"], "disease_group": given["disease_group"],
            "injuries": given["injuries"], "died_on": given["died_on"], "death_paid_elsewhere": given["death_paid_elsewhere"] or 0,
        }


class ReportForm(EventFields):
    """Who is covered, what happened when, and who reports it."""

    who = _text(
        _("Insured person"), most=60, help_text=_("Document number, cover number, or the insurer's policy number."),
    )
    event_on = _day(_("Day of the event"))
    event_time = forms.TimeField(
        label=_("Time of day"), required=False, widget=UnfoldAdminTimeWidget(),
        help_text=_("Where it is known; asked for where a cover runs from hour to hour."),
    )
    channel = _choice(_("Reported"), [(each.value, each.label) for each in (Channel.COUNTER, Channel.PHONE, Channel.AGENT)])
    reported_on = _day(_("Reported on"), required=False, help_text=_("Today, unless said otherwise."))
    reporter = _choice(_("Reported by"), Reporter.choices)
    reporter_name = _text(_("Reporter's name"), most=50, required=False)
    reporter_phone = _text(_("Reporter's phone"), most=20, required=False)
    account = _area(_("How it happened"), most=2000, required=False)

    field_order = ["who", "event_on", "event_time", "kind", "diagnosis", "disease_group", "channel", "reported_on", "reporter",
                   "reporter_name", "reporter_phone", "injuries", "died_on", "death_paid_elsewhere", "account"]

    @property
    def told(self) -> Report:
        """As the action takes it."""
        given = self.cleaned_data
        known = given["event_time"] is not None
        at = timezone.make_aware(datetime.combine(given["event_on"], given["event_time"] if known else time(12)))
        return Report(
            event_at=at, time_known=known, channel=given["channel"], reporter=given["reporter"],
            reporter_name=given["reporter_name"], reporter_phone=given["reporter_phone"], account=given["account"],
            reported_on=given["reported_on"], **self.facts,
        )


class CaseForm(EventFields):
    """What is known of an event now."""

    @classmethod
    def of(cls, case: Case, data: Any) -> CaseForm:
        """With what is known."""
        return cls(data, initial={
            "kind": case.kind, "diagnosis": case.diagnosis, "disease_group": case.disease_group, "died_on": case.died_on,
            "injuries": "、".join(str(grade) for grade in case.injuries), "death_paid_elsewhere": case.death_paid_elsewhere,
        })

    @property
    def changed(self) -> Facts:
        """As the action takes it."""
        return Facts(**self.facts)


class BillForm(forms.Form):
    """The fields of an invoice."""

    invoice_code = _text(_("Code of the medical invoice"), most=20, required=False, help_text=_("8 digits."))
    invoice_number = _text(_("Number of the medical invoice"), most=20, required=False, help_text=_("10 digits."))
    check_code = _text(_("Check code"), most=20, required=False)
    issued_on = _day(_("Issued on"))
    hospital_name = _text(_("Hospital as printed"), most=120)
    hospital_code = _text(
        _("Hospital's national code"), most=12, required=False, help_text=_("H and 11 digits: level and designation are looked up.")
    )
    setting = _choice(_("Kind of care"), Setting.choices)
    locality = _choice(_("Place of treatment"), Locality.choices)
    department = _choice(_("Department"), DEPARTMENTS)
    settled = forms.BooleanField(
        label=_("Settled through basic insurance"), required=False, initial=True, widget=UnfoldBooleanWidget()
    )
    admitted_on = _day(_("Admitted on"), required=False)
    discharged_on = _day(_("Discharged on"), required=False)
    diagnosis = _text(_("Diagnosis (ICD-10)"), most=20, required=False)
    printed_name = _text(_("Name on the invoice"), most=50, required=False)
    printed_document = _text(
        _("Document number on the invoice"), most=30, required=False, help_text=_("As printed, with its stars.")
    )
    total = money(_("Total (yuan)"), required=True)
    fund = money(_("Paid by the pooled fund (yuan)"))
    others = money(_("Other payments (yuan)"))
    major_illness = money(_("of them by major-illness insurance (yuan)"))
    assistance = money(_("of them by medical assistance (yuan)"))
    account_paid = money(_("Paid from the personal account (yuan)"))
    cash = money(_("Paid in cash (yuan)"))
    self_paid = money(_("Own part in the catalogue (yuan)"))
    self_funded = money(_("Outside the catalogue (yuan)"))
    third_party = money(_("Paid by a liable third party (yuan)"))
    commercial = money(_("Paid by other commercial insurance (yuan)"))

    def clean_hospital_code(self) -> Hospital | None:
        """A hospital of the national list."""
        code = self.cleaned_data["hospital_code"].strip().upper()
        found = Hospital.objects.filter(code=code).first() if code else None
        if code and found is None:
            raise forms.ValidationError(_t("The list of hospitals has no such code."))
        return found

    @property
    def bill(self) -> Bill:
        """Not kept yet."""
        given = dict(self.cleaned_data)
        hospital = given.pop("hospital_code")
        for name in ("printed_name", "printed_document"):
            given[name] = given[name] or None
        return Bill(hospital=hospital, **given)


def kind_words(kind: str) -> str:
    """A kind of expense in words; those that a plan declares are their own."""
    if kind == "self_pay":
        # On a bill it is the whole cost in the catalogue: what others paid of it is subtracted by the engine.
        return _t("In the catalogue (whole cost)")
    said = wording.KINDS.get(kind)
    return kind if said is None else said[wording.LANGUAGES.index(engine_language())]


class ChargeForm(forms.Form):
    """One line of charges; an empty one is none."""

    kind = _choice(_("Kind of expense"), [], required=False)
    amount = money(_("Amount (yuan)"))
    name = _text(_("Item"), most=120, required=False)
    code = _text(_("Drug or item code"), most=40, required=False)
    outside = forms.BooleanField(label=_("Used outside its indication"), required=False, widget=UnfoldBooleanWidget())

    def __init__(self, *args: Any, kinds: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "—"), *((kind, kind_words(kind)) for kind in kinds)]  # type: ignore[attr-defined]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said."""
        return not self.cleaned_data.get("amount") and not self.cleaned_data.get("kind")

    def clean(self) -> dict[str, Any]:
        """Kind and amount belong together."""
        given = super().clean() or self.cleaned_data
        if bool(given.get("kind")) != bool(given.get("amount")):
            self.add_error("amount" if given.get("kind") else "kind", _t("Name the kind of expense and its amount."))
        return given


class AskForm(forms.Form):
    """Papers that are missing."""

    kinds = forms.MultipleChoiceField(
        label=_("Papers that are missing"), choices=PaperKind.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget()
    )
    words = _area(_("What is missing of them"), most=300, required=False)


class CompleteForm(forms.Form):
    """Since when they are there."""

    complete_on = _day(_("Complete on"))

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["complete_on"].initial = timezone.localdate()


class PaperForm(forms.Form):
    """A paper to be kept with the case."""

    kind = _choice(_("Paper"), PaperKind.choices)
    file = forms.FileField(
        label=_("File"), widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".pdf,.jpg,.jpeg,.png"}),
        help_text=_("PDF, JPG or PNG, of at most 20 megabytes."),
    )

    def clean_file(self) -> Any:
        """Not read further than it may be large; what it is, the action says."""
        given = self.cleaned_data["file"]
        if given.size > LIMIT:
            raise forms.ValidationError(str(ClaimsRefused("PAPER_SIZE", megabytes=LIMIT // 1_000_000)))
        return given


class PayeeForm(forms.Form):
    """Who is paid, and where."""

    payee = _choice(_("Payee"), Payee.choices)
    name = _text(_("Account holder"), most=100, help_text=_("As the bank knows them."))
    number = _text(_("Account number"), most=40)
    bank_name = _text(_("Bank"), most=200, required=False)
    bank_code = _text(_("Bank code (12 digits)"), most=12, required=False, help_text=_("For transfers to another bank."))

    @property
    def account(self) -> Account:
        """As the action takes it."""
        given = self.cleaned_data
        return Account(given["payee"], given["name"], given["number"], given["bank_name"], given["bank_code"])


class HandOverForm(forms.Form):
    """To whom, and why."""

    to = forms.ModelChoiceField(User.objects.none(), label=_("Colleague"), widget=UnfoldAdminSelectWidget())
    reason = _area(_("Reason"), most=300)

    def __init__(self, data: Any, *, claim: Claim, by: Any) -> None:
        super().__init__(data)
        office = claim.organization.path
        reached = tuple(grant.organization_path for grant in by.grants("claims.hand_over_claim"))
        # Of the claim's office and those above it, as far as whoever asks reaches them.
        above = [
            path for path in (office[: place + 1] for place, sign in enumerate(office) if sign == "/" and place)
            if path.startswith(reached)
        ]
        field = self.fields["to"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = (
            User.objects.filter(
                is_active=True, memberships__organization__path__in=above, memberships__role="clerk", memberships__ended_at=None
            ).exclude(pk=claim.handler_id or 0).distinct().order_by("display_name", "pk")
        )
        field.label_from_instance = lambda user: user.get_full_name()  # type: ignore[method-assign, assignment]


class ExplainForm(ReasonForm):
    """Why a bill counts."""

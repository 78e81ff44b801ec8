"""Individual and family enrollment at a counter: one page on which a payer and several insured are judged, then enrolled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from accounts.models import Organization
from audit.buttons import ask_to_choose, holds
from audit.errors import Refused
from beneficiaries import actions
from beneficiaries.actions.families import MOST
from beneficiaries.actions.purchases import PERMISSION
from beneficiaries.counter_categories import said_of
from beneficiaries.health import groups_of
from beneficiaries.health_lines import HEALTHY, PRE_EXISTING
from beneficiaries.models import Purchase
from beneficiaries.models.payer import Relation, Way
from beneficiaries.models.person import DocumentType
from programs.models import Period, Plan

#: Lines that a page begins with.
FIRST = 3
#: What they are to the payer, where nothing is said.
_USUAL = (Relation.SELF, Relation.SPOUSE, Relation.CHILD)


class FamilyForm(forms.Form):
    """Where people are enrolled, who pays and how."""

    period = forms.ModelChoiceField(Period.objects.none(), label=_("Period"), widget=UnfoldAdminSelectWidget())
    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Office"), widget=UnfoldAdminSelectWidget())
    payer = forms.CharField(label=_("Payer's name"), max_length=50, widget=UnfoldAdminTextInputWidget())
    payer_phone = forms.CharField(
        label=_("Payer's phone"), max_length=20, required=False, widget=UnfoldAdminTextInputWidget()
    )
    way = forms.ChoiceField(label=_("Paid by way of"), choices=Way.choices, widget=UnfoldAdminSelectWidget())
    reference = forms.CharField(
        label=_("Number of the application"), max_length=60, widget=UnfoldAdminTextInputWidget(),
        help_text=_("The office's own, once in a program; the same number again is the same application."),
    )
    payment = forms.CharField(
        label=_("Number of the payment"), max_length=60, required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Of the receipt, the bank or the medical account: money goes back by the same way."),
    )
    paid_on = forms.DateField(label=_("Paid on"), required=False, widget=UnfoldAdminDateWidget())
    amount = forms.DecimalField(
        label=_("Amount paid (yuan)"), max_digits=16, decimal_places=2, min_value=Decimal("0.01"), required=False,
        widget=UnfoldAdminDecimalFieldWidget(),
    )

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        day = timezone.localdate()
        periods = Period.objects.visible_to(by).filter(
            closed_at=None, plan__period_kind=Plan.PeriodKind.ANNUAL, ends_on__gt=day
        )
        self.fields["period"].queryset = periods.select_related("program", "plan")  # type: ignore[attr-defined]
        offices = Organization.objects.visible_to(by, PERMISSION).active().exclude(region=None)
        self.fields["organization"].queryset = offices  # type: ignore[attr-defined]
        if by.organization in offices:
            self.fields["organization"].initial = by.organization.pk
        ask_to_choose(self)

    def clean_paid_on(self) -> Any:
        """Not in the future."""
        day = self.cleaned_data["paid_on"]
        if day is not None and day > timezone.localdate():
            raise forms.ValidationError(_t("The day of payment lies in the future."))
        return day

    @property
    def payer_of(self) -> actions.Payer:
        """Who pays."""
        given = self.cleaned_data
        return actions.Payer(given["payer"], given["payer_phone"], given["way"])

    def payment_of(self) -> actions.Payment | None:
        """The payment; None where nothing is said of one."""
        given = self.cleaned_data
        if not given["payment"] and given["amount"] is None and given["paid_on"] is None:
            return None
        for name in ("payment", "amount", "paid_on"):
            if not given[name]:
                self.add_error(name, _t("Of a payment its number, day and amount are asked for."))
        if self.errors:
            return None
        paid_at = timezone.make_aware(datetime.combine(given["paid_on"], time.min))
        return actions.Payment(given["payment"].strip(), paid_at, given["amount"])


class MemberForm(forms.Form):
    """One insured person; an empty line is none."""

    relation = forms.ChoiceField(label=_("Relation to the payer"), choices=Relation.choices, widget=UnfoldAdminSelectWidget())
    name = forms.CharField(label=_("name"), max_length=50, required=False, widget=UnfoldAdminTextInputWidget())
    document_type = forms.ChoiceField(label=_("document"), choices=DocumentType.choices, widget=UnfoldAdminSelectWidget())
    document = forms.CharField(
        label=_("document number"), max_length=30, required=False, widget=UnfoldAdminTextInputWidget()
    )
    birth_on = forms.CharField(
        label=_("born on"), max_length=20, required=False, widget=UnfoldAdminTextInputWidget(),
        help_text=_("Only where the number does not say it."),
    )
    region_code = forms.CharField(label=_("region code"), max_length=12, required=False, widget=UnfoldAdminTextInputWidget())
    phone = forms.CharField(label=_("phone"), max_length=20, required=False, widget=UnfoldAdminTextInputWidget())
    category = forms.ChoiceField(label=_("Category with a price of its own"), required=False, widget=UnfoldAdminSelectWidget())

    health = forms.ChoiceField(
        label=_("Health declaration"), required=False, widget=UnfoldAdminSelectWidget(),
        choices=[("", _("Nothing declared")), (HEALTHY[0], _("Healthy")), (PRE_EXISTING[0], _("Pre-existing condition"))],
    )
    groups = forms.MultipleChoiceField(
        label=_("Groups of diseases"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=_("Of a pre-existing condition, as declared."),
    )

    def __init__(
        self, *args: Any, categories: Sequence[tuple[str, str]], groups: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = [("", _("None of its own")), *categories]  # type: ignore[attr-defined]
        self.fields["groups"].choices = groups  # type: ignore[attr-defined]
        if not groups:
            del self.fields["groups"]

    def clean(self) -> dict[str, Any]:
        """Groups are those of a pre-existing condition."""
        given = super().clean() or self.cleaned_data
        if given.get("groups") and given.get("health") != PRE_EXISTING[0]:
            self.add_error("health", _t("Groups are named of a pre-existing condition only."))
        return given

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said of anybody."""
        return not any(self.cleaned_data.get(name) for name in ("name", "document", "phone"))

    @property
    def member(self) -> actions.Member:
        """Who is to be insured, as a roster's line would say it."""
        given = self.cleaned_data
        cells = {key: given[key] for key in ("name", "document", "birth_on", "region_code", "phone") if given[key]}
        cells["document_type"] = str(DocumentType(given["document_type"]).label)
        if given["health"]:
            cells["health"] = "、".join(given.get("groups") or [given["health"]])
        return actions.Member(cells, given["relation"], given["category"])


@dataclass(frozen=True)
class JudgedLine:
    """A line of the answer: who, what they cost, or why not."""

    line: int
    name: str
    relation: str
    premium: Decimal
    own_share: Decimal
    reason: str


class FamilyPages:
    """Mixed into the covers' admin."""

    has_family_permission = holds(PERMISSION)

    @action(description=_("Enroll a person or family"), url_path="family", permissions=["family"], icon="family_restroom")
    def enroll_family(self: Any, request: HttpRequest) -> HttpResponse:
        """Judge whoever is typed in, say what is due, enroll them."""
        page = _Page(request)
        if request.method == "POST":
            purchase = page.answer()
            if purchase is not None:
                return HttpResponseRedirect(_after(request, purchase))
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "page": page, "title": _t("Enroll a person or family"),
            "back_url": reverse("admin:beneficiaries_enrollment_changelist"),
        }
        return render(request, "beneficiaries/family_page.html", context, status=409 if page.refusal else 200)


class _Page:
    """What was typed in, what it comes to, and why nothing was done."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        data = request.POST if request.method == "POST" else None
        self.form = FamilyForm(data, by=request.user)
        categories = [
            (category.code, category.name)
            for category in said_of(Plan.objects.filter(pk__in=self.form.fields["period"].queryset.values("plan")))  # type: ignore[attr-defined]
        ]
        groups = _groups_of(self.form)
        count = _count_of(request.POST) if data is not None else FIRST
        self.members = [
            MemberForm(
                data, prefix=f"m{number}", categories=categories, groups=groups, initial={"relation": _USUAL[min(number, 2)]}
            )
            for number in range(count)
        ]
        self.refusal = ""
        self.judged: list[JudgedLine] = []

    @property
    def count(self) -> int:
        """Lines of the page."""
        return len(self.members)

    @property
    def may_add(self) -> bool:
        """Whether there is room for another one."""
        return self.count < MOST

    @property
    def due(self) -> Decimal:
        """Yuan that are to be paid by whoever can be enrolled."""
        return sum((line.own_share for line in self.judged if not line.reason), Decimal("0.00"))

    @property
    def able(self) -> int:
        """How many can be enrolled."""
        return sum(not line.reason for line in self.judged)

    def answer(self) -> Purchase | None:
        """Do what was pressed; a purchase when somebody was enrolled."""
        if "_more" in self.request.POST:
            return None
        valid = self.form.is_valid()
        # Every line is looked at, so that all that is wrong is said at once.
        wrong = [member for member in self.members if not member.is_valid()]
        if not valid or wrong:
            return None
        payment = self.form.payment_of() if "_judge" not in self.request.POST else None
        if self.form.errors:
            return None
        given = self.form.cleaned_data
        told = [member for member in self.members if not member.is_empty]
        place: dict[str, Any] = {
            "period": given["period"], "organization": given["organization"], "by": self.request.user, "at": timezone.now(),
        }
        members = [member.member for member in told]
        try:
            if "_judge" not in self.request.POST:
                enroll = actions.enroll_each if "_each" in self.request.POST else actions.enroll_together
                request = actions.Request(given["reference"].strip(), Purchase.Channel.OFFICE)
                return enroll(self.form.payer_of, members, request=request, payment=payment, **place)
            self._judge(members, place)
        except Refused as refused:
            self.refusal = str(refused)
        return None

    def _judge(self, members: Sequence[actions.Member], place: Mapping[str, Any]) -> None:
        verdicts = actions.judge_family(members, **place)
        self.judged = [
            JudgedLine(
                verdict.line, member.cells.get("name", ""), str(Relation(member.relation).label), verdict.premium,
                verdict.own_share, verdict.reason,
            )
            for verdict, member in zip(verdicts, members, strict=True)
        ]


def _groups_of(form: FamilyForm) -> list[tuple[str, str]]:
    """Groups of diseases that plans of the programs on offer name."""
    programs = form.fields["period"].queryset.order_by("program").values_list("program", flat=True)  # type: ignore[attr-defined]
    found: dict[str, str] = {}
    for program in programs.distinct():
        found.update(groups_of(program))
    return list(found.items())


def _count_of(post: Mapping[str, Any]) -> int:
    said = str(post.get("count", FIRST))
    count = int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else FIRST
    return max(1, min(MOST, count + (1 if "_more" in post else 0)))


def _after(request: HttpRequest, purchase: Purchase) -> str:
    """The first cover's page, with what was done."""
    text = _t("%(people)d people were enrolled for %(amount)s yuan.") % {
        "people": purchase.people, "amount": f"{purchase.own_share:,.2f}",
    }
    if purchase.refused:
        text += " " + _t("%(refused)d were refused: lines %(lines)s.") % {
            "refused": len(purchase.refused), "lines": "、".join(str(line) for line, *_rest in purchase.refused),
        }
    messages.success(request, text)
    first = purchase.enrollments.order_by("line").first()
    assert first is not None
    return reverse("admin:beneficiaries_enrollment_change", args=[first.pk])

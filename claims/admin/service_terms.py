"""Terms of claims in the admin: the law's stated by the operator; a program's proposed, approved by another, declined."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from claims.actions import service_terms as actions
from claims.actions.service_terms import APPROVE, PROPOSE, STATE_LAW, TermDraft, reaches
from claims.models.service_term import ServiceTerm, TermKind, TermSetting, TermState, TermUnit
from claims.rules.clock import LONGEST
from claims.term_errors import TermRefused
from intake.pages.forms import ReasonForm
from programs.actions.lists import operates_portal
from programs.models import Plan, Program

TONES = {TermState.PROPOSED: "wait", TermState.IN_FORCE: "good", TermState.DECLINED: "bad"}


class LawTermForm(forms.Form):
    """What a term says."""

    kind = forms.ChoiceField(label=_("Term for"), choices=TermKind.choices, widget=UnfoldAdminSelectWidget())
    setting = forms.ChoiceField(label=_("Cases"), choices=TermSetting.choices, required=False, widget=UnfoldAdminSelectWidget())
    days = forms.IntegerField(
        label=_("Days"), required=False, min_value=1, max_value=LONGEST, widget=UnfoldAdminIntegerFieldWidget(),
        help_text=_("Empty: from its day on nothing is promised any more."),
    )
    unit = forms.ChoiceField(label=_("Unit"), choices=TermUnit.choices, widget=UnfoldAdminSelectWidget())
    source = forms.CharField(
        label=_("Laid down in"), max_length=200, widget=UnfoldAdminTextInputWidget(),
        help_text=_("The article of the law, or the clause of the product that promises it."),
    )
    valid_from = forms.DateField(
        label=_("Valid from"), widget=UnfoldAdminDateWidget(), help_text=_("For claims whose clock begins on this day or later."),
    )

    def clean(self) -> dict[str, Any]:
        """As the action takes it."""
        given = super().clean() or {}
        if not self.errors:
            given["draft"] = TermDraft(
                TermKind(given["kind"]), given["days"], given["source"], given["valid_from"], TermUnit(given["unit"]),
                TermSetting(given["setting"]), given.get("plan"),
            )
        return given


class PromiseForm(LawTermForm):
    """Which program, or which of its plans, promises it."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())
    plan = forms.ModelChoiceField(
        Plan.objects.none(), label=_("Plan"), required=False, widget=UnfoldAdminSelectWidget(),
        help_text=_("Empty: all plans of the program."),
    )
    field_order = ("program", "plan")

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        seen = Program.objects.visible_to(by, PROPOSE).select_related("organization").order_by("code")
        reached = [each.pk for each in seen if reaches(by, PROPOSE, program=each)]
        fields["program"].queryset = seen.filter(pk__in=reached)
        fields["plan"].queryset = Plan.objects.filter(program__in=reached).select_related("program").order_by(
            "program__code", "-number"
        )

    def clean(self) -> dict[str, Any]:
        """The plan is one of the program's."""
        given = super().clean()
        if given.get("plan") and given.get("program") and given["plan"].program_id != given["program"].pk:
            raise ValidationError(str(TermRefused("PLAN")))
        return given


@admin.register(ServiceTerm)
class ServiceTermAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Versions of terms, newest first."""

    list_display = ("kind", "keeper", "setting_shown", "length", "standing", "valid_from", "valid_to", "source")
    export_columns = (
        "kind", "program", "plan", "setting", "days", "unit", "source", "valid_from", "valid_to", "state", "proposed_at",
        "decided_at",
    )
    list_filter = ("state", "kind", "program")
    list_select_related = ("program", "plan")
    search_fields = ("=id",)
    sortable_by = ("valid_from",)
    ordering = ("-id",)
    # Not by whom: offices below read it, and staff of a city is none of theirs.
    fields = (
        "kind", "keeper", "setting_shown", "length", "source", "valid_from", "valid_to", "standing", "proposed_at", "decided_at",
        "answer_shown",
    )
    readonly_fields = fields
    actions_list = ("propose", "state_law")
    actions_detail = ("approve", "decline")

    has_propose_permission = holds(PROPOSE)
    has_approve_permission = holds(APPROVE)

    has_state_permission = holds(STATE_LAW)

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        """What holds for everybody is stated by those who operate the portal: nobody else is offered it."""
        user: Any = request.user
        offered = super().get_actions_list(request)
        return offered if operates_portal(user, STATE_LAW) else [each for each in offered if each.method.__name__ != "state_law"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("program__organization", "plan")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only what does something for this reader now."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        decides = found is not None and found.state == TermState.PROPOSED and found.proposed_by_id != request.user.pk
        return offered if decides else []

    @display(description=_("of"))
    def keeper(self, found: ServiceTerm) -> str:
        """Whose term it is."""
        return keeper_in_words(found)

    @display(description=_("which cases"))
    def setting_shown(self, found: ServiceTerm) -> str:
        """Of which cases."""
        return found.get_setting_display()

    @display(description=_("time allowed"))
    def length(self, found: ServiceTerm) -> str:
        """Days and unit."""
        return found.in_words

    @display(description=_("state"))
    def standing(self, found: ServiceTerm) -> SafeString:
        """The state as a badge."""
        return render_to_string(
            "portal/badge.html", {"text": found.get_state_display(), "tone": TONES[TermState(found.state)]}
        )

    @display(description=_("answer"))
    def answer_shown(self, found: ServiceTerm) -> str:
        """Why it was declined."""
        return found.answer or "—"

    @action(description=_("Propose a promise"), url_path="propose", permissions=["propose"], icon="schedule")
    def propose(self, request: HttpRequest) -> HttpResponse:
        """Of a program or one of its plans."""

        def run(given: dict[str, Any]) -> str:
            actions.propose_service_term(given["program"], given["draft"], by=given["by"], at=given["at"])
            return _t("Proposed: a colleague who checks approves it.")

        return self.button_page(
            request, title=_t("Propose a promise"), button=_t("Propose"), run=run,
            form=PromiseForm(request.POST if request.method == "POST" else None, by=request.user),
            sentence=_t(
                "What the product promises beside the law. Of each claim the nearest day counts; a plan's promise stands before the"
                " program's, one for inpatient or outpatient cases before one for all."
            ),
        )

    @action(description=_("State a term of the law"), url_path="state-law", permissions=["state"], icon="gavel")
    def state_law(self, request: HttpRequest) -> HttpResponse:
        """For every program."""

        def run(given: dict[str, Any]) -> str:
            actions.state_law_term(given["draft"], by=given["by"], at=given["at"])
            return _t("Stated: it holds for every program.")

        return self.button_page(
            request, title=_t("State a term of the law"), button=_t("State"), run=run,
            form=LawTermForm(request.POST if request.method == "POST" else None),
            sentence=_t("It holds for every program of the portal from its day on; the version before ends the day before."),
        )

    @action(description=_("Approve"), url_path="approve", permissions=["approve"], icon="check")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """It holds from its day on."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.approve_service_term(found, **given)
            return _t("The promise is in force.")

        past = found.valid_from < timezone.localdate()
        return self.button_page(
            request, title=_t("Approve the term"), button=_t("Approve"), subject=found, run=run, facts=facts_of(found),
            sentence=_t("The version before ends the day before; last days of open claims are counted anew."),
            warnings=[_t("It begins in the past: claims of these days may be overdue at once.")] if past else [],
        )

    @action(description=_("Decline"), url_path="decline", permissions=["approve"], icon="block")
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What held stays."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.decline_service_term(found, answer=given["reason"], by=given["by"], at=given["at"])
            return _t("Declined: what held stays.")

        return self.button_page(
            request, title=_t("Decline the promise"), button=_t("Decline"), subject=found, run=run, danger=True, facts=facts_of(found),
            form=ReasonForm(request.POST if request.method == "POST" else None), sentence=_t("What held stays."),
        )


def keeper_in_words(found: ServiceTerm) -> str:
    """The law, or the program with its plan."""
    if found.program is None:
        return _t("The law")
    return f"{found.program.name} · {found.plan}" if found.plan is not None else found.program.name


def facts_of(found: ServiceTerm) -> list[tuple[str, Any]]:
    """What a term says."""
    return [
        (_t("of"), keeper_in_words(found)), (_t("term for"), found.get_kind_display()),
        (_t("which cases"), found.get_setting_display()), (_t("time allowed"), found.in_words), (_t("laid down in"), found.source),
        (_t("valid from"), f"{found.valid_from:%Y-%m-%d}"),
    ]

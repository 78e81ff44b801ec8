"""From which sums decisions of a program are signed by two or three: proposed by one person, in force by another."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from claims import actions
from claims.admin.forms import money
from claims.admin.words import yuan
from claims.models import SigningThreshold
from programs.models import Program

TONES = {
    SigningThreshold.State.PROPOSED: "work", SigningThreshold.State.IN_FORCE: "good", SigningThreshold.State.DROPPED: "calm",
    SigningThreshold.State.REPLACED: "calm",
}


class ThresholdForm(forms.Form):
    """Sums of a program."""

    program = forms.ModelChoiceField(Program.objects.none(), label=_("Program"), widget=UnfoldAdminSelectWidget())
    second_above = money(_("Second signature above (yuan)"), required=True)
    third_above = money(_("Third signature above (yuan)"), required=True)

    def __init__(self, data: Any, *, by: Any) -> None:
        super().__init__(data)
        field = self.fields["program"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Program.objects.visible_to(by, "claims.propose_threshold")


@admin.register(SigningThreshold)
class SigningThresholdAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Newest first."""

    list_display = ("program", "second_shown", "third_shown", "standing", "proposed_by", "proposed_at", "decided_by")
    list_filter = ("state", "program")
    list_select_related = ("program", "proposed_by", "decided_by")
    ordering = ("-id",)
    fields = ("program", "second_above", "third_above", "state", "proposed_by", "proposed_at", "decided_by", "decided_at")
    readonly_fields = fields
    list_export = False
    actions_list = ("propose",)
    actions_detail = ("approve", "drop")

    has_propose_permission = holds("claims.propose_threshold")
    has_approve_permission = holds("claims.decide_threshold")
    has_drop_permission = holds("claims.view_signingthreshold")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related("program__organization", "proposed_by", "decided_by")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only what may become of it, for this user."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id, state=SigningThreshold.State.PROPOSED).first() if offered else None
        if found is None:
            return []
        mine = found.proposed_by_id == request.user.pk
        may = {"approve": not mine, "drop": mine or request.user.has_perm("claims.decide_threshold")}
        return [button for button in offered if may[button.method.__name__]]

    @action(description=_("Propose thresholds"), url_path="propose", permissions=["propose"], icon="add")
    def propose(self, request: HttpRequest) -> HttpResponse:
        """Say from which sums on."""
        form = ThresholdForm(request.POST if request.method == "POST" else None, by=request.user)

        def run(given: dict[str, Any]) -> str:
            actions.propose_threshold(given.pop("program"), **given)
            return _t("Proposed: a colleague who checks approves them.")

        return self.button_page(
            request, title=_t("Propose thresholds"), button=_t("Propose"), run=run, form=form,
            sentence=_t("Decisions that are calculated afterwards ask for so many signatures. Without thresholds one is enough."),
        )

    @action(description=_("Approve"), url_path="approve", permissions=["approve"], icon="task_alt")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """They hold from now on."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.approve_threshold(found, **given)
            return _t("The thresholds are in force.")

        return self.button_page(
            request, title=_t("Approve"), button=_t("Approve"), subject=found, run=run, facts=facts_of(found),
            sentence=_t("Decisions that are calculated afterwards ask for so many signatures. Without thresholds one is enough."),
        )

    @action(description=_("Drop"), url_path="drop", permissions=["drop"], icon="block")
    def drop(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """They do not hold."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.drop_threshold(found, **given)
            return _t("Dropped.")

        return self.button_page(
            request, title=_t("Drop"), button=_t("Drop"), subject=found, run=run, facts=facts_of(found), danger=True,
            sentence=_t("What is in force stays in force."),
        )

    @display(description=_("second signature above (yuan)"))
    def second_shown(self, threshold: SigningThreshold) -> str:
        """Yuan."""
        return yuan(threshold.second_above)

    @display(description=_("third signature above (yuan)"))
    def third_shown(self, threshold: SigningThreshold) -> str:
        """Yuan."""
        return yuan(threshold.third_above)

    @display(description=_("state"))
    def standing(self, threshold: SigningThreshold) -> SafeString:
        """As a badge."""
        return badge(threshold.get_state_display(), TONES[SigningThreshold.State(threshold.state)])


def facts_of(threshold: SigningThreshold) -> list[tuple[str, Any]]:
    """What a confirm page says."""
    return [
        (_t("program"), threshold.program.name), (_t("second signature above (yuan)"), yuan(threshold.second_above)),
        (_t("third signature above (yuan)"), yuan(threshold.third_above)),
        (_t("proposed by"), threshold.proposed_by.get_full_name()),
    ]

"""Target populations in the admin: proposed by form or file, approved by another person, county by county."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.admin.places import PlaceColumn
from accounts.models import Region
from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from intake.pages.forms import DigestForm, ReasonForm
from intake.reference.pages import ReferencePages, listing
from takeup import actions
from takeup.actions.targets import APPROVE, PROPOSE, Wanted, digest_of, waiting_for
from takeup.admin.forms import PeriodForm, TargetForm, periods_of
from takeup.lists import TargetResource
from takeup.models import Target, TargetState

TONES = {
    TargetState.PROPOSED: "wait", TargetState.APPROVED: "good", TargetState.DECLINED: "bad", TargetState.WITHDRAWN: "calm",
    TargetState.REPLACED: "calm",
}


@admin.register(Target)
class TargetAdmin(ReferencePages, PlaceColumn, ButtonPages, ReadOnlyScopedAdmin):
    """Versions, the newest first."""

    resource_classes = (TargetResource,)
    code_field = "region_code"
    list_display = ("place", "program", "period_code", "people_shown", "basis", "standing", "proposer", "proposed_at")
    list_filter = ("state", "program", "period")
    list_select_related = ("program", "period", "proposed_by")
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        "program", "period", "place_of_one", "people_shown", "basis", "standing", "proposer", "proposed_at", "decider",
        "decided_at", "reason",
    )
    readonly_fields = fields
    actions_list = ("propose", "approve", "import_action", "export_action", "blank_template")
    actions_detail = ("decline", "withdraw")
    button_states: ClassVar[dict[str, tuple[str, ...]]] = {
        "decline": (TargetState.PROPOSED,), "withdraw": (TargetState.PROPOSED,),
    }

    has_propose_permission = holds(PROPOSE)
    has_approve_permission = holds(APPROVE)
    has_import_permission = listing("takeup.import_target")
    has_export_permission = listing("takeup.export_target")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "program__organization", "period__program", "proposed_by", "decided_by"
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only buttons that do something in the target's state, for this user."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).values_list("state", "proposed_by").first() if offered else None
        state, maker = found if found else ("", None)
        return [
            button for button in offered
            if state in self.button_states[button.method.__name__]
            and (button.method.__name__ == "withdraw" or maker != request.user.pk)
        ]

    @display(description=_("period"), ordering="period__code")
    def period_code(self, target: Target) -> str:
        """The program year."""
        return target.period.code

    @display(description=_("target population"))
    def people_shown(self, target: Target) -> str:
        """With groups of three."""
        return f"{target.people:,}"

    @display(description=_("state"), ordering="state")
    def standing(self, target: Target) -> SafeString:
        """The state as a badge."""
        return badge(target.get_state_display(), TONES[TargetState(target.state)])

    @display(description=_("proposed by"))
    def proposer(self, target: Target) -> str:
        """The name colleagues know."""
        return target.proposed_by.get_full_name()

    @display(description=_("decided by"))
    def decider(self, target: Target) -> str:
        """The name colleagues know."""
        return target.decided_by.get_full_name() if target.decided_by is not None else ""

    @action(description=_("Propose target population"), url_path="propose", permissions=["propose"], icon="add")
    def propose(self, request: HttpRequest) -> HttpResponse:
        """One county; many come by file."""

        def run(given: dict[str, Any]) -> str:
            period = given.pop("period")
            wanted = Wanted(given.pop("region_code"), given.pop("people"), given.pop("basis"))
            actions.propose_targets(period, [wanted], **given)
            return _t("The target population is proposed.")

        return self.button_page(
            request, title=_t("Propose target population"), button=_t("Propose"), run=run,
            sentence=_t("It counts once another person has approved it. One that waits for the same county is replaced."),
            form=TargetForm(request.POST if request.method == "POST" else None, by=request.user),
        )

    @action(description=_("Approve what waits"), url_path="approve", permissions=["approve"], icon="verified")
    def approve(self, request: HttpRequest) -> HttpResponse:
        """All counties of one period at once."""
        rows = periods_of(request.user, APPROVE)
        number = request.GET.get("period", "")
        period = rows.filter(pk=int(number)).first() if number.isascii() and number.isdecimal() and len(number) < 19 else None
        if period is None:
            return self._choose(request, rows)
        user: Any = request.user
        waiting = waiting_for(period, user)
        names = Region.objects.names_of(each.region_code for each in waiting)
        approved = dict(
            Target.objects.filter(period=period, state=TargetState.APPROVED).values_list("region_code", "people")
        )

        def run(given: dict[str, Any]) -> str:
            done = actions.approve_targets(period, shown=given.pop("digest"), **given)
            return _t("%(number)d target populations are approved.") % {"number": len(done)}

        return self.button_page(
            request, title=_t("Approve target populations of %(period)s") % {"period": period}, button=_t("Approve"), run=run,
            sentence=_t("They count from now on; older ones of the same counties are replaced."),
            facts=[
                (_t("counties"), f"{len(waiting):,}"),
                (_t("target population"), f"{sum(each.people for each in waiting):,}"),
            ],
            detail=render_to_string("takeup/waiting.html", {
                "rows": [
                    (names.get(each.region_code) or each.region_code, each, approved.get(each.region_code)) for each in waiting
                ],
            }),
            form=DigestForm(request.POST if request.method == "POST" else None, initial={"digest": digest_of(waiting)}),
        )

    def _choose(self, request: HttpRequest, rows: Any) -> HttpResponse:
        waiting = rows.filter(targets__state=TargetState.PROPOSED).exclude(targets__isnull=True).distinct()

        def run(given: dict[str, Any]) -> HttpResponse:
            return HttpResponseRedirect(f"{reverse('admin:takeup_target_approve')}?period={given['period'].pk}")

        return self.button_page(
            request, title=_t("Approve target populations"), button=_t("Go on"), run=run,
            sentence=_t("Choose a period; what waits in it is shown before it is approved."),
            form=PeriodForm(request.POST if request.method == "POST" else None, rows=waiting),
        )

    @action(description=_("Send back"), url_path="decline", permissions=["approve"], icon="undo")
    def decline(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """With a reason."""
        target = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.decline_target(target, **given)
            return _t("The target population was sent back.")

        return self.button_page(
            request, title=_t("Send target population back"), button=_t("Send back"), subject=target, run=run, danger=True,
            sentence=_t("Whoever proposed it reads the reason."), facts=facts_of(target),
            form=ReasonForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Withdraw"), url_path="withdraw", permissions=["propose"], icon="close")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Before it is decided."""
        target = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.withdraw_target(target, **given)
            return _t("The target population was withdrawn.")

        return self.button_page(
            request, title=_t("Withdraw target population"), button=_t("Withdraw"), subject=target, run=run,
            sentence=_t("What was approved before goes on counting."), facts=facts_of(target),
        )


def facts_of(target: Target) -> list[tuple[str, Any]]:
    """What a confirm page says about a target."""
    return [
        (_t("program"), target.program.name), (_t("period"), target.period.code),
        (_t("county"), Region.objects.names_of([target.region_code]).get(target.region_code, target.region_code)),
        (_t("target population"), f"{target.people:,}"), (_t("based on"), target.basis),
    ]

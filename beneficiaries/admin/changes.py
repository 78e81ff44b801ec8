"""Changes of people in the admin: what waits for a second person, what it would do, and what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit import reveals
from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from beneficiaries import actions
from beneficiaries.admin.change_words import facts_of, side_by_side, warnings_of
from beneficiaries.admin.forms import RevealForm
from beneficiaries.admin.shown_form import ShownForm
from beneficiaries.models import ChangeKind, ChangeState, Person, PersonChange
from beneficiaries.moving import may_accept
from beneficiaries.panels import CHANGE_TONES
from beneficiaries.shown_change import digest_of
from intake.pages.forms import ReasonForm

DECIDE, PROPOSE = "beneficiaries.decide_change", "beneficiaries.propose_change"


@admin.register(PersonChange)
class PersonChangeAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Changes of people, newest first."""

    list_display = ("number", "kind", "person_name", "program", "organization", "standing", "proposer", "proposed_at")
    export_columns = (
        "number", "kind", "program", "organization", "region_code", "state", "proposer", "proposed_at", "decided_at",
    )
    list_filter = ("state", "kind", "program", "organization", "proposed_at")
    list_select_related = ("person", "program", "organization", "proposed_by")
    search_fields = ("=id",)
    search_help_text = _("Number of a change")
    ordering = ("-id",)
    change_form_template = "beneficiaries/change_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_detail = ("approve", "turn_down", "withdraw", "reveal")

    has_decide_permission = holds(DECIDE)
    has_propose_permission = holds(PROPOSE)
    has_reveal_permission = holds("beneficiaries.reveal_person")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "person", "other", "to_organization", "undoes__person", "undoes__other", "program", "organization",
            "beneficiary__person", "proposed_by", "decided_by",
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Buttons that do something for this reader."""
        change = self.get_object(request, str(object_id))
        offered = super().get_actions_detail(request, object_id)
        if change is None:
            return []
        idle = {"approve", "turn_down", "withdraw"} if change.state != ChangeState.PROPOSED else set()
        if change.proposed_by_id == request.user.pk or not decides(change, request.user):
            idle |= {"approve", "turn_down"}
        if not is_of_own_office(change, request.user):
            idle |= {"withdraw"}
        if not sealed_fields(change):
            idle |= {"reveal"}
        return [each for each in offered if each.method.__name__ not in idle]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The change's page."""
        change = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if change is not None:
            context = {
                "title": f"{change.get_kind_display()} {change.pk}", "proposal": change, "badge": state_badge(change),
                "facts": facts_of(change, shown=_shown_to(change, request)),
                "said": said_of(change),
                "detail": detail_of(change, request) if change.state == ChangeState.PROPOSED else "",
                "person_url": reverse("admin:beneficiaries_person_change", args=[change.person_id])
                if Person.objects.visible_to(request.user, "beneficiaries.view_person").filter(pk=change.person_id).exists()
                else "",
            }
        response = super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})
        response["Cache-Control"] = "no-store"
        return response

    @display(description=_("number"), ordering="id")
    def number(self, change: PersonChange) -> str:
        """The row's own."""
        return str(change.pk)

    @display(description=_("name"))
    def person_name(self, change: PersonChange) -> str:
        """Masked."""
        return str(change.person.name)

    @display(description=_("state"), ordering="state")
    def standing(self, change: PersonChange) -> SafeString:
        """As a badge."""
        return state_badge(change)

    @display(description=_("proposed by"))
    def proposer(self, change: PersonChange) -> str:
        """The name colleagues know."""
        return change.proposed_by.get_full_name()

    @action(description=_("Show in the clear"), url_path="reveal", permissions=["reveal"], icon="visibility")
    def reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what is proposed in the clear for some minutes, with a reason."""
        change = self.visible_or_404(request, object_id)
        fields: Any = {field.name: field for field in PersonChange._meta.fields}

        def run(given: dict[str, Any]) -> str:
            reveals.reveal(
                change, fields=given["fields_wanted"], reason=given["reason"], by=given["by"], at=given["at"],
                organization=change.organization, region_code=change.region_code, program_id=change.program_id,
            )
            return _t("Shown in the clear for some minutes; the view is recorded.")

        return self.button_page(
            request, title=_t("Show in the clear"), button=_t("Show"), subject=change, run=run,
            sentence=_t("Only what your task needs. Your name, the reason and the fields are kept for the auditor."),
            form=RevealForm(
                request.POST if request.method == "POST" else None,
                choices=[(name, str(fields[name].verbose_name)) for name in sealed_fields(change)],
            ),
        )

    @action(description=_("Approve"), url_path="approve", permissions=["decide"], icon="verified")
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Do it."""
        change = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.approve_change(change, **given)
            return _t("Approved and done.")

        return self.button_page(
            request, title=f"{_t('Approve')}: {change.get_kind_display()}", button=_t("Approve"), subject=change, run=run,
            sentence=_t("What stands below happens at once. You answer for it with your name."), danger=True,
            facts=[*facts_of(change, shown=_shown_to(change, request)), *said_of(change)], warnings=warnings_of(change),
            detail=detail_of(change, request),
            form=ShownForm(request.POST if request.method == "POST" else None, shown=digest_of(change)),
        )

    @action(description=_("Turn down"), url_path="turn-down", permissions=["decide"], icon="block")
    def turn_down(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Leave everything as it is."""
        change = self.visible_or_404(request, object_id)
        if not decides(change, request.user):
            raise Http404

        def run(given: dict[str, Any]) -> str:
            actions.turn_down_change(change, **given)
            return _t("Turned down; everything stays as it is.")

        return self.button_page(
            request, title=_t("Turn down"), button=_t("Turn down"), subject=change, run=run,
            sentence=_t("Everything stays as it is. Whoever proposed it reads your reason."), facts=facts_of(change),
            form=ReasonForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Withdraw"), url_path="withdraw", permissions=["propose"], icon="undo")
    def withdraw(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take it back."""
        change = self.visible_or_404(request, object_id)
        if not is_of_own_office(change, request.user):
            raise Http404

        def run(given: dict[str, Any]) -> str:
            actions.withdraw_change(change, **given)
            return _t("Withdrawn; everything stays as it is.")

        return self.button_page(
            request, title=_t("Withdraw"), button=_t("Withdraw"), subject=change, run=run,
            sentence=_t("Everything stays as it is; it can be proposed again."), facts=facts_of(change),
        )


def decides(change: PersonChange, user: Any) -> bool:
    """Whether a user decides: of a transfer the receiving office does."""
    return change.kind != ChangeKind.TRANSFER or may_accept(change, user)


def is_of_own_office(change: PersonChange, user: Any) -> bool:
    """Whether it was proposed for an office for which the user proposes."""
    return any(change.organization.path.startswith(grant.organization_path) for grant in user.grants(PROPOSE))


def detail_of(change: PersonChange, request: HttpRequest) -> SafeString:
    """Of a merge: both people side by side."""
    if change.kind != ChangeKind.MERGE or change.other is None:
        return SafeString("")
    return render_to_string("beneficiaries/side_by_side.html", side_by_side(change.person, change.other, request.user))


def _shown_to(change: PersonChange, request: HttpRequest) -> frozenset[str]:
    return reveals.revealed_fields(change, to=request.user, at=timezone.now())


def sealed_fields(change: PersonChange) -> list[str]:
    """What of a change can be shown in the clear."""
    return [name for name in PersonChange.personal_fields if getattr(change, name) is not None]


def state_badge(change: PersonChange) -> SafeString:
    """A change's state."""
    tone = CHANGE_TONES[ChangeState(change.state)]
    return render_to_string("portal/badge.html", {"text": change.get_state_display(), "tone": tone})


def said_of(change: PersonChange) -> list[tuple[str, Any]]:
    """Who proposed it and why; who decided."""
    return [
        (_t("program"), change.program.name),
        (_t("office"), change.organization.name),
        (_t("proposed by"), _who(change.proposed_by, change.proposed_at)),
        (_t("reason"), change.reason),
        *([(_t("decided by"), _who(change.decided_by, change.decided_at))] if change.decided_by else []),
        *([(_t("answer"), change.answer)] if change.answer else []),
    ]


def _who(user: Any, at: Any) -> str:
    return f"{user.get_full_name()} {timezone.localtime(at):%Y-%m-%d %H:%M}"

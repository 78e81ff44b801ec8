"""Legal holds in the admin: placed, lifted by another."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from audit.admin import ReadOnlyScopedAdmin
from audit.buttons import ButtonPages, holds
from intake.pages.forms import ReasonForm
from retention import actions
from retention.actions.holds import HOLD
from retention.admin.forms import HoldForm
from retention.models import LegalHold


@admin.register(LegalHold)
class LegalHoldAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Holds, newest first."""

    list_display = ("held_shown", "organization", "reason", "standing", "ends_on", "placer", "placed_at")
    export_columns = ("id", "organization", "reason", "ends_on", "placed_at", "lifted_at", "lift_reason")
    list_filter = ("organization",)
    list_select_related = ("organization", "held_program", "held_organization", "placed_by")
    search_fields = ("=id",)
    sortable_by = ()
    ordering = ("-id",)
    fields = (
        "held_shown", "organization", "reason", "ends_on", "standing", "placer", "placed_at", "lifter", "lifted_at", "lift_reason"
    )
    readonly_fields = fields
    actions_list = ("place",)
    actions_detail = ("lift",)

    has_hold_permission = holds(HOLD)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "organization", "held_program", "held_organization", "placed_by", "lifted_by"
        )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Lifted once, by another."""
        offered = super().get_actions_detail(request, object_id)
        found = self.get_queryset(request).filter(pk=object_id).first() if offered else None
        return offered if found is not None and found.lifted_by_id is None and found.placed_by_id != request.user.pk else []

    def told_by(self, request: HttpRequest, obj: Any) -> list[Any]:
        """The hold."""
        return [obj]

    @display(description=_("what is held"))
    def held_shown(self, found: LegalHold) -> str:
        """Names nobody."""
        return found.held

    @display(description=_("state"))
    def standing(self, found: LegalHold) -> SafeString:
        """Whether it holds today."""
        if found.lifted_by_id is not None:
            text, tone = _t("Lifted"), "calm"
        elif found.ends_on is not None and found.ends_on < timezone.localdate():
            text, tone = _t("Over"), "calm"
        else:
            text, tone = _t("Holds"), "work"
        return render_to_string("portal/badge.html", {"text": text, "tone": tone})

    @display(description=_("placed by"))
    def placer(self, found: LegalHold) -> str:
        """As colleagues know them."""
        return found.placed_by.get_full_name()

    @display(description=_("lifted by"))
    def lifter(self, found: LegalHold) -> str:
        """As colleagues know them."""
        return found.lifted_by.get_full_name() if found.lifted_by is not None else ""

    @action(description=_("Place a hold"), url_path="place", permissions=["hold"], icon="gavel")
    def place(self, request: HttpRequest) -> HttpResponse:
        """On one thing."""

        def run(given: dict[str, Any]) -> str:
            actions.place_hold(given.pop("held"), **given)
            return _t("Held: nothing of it is destroyed until the hold ends.")

        return self.button_page(
            request, title=_t("Place a hold"), button=_t("Place the hold"), run=run,
            form=HoldForm(request.POST if request.method == "POST" else None, by=request.user),
            sentence=_t("What is held is destroyed by nothing, whatever its term: neither people nor lines nor files."),
        )

    @action(description=_("Lift"), url_path="lift", permissions=["hold"], icon="lock_open")
    def lift(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Its terms count again."""
        found = self.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.lift_hold(found, **given)
            return _t("Lifted: what is out of its term can be destroyed.")

        return self.button_page(
            request, title=_t("Lift the hold"), button=_t("Lift"), subject=found, run=run, danger=True,
            facts=[(_t("what is held"), found.held), (_t("reason"), found.reason)],
            form=ReasonForm(request.POST if request.method == "POST" else None),
            sentence=_t("What is out of its term stands on the next list of what is to be destroyed."),
        )

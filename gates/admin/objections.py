"""Objections in the admin: the list to decide, and one page for each."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.models import Region
from audit import reveals
from audit.admin import ReadOnlyScopedAdmin
from audit.badges import badge
from audit.buttons import ButtonPages, holds
from beneficiaries.admin.narrowing import PlaceFilter, RosterFilter
from beneficiaries.restricting import name_shown
from gates import actions
from gates.admin.forms import DecisionForm
from gates.models import Objection, ObjectionState
from intake.pages.forms import ReasonForm

TONES = {ObjectionState.OPEN: "wait", ObjectionState.UPHELD: "bad", ObjectionState.DISMISSED: "calm"}


class _Place(PlaceFilter):
    path = "enrollment__"


class _Roster(RosterFilter):
    path = "enrollment__"


@admin.register(Objection)
class ObjectionAdmin(ButtonPages, ReadOnlyScopedAdmin):
    """Objections, newest first."""

    list_display = ("number", "notice", "person_name", "village", "reason", "received_on", "standing")
    export_columns = ("number", "notice", "enrollment__person__name", "reason", "received_on", "state", "decision", "decided_at")
    list_filter = ("state", "reason", "notice__period", "received_on", _Place, _Roster)
    search_fields = ("=id",)
    search_help_text = _("Number of an objection")
    sortable_by = ("number", "received_on")
    ordering = ("-id",)
    fields = (
        "number", "notice_link", "person_link", "village", "reason", "said", "received_on", "recorded_by", "standing", "decision",
        "decider",
    )
    readonly_fields = fields
    actions_detail = ("decide", "reveal")

    has_decide_permission = holds("gates.decide_objection")
    has_reveal_permission = holds("gates.decide_objection")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "notice__organization", "enrollment__person", "enrollment__beneficiary", "received_by", "decided_by"
        )

    def rows_read(self, request: HttpRequest, rows: Any) -> None:
        """The villages of a page."""
        super().rows_read(request, rows)
        names = Region.objects.names_of(row.enrollment.region_code for row in rows)
        for row in rows:
            row.village_name = names.get(row.enrollment.region_code, "")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """With what this reader may see of what was said."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.shown = reveals.revealed_fields(found, to=request.user, at=timezone.now())
        return found

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """One's own is decided by a colleague; what is decided stays."""
        offered = super().get_actions_detail(request, object_id)
        if not offered:
            return offered
        found = self.get_queryset(request).filter(pk=object_id).first()
        open_one = found is not None and found.state == ObjectionState.OPEN and found.received_by_id != request.user.pk
        return [button for button in offered if open_one or button.method.__name__ != "decide"]

    @display(description=_("no."), ordering="id")
    def number(self, objection: Objection) -> str:
        """The objection's number."""
        return f"#{objection.pk}"

    @display(description=_("name"))
    def person_name(self, objection: Objection) -> str:
        """Masked; of whom the office only keeps the data not even that."""
        return name_shown(objection.enrollment)

    @display(description=_("village"))
    def village(self, objection: Any) -> str:
        """Where the person lives."""
        code = objection.enrollment.region_code
        known = getattr(objection, "village_name", None)
        return known if known is not None else Region.objects.names_of([code]).get(code, "")

    @display(description=_("state"))
    def standing(self, objection: Objection) -> SafeString:
        """The state as a badge."""
        return badge(objection.get_state_display(), TONES[ObjectionState(objection.state)])

    @display(description=_("public notice"))
    def notice_link(self, objection: Objection) -> SafeString:
        """To the notice."""
        address = reverse("admin:gates_notice_change", args=[objection.notice_id])
        return format_html('<a href="{}">{}</a>', address, objection.notice)

    @display(description=_("cover of"))
    def person_link(self, objection: Objection) -> SafeString:
        """To the enrollment."""
        address = reverse("admin:beneficiaries_enrollment_change", args=[objection.enrollment_id])
        return format_html('<a href="{}">{}</a>', address, self.person_name(objection))

    @display(description=_("what was said"))
    def said(self, objection: Any) -> str:
        """Sealed, unless this reader has opened it."""
        if objection.text is None:
            return "—"
        return objection.text.told() if "text" in objection.shown else str(objection.text)

    @display(description=_("recorded by"))
    def recorded_by(self, objection: Objection) -> str:
        """The name colleagues know."""
        return objection.received_by.get_full_name()

    @display(description=_("decided by"))
    def decider(self, objection: Objection) -> str:
        """The name colleagues know."""
        return objection.decided_by.get_full_name() if objection.decided_by else "—"

    @action(description=_("Decide"), url_path="decide", permissions=["decide"], icon="gavel")
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Uphold or dismiss."""
        objection = self.visible_or_404(request, object_id)
        cover = objection.enrollment

        def run(given: dict[str, Any]) -> str:
            decided = actions.decide_objection(objection, **given)
            if decided.state == ObjectionState.UPHELD:
                return _t("Upheld: the person is off the list, and the money went back.")
            return _t("Dismissed: the person stays on the list.")

        return self.button_page(
            request, title=_t("Decide the objection"), button=_t("Decide"), subject=objection, run=run, danger=True,
            sentence=_t("Upheld, the person is taken off the list: no cover comes to be, and each payer's share goes back."),
            facts=[
                (_t("name"), self.person_name(objection)),
                (_t("village"), self.village(objection)),
                (_t("reason"), objection.get_reason_display()),
                (_t("what was said"), self.said(objection)),
                (_t("premium"), _t("%(amount)s yuan") % {"amount": f"{cover.premium:,.2f}"}),
                (_t("own share"), _t("%(amount)s yuan") % {"amount": f"{cover.own_share:,.2f}"}),
            ],
            form=DecisionForm(request.POST if request.method == "POST" else None),
        )

    @action(description=_("Show what was said"), url_path="reveal", permissions=["reveal"], icon="visibility")
    def reveal(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Open it for some minutes, with a reason."""
        objection = self.visible_or_404(request, object_id)
        notice = objection.notice

        def run(given: dict[str, Any]) -> str:
            reveals.reveal(
                objection, fields=["text"], reason=given["reason"], by=given["by"], at=given["at"],
                organization=notice.organization, region_code=notice.region_code, program_id=notice.program_id,
            )
            return _t("Shown in the clear for some minutes; the view is recorded.")

        return self.button_page(
            request, title=_t("Show what was said"), button=_t("Show"), subject=objection, run=run,
            sentence=_t("Only what your task needs. Your name, the reason and the fields are kept for the auditor."),
            form=ReasonForm(request.POST if request.method == "POST" else None),
        )

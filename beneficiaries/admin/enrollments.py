"""Enrollments in the admin: found by cover number, document or name; each walks back to its line of a file."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.places import PlaceColumn
from accounts.models import Region
from audit.admin import ReadOnlyScopedAdmin
from audit.exporting import ExportColumn
from beneficiaries.admin.change_pages import EndingButton, may_be_refunded
from beneficiaries.admin.counted_list import CountedList
from beneficiaries.admin.family_page import FamilyPages
from beneficiaries.admin.narrowing import GateFilter, PlaceFilter, RosterFilter
from beneficiaries.admin.origins import origin_of, payer_of, payment_of
from beneficiaries.admin.searching import CoverSearch
from beneficiaries.gating import COLUMN, GATE_WORDS, asked_of
from beneficiaries.models import Ending, Enrollment, Purchase, Roster
from beneficiaries.models.enrollment import LIVE, EnrollmentState
from beneficiaries.panels import first_moment, last_moment, state_badge


@admin.register(Enrollment)
class EnrollmentAdmin(FamilyPages, CoverSearch, EndingButton, PlaceColumn, CountedList, ReadOnlyScopedAdmin):
    """Covers, newest first."""

    list_display = (
        "cover_number", "person_name", "program", "period_code", "category", "place", "premium", "standing", "starts",
    )
    export_columns = (
        "cover_number", "person__name", "person__document", "program", "plan", "period_code", "category", "organization",
        ExportColumn("region_code", _("region code"), lambda cover: cover.region_code), "place",
        "premium", "own_share", "state", "starts_at", "ends_at", "insurer_policy_number",
    )
    sortable_by = ("cover_number",)
    list_filter = (
        "state", GateFilter, "program", "period", "category", "organization", PlaceFilter, RosterFilter,
    )
    list_select_related = joined_on_pages = ("person", "program", "period", "category")
    search_fields = ("=id",)
    ordering = ("-id",)
    change_form_template = "beneficiaries/enrollment_page.html"
    fields = ("state",)
    readonly_fields = fields
    actions_list = ("enroll_family",)
    actions_detail = ("end_cover", "refund_cover")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only what may become of the cover: it ends, or paid for and within its days it is given back."""
        offered = super().get_actions_detail(request, object_id)
        cover = self.get_queryset(request).filter(pk=object_id, state__in=LIVE).first() if offered else None
        if cover is None:
            return []
        fits = {"refund_cover": may_be_refunded(cover)}
        return [button for button in offered if fits.get(button.method.__name__, True)]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "person", "program", "plan", "period__program", "category", "organization", "purchase__file", "purchase__payer",
            "split", "roster__employer",
        )

    def came_by(self, request: HttpRequest, obj: Enrollment) -> list[Any]:
        """The roster or purchase that made it, as far as its reader sees that."""
        rosters = Roster.objects.visible_to(request.user, "beneficiaries.view_roster").filter(pk=obj.roster_id or 0)
        purchases = Purchase.objects.visible_to(request.user, "beneficiaries.view_purchase").filter(pk=obj.purchase_id or 0)
        return [*(rosters if obj.roster_id else ()), *(purchases if obj.purchase_id else ())]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The cover's page."""
        enrollment = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if enrollment is not None:
            context = {**page_context(enrollment, by=request.user), "title": enrollment.number}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @display(description=_("cover number"), ordering="id")
    def cover_number(self, enrollment: Enrollment) -> str:
        """保障凭证号."""
        return enrollment.number

    @display(description=_("name"))
    def person_name(self, enrollment: Enrollment) -> str:
        """Masked."""
        return str(enrollment.person.name)

    @display(description=_("period"))
    def period_code(self, enrollment: Enrollment) -> str:
        """The program year."""
        return enrollment.period.code

    @display(description=_("state"), ordering="state")
    def standing(self, enrollment: Enrollment) -> SafeString:
        """The state as a badge."""
        return state_badge(enrollment)

    @display(description=_("cover from"), ordering="starts_at")
    def starts(self, enrollment: Enrollment) -> str:
        """The first day; of a span its moments."""
        if enrollment.covers_a_span:
            return f"{first_moment(enrollment)} – {last_moment(enrollment)}"
        return first_moment(enrollment)


def page_context(enrollment: Enrollment, *, by: Any) -> dict[str, Any]:
    """Facts, shares, gates and the way back to the line."""
    return {
        "enrollment": enrollment,
        "badge": state_badge(enrollment),
        "person_url": reverse("admin:beneficiaries_person_change", args=[enrollment.person_id]),
        "facts": [
            (_t("cover number"), enrollment.number),
            (_t("program"), enrollment.program.name),
            (_t("plan"), str(enrollment.plan)),
            (_t("cover"), _t("%(amount)s yuan") % {"amount": f"{enrollment.plan.cover_limit:,.2f}"}),
            (_t("cover from"), f"{timezone.localtime(enrollment.starts_at):%Y-%m-%d %H:%M}"),
            (_t("cover until") if enrollment.covers_a_span else _t("last day of cover"), last_moment(enrollment)),
            *ending_of(enrollment),
            (_t("office"), enrollment.organization.name),
            (_t("region"), Region.objects.names_of([enrollment.region_code]).get(enrollment.region_code, "")),
            (_t("category"), enrollment.category.name),
            (_t("insurer's policy"), enrollment.insurer_policy_number),
            (_t("payment"), payment_of(enrollment)),
            (
                _t("employer that pays") if enrollment.purchase is None else _t("payer of the family"), payer_of(enrollment),
            ),
            (_t("eligibility decided at"), f"{timezone.localtime(enrollment.decided_at):%Y-%m-%d %H:%M}"),
        ],
        "shares": shares_of(enrollment),
        "gates": [
            (GATE_WORDS[gate], getattr(enrollment, COLUMN[gate])) for gate in asked_of(enrollment)
        ],
        "origin": origin_of(enrollment, by=by),
    }


def ending_of(enrollment: Enrollment) -> list[tuple[str, Any]]:
    """Why and with which day a line or a change ended the cover, or voided it; nothing when none did."""
    ending = Ending.objects.filter(enrollment=enrollment).order_by("-pk").first()
    if ending is None:
        return []
    facts = {"reason": ending.get_reason_display(), "day": ending.ended_on}
    if enrollment.state == EnrollmentState.VOIDED:
        return [(_t("ended early"), _t("%(reason)s on %(day)s, while it waited for a step: it never began") % facts)]
    return [(_t("ended early"), _t("%(reason)s; last day of cover %(day)s") % facts)]


def shares_of(enrollment: Enrollment) -> list[tuple[str, Any]]:
    """Who pays what of the premium, in order; the sum is the premium."""
    lines = [(_t("the insured person"), enrollment.own_share)]
    lines += [(line.funder.name, line.amount) for line in enrollment.split.lines.select_related("funder")]
    return lines

"""Lines of hand-overs in the admin: who was handed over and what the insurer said; a person's page is that of the enrollment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.places import PlaceColumn
from audit.admin import ReadOnlyScopedAdmin
from audit.paging import KeysetChangeList, Place, Total, total_of
from beneficiaries.models import Enrollment
from beneficiaries.models.enrollment import enrollment_id_of
from handover.models import Answer, HandOver, HandOverLine, InvoiceLine

TONES = {Answer.OPEN: "wait", Answer.ACCEPTED: "good", Answer.REFUSED: "bad"}
_PAGES = ("changelist", "export_list")
COVER = "beneficiaries.view_enrollment"
#: Hand-overs that are named one by one.
NAMED = 500


class AnswerFilter(admin.SimpleListFilter):
    """What the insurer said."""

    title = _("answer")
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Accepted, refused, or nothing yet."""
        return [("open", Answer.OPEN.label), ("accepted", Answer.ACCEPTED.label), ("refused", Answer.REFUSED.label)]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Open ones only as long as the hand-over stands."""
        wanted = self.value()
        if not wanted:
            return queryset
        if wanted == "open":
            return queryset.filter(answer=Answer.OPEN, stands=True)
        return queryset.filter(answer=wanted) if wanted in Answer.values else queryset.none()


class AgreedFilter(admin.SimpleListFilter):
    """Whether an invoice of the insurer has been agreed that charges the line, or gives it back."""

    title = _("agreed on an invoice")
    parameter_name = "agreed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Agreed, or not."""
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """By what was agreed, which is once a line."""
        agreed = Exists(InvoiceLine.objects.filter(line=OuterRef("pk")))
        wanted = {"yes": agreed, "no": ~agreed}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(wanted)


@admin.register(HandOverLine)
class HandOverLineAdmin(PlaceColumn, ReadOnlyScopedAdmin):
    """Lines in the order of their lists."""

    list_display = (
        "place_in_list", "cover", "person_name", "place", "direction", "premium", "leave_reason", "last_day", "standing",
        "policy_number", "refusal",
    )
    export_columns = (
        "place_in_list", "cover_number", "enrollment__person__name", "place", "direction", "premium", "leave_reason", "last_day",
        "answer", "policy_number", "refusal", "answered_at",
    )
    list_filter = (AnswerFilter, AgreedFilter, "direction", "leave_reason", "hand_over", "hand_over__period")
    list_select_related = ("hand_over", "enrollment__person", "enrollment__program", "enrollment__period")
    search_fields = ("=policy_number",)
    search_help_text = _("Cover number, or the insurer's policy number")
    sortable_by = ()
    ordering = ("-hand_over_id", "-number")
    list_display_links = None

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names."""
        return super().get_queryset(request).select_related(
            "hand_over", "enrollment__person", "enrollment__program", "enrollment__period__program"
        )

    def get_ordering(self, request: HttpRequest) -> Sequence[str]:
        """One list from its first line on; of all lists the newest first, as their index has them."""
        return ("hand_over_id", "number") if request.GET.get("hand_over__id__exact") else self.ordering

    def counted(self, request: HttpRequest, shown: KeysetChangeList) -> Total | None:
        """Up to the cap, of the hand-overs within reach."""
        return None if shown.query else total_of(shown.queryset.filter(self._within(request)), filtered=True)

    def whereabouts(self, request: HttpRequest, shown: KeysetChangeList, place: Place) -> Iterable[tuple[Q, bool]]:
        """On the lists of the reader's offices, or to the reader's insurer: named, so that no other list is read."""
        return () if shown.query else [(self._within(request), True)]

    def _within(self, request: HttpRequest) -> Q:
        user: Any = request.user
        reached = Q(pk__in=[])
        for grant in user.grants(self.permission("view")):
            reached |= Q(organization__path__startswith=grant.organization_path)
            reached |= Q(insurer__path__startswith=grant.organization_path)
        found = list(HandOver.objects.filter(reached).order_by("pk").values_list("pk", flat=True)[: NAMED + 1])
        return Q(hand_over__in=found) if len(found) <= NAMED else Q()

    def get_urls(self) -> list[Any]:
        """A list: each person's own page is that of the enrollment."""
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        return [each for each in super().get_urls() if str(each.name or "").removeprefix(prefix) in _PAGES]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By cover number or policy number, exactly."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = enrollment_id_of(term) if "-" in term else None
        return queryset.filter(enrollment=found) if found is not None else queryset.filter(policy_number=term), False

    def rows_read(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Which covers the reader may open: an insurer reads the list, and no page of the office's."""
        super().rows_read(request, rows)
        user: Any = request.user
        covers = Enrollment.objects.visible_to(user, COVER) if user.has_perm(COVER) else Enrollment.objects.none()
        seen = set(covers.filter(pk__in=[row.enrollment_id for row in rows]).values_list("pk", flat=True))
        for row in rows:
            row.opens = row.enrollment_id in seen

    @display(description=_("line"))
    def place_in_list(self, line: HandOverLine) -> str:
        """Hand-over and line."""
        return f"#{line.hand_over_id} · {line.number:,}"

    @display(description=_("cover number"))
    def cover(self, line: Any) -> SafeString | str:
        """With the way to the cover."""
        if not getattr(line, "opens", False):
            return str(line.enrollment.number)
        address = reverse("admin:beneficiaries_enrollment_change", args=[line.enrollment_id])
        return format_html('<a href="{}">{}</a>', address, line.enrollment.number)

    @display(description=_("cover number"))
    def cover_number(self, line: HandOverLine) -> str:
        """Of an export."""
        return line.enrollment.number

    @display(description=_("name"))
    def person_name(self, line: HandOverLine) -> str:
        """Masked."""
        return str(line.enrollment.person.name)

    @display(description=_("answer"))
    def standing(self, line: HandOverLine) -> SafeString:
        """The answer as a badge."""
        answer = Answer(line.answer)
        return render_to_string("portal/badge.html", {"text": answer.label, "tone": TONES[answer]})

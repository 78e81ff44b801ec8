"""Who left between two years, masked: with why, by place and category; the list of those who could have gone on."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.admin.places import PlaceColumn
from audit.admin import ReadOnlyScopedAdmin
from beneficiaries.admin.narrowing import PlaceFilter
from beneficiaries.admin.searching import tell
from beneficiaries.marks import dialed
from beneficiaries.models.enrollment import enrollment_id_of
from beneficiaries.models.roster import EndReason
from beneficiaries.people_search import asked_for, people_found
from beneficiaries.registration import RULE_WORDS
from years.models import YearLeft

_PAGES = ("changelist", "export_list")
_WORDS = {**{reason.value: reason.label for reason in EndReason}, **RULE_WORDS}


@admin.register(YearLeft)
class YearLeftAdmin(PlaceColumn, ReadOnlyScopedAdmin):
    """The last comparison first."""

    list_display = ("cover_number", "person_name", "years", "place", "category", "outcome", "why", "organization")
    export_columns = ("cover_number", "enrollment__person__name", "years", "place", "category", "outcome", "why", "organization")
    list_filter = ("comparison", "outcome", "category", "organization", PlaceFilter)
    list_select_related = (
        "enrollment__person", "enrollment__program", "enrollment__period__program", "comparison__period", "comparison__before",
        "category", "organization",
    )
    search_fields = ("=id",)
    search_help_text = _("Cover number, document number, mobile phone number, or a name or its beginning")
    ordering = ("-id",)
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """With what a page names; nobody whose data is only kept."""
        rows = super().get_queryset(request).select_related(*self.list_select_related)
        return rows.filter(enrollment__beneficiary__restricted_at__isnull=True)

    def get_urls(self) -> list[Any]:
        """A list: each person's own page is that of the cover before."""
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        return [each for each in super().get_urls() if str(each.name or "").removeprefix(prefix) in _PAGES]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> tuple[QuerySet, bool]:
        """By cover number, or by document, telephone, name or its beginning; never by a pattern."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = enrollment_id_of(term)
        if found is not None and "-" in term and not dialed(term):
            return queryset.filter(enrollment=found), False
        asked = asked_for(term, by=request.user)
        tell(request, asked)
        named: Any = people_found(term) if asked.people is None else asked.people
        return queryset.filter(enrollment__person__in=named), False

    @display(description=_("cover before"))
    def cover_number(self, row: YearLeft) -> SafeString:
        """保障凭证号, a link to its page."""
        address = reverse("admin:beneficiaries_enrollment_change", args=[row.enrollment_id])
        return format_html('<a href="{}">{}</a>', address, row.enrollment.number)

    @display(description=_("name"))
    def person_name(self, row: YearLeft) -> str:
        """Masked."""
        return str(row.enrollment.person.name)

    @display(description=_("years"))
    def years(self, row: YearLeft) -> str:
        """From which period into which."""
        return f"{row.comparison.before.code} → {row.comparison.period.code}"

    @display(description=_("reason"))
    def why(self, row: YearLeft) -> str:
        """In words."""
        return str(_WORDS.get(row.reason, "")) or "—"

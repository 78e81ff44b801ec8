"""Lists of claims and of what they owe, read where the reader's offices and choice lie: ten million are not read for fifty."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import F, Min, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.offices import NAMED
from audit.paging import AFTER, KeysetChangeList, Place, Total, total_of
from audit.scope import BelowUnguessed
from beneficiaries.admin.named_offices import NamedOffices, any_named
from beneficiaries.admin.narrowing import PlaceFilter
from programs.models import Period

PROGRAM = "program__id__exact"


class FullPlaceFilter(PlaceFilter):
    """Of rows of named offices: a place that many rows lie in is not where these are looked for.

    It follows from the office, or most of it does, which the planner cannot know (`BelowUnguessed`).
    """

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """By the beginning of the code, which an index serves where it finds few."""
        narrowed = super().queryset(request, queryset)
        if narrowed is queryset or narrowed.query.is_empty() or not any_named(request):
            return narrowed
        there = queryset.model._base_manager.filter(region_code__startswith=self.value())
        if total_of(there, filtered=True).exact:
            return narrowed
        return queryset.filter(**{f"region_code__{BelowUnguessed.lookup_name}": self.value()})


class OfficeList(NamedOffices):
    """Mixed into an admin of rows that have an office of their own.

    By the offices' paths the planner does not know how many rows they have, and reads a whole table or sorts a whole office.
    """

    #: What is sorted by another than the key is sorted without its neighbors.
    keys_first = True
    #: Rows name their period: a program is found by its periods.
    has_period = False
    #: The moment by which a list is narrowed and whose order is nearly the key's.
    moment = ""

    def counted(self, request: HttpRequest, shown: KeysetChangeList) -> Total | None:
        """Up to the cap, where the rows lie."""
        if shown.query:
            return None
        filtered = bool(shown.has_active_filters or shown.get_filters_params())
        return total_of(shown.queryset.filter(self._where(shown)), filtered=filtered)

    def whereabouts(self, request: HttpRequest, shown: KeysetChangeList, place: Place) -> Iterable[tuple[Q, bool]]:
        """Of named periods, from a day's first row on; behind a row whose first key may be missing, first those that have it."""
        if shown.query:
            return
        within = self._where(shown)
        leading = shown.page_keys[0]
        if place.kind == AFTER and leading.nullable and not leading.descending and place.values[0] is not None:
            yield within & Q(**{f"{leading.path}__gte": place.values[0]}), False
        if within:
            yield within, True

    def _where(self, shown: Any) -> Q:
        """Asked once a page."""
        if not hasattr(shown, "rows_lie"):
            asked = shown.get_filters_params()
            shown.rows_lie = self._of_program(_one(asked.get(PROGRAM))) if self.has_period else Q()
            if self.moment:
                shown.rows_lie &= self._from_today(_one(asked.get(f"{self.moment}__gte")))
        found: Q = shown.rows_lie
        return found

    def _from_today(self, asked: str) -> Q:
        """Of rows since today or yesterday: none is before the first of all offices'; older days have too many to look for it."""
        try:
            begins = parse_datetime(asked)
        except ValueError:
            return Q()
        yesterday = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
        if begins is None or timezone.is_naive(begins) or begins < yesterday:
            return Q()
        # Added to nothing: the least key itself would be looked for from the beginning of the table.
        since = self.model._base_manager.filter(**{f"{self.moment}__gte": begins}).aggregate(first=Min(F("pk") + 0))
        return Q(pk__gte=since["first"]) if since["first"] is not None else Q()

    def _of_program(self, chosen: str) -> Q:
        if not (chosen.isascii() and chosen.isdecimal() and len(chosen) < 19):
            return Q()
        found = list(Period.objects.filter(program=int(chosen)).order_by("pk").values_list("pk", flat=True)[: NAMED + 1])
        return Q(period__in=found) if len(found) <= NAMED else Q()


def _one(asked: Any) -> str:
    """The last of what was asked by one name."""
    return str(asked[-1] if isinstance(asked, list) and asked else asked or "")

"""Lists of claims and of what they owe, read where the reader's offices and choice lie: ten million are not read for fifty."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from accounts.models import Organization
from audit.admin.base import ScopedModelAdmin
from audit.paging import AFTER, KeysetChangeList, Place, Total, total_of
from programs.models import Period

#: Offices and periods that are named one by one; whoever reads more offices reads most rows, which are found in turn.
NAMED = 64
PROGRAM = "program__id__exact"


class OfficeList(ScopedModelAdmin):
    """Mixed into an admin of rows that have an office.

    By the offices' paths the planner would not know how many rows they have, and read a whole table or sort a whole office.
    """

    #: Rows name their period: a program is found by its periods.
    has_period = False

    def counted(self, request: HttpRequest, shown: KeysetChangeList) -> Total | None:
        """Up to the cap, where the rows lie."""
        if shown.query:
            return None
        filtered = bool(shown.has_active_filters or shown.get_filters_params())
        return total_of(shown.queryset.filter(self._within(request, shown)), filtered=filtered)

    def whereabouts(self, request: HttpRequest, shown: KeysetChangeList, place: Place) -> Iterable[tuple[Q, bool]]:
        """Named offices and periods; behind a row whose first key may be missing, first those that have it."""
        if shown.query:
            return
        within = self._within(request, shown)
        leading = shown.page_keys[0]
        if place.kind == AFTER and leading.nullable and not leading.descending and place.values[0] is not None:
            yield within & Q(**{f"{leading.path}__gte": place.values[0]}), False
        if within:
            yield within, True

    def _within(self, request: HttpRequest, shown: Any) -> Q:
        """Asked once a page."""
        if not hasattr(shown, "offices_named"):
            shown.offices_named = self._offices(request) & self._periods(shown)
        found: Q = shown.offices_named
        return found

    def _offices(self, request: HttpRequest) -> Q:
        user: Any = request.user
        reached = Q(pk__in=[])
        for grant in user.grants(self.permission("view")):
            reached |= Q(path__startswith=grant.organization_path)
        found = list(Organization.objects.filter(reached).order_by("pk").values_list("pk", flat=True)[: NAMED + 1])
        return Q(organization__in=found) if len(found) <= NAMED else Q()

    def _periods(self, shown: Any) -> Q:
        chosen = str((shown.get_filters_params().get(PROGRAM) or [""])[-1]) if self.has_period else ""
        if not (chosen.isascii() and chosen.isdecimal() and len(chosen) < 19):
            return Q()
        found = list(Period.objects.filter(program=chosen).order_by("pk").values_list("pk", flat=True)[: NAMED + 1])
        return Q(period__in=found) if len(found) <= NAMED else Q()

"""The list of people, read through what the reader's offices know of them: each office's newest, not everybody in turn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from accounts.models import Organization
from audit.admin.base import ScopedModelAdmin
from audit.paging import AFTER, BEFORE, CAP, KeysetChangeList, Place, Total, beyond_cap
from beneficiaries.models import Beneficiary

#: A reader who knows so few has them named one by one; of more, so many are tried at once, each time more.
FEW, TRIED = 2_000, (4, 40)
#: Offices that are looked into one by one; whoever reads more reads most people, who are found in turn.
OFFICES = 64


class KnownList(ScopedModelAdmin):
    """Mixed into the admin of people."""

    def counted(self, request: HttpRequest, shown: KeysetChangeList) -> Total | None:
        """Of a list that is not narrowed: as many as are known, up to the cap."""
        if shown.query or shown.get_filters_params():
            return None
        known = list(self._known(request).values_list("person", flat=True)[: CAP + 1])
        return Total(len(set(known)), exact=True) if len(known) <= CAP else beyond_cap(shown.queryset, filtered=False)

    def whereabouts(self, request: HttpRequest, shown: KeysetChangeList, place: Place) -> Iterable[tuple[Q, bool]]:
        """The people next in turn that each office knows."""
        if shown.query or len(shown.page_keys) > 1:
            return
        known = self._known(request)
        few = list(known.values_list("person", flat=True)[: FEW + 1])
        if len(few) <= FEW:
            yield Q(pk__in=few), True
            return
        offices = self._offices(request)
        if offices is None:
            return
        falling = shown.page_keys[0].descending != place.backward
        if place.kind in (AFTER, BEFORE):
            known = known.filter(**{f"person__{'lt' if falling else 'gt'}": place.values[0]})
        rows = known.order_by("-person" if falling else "person").values_list("person", flat=True).distinct()
        for times in TRIED:
            wanted = self.list_per_page * times
            parts = [rows.filter(organization=office)[:wanted] for office in offices]
            people = sorted(set(parts[0].union(*parts[1:], all=True)), reverse=falling)
            yield Q(pk__in=people[:wanted]), len(people) < wanted

    def _known(self, request: HttpRequest) -> Any:
        return Beneficiary.objects.visible_to(request.user, self.permission("view")).order_by()

    def _offices(self, request: HttpRequest) -> list[int] | None:
        """Those within the reader's reach; None where they are many."""
        user: Any = request.user
        within = Q(pk__in=[])
        for grant in user.grants(self.permission("view")):
            within |= Q(path__startswith=grant.organization_path)
        found = list(Organization.objects.filter(within).order_by("pk").values_list("pk", flat=True)[: OFFICES + 1])
        return found if 0 < len(found) <= OFFICES else None

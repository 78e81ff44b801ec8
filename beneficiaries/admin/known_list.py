"""The list of people, read through what the reader's offices know of them: each office's newest, not everybody in turn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from audit.paging import AFTER, BEFORE, CAP, KeysetChangeList, Place, Total, beyond_cap
from beneficiaries.admin.named_offices import NamedOffices
from beneficiaries.models import Beneficiary

#: A reader who knows so few has them named one by one; of more, so many pages are tried at once, each time more. First little
#: more than a page, which is mostly enough: of many a planner reads a whole region instead, of whose office it knows too little.
FEW, TRIED = 2_000, (1.2, 4, 40)
#: Among so many a narrowed list is first found longer than it is counted.
LOOKED_AT = 4 * CAP


class KnownList(NamedOffices):
    """Mixed into the admin of people."""

    def counted(self, request: HttpRequest, shown: KeysetChangeList) -> Total | None:
        """As many as are known, up to the cap; of a narrowed list at first among some of those who are known."""
        if shown.query:
            return None
        known = self._known(request).values_list("person", flat=True)
        if shown.get_filters_params():
            some = shown.queryset.order_by().filter(pk__in=known[:LOOKED_AT])
            return Total(CAP, exact=False) if some.count() > CAP else None
        first = list(known[: CAP + 1])
        return Total(len(set(first)), exact=True) if len(first) <= CAP else beyond_cap(shown.queryset, filtered=False)

    def whereabouts(self, request: HttpRequest, shown: KeysetChangeList, place: Place) -> Iterable[tuple[Q, bool]]:
        """The people next in turn that each office knows."""
        if shown.query or len(shown.page_keys) > 1:
            return
        known = self._known(request)
        few = list(known.values_list("person", flat=True)[: FEW + 1])
        if len(few) <= FEW:
            yield Q(pk__in=few), True
            return
        named = self.named_offices(request)
        if not named:
            return
        offices = sorted({office for offices in named.values() for office in offices})
        # Of each office whomever it knows, in the order of their index: who is not for this reader, the list itself leaves out.
        falling = shown.page_keys[0].descending != place.backward
        rows = Beneficiary.objects.order_by("-person" if falling else "person").values_list("person", flat=True).distinct()
        if place.kind in (AFTER, BEFORE):
            rows = rows.filter(**{f"person__{'lt' if falling else 'gt'}": place.values[0]})
        for times in TRIED:
            wanted = round(self.list_per_page * times)
            parts = [rows.filter(organization=office)[:wanted] for office in offices]
            people = sorted(set(parts[0].union(*parts[1:], all=True)), reverse=falling)
            yield Q(pk__in=people[:wanted]), len(people) < wanted

    def _known(self, request: HttpRequest) -> Any:
        permission = self.permission("view")
        return Beneficiary.objects.visible_to(request.user, permission, offices=self.named_offices(request)).order_by()

"""Lists of enrollments that are counted by their counts, and read only where these say that their rows lie."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import Q
from django.http import HttpRequest

from audit.admin.base import ScopedModelAdmin
from audit.paging import AFTER, BEFORE, KeysetChangeList, Place, Total
from beneficiaries.gating import Gate
from beneficiaries.whereabouts import Kinds, kinds_of, stretches, total


class CountedList(ScopedModelAdmin):
    """Mixed into the admin of enrollments, or of those that wait for one gate."""

    gate: ClassVar[Gate | None] = None
    reads_between = True

    def counted(self, request: HttpRequest, shown: KeysetChangeList) -> Total | None:
        """To the person, where the counts tell what the list is narrowed to."""
        kinds = self._kinds(request, shown)
        number = None if kinds is None else total(kinds)
        return None if number is None else Total(number, exact=True)

    def whereabouts(self, request: HttpRequest, shown: KeysetChangeList, place: Place) -> Iterable[tuple[Q, bool]]:
        """Between which numbers the page's rows lie."""
        kinds = self._kinds(request, shown)
        if kinds is None or len(shown.page_keys) > 1:
            return ()
        beyond = place.values[0] if place.kind in (AFTER, BEFORE) else None
        falling = shown.page_keys[0].descending != place.backward
        found = stretches(kinds, beyond=beyond, falling=falling, wanted=self.list_per_page + 1)
        return () if found is None else (found,)

    def _kinds(self, request: HttpRequest, shown: Any) -> Kinds | None:
        """Asked once a page."""
        if not hasattr(shown, "kinds_shown"):
            asked = shown.get_filters_params()
            shown.kinds_shown = None if shown.query else kinds_of(
                self.model, request.user, self.permission("view"), asked, gate=self.gate
            )
        found: Kinds | None = shown.kinds_shown
        return found

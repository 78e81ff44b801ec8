"""Filters of lists of enrollments: the step at which people wait, the roster they came by, the place where they live."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from beneficiaries.gating import Gate, waiting_at

GATES = {
    Gate.NOTICE: _("Public notice"), Gate.OWN_PAYMENT: _("Own payment"), Gate.ACCEPTANCE: _("Acceptance by the insurer"),
}
#: Regions offered at once.
MOST = 300
_DEEPER = {0: 4, 2: 4, 4: 6, 6: 9, 9: 12}


class _PathFilter(admin.SimpleListFilter):
    """A filter of rows that are enrollments, or point to one by `path`."""

    path: ClassVar[str] = ""


class GateFilter(_PathFilter):
    """Whose next step this is."""

    title = _("waits for")
    parameter_name = "gate"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """The steps before cover."""
        return [(gate.value, words) for gate, words in GATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """As boards count them."""
        wanted = self.value()
        if not wanted:
            return queryset
        if wanted not in list(Gate):
            return queryset.none()
        return queryset.filter(waiting_at(Gate(wanted), prefix=self.path))


class RosterFilter(_PathFilter):
    """Of one roster, as a link names it; "none" for what came without one."""

    title = _("roster")
    parameter_name = "roster"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """The one that is shown."""
        wanted = self.used_parameters.get(self.parameter_name) or request.GET.get(self.parameter_name)
        if not wanted:
            return []
        return [(wanted, _("without a roster") if wanted == "none" else f"#{wanted}")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """Its rows."""
        wanted = self.value()
        if not wanted:
            return queryset
        if wanted == "none":
            return queryset.filter(**{f"{self.path}roster__isnull": True})
        if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 19):
            return queryset.none()
        return queryset.filter(**{f"{self.path}roster": wanted})


class PlaceFilter(_PathFilter):
    """In one region and below it; what can be chosen goes down to the village, step by step."""

    title = _("place")
    parameter_name = "place"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """The chosen region and those right below it, within the reader's own."""
        user: Any = request.user
        wanted = str(request.GET.get(self.parameter_name, ""))
        root = wanted if wanted.isascii() and wanted.isdecimal() else user.organization.region_code or ""
        deeper = _DEEPER.get(len(root))
        found = Region.objects.filter(pk=root) if root else Region.objects.none()
        below = Region.objects.below(root).filter(level=deeper) if deeper else Region.objects.none()
        named = "code", "name"
        return [*found.values_list(*named), *below.order_by("code").values_list(*named)[:MOST]] or [(root, root)]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        """By the beginning of the code, which an index serves."""
        wanted = self.value()
        if not wanted:
            return queryset
        if not (wanted.isascii() and wanted.isdecimal()):
            return queryset.none()
        return queryset.filter(**{f"{self.path}region_code__startswith": wanted})

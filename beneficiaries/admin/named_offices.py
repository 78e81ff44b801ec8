"""Lists whose statements name the reader's offices, so that the planner knows how many rows these have."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.offices import offices_named
from audit.admin.base import ScopedModelAdmin
from audit.scope import Offices

_KEPT = "_offices_named"


def any_named(request: HttpRequest) -> bool:
    """Whether a list of this request named offices."""
    return any(request.__dict__.get(_KEPT, {}).values())


class NamedOffices(ScopedModelAdmin):
    """Mixed into an admin: by the offices' paths the planner would read a whole table or sort a whole office."""

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Visible rows, their offices named."""
        offices = self.named_offices(request)
        if offices is None:
            return super().get_queryset(request)
        rows: Any = self.model._default_manager.get_queryset()
        ordering = self.get_ordering(request)
        seen = rows.visible_to(request.user, self.permission("view"), offices=offices)
        return seen.order_by(*ordering) if ordering else seen

    def named_offices(self, request: HttpRequest) -> Offices | None:
        """Asked once a request."""
        kept: dict[str, Offices | None] = request.__dict__.setdefault(_KEPT, {})
        permission = self.permission("view")
        if permission not in kept:
            kept[permission] = offices_named(request.user, permission)
        return kept[permission]

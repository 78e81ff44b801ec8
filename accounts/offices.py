"""Offices within a user's reach, named: for statements whose planner is to know how many rows these have."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from accounts.models import Organization
from audit.scope import Offices

#: Offices that are named one by one; whoever reads more offices reads most rows, which are found in turn.
NAMED = 64


def offices_named(user: Any, permission: str | None) -> Offices | None:
    """By the path that opens them, for `visible_to`; None where they are many. One question."""
    if not hasattr(user, "grants"):
        return None
    paths = {grant.organization_path for grant in user.grants(permission)}
    reached = Q(pk__in=[])
    for path in paths:
        reached |= Q(path__startswith=path)
    found = list(Organization.objects.filter(reached).order_by("pk").values_list("pk", "path")[: NAMED + 1])
    if len(found) > NAMED:
        return None
    return {path: [pk for pk, below in found if below.startswith(path)] for path in paths}

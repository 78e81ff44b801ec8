"""Who may see which rows: one door for admin, API and tasks. Knows no model of the rooms above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from django.apps import apps
from django.db import models
from django.db.models import Q


@dataclass(frozen=True)
class Grant:
    """Where one role of one user reaches: an organization and all below it, a region prefix, some programs or all."""

    role: str
    organization_path: str
    region_prefix: str = ""
    program_ids: frozenset[int] | None = None


class HasGrants(Protocol):
    """A signed-in user, as scope sees one."""

    def grants(self, permission: str | None = None) -> Sequence[Grant]:
        """Live grants; with a permission ("app.codename") only those whose role gives it."""


@dataclass(frozen=True)
class Scope:
    """Names of the lookups by which a model's rows are bound to organization, region and program.

    `through` names another model and its foreign key to this one: whoever sees one of its rows sees this one.
    """

    organization_path: str = ""
    region: str = ""
    program: str = ""
    through: tuple[str, str] | None = None
    open_to_all: bool = False

    @classmethod
    def shared(cls) -> Scope:
        """Reference data: every signed-in user with a role."""
        return cls(open_to_all=True)

    @classmethod
    def nobody(cls) -> Scope:
        """The portal's own rows: no user, through no page."""
        return cls()

    def condition(self, grants: Sequence[Grant], user: HasGrants, permission: str | None) -> Q | None:
        """Which rows these grants reach; None for no row."""
        if not grants:
            return None
        if self.open_to_all:
            return Q()
        if self.through is not None:
            label, key = self.through
            seen = apps.get_model(label)._default_manager.visible_to(user, permission)
            return Q(pk__in=seen.order_by().values(key))
        if not self.organization_path:
            return None
        whole = Q()
        for grant in dict.fromkeys(grants):
            part = Q(**{f"{self.organization_path}__startswith": grant.organization_path})
            if grant.region_prefix:
                if not self.region:
                    continue
                part &= Q(**{f"{self.region}__startswith": grant.region_prefix})
            if grant.program_ids is not None and self.program:
                part &= Q(**{f"{self.program}__in": sorted(grant.program_ids)})
            whole |= part
        return whole or None


class ScopedQuerySet(models.QuerySet):
    """The base of every queryset: `visible_to` is the one door."""

    def visible_to(self, user: Any, permission: str | None = None) -> Self:
        """Rows that a user may see; with a permission, rows for which a role of theirs gives it."""
        if not getattr(user, "is_authenticated", False) or not hasattr(user, "grants"):
            return self.none()
        scope: Scope = self.model.scope
        condition = scope.condition(user.grants(permission), user, permission)
        return self.none() if condition is None else self.filter(condition)

"""Who may see which rows: one door for admin, API and tasks. Knows no model of the rooms above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Protocol, Self

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.db.models.lookups import Lookup, StartsWith


@dataclass(frozen=True)
class Grant:
    """Where one role of one user reaches: an organization and all below it, a region prefix, some programs or all.

    `operates_portal`: held, without any limit, in the organization that runs the portal; what belongs to no office
    (reference data, the portal's own work) is changed by such a role only.
    """

    role: str
    organization_path: str
    region_prefix: str = ""
    program_ids: frozenset[int] | None = None
    operates_portal: bool = False


class HasGrants(Protocol):
    """A signed-in user, as scope sees one."""

    def grants(self, permission: str | None = None) -> Sequence[Grant]:
        """Live grants; with a permission ("app.codename") only those whose role gives it."""


#: The path of an organization -> the keys of it and of all below it.
Offices = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Scope:
    """Names of the lookups by which a model's rows are bound to organization, region and program.

    `upward`: rows of organizations and regions above the user's are seen too (a county sees its city's program).
    `reading_only`: opens rows to be seen; no permission but a "view_" or "export_" one reaches them this way.
    `where`: a further condition on the rows that are opened, as (lookup, value): what another office may see once it is decided.
    `many`: a lookup crosses to many rows; the condition becomes a subquery, so that no row comes twice.
    `owner`: the foreign key whose rows that subquery is asked of, with lookups from there: where very many rows share few.
    `through`: another model and its foreign key to this one: whoever sees one of its rows sees this one.
    `by_dealings`: the row is opened by what the reader's own offices do with it, so offices that know nothing of each
    other meet in it; each gets its own part of the row's history.
    `alternatives`: any of these scopes opens the row.
    `unowned`: rows without an owner (this lookup is null) are reference data of the portal; see `shared`.
    """

    organization_path: str = ""
    region: str = ""
    program: str = ""
    upward: bool = False
    many: bool = False
    owner: str = ""
    reading_only: bool = False
    where: tuple[tuple[str, Any], ...] = ()
    by_dealings: bool = False
    through: tuple[str, str] | None = None
    alternatives: tuple[Scope, ...] = ()
    open_to_all: bool = False
    unowned: str = ""

    @classmethod
    def shared(cls) -> Scope:
        """Reference data: read by every signed-in user with a role, changed by who operates the portal."""
        return cls(open_to_all=True)

    @classmethod
    def nobody(cls) -> Scope:
        """The portal's own rows: no user, through no page."""
        return cls()

    @classmethod
    def any_of(cls, *alternatives: Scope) -> Scope:
        """Rows that one of several scopes opens."""
        return cls(alternatives=alternatives)

    @property
    def is_met_by_many(self) -> bool:
        """Whether offices that know nothing of each other see one row."""
        return self.through is not None or self.by_dealings or any(each.is_met_by_many for each in self.alternatives)

    def condition(
        self, model: type[models.Model], grants: Sequence[Grant], user: HasGrants, permission: str | None,
        offices: Offices | None = None,
    ) -> Q | None:
        """Which rows of the model these grants reach; None for no row. `offices` stand in place of paths."""
        if not grants or (self.reading_only and not only_reads(permission)):
            return None
        if self.open_to_all:
            # Everybody reads what everybody shares; who may change it changes it for everybody.
            return Q() if only_reads(permission) or any(grant.operates_portal for grant in grants) else None
        if self.unowned:
            portal = only_reads(permission) or any(grant.operates_portal for grant in grants)
            return Q(**{f"{self.unowned}__isnull": True}) if portal else None
        if self.alternatives:
            every = [scope.condition(model, grants, user, permission) for scope in self.alternatives]
            found = [condition for condition in every if condition is not None]
            # An empty Q opens every row, but Django reads `Q() | x` as x.
            return reduce(or_, found) if found and all(found) else Q() if found else None
        if self.through is not None:
            label, key = self.through
            seen = apps.get_model(label)._default_manager.visible_to(user, permission, offices=offices)
            return Q(pk__in=seen.order_by().values(key))
        if not self.organization_path:
            return None
        parts = [self._reach(grant, offices) for grant in dict.fromkeys(grants)]
        whole = reduce(or_, [part for part in parts if part is not None], Q()) or None
        if whole is not None and self.where:
            whole &= Q(**dict(self.where))
        if whole is None or not self.many:
            return whole
        asked: Any = model._meta.get_field(self.owner).related_model if self.owner else model
        return Q(**{f"{self.owner or 'pk'}__in": asked._default_manager.filter(whole).order_by().values("pk")})

    def _reach(self, grant: Grant, offices: Offices | None = None) -> Q | None:
        """What one grant opens; None when its region cannot be held to this model."""
        if offices is None:
            reach = Q(**{f"{self.organization_path}__startswith": grant.organization_path})
        else:
            reach = Q(**{f"{self.organization_path.removesuffix('path')}in": offices[grant.organization_path]})
        if self.upward:
            reach |= Q(**{f"{self.organization_path}__in": _paths_above(grant.organization_path)})
        if grant.region_prefix:
            if not self.region:
                return None
            # Rows of named offices nearly all lie in the offices' regions; the planner, which cannot know that, would expect few.
            # Of a town below the office's county there are few.
            follows = offices is not None and len(grant.region_prefix) <= _COUNTY
            lookup = BelowUnguessed.lookup_name if follows else "startswith"
            inside = Q(**{f"{self.region}__{lookup}": grant.region_prefix})
            if self.upward:
                above = {grant.region_prefix[:size] for size in _LEVELS}
                inside |= Q(**{f"{self.region}__in": ["", *sorted(above)]})
            reach &= inside
        if grant.program_ids is not None and self.program:
            reach &= Q(**{f"{self.program}__in": sorted(grant.program_ids)})
        return reach


_LEVELS = (2, 4, 6, 9, 12)
_COUNTY = 6


@models.CharField.register_lookup
class BelowUnguessed(Lookup):
    """`startswith` of which the planner believes that half of the rows meet it, and which no index serves.

    For a region beside an office: each is rare and one follows from the other, but they are taken for independent, so that a
    handful of rows is expected where there are all of a county's.
    """

    lookup_name = "below_unguessed"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """False where there is no text, as no row is found there by the other."""
        sql, params = compiler.compile(StartsWith(self.lhs, self.rhs))
        return f"coalesce({sql}, false)", params


def only_reads(permission: str | None) -> bool:
    """Whether a permission changes nothing: an export shows what the list shows."""
    return permission is None or permission.split(".")[-1].startswith(("view_", "export_"))


def _paths_above(path: str) -> list[str]:
    """"/1/5/9/" -> ["/1/", "/1/5/"]."""
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[:count]) + "/" for count in range(1, len(parts))]


class ScopedQuerySet(models.QuerySet):
    """The base of every queryset: `visible_to` is the one door."""

    def visible_to(self, user: Any, permission: str | None = None, *, offices: Offices | None = None) -> Self:
        """Rows that a user may see; with a permission, rows for which a role of theirs gives it.

        `offices`: within each path of the user's grants, named: for lists whose planner is to know how many rows these have.
        """
        if not getattr(user, "is_authenticated", False) or not hasattr(user, "grants"):
            return self.none()
        model: Any = self.model
        scope: Scope = model.scope
        condition = scope.condition(self.model, user.grants(permission), user, permission, offices)
        return self.none() if condition is None else self.filter(condition)

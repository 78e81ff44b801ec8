"""Memberships: who holds which role where, until when; made and ended by actions only."""

from __future__ import annotations

from datetime import date
from functools import cache, reduce
from operator import or_
from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, models
from django.db.models import F, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.organization import Organization
from accounts.models.region import PREFIX_PATTERN
from accounts.models.user import User
from accounts.roles import DUTY_OF_ROLE, Duty, Role
from audit.history import tracked
from audit.scope import Grant, Scope, ScopedQuerySet

LIVE_DUTY_OF_ROLE = reduce(
    or_,
    (
        # A comparison with NULL is unknown, and a CHECK lets the unknown pass: say "is not null" too.
        Q(ended_at__isnull=True, duty__isnull=False, duty=duty, role__in=sorted(r for r, d in DUTY_OF_ROLE.items() if d == duty))
        for duty in Duty.values
    ),
)


class MembershipQuerySet(ScopedQuerySet):
    """Chainable words about memberships."""

    def live(self, *, on: date) -> Self:
        """Neither ended nor expired on a day, in an organization that still works."""
        return self.filter(ended_at__isnull=True, organization__active=True).filter(
            Q(expires_on__isnull=True) | Q(expires_on__gt=on)
        )

    def grants(self) -> list[Grant]:
        """These memberships as the scope primitive reads them."""
        return [_grant(*row) for row in self.as_grants()]

    def grants_of(self, user_id: int, *, on: date) -> list[Grant]:
        """What one user may do where on a day; every request asks it, so its words are composed once."""
        statement, order = _live_grants()
        values: list[Any] = [{_USER: user_id, _DAY: on}.get(value, value) for value in order]
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return [_grant(*row) for row in cursor.fetchall()]

    def as_grants(self) -> QuerySet[Any, Any]:
        """What a grant is made of, in the order in which `_grant` takes it."""
        programs = MembershipProgram.objects.filter(membership=OuterRef("pk")).values("program_id")
        return self.annotate(program_ids=ArraySubquery(programs)).values_list(
            "role", "organization__path", "organization__kind", "region_prefix", "every_program", "program_ids"
        )


def _grant(
    role: str, path: str, kind: str, region_prefix: str, every_program: bool, program_ids: list[int]
) -> Grant:
    return Grant(
        role=role, organization_path=path, region_prefix=region_prefix,
        program_ids=None if every_program else frozenset(program_ids),
        operates_portal=kind == Organization.Kind.OPERATOR and every_program and not region_prefix,
    )


#: Stand for the user and the day until both are known.
_USER, _DAY = -1, date.min


@cache
def _live_grants() -> tuple[str, tuple[Any, ...]]:
    """The statement and its values in order; composing it costs ten times what the database needs to answer."""
    composed: tuple[str, tuple[Any, ...]] = (
        Membership.objects.filter(user_id=_USER).live(on=_DAY).as_grants().query.sql_with_params()
    )
    return composed


@tracked
class Membership(models.Model):
    """One role of one user in one organization and region.

    `duty` repeats the role's duty while the membership is not ended. A composite foreign key (user, duty) ->
    User(id, duty) lets the database refuse two duties of one person, under any concurrency.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships", verbose_name=_("user"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="memberships", verbose_name=_("organization")
    )
    role = models.CharField(_("role"), max_length=20, choices=Role, db_collation="C")
    duty = models.CharField(_("duty"), max_length=10, choices=Duty, null=True, editable=False, db_collation="C")
    region_prefix = models.CharField(
        _("region"), max_length=12, blank=True, default="", db_collation="C",
        help_text=_("Region code; empty: the whole country."),
    )
    every_program = models.BooleanField(_("all programs"), default=True)
    granted_at = models.DateTimeField(_("granted at"), default=timezone.now)
    granted_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="memberships_granted", verbose_name=_("granted by")
    )
    expires_on = models.DateField(
        _("expires on"), null=True, blank=True, help_text=_("The first day on which it no longer holds.")
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    scope = Scope(organization_path="organization__path", region="organization__region_code")
    personal_fields = ()
    open_fields = (
        "id", "user", "organization", "role", "duty", "region_prefix", "every_program", "granted_at", "granted_by",
        "expires_on", "ended_at",
    )

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["user__username", "role", "id"]
        permissions = [
            ("grant_membership", _("Can grant roles")),
            ("end_membership", _("Can end memberships")),
        ]
        constraints = [
            models.CheckConstraint(
                name="membership_duty_is_role_duty_until_ended",
                condition=Q(ended_at__isnull=False, duty__isnull=True) | LIVE_DUTY_OF_ROLE,
            ),
            models.CheckConstraint(
                name="membership_region_prefix_is_code", condition=Q(region_prefix__regex=PREFIX_PATTERN)
            ),
            models.CheckConstraint(
                name="membership_expires_after_grant",
                condition=Q(expires_on__isnull=True) | Q(expires_on__gt=TruncDate("granted_at")),
            ),
            models.CheckConstraint(
                name="membership_ends_after_grant",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("granted_at")),
            ),
            models.CheckConstraint(
                name="membership_not_granted_to_oneself",
                condition=Q(granted_by__isnull=True) | ~Q(granted_by=F("user")),
            ),
            models.UniqueConstraint(
                name="membership_live_once",
                fields=["user", "organization", "role", "region_prefix"],
                condition=Q(ended_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"

    def is_live(self, *, on: date) -> bool:
        """Neither ended nor expired on a day."""
        return self.ended_at is None and (self.expires_on is None or self.expires_on > on)


@tracked
class MembershipProgram(models.Model):
    """A program that a membership is limited to; a plain id, since programs live on a floor above."""

    membership = models.ForeignKey(Membership, models.CASCADE, related_name="programs")
    program_id = models.BigIntegerField(_("program"))

    objects = ScopedQuerySet.as_manager()

    scope = Scope(
        organization_path="membership__organization__path", region="membership__organization__region_code"
    )
    personal_fields = ()
    open_fields = ("id", "membership", "program_id")

    class Meta:
        verbose_name = _("program of a membership")
        verbose_name_plural = _("programs of memberships")
        constraints = [
            models.UniqueConstraint(name="membership_program_once", fields=["membership", "program_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} {self.program_id}"

"""Actions on memberships: the only writers of roles; a change of role ends the user's sessions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.actions.guards import refuse_without_security
from accounts.actions.users import end_sessions
from accounts.errors import AccountsRefused
from accounts.models import Membership, MembershipProgram, Organization, Region, User
from accounts.roles import DUTY_OF_ROLE, Role
from audit import events
from audit.faults import fault_point


@transaction.atomic
def grant_membership(
    user: User,
    *,
    role: str,
    organization: Organization,
    by: User | str,
    at: datetime,
    region_prefix: str | None = None,
    program_ids: Iterable[int] | None = None,
    expires_on: date | None = None,
) -> Membership:
    """Give a user a role; `region_prefix` None means the organization's own region, `program_ids` None all."""
    if role not in Role.values:
        raise AccountsRefused("ROLE_UNKNOWN", role=role)
    if isinstance(by, User) and by.pk == user.pk:
        raise AccountsRefused("OWN_GRANT")
    # FOR UPDATE, not NO KEY: the duty is part of a key that memberships refer to.
    user = User.objects.select_for_update(of=("self",)).select_related("organization").get(pk=user.pk)
    organization = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    prefix = organization.region_code if region_prefix is None else region_prefix
    programs = None if program_ids is None else sorted(set(program_ids))
    _check_place(user, organization, prefix, programs, by=by, expires_on=expires_on, at=at)
    fault_point("accounts.grant_membership.before")
    _take_duty(user, role=role, at=at)
    membership = Membership(
        user=user,
        organization=organization,
        role=role,
        duty=DUTY_OF_ROLE[role],
        region_prefix=prefix,
        every_program=programs is None,
        granted_at=at,
        granted_by=by if isinstance(by, User) else None,
        expires_on=expires_on,
    )
    if user.memberships.filter(
        role=role, organization=organization, region_prefix=prefix, ended_at__isnull=True
    ).exists():
        raise AccountsRefused("ALREADY_GRANTED")
    membership.save(force_insert=True)
    MembershipProgram.objects.bulk_create(
        MembershipProgram(membership=membership, program_id=program_id) for program_id in programs or ()
    )
    end_sessions(user)
    _record("membership.granted", membership, by=by, at=at, programs=programs)
    fault_point("accounts.grant_membership.after")
    return membership


@transaction.atomic
def end_membership(membership: Membership, *, by: User | str, at: datetime) -> Membership:
    """End a membership and every session of its user."""
    if isinstance(by, User) and by.pk == membership.user_id:
        raise AccountsRefused("OWN_GRANT")
    user = User.objects.select_for_update().get(pk=membership.user_id)
    membership = Membership.objects.select_related("organization").get(pk=membership.pk)
    if membership.ended_at is not None:
        raise AccountsRefused("ALREADY_ENDED")
    refuse_without_security(losing=Q(pk=membership.pk))
    fault_point("accounts.end_membership.before")
    _end(membership, at=at)
    end_sessions(user)
    _record("membership.ended", membership, by=by, at=at)
    fault_point("accounts.end_membership.after")
    return membership


def _check_place(
    user: User,
    organization: Organization,
    prefix: str,
    programs: list[int] | None,
    *,
    by: User | str,
    expires_on: date | None,
    at: datetime,
) -> None:
    if not user.is_active:
        raise AccountsRefused("USER_INACTIVE")
    if not organization.active:
        raise AccountsRefused("ORGANIZATION_INACTIVE")
    if expires_on is not None and expires_on <= timezone.localdate(at):
        raise AccountsRefused("EXPIRY_PAST")
    if prefix and not Region.objects.filter(code=prefix).exists():
        raise AccountsRefused("REGION_UNKNOWN", region=prefix)
    if not prefix.startswith(organization.region_code):
        raise AccountsRefused("REGION_OUTSIDE", region=prefix, organization_region=organization.region_code)
    if isinstance(by, User) and not _reaches(by, organization, prefix, programs):
        raise AccountsRefused("OUT_OF_SCOPE")


def _reaches(by: User, organization: Organization, prefix: str, programs: list[int] | None) -> bool:
    """Whether a security administrator's own place covers the place they want to grant, its programs too."""
    live = by.memberships.live(on=timezone.localdate()).filter(role=Role.SECURITY_ADMIN)
    return any(
        organization.path.startswith(grant.organization_path) and prefix.startswith(grant.region_prefix)
        and (grant.program_ids is None or (programs is not None and grant.program_ids.issuperset(programs)))
        for grant in live.grants()
    )


def _take_duty(user: User, *, role: str, at: datetime) -> None:
    """Let a locked user take the role's duty; expired memberships are ended first, live ones of another refuse."""
    duty = DUTY_OF_ROLE[role]
    if user.duty == duty:
        return
    day = timezone.localdate(at)
    for membership in user.memberships.filter(ended_at__isnull=True).select_related("organization").order_by("pk"):
        if membership.expires_on is None or membership.expires_on > day:
            raise AccountsRefused("DUTY_CONFLICT", role=Role(role).label)
        _end(membership, at=at)
        _record("membership.ended", membership, by="system:expiry", at=at)
    user.duty = duty
    user.save(update_fields=["duty"])


def _end(membership: Membership, *, at: datetime) -> None:
    membership.ended_at, membership.duty = max(at, membership.granted_at), None
    membership.save(update_fields=["ended_at", "duty"])


def _record(
    verb: str,
    membership: Membership,
    *,
    by: User | str,
    at: datetime,
    programs: list[int] | None = None,
) -> None:
    data = {
        "user": membership.user_id,
        "role": str(membership.role),
        "region_prefix": membership.region_prefix,
        "expires_on": membership.expires_on.isoformat() if membership.expires_on else None,
        "programs": programs,
    }
    events.record(
        verb,
        membership,
        by=by,
        at=at,
        organization=membership.organization,
        region_code=membership.organization.region_code,
        data=data,
    )

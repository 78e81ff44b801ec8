"""What holds for every administrator: someone must remain who can grant roles, and nobody acts on a person beyond reach."""

from __future__ import annotations

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from accounts.errors import AccountsRefused
from accounts.models import Membership, User
from accounts.roles import Role

#: Serializes what takes security administrators away: two at once must not take the last two.
_LOCK = "accounts.security"


def refuse_without_security(*, losing: Q) -> None:
    """Refuse, in the caller's transaction, what would leave the portal without a lasting security administrator.

    `losing`: the memberships that go. One with an expiry day does not count as lasting; without any before, nothing is
    refused (a portal that is being set up).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_LOCK])
    lasting = Membership.objects.live(on=timezone.localdate()).filter(
        role=Role.SECURITY_ADMIN, user__is_active=True, expires_on=None, every_program=True
    )
    if lasting.filter(losing).exists() and not lasting.exclude(pk__in=lasting.filter(losing).values("pk")).exists():
        raise AccountsRefused("LAST_SECURITY_ADMIN")


def refuse_beyond_reach(user: User, *, permission: str, by: User | str) -> None:
    """Refuse to act on the account of a person who holds a role beyond one's own place: whoever gives a password or
    takes a second factor away could sign in as them."""
    if not isinstance(by, User):
        return
    for membership in Membership.objects.live(on=timezone.localdate()).filter(user=user).select_related("organization"):
        if not by.covers(permission, organization=membership.organization, region_code=membership.region_prefix):
            raise AccountsRefused("BEYOND_REACH")

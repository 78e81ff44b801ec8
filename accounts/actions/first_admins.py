"""The first three accounts of a new portal: who runs it, who grants roles, who watches both; nobody after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from accounts.actions.memberships import grant_membership
from accounts.actions.organizations import create_organization
from accounts.actions.users import create_user
from accounts.errors import AccountsRefused
from accounts.models import Organization, User
from accounts.roles import Role
from audit.faults import fault_point

SYSTEM = "system:first_admins"
# Held to the end of the transaction: two commands at once would both see an empty table of users.
_LOCK = 0x61646D696E


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """One of the three: `username` signs in with `password`, which must be changed at the first sign-in."""

    username: str
    role: str
    display_name: str
    password: str


#: User name of each role, in the order in which they are made.
USERNAMES: Mapping[str, str] = {
    Role.SYSTEM_ADMIN: "system", Role.SECURITY_ADMIN: "security", Role.AUDITOR: "auditor",
}


@transaction.atomic
def create_first_admins(
    organization: str, *, admins: tuple[FirstAdmin, FirstAdmin, FirstAdmin], by: str, at: datetime
) -> list[User]:
    """Three people of three duties in a first operator organization; refused once there is any user."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if User.objects.exists():
        raise AccountsRefused("USERS_EXIST")
    fault_point("accounts.create_first_admins.before")
    home = Organization.objects.filter(name=organization, parent=None).first() or create_organization(
        organization, kind=Organization.Kind.OPERATOR, by=by, at=at
    )
    users = []
    for admin in admins:
        user, _password = create_user(
            admin.username, display_name=admin.display_name, organization=home, by=by, at=at, password=admin.password
        )
        grant_membership(user, role=admin.role, organization=home, by=by, at=at)
        users.append(user)
    fault_point("accounts.create_first_admins.after")
    return users

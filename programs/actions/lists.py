"""What the actions on reference data share: who may write a list, and that its writers take turns."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from accounts.models import Organization, User
from programs.errors import ProgramRefused


@dataclass(frozen=True)
class ListImport:
    """What a file changed: counts of rows."""

    read: int
    added: int
    changed: int


def refuse_stranger(permission: str, *, by: User | str) -> None:
    """What every office shares is changed by a role held without limit where the portal is operated."""
    if isinstance(by, User) and not operates_portal(by, permission):
        raise ProgramRefused("OUT_OF_SCOPE")


def refuse_other_keeper(permission: str, *, organization: Organization | None, by: User | str) -> None:
    """An organization's own table is changed by whoever holds the permission there or above; the portal's by its operator."""
    if not isinstance(by, User):
        return
    if organization is None:
        refuse_stranger(permission, by=by)
    elif not by.covers(permission, organization=organization, region_code=organization.region_code):
        raise ProgramRefused("OUT_OF_SCOPE")


def operates_portal(user: User, permission: str) -> bool:
    """Whether a role that gives the permission is held without limit where the portal is operated."""
    return any(grant.operates_portal for grant in user.grants(permission))


def keeper_of(user: User, permission: str) -> Organization | None:
    """Whose table a user writes: the portal's (None) or that of their own organization."""
    return None if operates_portal(user, permission) else user.organization


def hold_list(model: type[models.Model]) -> None:
    """Until the transaction ends nobody else adds to the list: a code that is not there now will not be there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LISTS + zlib.crc32(model._meta.label_lower.encode())])


#: Keeps the numbers of these locks from those of others.
_LISTS = 7_100_000_000


def differing(wanted: Any, kept: Any, fields: Sequence[str]) -> list[str]:
    """Names of the fields in which two rows differ."""
    return sorted(name for name in fields if getattr(wanted, name) != getattr(kept, name))

"""What of a program a reader reaches; rules only."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from programs.models import Program
from takeup.errors import TakeupRefused


def refuse_beyond(by: Any, permission: str, *, program: Program) -> None:
    """TakeupRefused("OUT_OF_SCOPE") unless a role of the user gives the permission over all of a program."""
    if isinstance(by, User) and not reaches(by, permission, program=program):
        raise TakeupRefused("OUT_OF_SCOPE")


def reaches(user: Any, permission: str, *, program: Program) -> bool:
    """Whether a role of the user gives the permission in the office that operates the program."""
    return any(
        program.organization.path.startswith(grant.organization_path)
        and program.region_code.startswith(grant.region_prefix)
        and (grant.program_ids is None or program.pk in grant.program_ids)
        for grant in user.grants(permission)
    )

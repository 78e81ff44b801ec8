"""Whether a user's role reaches an office's place in a program; rules only."""

from __future__ import annotations

from typing import Any

from accounts.models import Organization, User
from programs.models import Program
from retention.errors import RetentionRefused


def reaches(user: Any, permission: str, *, organization: Organization, region_code: str, program_id: int | None) -> bool:
    """Whether a role of the user gives the permission over all of it."""
    return any(
        organization.path.startswith(grant.organization_path) and region_code.startswith(grant.region_prefix)
        and (grant.program_ids is None or program_id in grant.program_ids)
        for grant in user.grants(permission)
    )


def refuse_beyond(by: Any, permission: str, *, organization: Organization, region_code: str, program_id: int | None) -> None:
    """RetentionRefused("OUT_OF_SCOPE") unless it is reached; system actors reach everything."""
    if isinstance(by, User) and not reaches(
        by, permission, organization=organization, region_code=region_code, program_id=program_id
    ):
        raise RetentionRefused("OUT_OF_SCOPE")


def refuse_beyond_program(by: Any, permission: str, program: Program) -> None:
    """The same, of a program and the office that operates it."""
    refuse_beyond(
        by, permission, organization=program.organization, region_code=program.region_code, program_id=program.pk
    )

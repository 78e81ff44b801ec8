"""Whether a user's role reaches an office's place in a program; rules only."""

from __future__ import annotations

from typing import Any

from accounts.models import Organization, User
from records.errors import RecordsRefused


def refuse_beyond(by: Any, permission: str, *, organization: Organization, region_code: str, program_id: int) -> None:
    """RecordsRefused("OUT_OF_SCOPE") unless a role of the user gives the permission there; system actors reach everything."""
    if isinstance(by, User) and not any(
        organization.path.startswith(grant.organization_path)
        and region_code.startswith(grant.region_prefix)
        and (grant.program_ids is None or program_id in grant.program_ids)
        for grant in by.grants(permission)
    ):
        raise RecordsRefused("OUT_OF_SCOPE")

"""Whether a user's role reaches a program's office, or its people; rules only."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _t

from accounts.models import Organization, User
from beneficiaries.models import Enrollment
from programs.models import Program
from subsidies.errors import SubsidyRefused


def refuse_beyond(by: Any, permission: str, *, program: Program) -> None:
    """SubsidyRefused("OUT_OF_SCOPE") unless a role of the user gives the permission in the office that operates the program."""
    if isinstance(by, User) and not reaches(by, permission, program=program):
        raise SubsidyRefused("OUT_OF_SCOPE")


def payer_in_words(line: Any) -> str:
    """Who bore a share and gets it back: a funder, an employer or sponsor that paid for others, or the insured themselves.

    `line`: one of `own_payers.with_sponsor`.
    """
    if line.funder is not None:
        return str(line.funder.name)
    employer = line.enrollment.employer
    return str(employer.name) if employer is not None else line.sponsor or _t("the insured themselves")


def reaches(user: Any, permission: str, *, program: Program) -> bool:
    """Whether a role of the user gives the permission over all of a program."""
    return any(
        program.organization.path.startswith(grant.organization_path)
        and program.region_code.startswith(grant.region_prefix)
        and (grant.program_ids is None or program.pk in grant.program_ids)
        for grant in user.grants(permission)
    )


def enrolls_nobody(user: Any, permission: str) -> bool:
    """Whether none of the offices that a role of the user reaches has enrolled anybody: a funder's, an insurer's.

    Their lists of people are empty; to find that out row by row, every line of every request would be read.
    """
    reached = [Q(path__startswith=path) for path in {grant.organization_path for grant in user.grants(permission)}]
    offices = list(Organization.objects.filter(reduce(or_, reached)).values_list("pk", flat=True)) if reached else []
    return not Enrollment.objects.filter(organization__in=offices)[:1].exists()

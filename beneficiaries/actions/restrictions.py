"""Restricting what is done with a person's data, and lifting it: called by whoever decides a person's request."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from accounts.models import Organization
from audit import events
from audit.faults import fault_point
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Beneficiary, Person
from beneficiaries.restricting import known_to
from beneficiaries.turns import record_deaths_alone, work_alone


def restrict_person(person: Person, *, organization: Organization, by: Any, at: datetime) -> int:
    """From now on the office and those below it only keep the data; how many of its records that concerns."""
    return _set(person, organization, restricted_at=at, verb="person.restricted", code="RESTRICTED_ALREADY", by=by, at=at)


def lift_restriction(person: Person, *, organization: Organization, by: Any, at: datetime) -> int:
    """The office works with the data again."""
    return _set(person, organization, restricted_at=None, verb="person.restriction_lifted", code="NOT_RESTRICTED", by=by, at=at)


def _set(
    person: Person, organization: Organization, *, restricted_at: datetime | None, verb: str, code: str, by: Any, at: datetime
) -> int:
    with transaction.atomic():
        known = known_to(person, organization).filter(restricted_at__isnull=restricted_at is not None)
        known = known.select_related("organization")
        with connection.cursor() as cursor:
            # Nobody is being covered meanwhile: a roster or purchase would enroll whom it saw unrestricted.
            record_deaths_alone(cursor)
            for place in known.order_by("program_id", "organization_id").distinct("program_id", "organization_id"):
                work_alone(cursor, place)
        rows = list(known.select_for_update(of=("self",)))
        if not rows:
            raise BeneficiariesRefused(code)
        fault_point("beneficiaries.restrict.before")
        Beneficiary.objects.filter(pk__in=[row.pk for row in rows]).update(restricted_at=restricted_at, updated_at=at)
        for row in rows:
            events.record(
                verb, row, by=by, at=at, organization=row.organization, region_code=row.region_code, program_id=row.program_id,
                data={},
            )
        fault_point("beneficiaries.restrict.after")
    return len(rows)

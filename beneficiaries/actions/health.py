"""Health classes: declared at the counter by one person of an office and approved by another, or found at a claim."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.actions.changes import propose
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.health import fit_groups
from beneficiaries.models import Beneficiary, ChangeKind, HealthSource, HealthStatement, Person, PersonChange


def propose_health(
    beneficiary: Beneficiary, *, health_class: str, groups: Sequence[str] = (), from_on: date, reason: str, by: User,
    at: datetime,
) -> PersonChange:
    """Ask a second person to state the health class that a person declared. `groups`: codes of the program's plans."""
    if from_on > timezone.localdate(at):
        raise BeneficiariesRefused("HEALTH_LATER")
    change = PersonChange(
        kind=ChangeKind.HEALTH, health_class=health_class, valid_from=from_on,
        health_groups=fit_groups(beneficiary.program_id, health_class, groups),
    )
    return propose(change, beneficiary, reason=reason, by=by, at=at)


def state_found_health(
    beneficiary: Beneficiary, *, health_class: str, groups: Sequence[str] = (), from_on: date, reference: str, by: Any,
    at: datetime,
) -> HealthStatement:
    """State what a case found, in its own transaction or the caller's. `reference`: the case's number, never a person's."""
    events.refuse_personal(reference)
    kept = fit_groups(beneficiary.program_id, health_class, groups)
    with transaction.atomic():
        person = Person.objects.select_for_update(no_key=True).get(pk=beneficiary.person_id)
        if person.destroyed_at is not None:
            raise BeneficiariesRefused("DESTROYED")
        fault_point("beneficiaries.state_found_health.before")
        said = HealthStatement.objects.create(
            beneficiary=beneficiary, health_class=health_class, groups=kept, from_on=from_on, source=HealthSource.CLAIM,
            reference=reference, by_label=str(by)[:80], created_at=at,
        )
        events.record(
            "person.health_found", said, by=by, at=at, organization=beneficiary.organization,
            region_code=beneficiary.region_code, program_id=beneficiary.program_id,
            data={"day": str(from_on), "reference": reference},
        )
        fault_point("beneficiaries.state_found_health.after")
    return said

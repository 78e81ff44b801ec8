"""Where somebody lives now: within their office, or taken over by another; cover goes on, money stays with who paid (ADR 22)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import Organization, Region, User
from audit import blind_index, events
from audit.faults import fault_point
from beneficiaries.change_events import tell
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.marking import mark
from beneficiaries.models import Beneficiary, ChangeKind, Enrollment, PersonChange
from beneficiaries.models.enrollment import LIVE
from beneficiaries.money import COUNTY_DIGITS
from programs.models import Program

DECIDE = "beneficiaries.decide_change"
_LEVELS = (2, 4, 6, 9, 12)
#: A digest that no line has: whatever the office's next roster says of them is new.
_NOTHING = bytes(blind_index.SIZE)


def moved_to(beneficiary: Beneficiary, region_code: str) -> PersonChange:
    """The change that brings a person to a place: a move within the office's region, a transfer beyond it."""
    live = Region.objects.live(on=timezone.localdate()).filter(code=region_code)
    if len(region_code) < COUNTY_DIGITS or not live.exists():
        raise BeneficiariesRefused("REGION_LEVEL")
    if region_code == beneficiary.region_code:
        raise BeneficiariesRefused("MOVED_ALREADY")
    if region_code.startswith(beneficiary.organization.region_code):
        return PersonChange(kind=ChangeKind.MOVE, to_region=region_code)
    office = office_of(beneficiary.program, region_code)
    if office is None or office.pk == beneficiary.organization_id:
        raise BeneficiariesRefused("NO_OFFICE_THERE")
    return PersonChange(kind=ChangeKind.TRANSFER, to_region=region_code, to_organization=office)


def office_of(program: Program, region_code: str) -> Organization | None:
    """The one office of a program whose own region is the nearest around a place; None for none, or several alike."""
    around = [region_code[:size] for size in _LEVELS if size <= len(region_code)]
    offices = Organization.objects.active().filter(path__startswith=program.organization.path, region_code__in=around)
    nearest = max((len(each.region_code) for each in offices), default=0)
    found = [each for each in offices if len(each.region_code) == nearest]
    return found[0] if len(found) == 1 else None


def covers_along(change: PersonChange) -> Any:
    """Live covers that move along: those of the same county, whose payer stays the same."""
    county = change.beneficiary.region_code[:COUNTY_DIGITS]
    covers = Enrollment.objects.filter(beneficiary=change.beneficiary, state__in=LIVE, region_code__startswith=county)
    return covers if change.to_region.startswith(county) else covers.none()


def move_person(change: PersonChange, *, by: User, at: datetime) -> None:
    """Register the new region, in the caller's transaction; covers of the same county are listed there, too."""
    fault_point("beneficiaries.move.before")
    covers = list(covers_along(change).order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    Enrollment.objects.filter(pk__in=covers).update(region_code=change.to_region)
    fault_point("beneficiaries.move.beneficiary.before")
    Beneficiary.objects.filter(pk=change.beneficiary_id).update(region_code=change.to_region, updated_at=at)
    tell("person.moved", change, by=by, at=at, covers=len(covers))
    fault_point("beneficiaries.move.after")


def accept_transfer(change: PersonChange, *, by: User, at: datetime) -> None:
    """Make the person known to the receiving office, in the caller's transaction; nothing of the other office's is touched.

    Each keeps what it knew: contact, accounts and categories do not go along, covers stay with the office that paid.
    """
    office: Any = change.to_organization
    if not may_accept(change, by):
        raise BeneficiariesRefused("NOT_RECEIVING")
    fault_point("beneficiaries.accept_transfer.before")
    known, made = Beneficiary.objects.get_or_create(
        person=change.person, program=change.program, organization=office,
        defaults={
            "region_code": change.to_region, "contact_digest": _NOTHING, "created_at": at, "updated_at": at,
        },
    )
    if made:
        mark([known.pk])
    tell("person.transferred", change, by=by, at=at)
    events.record(
        "person.received", known, by=by, at=at, organization=office, region_code=change.to_region,
        program_id=change.program_id, data={"change": change.pk},
    )
    fault_point("beneficiaries.accept_transfer.after")


def may_accept(change: PersonChange, user: Any) -> bool:
    """Whether a user decides for the office that would take the person over."""
    office: Any = change.to_organization
    return office is not None and any(
        office.path.startswith(grant.organization_path) and change.to_region.startswith(grant.region_prefix)
        and (grant.program_ids is None or change.program_id in grant.program_ids)
        for grant in user.grants(DECIDE)
    )

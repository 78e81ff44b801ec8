"""Legal holds placed, and lifted by another person: what stands under one is not destroyed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from beneficiaries.models import Beneficiary, Roster
from programs.models import Program
from retention.errors import RetentionRefused
from retention.models import LegalHold
from retention.reach import refuse_beyond

HOLD = "retention.place_hold"
#: A hold is placed wholly before or after a step of a destruction: whoever is held then is seen there.
_LOCK = "hashtextextended('retention.holds', 0)"


def hold_alone(cursor: Any) -> None:
    """To the end of the transaction; waits for a step of a destruction that is under way."""
    cursor.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")


def destroy_beside_others(cursor: Any) -> None:
    """To the end of the transaction; waits while a hold is placed."""
    cursor.execute(f"SELECT pg_advisory_xact_lock_shared({_LOCK})")


def place_hold(
    held: Program | Organization | Beneficiary | Roster, *, reason: str, ends_on: date | None = None, by: User, at: datetime
) -> LegalHold:
    """Hold a program, an organization with those below it, a roster, or a person (as one of their beneficiaries)."""
    reason = " ".join(reason.split())
    if not reason:
        raise RetentionRefused("REASON")
    events.refuse_personal(reason)
    if ends_on is not None and ends_on < timezone.localdate(at):
        raise RetentionRefused("ENDS_EARLIER")
    hold = LegalHold(reason=reason[:300], ends_on=ends_on, placed_by=by, placed_at=at)
    if isinstance(held, Program):
        hold.held_program, hold.organization, hold.region_code, hold.program = held, held.organization, held.region_code, held
    elif isinstance(held, Organization):
        hold.held_organization, hold.organization, hold.region_code = held, held, held.region_code or ""
    elif isinstance(held, Roster):
        hold.roster, hold.organization, hold.region_code = held, held.organization, held.region_code
        hold.program_id = held.program_id
    else:
        hold.person_id, hold.organization, hold.region_code = held.person_id, held.organization, held.region_code
        hold.program_id = held.program_id
    refuse_beyond(by, HOLD, organization=hold.organization, region_code=hold.region_code, program_id=hold.program_id)
    with transaction.atomic():
        with connection.cursor() as cursor:
            hold_alone(cursor)
        fault_point("retention.place_hold.before")
        hold.save(force_insert=True)
        _record("hold.placed", hold, by=by, at=at, reason=hold.reason, until=str(ends_on or "—"))
        fault_point("retention.place_hold.after")
    return hold


def lift_hold(hold: LegalHold, *, reason: str, by: User, at: datetime) -> LegalHold:
    """It holds no longer; by another person than placed it."""
    with transaction.atomic():
        hold = LegalHold.objects.select_for_update(of=("self",)).select_related("organization").get(pk=hold.pk)
        reason = " ".join(reason.split())
        refuse_beyond(by, HOLD, organization=hold.organization, region_code=hold.region_code, program_id=hold.program_id)
        if hold.lifted_by_id is not None:
            raise RetentionRefused("LIFTED")
        if hold.placed_by_id == by.pk:
            raise RetentionRefused("ANOTHER_LIFTS")
        if not reason:
            raise RetentionRefused("REASON")
        events.refuse_personal(reason)
        fault_point("retention.lift_hold.before")
        hold.lifted_by, hold.lifted_at, hold.lift_reason = by, at, reason[:300]
        hold.save(update_fields=["lifted_by", "lifted_at", "lift_reason"])
        _record("hold.lifted", hold, by=by, at=at, reason=hold.lift_reason)
        fault_point("retention.lift_hold.after")
    return hold


def _record(verb: str, hold: LegalHold, *, by: Any, at: datetime, **data: Any) -> None:
    events.record(
        verb, hold, by=by, at=at, organization=hold.organization, region_code=hold.region_code, program_id=hold.program_id,
        data=data,
    )

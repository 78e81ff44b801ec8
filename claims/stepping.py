"""The one place where a claim's state changes: locked, checked against the rules, kept as a step, told as an event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.models import User
from audit import events
from claims.due import keep_day
from claims.errors import ClaimsRefused
from claims.models import Case, Claim, ClaimStep
from claims.rules.states import ENDED, State, may_go


def locked_case(case_id: int) -> Case:
    """The case, locked: whoever changes its bills, papers or claims waits here. Cover, case, claims is the order of locks."""
    return Case.objects.select_for_update(of=("self",)).select_related("organization").get(pk=case_id)


def locked(claim: Claim, *, by: Any, permission: str, among: tuple[State, ...] | None = None) -> Claim:
    """The claim as it is now, its case and itself locked; refused beyond the user's reach, and in other states."""
    locked_case(claim.case_id)
    found = (
        Claim.objects.select_for_update(of=("self",))
        .select_related("case__organization", "enrollment__person", "program", "plan", "organization", "handler")
        .get(pk=claim.pk)
    )
    if not reaches(by, permission, found):
        raise ClaimsRefused("OUT_OF_SCOPE")
    if among is not None and found.state not in among:
        raise ClaimsRefused("STATE", state=found.get_state_display())
    return found


def reaches(by: Any, permission: str, claim: Claim) -> bool:
    """Whether a role of the user gives the permission for the claim; system actors reach everything."""
    return not isinstance(by, User) or Claim.objects.visible_to(by, permission).filter(pk=claim.pk).exists()


def step(claim: Claim, to: State, *, by: Any, at: datetime, code: str = "", reason: str = "") -> None:
    """Move a locked claim, and keep who moved it when and why. Other fields that were set are saved along."""
    come_from = State(claim.state)
    if not may_go(come_from, to):
        raise ClaimsRefused("STATE", state=claim.get_state_display())
    claim.state = to
    claim.ended_at = at if to in ENDED else None
    claim.save()
    step_into(claim, to, come_from=come_from, by=by, at=at, code=code, reason=reason).save(force_insert=True)
    keep_day(claim)


def step_into(
    claim: Claim, to: State, *, come_from: str, by: Any, at: datetime, code: str = "", reason: str = ""
) -> ClaimStep:
    """A step that is not kept yet; "" is where a claim comes from when it is reported."""
    return ClaimStep(
        claim=claim, from_state=come_from, to_state=to, at=at, by=by if isinstance(by, User) else None, by_label=str(by)[:80],
        code=code, reason=reason,
    )


def said(text: str) -> str:
    """A reason as it is kept; ClaimsRefused("REASON") without one, refused with a personal number in it."""
    reason = " ".join(text.split())[:300]
    if not reason:
        raise ClaimsRefused("REASON")
    events.refuse_personal(reason)
    return reason


def not_later(day: Any, *, at: datetime) -> bool:
    """Whether a day has come."""
    return bool(day <= timezone.localdate(at))


def record(verb: str, claim: Claim, *, by: Any, at: datetime, **data: Any) -> None:
    """An event of a claim."""
    events.record(
        verb, claim, by=by, at=at, organization=claim.organization, region_code=claim.region_code, program_id=claim.program_id,
        data=data,
    )


def record_case(verb: str, case: Case, *, by: Any, at: datetime, **data: Any) -> None:
    """An event of a case, told to the office that recorded it."""
    events.record(verb, case, by=by, at=at, organization=case.organization, region_code=case.region_code, data=data)


def note_of(verb: str, claim: Claim, **data: Any) -> events.Note:
    """What `record` would record of a claim."""
    return events.Note(verb, claim, claim.organization, claim.region_code, claim.program_id, data)


def case_note(verb: str, case: Case, **data: Any) -> events.Note:
    """What `record_case` would record of a case."""
    return events.Note(verb, case, case.organization, case.region_code, None, data)

"""From which sums decisions of a program ask for a second and a third signature: proposed by one person, in force by another."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.models import User
from audit import events
from audit.faults import fault_point
from claims.errors import ClaimsRefused
from claims.models import SigningThreshold
from programs.models import Program

PROPOSE, DECIDE = "claims.propose_threshold", "claims.decide_threshold"


def propose_threshold(program: Program, *, second_above: Decimal, third_above: Decimal, by: User, at: datetime) -> SigningThreshold:
    """Say from which sums (yuan) on; holds once another person approves it."""
    if second_above < 0 or third_above < second_above:
        raise ClaimsRefused("THRESHOLDS")
    with transaction.atomic():
        program = Program.objects.select_for_update(of=("self",), no_key=True).select_related("organization").get(pk=program.pk)
        if not Program.objects.visible_to(by, PROPOSE).filter(pk=program.pk).exists():
            raise ClaimsRefused("OUT_OF_SCOPE")
        if program.signing_thresholds.filter(state=SigningThreshold.State.PROPOSED).exists():
            raise ClaimsRefused("THRESHOLD_WAITS")
        fault_point("claims.propose_threshold.before")
        proposed = SigningThreshold.objects.create(
            program=program, second_above=second_above, third_above=third_above, proposed_by=by, proposed_at=at
        )
        _record("threshold.proposed", proposed, by=by, at=at, second=str(second_above), third=str(third_above))
        fault_point("claims.propose_threshold.after")
    return proposed


def approve_threshold(threshold: SigningThreshold, *, by: User, at: datetime) -> SigningThreshold:
    """From now on decisions that are calculated ask for so many signatures."""
    with transaction.atomic():
        threshold = _locked(threshold, by=by)
        if threshold.proposed_by_id == by.pk:
            raise ClaimsRefused("ANOTHER_APPROVES")
        fault_point("claims.approve_threshold.before")
        holding = SigningThreshold.objects.filter(program=threshold.program_id, state=SigningThreshold.State.IN_FORCE)
        holding.update(state=SigningThreshold.State.REPLACED)
        _decided(threshold, SigningThreshold.State.IN_FORCE, by=by, at=at)
        _record("threshold.approved", threshold, by=by, at=at)
        fault_point("claims.approve_threshold.after")
    return threshold


def drop_threshold(threshold: SigningThreshold, *, by: User, at: datetime) -> SigningThreshold:
    """What was proposed does not hold; whoever proposed it may take it back."""
    with transaction.atomic():
        threshold = _locked(threshold, by=by)
        fault_point("claims.drop_threshold.before")
        _decided(threshold, SigningThreshold.State.DROPPED, by=by, at=at)
        _record("threshold.dropped", threshold, by=by, at=at)
        fault_point("claims.drop_threshold.after")
    return threshold


def signatures_needed(program_id: int, amount: Decimal) -> int:
    """How many people sign a decision of so many yuan: one, unless thresholds in force ask for more."""
    holding = SigningThreshold.objects.filter(program=program_id, state=SigningThreshold.State.IN_FORCE).first()
    if holding is None:
        return 1
    return 1 + (amount > holding.second_above) + (amount > holding.third_above)


def _locked(threshold: SigningThreshold, *, by: User) -> SigningThreshold:
    Program.objects.select_for_update(of=("self",), no_key=True).get(pk=threshold.program_id)
    found = SigningThreshold.objects.select_for_update(of=("self",)).select_related("program__organization").get(pk=threshold.pk)
    fault_point("claims.threshold.locked")
    wanted = PROPOSE if found.proposed_by_id == by.pk else DECIDE
    if not SigningThreshold.objects.visible_to(by, wanted).filter(pk=found.pk).exists():
        raise ClaimsRefused("OUT_OF_SCOPE")
    if found.state != SigningThreshold.State.PROPOSED:
        raise ClaimsRefused("THRESHOLD_DECIDED")
    return found


def _decided(threshold: SigningThreshold, state: SigningThreshold.State, *, by: User, at: datetime) -> None:
    threshold.state, threshold.decided_by, threshold.decided_at = state, by, at
    threshold.save(update_fields=["state", "decided_by", "decided_at"])


def _record(verb: str, threshold: SigningThreshold, *, by: Any, at: datetime, **data: Any) -> None:
    program = threshold.program
    events.record(
        verb, threshold, by=by, at=at, organization=program.organization, region_code=program.region_code, program_id=program.pk,
        data=data,
    )

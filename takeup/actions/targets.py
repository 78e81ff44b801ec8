"""Target populations: proposed by one person, by form or file, approved by another; a newer one replaces the older."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Region, User
from audit import events
from audit.faults import fault_point
from programs.models import Period, Plan
from takeup.errors import TakeupRefused
from takeup.models import Target, TargetState
from takeup.models.target import MOST
from takeup.reach import refuse_beyond

PROPOSE, APPROVE = "takeup.propose_target", "takeup.approve_target"
SHORTEST_REASON = 4


@dataclass(frozen=True)
class Wanted:
    """One county's target population, and on what it is based."""

    region_code: str
    people: int
    basis: str


def propose_targets(period: Period, wanted: Sequence[Wanted], *, by: User, at: datetime) -> list[Target]:
    """Targets that count once another person approves them; of a county that waits already the newer one stays."""
    if period.plan.period_kind != Plan.PeriodKind.ANNUAL:
        raise TakeupRefused("SPANS")
    refuse_beyond(by, PROPOSE, program=period.program)
    _refuse_unfit(period, wanted)
    made = []
    with transaction.atomic():
        period = _held(period)
        approved = set(_of(period, TargetState.APPROVED).values_list("region_code", "people", "basis"))
        fault_point("takeup.propose_targets.before")
        _of(period, TargetState.PROPOSED).filter(region_code__in=[each.region_code for each in wanted]).update(
            state=TargetState.REPLACED
        )
        for each in sorted(wanted, key=lambda one: one.region_code):
            basis = " ".join(each.basis.split())
            if (each.region_code, each.people, basis) in approved:
                raise TakeupRefused("SAME", region=_name(each.region_code), people=f"{each.people:,}")
            target = Target.objects.create(
                program=period.program, period=period, region_code=each.region_code, people=each.people, basis=basis,
                proposed_by=by, proposed_at=at,
            )
            _record("target.proposed", target, by=by, at=at, people=f"{each.people:,}")
            made.append(target)
        fault_point("takeup.propose_targets.after")
    return made


def digest_of(targets: Iterable[Target]) -> str:
    """Stands for what somebody was shown: these versions and no others."""
    return hashlib.sha256(",".join(str(each.pk) for each in sorted(targets, key=lambda one: one.pk)).encode()).hexdigest()


def waiting_for(period: Period, by: User) -> list[Target]:
    """What another person proposed in a period, by county."""
    return list(_of(period, TargetState.PROPOSED).exclude(proposed_by=by).order_by("region_code"))


def approve_targets(period: Period, *, shown: str, by: User, at: datetime) -> list[Target]:
    """All that waits in a period and was proposed by others, as it was shown (`digest_of`)."""
    refuse_beyond(by, APPROVE, program=period.program)
    with transaction.atomic():
        period = _held(period)
        waiting = waiting_for(period, by)
        if not waiting:
            raise TakeupRefused("NOTHING_WAITS")
        if digest_of(waiting) != shown:
            raise TakeupRefused("CHANGED")
        fault_point("takeup.approve_targets.before")
        _of(period, TargetState.APPROVED).filter(region_code__in=[each.region_code for each in waiting]).update(
            state=TargetState.REPLACED
        )
        for target in waiting:
            target.state, target.decided_by, target.decided_at = TargetState.APPROVED, by, at
            target.save(update_fields=["state", "decided_by", "decided_at"])
            _record("target.approved", target, by=by, at=at, people=f"{target.people:,}")
        fault_point("takeup.approve_targets.after")
    return waiting


def decline_target(target: Target, *, reason: str, by: User, at: datetime) -> Target:
    """Back to whoever proposed it."""
    reason = " ".join(reason.split())
    if len(reason) < SHORTEST_REASON:
        raise TakeupRefused("REASON", characters=SHORTEST_REASON)
    events.refuse_personal(reason)
    refuse_beyond(by, APPROVE, program=target.program)
    with transaction.atomic():
        target = _locked(target)
        if by.pk == target.proposed_by_id:
            raise TakeupRefused("OWN_WORK")
        target.state, target.decided_by, target.decided_at, target.reason = TargetState.DECLINED, by, at, reason
        fault_point("takeup.decline_target.before")
        target.save(update_fields=["state", "decided_by", "decided_at", "reason"])
        _record("target.declined", target, by=by, at=at, reason=reason)
        fault_point("takeup.decline_target.after")
    return target


def withdraw_target(target: Target, *, by: User, at: datetime) -> Target:
    """Taken back before it is decided."""
    refuse_beyond(by, PROPOSE, program=target.program)
    with transaction.atomic():
        target = _locked(target)
        target.state = TargetState.WITHDRAWN
        fault_point("takeup.withdraw_target.before")
        target.save(update_fields=["state"])
        _record("target.withdrawn", target, by=by, at=at)
        fault_point("takeup.withdraw_target.after")
    return target


def _refuse_unfit(period: Period, wanted: Sequence[Wanted]) -> None:
    codes = {each.region_code for each in wanted}
    known = set(
        Region.objects.filter(code__in=codes, level=Region.Level.COUNTY, code__startswith=period.program.region_code[:6])
        .values_list("code", flat=True)
    )
    for each in wanted:
        if each.region_code not in known:
            raise TakeupRefused("COUNTY", region=each.region_code)
        if not 1 <= each.people <= MOST:
            raise TakeupRefused("PEOPLE", most=f"{MOST:,}")
        if not each.basis.strip():
            raise TakeupRefused("BASIS")
        events.refuse_personal(each.basis)


def _held(period: Period) -> Period:
    """One at a time per period: the second of two waits here."""
    found = Period.objects.select_for_update(of=("self",)).select_related("program__organization", "plan").get(pk=period.pk)
    fault_point("takeup.period.locked")
    if found.closed_at is not None:
        raise TakeupRefused("PERIOD_CLOSED", period=found.code)
    return found


def _locked(target: Target) -> Target:
    found = (
        Target.objects.select_for_update(of=("self",)).select_related("program__organization", "period").get(pk=target.pk)
    )
    fault_point("takeup.target.locked")
    if found.state != TargetState.PROPOSED:
        raise TakeupRefused("STATE", state=found.get_state_display())
    return found


def _of(period: Period, state: TargetState) -> Any:
    return Target.objects.filter(period=period, state=state)


def _name(region_code: str) -> str:
    return Region.objects.names_of([region_code]).get(region_code, region_code)


def _record(verb: str, target: Target, *, by: User, at: datetime, **data: Any) -> None:
    program = target.program
    events.record(
        verb, target, by=by, at=at, organization=program.organization, region_code=program.region_code, program_id=program.pk,
        data={"region": _name(target.region_code), "period": target.period.code, **data},
    )

"""Changes of single people: proposed by one person of an office, approved or turned down by another, or taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.change_events import tell
from beneficiaries.ending_single import end_cover, ending_outlook
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Beneficiary, ChangeKind, ChangeState, PersonChange
from beneficiaries.models.roster import EndReason
from beneficiaries.shown_change import digest_of
from beneficiaries.turns import record_deaths_alone, work_beside_others
from intake.deciding import reason_of

#: What an approved change does, in the transaction of its approval, with its event.
DOERS: Mapping[str, Callable[..., None]] = {ChangeKind.ENDING: end_cover}
#: Reasons that a person gives; "left the list" is said by a list alone.
END_REASONS = (EndReason.LEFT, EndReason.MOVED, EndReason.DECEASED)


def propose_ending(
    beneficiary: Beneficiary, *, end_reason: EndReason, ended_on: date, reason: str, by: User, at: datetime
) -> PersonChange:
    """Ask a second person to end the covers of one person with the end of a day, as a line of a file would."""
    if end_reason not in END_REASONS:
        raise BeneficiariesRefused("END_REASON")
    if ended_on > timezone.localdate(at):
        raise BeneficiariesRefused("ENDS_LATER", day=timezone.localdate(at))
    if ending_outlook(beneficiary, end_reason=end_reason, ended_on=ended_on).does_nothing:
        raise BeneficiariesRefused("NOTHING_TO_END")
    change = PersonChange(kind=ChangeKind.ENDING, end_reason=end_reason, ended_on=ended_on)
    return propose(change, beneficiary, reason=reason, by=by, at=at)


def propose(change: PersonChange, beneficiary: Beneficiary, *, reason: str, by: User, at: datetime) -> PersonChange:
    """Keep a change that waits for a second person, with its event."""
    change.person_id, change.beneficiary = beneficiary.person_id, beneficiary
    change.program_id, change.organization_id = beneficiary.program_id, beneficiary.organization_id
    change.region_code = beneficiary.region_code
    change.reason, change.proposed_by, change.proposed_at = reason_of(reason), by, at
    events.refuse_personal(change.reason)
    try:
        with transaction.atomic():
            fault_point("beneficiaries.propose_change.before")
            change.save(force_insert=True)
            tell("change.proposed", change, by=by, at=at, kind=change.kind, reason=change.reason)
            fault_point("beneficiaries.propose_change.after")
    except IntegrityError as conflict:
        if "person_change_waits_once" in str(conflict):
            raise BeneficiariesRefused("CHANGE_WAITS") from conflict
        raise
    return change


def approve_change(change: PersonChange, *, shown: str, by: User, at: datetime) -> PersonChange:
    """Do what was proposed. `shown`: the digest of what the approver has looked at; refused when that has moved."""
    do = DOERS[change.kind]
    with transaction.atomic():
        change = _to_decide(change, by=by)
        with connection.cursor() as cursor:
            record_deaths_alone(cursor)
            work_beside_others(cursor, change)
        if digest_of(change) != shown:
            raise BeneficiariesRefused("CHANGE_STALE")
        fault_point("beneficiaries.approve_change.before")
        do(change, by=by, at=at)
        change.state, change.decided_by, change.decided_at = ChangeState.APPROVED, by, at
        change.save(update_fields=["state", "decided_by", "decided_at"])
        fault_point("beneficiaries.approve_change.after")
    return change


def turn_down_change(change: PersonChange, *, reason: str, by: User, at: datetime) -> PersonChange:
    """Leave everything as it is; whoever proposed it reads the reason."""
    with transaction.atomic():
        change = _to_decide(change, by=by)
        change.answer = reason_of(reason)
        events.refuse_personal(change.answer)
        fault_point("beneficiaries.turn_down_change.before")
        change.state, change.decided_by, change.decided_at = ChangeState.TURNED_DOWN, by, at
        change.save(update_fields=["state", "decided_by", "decided_at", "answer"])
        tell("change.turned_down", change, by=by, at=at, kind=change.kind, reason=change.answer)
        fault_point("beneficiaries.turn_down_change.after")
    return change


def withdraw_change(change: PersonChange, *, by: User, at: datetime) -> PersonChange:
    """Take a proposal back before it is decided."""
    with transaction.atomic():
        change = _waiting(change)
        fault_point("beneficiaries.withdraw_change.before")
        change.state = ChangeState.WITHDRAWN
        change.save(update_fields=["state"])
        tell("change.withdrawn", change, by=by, at=at, kind=change.kind)
        fault_point("beneficiaries.withdraw_change.after")
    return change


def _waiting(change: PersonChange) -> PersonChange:
    found = PersonChange.objects.select_for_update(of=("self",)).select_related(
        "organization", "program", "beneficiary", "person"
    ).get(pk=change.pk)
    if found.state != ChangeState.PROPOSED:
        raise BeneficiariesRefused("CHANGE_DECIDED", state=found.get_state_display())
    return found


def _to_decide(change: PersonChange, *, by: User) -> PersonChange:
    found = _waiting(change)
    if found.proposed_by_id == by.pk:
        raise BeneficiariesRefused("OWN_CHANGE")
    return found

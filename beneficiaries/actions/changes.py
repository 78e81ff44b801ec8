"""Changes of single people: proposed by one person of an office, approved or turned down by another, or taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries import probing
from beneficiaries.change_events import tell
from beneficiaries.correcting import (
    add_document,
    correct_identity,
    corrected,
    document_text,
    fields_of,
    refuse_held,
    refuse_known,
)
from beneficiaries.ending_single import end_cover, ending_outlook
from beneficiaries.errors import ApplicantRefused, BeneficiariesRefused
from beneficiaries.health import declare_health
from beneficiaries.identity import Identity, identity_of
from beneficiaries.merging import merge_people, refuse_unfit
from beneficiaries.models import Beneficiary, ChangeKind, ChangeState, Enrollment, Person, PersonChange
from beneficiaries.models.roster import EndReason
from beneficiaries.moving import accept_transfer, move_person, moved_to
from beneficiaries.refunding import give_back, refund_outlook
from beneficiaries.representing import let_end, let_speak
from beneficiaries.restricting import refuse_destroyed, refuse_restricted
from beneficiaries.shown_change import digest_of
from beneficiaries.turns import record_deaths_alone, work_alone, work_beside_others
from beneficiaries.unmerging import refuse_settled, unmerge_people
from intake.deciding import reason_of

#: What an approved change does, in the transaction of its approval, with its event.
DOERS: Mapping[str, Callable[..., None]] = {
    ChangeKind.ENDING: end_cover, ChangeKind.CORRECTION: correct_identity, ChangeKind.DOCUMENT: add_document,
    ChangeKind.MERGE: merge_people, ChangeKind.UNMERGE: unmerge_people,
    ChangeKind.MOVE: move_person, ChangeKind.TRANSFER: accept_transfer,
    ChangeKind.SPEAKER: let_speak, ChangeKind.SILENCED: let_end, ChangeKind.REFUND: give_back,
    ChangeKind.HEALTH: declare_health,
}
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


def propose_correction(
    beneficiary: Beneficiary, *, right: Identity, number_was_theirs: bool = False, reason: str, by: User, at: datetime
) -> PersonChange:
    """Ask a second person to correct who somebody is. `right`: what is not empty in it; the rest stays as registered.

    `number_was_theirs`: the document was replaced; else its number was never theirs.
    """
    person = beneficiary.person
    if right.document:
        _refuse_capped(beneficiary, at=at)
    change = PersonChange(
        kind=ChangeKind.CORRECTION, name=right.name or None, document=right.document or None,
        document_type=right.document_type if right.document else "", birth_on=right.birth_on, sex=right.sex,
    )
    was, now = identity_of(person), corrected(person, change, at=at)
    change.name = now.name if now.name != was.name else None
    change.document = now.document if now.text != was.text else None
    change.document_type = now.document_type if change.document else ""
    change.number_was_theirs = number_was_theirs if change.document else None
    change.birth_on = now.birth_on if now.birth_on != was.birth_on else None
    change.sex = now.sex if now.sex != was.sex else ""
    if not fields_of(change):
        raise BeneficiariesRefused("NOTHING_CORRECTED")
    if change.document:
        _refuse_held_in_view(person, now.text, by=by)
    return propose(change, beneficiary, reason=reason, by=by, at=at)


def propose_document(
    beneficiary: Beneficiary, *, document_type: str, document: str, valid_from: date | None = None,
    valid_to: date | None = None, reason: str, by: User, at: datetime,
) -> PersonChange:
    """Ask a second person to record a further document, by which the person is found from then on."""
    _refuse_capped(beneficiary, at=at)
    if valid_from and valid_to and valid_to < valid_from:
        raise BeneficiariesRefused("DATES_ORDER")
    change = PersonChange(
        kind=ChangeKind.DOCUMENT, document_type=document_type, document=document, valid_from=valid_from, valid_to=valid_to
    )
    text = document_text(beneficiary.person, change, at=at)
    change.document = text.partition("|")[2]
    refuse_known(beneficiary.person, text)
    _refuse_held_in_view(beneficiary.person, text, by=by)
    return propose(change, beneficiary, reason=reason, by=by, at=at)


def propose_merge(
    beneficiary: Beneficiary, *, other: Person, given_up: Sequence[int] = (), reason: str, by: User, at: datetime
) -> PersonChange:
    """Ask a second person to merge another person into this one. `given_up`: of covers at the same time, those that go."""
    person, other = (Person.objects.get(pk=each) for each in (beneficiary.person_id, other.pk))
    refuse_unfit(person, other, given_up, by=by)
    change = PersonChange(kind=ChangeKind.MERGE, other=other, given_up=sorted(set(given_up)))
    return propose(change, beneficiary, reason=reason, by=by, at=at)


def propose_unmerge(beneficiary: Beneficiary, *, merge: PersonChange, reason: str, by: User, at: datetime) -> PersonChange:
    """Ask a second person to undo a merge, as long as nothing new hangs on the person who stayed."""
    refuse_settled(merge)
    change = PersonChange(kind=ChangeKind.UNMERGE, other=merge.other, undoes=merge)
    return propose(change, beneficiary, reason=reason, by=by, at=at)


def propose_move(beneficiary: Beneficiary, *, region_code: str, reason: str, by: User, at: datetime) -> PersonChange:
    """Ask a second person to record where somebody lives now: within the office, or to be accepted by the office there."""
    change = moved_to(beneficiary, region_code)
    return propose(change, beneficiary, reason=reason, by=by, at=at)


def propose_refund(cover: Enrollment, *, reason: str, by: User, at: datetime) -> PersonChange:
    """Ask a second person to give a cover back within the plan's days for it: every payer gets the whole share."""
    cover = Enrollment.objects.select_related("plan", "purchase", "beneficiary").get(pk=cover.pk)
    refund_outlook(cover, asked_on=timezone.localdate(at))
    change = PersonChange(kind=ChangeKind.REFUND, cover=cover)
    return propose(change, cover.beneficiary, reason=reason, by=by, at=at)


def propose(change: PersonChange, beneficiary: Beneficiary, *, reason: str, by: User, at: datetime) -> PersonChange:
    """Keep a change that waits for a second person, with its event."""
    change.person_id, change.beneficiary = beneficiary.person_id, beneficiary
    change.program_id, change.organization_id = beneficiary.program_id, beneficiary.organization_id
    change.region_code = beneficiary.region_code
    refuse_restricted(change)
    change.reason, change.proposed_by, change.proposed_at = reason_of(reason), by, at
    events.refuse_personal(change.reason)
    try:
        with transaction.atomic():
            refuse_destroyed(change)
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
    try:
        return _approve(change, shown=shown, by=by, at=at)
    except ApplicantRefused as refused:
        _count_conflict(refused, change, by=by, at=at)
        raise


def _approve(change: PersonChange, *, shown: str, by: User, at: datetime) -> PersonChange:
    do = DOERS[change.kind]
    with transaction.atomic():
        change = _to_decide(change, by=by)
        _take_turns(change)
        refuse_destroyed(change)
        refuse_restricted(change)
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


def _take_turns(change: PersonChange) -> None:
    """Nobody covers people meanwhile; of a merge, nobody works on the people of the offices that know one of the two."""
    with connection.cursor() as cursor:
        record_deaths_alone(cursor)
        if change.other_id is None:
            work_beside_others(cursor, change)
            return
        known = Beneficiary.objects.filter(person__in=(change.person_id, change.other_id))
        for place in known.order_by("program_id", "organization_id").distinct("program_id", "organization_id"):
            work_alone(cursor, place)


def _refuse_capped(beneficiary: Beneficiary, *, at: datetime) -> None:
    if probing.is_capped(beneficiary.program, at=at):
        raise ApplicantRefused("TOO_MANY_CONFLICTS")


def _refuse_held_in_view(person: Person, text: str, *, by: User) -> None:
    """Whom only others know is no answer here: such a proposal is taken like any other."""
    try:
        refuse_held(person, text, by=by)
    except ApplicantRefused:
        return


def _count_conflict(refused: ApplicantRefused, change: PersonChange, *, by: User, at: datetime) -> None:
    """In a transaction of its own: the refusal undoes the rest, the question stays counted."""
    if refused.person_id is not None:
        with transaction.atomic():
            fault_point("beneficiaries.count_held.before")
            probing.record_conflict(change.program, refused.person_id, organization=change.organization, by=by, at=at)
            fault_point("beneficiaries.count_held.after")


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

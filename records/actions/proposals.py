"""What becomes of proposals short of a claim: their people are told, or they are not to be claimed, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from intake.deciding import reason_of
from records.errors import RecordsRefused
from records.models import Proposal, ProposalState
from records.models.proposal import WAITING

TELL = "records.tell_proposal"


def tell_proposals(proposals: Iterable[Proposal], *, told_on: date, reason: str, by: User, at: datetime) -> list[Proposal]:
    """People were told of what is due; `reason` says by what way. Those that wait for nothing any more are left as they are."""
    if told_on > timezone.localdate(at):
        raise RecordsRefused("TOLD_LATER")

    def tell(proposal: Proposal) -> Mapping[str, Any]:
        if told_on < timezone.localdate(proposal.applied_at):
            raise RecordsRefused("TOLD_BEFORE")
        proposal.state, proposal.told_on = ProposalState.TOLD, told_on
        return {"day": told_on.isoformat()}

    return _changed(proposals, "told", tell, among=WAITING, reason=reason, by=by, at=at)


def decline_proposals(proposals: Iterable[Proposal], *, reason: str, by: User, at: datetime) -> list[Proposal]:
    """They are not to be claimed: the person does not want to, or the office knows why nothing is due."""

    def decline(proposal: Proposal) -> Mapping[str, Any]:
        proposal.state = ProposalState.DECLINED
        return {}

    return _changed(proposals, "declined", decline, among=WAITING, reason=reason, by=by, at=at)


def reopen_proposals(proposals: Iterable[Proposal], *, reason: str, by: User, at: datetime) -> list[Proposal]:
    """They are to be claimed after all."""

    def reopen(proposal: Proposal) -> Mapping[str, Any]:
        proposal.state = ProposalState.OPEN if proposal.told_on is None else ProposalState.TOLD
        return {}

    return _changed(proposals, "reopened", reopen, among=(ProposalState.DECLINED,), reason=reason, by=by, at=at)


def _changed(
    proposals: Iterable[Proposal], verb: str, change: Callable[[Proposal], Mapping[str, Any]], *, among: Sequence[str], reason: str,
    by: User, at: datetime,
) -> list[Proposal]:
    reason = reason_of(reason)
    events.refuse_personal(reason)
    with transaction.atomic():
        found = [each for each in locked([each.pk for each in proposals], TELL, by=by) if each.state in among]
        fault_point(f"records.{verb}_proposals.locked")
        if not found:
            raise RecordsRefused("NOT_DECLINED" if among == (ProposalState.DECLINED,) else "NOT_WAITING")
        notes = []
        for proposal in found:
            data = change(proposal)
            proposal.reason, proposal.changed_by, proposal.changed_at = reason, by, at
            notes.append(note_of(verb, proposal, reason=reason, **data))
        save(found)
        events.record_many(notes, by=by, at=at)
        fault_point(f"records.{verb}_proposals.after")
    return found


def locked(numbers: Sequence[int], permission: str, *, by: Any) -> list[Proposal]:
    """Proposals as they are now, locked in the order of their numbers; those beyond the user's reach are left out."""
    seen = Proposal.objects.visible_to(by, permission) if isinstance(by, User) else Proposal.objects.all()
    reached = list(seen.filter(pk__in=list(numbers)).values_list("pk", flat=True))
    rows = Proposal.objects.select_for_update(of=("self",)).filter(pk__in=reached).order_by("pk")
    return list(rows.select_related("organization", "enrollment"))


def save(proposals: Sequence[Proposal]) -> None:
    """What actions change of proposals, in one statement."""
    fault_point("records.save_proposals.before")
    Proposal.objects.bulk_update(proposals, ["state", "told_on", "reason", "case", "changed_by", "changed_at"], batch_size=2000)
    fault_point("records.save_proposals.after")


def note_of(verb: str, proposal: Proposal, **data: Any) -> events.Note:
    """What is to be recorded of a proposal."""
    return events.Note(
        f"proposal.{verb}", proposal, proposal.organization, proposal.region_code, proposal.program_id, data
    )

"""A complaint locked for whoever may work on it, and its events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from audit import events
from audit.faults import fault_point
from complaints.errors import ComplaintsRefused
from complaints.models import Complaint, ComplaintState

RECORD, ANSWER, EXTEND = "complaints.record_complaint", "complaints.answer_complaint", "complaints.ask_extension"
WRITE = "complaints.write_answer_wording"


def locked(complaint: Complaint, *, by: Any, permission: str, among: tuple[ComplaintState, ...]) -> Complaint:
    """As it is now; refused beyond the user's reach, and in other states."""
    rows = Complaint.objects.select_for_update(of=("self",)).select_related(
        "claim__enrollment__person", "claim__case", "organization", "program", "decision", "of"
    )
    found = rows.get(pk=complaint.pk)
    fault_point("complaints.complaint.locked")
    if isinstance(by, User) and not Complaint.objects.visible_to(by, permission).filter(pk=found.pk).exists():
        raise ComplaintsRefused("OUT_OF_SCOPE")
    if found.state not in among:
        raise ComplaintsRefused("NOT_OPEN", state=found.get_state_display())
    return found


def said(text: str) -> str:
    """A reason as it is kept; ComplaintsRefused("REASON") without one, refused with a personal number in it."""
    reason = " ".join(text.split())[:300]
    if not reason:
        raise ComplaintsRefused("REASON")
    events.refuse_personal(reason)
    return reason


def record(verb: str, complaint: Complaint, *, by: Any, at: datetime, **data: Any) -> None:
    """An event of a complaint."""
    events.record(
        verb, complaint, by=by, at=at, organization=complaint.organization, region_code=complaint.region_code,
        program_id=complaint.program_id, data=data,
    )

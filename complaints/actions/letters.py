"""Letters that answer complaints: printed, each an event before a byte leaves; and what they say."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit import events
from audit.faults import fault_point
from claims.actions.service_terms import reaches
from claims.models import LetterFormat
from complaints.errors import ComplaintsRefused
from complaints.letters import content_of
from complaints.models import AnswerWording, Complaint, ComplaintState
from complaints.rules.answer_text import missing_places, unknown_places
from complaints.stepping import RECORD, WRITE, locked, record
from programs.models import Program

PURPOSE_MIN, PURPOSE_MAX = 4, 300


def print_answer(complaint: Complaint, *, file_format: LetterFormat, purpose: str, by: User, at: datetime) -> bytes:
    """The letter, for whoever complained: it names people in full, and its event stands before it leaves."""
    purpose = " ".join(purpose.split())[:PURPOSE_MAX]
    if len(purpose) < PURPOSE_MIN:
        raise ComplaintsRefused("PURPOSE", least=PURPOSE_MIN)
    events.refuse_personal(purpose)
    with transaction.atomic():
        complaint = locked(complaint, by=by, permission=RECORD, among=tuple(ComplaintState))
        if complaint.answer is None:
            raise ComplaintsRefused("NO_ANSWER")
        content = content_of(complaint, file_format=file_format, on=timezone.localdate(at))
        fault_point("complaints.print_answer.before")
        record(
            "complaint.letter_printed", complaint, by=by, at=at, format=str(file_format), purpose=purpose,
            checksum=hashlib.sha256(content).hexdigest()[:12],
        )
        fault_point("complaints.print_answer.after")
    return content


def write_answer_wording(program: Program, *, text: str, phone: str, by: User, at: datetime) -> AnswerWording:
    """From now on the program's answers say this."""
    if not reaches(by, WRITE, program=program):
        raise ComplaintsRefused("OUT_OF_SCOPE")
    text, phone = text.strip(), " ".join(phone.split())
    if not text or not phone:
        raise ComplaintsRefused("WORDING")
    if unknown := unknown_places(text):
        raise ComplaintsRefused("UNKNOWN_PLACES", places="、".join(unknown))
    if missing := missing_places(text):
        raise ComplaintsRefused("MISSING_PLACES", places="、".join(missing))
    for each in (text, phone):
        events.refuse_personal(each)
    with transaction.atomic():
        fault_point("complaints.write_answer_wording.before")
        wording = AnswerWording.objects.create(program=program, text=text, phone=phone, written_by=by, written_at=at)
        events.record(
            "complaint.wording_written", wording, by=by, at=at, organization=program.organization,
            region_code=program.region_code, program_id=program.pk, data={},
        )
        fault_point("complaints.write_answer_wording.after")
    return wording

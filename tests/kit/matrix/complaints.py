"""A complaint of each place's claim and a wording of its program's answers, for the scope matrix."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from beneficiaries.models import Enrollment
from claims.models import Claim
from complaints.models import AnswerWording, Complaint, Extension


def add_complaint(enrollment: Enrollment, clerk: User, canary: str, *, at: Any) -> None:
    """As if somebody had complained at the place's counter, and a longer term had been asked for."""
    claim = Claim.objects.get(enrollment=enrollment)
    day = timezone.localdate(at)
    complaint = Complaint.objects.create(
        kind="complaint", claim=claim, program_id=claim.program_id, organization=claim.organization, region_code=claim.region_code,
        topic="delay", complainant="agent", complainant_name=f"{canary}戊", words=f"{canary}投诉", channel="counter",
        received_on=day, due_on=day + timedelta(days=15), recorded_by=clerk, recorded_at=at,
    )
    Extension.objects.create(
        complaint=complaint, step=1, until=day + timedelta(days=30), reason=f"{canary}复杂", asked_by=clerk, asked_at=at
    )
    # A program's wording is read by all of its offices.
    told = canary if canary in ("金丝雀", "画眉") else ""
    if not AnswerWording.objects.filter(program=claim.program_id).exists():
        AnswerWording.objects.create(
            program_id=claim.program_id, text=f"{told}答复", phone="0762-3380000", written_by=clerk, written_at=at
        )

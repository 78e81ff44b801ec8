"""Rows of the room `outreach` for the scope matrix: a wording and a message of each place, with its canary."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from beneficiaries.models import Enrollment
from outreach.models import DeliveryReport, MessageWording, Sending, SendingLine


def add_messages(enrollment: Enrollment, clerk: User, canary: str, *, at: Any) -> None:
    """As if the place's clerk had drafted and proposed them."""
    # A program's wordings are read by all of its offices.
    told = canary if canary in ("金丝雀", "画眉") else ""
    wording = MessageWording.objects.create(
        program_id=enrollment.program_id, topic="in_force", segments=1, signature="示例民政", text=f"{told}" + "{姓名}已生效",
        number=MessageWording.objects.filter(program=enrollment.program_id).count() + 1, hotline="0762-3380000",
        drafted_by=clerk, drafted_at=at,
    )
    sending = Sending.objects.create(
        program_id=enrollment.program_id, period_id=enrollment.period_id, organization_id=enrollment.organization_id,
        region_code=enrollment.region_code, topic="in_force", wording=wording, people=1, by_phone=1, reason=f"{canary}备注",
        proposed_by=clerk, proposed_at=at,
    )
    DeliveryReport.objects.create(
        sending=sending, program_id=enrollment.program_id, organization_id=enrollment.organization_id,
        region_code=enrollment.region_code, control_lines=1, state="review", uploaded_by=clerk, uploaded_at=at,
        reason=f"{canary}回执", digest="0" * 64,
    )
    SendingLine.objects.create(
        sending=sending, enrollment=enrollment, number=1, region_code=enrollment.region_code, reach="phone", topic="in_force",
        turn=1,
    )

"""Rows of the room `papers` for the scope matrix: a printing, a request and a wording of each place, with its canary."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from accounts.models import User
from beneficiaries.models import Enrollment
from papers.models import CertificateWording, PersonRequest, Printing


def add_papers(enrollment: Enrollment, clerk: User, canary: str, *, at: Any) -> None:
    """As if the place's clerk had asked for them."""
    day = timezone.localdate(at)
    place = {
        "program_id": enrollment.program_id, "organization_id": enrollment.organization_id, "region_code": enrollment.region_code,
    }
    # A program's wording is read by all of its offices.
    told = canary if canary in ("金丝雀", "画眉") else ""
    CertificateWording.objects.create(
        program_id=enrollment.program_id, how_to_claim=f"{told}如何理赔", phone="0762-3380000", written_by=clerk, written_at=at
    )
    Printing.objects.create(
        **place, period_id=enrollment.period_id, purpose=f"{canary}发放", people=1, villages=1, asked_by=clerk, asked_at=at
    )
    PersonRequest.objects.create(
        **place, kind="access", person_id=enrollment.person_id, beneficiary_id=enrollment.beneficiary_id,
        identity_check="document", text=f"{canary}请求", received_on=day, due_on=day, recorded_by=clerk, recorded_at=at,
    )

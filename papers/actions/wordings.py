"""What a program's certificates say: written anew, the newest counts."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from audit import events
from audit.faults import fault_point
from papers.errors import PapersRefused
from papers.models import CertificateWording
from papers.reach import refuse_beyond
from programs.models import Program


def write_wording(program: Program, *, how_to_claim: str, phone: str, by: User, at: datetime) -> CertificateWording:
    """From now on certificates of the program say this; those that were printed keep what they say."""
    refuse_beyond(
        by, "papers.write_wording", organization=program.organization, region_code=program.region_code, program_id=program.pk
    )
    how_to_claim, phone = how_to_claim.strip(), phone.strip()
    if not how_to_claim or not phone:
        raise PapersRefused("WORDING")
    for text in (how_to_claim, phone):
        events.refuse_personal(text)
    with transaction.atomic():
        fault_point("papers.write_wording.before")
        wording = CertificateWording.objects.create(
            program=program, how_to_claim=how_to_claim, phone=phone, written_by=by, written_at=at
        )
        events.record(
            "wording.written", wording, by=by, at=at, organization=program.organization, region_code=program.region_code,
            program_id=program.pk, data={"wording": wording.pk},
        )
        fault_point("papers.write_wording.after")
    return wording

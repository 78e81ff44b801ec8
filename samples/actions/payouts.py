"""The evidence of one payout as an archive: handed to an auditor who says what for, recorded before the first byte."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from payouts.models import BatchLine
from samples.actions.drawing import checked_purpose
from samples.actions.evidence import GATHER
from samples.errors import SamplesRefused
from samples.models import SampleItem
from samples.reach import refuse_beyond
from samples.writing import cover_of, payout_archive, undrawn


def open_payout_evidence(item: SampleItem, *, purpose: str, by: User, at: datetime) -> bytes:
    """The archive, masked; told to the timeline of the payout's cover with the checksum of its manifest."""
    purpose = checked_purpose(purpose)
    if item.payout_id is None and item.reported_id is None:
        raise SamplesRefused("NOT_A_PAYOUT")
    sample = item.sample
    refuse_beyond(by, GATHER, organization=sample.organization, region_code=sample.region_code, program_id=sample.program_id)
    return _handed_out(item, {"sample": item.sample_id, "purpose": purpose}, by=by, at=at)


def open_evidence_of_payout(line: BatchLine, *, purpose: str, by: User, at: datetime) -> bytes:
    """The same of any payout that a bank has told the result of, whether or not a sample has drawn it."""
    purpose = checked_purpose(purpose)
    line = BatchLine.objects.select_related("batch__organization", "payable__claim").get(pk=line.pk)
    office: Organization = line.batch.organization
    refuse_beyond(by, GATHER, organization=office, region_code=line.region_code, program_id=line.batch.program_id)
    if line.is_test or not line.results.exists():
        raise SamplesRefused("NO_RESULT")
    return _handed_out(undrawn(line), {"purpose": purpose}, by=by, at=at)


def _handed_out(item: SampleItem, told: dict[str, Any], *, by: User, at: datetime) -> bytes:
    """The archive, and who took it for what."""
    content, checksum = payout_archive(item)
    with transaction.atomic():
        cover = cover_of(item)
        fault_point("samples.open_payout.before")
        events.record(
            "payout.evidence_opened", cover, by=by, at=at, organization=cover.organization, region_code=cover.region_code,
            program_id=cover.program_id,
            data={"payout": item.number, **told, "checksum": checksum[:12]},
        )
        fault_point("samples.open_payout.after")
    return content

"""Files of settlement records: uploaded by one person, approved by another; their further verbs are those of any import: `DESK`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from django.db import IntegrityError, transaction

from accounts.models import Organization, User
from beneficiaries.models.purchase import names_a_person
from intake.desk import Desk
from intake.models import STANDING
from programs.models import Program
from programs.plan_views import plans_of
from records.errors import RecordsRefused
from records.models import RecordList
from records.reach import refuse_beyond
from records.template import template_of

UPLOAD, SUBMIT, APPROVE = "records.upload_recordlist", "records.submit_recordlist", "records.approve_recordlist"
STAGE, APPLY, UNDO = "records.check_records", "records.propose_records", "records.undo_records"
DESK = Desk(template_of, check=STAGE, apply=APPLY, undo=UNDO)
REFERENCE_LENGTH = 60


def upload_records(
    files: Sequence[tuple[str, BinaryIO]], *, program: Program, organization: Organization, reference: str,
    ask_sheets: bool = False, by: User, at: datetime,
) -> RecordList:
    """Keep what a bureau says it has settled, and start its check. `files`: (name, stream); `reference`: its number of the file."""
    reference = reference.strip()
    region_code = organization.region_code or ""
    refuse_beyond(by, UPLOAD, organization=organization, region_code=region_code, program_id=program.pk)
    if not 0 < len(reference) <= REFERENCE_LENGTH or names_a_person(reference):
        raise RecordsRefused("REFERENCE", characters=REFERENCE_LENGTH)
    if not any(view.expenses for view in plans_of(program.pk).values()):
        raise RecordsRefused("NO_TERMS")
    same = RecordList.objects.filter(program=program, organization=organization, reference=reference, state__in=STANDING)
    if same.exists():
        raise RecordsRefused("REFERENCE_TAKEN")
    record_list = RecordList(organization=organization, region_code=region_code, program=program, reference=reference)
    try:
        with transaction.atomic():
            found: RecordList = DESK.upload(record_list, files, ask_sheets=ask_sheets, by=by, at=at)
    except IntegrityError as conflict:
        if "record_list_stands_once" in str(conflict):
            raise RecordsRefused("REFERENCE_TAKEN") from conflict
        raise
    return found

"""Reports of payouts: uploaded by one person, approved by another; their further verbs are those of any import: `DESK`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import BinaryIO

from django.db import IntegrityError, transaction

from accounts.models import Organization, User
from audit import events
from audit.faults import fault_point
from beneficiaries.models.purchase import names_a_person
from intake.actions.review import locked
from intake.deciding import reason_of
from intake.desk import Desk
from intake.models import STANDING, State
from programs.models import PlanInsurer, Program
from results.errors import ResultsRefused
from results.models import Report
from results.reach import refuse_beyond
from results.template import template_of, totals, totals_agree

UPLOAD, APPROVE = "results.upload_report", "results.approve_report"
STAGE, APPLY, UNDO = "results.check_report", "results.record_report", "results.undo_report"
DESK = Desk(template_of, check=STAGE, apply=APPLY, undo=UNDO)
REFERENCE_LENGTH = 60


def upload_report(
    files: Sequence[tuple[str, BinaryIO]], *, program: Program, organization: Organization, insurer: Organization | None = None,
    reference: str, control_lines: int, control_amount: Decimal, ask_sheets: bool = False, by: User, at: datetime,
) -> Report:
    """Keep what an insurer says it has paid, and start its check. `files`: (name, stream); None: the program's insurer.

    `control_lines`, `control_amount` (yuan): what the insurer says of the whole; `reference`: its own number of the report.
    """
    reference = reference.strip()
    region_code = organization.region_code or ""
    refuse_beyond(by, UPLOAD, organization=organization, region_code=region_code, program_id=program.pk)
    insurer = insurer or program.insurer
    if insurer is None:
        raise ResultsRefused("NO_INSURER")
    if insurer.pk != program.insurer_id and not PlanInsurer.objects.filter(plan__program=program, insurer=insurer).exists():
        raise ResultsRefused("OTHER_INSURER")
    if not 0 < len(reference) <= REFERENCE_LENGTH or names_a_person(reference):
        raise ResultsRefused("REFERENCE", characters=REFERENCE_LENGTH)
    if control_lines < 1 or control_amount < 0:
        raise ResultsRefused("NO_SUM")
    same = Report.objects.filter(program=program, insurer=insurer, reference=reference, state__in=STANDING)
    if same.exists():
        raise ResultsRefused("REFERENCE_TAKEN")
    report = Report(
        organization=organization, region_code=region_code, program=program, insurer=insurer, reference=reference,
        control_lines=control_lines, control_amount=control_amount,
    )
    try:
        with transaction.atomic():
            found: Report = DESK.upload(report, files, ask_sheets=ask_sheets, by=by, at=at)
    except IntegrityError as conflict:
        if "payout_report_stands_once" in str(conflict):
            raise ResultsRefused("REFERENCE_TAKEN") from conflict
        raise
    return found


def confirm_totals(report: Report, *, digest: str, reason: str, by: User, at: datetime) -> Report:
    """Whoever is to approve accepts, with a reason, that count or sum of the lines is not what the insurer says.

    `digest`: of what was looked at; another one asks again.
    """
    with transaction.atomic():
        fault_point("results.confirm_totals.locking")
        found: Report = locked(report, template_of(report), State.SUBMITTED)
        refuse_beyond(
            by, APPROVE, organization=found.organization, region_code=found.region_code, program_id=found.program_id
        )
        if by.pk in (found.uploaded_by_id, found.submitted_by_id):
            raise ResultsRefused("OWN_WORK")
        if digest != found.digest:
            raise ResultsRefused("STALE")
        if totals_agree(found):
            raise ResultsRefused("TOTALS_AGREE")
        reason = reason_of(reason)
        events.refuse_personal(reason)
        fault_point("results.confirm_totals.before")
        found.totals_reason, found.totals_by, found.totals_digest = reason, by, found.digest
        found.save(update_fields=["totals_reason", "totals_by", "totals_digest"])
        events.record(
            "payout_report.totals_confirmed", found, by=by, at=at, organization=found.organization,
            region_code=found.region_code, program_id=found.program_id, data={"reason": reason, **totals(found)},
        )
        fault_point("results.confirm_totals.after")
    return found

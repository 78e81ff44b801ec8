"""Delivery reports: files of a gateway about a sending. What is done with them then are the verbs of any import: `REPORTS`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from accounts.models import User
from intake.desk import Desk
from outreach.errors import OutreachRefused
from outreach.models import DeliveryReport, Sending, SendingState
from outreach.reach import refuse_beyond
from outreach.reporting import template_of

STAGE, APPLY = "outreach.stage_report", "outreach.apply_report"
REPORTS = Desk(template_of, check=STAGE, apply=APPLY)


def upload_report(
    files: Sequence[tuple[str, BinaryIO]], *, sending: Sending, control_lines: int, by: User, at: datetime
) -> DeliveryReport:
    """Keep the files of a gateway's report and start their check. `files`: (name, stream); `control_lines`: as the gateway says."""
    refuse_beyond(
        by, "outreach.upload_report", organization=sending.organization, region_code=sending.region_code,
        program_id=sending.program_id,
    )
    if sending.state != SendingState.READY:
        raise OutreachRefused("NOT_READY")
    if control_lines < 1:
        raise OutreachRefused("REPORT_LINES")
    report = DeliveryReport(
        sending=sending, program=sending.program, organization=sending.organization, region_code=sending.region_code,
        control_lines=control_lines,
    )
    found: DeliveryReport = REPORTS.upload(report, files, by=by, at=at)
    return found

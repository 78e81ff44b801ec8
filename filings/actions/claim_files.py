"""Files of claims: uploaded by one person, approved by another; their further verbs are those of any import: `DESK`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from accounts.models import Organization, User
from filings.errors import FilingsRefused
from filings.models import ClaimFile
from filings.reach import refuse_beyond
from filings.template import template_of
from intake.desk import Desk
from programs.models import PlanInsurer, Program

UPLOAD, SUBMIT, APPROVE = "filings.upload_claimfile", "filings.submit_claimfile", "filings.approve_claimfile"
STAGE, APPLY, UNDO = "filings.check_claim_file", "filings.open_claim_file", "filings.undo_claim_file"
DESK = Desk(template_of, check=STAGE, apply=APPLY, undo=UNDO)


def upload_claim_file(
    files: Sequence[tuple[str, BinaryIO]], *, program: Program, organization: Organization, sender: Organization | None = None,
    ask_sheets: bool = False, by: User, at: datetime,
) -> ClaimFile:
    """Keep what a sender reports, and start its check. `files`: (name, stream). `sender` None: the office itself, for its
    villages."""
    region_code = organization.region_code or ""
    refuse_beyond(by, UPLOAD, organization=organization, region_code=region_code, program_id=program.pk)
    sender = sender or organization
    if not is_sender(sender, program, organization):
        raise FilingsRefused("SENDER")
    subject = ClaimFile(organization=organization, region_code=region_code, program=program, sender=sender)
    found: ClaimFile = DESK.upload(subject, files, ask_sheets=ask_sheets, by=by, at=at)
    return found


def is_sender(sender: Organization, program: Program, organization: Organization) -> bool:
    """Whether claims of a program may come from there: an insurer that bears one of its plans, the office or one below it."""
    if sender.path.startswith(organization.path) or sender.pk == program.insurer_id:
        return True
    return PlanInsurer.objects.filter(plan__program=program, insurer=sender).exists()

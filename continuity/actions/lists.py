"""Lists of earlier years: files of an earlier insurer. What is done with them then are the verbs of any import: `LISTS`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import BinaryIO

from django.utils import timezone

from accounts.models import Organization, User
from continuity.earlier import EARLIER
from continuity.errors import ContinuityRefused
from continuity.models import EarlierList
from intake.desk import Desk
from programs.models import Program

UPLOAD = "continuity.upload_earlier"
STAGE, APPLY = "continuity.check_earlier", "continuity.apply_earlier"
LISTS = Desk(lambda subject: EARLIER, check=STAGE, apply=APPLY)


def upload_earlier(
    files: Sequence[tuple[str, BinaryIO]], *, program: Program, organization: Organization, as_of: date, by: User, at: datetime
) -> EarlierList:
    """Keep the files of a list and start its check. `files`: (name, stream); `as_of`: the last day that its figures speak of."""
    offices = Organization.objects.visible_to(by, UPLOAD)
    if not offices.filter(pk=organization.pk).exists() or not Program.objects.visible_to(by, UPLOAD).filter(pk=program.pk).exists():
        raise ContinuityRefused("OUT_OF_SCOPE")
    if program.kind == Program.Kind.DAY_COVER:
        raise ContinuityRefused("SPANS")
    if as_of > timezone.localdate(at):
        raise ContinuityRefused("AS_OF")
    subject = EarlierList(
        program=program, organization=organization, region_code=organization.region_code or "", as_of=as_of
    )
    found: EarlierList = LISTS.upload(subject, files, by=by, at=at)
    return found

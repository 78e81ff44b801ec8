"""Lists of participants of basic insurance: files of a bureau. What is done with them then are the verbs of any import: `LISTS`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import BinaryIO

from django.utils import timezone

from accounts.models import Organization, User
from intake.desk import Desk
from takeup.errors import TakeupRefused
from takeup.models import ParticipantList
from takeup.participants import PARTICIPANTS

UPLOAD = "takeup.upload_participants"
STAGE, APPLY = "takeup.check_participants", "takeup.apply_participants"
LISTS = Desk(lambda subject: PARTICIPANTS, check=STAGE, apply=APPLY)


def upload_participants(
    files: Sequence[tuple[str, BinaryIO]], *, organization: Organization, as_of: date, by: User, at: datetime
) -> ParticipantList:
    """Keep the files of a list and start its check. `files`: (name, stream); `as_of`: the day that the bureau says it is of."""
    region_code = organization.region_code or ""
    if not by.covers(UPLOAD, organization=organization, region_code=region_code):
        raise TakeupRefused("OUT_OF_SCOPE")
    if not region_code:
        raise TakeupRefused("NO_REGION")
    if as_of > timezone.localdate(at):
        raise TakeupRefused("AS_OF")
    subject = ParticipantList(organization=organization, region_code=region_code, as_of=as_of)
    found: ParticipantList = LISTS.upload(subject, files, by=by, at=at)
    return found

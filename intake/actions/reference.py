"""A file of reference data on its way: held for its uploader until it is confirmed or discarded, then taken in at once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO

from django.db import transaction

from accounts.models import User
from audit import events
from audit.faults import fault_point
from intake.actions.files import discard_file, receive_file
from intake.errors import IntakeRefused
from intake.models import HeldUpload

if TYPE_CHECKING:
    # The resources stand above the actions; here they are only handed through.
    from intake.reference.reading import ListFile
    from intake.reference.resource import Preview, ReferenceResource


def hold_upload(
    stream: BinaryIO, *, name: str, kind: str, options: Mapping[str, str], by: User, at: datetime
) -> HeldUpload:
    """Keep a file, sealed, for its uploader's preview. An earlier one of the same uploader and list is discarded.

    The file is an upload that no import holds: when nobody decides, the daily removal deletes it after a day.
    """
    file = receive_file(stream, name=name, organization=by.organization, by=by, at=at)
    with transaction.atomic():
        fault_point("intake.hold_upload.before")
        held = HeldUpload.objects.create(file=file, kind=kind, options=dict(options))
        fault_point("intake.hold_upload.after")
    for earlier in HeldUpload.objects.select_related("file").filter(kind=kind, file__uploaded_by=by).exclude(pk=held.pk):
        discard_upload(earlier, by=by, at=at)
    return held


def discard_upload(held: HeldUpload, *, by: User, at: datetime) -> None:
    """Delete a held file; of one that is gone already nothing is left to do."""
    discard_file(held.file, by=by, at=at)


def take_in_upload(
    held: HeldUpload, resource: ReferenceResource, file: ListFile, *, digest: str, by: User, at: datetime
) -> Preview:
    """Write what a held file, read into `file`, says: once, and only if that is still what its uploader was shown
    (`digest`). Gives the preview that came true."""
    with transaction.atomic():
        kept = HeldUpload.objects.select_for_update(of=("self",)).select_related("file__organization").filter(
            pk=held.pk, file__uploaded_by=by, file__purged_at=None
        ).first()
        if kept is None:
            raise IntakeRefused("NOT_HELD")
        resource.lock()
        done = resource.preview(file)
        if done.refused:
            raise IntakeRefused("ROWS_REFUSED")
        if done.digest != digest:
            raise IntakeRefused("DIGEST")
        if not done.does_something:
            raise IntakeRefused("NOTHING_CHANGES")
        fault_point("intake.take_in_upload.before")
        resource.take_in(by=by, at=at)
        fault_point("intake.take_in_upload.written")
        source = kept.file
        events.record(
            "reference.imported", source, by=by, at=at, organization=source.organization,
            region_code=source.organization.region_code,
            data={
                "list": kept.kind, "added": done.added, "changed": done.changed + len(done.beside),
                "unchanged": done.unchanged, "content": source.sha256, "previewed": done.digest, "options": kept.options,
            },
        )
        kept.delete()
        fault_point("intake.take_in_upload.after")
    discard_file(source, by=by, at=at)
    return done


def record_export(content: bytes, *, kind: str, rows: int, extension: str, by: User, at: datetime) -> None:
    """Tell of a list that leaves as a file; nothing of what it holds is kept."""
    with transaction.atomic():
        fault_point("intake.record_export.before")
        events.record(
            "reference.exported", by.organization, by=by, at=at, organization=by.organization,
            region_code=by.organization.region_code,
            data={"list": kind, "rows": rows, "format": extension, "content": hashlib.sha256(content).hexdigest()},
        )
        fault_point("intake.record_export.after")

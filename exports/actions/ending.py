"""Exports that end: cancelled by whoever asked, deleted when their time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from audit.faults import fault_point
from exports.errors import ExportsRefused
from exports.models import Export, ExportPart
from exports.writing import record
from intake import storage
from jobs.actions import cancel_job
from jobs.models import Job

RETENTION = gettext_noop("system:retention")


@transaction.atomic
def cancel_export(export: Export, *, by: Any, at: datetime) -> Export:
    """Stop writing; what was written is deleted with the next removal."""
    # The export before its job, as every step takes them: else both could wait for each other.
    kept = Export.objects.select_for_update(of=("self",)).select_related("organization").get(pk=export.pk)
    if kept.state != Export.State.ASKED:
        raise ExportsRefused("NOT_WAITING", state=kept.get_state_display())
    fault_point("exports.cancel.before")
    job = Job.objects.about(kept).live().select_for_update().first()
    if job is not None and not job.stop_requested:
        cancel_job(job, by=by, at=at)
    kept.state, kept.ended_at, kept.purge_on = Export.State.CANCELLED, at, timezone.localdate(at)
    kept.save()
    record(kept, "export.cancelled", by=by, at=at, data={"list": kept.listing})
    fault_point("exports.cancel.after")
    return kept


def purge_exports(*, at: datetime, limit: int = 200) -> int:
    """Delete the files whose time is over, whole folders, orphans of killed steps included; the rows stay and say so."""
    live = Job.objects.live().filter(subject_type=Export._meta.label_lower).values_list("subject_id", flat=True)
    due = Export.objects.filter(purge_on__lte=timezone.localdate(at), purged_at=None).exclude(folder="")
    due = due.exclude(pk__in=[int(pk) for pk in live])
    return sum(_purge(export, at=at) for export in due.order_by("pk")[:limit])


def _purge(export: Export, *, at: datetime) -> bool:
    """Delete one folder, then say so: killed between the two, the next run does it again."""
    fault_point("exports.purge.before")
    for key in storage.keys_within(export.folder):
        storage.remove(key)
    fault_point("exports.purge.removed")
    with transaction.atomic():
        kept = Export.objects.select_for_update(of=("self",)).select_related("organization").get(pk=export.pk)
        if kept.purged_at is not None:
            return False
        ExportPart.objects.filter(export=kept).delete()
        kept.purged_at = at
        if kept.state in (Export.State.READY, Export.State.ASKED):
            kept.state, kept.ended_at = Export.State.EXPIRED, kept.ended_at or at
        kept.save()
        record(kept, "export.purged", by=RETENTION, at=at, data={"list": kept.listing})
        fault_point("exports.purge.after")
    return True

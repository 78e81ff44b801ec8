"""A file fetched by whoever asked for it, while they still may and before its time is over."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.faults import fault_point
from exports.errors import ExportsRefused
from exports.listing import Listing, still_reaches
from exports.models import Export
from exports.writing import content_of, record, wanted_of


def open_export(export: Export, *, by: User, at: datetime) -> Iterable[bytes]:
    """The bytes of a file, its event written before the first: refused to everybody else, and once right or reach is lost."""
    if export.asked_by_id != by.pk:
        raise ExportsRefused("RIGHT_LOST")
    with transaction.atomic():
        kept = Export.objects.select_for_update(of=("self",)).select_related("organization").get(pk=export.pk)
        if kept.state == Export.State.EXPIRED or (
            kept.state == Export.State.READY and kept.purge_on is not None and kept.purge_on <= timezone.localdate(at)
        ):
            raise ExportsRefused("EXPIRED", day=f"{kept.purge_on:%Y-%m-%d}")
        if kept.state != Export.State.READY:
            raise ExportsRefused("NOT_READY", state=kept.get_state_display())
        # The right to the list, as of now; then that no role has been lost or narrowed since the file was made.
        asker = User.objects.get(pk=by.pk)
        Listing(kept.listing, asker, wanted_of(kept))
        if not still_reaches(asker, kept.reach):
            raise ExportsRefused("RIGHT_LOST")
        fault_point("exports.fetch.before")
        record(kept, "export.downloaded", by=by, at=at, data={"list": kept.listing, "content": kept.sha256[:12]})
        fault_point("exports.fetch.after")
    return content_of(kept)

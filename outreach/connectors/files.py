"""Messages as files for an SMS gateway: CSV, sealed in the storage, fetched by whoever uploads them to it."""

from __future__ import annotations

import io

from django.utils import timezone

from exports.columns import Column
from exports.formats import csv_piece
from intake import storage
from outreach.connectors import Batch, Taken

_LIMIT = 1 << 28
#: Headings that the gateways' own templates have; always Chinese, as what they read.
HEADINGS = ("手机号", "短信内容", "编号", "发送时段")


def _none(_row: object) -> str:
    return ""


_COLUMNS = [Column(heading, heading, _none) for heading in HEADINGS]


class FileConnector:
    """The default: nothing leaves until a person fetches it. A file of a batch that comes again takes the earlier one's place."""

    def send(self, batch: Batch) -> Taken:
        """Seal the batch's file."""
        hours = f"{batch.earliest_hour:02d}:00-{batch.latest_hour:02d}:00"
        rows = ((each.phone, each.text, each.reference, hours) for each in batch.messages)
        content = csv_piece(_COLUMNS, rows, first=True)
        kept = storage.store(io.BytesIO(content), year=timezone.localdate().year, limit=_LIMIT, folder=batch.folder)
        return Taken(len(batch.messages), storage_key=kept.key, size=kept.size)

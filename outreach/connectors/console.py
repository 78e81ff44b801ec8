"""Messages on the console of the worker: for trying a wording out, and for tests. Telephones and names stay masked."""

from __future__ import annotations

import sys
from typing import ClassVar, TextIO

from audit.masking import mask_phone
from outreach.connectors import Batch, Taken


class ConsoleConnector:
    """Prints what would be sent: whereto masked, and how long, never the text of a person."""

    #: Keys of batches that were printed by this process.
    taken: ClassVar[dict[str, int]] = {}

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def send(self, batch: Batch) -> Taken:
        """Print a batch once."""
        if batch.key not in self.taken:
            for each in batch.messages:
                self._stream.write(f"{each.reference} {mask_phone(each.phone)} {len(each.text)}\n")
            self.taken[batch.key] = len(batch.messages)
        return Taken(self.taken[batch.key], reference=batch.key)

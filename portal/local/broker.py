"""The doorbell of one machine: kombu's transport over a folder, whose messages appear whole or not at all."""

from __future__ import annotations

from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Kombu's own opens the file of a message before it writes it: a worker that looks between reads nothing and dies of it."""

    # The two classes above call the message by two names.
    def _put(self, queue: str, payload: Any, **_kwargs: Any) -> None:  # type: ignore[override]
        """Write a message aside and rename it to where workers look, who take names by the alphabet: times are of one length."""
        whole = Path(self.data_folder_out) / f"{time_ns():020}_{uuid4()}.{queue}.msg"
        part = whole.with_name(f"{whole.name}.part")
        part.write_bytes(str_to_bytes(dumps(payload)))
        part.replace(whole)

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The next message; one that a crash of the machine has spoilt is no message: the job's row says what is to do."""
        try:
            return super()._get(queue)
        except ValueError as error:
            raise Empty from error


class Transport(filesystem.Transport):
    """`filesystem://` of `portal.celery`."""

    Channel = Channel

"""Payout files into a folder that the bank's own program watches: a shared disk, a mounted drive."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from django.conf import settings

from audit.faults import fault_point
from payouts.connectors import Acknowledged, NotTaken, Parcel

_READ = 1 << 20


class FolderConnector:
    """Writes beside and renames: whoever watches the folder sees whole files only."""

    def __init__(self, folder: str = "") -> None:
        self._folder = Path(folder or settings.PAYOUT_FOLDER)

    def deliver(self, parcel: Parcel) -> Acknowledged:
        """Put the file at its place."""
        target, part = self._folder / parcel.name, self._folder / f".{parcel.name}.part"
        if not self._folder.is_dir():
            raise NotTaken("the folder PAYOUT_FOLDER does not exist")
        if target.exists():
            if _digest(target) != parcel.sha256:
                raise NotTaken(f"another file lies at {parcel.name}")
            return Acknowledged(parcel.name)
        fault_point("payouts.folder.before")
        try:
            with part.open("wb") as written:
                part.chmod(0o600)
                for block in parcel.content():
                    written.write(block)
                written.flush()
                os.fsync(written.fileno())
            if _digest(part) != parcel.sha256:
                raise NotTaken("the file could not be written whole")
        except OSError as error:
            # Under its own name nothing lies there yet.
            part.unlink(missing_ok=True)
            raise NotTaken(f"the folder refuses the file: {error.strerror}") from error
        part.rename(target)
        fault_point("payouts.folder.after")
        return Acknowledged(parcel.name)


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as read:
        while block := read.read(_READ):
            found.update(block)
    return found.hexdigest()

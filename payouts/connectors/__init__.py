"""Connectors: what carries a payout file to the bank. The settings choose one by its dotted name, as Django does with backends.

A connector of one's own is a class with `deliver(parcel) -> Acknowledged`. The name of a batch's file is always the same: a
connector that finds it at its place, with the same content, says that it is taken and sends it no second time; with another
content it raises `NotTaken`. It raises `NotTaken` only where it is certain that nothing reached the other side; whatever else
happens leaves it unknown, and a person asks the bank. `contract.py` says it as a test that each must pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string


class NotTaken(Exception):
    """Nothing has left; `str()` says why, without a person's data and without secrets."""


@dataclass(frozen=True)
class Parcel:
    """One file: its name, always the same for its batch; its size and SHA-256 (hex); `content()` reads it from the begin."""

    name: str
    size: int
    sha256: str
    content: Callable[[], Iterator[bytes]]


@dataclass(frozen=True)
class Acknowledged:
    """Where the file lies now, as the other side calls it."""

    place: str


class Connector(Protocol):
    """Carries files."""

    def deliver(self, parcel: Parcel) -> Acknowledged:
        """Carry a file; one that lies at its place already is not carried again."""
        ...


def connector_class() -> type[Connector] | None:
    """The one that the settings name; None: files are downloaded by people."""
    if not settings.PAYOUT_CONNECTOR:
        return None
    found: type[Connector] = import_string(settings.PAYOUT_CONNECTOR)
    return found


def connector() -> Connector:
    """One of it."""
    found = connector_class()
    if found is None:
        raise NotTaken("PAYOUT_CONNECTOR")
    return found()

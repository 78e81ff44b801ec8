"""Pure rules of background work: which arguments may be kept, how long to wait after a failure, how fast it goes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jobs.errors import JobsRefused

FIRST_DELAY_SECONDS = 5
LONGEST_DELAY_SECONDS = 600
#: A row's number has up to ten digits; phone numbers have eleven, documents and accounts fifteen and more.
LARGEST_ID = 10**10 - 1
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,39}", re.ASCII)
#: Documents, bank accounts and mobile numbers; twelve digits are a village's region code.
_PERSONAL = re.compile(r"[0-9]{13,}[Xx]?|(?<![0-9])1[3-9][0-9]{9}(?![0-9])")


def checked_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as they are kept: numbers of rows, short ASCII codes, truth values, or lists of the first two.

    Raises JobsRefused for anything else, names and document numbers above all; the refusal never repeats the value.
    """
    kept: dict[str, Any] = {}
    for name, value in arguments.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise JobsRefused("ARGUMENT_NAME")
        values = value if isinstance(value, list | tuple) else [value]
        if not all(_may_be_kept(one) for one in values):
            raise JobsRefused("ARGUMENT", name=name)
        kept[name] = list(values) if isinstance(value, list | tuple) else value
    return kept


def _may_be_kept(value: object) -> bool:
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, int):
        return 0 <= value <= LARGEST_ID
    if isinstance(value, str):
        return value == "" or (_CODE.fullmatch(value) is not None and _PERSONAL.search(value) is None)
    return False


def without_numbers(text: str) -> str:
    """A text with every run of digits masked that could be a document, an account or a phone."""
    return _PERSONAL.sub("***", text)


def retry_delay(attempt: int, *, job_id: int) -> timedelta:
    """How long to wait after the n-th failed attempt (from 1): doubled each time, spread by a quarter either way.

    The spread follows from the job and the attempt alone, so that a test can state it and jobs do not march in step.
    """
    whole = min(FIRST_DELAY_SECONDS * 2 ** max(attempt - 1, 0), LONGEST_DELAY_SECONDS)
    draw = int.from_bytes(hashlib.sha256(f"{job_id}:{attempt}".encode()).digest()[:4], "big") / 2**32
    return timedelta(seconds=round(whole * (0.75 + 0.5 * draw), 3))


@dataclass(frozen=True)
class Pace:
    """How far and how fast: percent (None without a total), units per second, seconds left (None when unknown)."""

    percent: int | None
    per_second: float | None
    seconds_left: int | None


def pace(*, done: int, total: int | None, resumed_from: int, seconds: float) -> Pace:
    """Progress of a run that began at `resumed_from` and has lasted `seconds`."""
    percent = None if total is None else (100 if total == 0 else done * 100 // total)
    moved = done - resumed_from
    per_second = moved / seconds if moved > 0 and seconds > 0 else None
    left = None if total is None or per_second is None else round((total - done) / per_second)
    return Pace(percent, per_second, left)

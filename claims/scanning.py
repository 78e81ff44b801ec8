"""A hook for scanners of uploaded papers: what an installation registers is asked before a paper is kept."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from claims.errors import ClaimsRefused

log = structlog.get_logger(__name__)


class ScannerFailed(Exception):
    """A scanner could not look at a paper: it is not there, or gave no answer that it knows."""


#: (content, media type) -> the scanner's name of what it found, "" for nothing.
Scanner = Callable[[bytes, str], str]
#: Raises ScannerFailed or OSError (connections, timeouts) where it cannot look.
_scanners: list[Scanner] = []


def register_scanner(scanner: Scanner) -> None:
    """Called once at start by whoever installs one."""
    if scanner not in _scanners:
        _scanners.append(scanner)


def forget_scanners() -> None:
    """For tests."""
    _scanners.clear()


def refuse_harmful(content: bytes, *, media_type: str) -> None:
    """ClaimsRefused("PAPER_HARMFUL") where a scanner finds something; "PAPER_UNSCANNED" where one cannot look: nothing is kept
    unseen, and the paper may come again."""
    for scanner in _scanners:
        try:
            found = scanner(content, media_type)
        except (ScannerFailed, OSError) as failed:
            log.warning("claims.scanner_failed", error=type(failed).__name__)
            raise ClaimsRefused("PAPER_UNSCANNED") from failed
        if found:
            raise ClaimsRefused("PAPER_HARMFUL", found=found)

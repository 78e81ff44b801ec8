"""A hook for scanners of uploaded papers: what an installation registers is asked before a paper is kept."""

from __future__ import annotations

from collections.abc import Callable

from claims.errors import ClaimsRefused

#: (content, media type) -> the scanner's name of what it found, "" for nothing.
Scanner = Callable[[bytes, str], str]
_scanners: list[Scanner] = []


def register_scanner(scanner: Scanner) -> None:
    """Called once at start by whoever installs one."""
    if scanner not in _scanners:
        _scanners.append(scanner)


def forget_scanners() -> None:
    """For tests."""
    _scanners.clear()


def refuse_harmful(content: bytes, *, media_type: str) -> None:
    """ClaimsRefused("PAPER_HARMFUL") where a scanner finds something; a scanner that fails refuses the paper, too."""
    for scanner in _scanners:
        if found := scanner(content, media_type):
            raise ClaimsRefused("PAPER_HARMFUL", found=found)

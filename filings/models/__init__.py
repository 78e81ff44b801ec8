"""Files of claims with their lines, the cases that came of them, and archives of papers."""

from filings.models.claim_file import ClaimFile, ClaimFileChunk, ClaimFilePart, ClaimFileRow
from filings.models.decision import FilingDecision, LineDecision
from filings.models.filed_case import FiledCase
from filings.models.papers import ArchiveState, PaperArchive, PaperEntry, PaperOutcome

__all__ = [
    "ArchiveState", "ClaimFile", "ClaimFileChunk", "ClaimFilePart", "ClaimFileRow", "FiledCase", "FilingDecision", "LineDecision",
    "PaperArchive", "PaperEntry", "PaperOutcome",
]

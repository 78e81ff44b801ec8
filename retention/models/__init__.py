"""The nouns of the room, one file each."""

from retention.models.hold import LegalHold
from retention.models.run import DestructionLine, DestructionRun, RunKind, RunState
from retention.models.term import RetentionTerm, TermState

__all__ = ["DestructionLine", "DestructionRun", "LegalHold", "RetentionTerm", "RunKind", "RunState", "TermState"]

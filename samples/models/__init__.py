"""The nouns of the room, one file each."""

from samples.models.evidence import EvidenceBundle, EvidencePart, EvidenceState
from samples.models.sample import Finding, Sample, SampleItem, Stratum, Subject

__all__ = ["EvidenceBundle", "EvidencePart", "EvidenceState", "Finding", "Sample", "SampleItem", "Stratum", "Subject"]

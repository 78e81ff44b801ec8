"""The nouns of the room, one file each."""

from papers.models.printing import PrintedPart, Printing, PrintingState
from papers.models.wording import CertificateWording

__all__ = ["CertificateWording", "PrintedPart", "Printing", "PrintingState"]

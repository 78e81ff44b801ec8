"""The nouns of the room, one file each."""

from papers.models.printing import PrintedPart, Printing, PrintingState
from papers.models.request import RESTRICTING, Asker, IdentityCheck, PersonRequest, RequestKind, RequestState
from papers.models.wording import CertificateWording

__all__ = [
    "RESTRICTING", "Asker", "CertificateWording", "IdentityCheck", "PersonRequest", "PrintedPart", "Printing", "PrintingState",
    "RequestKind", "RequestState",
]

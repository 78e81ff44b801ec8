"""The nouns of the room, one file each."""

from beneficiaries.models.enrollment import Enrollment
from beneficiaries.models.person import Beneficiary, BeneficiaryCategory, Person
from beneficiaries.models.purchase import Purchase
from beneficiaries.models.roster import Roster, RosterChunk, RosterFile, RosterRow

__all__ = [
    "Beneficiary", "BeneficiaryCategory", "Enrollment", "Person", "Purchase", "Roster", "RosterChunk", "RosterFile",
    "RosterRow",
]

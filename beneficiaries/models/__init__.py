"""The nouns of the room, one file each."""

from beneficiaries.models.ending import Ending
from beneficiaries.models.enrollment import Enrollment
from beneficiaries.models.person import Beneficiary, BeneficiaryCategory, Person
from beneficiaries.models.roster import Roster, RosterChunk, RosterFile, RosterRow

__all__ = [
    "Beneficiary", "BeneficiaryCategory", "Ending", "Enrollment", "Person", "Roster", "RosterChunk", "RosterFile", "RosterRow",
]

"""The nouns of the room, one file each."""

from beneficiaries.models.change import ChangeKind, ChangeState, HealthClass, PersonChange, Role
from beneficiaries.models.decided_line import DecidedLine
from beneficiaries.models.decision import DecisionKind, RosterDecision
from beneficiaries.models.document import DocumentStanding, PersonDocument
from beneficiaries.models.employer import Employer
from beneficiaries.models.ending import Ending
from beneficiaries.models.enrollment import Enrollment
from beneficiaries.models.full_list import FullList, MissingEnrollment
from beneficiaries.models.health import HealthSource, HealthStatement
from beneficiaries.models.merged_row import MergedRow
from beneficiaries.models.payer import PurchasePayer
from beneficiaries.models.person import Beneficiary, BeneficiaryCategory, Person
from beneficiaries.models.purchase import Purchase
from beneficiaries.models.purchase_standing import PurchaseStage, PurchaseStanding
from beneficiaries.models.representative import Representative
from beneficiaries.models.roster import Roster, RosterChunk, RosterFile, RosterRow
from beneficiaries.models.standing import CountyStanding, DayStanding, Standing

__all__ = [
    "Beneficiary", "BeneficiaryCategory", "ChangeKind", "ChangeState", "CountyStanding", "DayStanding", "DecidedLine",
    "DecisionKind", "DocumentStanding", "Employer", "Ending", "Enrollment", "FullList", "HealthClass", "HealthSource",
    "HealthStatement", "MergedRow", "MissingEnrollment", "Person", "PersonChange", "PersonDocument", "Purchase",
    "PurchasePayer", "PurchaseStage", "PurchaseStanding", "Representative", "Role", "Roster", "RosterChunk",
    "RosterDecision", "RosterFile", "RosterRow", "Standing",
]

"""The nouns of the room, one file each."""

from accounts.models.membership import Membership, MembershipProgram
from accounts.models.organization import Organization
from accounts.models.region import Region, RegionQuerySet
from accounts.models.second_factor import RecoveryCode, SecondFactor
from accounts.models.user import PastPassword, User

__all__ = [
    "Membership",
    "MembershipProgram",
    "Organization",
    "PastPassword",
    "RecoveryCode",
    "Region",
    "RegionQuerySet",
    "SecondFactor",
    "User",
]

"""Admin pages of this room: lists, read-only details, and buttons that call one action each."""

from accounts.admin.attempts import FailedSignInAdmin
from accounts.admin.memberships import MembershipAdmin
from accounts.admin.organizations import OrganizationAdmin
from accounts.admin.regions import RegionAdmin
from accounts.admin.users import UserAdmin

__all__ = ["FailedSignInAdmin", "MembershipAdmin", "OrganizationAdmin", "RegionAdmin", "UserAdmin"]

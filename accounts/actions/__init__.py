"""What this room does: one transaction each, with its lock, its re-check, its write and its event."""

from accounts.actions.first_admins import FirstAdmin, create_first_admins
from accounts.actions.memberships import end_membership, grant_membership
from accounts.actions.organizations import (
    change_organization,
    close_organization,
    create_organization,
    move_organization,
    reopen_organization,
)
from accounts.actions.passwords import reset_password, set_password
from accounts.actions.regions import RegionImport, import_regions
from accounts.actions.second_factors import (
    begin_second_factor,
    confirm_second_factor,
    replace_recovery_codes,
    reset_second_factor,
    verify_second_factor,
)
from accounts.actions.users import change_user, create_user, deactivate_user, reactivate_user, unlock_user

__all__ = [
    "FirstAdmin",
    "RegionImport",
    "begin_second_factor",
    "change_organization",
    "change_user",
    "close_organization",
    "confirm_second_factor",
    "create_first_admins",
    "create_organization",
    "create_user",
    "deactivate_user",
    "end_membership",
    "grant_membership",
    "import_regions",
    "move_organization",
    "reactivate_user",
    "reopen_organization",
    "replace_recovery_codes",
    "reset_password",
    "reset_second_factor",
    "set_password",
    "unlock_user",
    "verify_second_factor",
]

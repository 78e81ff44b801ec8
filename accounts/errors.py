"""What this room refuses, in words a person can act on; no rule lives here."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class AccountsRefused(Refused):
    """A request about users, organizations, regions or roles that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "REGION_FILE_COLUMNS": _("The file of regions lacks the columns %(columns)s."),
        "REGION_FILE_LINE": _("Line %(line)d of the file of regions is not readable (%(problem)s)."),
        "REGION_FILE_UNKNOWN": _("Line %(line)d: region %(region)s names %(other)s as its successor, which nobody knows."),
        "DUTY_CONFLICT": _("%(role)s cannot be held together with the roles this user has: end those first."),
        "ALREADY_GRANTED": _("This user already holds this role in this organization and region."),
        "ALREADY_ENDED": _("This membership has already ended."),
        "OWN_GRANT": _("You cannot change your own roles: ask another security administrator."),
        "OUT_OF_SCOPE": _("This organization or region lies outside your own."),
        "LAST_SECURITY_ADMIN": _("This would leave nobody who can grant roles: appoint another security administrator first."),
        "BEYOND_REACH": _("This user also holds a role outside your own organization or region: ask whoever administers that."),
        "ORGANIZATION_NAME_TAKEN": _("An organization of this name is known there already."),
        "USCC_TAKEN": _("This unified social credit code is in use."),
        "OWN_ACCOUNT": _("You cannot do this to your own account."),
        "ROLE_UNKNOWN": _("There is no role %(role)s."),
        "EXPIRY_PAST": _("The expiry day must lie after today."),
        "REGION_OUTSIDE": _("Region %(region)s lies outside the organization's region %(organization_region)s."),
        "REGION_UNKNOWN": _("There is no region %(region)s in the region table."),
        "USER_INACTIVE": _("This user has been deactivated."),
        "ORGANIZATION_INACTIVE": _("This organization is no longer active."),
        "USERNAME_TAKEN": _("This user name is already in use."),
        "USERNAME_FORMAT": _("A user name has 3 to 64 lower-case letters, digits, dots, hyphens or underscores."),
        "PARENT_BELOW": _("An organization cannot be moved below itself."),
        "PASSWORD_WRONG": _("The current password is not right."),
        "NO_SECOND_FACTOR": _("This user has no second factor to reset."),
        "ALREADY_ENROLLED": _("A second factor is already set up."),
        "USERS_EXIST": _("There are users already: the first administrators can be created only once."),
        "EDITION_EMPTY": _("The region edition holds no rows."),
        "EDITION_PARENT": _("The region edition lacks the regions above: %(codes)s."),
        "EDITION_TWICE": _("The region edition lists these codes twice: %(codes)s."),
        "EDITION_TOO_EARLY": _("Region %(region)s began on %(day)s or later: it cannot end on that day."),
        "EDITION_SHRINKS": _(
            "This edition would retire %(retired)s of %(live)s regions. If that is right, "
            "import it again and state that number."
        ),
    }

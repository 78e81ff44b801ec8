"""Roles, their duties and permissions as data; granting a role to a user is an action, not here."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a user may be in an organization."""

    CLERK = "clerk", _("Clerk")
    REVIEWER = "reviewer", _("Reviewer")
    FINANCE_MAKER = "finance_maker", _("Finance maker")
    FINANCE_CHECKER = "finance_checker", _("Finance checker")
    AUDITOR = "auditor", _("Auditor")
    SECURITY_ADMIN = "security_admin", _("Security administrator")
    SYSTEM_ADMIN = "system_admin", _("System administrator")


class Duty(models.TextChoices):
    """The one kind of work a person may do: who makes never checks, who administers never audits."""

    MAKING = "making", _("Making")
    CHECKING = "checking", _("Checking")
    AUDITING = "auditing", _("Auditing")
    SECURITY = "security", _("Security administration")
    SYSTEM = "system", _("System administration")


DUTY_OF_ROLE: dict[str, str] = {
    Role.CLERK: Duty.MAKING,
    Role.FINANCE_MAKER: Duty.MAKING,
    Role.REVIEWER: Duty.CHECKING,
    Role.FINANCE_CHECKER: Duty.CHECKING,
    Role.AUDITOR: Duty.AUDITING,
    Role.SECURITY_ADMIN: Duty.SECURITY,
    Role.SYSTEM_ADMIN: Duty.SYSTEM,
}

#: Duties whose holders must have a second factor before anything else.
ADMINISTRATIVE_DUTIES = frozenset({Duty.AUDITING, Duty.SECURITY, Duty.SYSTEM})

#: role -> permissions "app.codename"; rooms above add theirs by `grant_permissions` in their `ready()`.
PERMISSIONS: dict[str, frozenset[str]] = {
    Role.CLERK: frozenset({"accounts.view_region"}),
    Role.REVIEWER: frozenset({"accounts.view_region"}),
    Role.FINANCE_MAKER: frozenset({"accounts.view_region"}),
    Role.FINANCE_CHECKER: frozenset({"accounts.view_region"}),
    Role.AUDITOR: frozenset(
        {
            "accounts.view_region",
            "accounts.view_organization",
            "accounts.view_user",
            "accounts.view_membership",
            "audit.view_event",
            "audit.view_reveal",
            "accounts.export_organization",
            "accounts.export_user",
            "accounts.export_membership",
            "audit.export_event",
            "audit.export_reveal",
        }
    ),
    Role.SECURITY_ADMIN: frozenset(
        {
            "accounts.view_region",
            "accounts.view_organization",
            "accounts.view_user",
            "accounts.view_membership",
            "accounts.grant_membership",
            "accounts.end_membership",
            "accounts.unlock_user",
            "accounts.reset_second_factor",
            "audit.view_reveal",
            "axes.view_accessattempt",
            "accounts.export_organization",
            "accounts.export_user",
            "accounts.export_membership",
            "audit.export_reveal",
        }
    ),
    Role.SYSTEM_ADMIN: frozenset(
        {
            "accounts.view_region",
            "accounts.import_region",
            "accounts.export_region",
            "accounts.view_organization",
            "accounts.add_organization",
            "accounts.change_organization",
            "accounts.view_user",
            "accounts.add_user",
            "accounts.change_user",
            "accounts.deactivate_user",
            "accounts.reset_password",
            "accounts.export_organization",
            "accounts.export_user",
        }
    ),
}


def grant_permissions(role: str, permissions: Iterable[str]) -> None:
    """Add permissions ("app.codename") to a role; called once per room from `ready()`."""
    PERMISSIONS[Role(role)] = PERMISSIONS[Role(role)] | frozenset(permissions)


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """All permissions that these roles hold together; those of one, whom most have, are asked a hundred times a page."""
    held = [PERMISSIONS.get(role, frozenset()) for role in roles]
    return held[0] if len(held) == 1 else frozenset().union(*held)

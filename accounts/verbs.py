"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "user.created": _("The account was made."),
    "user.changed": _("The account was corrected."),
    "user.deactivated": _("The account was deactivated; its sessions ended."),
    "user.reactivated": _("The account was opened again."),
    "user.unlocked": _("The account was unlocked; failed attempts forgotten: %(forgotten)d."),
    "user.password_changed": _("The password was changed by its owner."),
    "user.password_reset": _("A new initial password was given; all sessions ended."),
    "user.signed_in": _("Signed in."),
    "user.signed_out": _("Signed out."),
    "user.sign_in_failed": _("A sign-in failed: the password was not right."),
    "user.locked_out": _("The account was locked after too many failed sign-ins."),
    "second_factor.begun": _("The set-up of a second factor was begun."),
    "second_factor.set_up": _("A second factor was set up."),
    "second_factor.failed": _("A code of the second factor was not right."),
    "second_factor.locked": _("The second factor was locked after too many wrong codes."),
    "second_factor.reset": _("The second factor was removed."),
    "second_factor.codes_replaced": _("New recovery codes were made."),
    "second_factor.recovery_code_used": _("A recovery code was used; %(left)d are left."),
    "organization.created": _("The organization was made."),
    "organization.changed": _("The organization was corrected."),
    "organization.moved": _("The organization was moved with %(moved_below)d organizations below it."),
    "organization.closed": _("The organization was closed."),
    "organization.reopened": _("The organization was opened again."),
    "membership.granted": _("The role was granted."),
    "membership.ended": _("The role was ended."),
    "region.imported": _("Regions were imported: %(added)d new, %(changed)d changed, %(retired)d retired."),
}

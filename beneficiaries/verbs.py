"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "roster.received": _("The roster was uploaded with %(files)d file(s)."),
    "roster.checked": _("The roster was checked: %(rows)d rows, %(refused)d refused."),
    "roster.failed": _("The roster's file could not be read (%(codes)s)."),
    "roster.conflicts_elsewhere": _("%(rows)d rows do not agree with people whom only other organizations know."),
    "roster.closed": _("The roster was closed unread (%(code)s)."),
    "roster.submitted": _("The roster was submitted for approval."),
    "roster.approved": _("The roster was approved."),
    "roster.left_out": _(
        "The budgets did not suffice: %(rows)d rows of %(groups)d groups (%(premium)s yuan) were left out, by the "
        "priority of categories."
    ),
    "roster.refused": _("The roster was sent back: %(reason)s"),
    "roster.withdrawn": _("The roster was withdrawn: %(reason)s"),
    "roster.chunk_applied": _("Part %(chunk)d was applied: %(rows)d rows took effect, %(set_aside)d set aside."),
    "roster.applied": _("The roster is applied: %(rows)d rows took effect, %(set_aside)d set aside."),
    "roster.lapsed": _(
        "Enrollment has closed: %(people)d unpaid enrollments lapsed, %(released)s yuan went back to the budgets."
    ),
    "roster.hold_lapsed": _("Enrollment has closed: %(released)s yuan held for the roster went back to the budgets."),
    "roster.gate_passed": _("%(gate)s: recorded for %(passed)d enrollments, %(in_force)d came into force."),
    "roster.refused_rows_downloaded": _("%(rows)d refused rows were downloaded (%(format)s)."),
}

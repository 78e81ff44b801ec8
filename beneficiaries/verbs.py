"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "roster.received": _("The roster was uploaded with %(files)d file(s)."),
    "roster.checked": _("The roster was checked: %(rows)d rows, %(refused)d refused (content %(digest)s)."),
    "roster.failed": _("The roster's file could not be read (%(codes)s)."),
    "roster.conflicts_elsewhere": _("%(rows)d rows do not agree with people whom only other organizations know."),
    "roster.closed": _("The roster was closed unread (%(code)s)."),
    "roster.submitted": _("The roster was submitted for approval (content %(digest)s)."),
    "roster.approved": _("The roster was approved (content %(digest)s)."),
    "roster.refused": _("The roster was sent back: %(reason)s"),
    "roster.withdrawn": _("The roster was withdrawn: %(reason)s"),
    "roster.chunk_applied": _("Part %(chunk)d was applied: %(rows)d enrolled, %(set_aside)d set aside."),
    "roster.applied": _("The roster is applied: %(rows)d enrolled, %(set_aside)d set aside."),
    "roster.gate_passed": _("%(gate)s: recorded for %(passed)d enrollments, %(in_force)d came into force."),
    "roster.refused_rows_downloaded": _("%(rows)d refused rows were downloaded (%(format)s)."),
    "personal_data.revealed": _("Personal data was shown in the clear for %(minutes)d minutes."),
}

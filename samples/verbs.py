"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "sample.drawn": _("%(size)d of %(population)d covers were drawn by the seed %(seed)s."),
    "sample.noted": _("Cover %(position)d was looked at: %(finding)s."),
    "sample.finished": _("The sample was finished: %(covers)d covers, %(faults)d findings."),
    "evidence.asked": _("The evidence of %(covers)d covers was asked for (%(is_clear)s)."),
    "evidence.approved": _("The evidence in the clear was approved."),
    "evidence.declined": _("The evidence in the clear was declined: %(reason)s"),
    "evidence.gathered": _("The evidence of %(covers)d covers was gathered."),
    "evidence.downloaded": _("The evidence of %(covers)d covers was downloaded."),
    "evidence.cancelled": _("The evidence was cancelled."),
    "evidence.purged": _("The files were deleted at the end of their time."),
    "payout.evidence_opened": _("The evidence of payout %(payout)s was downloaded for an audit: %(purpose)s"),
    "cover.evidence_opened": _("The evidence of the cover was opened for an audit: %(purpose)s"),
}

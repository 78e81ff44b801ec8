"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "complaint.recorded": _("Recorded: %(kind)s, %(topic)s. To be told until %(day)s."),
    "complaint.extension_asked": _("A longer term was asked for, until %(day)s: %(reason)s"),
    "complaint.extended": _("The longer term was approved: to be told until %(day)s."),
    "complaint.extension_declined": _("The longer term was declined."),
    "complaint.extension_told": _("Whoever complained was told of the longer term on %(day)s."),
    "complaint.answered": _("Answered: %(outcome)s."),
    "complaint.told": _("The answer was told on %(day)s."),
    "complaint.withdrawn": _("Withdrawn: %(reason)s"),
    "complaint.letter_printed": _("The letter of the answer was printed in full names (%(format)s): %(purpose)s"),
    "complaint.wording_written": _("What the answers to complaints say was written anew."),
}

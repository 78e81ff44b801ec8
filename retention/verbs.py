"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "term.proposed": _("A retention term was proposed for %(kind)s: %(length)d %(unit)s. %(reason)s"),
    "term.in_force": _("A retention term is in force for %(kind)s: %(length)d %(unit)s."),
    "term.declined": _("A retention term for %(kind)s was declined: %(reason)s"),
    "hold.placed": _("A legal hold was placed, until %(until)s: %(reason)s"),
    "hold.lifted": _("The legal hold was lifted: %(reason)s"),
    "destruction.drawn_up": _("A destruction was drawn up (%(kind)s): what is due on %(day)s."),
    "destruction.listed": _("What is due was listed: %(number)d to be destroyed, %(kept)d stay."),
    "destruction.released": _("The destruction of %(number)d was released (checksum %(checksum)s)."),
    "destruction.withdrawn": _("The destruction was withdrawn: %(reason)s"),
    "destruction.step": _("Destroyed: %(people)d people; %(spared)d came to be kept and stay."),
    "destruction.done": _("The destruction is done: %(number)d destroyed, %(spared)d spared. Certificate %(checksum)s."),
}

"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "month.drawn_up": _("The month %(month)s was drawn up: %(postings)d postings."),
    "month.submitted": _("The month %(month)s was submitted to be closed."),
    "month.closed": _("The month %(month)s was closed."),
    "month.declined": _("The month %(month)s was sent back: %(reason)s"),
    "month.withdrawn": _("The closing of the month %(month)s was withdrawn."),
}

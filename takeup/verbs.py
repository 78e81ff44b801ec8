"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "target.proposed": _("A target population of %(people)s was proposed for %(region)s in %(period)s."),
    "target.approved": _("The target population of %(people)s for %(region)s in %(period)s was approved."),
    "target.declined": _("The target population for %(region)s in %(period)s was sent back: %(reason)s"),
    "target.withdrawn": _("The proposed target population for %(region)s in %(period)s was withdrawn."),
}

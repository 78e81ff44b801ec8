"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "comparison.asked": _("The comparison with %(before)s is to be counted anew."),
    "comparison.counted": _("The comparison with %(before)s was counted: %(renewed)d went on, %(new)d are new, %(left)d left."),
    "review.drawn_up": _("The review of %(period)s was drawn up (checksum %(checksum)s)."),
    "review.approved": _("The review of %(period)s was approved (checksum %(checksum)s)."),
    "review.declined": _("The review of %(period)s was sent back: %(reason)s"),
}

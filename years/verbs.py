"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "comparison.asked": _("The comparison with %(before)s is to be counted anew."),
    "comparison.counted": _("The comparison with %(before)s was counted: %(renewed)d went on, %(new)d are new, %(left)d left."),
}

"""What the room's events say to people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

VERBS = {
    "personal_data.revealed": _("Personal data was shown in the clear for %(minutes)d minutes."),
    "key.rewrapped": _("The data key was wrapped by master key %(master_key)d."),
    "key.retired": _("The data key was retired: it seals nothing new."),
    "key.destroyed": _("The data key was destroyed: what it sealed can never be read again."),
    "index.rebuild_begun": _("A new key for the blind index %(purpose)s was made."),
    "index.switched": _("The blind index %(purpose)s answers under its new key."),
}

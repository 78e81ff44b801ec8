"""What this room tells the rooms below at start: the sentences of its events."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit import events

VERBS = {
    "file.received": _("A file of %(bytes)d bytes was received."),
    "file.purged": _("The kept file was deleted at the end of its retention."),
}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)

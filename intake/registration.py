"""What this room tells the rooms below at start: the sentences of its events, who may see mapped words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, grant_permissions
from audit import events, naming

VERBS = {
    "file.received": _("A file of %(bytes)d bytes was received."),
    "word.mapped": _("A word in the office's files was given a meaning (%(target)s)."),
    "word.ended": _("A word in the office's files lost its meaning (%(target)s)."),
    "file.purged": _("The kept file was deleted at the end of its retention."),
    "file.discarded": _("The kept file was deleted: nobody needs it any longer."),
    "reference.imported": _(
        "The list %(list)s was imported from the file: %(added)d new, %(changed)d changed, %(unchanged)d unchanged."
    ),
    "reference.exported": _("The list %(list)s was exported: %(rows)d rows as %(format)s."),
}


GRANTS: dict[str, tuple[str, ...]] = {
    Role.CLERK: ("intake.view_wordmapping", "intake.end_wordmapping", "intake.export_wordmapping"),
    Role.REVIEWER: ("intake.view_wordmapping", "intake.export_wordmapping"),
    Role.AUDITOR: ("intake.view_wordmapping", "intake.export_wordmapping"),
}


def _list_in_words(data: Mapping[str, Any]) -> dict[str, str]:
    return {"list": naming.kind_in_words(data["list"])}


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    events.register_words({"reference.imported": _list_in_words, "reference.exported": _list_in_words})
    for role, permissions in GRANTS.items():
        grant_permissions(role, permissions)

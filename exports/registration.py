"""What this room tells the rooms below at start: the page behind every Export button, events in words, permissions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, grant_permissions
from audit import events
from audit.exporting import register_page
from exports.errors import refusal_in_words
from exports.models import Export
from exports.page import export_page

VERBS = {
    "export.made": _("%(rows)s rows of the list “%(list)s” left as %(kind)s. Purpose: %(why)s"),
    "export.downloaded": _("The exported file of the list “%(list)s” was downloaded."),
    "export.cancelled": _("The export of the list “%(list)s” was cancelled."),
    "export.refused": _("The export of the list “%(list)s” was refused: %(why)s"),
    "export.purged": _("The exported file of the list “%(list)s” was deleted at the end of its time."),
}
#: One's own exports, whatever one's role.
OWN = ("exports.view_export", "exports.download_export", "exports.cancel_export")


def _words(data: Mapping[str, Any]) -> Mapping[str, str]:
    """The list, the format and the reason, which events keep as codes."""
    found = {"list": Export(listing=data["list"]).title, "kind": data.get("format", "").upper()}
    found["why"] = refusal_in_words(data["code"]) if "code" in data else data.get("purpose") or "—"
    return found


def register() -> None:
    """Called once from the app's `ready()`."""
    events.register_verbs(VERBS)
    events.register_words(dict.fromkeys(VERBS, _words))
    register_page(export_page)
    for role in Role.values:
        grant_permissions(role, OWN)

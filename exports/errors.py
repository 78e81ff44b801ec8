"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class ExportsRefused(Refused):
    """An export that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "RIGHT_LOST": _("You may not export this list any more. Nothing is handed out."),
        "REACH_CHANGED": _("Your roles have changed since you asked for it. Ask for the export again."),
        "LIST_UNREADABLE": _("The list cannot be narrowed like this. Open it anew and ask for the export there."),
        "PURPOSE": _("The list holds people: say what the file is for, in at least %(characters)d characters."),
        "PURPOSE_LONG": _("Say it in at most %(characters)d characters."),
        "DAY_CAP": _("You have exported %(number)d times today: that is the limit."),
        "AT_ONCE": _("%(number)d of your exports are being written. Wait for one, or cancel one."),
        "TOO_MANY_ROWS": _("The list is too long for one export. Narrow it first."),
        "NOT_WAITING": _("It is not being written: it is %(state)s."),
        "NOT_READY": _("There is no file to download: it is %(state)s."),
        "EXPIRED": _("The file was kept until %(day)s. Ask for the export again."),
    }


def refusal_in_words(code: str) -> str:
    """The sentence of a refusal that an export or its event keeps as a code."""
    facts = {"rows": "", "number": 0, "characters": 0, "state": "", "day": "", "megabytes": 0}
    return str(ExportsRefused(code, **facts))

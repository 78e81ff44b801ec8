"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class FilingsRefused(Refused):
    """A file of claims, an archive of papers, or a decision about a line that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "OUT_OF_SCOPE": _("This office, region or program lies outside your own."),
        "SENDER": _("Claims come from an insurer of the program, or from this office and those below it."),
        "NOTHING_TO_DECIDE": _("None of the chosen rows can be decided like this."),
        "OWN_DECISIONS": _("Whoever decided about held lines does not approve the file: ask a colleague who checks."),
        "NO_ARCHIVE": _("This is no ZIP archive. Pack the papers as .zip and upload it again."),
        "ARCHIVES_AT_MOST": _("A file of claims has at most %(most)d archives of papers."),
        "ARCHIVE_TWICE": _("This archive is uploaded already."),
        "FILE_ENDED": _("This file of claims has ended: papers are added to the cases themselves."),
        "ARCHIVE_BUSY": _("The archive is being read already: wait until it is done."),
        "NOTHING_TO_MATCH": _("Every paper of this archive is attached already."),
    }

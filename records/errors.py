"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class RecordsRefused(Refused):
    """A file of settlement records, or something about a proposal, that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "OUT_OF_SCOPE": _("This office, region or program lies outside your own."),
        "NO_TERMS": _("None of the program's plans says what it pays of bills: nothing could be calculated."),
        "REFERENCE": _("Give the file's number, at most %(characters)d characters, without a personal number."),
        "REFERENCE_TAKEN": _("A file of settlement records under this number stands already."),
        "ANOTHER_UNDER_WAY": _("File %(number)d of this program is being taken in or undone: wait until it is done."),
        "NOTHING_TO_DECIDE": _("None of these records can be decided like this."),
        "OWN_DECISIONS": _("Whoever decided about held records does not approve the file: ask a colleague who checks."),
        "ONE_RECORD": _("Another cover is chosen for one record at a time."),
        "COVER_UNKNOWN": _("No cover of this program and office has this number."),
        "COVER_NOT_THEN": _("The day of discharge lies outside of this cover."),
        "COVER_SAME": _("The record is under this cover already: take it as it is."),
        "NOT_WAITING": _("None of these proposals waits for anything: load the page again."),
        "TOLD_LATER": _("Nobody can have been told on a day to come."),
        "TOLD_BEFORE": _("Nobody can have been told before the proposal was made."),
        "NOT_DECLINED": _("This proposal is not marked as not to be claimed."),
        "TOO_MANY": _("At most %(most)s claims are opened at once."),
    }

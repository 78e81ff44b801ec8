"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class IntakeRefused(Refused):
    """A request on a file or an import that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "UPLOAD_EMPTY": _("The file is empty. Choose another one."),
        "UPLOAD_TOO_LARGE": _("The file is larger than %(megabytes)d MB. Split it into several files."),
        "STORAGE_FULL": _("The file could not be kept: the storage is full. Tell the system administrator."),
        "FILE_PURGED": _("The file was deleted on %(day)s, at the end of its retention."),
        "FILE_ALTERED": _("The kept file is not what was uploaded. Tell the system administrator."),
        "ALREADY_IMPORTED": _("The same content was uploaded on %(day)s as no. %(number)s. Withdraw that one first."),
        "STATE": _("This is not possible now: it is %(state)s."),
        "OWN_WORK": _("Whoever uploaded or submitted it cannot approve it. Ask a colleague."),
        "DIGEST": _("The content has changed since you looked at it. Load the page again and check it."),
        "WHOLE_ONLY": _("It is approved whole or not at all."),
        "NOTHING_TO_APPLY": _("No row can be applied. Correct the refused rows and upload them again."),
        "OWN_UNDO": _("Whoever requested the undo cannot decide on it. Ask a colleague."),
        "SAME_FILE_TWICE": _("“%(first)s” and “%(second)s” hold the same. Choose each file once."),
        "FILES_AT_MOST": _("It may hold %(files)d files at most. Upload the others as another one."),
        "FILE_STAYS": _("Only a file that cannot be read is taken out, and one file must stay."),
        "NO_SHEET": _("Choose one or more of the sheets that the file has."),
        "NOTHING_SAID": _("Say of one word at least what it means."),
        "NOT_ASKED": _("The file has been checked again in the meantime. Load the page again."),
        "NOT_OFFERED": _("This choice is not one of those offered. Load the page again."),
        "COLUMN_TWICE": _("Two headings cannot mean the same column."),
        "MAPPING_ENDED": _("This has been ended already."),
        "UNUSUAL": _("Something about it is unusual. Look at it and confirm it before you submit it."),
        "NOTHING_UNUSUAL": _("There is nothing to confirm."),
        "REASON": _("Say why, in at least %(characters)d characters."),
        "NOT_HELD": _("This file has been imported or discarded already."),
        "ROWS_REFUSED": _("Some rows cannot be imported. Correct them and upload the file again: nothing was changed."),
        "NOTHING_CHANGES": _("The file changes nothing."),
    }


class TermsMoved(RuntimeError):
    """What a job measures against has changed under it; it starts again from its last committed step."""

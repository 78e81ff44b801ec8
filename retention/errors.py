"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class RetentionRefused(Refused):
    """A request on terms, holds or destruction that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "OUT_OF_SCOPE": _("This lies outside your own office, region or program."),
        "REASON": _("Say why."),
        "LEGAL_MINIMUM": _("The law has these records kept for %(least)s at least."),
        "TOO_LONG": _("That is too long: %(most)s at most."),
        "TERM_WAITS": _("A term for these records waits to be approved already."),
        "SAME_TERM": _("That is the term already."),
        "STATE": _("This can no longer be done: it is “%(state)s”."),
        "ANOTHER_APPROVES": _("Whoever proposed a term does not approve it: ask a colleague who checks."),
        "ANOTHER_RELEASES": _("Whoever drew up a destruction does not release it: ask a colleague who checks."),
        "ANOTHER_LIFTS": _("Whoever placed a hold does not lift it: ask a colleague."),
        "ONE_THING": _("Name one thing to be held: a program, an organization, a person or a roster."),
        "ENDS_EARLIER": _("A hold ends today or later."),
        "LIFTED": _("This hold was lifted already."),
        "RUN_WAITS": _("A destruction of this kind is under way in the program: it is released or withdrawn first."),
        "NOTHING_DUE": _("Nothing is due: there is nothing to release."),
        "CHANGED": _("This is not the list that you were shown. Look at it again."),
        "TERM_CHANGED": _("A term has changed since it was listed: withdraw this list and draw it up anew."),
    }

"""Refusals about letters of claims."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class LetterRefused(Refused):
    """A letter, or a wording of letters, that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "OUT_OF_SCOPE": _("This office, region or program lies outside your own."),
        "NOTHING_TO_TELL": _("There is no decision in force and no request for papers that such a letter could tell of."),
        "PURPOSE": _("Say in at least %(least)d characters what the letter is printed for."),
        "NO_GUARDIAN": _("No guardian of this person is recorded."),
        "MINOR": _("The insured person is a minor: the letter goes to the guardian."),
        "PHONE": _("Letters name a telephone: write the program's wording of letters or of certificates first."),
        "DAY_CAP": _("You have printed %(number)d letters today: more is not allowed."),
        "UNKNOWN_PLACES": _("Such a letter does not know these places: %(places)s."),
        "MISSING_PLACES": _("The text must have these places: %(places)s."),
        "WORDING": _("Say what letters say, and whom to call."),
    }

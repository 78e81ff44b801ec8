"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class SamplesRefused(Refused):
    """A request on samples and their evidence that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "OUT_OF_SCOPE": _("This office, region or program lies outside your own."),
        "SIZE": _("Draw from 1 to %(most)d covers."),
        "SEED": _("A seed has 8 to 64 letters, digits, hyphens or underscores."),
        "PURPOSE": _("Say what it is for, in at least %(characters)d characters."),
        "PURPOSE_LONG": _("Say it in at most %(characters)d characters."),
        "PERIOD_OR_MONTH": _("The period and the month are of the program, and the month is closed."),
        "NOBODY": _("There is no cover in force or ended that is meant."),
        "NO_PAYOUT": _("There is no payout that is meant."),
        "WEIGHT": _("Payouts alone are weighted by their sums."),
        "NOT_A_PAYOUT": _("This is a cover: its evidence is gathered with its sample."),
        "NO_RESULT": _("The bank has told no result of such a payout yet."),
        "FINISHED": _("The sample is finished: what was found stands."),
        "NOTE": _("Say what was found."),
        "ITEMS_OPEN": _("%(number)d covers are still to be looked at."),
        "CONCLUSION": _("Say what the sample shows."),
        "UNDER_WAY": _("Such evidence of this sample waits or is being gathered already."),
        "STATE": _("This can no longer be done: it is “%(state)s”."),
        "ANOTHER_APPROVES": _("Whoever asked for evidence in the clear does not approve it: the person in charge of it does."),
        "REASON": _("Say why."),
        "OWN_FILE": _("The file is for whoever asked for it, and nobody else."),
        "RIGHT_LOST": _("Your roles do not reach this sample any more. Nothing is handed out."),
        "EXPIRED": _("The file was kept until %(day)s. Ask for it again."),
    }

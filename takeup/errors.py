"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class TakeupRefused(Refused):
    """A target population that cannot be proposed or decided."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "SPANS": _("Only programs whose plans cover whole periods have a target population."),
        "OUT_OF_SCOPE": _("This program lies outside your own."),
        "PERIOD_CLOSED": _("The period %(period)s is closed."),
        "COUNTY": _("%(region)s is no county within the region of the program."),
        "PEOPLE": _("A target population is a whole number from 1 to %(most)s."),
        "BASIS": _("Say on what the number is based, such as a yearbook or a letter."),
        "SAME": _("The approved target of %(region)s is %(people)s already."),
        "STATE": _("This is not possible now: it is %(state)s."),
        "OWN_WORK": _("Whoever proposed it cannot approve it. Ask a colleague."),
        "NOTHING_WAITS": _("No target of this period waits for you."),
        "CHANGED": _("The proposals have changed since the page was opened. Look at them again."),
        "NO_REGION": _("An office without a region has no list of participants."),
        "AS_OF": _("A list is not of a day to come."),
        "NEWER_LIST": _("A newer list of this office is in force already."),
        "LIST_STANDS": _("A list is not undone: upload the right one, which replaces it."),
        "REASON": _("Say why, in at least %(characters)d characters."),
    }

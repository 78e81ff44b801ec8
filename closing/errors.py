"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class ClosingRefused(Refused):
    """A request to close a month that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "OUT_OF_SCOPE": _("Months of a program are closed by the office that operates it: this one lies outside your own."),
        "NOTHING_BOOKED": _("Nothing was ever booked in this program: there is no month to close."),
        "ORDER": _("Months close in their order: the next one of this program is %(month)s."),
        "NOT_OVER": _("%(month)s is not over yet: it can be drawn up from %(day)s on."),
        "UNDER_WAY": _("A month of this program is drawn up already and waits to be closed."),
        "STATE": _("This can no longer be done: it is “%(state)s”."),
        "ANOTHER_CLOSES": _("Whoever drew a month up or submitted it does not close it: ask a colleague who checks."),
        "FIGURES_CHANGED": _("These are not the figures that you were shown. Look at them again."),
        "REASON": _("Say why."),
    }

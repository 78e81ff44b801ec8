"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class YearsRefused(Refused):
    """A comparison or a review that cannot be made, or decided so."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "NO_EARLIER_PERIOD": _("The program has no earlier period to compare with."),
        "SPANS": _("Only programs whose plans cover whole periods are compared by years."),
        "BEING_COUNTED": _("This comparison is being counted already."),
        "OUT_OF_SCOPE": _(
            "Reviews of periods are drawn up by the office that operates the program: this one lies outside your own."
        ),
        "NOT_OVER": _("The period is not over yet: its review can be drawn up from %(day)s on."),
        "NOTHING_EXPECTED": _("%(plan)s does not say what it expected. Expectations are entered in the draft of a plan."),
        "REVIEWED": _("The period has a review already."),
        "STATE": _("This can no longer be done: it is “%(state)s”."),
        "ANOTHER_APPROVES": _("Whoever drew a review up does not approve it: ask a colleague who checks."),
        "FIGURES_CHANGED": _("These are not the figures that you were shown. Look at them again."),
        "REASON": _("Say why."),
    }

"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class ResultsRefused(Refused):
    """A report of payouts, or a decision about it, that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "OUT_OF_SCOPE": _("This office, region or program lies outside your own."),
        "NO_INSURER": _("The program has no insurer whose payouts could be reported."),
        "OTHER_INSURER": _("This insurer bears none of the program's plans."),
        "REFERENCE": _("Give the report's number, at most %(characters)d characters, without a personal number."),
        "REFERENCE_TAKEN": _("A report of this insurer under this number stands already."),
        "NO_SUM": _("Give the number of lines and the sum that the insurer says."),
        "NOTHING_TO_DECIDE": _("None of the chosen rows can be decided like this."),
        "OWN_DECISIONS": _("Whoever decided about held lines does not approve the report: ask a colleague who checks."),
        "TOTALS_DIFFER": _(
            "Count or sum of the lines is not what the insurer says (%(ours)s against %(theirs)s): confirm it with a reason first, "
            "or send the report back."
        ),
        "TOTALS_AGREE": _("Count and sum agree: there is nothing to confirm."),
        "OWN_WORK": _("Whoever uploaded or submitted a report does not confirm its totals: ask a colleague who checks."),
        "ANOTHER_UNDER_WAY": _("Report %(number)d of this program is being recorded or undone: wait until it is done."),
        "STALE": _("The report is not what was shown: load it again."),
    }

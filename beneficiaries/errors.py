"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class BeneficiariesRefused(Refused):
    """A request on people, rosters or enrollments that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "PERIOD_CLOSED": _("Enrollment for %(period)s is open from %(opens)s to %(closes)s only."),
        "OUT_OF_REACH": _("The program is not run in this organization's region."),
        "GATE_NOT_ASKED": _("The plan does not ask for this step."),
        "GATE_NOT_APPLIED": _("The roster has not been applied yet."),
        "GATE_UNDONE": _("The roster has been undone, or is being undone."),
        "GATE_PASSED": _("This step is recorded already for every enrollment of the roster."),
        "GATE_ORDER": _("A step before this one is not recorded yet."),
        "GATE_TOO_EARLY": _("The public notice lasts %(days)d days: until %(day)s."),
        "GATE_CLOSED": _("Enrollment closed on %(day)s: whoever had not paid by then lapses."),
        "POLICY_NUMBER": _("Name the insurer's policy number."),
    }

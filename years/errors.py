"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class YearsRefused(Refused):
    """A comparison that cannot be made."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "NO_EARLIER_PERIOD": _("The program has no earlier period to compare with."),
        "SPANS": _("Only programs whose plans cover whole periods are compared by years."),
        "BEING_COUNTED": _("This comparison is being counted already."),
    }

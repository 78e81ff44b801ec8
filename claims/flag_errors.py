"""Refusals about flags of claims."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class FlagRefused(Refused):
    """A look at a flag, or a rule for flags, that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "OUT_OF_SCOPE": _("This office, region or program lies outside your own."),
        "SHARED": _("Rules for all programs are set by whoever operates the portal."),
        "GONE": _("This flag is no longer there: what it saw has changed. Look at the claim again."),
        "LOOKED_AT": _("Somebody has looked at this flag already."),
        "REASON": _("Say why."),
        "NUMBER": _("This flag needs a number of at least 1."),
        "SHARE": _("This flag needs a share between 0 and 1, such as 0.95."),
    }

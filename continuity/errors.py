"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class ContinuityRefused(Refused):
    """A list of earlier years that cannot be, or a cover whose facts nobody can tell."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "OUT_OF_SCOPE": _("This program lies outside your own."),
        "SPANS": _("Years are counted only where plans cover whole periods."),
        "AS_OF": _("Earlier years are not of a day to come."),
        "LIST_STANDS": _("A list of earlier years is not undone: upload the right figures, the newest ones count."),
        "NOT_ANNUAL": _("Cover of a span counts no years."),
        "NO_COVER": _("No cover within your reach has this number."),
    }

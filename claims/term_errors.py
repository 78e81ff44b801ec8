"""Refusals about working days and terms."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class TermRefused(Refused):
    """A change of the calendar or of a term that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "SHARED": _("The calendar and the law's terms hold for everybody: whoever operates the portal keeps them."),
        "DAY_TAKEN": _("%(day)s stands in the calendar already: change it there."),
        "WORKED_WEEKDAY": _("%(day)s is no Saturday or Sunday: from Monday to Friday is worked anyway."),
        "OUT_OF_SCOPE": _("Terms are promised by the office that operates a program: this one lies outside your own."),
        "PLAN": _("This plan is none of the program's."),
        "DAYS": _("A term has from 1 to %(most)d days."),
        "SOURCE": _("Say where it is laid down: the article of the law, the clause of the product."),
        "SAME": _("This is the term that holds already."),
        "NOTHING_PROMISED": _("Nothing is promised there that could end."),
        "ORDER": _("A later version begins after the one before: from %(day)s on."),
        "WAITS": _("A term for the same waits to be approved already."),
        "STATE": _("This can no longer be done: it is “%(state)s”."),
        "ANOTHER_APPROVES": _("Whoever proposed this term does not approve it: ask a colleague who checks."),
        "REASON": _("Say why."),
    }

"""What events of the calendar and of terms say to people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from claims.models.calendar import DayKind
from claims.models.service_term import TermKind, TermSetting, length_in_words

VERBS = {
    "holiday.created": _("%(day)s %(name)s was added to the calendar: %(kind)s."),
    "holiday.changed": _("%(day)s %(name)s was changed in the calendar: %(kind)s."),
    "holiday.imported": _("The calendar was imported from %(first)s to %(last)s: %(added)d new, %(changed)d changed."),
    "law_term.stated": _("The law's term was stated. %(kind)s, %(setting)s: %(term)s, from %(from)s on."),
    "service_term.proposed": _("A term was proposed. %(kind)s, %(setting)s: %(term)s, from %(from)s on."),
    "service_term.in_force": _("A term is in force. %(kind)s, %(setting)s: %(term)s, from %(from)s on."),
    "service_term.declined": _("A term was declined. %(kind)s, %(setting)s: %(term)s. %(reason)s"),
}


def _day_words(data: Mapping[str, Any]) -> Mapping[str, str]:
    return {"kind": str(DayKind(data["kind"]).label)}


def _term_words(data: Mapping[str, Any]) -> Mapping[str, str]:
    return {
        "kind": str(TermKind(data["kind"]).label), "setting": str(TermSetting(data["setting"]).label),
        "term": length_in_words(data["days"], data["unit"]),
    }


EVENT_WORDS: dict[str, Callable[[Mapping[str, Any]], Mapping[str, str]]] = {
    **dict.fromkeys(("holiday.created", "holiday.changed"), _day_words),
    **dict.fromkeys(
        ("law_term.stated", "service_term.proposed", "service_term.in_force", "service_term.declined"), _term_words
    ),
}

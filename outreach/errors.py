"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class OutreachRefused(Refused):
    """A request on messages that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "OUT_OF_SCOPE": _("This office, region or program lies outside your own."),
        "EMPTY": _("Write the text, a signature and a telephone."),
        "PLACES": _("These are no places of a message: %(places)s. Allowed are: %(allowed)s."),
        "SENSITIVE": _("A message says nothing of papers, health or hardship: take out %(words)s."),
        "TOO_LONG": _("The longest text comes to %(segments)d messages; at most %(most)d are sent."),
        "SIGNATURE": _("A signature has 2 to 12 characters without brackets: the name of the office or program."),
        "NOT_A_DRAFT": _("This wording is “%(state)s”: it can no longer be decided."),
        "ANOTHER_APPROVES": _("Whoever drafted a wording does not approve it: ask a colleague who checks."),
        "NO_WORDING": _("There is no approved wording for this occasion in this program: draft one and have it approved."),
        "WORDING_CHANGED": _("The wording was replaced since this was proposed: propose it anew."),
        "NO_ADDRESS": _("The text names the page where covers are checked, and no PUBLIC_URL says where that is."),
        "ANNUAL_ONLY": _("Messages go to people who are covered for a period; day cover has none."),
        "NOT_ASKED": _("This plan asks for no own payment."),
        "CLOSED": _("Payments ended on %(day)s: nobody can be asked to pay any more."),
        "DAYS": _("Say how many days before the end, from 1 to %(most)d."),
        "HOURS": _("Messages go out between 8 and 21 o'clock; the first hour lies before the last."),
        "TURN": _("Only who is to pay is reminded, at most twice."),
        "NOBODY": _("Nobody there is to be told: see who is left out and why."),
        "CHANGED": _("There are %(people)s people now, another number than was shown. Look again."),
        "ANOTHER_RELEASES": _("Whoever proposed it does not release it: ask a colleague who checks."),
        "STATE": _("This can no longer be done: it is “%(state)s”."),
        "REASON": _("Say why."),
        "FETCHED": _("It has left already: what was sent cannot be taken back."),
        "NOT_READY": _("It is still being written."),
        "NO_MESSAGES": _("Nobody of the list has a telephone: print the village lists."),
        "NO_VILLAGE": _("Nobody of the list is to be told by the village."),
        "REPORT_LINES": _("Give the number of lines of the report, as the gateway says it."),
        "REPORT_STANDS": _("What was reported stands: what the gateway says later comes as a further report."),
        "EXPIRED": _("The file was kept until %(day)s."),
    }

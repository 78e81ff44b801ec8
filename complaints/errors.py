"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class ComplaintsRefused(Refused):
    """A request on complaints, appeals and their answers that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "OUT_OF_SCOPE": _("This office, region or program lies outside your own."),
        "NO_SUCH_CLAIM": _("There is no claim of this number within your reach."),
        "RECEIVED_LATER": _("It is received today or earlier."),
        "NAME": _("Name whoever complains for the insured person."),
        "WORDS": _("Say what is complained about."),
        "NO_DECISION": _("No decision of this claim is in force: there is nothing to appeal against."),
        "NOT_TOLD": _("The decision was not told yet: print its letter first."),
        "APPEAL_WAITS": _("An appeal against this decision waits to be answered already."),
        "REASON": _("Say why."),
        "NOT_OPEN": _("This can no longer be done: it is “%(state)s”."),
        "ANOTHER_ANSWERS": _("Whoever recorded it does not answer it: ask a colleague who checks."),
        "HAD_A_HAND": _("Whoever handled the claim, decided it or gave the earlier answer does not answer: ask another colleague."),
        "OFFICE_ABOVE": _("The office above answers this."),
        "ANSWER": _("Say in words what was found and what is done."),
        "CANNOT_REOPEN": _("An upheld appeal reopens the claim, which cannot be done now: %(why)s It stays to be answered."),
        "TOLD_DAY": _("It was told after it was answered, today or earlier."),
        "EXTENSION_OF_REVIEW": _("A review is answered within its term: there is no longer one."),
        "EXTENSION_WAITS": _("A longer term was asked for already."),
        "EXTENSION_LAST": _("The term was made longer twice: there is no longer one."),
        "EXTENSION_LATE": _("The term is over: it can no longer be made longer."),
        "EXTENSION_NONE": _("No longer term was asked for."),
        "ANOTHER_APPROVES": _("Whoever asked for a longer term does not approve it."),
        "SECOND_APPROVES": _("The second longer term is approved by the office above, or by another than the first."),
        "NOTHING_TO_TELL": _("No longer term is to be told of."),
        "REVIEW_OF_TOLD": _("A review is asked for of an answer that was told."),
        "REVIEW_ONCE": _("A review of this answer was asked for already."),
        "REVIEW_OF_REVIEW": _("A review is not reviewed again: mediation, arbitration and the courts are open."),
        "REVIEW_LATE": _("A review could be asked for until %(day)s."),
        "REVIEW_EARLY": _("A review is asked for after the answer was told."),
        "PURPOSE": _("Say in at least %(least)d characters what the letter is printed for."),
        "NO_ANSWER": _("There is no answer yet."),
        "DESTROYED": _("The answer was destroyed at the end of its term."),
        "PHONE": _("Letters name a telephone: write the program's wording of answers, or of certificates, first."),
        "WORDING": _("Say what the letters say, and whom to call."),
        "UNKNOWN_PLACES": _("Such a letter does not know these places: %(places)s."),
        "MISSING_PLACES": _("The text must have these places: %(places)s."),
    }

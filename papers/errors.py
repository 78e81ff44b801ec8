"""Refusals of this room."""

from __future__ import annotations

from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.errors import Refused


class PapersRefused(Refused):
    """A request on certificates or on a person's data that the rules refuse."""

    messages: ClassVar[dict[str, str | Promise]] = {
        "OUT_OF_SCOPE": _("This office, region or program lies outside your own."),
        "NO_SUCH_COVER": _("There is no cover of this number within your reach."),
        "NO_WORDING": _("Nobody has written yet what the certificates of this program say: how to claim, and a telephone."),
        "WORDING": _("Say how to claim and give a telephone."),
        "NOT_IN_FORCE": _("Only a cover in force has a certificate: this one is “%(state)s”."),
        "NOBODY_COVERED": _("Nobody there has a cover in force."),
        "PURPOSE": _("Say what the file is for and who gets it, in at least %(characters)d characters."),
        "PURPOSE_LONG": _("Say it in at most %(characters)d characters."),
        "DAY_CAP": _("You have printed %(number)d times today: that is the limit."),
        "ROSTER_OF_OTHERS": _("The roster is of another office or period."),
        "STATE": _("This can no longer be done: it is “%(state)s”."),
        "ANOTHER_APPROVES": _("Whoever asked for a printing does not approve it: ask a colleague who checks."),
        "REASON": _("Say why."),
        "OWN_FILE": _("The file is for whoever asked for it, and nobody else."),
        "RIGHT_LOST": _("Your roles do not reach these people any more. Nothing is handed out."),
        "REQUEST_WAITS": _("Such a request of this person waits to be decided already."),
        "DESTROYED": _("The data of this person was destroyed at the end of its term: there is nothing left to ask about."),
        "NOT_RESTRICTED": _("The data of this person is not restricted."),
        "RECEIVED_LATER": _("A request is received today or earlier."),
        "ASKER": _("Name whoever asks for the person."),
        "NOT_RECORDED": _("Another guardian or agent is recorded for this person: record this one first, on the person's page."),
        "CHECK_OF_BOTH": _("Whoever asks for somebody else shows the documents of both."),
        "DEAD_ONLY": _("Close relatives ask about a person who died; this person is not registered as deceased."),
        "ANOTHER_DECIDES": _("Whoever recorded a request does not decide it: the person in charge does."),
        "ANSWER": _("Say what the person is answered."),
        "NOT_OPEN": _("This request is decided already."),
        "NO_COPY": _("There is no copy to hand over: it is being gathered, was deleted, or was not asked for."),
        "EXPIRED": _("The file was kept until %(day)s. Ask for it again."),
    }

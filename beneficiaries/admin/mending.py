"""How a roster's own rules stand behind the buttons of any import, and what mending does to decisions about its rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

from django.http import HttpRequest
from django.utils.translation import ngettext

from accounts.models import User
from beneficiaries import actions
from beneficiaries.admin.mending_forms import RosterWordsForm
from beneficiaries.deciding_again import decided_rows
from beneficiaries.models import Roster
from beneficiaries.purposes import template_of
from intake.actions import Said
from intake.desk import Desk
from intake.pages.mending import MendingPages


class RosterDesk(Desk):
    """Verbs that keep to the time of enrollment and know categories and places; the others are any import's."""

    def map_words(self, subject: Roster, *, words: Sequence[Said], by: User, at: datetime) -> Roster:
        """Headings, categories and places."""
        return actions.map_words(subject, words=words, by=by, at=at)

    def add_files(self, subject: Roster, files: Sequence[tuple[str, BinaryIO]], *, by: User, at: datetime) -> Roster:
        """While enrollment is open."""
        return actions.add_files(subject, files, by=by, at=at)


DESK = RosterDesk(
    template_of, check="beneficiaries.stage_roster", apply="beneficiaries.apply_roster", undo="beneficiaries.undo_roster"
)


class RosterMending(MendingPages):
    """Mixed into the roster's admin."""

    def words_form(self, request: HttpRequest, subject: Roster) -> RosterWordsForm:
        """Categories and places, too."""
        return RosterWordsForm(request.POST if request.method == "POST" else None, roster=subject)

    def before_a_new_check(self, subject: Roster) -> list[str]:
        """What becomes of decisions about rows."""
        return what_becomes_of_decisions(subject)


def what_becomes_of_decisions(roster: Roster) -> list[str]:
    """What a check that begins anew does to decisions about rows, said before it begins."""
    rows = decided_rows(roster)
    if not rows:
        return []
    return [
        ngettext(
            "%(rows)s row has been decided. It stays decided where it reads the same after the check; else it waits again.",
            "%(rows)s rows have been decided. They stay decided where they read the same after the check; the others wait again.",
            rows,
        ) % {"rows": f"{rows:,}"}
    ]

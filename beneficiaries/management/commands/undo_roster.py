"""`manage.py undo_roster NUMBER`: the way back of an applied roster through the command line, by two people."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.console import user_with
from accounts.models import User
from audit.errors import Refused
from beneficiaries import actions
from beneficiaries.management.commands.import_roster import _worked
from beneficiaries.models import Roster
from beneficiaries.purposes import template_of
from beneficiaries.undo_outlook import refunds_of, undo_outlook
from intake.undoing import counts


class Command(BaseCommand):
    """Uses the same actions as the pages: permissions, scope and the second person hold here too."""

    help = "Requests the undo of an applied roster; --approve-by NAME approves and does it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("number", type=int, help="number of the roster")
        parser.add_argument("--user", required=True, help="user name of whoever requests the undo")
        parser.add_argument("--reason", required=True, help="what is wrong with the roster")
        parser.add_argument("--approve-by", metavar="NAME", help="user name of a second person")
        parser.add_argument("--json", action="store_true", help="machine-readable")

    def handle(self, *args: Any, **options: Any) -> None:
        """Request, and go on as far as asked."""
        requester = user_with(options["user"], "beneficiaries.request_undo")
        roster = _reached(options["number"], requester, "beneficiaries.request_undo")
        reviewer = None
        if options["approve_by"]:
            reviewer = user_with(options["approve_by"], "beneficiaries.approve_undo")
            _reached(options["number"], reviewer, "beneficiaries.approve_undo")
        started = time.monotonic()
        outlook = undo_outlook(roster)
        try:
            roster = actions.request_undo(roster, reason=options["reason"], by=requester, at=timezone.now())
            if reviewer is not None:
                actions.approve_undo(roster, by=reviewer, at=timezone.now())
                roster = _worked(roster)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        rows, kept = counts(roster, template_of(roster))
        people, yuan = refunds_of(roster)
        found = {
            "roster": roster.pk, "state": roster.state, "covers": outlook.covers, "premium": str(outlook.premium),
            "rows": rows, "kept": kept, "refunds": {"people": people, "yuan": str(yuan)},
            "seconds": round(time.monotonic() - started, 3),
        }
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            return
        self.stdout.write(f"Roster {roster.pk}: {roster.get_state_display()}")
        self.stdout.write(f"  {outlook.covers} covers, {outlook.premium} yuan of premium; {rows} rows undone")
        for code, number in kept.items():
            self.stdout.write(f"  {number}: {template_of(roster).kept_in_words(code)}")
        if people:
            self.stdout.write(f"  {people} own shares to be refunded: {yuan} yuan")


def _reached(number: int, user: User, permission: str) -> Roster:
    found = Roster.objects.visible_to(user, permission).filter(pk=number).first()
    if found is None:
        raise CommandError(f"{user} reaches no roster {number}.")
    return found

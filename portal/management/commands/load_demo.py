"""`manage.py load_demo`: the demo's offices, programs and rosters; only where DEMO is on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import demo


class Command(BaseCommand):
    """Safe to run again: goes on where it was stopped."""

    help = "Loads the demo through the portal's own actions (needs DEMO=true)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--logins", type=Path, required=True, help="file for the demo's passwords (made 0600)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load."""
        if not (settings.DEMO or settings.TESTING):
            raise CommandError("This is no demo: DEMO is not set. Nothing was loaded.")
        say = self.stdout.write if options["verbosity"] > 1 else lambda line: None
        demo.load(say, logins=options["logins"])

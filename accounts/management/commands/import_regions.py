"""`manage.py import_regions [FILE]`: take in an edition of the regions, by default the one that comes with the portal."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.actions.regions import SYSTEM, import_regions
from accounts.errors import AccountsRefused
from accounts.regions_file import VENDORED


class Command(BaseCommand):
    """Safe to run again: what has not changed is left alone."""

    help = "Imports regions (CSV: code,name,valid_from,valid_to,successor); villages and later editions too."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("file", nargs="?", type=Path, default=VENDORED)
        parser.add_argument("--retire-missing", action="store_true", help="end what the edition lacks, at its levels")
        parser.add_argument("--expect", type=int, help="how many end, when the portal asks (with --retire-missing)")
        parser.add_argument("--on", type=date.fromisoformat, help="the day on which it ends (with --retire-missing)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import."""
        if options["retire_missing"] and options["on"] is None:
            raise CommandError("--retire-missing needs --on YYYY-MM-DD.")
        if not options["retire_missing"] and (options["on"] is not None or options["expect"] is not None):
            raise CommandError("--on and --expect belong to --retire-missing.")
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        try:
            done = import_regions(
                options["file"], by=SYSTEM, at=timezone.now(), retire_missing_on=options["on"],
                retire_expected=options["expect"],
            )
        except AccountsRefused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(
            f"{done.read} regions read: {done.added} added, {done.changed} changed, {done.retired} retired."
        )

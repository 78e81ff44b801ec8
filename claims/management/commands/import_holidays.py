"""`manage.py import_holidays [FILE]`: take in a calendar of working days, by default the one that comes with the portal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from claims.actions.holidays import import_holidays
from claims.calendar_file import (
    SYSTEM,
    CalendarFileError,
    make_flag_rules,
    make_holidays,
    make_law_terms,
    read_calendar,
)
from claims.term_errors import TermRefused


class Command(BaseCommand):
    """Safe to run again: what has not changed is left alone."""

    help = (
        "Imports days off and worked weekends (CSV: 日期,类型,名称,依据); without a file those that come with the portal, "
        "the law's terms and the rules for flags."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("file", nargs="?", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Import."""
        now, file = timezone.now(), options["file"]
        try:
            done = make_holidays(at=now) if file is None else import_holidays(read_calendar(file), by=SYSTEM, at=now)
        except (CalendarFileError, TermRefused, OSError, UnicodeDecodeError) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{done.read} days read, {done.added} added, {done.changed} changed.")
        if file is None:
            self.stdout.write(f"{make_law_terms(at=now)} terms of the law, {make_flag_rules(at=now)} rules for flags.")

"""`manage.py make_messy_roster`: write the ugly workbook of made-up people, and the list of what its lines become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from beneficiaries import messy_book

BOOK, GOLDEN = "messy-county.xlsx", "messy-county.golden.csv"


class Command(BaseCommand):
    """Needs no database; the committed files of `fixtures/rosters` are what it writes."""

    help = "Writes fixtures/rosters anew: make_messy_roster --folder fixtures/rosters"
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--folder", type=Path, default=Path("fixtures/rosters"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Write both files."""
        folder: Path = options["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / BOOK).write_bytes(messy_book.book())
        (folder / GOLDEN).write_text(messy_book.golden(), encoding="utf-8")
        self.stdout.write(f"{folder / BOOK}, {folder / GOLDEN}")

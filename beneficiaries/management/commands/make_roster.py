"""`manage.py make_roster`: write a roster of made-up people."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from beneficiaries.synthetic import HEADINGS, Line, people
from intake.exports import write_rows_xlsx


class Command(BaseCommand):
    """Needs no database; the same arguments give the same bytes."""

    help = "Writes a roster of synthetic people: make_roster --rows 1000 --seed 1 --dirty 0.02 -o roster.csv"
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--rows", type=int, default=1000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--dirty", type=float, default=0.02, help="share of rows with a planted fault")
        parser.add_argument("--format", choices=("csv", "xlsx"), default="csv")
        parser.add_argument("--encoding", choices=("utf-8", "gb18030"), default="utf-8")
        parser.add_argument("--region", default="4416", help="code of a city or county")
        parser.add_argument("--first", type=int, default=0, help="skip as many people of the seed")
        parser.add_argument("--manifest", type=Path, help="write line -> codes of the planted faults as JSON")
        parser.add_argument("-o", "--output", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file."""
        if not 0 <= options["dirty"] <= 1 or options["rows"] < 0:
            raise CommandError("--rows is zero or more, --dirty lies between 0 and 1.")
        planted: dict[int, list[str]] = {}

        def lines() -> Iterator[Line]:
            made = people(
                options["rows"], seed=options["seed"], region=options["region"], dirty=options["dirty"],
                first=options["first"],
            )
            for number, line in enumerate(made, 2):
                if line.codes:
                    planted[number] = list(line.codes)
                yield line

        try:
            if options["format"] == "xlsx":
                _write_xlsx(options["output"], lines())
            else:
                _write_csv(options["output"], lines(), options["encoding"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        if options["manifest"]:
            options["manifest"].write_text(json.dumps(planted, indent=0), encoding="utf-8")
        self.stdout.write(f"{options['rows']} rows, {len(planted)} with a planted fault: {options['output']}")


def _write_csv(path: Path, lines: Iterator[Line], encoding: str) -> None:
    with path.open("w", encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        writer.writerows(line.cells for line in lines)


def _write_xlsx(path: Path, lines: Iterator[Line]) -> None:
    with path.open("wb") as file:
        write_rows_xlsx(file, "名单", chain([HEADINGS], (line.cells for line in lines)))

"""`manage.py verify`: run every invariant of every room; each must find no row."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.verify import check_all


class Command(BaseCommand):
    """Exit status 1 when something is broken."""

    help = "Checks that what must hold does hold: money, covers, approvals, audit, jobs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--json", action="store_true", help="machine-readable")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check and report."""
        started = time.monotonic()
        results = check_all()
        broken = [result for result in results if result.rows]
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    [
                        {"number": each.number, "name": each.name, "rows": each.rows, "examples": each.examples}
                        for each in results
                    ]
                )
            )
        else:
            for each in results:
                mark = "ok " if not each.rows else "BAD"
                found = f" ({each.rows}: {each.examples})" if each.rows else ""
                self.stdout.write(f"{mark} {each.number:>2} {each.sentence}{found}")
            self.stdout.write(f"{len(results)} invariants, {len(broken)} broken, {time.monotonic() - started:.1f} s.")
        if broken:
            raise SystemExit(1)

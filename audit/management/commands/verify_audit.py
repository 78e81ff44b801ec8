"""`manage.py verify_audit`: walk the sealed chain and name what does not fit."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from audit import events


class Command(BaseCommand):
    """Exit status 1 when a row is broken."""

    help = "Walks the chain of events from its first link; names altered, removed and unsealed rows."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--json", action="store_true", help="machine-readable")
        parser.add_argument("--limit", type=int, default=20, help="broken rows to name")
        parser.add_argument(
            "--head", default="", metavar="POSITION:DIGEST", help="the head that an earlier run printed and you kept"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Report."""
        report = events.verify_chain(limit=options["limit"], head=options["head"])
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "sealed": report.sealed, "unsealed": report.unsealed, "broken": report.broken,
                        "oldest_unsealed_at": report.oldest_unsealed_at and report.oldest_unsealed_at.isoformat(),
                        "head": report.head,
                    }
                )
            )
        else:
            for line in report.broken:
                self.stdout.write(line)
            self.stdout.write(f"{report.sealed} events sealed, {report.unsealed} wait for their seal.")
            if report.head:
                self.stdout.write(f"Head of the chain: {report.head}")
        if report.broken:
            raise SystemExit(1)

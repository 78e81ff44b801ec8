"""`manage.py rotate_keys`: rewrap data keys, rebuild a blind index, or seal anew; each goes on where it was stopped."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from audit import blind_index, keys, resealing
from audit.errors import AuditRefused
from audit.models import DataKey


class Command(BaseCommand):
    """Without options every data key is wrapped by the first of MASTER_KEYS; the data itself is not touched."""

    help = "Rewraps data keys; --index PURPOSE gives a blind index a new key; --reseal PURPOSE gives data a new key."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("--index", metavar="PURPOSE", help="rebuild one blind index under a new key")
        parser.add_argument("--reseal", metavar="PURPOSE", help="seal all values of a purpose under new keys")

    def handle(self, *args: Any, **options: Any) -> None:
        """Rotate."""
        try:
            if options["index"]:
                self._rebuild(options["index"])
            elif options["reseal"]:
                self._reseal(options["reseal"])
            else:
                self.stdout.write(f"{keys.rewrap_keys()} keys rewrapped.")
        except AuditRefused as refused:
            raise CommandError(str(refused)) from refused

    def _reseal(self, purpose: str) -> None:
        known = resealing.known_purposes()
        if purpose not in known:
            raise CommandError(f"No field is sealed for {purpose}. Choose one of: {', '.join(sorted(known))}.")
        retired, sealed = resealing.reseal(purpose, at=timezone.now())
        self.stdout.write(f"{retired} keys retired, {sealed} values sealed anew.")
        self.stdout.write(
            f"Run it again in {keys.HELD_SECONDS} seconds: other processes may have sealed under an old key until then."
        )

    def _rebuild(self, purpose: str) -> None:
        known = {index.purpose for index in blind_index.registered()}
        if purpose not in known:
            raise CommandError(f"No blind index is called {purpose}. Choose one of: {', '.join(sorted(known))}.")
        live = DataKey.objects.filter(kind="index", purpose=purpose, retired_at=None)
        if live.count() < 2:
            blind_index.begin_rebuild(purpose, at=timezone.now())
        filled = blind_index.rebuild(purpose)
        try:
            blind_index.finish_rebuild(purpose, at=timezone.now())
        except AuditRefused:
            # Rows written by a transaction that began before the second key was seen.
            filled += blind_index.rebuild(purpose)
            blind_index.finish_rebuild(purpose, at=timezone.now())
        self.stdout.write(f"{filled} rows indexed anew; the old key is retired.")

"""Runs due jobs in the foreground: where no worker runs, and for the demo."""

from __future__ import annotations

import signal
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections
from django.utils import timezone

from jobs import actions, stopping

POLL_SECONDS = 1.0
SWEEP_SECONDS = 20.0


class Command(BaseCommand):
    """`run_jobs` works until SIGTERM or Ctrl-C; `run_jobs --drain` until nothing is due."""

    help = "Runs due jobs in the foreground, without a broker."

    def add_arguments(self, parser: CommandParser) -> None:
        """The one choice: stop when nothing is due."""
        parser.add_argument("--drain", action="store_true", help="end when no job is due any more")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, sweep, sleep."""
        signal.signal(signal.SIGTERM, lambda *_given: stopping.request_stop())
        signal.signal(signal.SIGINT, lambda *_given: stopping.request_stop())
        swept_at = -SWEEP_SECONDS
        while not stopping.is_stopping():
            if time.monotonic() - swept_at >= SWEEP_SECONDS:
                actions.sweep(at=timezone.now())
                swept_at = time.monotonic()
            outcomes = actions.run_pending(limit=1)
            for outcome in outcomes:
                self.stdout.write(f"{outcome.job_id} {outcome.kind} {outcome.ending}")
            if outcomes:
                continue
            if options["drain"]:
                return
            close_old_connections()
            stopping.wait(POLL_SECONDS)

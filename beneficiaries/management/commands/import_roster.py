"""`manage.py import_roster FILE`: the clerk's and the reviewer's way through the command line."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.console import user_with
from accounts.models import User
from audit.errors import Refused
from beneficiaries import actions
from beneficiaries.models import Roster
from beneficiaries.models.roster import Purpose
from beneficiaries.purposes import template_of
from intake.findings import VERDICT_LABELS
from jobs.actions import execute
from jobs.actions.run import claim
from jobs.models import Job
from programs.models import Period


class Command(BaseCommand):
    """Uses the same actions as the pages: permissions, scope, maker and checker hold here too."""

    help = "Uploads and checks a roster; --submit hands it on; --approve-by NAME approves and applies it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Options."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--program", required=True, help="code of the program")
        parser.add_argument("--period", help="code of the period (the open one by default)")
        parser.add_argument("--user", required=True, help="user name of the uploader")
        parser.add_argument(
            "--purpose", choices=Purpose.values, default=Purpose.ENROLL.value, help="what the roster is for (enroll)"
        )
        parser.add_argument("--submit", action="store_true")
        parser.add_argument(
            "--confirm-unusual", action="store_true",
            help="say that what is unusual about the roster is meant (with --submit)",
        )
        parser.add_argument("--approve-by", metavar="NAME", help="user name of a second person (with --submit)")
        parser.add_argument(
            "--by-priority", action="store_true",
            help="when the budgets do not suffice: enroll whole categories in the plan's order (with --approve-by)",
        )
        parser.add_argument("--json", action="store_true", help="machine-readable")

    def handle(self, *args: Any, **options: Any) -> None:
        """Upload, check, and go on as far as asked."""
        if options["approve_by"] and not options["submit"]:
            raise CommandError("--approve-by needs --submit.")
        if options["confirm_unusual"] and not options["submit"]:
            raise CommandError("--confirm-unusual needs --submit.")
        if options["by_priority"] and not options["approve_by"]:
            raise CommandError("--by-priority needs --approve-by.")
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        clerk = user_with(options["user"], "beneficiaries.upload_roster")
        period = _period(options["program"], options["period"], clerk)
        seconds: dict[str, float] = {}
        try:
            started = time.monotonic()
            with options["file"].open("rb") as stream:
                roster = actions.upload_roster(
                    [(options["file"].name, stream)], period=period, organization=clerk.organization, by=clerk,
                    at=timezone.now(), purpose=Purpose(options["purpose"]),
                )
            roster = _worked(roster)
            seconds["check"] = time.monotonic() - started
            if options["submit"]:
                if not clerk.has_perm("beneficiaries.submit_roster"):
                    raise CommandError(f"{clerk} may not submit rosters.")
                if options["confirm_unusual"] and template_of(roster).unusual(roster):
                    roster = actions.confirm_unusual(roster, by=clerk, at=timezone.now())
                roster = actions.submit_roster(roster, by=clerk, at=timezone.now())
            if options["approve_by"]:
                reviewer = user_with(options["approve_by"], "beneficiaries.approve_roster")
                if not Roster.objects.visible_to(reviewer, "beneficiaries.approve_roster").filter(pk=roster.pk).exists():
                    raise CommandError(f"{reviewer} does not reach this office's rosters.")
                started = time.monotonic()
                approve = actions.approve_roster_by_priority if options["by_priority"] else actions.approve_roster
                approve(roster, digest=roster.digest, by=reviewer, at=timezone.now())
                roster = _worked(roster)
                seconds["apply"] = time.monotonic() - started
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self._report(roster, seconds, as_json=options["json"])

    def _report(self, roster: Roster, seconds: dict[str, float], *, as_json: bool) -> None:
        verdicts = {str(VERDICT_LABELS[int(key)]): count for key, count in roster.counts.get("verdicts", {}).items()}  # type: ignore[index]
        if as_json:
            self.stdout.write(
                json.dumps(
                    {
                        "roster": roster.pk, "purpose": roster.purpose, "state": roster.state, "rows": roster.row_count,
                        "verdicts": roster.counts.get("verdicts", {}), "codes": roster.counts.get("codes", {}),
                        "money": roster.money, "digest": roster.digest, "file_findings": roster.file_findings,
                        "seconds": {name: round(value, 3) for name, value in seconds.items()},
                    },
                    ensure_ascii=False,
                )
            )
            return
        self.stdout.write(f"Roster {roster.pk}: {roster.get_state_display()}, {roster.row_count} rows")
        for label, count in verdicts.items():
            self.stdout.write(f"  {label}: {count}")
        for code, count in roster.counts.get("codes", {}).items():
            self.stdout.write(f"  {code}: {count}")
        for name, value in seconds.items():
            self.stdout.write(f"  {name}: {value:.1f} s")


def _period(program: str, code: str | None, clerk: User) -> Period:
    found = Period.objects.visible_to(clerk).filter(program__code=program, closed_at=None).select_related("program", "plan")
    found = found.filter(code=code) if code else found.order_by("-starts_on")
    period = found.first()
    if period is None:
        raise CommandError(f"{clerk} sees no open period of {program}.")
    return period


def _worked(roster: Roster) -> Roster:
    """Run the roster's job here; a worker that was faster is waited for."""
    while True:
        job = Job.objects.about(roster).live().order_by("pk").first()
        if job is None:
            return Roster.objects.select_related("period__program", "period__plan", "organization").get(pk=roster.pk)
        run = claim(job_id=job.pk)
        if run is not None:
            execute(run)
        else:
            time.sleep(0.2)

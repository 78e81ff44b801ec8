"""What a test of real processes runs beside itself: `python -m beneficiaries.tests.crash_program VERB ...`.

world: programs and offices. upload=FIRST: a roster of people from that one on. work: the minute after a crash, then
every job. approve: the last roster, by clerk and reviewer. report: what it came to, and broken invariants, as JSON.
"""

from __future__ import annotations

import json
import sys

import django
from django.core.serializers.json import DjangoJSONEncoder

django.setup()

from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from beneficiaries.actions import approve_roster, submit_roster, upload_roster  # noqa: E402
from beneficiaries.models import Roster  # noqa: E402
from beneficiaries.testing import csv_of, make_world, people, row  # noqa: E402
from beneficiaries.tests.outcomes import broken, broken_chain, outcome, recover  # noqa: E402
from intake import staging  # noqa: E402
from programs.models import Period  # noqa: E402

LINES, LINES_PER_CHUNK = 900, 60


def upload(first: int) -> None:
    """900 lines, two of them refused."""
    clerk = User.objects.get(username="hy-clerk")
    rows = [*people(LINES - 2, first=first), row(name=""), row(document="441602196203151218", address=str(first))]
    upload_roster(
        [("名册.csv", csv_of(rows))], period=Period.objects.get(), organization=clerk.organization, by=clerk,
        at=timezone.now(),
    )


def work() -> None:
    """Every job that is queued or whose worker has died."""
    staging.ROWS_PER_CHUNK = LINES_PER_CHUNK
    recover()


def approve() -> None:
    """Submitted by the clerk, approved by the reviewer."""
    clerk, reviewer = (User.objects.get(username=name) for name in ("hy-clerk", "hy-reviewer"))
    roster = submit_roster(Roster.objects.latest("pk"), by=clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=reviewer, at=timezone.now())


def report() -> None:
    """As JSON."""
    found = {"outcome": outcome(Roster.objects.latest("pk")), "broken": broken(), "chain": broken_chain()}
    print(json.dumps(found, cls=DjangoJSONEncoder))  # noqa: T201


VERBS = {"world": make_world, "upload": upload, "work": work, "approve": approve, "report": report}

if __name__ == "__main__":
    for argument in sys.argv[1:]:
        verb, _equals, number = argument.partition("=")
        VERBS[verb](*([int(number)] if number else []))

"""`python -m bench.retention`: everybody of a program listed as out of their term, released and destroyed; the pages.

    python -m bench.retention --rows 100000

People are enrolled by a roster first, which is not measured; their covers are moved into the past. Beside each duration stands
the processor time of this process and of its server process: other work on the machine lengthens the one, not the other.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.__main__ import set_up
from bench.subsidies import enrolled
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server

#: Asked so often for a median.
TIMES = 7


def main() -> None:
    """Print one row for each step, and for each page its median."""
    parser = argparse.ArgumentParser(prog="python -m bench.retention")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-retention")
    wanted = parser.parse_args()
    server = Server(wanted.folder)
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        world = enrolled(wanted.rows, Path(folder))
        for name, rows, seconds, busy in steps(world, wanted.rows):
            print(f"{name:<44} {rows:>9,} rows {seconds:>7.2f} s {busy:>7.2f} s of processor", flush=True)
        for name, milliseconds, queries in pages(world):
            print(f"{name:<44} {milliseconds:>7.0f} ms {queries:>4} queries")


def steps(world: Any, rows: int) -> list[tuple[str, int, float, float]]:
    """(what, rows, seconds, seconds of processor)."""
    from django.db import connection
    from django.utils import timezone

    from beneficiaries.models import Enrollment
    from intake.actions import purge_files
    from intake.models import File
    from jobs.testing import drain
    from portal.verify import check
    from retention import actions
    from retention.invariants import INVARIANTS
    from retention.models import DestructionRun
    from retention.testing import drawn

    found: list[tuple[str, int, float, float]] = []

    def timed(name: str, act: Callable[[], Any]) -> Any:
        began, busy = time.perf_counter(), _busy(connection)
        result = act()
        found.append((name, rows, time.perf_counter() - began, _busy(connection) - busy))
        print(*found[-1], flush=True)
        return result

    end = timezone.now() - timedelta(days=366 * 11)
    Enrollment.objects.update(starts_at=end - timedelta(days=365), ends_at=end)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    File.objects.update(purge_on=timezone.localdate() - timedelta(days=1))
    assert timed("files past their time, kept by their people", lambda: purge_files(at=timezone.now())) == 0
    run = timed("listed: who is out of their term", lambda: drawn(world))
    timed("released", lambda: actions.release_run(run, digest=run.digest, by=world.reviewer, at=timezone.now()))
    if os.environ.get("STATEMENTS"):
        _statements(connection, drain)
    else:
        timed("destroyed, lines of the file with them", drain)
    run = DestructionRun.objects.get(pk=run.pk)
    assert (run.state, run.destroyed) == ("done", rows), run.state
    timed("verify, the invariants of this room", lambda: [check(each) for each in INVARIANTS])
    assert not any(check(each).rows for each in INVARIANTS)
    return found


def _statements(connection: Any, act: Callable[[], Any]) -> None:
    """Seconds by statement."""
    spent: dict[str, float] = {}

    def timing(execute: Any, statement: Any, *rest: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(statement, *rest)
        finally:
            name = " ".join(str(statement).split())[:110]
            spent[name] = spent.get(name, 0) + time.perf_counter() - began

    with connection.execute_wrapper(timing):
        act()
    for name, seconds in sorted(spent.items(), key=lambda each: -each[1])[:14]:
        print(f"{seconds:>7.2f} {name}")


def _busy(connection: Any) -> float:
    """Processor seconds of this process and of the server process behind its connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    spent = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return time.process_time() + (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")


def pages(world: Any) -> list[tuple[str, float, int]]:
    """(page, median milliseconds, queries)."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from beneficiaries.models import Person
    from retention.models import DestructionRun
    from retention.testing import officer_of

    settings.SECOND_FACTOR_REQUIRED = False
    settings.ALLOWED_HOSTS = ["*"]
    run, person = DestructionRun.objects.latest("pk"), Person.objects.latest("pk")
    addresses = {
        "terms and what comes due": (officer_of(world), reverse("admin:retention_destructionrun_overview")),
        "a destruction": (officer_of(world), reverse("admin:retention_destructionrun_change", args=[run.pk])),
        "its certificate": (officer_of(world), reverse("admin:retention_destructionrun_certificate", args=[run.pk])),
        "its list": (officer_of(world), reverse("admin:retention_destructionline_changelist")),
        "somebody destroyed": (world.clerk, reverse("admin:beneficiaries_person_change", args=[person.pk])),
    }
    found = []
    for name, (user, address) in addresses.items():
        client = Client(headers={"accept-language": "zh-hans"})
        client.force_login(user, backend="accounts.backends.RoleBackend")
        spent, asked = [], 0
        for _turn in range(TIMES):
            with CaptureQueriesContext(connection) as queries:
                began = time.perf_counter()
                answer = client.get(address)
                spent.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, (name, answer.status_code)
            asked = len(queries)
        found.append((name, statistics.median(spent), asked))
    return found


if __name__ == "__main__":
    main()

"""`python -m bench.subsidies`: requests for funds of a whole program, differences, and the pages over them.

    python -m bench.subsidies --rows 450000

People are enrolled by a roster first, which is not measured. A second funder is asked the same people, a twentieth of the
covers ends before it begins.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.__main__ import _Captured, _now, _Quiet, set_up
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server

#: Asked so often for a median.
TIMES = 7


def main() -> None:
    """Print one row for each step, and for each page its median."""
    parser = argparse.ArgumentParser(prog="python -m bench.subsidies")
    parser.add_argument("--rows", type=int, default=450_000)
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-subsidies")
    wanted = parser.parse_args()
    server = Server(wanted.folder)
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        world = enrolled(wanted.rows, Path(folder))
        for name, rows, seconds in steps(world, wanted.rows):
            print(f"{name:<44} {rows:>9,} rows {seconds:>7.1f} s {rows / seconds:>9,.0f} rows/s")
        for name, milliseconds, queries in pages(world):
            print(f"{name:<44} {milliseconds:>7.0f} ms {queries:>4} queries")


def enrolled(rows: int, folder: Path) -> Any:
    """A program with so many people in force."""
    from django.core.management import call_command

    from accounts.actions.regions import SYSTEM, import_regions
    from accounts.regions_file import VENDORED, read_regions
    from beneficiaries.testing import make_world

    import_regions(read_regions(VENDORED), by=SYSTEM, at=_now())
    world = make_world(granted=Decimal("999999999.00"))
    file = folder / "roster.csv"
    call_command("make_roster", rows=rows, seed=1, dirty=0.0, region="441602", output=file, verbosity=0, stdout=_Quiet())
    call_command(
        "import_roster", str(file), program=world.program.code, user=world.clerk.username, submit=True, confirm_unusual=True,
        approve_by=world.reviewer.username, json=True, stdout=_Captured(),
    )
    return world


def steps(world: Any, rows: int) -> list[tuple[str, int, float]]:
    """(what, rows, seconds)."""
    from django.db import connection
    from django.utils import timezone

    from beneficiaries.models import Enrollment
    from jobs.testing import drain
    from subsidies import actions
    from subsidies.models import FundRequest
    from subsidies.testing import confirmed, differences, made, receipt

    found: list[tuple[str, int, float]] = []

    def timed(name: str, act: Callable[[], Any], count: int = rows) -> Any:
        began = time.perf_counter()
        result = act()
        found.append((name, count, time.perf_counter() - began))
        return result

    def listed(funder: Any) -> FundRequest:
        request = made(world, funder)
        drain()
        return FundRequest.objects.get(pk=request.pk)

    request = timed("a request's list, made by its job", lambda: listed(world.foundation))
    assert request.people == rows, (request.people, rows)
    request = timed("submitted: its digest", lambda: actions.submit_request(request, by=world.finance_maker, at=timezone.now()))
    request = timed(
        "approved: its digest again",
        lambda: actions.approve_request(request, digest=request.digest, by=world.finance_checker, at=timezone.now()),
    )
    timed("another funder's list", lambda: listed(world.county))
    timed("a receipt, confirmed", lambda: confirmed(world, receipt(world, str(request.amount))), 1)
    few = rows // 20
    today = timezone.localdate()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH chosen AS (SELECT id, ends_at, starts_at FROM beneficiaries_enrollment ORDER BY id LIMIT %s), told AS (
                INSERT INTO beneficiaries_ending (enrollment_id, row_id, reason, ended_on, ended_before, created_at)
                SELECT id, -id, 'left', %s, ends_at, now() FROM chosen
            )
            UPDATE beneficiaries_enrollment e SET state = 'ended', ends_at = c.starts_at FROM chosen c WHERE c.id = e.id
            """,
            [few, today],
        )
    timed("differences of a twentieth, made and approved", lambda: differences(world), few)
    timed("the next request: what is taken off", lambda: listed(world.foundation), few)
    assert Enrollment.objects.count() == rows
    return found


def pages(world: Any) -> list[tuple[str, float, int]]:
    """(page, median milliseconds, queries)."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from subsidies.models import FundRequest

    settings.SECOND_FACTOR_REQUIRED = False
    settings.ALLOWED_HOSTS = ["*"]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    request = FundRequest.objects.filter(state__in=("sent", "settled")).earliest("pk")
    lines = reverse("admin:subsidies_fundrequestline_changelist")
    addresses = {
        "a funder's page": reverse("admin:programs_funder_change", args=[world.foundation.pk]),
        "a request": reverse("admin:subsidies_fundrequest_change", args=[request.pk]),
        "statement by place": reverse("admin:subsidies_fundrequest_statement", args=[request.pk]),
        "requests": reverse("admin:subsidies_fundrequest_changelist"),
        "a request's list": f"{lines}?request__id__exact={request.pk}",
        "lines of all requests": lines,
        "lines of differences": reverse("admin:subsidies_differenceline_changelist"),
        "movements": reverse("admin:subsidies_fundmovement_changelist"),
    }
    found = []
    for reader, user in (("office", world.finance_maker), ("foundation", world.foundation_maker)):
        client = Client()
        client.force_login(user, backend="accounts.backends.RoleBackend")
        for name, address in addresses.items():
            spent, queries = [], 0
            for _turn in range(TIMES):
                began = time.perf_counter()
                with CaptureQueriesContext(connection) as asked:
                    answer = client.get(address, headers={"accept-language": "zh-hans"})
                spent.append((time.perf_counter() - began) * 1000)
                queries = len(asked)
                assert answer.status_code == 200, (address, answer.status_code)
            found.append((f"{name} ({reader})", statistics.median(spent), queries))
    return found


if __name__ == "__main__":
    main()

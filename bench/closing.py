"""`python -m bench.closing`: a month of a whole program drawn up and closed, a sample drawn, evidence gathered, and their pages.

    python -m bench.closing --rows 450000

People are enrolled by a roster first, which is not measured; their cover begins in the month, and funders are asked for them.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
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
    parser = argparse.ArgumentParser(prog="python -m bench.closing")
    parser.add_argument("--rows", type=int, default=450_000)
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-closing")
    wanted = parser.parse_args()
    server = Server(wanted.folder)
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        world = enrolled(wanted.rows, Path(folder))
        for name, rows, seconds in steps(world, wanted.rows):
            print(f"{name:<44} {rows:>9,} rows {seconds:>7.2f} s", flush=True)
        for name, milliseconds, queries in pages(world):
            print(f"{name:<44} {milliseconds:>7.0f} ms {queries:>4} queries")


def steps(world: Any, rows: int) -> list[tuple[str, int, float]]:
    """(what, rows, seconds)."""
    from django.db import connection
    from django.utils import timezone

    from beneficiaries.models import Enrollment
    from closing import actions
    from closing.models import MonthClosing
    from closing.testing import drawn as drawn_up
    from closing.testing import once_over, this_month
    from jobs.testing import drain
    from programs.models.books import month_after
    from samples.models import Stratum
    from samples.testing import drawn, gathering
    from subsidies.actions import approve_request, submit_request
    from subsidies.models import FundRequest
    from subsidies.testing import made, midnight

    found: list[tuple[str, int, float]] = []

    def timed(name: str, act: Callable[[], Any], count: int = rows) -> Any:
        began = time.perf_counter()
        result = act()
        found.append((name, count, time.perf_counter() - began))
        return result

    Enrollment.objects.update(starts_at=midnight(this_month()))
    request = made(world)
    drain()
    request = submit_request(FundRequest.objects.get(pk=request.pk), by=world.finance_maker, at=timezone.now())
    approve_request(request, digest=request.digest, by=world.finance_checker, at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    closing = timed("a month drawn up", lambda: drawn_up(world))
    closing = actions.submit_closing(closing, by=world.finance_maker, at=once_over())
    timed(
        "closed",
        lambda: actions.approve_closing(closing, digest=closing.digest, by=world.finance_checker, at=once_over()), 1,
    )
    timed("the next month drawn up", lambda: drawn_up(world, month_after(this_month())))
    month = MonthClosing.objects.earliest("pk")
    timed("a sample of 30 drawn", lambda: drawn(world, size=30))
    timed("a sample of 500 drawn, by category", lambda: drawn(world, size=500, stratum=Stratum.CATEGORY))
    sample = timed("a sample of 200 of the closed month drawn", lambda: drawn(world, size=200, closing=month))
    timed("evidence of 200 covers gathered", lambda: (gathering(world, sample), drain()), 200)
    assert timezone.localdate() >= this_month()
    return found


def pages(world: Any) -> list[tuple[str, float, int]]:
    """(page, median milliseconds, queries)."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from closing.models import MonthClosing
    from samples.models import EvidenceBundle, Sample

    settings.SECOND_FACTOR_REQUIRED = False
    settings.ALLOWED_HOSTS = ["*"]
    month, sample = MonthClosing.objects.earliest("pk"), Sample.objects.latest("pk")
    addresses = {
        "months": reverse("admin:closing_monthclosing_changelist"),
        "a month": reverse("admin:closing_monthclosing_change", args=[month.pk]),
        "its paper": reverse("admin:closing_monthclosing_print", args=[month.pk]),
        "compared with today": reverse("admin:closing_monthclosing_compare", args=[month.pk]),
        "figures of months": reverse("admin:closing_closedfigure_changelist"),
        "samples": reverse("admin:samples_sample_changelist"),
        "a sample of 200": reverse("admin:samples_sample_change", args=[sample.pk]),
        "a cover of it": reverse("admin:samples_sampleitem_change", args=[sample.items.earliest("pk").pk]),
        "its evidence": reverse("admin:samples_evidencebundle_change", args=[EvidenceBundle.objects.earliest("pk").pk]),
    }
    found = []
    client = Client()
    client.force_login(world.auditor, backend="accounts.backends.RoleBackend")
    for name, address in addresses.items():
        spent, queries = [], 0
        for _turn in range(TIMES):
            began = time.perf_counter()
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(address, headers={"accept-language": "zh-hans"})
            spent.append((time.perf_counter() - began) * 1000)
            queries = len(asked)
            assert answer.status_code == 200, (address, answer.status_code)
        found.append((name, statistics.median(spent), queries))
    return found


if __name__ == "__main__":
    main()

"""`python -m bench.papers`: notices and certificates of 200 villages, each written by its job; seconds, and how far the jobs say.

    python -m bench.papers --rows 100000 [--villages 200]

The people are enrolled by a roster first, which is not measured.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.__main__ import _now, set_up
from bench.handover import enrolled, told
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server

#: Of an enrollment its place among so many villages, ten of a town.
_SPREAD = """
UPDATE beneficiaries_enrollment SET region_code = '441602' || lpad((1 + id %% %s / 10)::text, 3, '0')
    || lpad((1 + id %% 10)::text, 3, '0')
"""


def main() -> None:
    """Print one row a step."""
    parser = argparse.ArgumentParser(prog="python -m bench.papers")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--villages", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-papers")
    wanted = parser.parse_args()
    server = Server(wanted.folder)
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        world = enrolled(
            wanted.rows, Path(folder), requires_insurer_acceptance=False, requires_notice=True, notice_days=0,
            requires_own_payment=False,
        )
        print(f"{'':<28} {'seconds':>8} {'our cpu':>8} {'server':>8}")
        for name, work in steps(world, wanted.villages):
            told(name, work, server)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"Peak memory of this process, the enrolling before it included: {peak:,.0f} MB.")


def steps(world: Any, villages: int) -> list[tuple[str, Callable[[], Any]]]:
    """From the notice to the certificates."""
    from django.db import connection

    from gates import actions as gates
    from gates.models import NoticeFile
    from gates.testing import posted_notice
    from jobs.actions import run_pending
    from jobs.models import Job
    from papers.actions import open_printing
    from papers.models import Printing
    from papers.testing import approved, worded

    kept: dict[str, Any] = {}

    def spread() -> None:
        with connection.cursor() as cursor:
            cursor.execute(_SPREAD, [villages])
        worded(world)

    def work() -> None:
        assert [str(outcome.ending) for outcome in run_pending()] == ["done"]
        job = Job.objects.latest("pk")
        assert (job.done, job.total) == (kept["people"], kept["people"]), (job.done, job.total)
        print(f"  {job.kind}: {job.done:,} / {job.total:,}")

    def post() -> None:
        kept["notice"] = posted_notice(world)
        kept["people"] = kept["notice"].people

    def fetch(content: Any, found: Any) -> None:
        assert found.villages == villages, found.villages
        print(f"  {found.villages} villages, {found.size / 1e6:,.1f} MB kept, {sum(map(len, content)) / 1e6:,.1f} MB fetched")

    def fetch_notice() -> None:
        fetch(gates.open_notice_file(kept["notice"], by=world.clerk, at=_now()), NoticeFile.objects.latest("pk"))

    def fetch_printing() -> None:
        found = Printing.objects.get(pk=kept["printing"].pk)
        fetch(open_printing(found, by=world.clerk, at=_now()), found)

    def ask() -> None:
        kept["printing"] = approved(world)
        kept["people"] = kept["printing"].people

    return [
        ("(spread over villages)", spread), ("notice posted", post),
        ("its lists asked for", lambda: gates.write_notice(kept["notice"], by=world.clerk, at=_now())),
        ("its lists written", work), ("its lists fetched", fetch_notice),
        ("notice closed", lambda: gates.close_notice(kept["notice"], by=world.clerk, at=_now())),
        ("its people in force", work), ("certificates asked for", ask), ("certificates written", work),
        ("certificates fetched", fetch_printing),
    ]


if __name__ == "__main__":
    main()

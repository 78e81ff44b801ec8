"""`python -m bench.renewal`: everybody of a period renewed into the next; seconds, and processor time of both sides.

    python -m bench.renewal --rows 450000

They are enrolled by a roster first, which is not measured. Some of a hundred are too old in the new period.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.__main__ import _Captured, _now, _Quiet, set_up
from bench.handover import told
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server


def main() -> None:
    """Print one row a step."""
    parser = argparse.ArgumentParser(prog="python -m bench.renewal")
    parser.add_argument("--rows", type=int, default=450_000)
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-renewal")
    wanted = parser.parse_args()
    server = Server(wanted.folder)
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        years = covered(wanted.rows, Path(folder))
        print(f"{'':<28} {'seconds':>8} {'our cpu':>8} {'server':>8}")
        for name, work in steps(years, wanted.rows):
            told(name, work, server)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"Peak memory of this process, the enrolling before it included: {peak:,.0f} MB.")


def covered(rows: int, folder: Path) -> Any:
    """A world with so many people covered in the period before."""
    from django.core.management import call_command

    from accounts.actions.regions import SYSTEM, import_regions
    from accounts.regions_file import VENDORED, read_regions
    from beneficiaries.testing import make_world
    from beneficiaries.tests.renewing import next_year

    import_regions(read_regions(VENDORED), by=SYSTEM, at=_now())
    world = make_world(granted=Decimal("999999999.00"), max_age=95)
    file = folder / "roster.csv"
    call_command("make_roster", rows=rows, seed=1, dirty=0.0, region="441602", output=file, verbosity=0, stdout=_Quiet())
    call_command(
        "import_roster", str(file), program=world.program.code, user=world.clerk.username, submit=True, confirm_unusual=True,
        approve_by=world.reviewer.username, json=True, stdout=_Captured(),
    )
    return next_year(world, granted=Decimal("999999999.00"))


def steps(years: Any, rows: int) -> list[tuple[str, Callable[[], Any]]]:
    """The way of a renewal, step by step."""
    from beneficiaries.models import Enrollment, Roster
    from beneficiaries.tests.renewing import approved, asked
    from jobs.actions import run_pending
    from years.actions import ask_comparison
    from years.compared import compared
    from years.models import Comparison

    kept: dict[str, Any] = {}

    def work() -> None:
        assert [str(outcome.ending) for outcome in run_pending()] == ["done"]

    def approve() -> None:
        approved(years.world, Roster.objects.get(pk=kept["roster"].pk))

    def looked_at() -> None:
        roster = Roster.objects.get(pk=kept["roster"].pk)
        made = Enrollment.objects.filter(roster=roster).count()
        assert (str(roster.state), roster.row_count) == ("applied", rows), (roster.state, roster.row_count)
        assert made == roster.counts["verdicts"]["3"], (made, roster.counts)
        print(f"  {made:,} of {rows:,} renewed: {roster.counts['codes']}")

    def compare() -> None:
        kept["comparison"] = ask_comparison(years.into, by=years.world.reviewer, at=_now())

    def page() -> None:
        found = compared(Comparison.objects.get(pk=kept["comparison"].pk), years.world.clerk)
        print(f"  {dict(zip(found.headings, found.total.people, strict=True))}")

    return [
        ("asked", lambda: kept.update(roster=asked(years))), ("rows made and judged", work),
        ("submitted and approved", approve), ("enrolled", work), ("(looked at)", looked_at),
        ("comparison asked", compare), ("years counted", work), ("comparison shown", page),
    ]


if __name__ == "__main__":
    main()

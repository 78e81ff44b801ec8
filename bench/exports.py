"""`python -m bench.exports`: a long list of enrollments written by its job, and fetched; rows a second and the worker's memory.

    python -m bench.exports --rows 1000000 [--kind csv|xlsx]

People are enrolled by a roster first, which is not measured; writing runs in a process of its own, whose peak is the worker's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.__main__ import _Captured, _now, _Quiet, set_up
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server


def main() -> None:
    """Print one row for writing, one for fetching."""
    parser = argparse.ArgumentParser(prog="python -m bench.exports")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kind", choices=("csv", "xlsx"), default="csv")
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-exports")
    parser.add_argument("--write", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.write:
        write()
        return
    server = Server(wanted.folder)
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        asked = ask(wanted.rows, wanted.kind, Path(folder))
        told = subprocess.run(
            [sys.executable, "-m", "bench.exports", "--write", "1"], env=dict(os.environ), capture_output=True, text=True,
            check=True,
        )
        found = json.loads(told.stdout.splitlines()[-1])
        rows, seconds = found["rows"], found["seconds"]
        size, name = f"{found['bytes'] / 1e6:,.0f} MB", f"written by the job, {wanted.kind}"
        print(f"{name:<34} {rows:>10,} rows {seconds:>8.1f} s {rows / seconds:>9,.0f} rows/s  {size}")
        print(f"{'':<34} peak memory of the worker {found['peak']:,.0f} MB, longest step {found['longest']:.2f} s")
        seconds = fetch(asked)
        print(f"{'fetched by its asker':<34} {rows:>10,} rows {seconds:>8.1f} s {found['bytes'] / 1e6 / seconds:>9,.0f} MB/s")


def ask(rows: int, kind: str, folder: Path) -> int:
    """So many people enrolled by a roster, and the export of the list that waits for its job."""
    from django.core.management import call_command
    from django.utils import timezone

    from accounts.actions.regions import SYSTEM, import_regions
    from accounts.models import User
    from accounts.regions_file import VENDORED, read_regions
    from beneficiaries.testing import make_world
    from exports.actions import ask_export
    from exports.listing import Listing, Wanted

    import_regions(read_regions(VENDORED), by=SYSTEM, at=_now())
    world = make_world(granted=Decimal("999999999.00"))
    file = folder / "roster.csv"
    call_command("make_roster", rows=rows, seed=1, dirty=0.0, region="441602", output=file, verbosity=0, stdout=_Quiet())
    call_command(
        "import_roster", str(file), program=world.program.code, user=world.clerk.username, submit=True, confirm_unusual=True,
        approve_by=world.reviewer.username, json=True, stdout=_Captured(),
    )
    clerk = User.objects.get(pk=world.clerk.pk)
    listing = Listing("beneficiaries.enrollment", clerk, Wanted(""))
    return ask_export(listing, kind=kind, purpose="measured only", by=clerk, at=timezone.now()).pk


def write() -> None:
    """In a process of its own: run the waiting job as a worker does."""
    import django

    django.setup()
    from exports import writing
    from exports.models import Export
    from jobs.actions import run_pending

    longest, step = 0.0, writing._step

    def timed(run: Any, export: Any) -> bool:
        nonlocal longest
        began = time.perf_counter()
        ended = step(run, export)
        longest = max(longest, time.perf_counter() - began)
        return ended

    writing._step = timed
    began = time.perf_counter()
    outcomes = run_pending()
    seconds = time.perf_counter() - began
    assert [str(outcome.ending) for outcome in outcomes] == ["done"], outcomes
    made = Export.objects.get()
    assert made.state == "ready", made.state
    # Of this process alone: what getrusage tells goes on from the process that started it.
    told = Path("/proc/self/status").read_text(encoding="ascii")
    peak = int(next(line for line in told.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
    print(json.dumps({"rows": made.rows, "bytes": made.size, "seconds": seconds, "peak": peak, "longest": longest}))


def fetch(export_id: int) -> float:
    """Seconds to read the whole file as its asker gets it; it is what was made."""
    from django.utils import timezone

    from exports.actions import open_export
    from exports.models import Export

    made = Export.objects.get(pk=export_id)
    began, digest = time.perf_counter(), hashlib.sha256()
    for block in open_export(made, by=made.asked_by, at=timezone.now()):
        digest.update(block)
    assert digest.hexdigest() == made.sha256
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

"""`python -m bench.undo`: how fast an applied roster is undone, and how much memory the worker takes.

    python -m bench.undo --rows 120000
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import tempfile
from decimal import Decimal
from pathlib import Path

from bench.__main__ import _Captured, _now, _Quiet, set_up
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server


def main() -> None:
    """Apply one roster of new people and a second that changes them; undo the second, then the first."""
    parser = argparse.ArgumentParser(prog="python -m bench.undo")
    parser.add_argument("--rows", type=int, default=120_000)
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-undo")
    wanted = parser.parse_args()
    server = Server(wanted.folder)
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        for name, rows, seconds in undone(wanted.rows, Path(folder)):
            print(f"{name:<44} {rows:>9,} rows {seconds:>7.1f} s {rows / seconds:>9,.0f} rows/s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Peak memory of this process, applying included: {peak:,.0f} MB.")


def undone(rows: int, folder: Path) -> list[tuple[str, int, float]]:
    """(what, rows, seconds) of applying and of undoing."""
    from django.core.management import call_command

    from accounts.actions.regions import SYSTEM, import_regions
    from accounts.regions_file import VENDORED, read_regions
    from beneficiaries.testing import make_world
    from beneficiaries.tests.undone import later_period

    import_regions(read_regions(VENDORED), by=SYSTEM, at=_now())
    world = make_world(granted=Decimal("999999999.00"))
    later = later_period(world, 1, granted=Decimal("999999999.00"))
    file, changed = folder / "roster.csv", folder / "changed.csv"
    call_command("make_roster", rows=rows, seed=1, dirty=0.0, region="441602", output=file, verbosity=0, stdout=_Quiet())
    with file.open(encoding="utf-8-sig", newline="") as stream:
        header, *body = csv.reader(stream)
    place = header.index("联系电话")
    with changed.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *([*each[:place], "13911111111", *each[place + 1 :]] for each in body)])
    found, numbers = [], []
    for name, path, period in (("new people, applied", file, world.period), ("changed people, applied", changed, later)):
        told = _Captured()
        call_command(
            "import_roster", str(path), program=world.program.code, period=period.code, user=world.clerk.username,
            submit=True, confirm_unusual=True, approve_by=world.reviewer.username, json=True, stdout=told,
        )
        report = json.loads(told.text)
        numbers.append(report["roster"])
        found.append((name, report["rows"], report["seconds"]["apply"]))
    for name, number in (("changed people, undone", numbers[1]), ("new people, undone", numbers[0])):
        told = _Captured()
        call_command(
            "undo_roster", number, user=world.clerk.username, reason="measured", approve_by=world.reviewer.username,
            json=True, stdout=told,
        )
        report = json.loads(told.text)
        assert report["kept"] == {}, report
        found.append((name, report["rows"], report["seconds"]))
    return found


if __name__ == "__main__":
    main()

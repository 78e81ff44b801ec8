"""`python -m bench.exports`: a long list of enrollments written by its job, and fetched; rows a second and the worker's memory.

    python -m bench.exports --rows 1000000 [--kind csv|xlsx]

Enrollments are made from one enrolled person by statements, many times over; writing runs in a process of its own, whose peak
is the worker's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.__main__ import _now, set_up
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server

#: Copies of one person, and of their beneficiary and enrollment: other keys, all else as the engine wrote it.
_COPIES = (
    ("beneficiaries_person", "identity_index_a", "decode(md5('i' || n), 'hex')"),
    ("beneficiaries_beneficiary", "person_id", "{person} + n"),
    ("beneficiaries_enrollment", "person_id", "{person} + n"),
)


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
        asked = ask(wanted.rows, wanted.kind)
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


def ask(rows: int, kind: str) -> int:
    """So many enrollments, and the export that waits for its job."""
    from django.db import connection
    from django.utils import timezone

    from accounts.actions.regions import SYSTEM, import_regions
    from accounts.models import User
    from accounts.regions_file import VENDORED, read_regions
    from beneficiaries.models import Enrollment
    from beneficiaries.testing import make_world, people
    from exports.actions import ask_export
    from exports.listing import Listing, Wanted
    from exports.tests.conftest import covered

    import_regions(read_regions(VENDORED), by=SYSTEM, at=_now())
    world = make_world(granted=Decimal("999999999.00"))
    covered(world, people(1))
    first = Enrollment.objects.get()
    with connection.cursor() as cursor:
        # Guards and history of rows that nobody enrolled are not what is measured.
        cursor.execute("SET session_replication_role = replica")
        for table, key, value in _COPIES:
            copy(cursor, table, {key: value.format(person=first.person_id)}, rows - 1, first)
        cursor.execute("SET session_replication_role = origin")
        for table, _key, _value in _COPIES:
            cursor.execute(f"VACUUM ANALYZE {table}")
    clerk = User.objects.get(pk=world.clerk.pk)
    listing = Listing("beneficiaries.enrollment", clerk, Wanted(""))
    assert listing.count() == rows
    return ask_export(listing, kind=kind, purpose="measured only", by=clerk, at=timezone.now()).pk


def copy(cursor: Any, table: str, changed: dict[str, str], count: int, first: Any) -> None:
    """Rows of one row, numbered on from it."""
    own = {"beneficiaries_person": first.person_id, "beneficiaries_beneficiary": first.beneficiary_id}.get(table, first.pk)
    cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position", [table])
    columns = [name for (name,) in cursor.fetchall()]
    values = {"id": f"{own} + n", **changed}
    if table == "beneficiaries_enrollment":
        values["beneficiary_id"] = f"{first.beneficiary_id} + n"
    listed = ", ".join(values.get(name, f't."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {listed} FROM {table} t, generate_series(1, {count}) n WHERE t.id = {own}"
    )


def write() -> None:
    """In a process of its own: run the waiting job as a worker does."""
    import django

    django.setup()
    from exports import writing
    from exports.models import Export
    from jobs.actions import run_pending

    longest, step = 0.0, writing._step

    def timed(*given: Any) -> bool:
        nonlocal longest
        began = time.perf_counter()
        ended = step(*given)
        longest = max(longest, time.perf_counter() - began)
        return ended

    writing._step = timed
    began = time.perf_counter()
    outcomes = run_pending()
    seconds = time.perf_counter() - began
    assert [str(outcome.ending) for outcome in outcomes] == ["done"], outcomes
    made = Export.objects.get()
    assert made.state == "ready", made.state
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
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

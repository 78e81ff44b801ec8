"""`python -m bench.readers`: rows a second and memory of reading alone, for every kind of file that comes in.

    python -m bench.readers --rows 200000 --kinds csv-utf-8 xlsx
    python -m bench.readers --rows 1000000 --kinds xlsx

Each file is read in a process of its own, the parent's and the parse child's memory told apart.
"""

from __future__ import annotations

import argparse
import base64
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import django

from beneficiaries.columns import COLUMNS
from intake.exports import write_rows_xlsx
from intake.readers import open_table
from intake.tests.old_workbook import old_workbook

#: What one sheet of an old workbook can hold.
XLS_ROWS = 65_536
ROWS_PER_CHUNK = 40_000
HEADINGS = tuple(str(column.label) for column in COLUMNS)
Rows = Sequence[Sequence[str]]


def main() -> None:
    """Print one line per kind of file."""
    parser = argparse.ArgumentParser(prog="python -m bench.readers")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--kinds", nargs="+", choices=tuple(WRITERS), default=tuple(WRITERS))
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--repeat", type=int, default=3, help="the best of so many runs is told")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.measure:
        print(json.dumps(measured(wanted.measure)))
        return
    if wanted.write:
        WRITERS[wanted.kinds[0]](wanted.write, made_up(wanted.rows))
        return
    print(f"{'':<14} {'rows':>9} {'MB':>6} {'seconds':>8} {'rows/s':>10} {'CPU s':>6} {'memory MB':>10} {'child MB':>9}")
    with tempfile.TemporaryDirectory() as folder:
        for kind in wanted.kinds:
            file = Path(folder) / f"roster.{kind.partition('-')[0]}"
            again("--write", file, "--rows", wanted.rows, "--kinds", kind)
            told = [again("--measure", file, threads=wanted.threads) for _ in range(wanted.repeat)]
            best = min(map(json.loads, told), key=lambda found: found["seconds"])
            print(
                f"{kind:<14} {best['rows']:>9,.0f} {file.stat().st_size / 1024**2:>6.1f} {best['seconds']:>8.2f} "
                f"{best['rows'] / best['seconds']:>10,.0f} {best['cpu']:>6.2f} {best['memory']:>10,.0f} "
                f"{best['child']:>9,.0f}"
            )
            file.unlink()


def made_up(count: int) -> Rows:
    """Rows of the plain layout, two in a hundred with a fault."""
    os.environ.update(
        DATABASE_URL="postgres://nobody@localhost/none", SECRET_KEY="x" * 60, CACHE_URL="locmemcache://",
        MASTER_KEYS="1:" + base64.b64encode(bytes(32)).decode(), CELERY_BROKER_URL="memory://",
        STORAGE_URL=f"file://{tempfile.gettempdir()}", ALLOWED_HOSTS="localhost", TESTING="true",
        DJANGO_SETTINGS_MODULE="portal.settings",
    )  # fmt: skip
    django.setup()
    from beneficiaries.synthetic import people

    return [line.cells for line in people(count, seed=1, region="441602", dirty=0.02)]


def again(*arguments: object, threads: int = 1) -> str:
    """This module in a process of its own: the peak of memory is that of one thing."""
    return subprocess.run(
        [sys.executable, "-m", "bench.readers", *map(str, arguments)],
        env=os.environ | {"POLARS_MAX_THREADS": str(threads)}, stdout=subprocess.PIPE, text=True, check=True,
    ).stdout  # fmt: skip


def measured(file: Path) -> dict[str, float]:
    """Seconds from opening to the last row (CPU of parent and child too), and the peak of memory in MB."""
    started = time.perf_counter()
    before = _cpu()
    with closing(open_table(file, COLUMNS, name=file.name)) as table:
        rows = sum(len(chunk.frame) for chunk in table.chunks(rows_per_chunk=ROWS_PER_CHUNK))
    seconds = time.perf_counter() - started
    peaks = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {"rows": rows, "seconds": seconds, "cpu": _cpu() - before, "memory": peaks[0], "child": peaks[1]}


def _cpu() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def _write_csv(file: Path, rows: Rows, encoding: str) -> None:
    with file.open("w", encoding=encoding, newline="") as target:
        csv.writer(target).writerows([HEADINGS, *rows])


def _write_quoted(file: Path, rows: Rows) -> None:
    with file.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target, quoting=csv.QUOTE_ALL).writerows([HEADINGS, *rows])


def _write_xlsx(file: Path, rows: Rows) -> None:
    with file.open("wb") as target:
        write_rows_xlsx(target, "名单", [HEADINGS, *rows])


def _write_xls(file: Path, rows: Rows) -> None:
    step = XLS_ROWS - 1
    sheets = {f"村{start // step}": [HEADINGS, *rows[start : start + step]] for start in range(0, len(rows), step)}
    file.write_bytes(old_workbook(sheets).getvalue())


WRITERS: dict[str, Callable[[Path, Rows], None]] = {
    "csv-utf-8": lambda file, rows: _write_csv(file, rows, "utf-8-sig"),
    "csv-quoted": _write_quoted,
    "csv-gb18030": lambda file, rows: _write_csv(file, rows, "gb18030"),
    "csv-utf-16": lambda file, rows: _write_csv(file, rows, "utf-16"),
    "xlsx": _write_xlsx,
    "xls": _write_xls,
}


if __name__ == "__main__":
    main()

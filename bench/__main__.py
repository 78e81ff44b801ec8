"""`make bench`: roster rows end to end, ours against django-import-export with its defaults and tuned, in one run.

    make bench ARGS="--rows 200000 --peer-rows 5000 --tuned-rows 50000 --format csv"
    make bench ARGS="results --rows 1000000"    # another measurement by its name, with its own arguments
    make bench ARGS="--list"                    # their names

Beside them the bound: COPY of the rows that ours left, into the same tables.
"""

from __future__ import annotations

import argparse
import ast
import base64
import json
import os
import resource
import runpy
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.final_rows import copy_final_rows
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import OWNER, Server

#: Bytes of a file: a city's three million rows are more than a portal takes in unless it is told to.
UPLOAD_LIMIT = 3 * 2**29


def main() -> None:
    """Print one row per contender."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--rows", type=int, default=200_000, help="rows of our own way")
    parser.add_argument("--peer-rows", type=int, default=5_000, help="rows of import-export with defaults")
    parser.add_argument("--tuned-rows", type=int, default=50_000, help="rows of import-export tuned")
    parser.add_argument("--format", choices=("csv", "xlsx"), default="csv", help="of our own file")
    wanted = parser.parse_args()
    server = Server(RUN_FOLDER / "bench")
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        results = [
            ("ours: check and stage, approve, apply", wanted.rows, *ours(wanted.rows, Path(folder), form=wanted.format)),
            ("COPY of the same final rows, two connections", *bound(server, Path(folder))),
            ("import-export, defaults: preview and confirm", wanted.peer_rows, *peer(wanted.peer_rows, tuned=False)),
            ("import-export, tuned: preview and confirm", wanted.tuned_rows, *peer(wanted.tuned_rows, tuned=True)),
        ]
    first = results[0][1] / results[0][2]
    print(f"{'':<46} {'rows':>8} {'seconds':>8} {'rows/s':>8} {'ours is':>8}  parts")
    for name, rows, seconds, parts in results:
        rate = rows / seconds
        words = ", ".join(f"{part} {value:.1f} s" for part, value in parts.items())
        print(f"{name:<46} {rows:>8,} {seconds:>8.1f} {rate:>8,.0f} {first / rate:>7.1f}x  {words}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Peak memory of this process: {peak:,.0f} MB. Durable server: fsync and synchronous_commit on.")


def measurements() -> dict[str, str]:
    """Name -> the first line of what it says of itself: `python -m bench NAME` is `python -m bench.NAME`."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        starts = any(isinstance(each, ast.FunctionDef) and each.name == "main" for each in tree.body)
        if starts and path.stem != "__main__":
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def dispatch(given: Sequence[str]) -> None:
    """The measurement that is named first, with what follows as its own arguments; the roster where none is named."""
    if given[:1] == ["--list"]:
        print("\n".join(f"{name:<12} {words}" for name, words in measurements().items()))
    elif given and not given[0].startswith("-"):
        name = given[0]
        if name not in measurements():
            sys.exit(f"There is no measurement {name}. There are: {', '.join(measurements())}.")
        sys.argv = [f"python -m bench.{name}", *given[1:]]
        runpy.run_module(f"bench.{name}", run_name="__main__", alter_sys=True)
    else:
        main()


def set_up(server: Server, folder: Path) -> None:
    """A fresh database with all tables, as the owner."""
    with server.connect() as connection:
        connection.execute("DROP DATABASE IF EXISTS bench WITH (FORCE)")
    server.ensure_database("bench")
    environment(server.url("bench", role=OWNER), folder)
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def environment(database: str, folder: Path) -> None:
    """Django over a database; files go into a folder."""
    os.environ.update(
        DATABASE_URL=database, SECRET_KEY="x" * 60, CACHE_URL="locmemcache://", UPLOAD_LIMIT=str(UPLOAD_LIMIT),
        MASTER_KEYS="1:" + base64.b64encode(bytes(32)).decode(), CELERY_BROKER_URL="memory://",
        STORAGE_URL=f"file://{folder}", ALLOWED_HOSTS="localhost", TESTING="true", LOG_LEVEL="ERROR",
        DJANGO_SETTINGS_MODULE="portal.settings",
    )
    import django

    django.setup()


def timed(parts: dict[str, float], name: str, work: Callable[[], Any]) -> Any:
    """Do it and keep its seconds."""
    started = time.perf_counter()
    found = work()
    parts[name] = time.perf_counter() - started
    return found


def bound(server: Server, folder: Path) -> tuple[int, float, dict[str, float]]:
    """Rows, seconds and their parts of the plain COPY."""
    rows, seconds = copy_final_rows(server, folder)
    return rows, seconds, {"copy": seconds}


def ours(rows: int, folder: Path, *, form: str = "csv") -> tuple[float, dict[str, float]]:
    """The portal's own way, as a clerk and a reviewer go it: every person new."""
    from django.core.management import call_command

    from accounts.actions.regions import SYSTEM, import_regions
    from accounts.models import Region
    from accounts.regions_file import VENDORED, read_regions
    from beneficiaries.testing import make_world

    import_regions(read_regions(VENDORED), by=SYSTEM, at=_now())
    assert Region.objects.exists()
    world = make_world(granted=Decimal("999999999.00"))
    file = folder / f"roster.{form}"
    call_command(
        "make_roster", rows=rows, seed=1, dirty=0.02, region="441602", format=form, output=file, verbosity=0, stdout=_Quiet()
    )
    report = _Captured()
    call_command(
        "import_roster", str(file), program=world.program.code, user=world.clerk.username, submit=True,
        approve_by=world.reviewer.username, json=True, stdout=report,
    )
    seconds = json.loads(report.text)["seconds"]
    return sum(seconds.values()), seconds


def peer(rows: int, *, tuned: bool) -> tuple[float, dict[str, float]]:
    """One plain table with the same thirteen columns, through a Resource: preview (dry run), then confirm."""
    import tablib
    from django.db import connection, models
    from import_export import resources

    from beneficiaries.columns import COLUMNS
    from beneficiaries.synthetic import people

    names = [column.key for column in COLUMNS]
    fields: dict[str, Any] = {
        name: models.CharField(max_length=200, blank=True, db_index=name == "region_code") for name in names
    }
    fields["document"] = models.CharField(max_length=20, unique=True)
    label = "tuned" if tuned else "plain"
    meta = type("Meta", (), {"app_label": "beneficiaries", "db_table": f"bench_{label}"})
    model = type(f"Peer{label}", (models.Model,), {**fields, "__module__": "bench", "Meta": meta})
    with connection.schema_editor() as editor:
        editor.create_model(model)
    options: dict[str, Any] = {"model": model, "import_id_fields": ("document",), "fields": tuple(names)}
    if tuned:
        options |= {
            "use_bulk": True, "batch_size": 1000, "skip_diff": True, "skip_html_diff": True, "use_transactions": True,
            "force_init_instance": True, "skip_unchanged": False, "report_skipped": False,
        }
    kind = type(f"Resource{label}", (resources.ModelResource,), {"Meta": type("Meta", (), options)})
    data = tablib.Dataset(*(line.cells for line in people(rows, seed=1, region="441602")), headers=names)
    parts: dict[str, float] = {}
    timed(parts, "preview", lambda: kind().import_data(data, dry_run=True, raise_errors=True))
    timed(parts, "confirm", lambda: kind().import_data(data, dry_run=False, raise_errors=True))
    return sum(parts.values()), parts


class _Captured:
    """What a command writes."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str, *rest: Any) -> None:
        """Keep it."""
        self.text += text


class _Quiet(_Captured):
    """Nothing of it."""

    def write(self, text: str, *rest: Any) -> None:
        """Drop it."""


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()


if __name__ == "__main__":
    dispatch(sys.argv[1:])

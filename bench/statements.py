"""`python -m bench.statements`: how fast a collection statement is checked and taken in, and its pages at that size.

    python -m bench.statements --rows 450000

Half of the lines name a cover number, half a document; one in fifty pays another amount.
"""

from __future__ import annotations

import argparse
import csv
import resource
import statistics
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.__main__ import _Captured, _now, _Quiet, set_up
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server


def main() -> None:
    """Print rows per second of each step, milliseconds per page."""
    parser = argparse.ArgumentParser(prog="python -m bench.statements")
    parser.add_argument("--rows", type=int, default=450_000)
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-statements")
    wanted = parser.parse_args()
    server = Server(wanted.folder)
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        measure(wanted.rows, Path(folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Peak memory of this process, the roster included: {peak:,.0f} MB.")


def measure(rows: int, folder: Path) -> None:
    """Enroll, let the statement come in, look at it."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    from accounts.actions.regions import SYSTEM, import_regions
    from accounts.regions_file import VENDORED, read_regions
    from beneficiaries.models import Enrollment
    from beneficiaries.testing import make_world
    from gates.actions import upload_statement
    from gates.actions.statements import DESK
    from gates.models import Channel, Statement
    from jobs.testing import drain
    from portal.verify import check_all

    settings.SECOND_FACTOR_REQUIRED, settings.ALLOWED_HOSTS = False, ["testserver"]
    import_regions(read_regions(VENDORED), by=SYSTEM, at=_now())
    world = make_world(granted=Decimal("999999999.00"), requires_own_payment=True)
    file = folder / "roster.csv"
    call_command("make_roster", rows=rows, seed=1, dirty=0.0, region="441602", output=file, verbosity=0, stdout=_Quiet())
    started = time.perf_counter()
    call_command(
        "import_roster", str(file), program=world.program.code, user=world.clerk.username, submit=True, confirm_unusual=True,
        approve_by=world.reviewer.username, json=True, stdout=_Captured(),
    )
    told("the roster, checked and applied", rows, time.perf_counter() - started)
    statement_file = folder / "statement.csv"
    amount = written(statement_file, file, Enrollment.objects.select_related("program", "period").order_by("pk"))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    count = Enrollment.objects.count()
    with statement_file.open("rb") as stream:
        statement = upload_statement(
            [("statement.csv", stream)], period=world.period, organization=world.city, channel=Channel.BANK,
            reference="DZ-BENCH", control_lines=count, control_amount=amount, by=world.finance_maker, at=_now(),
        )
    started = time.perf_counter()
    drain()
    told("the statement, checked", count, time.perf_counter() - started)
    statement = Statement.objects.get(pk=statement.pk)
    print(statement.state, statement.counts.get("codes"), statement.money, statement.file_findings)
    DESK.submit(statement, by=world.finance_maker, at=_now())
    started = time.perf_counter()
    DESK.approve(statement, digest=statement.digest, by=world.finance_checker, at=_now())
    print(f"approved in {time.perf_counter() - started:.2f} s")
    started = time.perf_counter()
    drain()
    told("the statement, taken in", count, time.perf_counter() - started)
    statement = Statement.objects.get(pk=statement.pk)
    print(statement.state, Enrollment.objects.exclude(own_paid_at=None).count())
    client = Client()
    client.force_login(world.finance_checker, backend="accounts.backends.RoleBackend")
    page = reverse("admin:gates_statement_change", args=[statement.pk])
    middle = statement.rows.order_by("pk")[count // 2].pk
    for name, address in (
        ("statement", page), ("statement, half-way down", f"{page}?after={middle}"), ("refused lines", f"{page}?verdict=6"),
        ("lines of a code", f"{page}?code=AMOUNT_DIFFERS"), ("statements", reverse("admin:gates_statement_changelist")),
        ("payments held", reverse("admin:gates_heldpayment_changelist")),
        ("period with board and reconciliation", reverse("admin:programs_period_change", args=[world.period.pk])),
    ):
        shown(client, name, address)
    started = time.perf_counter()
    print("broken:", [result.name for result in check_all() if result.rows], f"{time.perf_counter() - started:.1f} s")


def written(target: Path, roster: Path, covers: Any) -> Decimal:
    """A line a cover; the sum of them all."""
    from beneficiaries.models import RosterRow

    places = dict(RosterRow.objects.values_list("pk", "line"))
    with roster.open(encoding="utf-8-sig", newline="") as stream:
        lines = csv.DictReader(stream)
        people = {number: (line["姓名"], line["证件号码"]) for number, line in enumerate(lines, 2)}
    whole = Decimal("0.00")
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["保障凭证号", "姓名", "证件号码", "缴费金额", "缴费日期", "流水号"])
        day = _now().date().isoformat()
        for number, cover in enumerate(covers.iterator(chunk_size=10_000)):
            amount = cover.own_share if number % 50 else cover.own_share + 1
            whole += amount
            if number % 2:
                writer.writerow([cover.number, "", "", amount, day, f"T{number:012d}"])
            else:
                writer.writerow(["", *people[places[cover.row_id]], amount, day, f"T{number:012d}"])
    return whole


def told(what: str, rows: int, seconds: float) -> None:
    """A line of the report."""
    print(f"{what:<40} {rows:>9,} rows {seconds:>7.1f} s {rows / seconds:>9,.0f} rows/s", flush=True)


def shown(client: Any, name: str, address: str) -> None:
    """Median of five, after one that warms."""
    taken = []
    for _turn in range(6):
        started = time.perf_counter()
        answer = client.get(address)
        taken.append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200, (name, answer.status_code)
    print(f"{name:<40} {statistics.median(taken[1:]):>7.0f} ms", flush=True)


if __name__ == "__main__":
    main()

"""`python -m bench.records`: settlement records of a bureau decided in batch, after claims and records before them.

    python -m bench.records --rows 1000000 --lines-each 2.36

People are enrolled by a roster; every record is found by document and name and has amounts by kind. "decide" is the step that the
promise is about: reading the staged records, deciding each after those of its cover before it, writing what is due, two slices
abreast, with the digest over it. Checking and staging before it, proposing and claiming after it are measured beside it.
"""

from __future__ import annotations

import argparse
import csv
import random
import resource
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.__main__ import _now, set_up, timed
from bench.results import enrolled
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server

_KINDS = ("self_pay", "out_of_catalogue", "special_drug")


def main() -> None:
    """Print one row for each step."""
    parser = argparse.ArgumentParser(prog="python -m bench.records")
    parser.add_argument("--rows", type=int, default=200_000, help="settlement records")
    parser.add_argument("--lines-each", type=float, default=2.36, help="records of one person")
    parser.add_argument("--claims", type=int, default=1_000, help="claims that are opened at the end")
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-records")
    wanted = parser.parse_args()
    server = Server(wanted.folder)
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        people = round(wanted.rows / wanted.lines_each)
        world, taken = enrolled(people, Path(folder))
        _told("a roster: checked, approved, applied", people, sum(taken.values()))
        file = records_file(Path(folder), wanted.rows)
        for name, rows, seconds in measured(world, file, wanted.rows, claims=wanted.claims):
            _told(name, rows, seconds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Peak memory of this process: {peak:,.0f} MB. Durable server: fsync and synchronous_commit on.")


def _told(name: str, rows: int, seconds: float) -> None:
    print(f"{name:<52} {rows:>9,} rows {seconds:>7.1f} s {rows / seconds:>9,.0f} rows/s", flush=True)


def records_file(folder: Path, rows: int) -> Path:
    """So many settlements of the roster's people, in no order, at no hospital and day twice."""
    chance = random.Random(7)
    with (folder / "roster.csv").open(encoding="utf-8-sig") as source:
        people = [(line["姓名"], line["证件号码"]) for line in csv.DictReader(source)]
    order = list(range(rows))
    chance.shuffle(order)
    today = _now().date()
    file = folder / "records.csv"
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow([
            "结算单号", "姓名", "证件号码", "医院名称", "入院日期", "出院日期", "结算日期", "诊断", "医疗总费用", "统筹基金支付",
            "票据代码",
            "票据号码", "医保目录内自付", "医保目录外自费", "特定药品",
        ])
        for at in order:
            name, document = people[at % len(people)]
            amounts = [chance.choice((0, 1, 1)) * chance.randrange(100_000, 6_000_000) for _kind in _KINDS]
            amounts[0] = amounts[0] or 50_000
            fund = sum(amounts)
            discharged = today - timedelta(days=1 + (at // len(people)) * 12 % 80 + at % 5)
            writer.writerow([
                f"JS{at:012d}", name, document, f"示例市第{at % 40}人民医院", discharged - timedelta(days=3), discharged,
                discharged, "C34.9",
                _yuan(sum(amounts) + fund), _yuan(fund), "44060125", f"{at:010d}", *map(_yuan, amounts),
            ])
    return file


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def measured(world: Any, file: Path, rows: int, *, claims: int) -> list[tuple[str, int, float]]:
    """Name, rows and seconds of each step."""
    from jobs.testing import drain
    from records import deciding
    from records.actions import DESK, open_claims, upload_records
    from records.models import Proposal, RecordList

    parts: dict[str, float] = {}
    decide = {"seconds": 0.0}
    calculate_all = deciding.calculate_all

    def watched(*given: Any, **named: Any) -> None:
        started = time.perf_counter()
        calculate_all(*given, **named)
        decide["seconds"] = time.perf_counter() - started

    deciding.calculate_all = watched

    def check() -> RecordList:
        with file.open("rb") as source:
            found = upload_records(
                [(file.name, source)], program=world.program, organization=world.office, reference="BENCH", by=world.clerk,
                at=_now()
            )
        drain()
        return RecordList.objects.get(pk=found.pk)

    found = timed(parts, "check", check)
    money = found.money
    counts = found.counts
    print(f"  {found.state}: {counts['verdicts']} {counts['codes']} due {money['due']} nothing {money['nothing']}", flush=True)
    found = DESK.submit(found, by=world.clerk, at=_now())

    def propose() -> None:
        DESK.approve(found, digest=found.digest, by=world.reviewer, at=_now())
        drain()

    timed(parts, "propose", propose)
    chosen = list(Proposal.objects.waiting().order_by("-due", "-pk")[:claims])
    done = timed(parts, "claim", lambda: open_claims(chosen, by=world.clerk, at=_now()))
    print(f"  {len(done.cases):,} cases of {len(done.claimed):,} records, {len(done.refused):,} refused", flush=True)
    return [
        ("records read, checked, matched, staged", rows, parts["check"] - decide["seconds"]),
        ("decided in batch: read, decided, written", rows, decide["seconds"]), ("proposed", rows, parts["propose"]),
        ("claims opened", max(len(done.claimed), 1), parts["claim"]),
    ]


if __name__ == "__main__":
    main()

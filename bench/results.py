"""`python -m bench.results`: a report of payouts matched, recalculated, recorded and undone, beside a roster in the same run.

    python -m bench.results --rows 200000 --lines-each 2.36

The people are enrolled by a roster first, whose rate is the measure: a report is to reach half of it. Every line is found by
document and name, has amounts by kind and by responsibility, and is decided after the lines of its cover before it; one in
twenty is paid otherwise than the plan says.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import tempfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.__main__ import _Captured, _now, _Quiet, set_up, timed
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server

_KINDS = {"self_pay": "in_catalogue", "out_of_catalogue": "out_of_catalogue_drugs", "special_drug": "special_drugs"}


def main() -> None:
    """Print one row for each step."""
    parser = argparse.ArgumentParser(prog="python -m bench.results")
    parser.add_argument("--rows", type=int, default=200_000, help="lines of the report")
    parser.add_argument("--lines-each", type=float, default=2.36, help="lines of one person")
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-results")
    wanted = parser.parse_args()
    server = Server(wanted.folder)
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        people = round(wanted.rows / wanted.lines_each)
        world, taken = enrolled(people, Path(folder))
        _told("a roster: checked, approved, applied", people, sum(taken.values()), taken)
        roster = people / sum(taken.values())
        file, amount = report_file(Path(folder), wanted.rows)
        parts = reported(world, file, wanted.rows, amount)
        way = {name: parts[name] for name in ("check and recalculate", "record")}
        _told("a report: checked, recalculated, recorded", wanted.rows, sum(way.values()), way)
        print(f"{'':<44} {wanted.rows / sum(way.values()) / roster:.2f} of the roster's rate")
        _told("the same undone", wanted.rows, parts["undo"], {})
        _told("a decision about held lines", 1, parts["decide"], {})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Peak memory of this process: {peak:,.0f} MB. Durable server: fsync and synchronous_commit on.")


def _told(name: str, rows: int, seconds: float, parts: dict[str, float]) -> None:
    words = ", ".join(f"{part} {value:.1f} s" for part, value in parts.items())
    print(f"{name:<44} {rows:>9,} rows {seconds:>7.1f} s {rows / seconds:>9,.0f} rows/s  {words}", flush=True)


def enrolled(people: int, folder: Path) -> tuple[Any, dict[str, float]]:
    """A world whose plan pays as a real one does, so many people covered since a hundred days, and what enrolling them took."""
    import pgtrigger
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from accounts.actions.regions import SYSTEM, import_regions
    from accounts.regions_file import VENDORED, read_regions
    from beneficiaries.models import Enrollment
    from beneficiaries.testing import make_world
    from benefits import plan_file
    from programs.models import PlanBenefits

    import_regions(read_regions(VENDORED), by=SYSTEM, at=_now())
    world = make_world(granted=Decimal("999999999.00"))
    content = plan_file.dump(plan_file.load_path(settings.BASE_DIR / "fixtures" / "plans" / "weifang.yaml"))
    with pgtrigger.ignore("programs.PlanBenefits:plan_benefits_stand"):
        PlanBenefits.objects.create(
            plan=world.plan, content=content, digest="0" * 64, changed_by=world.finance_maker, changed_at=_now()
        )
    call_command(
        "make_roster", rows=people, seed=1, dirty=0.0, region="441602", format="csv", output=folder / "roster.csv", verbosity=0,
        stdout=_Quiet(),
    )
    report = _Captured()
    call_command(
        "import_roster", str(folder / "roster.csv"), program=world.program.code, user=world.clerk.username, submit=True,
        approve_by=world.reviewer.username, json=True, stdout=report,
    )
    Enrollment.objects.filter(program=world.program).update(starts_at=_now() - timedelta(days=100))
    with connection.cursor() as cursor:
        # As autovacuum has long done where people are covered since a hundred days.
        cursor.execute("ANALYZE")
    return world, json.loads(report.text)["seconds"]


def report_file(folder: Path, rows: int) -> tuple[Path, Decimal]:
    """A report of so many lines about the people of the roster, in no order, and what it says was paid in all."""
    import polars as pl

    from benefits import plan_file
    from benefits.batch import decide_batch

    chance = random.Random(7)
    with (folder / "roster.csv").open(encoding="utf-8-sig") as source:
        people = [(line["姓名"], line["证件号码"]) for line in csv.DictReader(source)]
    whose = [number % len(people) for number in range(rows)]
    chance.shuffle(whose)
    days = sorted(chance.choices(range(1, 90), k=rows), reverse=True)
    amounts = [
        [chance.choice((0, 0, 1)) * chance.randrange(100_000, 6_000_000) for _kind in _KINDS] for _line in range(rows)
    ]
    given = pl.DataFrame({
        "person": [whose[at] for at in range(rows) for _kind in _KINDS], "case": [at for at in range(rows) for _kind in _KINDS],
        "place": [at for at in range(rows) for _kind in _KINDS], "kind": list(_KINDS) * rows,
        "eligible": [fen for line in amounts for fen in line],
    }, schema_overrides={"eligible": pl.Int64}).with_columns(lists=pl.lit(["weifang-special-drugs"], pl.List(pl.String)))
    terms = plan_file.load_path(Path(__file__).resolve().parent.parent / "fixtures" / "plans" / "weifang.yaml")
    due = decide_batch(given, terms).sort("case")
    today, total = _now().date(), 0
    file = folder / "report.csv"
    order = list(range(rows))
    chance.shuffle(order)
    columns = [due[f"paid:{code}"].to_list() for code in _KINDS.values()]
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target)
        writer.writerow([
            "赔案号", "姓名", "证件号码", "出险日期", "医院", "诊断", "票据号码", "医疗总费用", "基本医保支付", "赔付金额",
            "赔付日期", "账号后四位", "支付结果", "医保目录内自付", "医保目录外自费", "特定药品", "医保目录内自付费用赔付",
            "医保目录外药品费用赔付", "特定药品费用赔付",
        ])
        for at in order:
            paid = [column[at] for column in columns]
            if at % 20 == 0:
                paid[0] += 100
            total += sum(paid)
            name, document = people[whose[at]]
            # Paid in the order of cases, which is that of days.
            day = f"{today - timedelta(days=days[at]):%Y-%m-%d}"
            writer.writerow([
                f"PA{at:012d}", name, document, day, f"示例市第{at % 40}人民医院", "C34.9", f"{at:010d}",
                _yuan(sum(amounts[at]) * 2), _yuan(sum(amounts[at])), _yuan(sum(paid)), day, f"{at % 10_000:04d}", "成功",
                *map(_yuan, amounts[at]), *map(_yuan, paid),
            ])
    return file, Decimal(total).scaleb(-2)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def reported(world: Any, file: Path, rows: int, amount: Decimal) -> dict[str, float]:
    """Seconds of each step."""
    from intake.held import Choice
    from jobs.testing import drain
    from results.actions import DESK, decide_lines, upload_report
    from results.models import LineDecision, Report, Result

    parts: dict[str, float] = {}

    def check() -> Report:
        with file.open("rb") as source:
            report = upload_report(
                [(file.name, source)], program=world.program, organization=world.office, reference="BENCH", control_lines=rows,
                control_amount=amount, by=world.clerk, at=_now(),
            )
        drain()
        return Report.objects.get(pk=report.pk)

    report = timed(parts, "check and recalculate", check)
    print(f"  {report.state}: {report.counts['verdicts']} {report.counts['codes']} {report.money['comparison']}", flush=True)
    held = list(report.rows.filter(verdict=5).order_by("pk").values_list("pk", flat=True)[:1])
    parts["decide"] = 0.001
    if held:
        timed(parts, "decide", lambda: decide_lines(
            report, choice=Choice(rows=tuple(held)), kind=LineDecision.REFUSE, reason="待保司说明", by=world.clerk, at=_now()
        ))
        report.refresh_from_db()
    report = DESK.submit(report, by=world.clerk, at=_now())

    def record() -> None:
        DESK.approve(report, digest=report.digest, by=world.reviewer, at=_now())
        drain()

    timed(parts, "record", record)
    print(f"  {Result.objects.count():,} results", flush=True)

    def undo() -> None:
        DESK.request_undo(report, reason="测量之用，予以撤销", by=world.clerk, at=_now())
        DESK.approve_undo(report, by=world.reviewer, at=_now())
        drain()

    timed(parts, "undo", undo)
    return parts


if __name__ == "__main__":
    main()

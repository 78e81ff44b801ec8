"""`python -m bench.benefits`: decisions a second on one core, with trace; no database."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # polars reads it when it is loaded

import polars as pl

from benefits import plan_file
from benefits.batch import decide_batch, decide_one_by_one
from benefits.decide import decide
from benefits.facts import CHINA, Bill, Cover, Event, Facts, Insured, Line
from benefits.terms import PlanTerms
from benefits.usage import NOTHING_USED

PLANS = Path(__file__).resolve().parents[1] / "fixtures" / "plans"
LISTS = frozenset({"shanghai-2022-special-drugs", "shanghai-2022-overseas-drugs", "weifang-special-drugs"})


def main() -> None:
    """Print one row per kind of case."""
    parser = argparse.ArgumentParser(prog="python -m bench.benefits")
    parser.add_argument("--cases", type=int, default=50_000, help="decisions of each kind")
    parser.add_argument("--batch", type=int, default=500_000, help="cases of the columnar path, four lines each")
    wanted = parser.parse_args()
    print(f"{'':<58} {'decisions/s':>11} {'us each':>8} {'steps':>6}")
    for name, terms, facts in kinds():
        steps = len(decide(facts[0], terms).trace)
        seconds = measure(partial(run, terms, facts, wanted.cases))
        print(f"{name:<58} {wanted.cases / seconds:>11,.0f} {seconds / wanted.cases * 1e6:>8.1f} {steps:>6}")
    if not columns(wanted.batch):
        sys.exit("The columnar path decides otherwise than one by one.")


def measure(work: Callable[[], None]) -> float:
    """Seconds of processor time: other work on the machine does not count."""
    started = time.process_time()
    work()
    return time.process_time() - started


def run(terms: PlanTerms, facts: list[Facts], count: int) -> None:
    """Decide `count` cases, each after the one before, usage starting anew with each person of ten cases."""
    usage = NOTHING_USED
    for number in range(count):
        if number % 10 == 0:
            usage = NOTHING_USED
        usage = decide(facts[number % len(facts)], terms, usage).usage


def columns(count: int) -> bool:
    """The columnar path: cases of four lines, two a person; whether a sample of them is the same by `decide`."""
    terms = plan_file.load_path(PLANS / "shanghai-2022.yaml")
    kinds = ["out_of_catalogue", "special_drug", "proton_heavy_ion", "overseas_drug"]
    number = pl.int_range(4 * count, eager=True, dtype=pl.Int64)
    lines = pl.DataFrame({"case": number // 4, "person": number // 8, "place": number // 4 % 2}).with_columns(
        kind=pl.Series(kinds).gather(number % 4), eligible=(number * 7_919) % 6_000_000 + 100_000,
        health_class=pl.when(pl.col("person") % 5 == 0).then(pl.lit("pre_existing")).otherwise(pl.lit("healthy")),
        lists=pl.Series([sorted(LISTS)]).gather(number * 0),
    )
    processor, started = time.process_time(), time.perf_counter()
    answer = decide_batch(lines, terms)
    wall, processor = time.perf_counter() - started, time.process_time() - processor
    sample = lines.filter(pl.col("person") < 2_000)
    slow = decide_one_by_one(sample, terms)
    agree = answer.filter(pl.col("person") < 2_000).equals(slow)
    print(f"{f'columnar: {count:,} cases of four lines, no trace':<58} {count / processor:>11,.0f} {processor / count * 1e6:>8.2f}")
    said = "the same" if agree else "DIFFERENT"
    print(f"  by the clock {count / wall:,.0f} a second; {slow.height:,} of them decided one by one: {said}")
    return agree


def kinds() -> list[tuple[str, PlanTerms, list[Facts]]]:
    """Plans and cases to measure."""
    shanghai, weifang, day = (
        plan_file.load_path(PLANS / f"{code}.yaml") for code in ("shanghai-2022", "weifang", "day-cover-example")
    )
    return [
        ("one bill of one line, five responsibilities", shanghai, cases([["out_of_catalogue"]])),
        (
            "one bill of four lines, four of five responsibilities", shanghai,
            cases([["out_of_catalogue", "special_drug", "proton_heavy_ion", "overseas_drug"]]),
        ),
        ("three bills of four lines, bands, three responsibilities", weifang, cases(
            [["self_pay", "out_of_catalogue", "special_drug", "self_pay"]] * 3
        )),
        ("accident: disability and a bill", day, accidents()),
    ]


def cases(bills: list[list[str]]) -> list[Facts]:
    """Hundred cases of differing amounts."""
    return [
        Facts(
            insured=Insured(age=40, health_class="pre_existing" if number % 5 == 0 else "", continuity_years=number % 3),
            cover=Cover(datetime(2022, 7, 1, tzinfo=CHINA), datetime(2023, 7, 1, tzinfo=CHINA)), event=Event(code=f"E{number}"),
            bills=tuple(
                Bill(
                    lines=tuple(
                        Line(kind, Decimal(1_000_000 + 31_337 * number + 977 * at).scaleb(-2), lists=LISTS)
                        for at, kind in enumerate(kinds)
                    ),
                    day=date(2022, 8, 1 + position), number=f"B{number}-{position}",
                )
                for position, kinds in enumerate(bills)
            ),
        )
        for number in range(100)
    ]


def accidents() -> list[Facts]:
    """Hundred accidents."""
    return [
        Facts(
            insured=Insured(age=30, occupation_class=3),
            cover=Cover(datetime(2025, 5, 30, 6, tzinfo=CHINA), datetime(2025, 5, 31, 1, 30, tzinfo=CHINA)),
            event=Event(code=f"A{number}", kind="accident", at=datetime(2025, 5, 30, 9, tzinfo=CHINA), injuries=(8, 9)),
            bills=(Bill((Line("self_pay", Decimal(300_000 + number).scaleb(-2)),), day=date(2025, 6, 2), number=f"A{number}"),),
        )
        for number in range(100)
    ]


if __name__ == "__main__":
    main()

"""`python -m bench.handover`: people handed over to their insurer, and its receipt; seconds, and processor time of both sides.

    python -m bench.handover --rows 450000 [--kind csv|xlsx]

They are enrolled by a roster first, which is not measured. Of the receipt's lines two of a hundred are refused.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.__main__ import _Captured, _now, _Quiet, set_up
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server

_TICK = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Print one row a step."""
    parser = argparse.ArgumentParser(prog="python -m bench.handover")
    parser.add_argument("--rows", type=int, default=450_000)
    parser.add_argument("--kind", choices=("csv", "xlsx"), default="xlsx")
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-handover")
    wanted = parser.parse_args()
    server = Server(wanted.folder)
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        world = enrolled(wanted.rows, Path(folder))
        print(f"{'':<28} {'seconds':>8} {'our cpu':>8} {'server':>8}")
        for name, work in steps(world, wanted.kind):
            told(name, work, server)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"Peak memory of this process, the enrolling before it included: {peak:,.0f} MB.")


def told(name: str, work: Callable[[], Any], server: Server) -> None:
    """Do it and print its times."""
    began, ours, theirs = time.perf_counter(), _ours(), _theirs(server)
    work()
    seconds = time.perf_counter() - began
    print(f"{name:<28} {seconds:>8.1f} {_ours() - ours:>8.1f} {_theirs(server) - theirs:>8.1f}", flush=True)


def _ours() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _theirs(server: Server) -> float:
    """Processor seconds of the server: of those that live, and of those that it has waited for."""
    keeper = int((server.data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(stat.parent.name) == keeper:
            ticks += sum(map(int, fields[11:15]))
        elif int(fields[1]) == keeper:
            ticks += sum(map(int, fields[11:13]))
    return ticks / _TICK


def enrolled(rows: int, folder: Path, **terms: Any) -> Any:
    """A world whose plan asks for the insurer's acceptance, unless `terms` say otherwise, with so many people who wait for it."""
    from django.core.management import call_command

    from accounts.actions.regions import SYSTEM, import_regions
    from accounts.regions_file import VENDORED, read_regions
    from beneficiaries.testing import make_world

    import_regions(read_regions(VENDORED), by=SYSTEM, at=_now())
    world = make_world(granted=Decimal("999999999.00"), **{"requires_insurer_acceptance": True, **terms})
    file = folder / "roster.csv"
    call_command("make_roster", rows=rows, seed=1, dirty=0.0, region="441602", output=file, verbosity=0, stdout=_Quiet())
    call_command(
        "import_roster", str(file), program=world.program.code, user=world.clerk.username, submit=True, confirm_unusual=True,
        approve_by=world.reviewer.username, json=True, stdout=_Captured(),
    )
    return world


def steps(world: Any, kind: str) -> list[tuple[str, Callable[[], Any]]]:
    """The way of a hand-over, step by step."""
    from handover import actions
    from handover.choosing import outlook
    from handover.models import HandOver, HandOverLine, Receipt
    from handover.testing import format_in_use, proposed, receipt_file
    from jobs.actions import run_pending

    kept: dict[str, Any] = {"format": format_in_use(world, file_kind=kind)}

    def release() -> None:
        people, _premium = outlook(kept["draft"])
        kept["told"] = actions.release_handover(kept["draft"], shown=people, by=world.reviewer, at=_now())

    def work() -> None:
        assert [str(outcome.ending) for outcome in run_pending()] == ["done"]

    def answer() -> None:
        lines = HandOverLine.objects.filter(hand_over=kept["told"]).order_by("number").values_list("enrollment_id", "number")
        first = f"{world.program.code}-{world.period.code}"
        refused = ("N", "", "年龄超限")
        kept["file"] = receipt_file(
            (f"{first}-{pk:010d}{98 - pk * 100 % 97:02d}", *(("Y", f"PA{number:09d}", "") if number % 50 else refused))
            for pk, number in lines
        )

    def upload() -> None:
        kept["receipt"] = actions.upload_receipt([("回执.csv", kept["file"])], hand_over=kept["told"], by=world.clerk, at=_now())

    def approve() -> None:
        receipt = Receipt.objects.get(pk=kept["receipt"].pk)
        receipt = actions.DESK.submit(receipt, by=world.clerk, at=_now())
        actions.DESK.approve(receipt, digest=receipt.digest, by=world.reviewer, at=_now())

    def checked() -> None:
        found = HandOver.objects.get(pk=kept["told"].pk)
        assert (found.state, found.refused) == ("answered", found.people // 50), (found.state, found.accepted, found.refused)

    return [
        ("proposed", lambda: kept.update(draft=proposed(world, format=kept["format"]))), ("released", release),
        ("file written", work), ("(receipt made up)", answer), ("receipt uploaded", upload), ("receipt checked", work),
        ("receipt approved", approve), ("receipt applied", work), ("(looked at)", checked),
    ]


if __name__ == "__main__":
    main()

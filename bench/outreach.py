"""`python -m bench.outreach`: people told to pay, by message and by their villages; seconds, and processor time of both sides.

    python -m bench.outreach --rows 450000

They are enrolled by a roster first, which is not measured. One of ten has no telephone.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.__main__ import _now, set_up
from bench.handover import enrolled, told
from portal.local.environment import RUN_FOLDER
from portal.local.postgres import Server


def main() -> None:
    """Print one row a step."""
    parser = argparse.ArgumentParser(prog="python -m bench.outreach")
    parser.add_argument("--rows", type=int, default=450_000)
    parser.add_argument("--folder", type=Path, default=RUN_FOLDER / "bench-outreach")
    wanted = parser.parse_args()
    server = Server(wanted.folder)
    with server.running(), tempfile.TemporaryDirectory() as folder:
        set_up(server, Path(folder))
        world = enrolled(wanted.rows, Path(folder), requires_own_payment=True, requires_notice=False)
        print(f"{'':<28} {'seconds':>8} {'our cpu':>8} {'server':>8}")
        for name, work in steps(world):
            told(name, work, server)


def steps(world: Any) -> list[tuple[str, Callable[[], Any]]]:
    """The way of a message, step by step."""
    from jobs.actions import run_pending
    from outreach import actions
    from outreach.choosing import outlook
    from outreach.models import Sending
    from outreach.testing import proposed, worded

    worded(world)
    kept: dict[str, Any] = {}

    def release() -> None:
        kept["sending"] = actions.release_sending(kept["draft"], shown=kept["people"], by=world.reviewer, at=_now())

    def count() -> None:
        kept["people"] = outlook(kept["draft"], at=_now()).people

    def work() -> None:
        assert [str(outcome.ending) for outcome in run_pending()] == ["done"]

    def fetch() -> None:
        sending = Sending.objects.get(pk=kept["sending"].pk)
        print(sum(len(block) for block in actions.open_messages(sending, by=world.clerk, at=_now())), "bytes,", sending.messages)

    def draw() -> None:
        print(sum(len(piece) for piece in actions.print_villages(kept["sending"], by=world.clerk, at=_now())), "signs")

    return [
        ("proposed", lambda: kept.update(draft=proposed(world))), ("counted", count), ("released", release),
        ("messages written", work), ("messages fetched", fetch), ("village lists drawn", draw),
    ]


if __name__ == "__main__":
    main()

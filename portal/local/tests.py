"""`make test` and `make walks`: the suite in two processes, one for each of two cores, on one server with a database for each.

`make test` leaves to `make walks` what goes on where it has seen one of a kind (tests marked `walk`); CI runs both.

Both collect everything. One takes modules from the front, the other from the back, until none is left: `portal.local.turns`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from types import FrameType
from typing import IO

from portal.local.environment import ROOT

#: Rooms in the order in which they are run from the front, those with the longest modules first: where both meet, what is left
#: should be short. A room that is not here fails `portal/tests/test_local_tests.py`.
ROOMS = (
    "tests", "portal", "audit", "jobs", "subsidies", "takeup", "samples", "retention", "years", "closing", "continuity", "papers",
    "complaints", "results", "records", "reconciliation", "filings", "outreach", "payouts", "gates", "programs", "handover",
    "exports", "intake", "benefits", "claims", "accounts", "beneficiaries",
)
ENDS = ("front", "back")
#: Which tests two processes run, by what the command was given: `make test`, which FULL_SWEEP=1 makes the whole, and
#: `make walks`. Other arguments are one pytest's own.
RUNS = {
    (): "walk or not walk" if os.environ.get("FULL_SWEEP") == "1" else "not walk",
    ("--walks",): "walk",
}


def main() -> None:
    """Run both, print each as it ends, and exit with the worst of their statuses; arguments go to one pytest."""
    given = tuple(sys.argv[1:])
    if given not in RUNS:
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *given])  # noqa: S606 - ourselves
    signal.signal(signal.SIGTERM, _stop)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="portal-turns-") as turns:
        worst = _ended([_start(number, end, turns, RUNS[given]) for number, end in enumerate(ENDS)])
    print(f"{time.monotonic() - began:.0f} s in all.")
    sys.exit(min(worst, 255))


def _ended(running: list[tuple[subprocess.Popen[bytes], IO[bytes], str]]) -> int:
    """Wait for all and print each as it ends; the worst status."""
    worst = 0
    try:
        waiting = list(running)
        while waiting:
            for each in [each for each in waiting if each[0].poll() is not None]:
                waiting.remove(each)
                worst = max(worst, abs(_told(*each)))
            time.sleep(0.2)
    finally:
        for process, _output, _end in running:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait()
    return worst


def _start(number: int, end: str, turns: str, which: str) -> tuple[subprocess.Popen[bytes], IO[bytes], str]:
    output = tempfile.TemporaryFile()  # noqa: SIM115 - closed once it is printed
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "pytest", "-p", "portal.local.turns", "--durations=25", "-m", which, *ROOMS], cwd=ROOT,
        stdout=output, stderr=subprocess.STDOUT,
        env={**os.environ, "TEST_DATABASE": f"portal_{number}", "SUITE_END": end, "SUITE_TURNS": turns},
    )
    return process, output, end


def _told(process: subprocess.Popen[bytes], output: IO[bytes], end: str) -> int:
    """Print what one of the two said; its status."""
    output.seek(0)
    print(f"--- from the {end}", flush=True)
    sys.stdout.buffer.write(output.read())
    sys.stdout.flush()
    output.close()
    return process.returncode


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(143)


if __name__ == "__main__":
    main()

"""`make test`: the suite in two processes, one for each of two cores, on one server with a database for each."""

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

#: Parts that take about the same time; a room that is in none fails `portal/tests/test_local_tests.py`.
PARTS = (
    ("tests", "audit", "jobs", "portal"),
    (
        "accounts", "beneficiaries", "benefits", "closing", "continuity", "exports", "gates", "handover", "intake", "outreach",
        "papers", "programs", "retention", "samples", "subsidies", "takeup", "years",
    ),
)


def main() -> None:
    """Run every part, print each as it ends, and exit with the worst of their statuses; arguments go to one pytest."""
    if len(sys.argv) > 1:
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *sys.argv[1:]])  # noqa: S606 - ourselves
    signal.signal(signal.SIGTERM, _stop)
    began = time.monotonic()
    running = [_start(number, part) for number, part in enumerate(PARTS)]
    worst = 0
    try:
        waiting = list(running)
        while waiting:
            for each in [each for each in waiting if each[0].poll() is not None]:
                waiting.remove(each)
                worst = max(worst, abs(_told(*each)))
            time.sleep(0.2)
    finally:
        for process, _output, _part in running:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait()
    print(f"{time.monotonic() - began:.0f} s in all.")
    sys.exit(min(worst, 255))


def _start(number: int, part: tuple[str, ...]) -> tuple[subprocess.Popen[bytes], IO[bytes], tuple[str, ...]]:
    output = tempfile.TemporaryFile()  # noqa: SIM115 - closed once it is printed
    process = subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-m", "pytest", "--durations=25", *part], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT,
        env={**os.environ, "TEST_DATABASE": f"portal_{number}"},
    )
    return process, output, part


def _told(process: subprocess.Popen[bytes], output: IO[bytes], part: tuple[str, ...]) -> int:
    """Print what a part said; its status."""
    output.seek(0)
    print(f"--- {' '.join(part)}", flush=True)
    sys.stdout.buffer.write(output.read())
    sys.stdout.flush()
    output.close()
    return process.returncode


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(143)


if __name__ == "__main__":
    main()

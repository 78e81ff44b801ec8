"""Children forked from a loaded process: what they run, what they leave to the parent, and how a number is known again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from portal.local import run
from portal.local.environment import ROOT
from portal.local.forking import born, lives

#: Loads what a family loads and tells its threads that Python knows of, then forks a module that tells what it has.
PARENT = """
import sys, threading
from pathlib import Path
from portal.local import run
from portal.local.forking import Forked
folder = Path(sys.argv[1])
run.load({})
assert [each.name for each in threading.enumerate()] == ["MainThread"]
held = (folder / "lock").open("a")
child = Forked([sys.executable, "-m", "planted_child", "one"], name="planted", file=folder / "planted", log=folder / "log")
assert (folder / "planted").read_text().split()[0] == str(child.pid)
print(child.wait(), child.returncode)
"""
CHILD = """
import os, sys
import polars
frame = polars.DataFrame({"a": range(100_000)}).lazy().group_by(polars.col("a") % 7).len().collect()
files = sorted(int(name) for name in os.listdir("/proc/self/fd"))
print(sys.argv, "portal.wsgi" in sys.modules, os.getsid(0) == os.getpid(), open("/proc/self/comm").read().strip(), frame.height,
      flush=True)
print(len([each for each in files if each > 2 and os.path.exists(f"/proc/self/fd/{each}")
           and "lock" in os.readlink(f"/proc/self/fd/{each}")]), flush=True)
sys.exit("the end")
"""


def test_a_child_has_what_is_loaded_and_nothing_that_is_open(tmp_path: Path) -> None:
    tmp_path.joinpath("planted_child.py").write_text(CHILD)
    done = subprocess.run(
        [sys.executable, "-c", PARENT, str(tmp_path)], cwd=ROOT, check=False, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 1\n", "")
    assert tmp_path.joinpath("log").read_text().splitlines() == [
        f"{[str(tmp_path / 'planted_child.py'), 'one']} True True portal-planted 7", "0", "the end",
    ]


def test_a_leftover_is_ended_and_a_stranger_with_its_number_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = [subprocess.Popen(["sleep", "60"], start_new_session=True) for _one in range(2)]
    try:
        ours, stranger = started
        told = born(ours.pid)
        assert lives(ours.pid, told) and not lives(ours.pid, "") and not lives(ours.pid, f"1{told}")
        tmp_path.joinpath("web").write_text(f"{ours.pid} {told}\n")
        tmp_path.joinpath("worker").write_text(f"{stranger.pid} 1{born(stranger.pid)}\n")
        tmp_path.joinpath("scheduler").write_text(f"{stranger.pid}\n")
        tmp_path.joinpath("web.pid").write_text(f"{stranger.pid}\n")
        assert run.end_leftovers(tmp_path)
        assert (ours.wait(10), stranger.poll()) == (-signal.SIGKILL, None)
        assert list(tmp_path.iterdir()) == []
        assert not run.end_leftovers(tmp_path) and born(ours.pid) == ""
    finally:
        for each in started:
            each.kill()
            each.wait()

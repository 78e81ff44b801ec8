"""`make bench` in small: what is published is printed by a program that runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from portal.local.environment import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.walk]

CONTENDERS = [
    ("ours: check and stage, approve, apply", 200), ("COPY of the same final rows, two connections", None),
    ("import-export, defaults: preview and confirm", 50), ("import-export, tuned: preview and confirm", 50),
]


def test_the_bench_prints_a_rate_of_each_contender(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--rows", "200", "--peer-rows", "50", "--tuned-rows", "50"], cwd=ROOT, check=False,
        env={**os.environ, "PORTAL_RUN_FOLDER": str(tmp_path)}, capture_output=True, text=True, timeout=900,
    )
    assert done.returncode == 0, done.stderr
    head, *lines, peak = done.stdout.splitlines()
    assert head.split() == ["rows", "seconds", "rows/s", "ours", "is", "parts"]
    for line, (name, rows) in zip(lines, CONTENDERS, strict=True):
        said = re.fullmatch(rf"{re.escape(name)} +([\d,]+) +[\d.]+ +[\d,]+ +[\d.]+x  \S.*", line)
        assert said is not None, line
        assert rows is None or int(said[1].replace(",", "")) == rows
    assert re.fullmatch(r"Peak memory of this process: [\d,]+ MB\. Durable server: fsync and synchronous_commit on\.", peak)

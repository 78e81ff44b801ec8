"""The Makefile as somebody meets it who has nothing but make and a Python."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from portal.local.environment import ROOT

#: What it may inherit: a portal's own settings and make's flags change what it does.
KEPT = ("PATH", "HOME", "LANG")
#: Looking for one takes a second each time that it is named.
NAMED = f"PYTHON={sys.executable}"


def make(*words: str, folder: Path = ROOT) -> tuple[int, str]:
    """A run of make: its status, and all that it said."""
    done = subprocess.run(
        ["make", "--no-print-directory", "-f", str(ROOT / "Makefile"), *words], cwd=folder, check=False, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
        env={name: os.environ[name] for name in KEPT if name in os.environ},
    )
    return done.returncode, done.stdout


def python_without(folder: Path, module: str) -> Path:
    """A Python in which a module is missing, as on a Debian without python3-venv."""
    (folder / "lacking").mkdir()
    (folder / "lacking" / f"{module}.py").write_text("raise ImportError\n")
    stub = folder / "python"
    stub.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}/lacking" exec "{sys.executable}" "$@"\n')
    stub.chmod(stub.stat().st_mode | stat.S_IXUSR)
    return stub


def test_help_names_every_target_that_is_meant_for_people() -> None:
    status, said = make("help")
    targets = [line.split()[1] for line in said.splitlines()]
    assert status == 0 and targets[0] == "help"
    assert {"run", "test", "lint", "bench", "reset"} <= set(targets)
    assert all(re.fullmatch(r"make [a-z-]+ +[A-Z].*", line) for line in said.splitlines())
    assert make()[1] == said


def test_the_port_reaches_the_portal(tmp_path: Path) -> None:
    status, said = make("-n", "run", NAMED, "PORT=8123", folder=tmp_path)
    assert status == 2 and "No rule to make target 'requirements.txt', needed by '.venv/.ready'." in said
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).touch()
    status, said = make("-n", "run", NAMED, "PORT=8123", folder=tmp_path)
    assert (status, said.splitlines()[-1]) == (0, "PORT=8123 exec .venv/bin/python -m portal.local.run")
    assert make("-n", "run", NAMED, folder=tmp_path)[1].splitlines()[-1].startswith("PORT=8000 ")


@pytest.mark.parametrize("target", ["run", "test"])
def test_what_is_installed_has_the_hash_that_is_locked(target: str, tmp_path: Path) -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).touch()
    _status, said = make("-n", target, NAMED, folder=tmp_path)
    installs = [line for line in said.splitlines() if "pip install" in line]
    assert len(installs) == 1 and "--require-hashes -r requirements" in installs[0]


@pytest.mark.parametrize("module", ["ensurepip", "venv"])
def test_a_python_without_venv_is_told_what_to_install(module: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    status, said = make("run", f"PYTHON={python_without(tmp_path, module)}", folder=tmp_path)
    assert status == 2
    assert said.splitlines()[0] == (
        "Python's venv is missing. On Debian or Ubuntu: apt install python3-venv; elsewhere install a complete Python 3.11+."
    )
    assert not (tmp_path / ".venv").exists()


def test_a_machine_without_python_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    status, said = make("run", "PYTHON=", folder=tmp_path)
    assert status == 2
    assert said.startswith("Python 3.11 or newer is needed, and none was found. Install it, or name it: make run PYTHON=/path/")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pin_has_a_hash(name: str) -> None:
    whole = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    pins = [line for line in whole.splitlines() if line.strip() and not line.startswith("#")]
    assert len(pins) > 20
    assert [pin for pin in pins if not re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+ ", pin) or "--hash=sha256:" not in pin] == []

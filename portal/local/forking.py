"""Children of a process that has loaded everything: each runs a program's module in a session and with a log of its own."""

from __future__ import annotations

import io
import os
import runpy
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NoReturn

from portal.local.postgres import process_of

#: A process's own name ends after as many letters.
NAME_MAX = 15
_STOPPING = (signal.SIGINT, signal.SIGTERM)


class Forked:
    """One child, in the shape that honcho expects of what it starts.

    Only for a process without other threads: whatever lock one of them held would stay locked in the child.
    `words`: what would start the program as a process of its own, `python -m module ...`.
    """

    def __init__(self, words: Sequence[str], *, name: str, file: Path, log: Path) -> None:
        #: All that it says goes into its log.
        self.stdout: BinaryIO = io.BytesIO()
        self.returncode: int | None = None
        sys.stdout.flush()
        sys.stderr.flush()
        ready, says_ready = os.pipe()
        # A signal to the family in this moment would run the handlers of this process in the child.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        self.pid = os.fork()
        if not self.pid:
            try:
                _enter(name=name, file=file, log=log)
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            _run(words)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(says_ready)
        # It closes its end with all that it has inherited, when the rest is done.
        os.read(ready, 1)
        os.close(ready)

    def wait(self) -> int:
        """Its status once it has ended; the negative number of a signal."""
        _pid, status = os.waitpid(self.pid, 0)
        self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode


def _enter(*, name: str, file: Path, log: Path) -> None:
    """In the child: a session, a name, a file that tells which process it is, a log, and nothing of the parent's."""
    os.setsid()
    with suppress(OSError):
        Path("/proc/self/comm").write_text(f"portal-{name}"[:NAME_MAX])
    file.write_text(f"{os.getpid()} {born(os.getpid())}\n")
    nothing = os.open(os.devnull, os.O_RDONLY)
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(nothing, 0)
    os.dup2(said, 1)
    os.dup2(said, 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # The parent's locks are among them: they are to be free when the parent is gone.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - to the end of the process
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115


def _run(words: Sequence[str]) -> NoReturn:
    """The program to its end; nothing of the parent's frames is run in the child."""
    status = 1
    try:
        module, *arguments = words[2:]
        sys.argv = [module, *arguments]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as ended:
        status = _status(ended)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _status(ended: SystemExit) -> int:
    """As the interpreter would end."""
    if ended.code is None or isinstance(ended.code, int):
        return (ended.code or 0) & 0xFF
    print(ended.code, file=sys.stderr)
    return 1


def born(pid: int) -> str:
    """What no other process that ever has this number shares with it; empty when there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return f"{fields[19]}@{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}"
    except (FileNotFoundError, ProcessLookupError):
        pass
    if Path("/proc/self").exists():
        return ""
    listed = subprocess.run(  # noqa: S603
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False  # noqa: S607
    ).stdout
    return "_".join(listed.split())


def lives(pid: int, told: str) -> bool:
    """Whether the process of this number is still the one of which `told` was told, and has not ended."""
    state, _command_line = process_of(pid)
    return state not in ("", "Z") and bool(told) and born(pid) == told

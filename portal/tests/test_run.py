"""`make run` as its user meets it: from nothing to an answering portal, stopped, killed, started again; real processes."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import pytest

from audit.testing import FULL_SWEEP
from portal.local import reset, run
from portal.local.environment import DATABASE, ROOT
from portal.local.migrated import Migrated
from portal.local.postgres import APPLICATION, Server
from portal.local.pytest_plugin import SERVER
from portal.local.run import refuse_lost_keys, refuse_taken, sealed_by_keys, wanted_port

pytestmark = pytest.mark.slow

#: Starts are only waited for: how long they take is the machine's.
FIRST_SECONDS, STOP_SECONDS = 600, 5
#: What a start with its database and demo there may take.
AGAIN_SECONDS = 15
#: Set for the tests' own portal; `make run` starts without them.
FOREIGN = (
    "ALLOWED_HOSTS", "CACHE_URL", "CELERY_BROKER_URL", "DATABASE_URL", "DEMO", "DJANGO_SETTINGS_MODULE", "MASTER_KEYS",
    "SECRET_KEY", "STORAGE_URL", "TESTING",
)


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def crowd() -> float:
    """By how much a machine is slower than one of our own: where others wait for its processors, so does the portal."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def processes_about(text: str) -> list[str]:
    """Names and command lines of living processes that name `text`, in their arguments or their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        try:
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
            line, around = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
            name = (folder / "comm").read_text().strip()
        except OSError:
            continue
        if state != "Z" and text.encode() in line + b"\0" + around:
            found.append(f"{name}: {line.replace(bytes(1), b' ').decode(errors='replace')}")
    return found


class Portal:
    """One run folder and one port, and the processes that a test starts on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.server = Server(folder)
        self.process: subprocess.Popen[bytes] | None = None
        self.log = folder.parent / "run.log"

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        # The demo's size is its own test's; everything else is as a user has it.
        return {**kept, "PORTAL_RUN_FOLDER": str(self.folder), "PORT": str(self.port), "DEMO_ONE_IN": "10"}

    def start(self) -> float:
        """Start it, wait until it is ready; the seconds that took."""
        began = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "portal.local.run"], cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )
        # The announcement is this start's own word: what answers could be a process of an earlier one.
        while b"The portal is at" not in self.log.read_bytes() or not self.answers():
            if self.process.poll() is not None or time.monotonic() - began > FIRST_SECONDS:
                raise AssertionError(self.log.read_text(errors="replace"))
            time.sleep(0.1)
        return time.monotonic() - began

    def prepared(self) -> bool:
        """Whether the last start made the database and its demo, which only the first one has to."""
        return b"Preparing the database" in self.log.read_bytes()

    def answers(self) -> bool:
        """Whether the portal says that it is ready."""
        try:
            with urllib.request.urlopen(self.address("health/ready"), timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def address(self, path: str) -> str:
        """A page's address."""
        return f"http://127.0.0.1:{self.port}/{path}"

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Signal the process that the user started; its status, and the seconds until it had ended."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(60)
        return status, time.monotonic() - began

    def kill_group(self) -> None:
        """SIGKILL to everything in the group, as a closed terminal or a killed container does."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(60)

    def refused(self, **changed: str) -> tuple[int, str]:
        """A start that is to stop by itself: status, and what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "portal.local.run"], cwd=ROOT, env={**self.environment, **changed}, check=False,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        )
        return done.returncode, (done.stdout + done.stderr).strip()

    def counted(self, table: str) -> int:
        """Rows of a table, asked past the portal."""
        with self.server.connect(DATABASE, role=APPLICATION) as connection:
            found = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert found is not None
        return int(found[0])

    def processes(self) -> list[str]:
        """What still runs of it: the supervisor's family knows the folder, PostgreSQL its data."""
        return [*processes_about(str(self.folder)), *processes_about(str(self.server.data))]

    def clean_up(self) -> None:
        """End what a failed test left, then delete everything as `make reset` does."""
        if self.process is not None and self.process.poll() is None:
            self.stop()
        subprocess.run(
            [sys.executable, "-m", "portal.local.reset"], cwd=ROOT, env=self.environment, check=True, timeout=60,
            capture_output=True,
        )


@dataclass
class Login:
    """One line of the logins file."""

    username: str
    password: str


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal that has never run; the tests below take it through its life in their order."""
    found = Portal(tmp_path_factory.mktemp("made") / "run")
    yield found
    found.clean_up()
    assert not found.folder.exists() and not found.server.home.exists()


@pytest.fixture(scope="module")
def first_start(portal: Portal, migrated: Migrated | None, request: pytest.FixtureRequest) -> float:
    """Seconds from nothing to ready.

    In the short form the database has its tables already: each run of the suite migrates an empty one before its first test.
    """
    if migrated is not None and not FULL_SWEEP:
        request.getfixturevalue("django_db_setup")
        if migrated.exists():
            with portal.server.running(), migrated.alone():
                portal.server.copy_database(SERVER, migrated.name, name=DATABASE)
    seconds = portal.start()
    assert portal.prepared()
    return seconds


@pytest.fixture
def running(portal: Portal, first_start: float) -> Portal:
    """The portal as it runs; started again where the test before has ended it."""
    if not portal.answers():
        portal.start()
    return portal


def logins(portal: Portal) -> dict[str, Login]:
    """By user name."""
    lines = (portal.folder / "logins.txt").read_text(encoding="utf-8").splitlines()
    return {parts[0]: Login(*parts[:2]) for parts in map(str.split, lines)}


def page_after_signing_in(portal: Portal, login: Login) -> tuple[str, str]:
    """Address and text of the page that a browser shows after the sign-in form was sent."""
    cookies = CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies))
    form = browser.open(portal.address("admin/login/"), timeout=10).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert token is not None
    sent = {"csrfmiddlewaretoken": token[1], "username": login.username, "password": login.password}
    with browser.open(portal.address("admin/login/"), data=urlencode(sent).encode(), timeout=10) as answer:
        return str(answer.url), answer.read().decode()


def test_from_nothing_to_a_portal_where_a_demo_login_signs_in(running: Portal, first_start: float) -> None:
    file = running.folder / "logins.txt"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((running.folder / "environment").stat().st_mode) == 0o600
    assert set(file.read_text(encoding="utf-8").splitlines()) <= set(running.log.read_text(encoding="utf-8").splitlines())
    login = logins(running)["auditor"]
    address, text = page_after_signing_in(running, login)
    assert address == running.address("admin/")
    assert "审计员（演示）" in text
    address, text = page_after_signing_in(running, Login(login.username, login.password + "x"))
    assert address == running.address("admin/login/")
    assert "审计员（演示）" not in text
    assert running.counted("beneficiaries_enrollment") > 0
    assert first_start < FIRST_SECONDS


def test_a_second_one_from_the_same_folder_is_refused_and_leaves_the_first_alone(running: Portal) -> None:
    status, said = running.refused(PORT=str(free_port()))
    assert (status, said) == (
        1, "The portal runs already from this folder. Stop that one first, or use the address it printed."
    )
    assert running.answers()


def test_sigterm_ends_everything_in_five_seconds_and_the_next_start_has_the_data(running: Portal) -> None:
    kept, before = logins(running), running.counted("audit_event")
    status, seconds = running.stop()
    assert running.processes() == []
    assert (status, running.answers()) == (0, False)
    assert seconds < STOP_SECONDS * crowd()
    assert "The portal has stopped." in running.log.read_text(encoding="utf-8", errors="replace")
    assert running.start() < AGAIN_SECONDS * crowd()
    assert not running.prepared()
    assert logins(running) == kept
    assert running.counted("audit_event") >= before > 0
    assert page_after_signing_in(running, kept["auditor"])[0] == running.address("admin/")


# The first leaves the portal running for the second, which stops what a killed supervisor's successor has started.
@pytest.mark.parametrize("whole_group", [True, False])
def test_a_start_after_sigkill_works_and_leaves_no_stranger_running(running: Portal, whole_group: bool) -> None:
    before = running.counted("beneficiaries_enrollment")
    if whole_group:
        running.kill_group()
    else:
        assert running.stop(signal.SIGKILL)[0] == -signal.SIGKILL
    running.start()
    assert not running.prepared()
    assert running.counted("beneficiaries_enrollment") == before
    # One web process answers before the other has begun.
    for _turn in range(600):
        names = sorted(line.split(":")[0] for line in running.processes() if line.startswith("portal-"))
        if len(names) >= 5:
            break
        time.sleep(0.1)
    assert names == ["portal-schedule", "portal-web", "portal-web", "portal-web", "portal-worker"]
    if not whole_group:
        # As Ctrl-C does.
        status, seconds = running.stop(signal.SIGINT)
        assert (status, running.processes()) == (0, [])
        assert seconds < STOP_SECONDS * crowd()


def test_a_taken_port_is_named_with_a_free_one_to_try_and_nothing_is_started(portal: Portal) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = int(other.getsockname()[1])
        status, said = portal.refused(PORT=str(port))
    assert (status, said) == (
        1, f"Port {port} is taken by another program. Choose another: make run PORT={port + 1}"
    )
    assert portal.processes() == []


def test_the_last_port_is_not_followed_by_one_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(*_given: object) -> None:
        raise OSError

    monkeypatch.setattr(socket.socket, "bind", taken)
    for port, other in ((65535, 65534), (65534, 65535), (8000, 8001)):
        with pytest.raises(SystemExit) as refused:
            refuse_taken(port)
        assert str(refused.value) == f"Port {port} is taken by another program. Choose another: make run PORT={other}"


def test_a_database_whose_keys_are_gone_is_told_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = tmp_path / "environment"
    monkeypatch.setattr(run, "environment_file", lambda: keys)
    server = Server(tmp_path)
    monkeypatch.setattr(server, "home", tmp_path / "home")
    server.home.mkdir()
    refuse_lost_keys(server)
    sealed_by_keys(server).touch()
    with pytest.raises(SystemExit) as refused:
        refuse_lost_keys(server)
    assert str(refused.value) == (
        f"The keys of the local database are gone ({keys}): what they sealed cannot be read without them."
        " Put that file back, or delete the database: make reset"
    )
    keys.touch()
    refuse_lost_keys(server)


def test_reset_deletes_a_database_whose_folder_was_deleted_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, home = tmp_path / ".run", tmp_path / "elsewhere"
    servers = []

    def server_of(asked: Path) -> Server:
        servers.append(Server(asked))
        servers[-1].home = home / asked.name
        return servers[-1]

    monkeypatch.setattr(reset, "RUN_FOLDER", folder)
    monkeypatch.setattr(reset, "Server", server_of)
    monkeypatch.setattr(reset, "demo_server", lambda: server_of(folder))
    reset.main()
    assert capsys.readouterr().out == "There is no local data.\n"
    (home / ".run").mkdir(parents=True)
    monkeypatch.setattr(Server, "_pid", lambda _server: None)
    reset.main()
    assert capsys.readouterr().out == "All local data is deleted.\n"
    assert not (home / ".run").exists()
    assert not folder.exists()


def test_a_port_that_a_leftover_still_holds_is_waited_for() -> None:
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    held.listen()
    port = int(held.getsockname()[1])
    with pytest.raises(SystemExit):
        refuse_taken(port)
    leaves = threading.Timer(0.3, held.close)
    leaves.start()
    refuse_taken(port, patience=30)
    leaves.join()
    assert held.fileno() == -1


def test_the_last_words_of_a_process_that_ends_by_itself_are_kept_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    tmp_path.joinpath("planted_to_die.py").write_text(
        "import sys\n[print('word', number, file=sys.stderr) for number in range(30)]\nsys.exit(3)\n"
    )
    tmp_path.joinpath("planted_to_stay.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(run, "RUN_FOLDER", tmp_path)
    monkeypatch.setattr(run, "announce", lambda port: None)
    monkeypatch.setattr(run, "load", lambda environment: None)
    planted = {"web": "planted_to_stay", "worker": "planted_to_die"}
    monkeypatch.setattr(
        run, "commands",
        lambda port, folder: {name: [sys.executable, "-m", module] for name, module in planted.items()},
    )
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with pytest.raises(SystemExit) as ended:
            run.supervise({}, 8000)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert ended.value.code == 3
    log = tmp_path / "logs" / "worker.log"
    assert log.read_text().splitlines() == [f"word {number}" for number in range(30)]
    assert stat.S_IMODE(log.parent.stat().st_mode) == 0o700
    said = capfd.readouterr().err
    shown = "\n".join(f"  word {number}" for number in range(10, 30))
    assert f"The worker process ended by itself. Its last words (all of them: {log}):\n{shown}\n" in said
    assert "word 9\n" not in said and "The web process" not in said


def test_a_process_that_ends_by_itself_is_named_with_its_last_words(running: Portal) -> None:
    pid = int((running.folder / "processes" / "worker").read_text().split()[0])
    assert stat.S_IMODE((running.folder / "logs").stat().st_mode) == 0o700
    with (running.folder / "logs" / "worker.log").open("a", encoding="utf-8") as log:
        log.write("a planted last word\n")
    os.kill(pid, signal.SIGKILL)
    assert running.process is not None and running.process.wait(30) != 0
    said = running.log.read_text(encoding="utf-8", errors="replace")
    assert "The worker process ended by itself. Its last words (all of them: " in said
    assert "  a planted last word" in said
    assert running.processes() == []


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1", "8000.5", "٨٠٠٠"])
def test_a_bad_port_is_named_with_what_to_set(port: str) -> None:
    with pytest.raises(SystemExit) as refused:
        wanted_port(port)
    assert str(refused.value) == f"PORT={port} is no port. Set it to a number from 1 to 65535, such as 8000."


def test_a_bad_port_starts_nothing(portal: Portal) -> None:
    status, said = portal.refused(PORT="65536")
    assert (status, said) == (1, "PORT=65536 is no port. Set it to a number from 1 to 65535, such as 8000.")
    assert portal.processes() == []

"""Real processes that die: a worker and the database server, killed in the middle of an import."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from portal.local.postgres import OWNER, Server, ServerFailed
from portal.local.pytest_plugin import OWN_SERVER, SERVER
from tests.kit.nursery import Child, Nursery, nursery

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not OWN_SERVER, reason="copies the tables of the embedded server's test database"),
]

PATIENCE = 300
#: Chunks of 15 that are committed before the strike.
COMMITTED = 4


class Site:
    """A server and a storage of their own, and processes that work on them."""

    def __init__(self, server: Server, processes: Nursery) -> None:
        self.server, self.processes = server, processes

    def run(self, *arguments: str, **environment: str) -> str:
        """What a process says."""
        process = self.start(*arguments, **environment)
        said, complaint = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, (arguments, complaint[-3000:])
        return said

    def start(self, *arguments: str, **environment: str) -> Child:
        """A process that is on its way."""
        return self.processes.start("beneficiaries.tests.crash_program", *arguments, environment=environment)

    def ask(self, statement: str, *values: Any) -> Any:
        """One value of the database."""
        with self.server.connect("portal") as connection:
            row = connection.execute(statement, values).fetchone()
            return row[0] if row else None

    def state(self) -> str:
        """Of the last roster."""
        return str(self.ask("SELECT state FROM beneficiaries_roster ORDER BY id DESC LIMIT 1"))

    def until(self, fact: Callable[[], int], wanted: int, *, beside: Child) -> int:
        """Wait until a count is reached while a process works."""
        ends = time.monotonic() + PATIENCE
        while (found := fact()) < wanted:
            assert beside.poll() is None, f"it ended too early: {beside.communicate(PATIENCE)[1][-2000:]}"
            assert time.monotonic() < ends
            time.sleep(0.005)
        return found

    def crash(self) -> None:
        """Kill the server as a crash does, and start it again."""
        self.server.kill()
        ends = time.monotonic() + PATIENCE
        while True:
            try:
                self.server.relaunch()
                self.ask("SELECT 1")
                return
            except (ServerFailed, psycopg.OperationalError):
                # Backends of the dead server are still leaving.
                if time.monotonic() > ends:
                    raise
                time.sleep(0.2)

    def staged(self) -> int:
        """Chunks of the last roster that are checked."""
        return self._chunks("true")

    def applied(self) -> int:
        """Chunks of the last roster that are applied."""
        return self._chunks("applied_at IS NOT NULL")

    def report(self, *before: str) -> dict[str, Any]:
        """What the last roster came to; nothing may be broken."""
        found = json.loads(self.run(*before, "report").splitlines()[-1])
        assert (found["broken"], found["chain"]) == ([], [])
        return dict(found["outcome"])

    def _chunks(self, which: str) -> int:
        return int(
            self.ask(
                "SELECT count(*) FROM beneficiaries_rosterchunk WHERE roster_id = (SELECT max(id) FROM beneficiaries_roster) "
                f"AND {which}"
            )
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Site]:
    """The test database's tables in a server of their own; durable as in production."""
    folder = tmp_path_factory.mktemp("crash")
    server = Server(folder, durable=True)
    server.start()
    try:
        server.copy_database(SERVER, str(connection.settings_dict["NAME"]), name="portal")
        (folder / "files").mkdir()
        environment = {
            "DATABASE_URL": server.url("portal", role=OWNER), "STORAGE_URL": f"file://{folder / 'files'}",
        }
        with nursery("beneficiaries.tests.crash_program", environment=environment) as processes:
            yield Site(server, processes)
    finally:
        server.stop()
        server.destroy()


@pytest.fixture(scope="module")
def wanted(site: Site) -> dict[str, Any]:
    """What a quiet run comes to."""
    found = site.report("world", "upload=0", "work", "approve", "work")
    assert (found["state"], found["preview"]) == ("applied", [898, "88902.00", "8.98"])
    assert len(found["chunks"]) == 15
    return found


def test_the_database_killed_while_checking_and_while_applying_loses_and_doubles_nothing(
    site: Site, wanted: dict[str, Any]
) -> None:
    for counted, state, before in ((site.staged, "checking", "upload=2000"), (site.applied, "applying", "approve")):
        site.run("work", before)
        worker = site.start("work")
        acknowledged = site.until(counted, COMMITTED, beside=worker)
        site.crash()
        worker.communicate(timeout=PATIENCE)
        assert acknowledged <= counted() < 15
        assert site.state() == state
    assert site.report("work") == wanted


def test_a_worker_killed_before_its_last_commit_is_followed_by_another(site: Site, wanted: dict[str, Any]) -> None:
    for point, state, before in (
        ("intake.finish_staging.after", "checking", "upload=4000"),
        ("intake.finish_applying.after", "applying", "approve"),
    ):
        site.run("work", before)
        worker = site.start("work", FAULT_POINT=point, FAULT_MODE="kill")
        worker.communicate(timeout=PATIENCE)
        assert worker.returncode == -signal.SIGKILL
        assert site.state() == state
    assert site.report("work") == wanted


def test_a_worker_killed_at_any_moment_leaves_whole_chunks(site: Site, wanted: dict[str, Any]) -> None:
    for counted, wait, before in ((site.staged, 2, "upload=10000"), (site.applied, 7, "approve")):
        site.run("work", before)
        worker = site.start("work")
        site.until(counted, wait, beside=worker)
        worker.kill()
        worker.communicate(timeout=PATIENCE)
        assert wait <= counted() < 15
    assert site.report("work") == wanted

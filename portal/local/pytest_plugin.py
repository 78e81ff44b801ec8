"""Gives the test suite its environment and its embedded PostgreSQL; loaded by `-p` before Django's settings."""

from __future__ import annotations

import base64
import gc
import os
import tempfile

import pytest

from audit.worlds import kept_by
from portal.garbage import search_seldom
from portal.local.environment import RUN_FOLDER
from portal.local.kept_rows import Tables
from portal.local.postgres import OWNER, Server
from portal.local.walks import is_left

SERVER = Server(RUN_FOLDER / "test", durable=False)
TABLES = Tables(SERVER)
OWN_SERVER = not os.environ.get("DATABASE_URL")
_FILES = tempfile.TemporaryDirectory(prefix="portal-test-")

# Until everything is loaded there is no garbage worth a search.
gc.disable()
if OWN_SERVER:
    os.environ["DATABASE_URL"] = SERVER.url(os.environ.get("TEST_DATABASE", "portal"), role=OWNER)
os.environ.update(
    SECRET_KEY="not-secret-only-for-the-test-suite-0123456789-abcdefghijklmnopqrstuv",
    MASTER_KEYS="1:" + base64.b64encode(b"test master key of 32 bytes long").decode(),
    CELERY_BROKER_URL="memory://",
    CACHE_URL="locmemcache://",
    STORAGE_URL=f"file://{_FILES.name}",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    TESTING="true",
    # Of small files: threads that wait for each other cost more than they do, and each processor has a process of the suite.
    POLARS_MAX_THREADS="1",
)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the server before the first database is made."""
    if OWN_SERVER and not session.config.option.collectonly:
        SERVER.start()
        SERVER.ensure_database("portal")
        with SERVER.connect() as superuser:
            # Worlds are put back past triggers, within a test's own transaction too. The other part grants the same now.
            superuser.execute("SELECT pg_advisory_lock(hashtext('grant of the suite'))")
            superuser.execute(f"GRANT SET ON PARAMETER session_replication_role TO {OWNER}")
            # Over hundreds of nearly empty tables, as tests ask, workers cost ten times what the question does.
            superuser.execute(f"ALTER ROLE {OWNER} SET max_parallel_workers_per_gather = 0")


def pytest_configure(config: pytest.Config) -> None:
    """In our own server tables are emptied ten times as fast as Django's way, and worlds are made once."""
    if OWN_SERVER:
        from django.test import TransactionTestCase

        TransactionTestCase._fixture_teardown = lambda case: TABLES.empty()  # type: ignore[attr-defined]
        kept_by(TABLES)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marked before `-m` chooses among them."""
    for item in items:
        if is_left(item.nodeid):
            item.add_marker(pytest.mark.walk)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is loaded by now stays to the end: no search for garbage goes through a million objects of it again."""
    search_seldom()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server after the last database is gone."""
    SERVER.stop()
    _FILES.cleanup()

"""The suite's database is migrated once for all who run it: the other process, and later runs of the same code, copy it."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql

from portal.local.environment import ROOT
from portal.local.postgres import OWNER, Server


class Migrated:
    """A database that nobody uses: what `migrate` makes of an empty one, named by the code that made it."""

    def __init__(self, server: Server, *, code: str, prefix: str = "suite_template_") -> None:
        self.server, self.prefix, self.name = server, prefix, prefix + code

    def wait(self) -> None:
        """From now on alone: whoever comes second waits for what the first one makes."""
        self._turn = (self.server.home / "template.lock").open("a")
        fcntl.flock(self._turn, fcntl.LOCK_EX)

    def go_on(self) -> None:
        """Let the next one in."""
        self._turn.close()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While the block runs nobody else makes or copies it."""
        self.wait()
        try:
            yield
        finally:
            self.go_on()

    def exists(self) -> bool:
        """Whether somebody has made it."""
        with self.server.connect() as superuser:
            return superuser.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.name]).fetchone() is not None

    def make(self, database: str) -> None:
        """Keep a database that has just been migrated, to which nobody is connected; those of other code go."""
        with self.server.connect() as superuser:
            older = superuser.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [self.prefix]).fetchall()
            for (name,) in older:
                superuser.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
            superuser.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                    sql.Identifier(self.name), sql.Identifier(database), sql.Identifier(OWNER)
                )
            )


def sources() -> list[Path]:
    """What may say what a migrated database holds: migrations, whatever code they use, and which versions of others there are."""
    ours = (path for room in ROOT.glob("*/__init__.py") for path in room.parent.rglob("*.py") if "tests" not in path.parts)
    return [ROOT / "requirements.txt", *sorted(ours)]


def digest_of(files: Iterable[Path], *, below: Path = ROOT) -> str:
    """A short name for the files as they are."""
    found = hashlib.sha256()
    for file in files:
        found.update(f"{file.relative_to(below)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()[:16]

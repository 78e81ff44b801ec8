"""Between tests that commit: the suite's own database emptied past triggers and keys, and worlds put back into it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

from portal.local.postgres import Server

#: What `migrate` makes anew after Django's TRUNCATE of all tables: here it stays.
STAYING = ("django_content_type", "auth_permission", "django_migrations")
#: Arguments of which those that look the same are the same.
PLAIN = (str, int, Decimal, date, tuple, type(None))


@dataclass(frozen=True)
class Kept:
    """Objects, and every row of the database at the time: by table, as COPY gives it."""

    objects: Any
    rows: dict[str, bytes]


class Tables:
    """The tables of the database that Django's connection is on, as the superuser of the embedded server sees them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._superuser: psycopg.Connection | None = None
        self._worlds: dict[tuple[str, str, str], Kept] = {}

    def close(self) -> None:
        """Leave the database, so that it can be dropped."""
        if self._superuser is not None:
            self._superuser.close()

    def empty(self) -> None:
        """Delete the rows of tables that have any.

        TRUNCATE writes new files for some hundred tables and their indexes, and takes half a second for it. Statistics
        go with the rows, as they do there.
        """
        superuser = self._connected()
        with superuser.transaction():
            superuser.execute("SET LOCAL session_replication_role = replica")
            for name in _filled(superuser, _tables(superuser)):
                superuser.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
                superuser.execute("SELECT pg_clear_relation_stats('public', %s)", [name])

    def world(self, make: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """See `audit.worlds.Keeper`: kept is what is made in empty tables, and put back where its own are empty."""
        if not all(isinstance(value, PLAIN) for value in (*given, *named.values())):
            return make(*given, **named)
        if not connection.in_atomic_block:
            return self._world(self._connected(), make, given, named)
        within = connection.connection
        if within.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')").fetchone() != (True,):
            return make(*given, **named)
        return self._world(within, make, given, named)

    def _world(
        self, where: psycopg.Connection, make: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        key = (f"{make.__module__}.{make.__qualname__}", repr(given), repr(sorted(named.items())))
        kept = self._worlds.get(key)
        if _filled(where, _tables(where) if kept is None else list(kept.rows)):
            return make(*given, **named)
        if kept is None:
            kept = self._worlds[key] = Kept(deepcopy(make(*given, **named)), _copied(where))
        else:
            _put_back(where, kept.rows)
        return deepcopy(kept.objects)

    def _connected(self) -> psycopg.Connection:
        """One connection for all tests: what a new one learns of some hundred tables takes longer than its work."""
        name = connection.settings_dict["NAME"]
        if self._superuser is None or not _is_on(self._superuser, name):
            self.close()
            self._superuser = self.server.connect(name)
        return self._superuser


def _is_on(superuser: psycopg.Connection, database: str) -> bool:
    """Whether it lives still, the server with it, and is a connection to that database."""
    try:
        return superuser.execute("SELECT current_database()").fetchone() == (database,)
    except psycopg.OperationalError:
        return False


def _tables(where: psycopg.Connection) -> list[str]:
    """Names of the tables that are emptied."""
    found = where.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL (%s) ORDER BY 1", [list(STAYING)]
    ).fetchall()
    return [name for (name,) in found]


def _filled(where: psycopg.Connection, tables: list[str]) -> list[str]:
    """Those of the tables that have rows."""
    asked = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(name), sql.Identifier(name))
        for name in tables
    )
    return [name for (name,) in where.execute(asked, prepare=True).fetchall()]


def _copied(where: psycopg.Connection) -> dict[str, bytes]:
    rows = {}
    for name in _filled(where, _tables(where)):
        with where.cursor().copy(sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.Identifier(name))) as copy:
            rows[name] = b"".join(copy)
    return rows


def _put_back(where: psycopg.Connection, rows: dict[str, bytes]) -> None:
    """In one transaction, and in the caller's if there is one; what triggers would write is among the rows."""
    with where.transaction():
        where.execute("SET LOCAL session_replication_role = replica")
        for name, content in rows.items():
            with where.cursor().copy(sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(sql.Identifier(name))) as copy:
                copy.write(content)
        where.execute("SET LOCAL session_replication_role = origin")

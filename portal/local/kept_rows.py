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
        self._worlds: dict[tuple[str, str, str], Kept] = {}

    def empty(self) -> None:
        """Delete the rows of tables that have any.

        TRUNCATE writes new files for some hundred tables and their indexes, and takes half a second for it. Statistics
        go with the rows, as they do there.
        """
        with self._connected() as cleaner:
            for name in _filled(cleaner):
                cleaner.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
                cleaner.execute("SELECT pg_clear_relation_stats('public', %s)", [name])

    def world(self, make: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """See `audit.worlds.Keeper`: kept is what is made in empty tables, outside of any transaction."""
        plain = all(isinstance(value, PLAIN) for value in (*given, *named.values()))
        if connection.in_atomic_block or not plain:
            return make(*given, **named)
        key = (f"{make.__module__}.{make.__qualname__}", repr(given), repr(sorted(named.items())))
        with self._connected() as superuser:
            if _filled(superuser):
                return make(*given, **named)
            if key not in self._worlds:
                self._worlds[key] = Kept(deepcopy(make(*given, **named)), _copied(superuser))
            else:
                _put_back(superuser, self._worlds[key].rows)
        return deepcopy(self._worlds[key].objects)

    def _connected(self) -> psycopg.Connection:
        superuser = self.server.connect(connection.settings_dict["NAME"])
        superuser.execute("SET session_replication_role = replica")
        return superuser


def _filled(superuser: psycopg.Connection) -> list[str]:
    """Names of the tables that have rows, those that stay left out."""
    tables = [
        name for (name,) in superuser.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        if name not in STAYING
    ]
    asked = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(name), sql.Identifier(name))
        for name in tables
    )
    return [name for (name,) in superuser.execute(asked).fetchall()]


def _copied(superuser: psycopg.Connection) -> dict[str, bytes]:
    rows = {}
    for name in _filled(superuser):
        with superuser.cursor().copy(sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.Identifier(name))) as copy:
            rows[name] = b"".join(copy)
    return rows


def _put_back(superuser: psycopg.Connection, rows: dict[str, bytes]) -> None:
    for name, content in rows.items():
        with superuser.cursor().copy(sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(sql.Identifier(name))) as copy:
            copy.write(content)

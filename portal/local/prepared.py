"""Invariants asked again and again in the suite: planned once on each connection, which is nine tenths of their cost there."""

from __future__ import annotations

import hashlib
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection

from audit.invariants import Invariant

_prepared: WeakKeyDictionary[psycopg.Connection, set[str]] = WeakKeyDictionary()


def rows_of(invariant: Invariant) -> list[tuple[Any, ...]]:
    """Takes the place of `portal.verify.rows_of`: the same rows for the same statement."""
    name = f"invariant_{hashlib.sha256(invariant.sql.encode()).hexdigest()[:16]}"
    with connection.cursor() as cursor:
        known = _prepared.setdefault(connection.connection, set())
        if name not in known:
            cursor.execute(f"PREPARE {name} AS {invariant.sql}")
            known.add(name)
        cursor.execute(f"EXECUTE {name}")
        return cursor.fetchall()

"""COPY of the rows that an applied roster left, into the same tables over as many connections: the bound of any way in."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Thread
from typing import Any, LiteralString

import psycopg

from portal.local.postgres import OWNER, Server

#: Tables in the order in which they refer to one another, each with its column that numbers people.
TABLES = {
    "beneficiaries_person": "id", "beneficiaries_beneficiary": "person_id",
    "beneficiaries_beneficiarycategory": "(SELECT b.person_id FROM beneficiaries_beneficiary b WHERE b.id = beneficiary_id)",
    "beneficiaries_enrollment": "person_id",
}
CONNECTIONS = 2
CHUNK = 40_000
_COUNT = "SELECT count(*) FROM beneficiaries_enrollment"


def copy_final_rows(server: Server, folder: Path) -> tuple[int, float]:
    """Enrollments put back, and the seconds: indexes, keys, triggers and history as they are, a transaction a chunk."""
    with server.connect("bench", role=OWNER) as connection:
        least, most = _one(connection, "SELECT min(id), max(id) FROM beneficiaries_person")
        (count,) = _one(connection, _COUNT)
        places = list(enumerate(range(least, most + 1, CHUNK)))
        for number, first in places:
            for table, person in TABLES.items():
                with (
                    (folder / f"{table}.{number}").open("wb") as file,
                    connection.cursor().copy(
                        f"COPY (SELECT * FROM {table} WHERE {person} >= {first} AND {person} < {first + CHUNK} ORDER BY id) "
                        "TO STDOUT (FORMAT binary)"
                    ) as copy,
                ):
                    for part in copy:
                        file.write(part)
        connection.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
    failures: list[BaseException] = []

    def put_back(mine: list[int]) -> None:
        try:
            with server.connect("bench", role=OWNER) as connection:
                for number in mine:
                    with connection.transaction():
                        for table in TABLES:
                            with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
                                copy.write((folder / f"{table}.{number}").read_bytes())
        except BaseException as failure:
            failures.append(failure)

    threads = [
        Thread(target=put_back, args=([number for number, _first in places if number % CONNECTIONS == place],))
        for place in range(CONNECTIONS)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if failures:
        raise failures[0]
    with server.connect("bench", role=OWNER) as connection:
        (back,) = _one(connection, _COUNT)
    assert back == count, (back, count)
    return count, seconds


def _one(connection: psycopg.Connection, statement: LiteralString) -> tuple[Any, ...]:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return row

"""Columns into tables by binary COPY, and questions about columns: the fastest ways that PostgreSQL has."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl
from django.db import connection
from psycopg import Cursor, sql

from audit import sealing
from audit.sealing import Unsealed
from intake import framing
from intake.framing import Cells

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
#: Bytes that frame what is copied in binary form: a signature, and the mark of the end.
FRAME_SIZE = len(_SIGNATURE) + 2


@dataclass(frozen=True)
class Framed:
    """Rows as COPY takes them, with the statement that takes them."""

    statement: sql.Composed
    pieces: Iterable[bytes]


def copy_columns(
    table: str, plain: pl.DataFrame, sealed: Mapping[str, Cells | Unsealed] | None = None, *,
    same: Mapping[str, Any] | None = None,
) -> None:
    """COPY columns, named as in the database, into a table in the caller's transaction; others take their defaults.

    `plain` holds values as the database has them, JSON as text, arrays as lists; `sealed` holds bytea, or texts that
    become it; `same` what is the same in every row. A statement of ours ran before in this transaction when history is
    to know its context: COPY itself does not carry it.
    """
    copy_framed(framed(table, plain, sealed, same=same))


def framed(
    table: str, plain: pl.DataFrame, sealed: Mapping[str, Cells | Unsealed] | None = None, *,
    same: Mapping[str, Any] | None = None,
) -> Framed:
    """What `copy_columns` copies, framed as far as it is asked for: its pieces can be taken once."""
    types, same, sealed = _types(connection.alias, table), same or {}, sealed or {}
    few, others = framing.few_and_others(plain)
    names = [*same, *few, *others, *sealed]
    head = framing.head_of(same, types, columns=len(names))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    return Framed(statement, _pieces(plain, list(sealed.values()), few, others, types, head))


def copy_framed(rows: Framed) -> None:
    """COPY them in the caller's transaction."""
    with connection.cursor() as cursor, cursor.cursor.copy(rows.statement) as copy:
        copy.write(_SIGNATURE)
        for piece in rows.pieces:
            copy.write(piece)


def _pieces(plain: pl.DataFrame, sealed: Sequence[Cells | Unsealed], *layout: Any) -> Iterator[bytes]:
    """The rows, sealed and framed by the process beside where there is one; what it leaves undone is done here."""
    if len({len(plain), *map(len, sealed)}) > 1:
        raise ValueError("columns of unequal length")
    done = 0
    if len(plain) >= sealing.LONG:
        for piece in sealing.streamed(
            len(plain), "intake.framing:pieces_of_packed", *framing.packed(plain, sealed, *layout)
        ):
            if not piece:
                return
            done += framing.ROWS_PER_PIECE
            yield piece
    rest = [_after(cells, done) for cells in sealed] if done else sealed
    yield from framing.pieces(plain[done:], rest, *layout)


def _after(cells: Cells | Unsealed, rows: int) -> Cells | Unsealed:
    if isinstance(cells, Unsealed):
        return Unsealed(cells.cipher, cells.key_id, cells.texts[rows:], cells.bound)
    return cells[rows:]


def ask(statement: sql.Composed, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows that a statement returns, parameters and results as binary: columns of 16-byte values go as one `%(x)b`."""
    connection.ensure_connection()
    with Cursor(connection.connection) as cursor:
        return cursor.execute(statement, parameters, binary=True).fetchall()


def copied_out(query: sql.Composed, *, form: str = "binary") -> Iterator[bytes]:
    """What COPY sends of a query's rows, piece by piece: in binary form, whose first and last piece frame the rows, or as csv."""
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT {})").format(query, sql.SQL(form))
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        yield from copy


def frame_of(query: sql.Composed, schema: Mapping[str, Any]) -> pl.DataFrame:
    """What a query returns, by the server's own text: columns, where the driver would make a tuple of each row."""
    text = b"".join(bytes(part) for part in copied_out(query, form="csv"))
    words = {name: pl.String if kind == pl.Boolean else kind for name, kind in schema.items()}
    if not text:
        return pl.DataFrame(schema=dict(schema))
    frame = pl.read_csv(io.BytesIO(text), has_header=False, new_columns=list(schema), schema_overrides=list(words.values()))
    return frame.with_columns(
        (pl.col(name) == "t").alias(name) for name, kind in schema.items() if kind == pl.Boolean
    )


@cache
def _types(alias: str, table: str) -> dict[str, int]:
    """Type ids of a table's columns."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, atttypid FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            [table],
        )
        return dict(cursor.fetchall())


@cache
def sequence_of(table: str, column: str = "id") -> str:
    """The name of the sequence that numbers a table's rows: asked once, since PostgreSQL would look it up at each row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table, column])
        return str(cursor.fetchone()[0])

"""Frames into tables by COPY: the fastest way in that PostgreSQL has, with no Python per row."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from django.db import connection
from psycopg import sql


def copy_frame(table: str, frame: pl.DataFrame, columns: Sequence[str]) -> None:
    """COPY the named columns of a frame into a table, in the caller's transaction.

    Binary goes as hex, lists of plain codes or numbers as arrays, null as NULL. A statement of ours ran before in this
    transaction when history is to know its context: COPY itself does not carry it.
    """
    ready = frame.select(_as_text(name, frame.schema[name]) for name in columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        for piece in ready.iter_slices(10_000):
            copy.write(piece.write_csv(include_header=False, quote_style="necessary").encode())


def next_ids(sequence_table: str, count: int, *, column: str = "id") -> pl.Series:
    """Fresh primary keys of a table from its own sequence, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [sequence_table, column, count]
        )
        return pl.Series("id", [row[0] for row in cursor.fetchall()], dtype=pl.Int64)


def _as_text(name: str, kind: pl.DataType) -> pl.Expr:
    value = pl.col(name)
    if kind == pl.Binary:
        return (pl.lit("\\x") + value.bin.encode("hex")).alias(name)
    if isinstance(kind, pl.List):
        return (pl.lit("{") + value.cast(pl.List(pl.String)).list.join(",") + pl.lit("}")).alias(name)
    if kind == pl.Boolean:
        return pl.when(value).then(pl.lit("t")).when(value.not_()).then(pl.lit("f")).alias(name)
    return value

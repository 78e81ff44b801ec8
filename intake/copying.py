"""Columns into tables by binary COPY, and questions about columns: the fastest ways that PostgreSQL has.

Nothing is done per cell but to frame it: plain columns are written once per distinct value, sealed ones are bytes already.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import chain, islice, repeat
from typing import Any

import polars as pl
from django.db import connection
from psycopg import Cursor, sql
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import Format

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_NULL = b"\xff\xff\xff\xff"
_ROWS_PER_WRITE = 4_096
#: Columns are framed together while at least so many rows share a combination of their values.
_ROWS_PER_COMBINATION = 8
_JSONB, _DATE = 3802, 1082
_DAYS_TO_2000 = 10_957
#: Integer types that are written without asking the driver: type id -> code of the array.
_INTEGERS = {20: "q", 23: "i", 21: "h"}

Cells = Sequence[bytes | None]


def copy_columns(
    table: str, plain: pl.DataFrame, sealed: Mapping[str, Cells] | None = None, *, same: Mapping[str, Any] | None = None
) -> None:
    """COPY columns, named as in the database, into a table in the caller's transaction; others take their defaults.

    `plain` holds values as the database has them, JSON as text, arrays as lists; `sealed` holds bytea; `same` what is
    the same in every row. A statement of ours ran before in this transaction when history is to know its context: COPY
    itself does not carry it.
    """
    types, same, sealed = _types(connection.alias, table), same or {}, sealed or {}
    few, others = _few_and_others(plain)
    names = [*same, *few, *others, *sealed]
    head = len(names).to_bytes(2, "big") + b"".join(
        piece for name, value in same.items() for piece in _framed([value], types[name])
    )
    columns: list[Iterable[bytes]] = [repeat(head, len(plain))]
    if few:
        columns.append(_framed_together(plain.select(few), types))
    columns += [_framed_plain(plain[name], types[name]) for name in others]
    columns += [_framed_sealed(cells) for cells in sealed.values()]
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        copy.write(_SIGNATURE)
        for part in _parts(columns):
            copy.write(part)


def ask(statement: sql.Composed, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows that a statement returns, parameters and results as binary: columns of 16-byte values go as one `%(x)b`."""
    connection.ensure_connection()
    with Cursor(connection.connection) as cursor:
        return cursor.execute(statement, parameters, binary=True).fetchall()


def copied_out(query: sql.Composed) -> Iterator[bytes]:
    """What COPY sends of a query's rows in binary form, piece by piece; the first and the last piece frame the rows."""
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(query)
    with connection.cursor() as cursor, cursor.cursor.copy(statement) as copy:
        yield from copy


def _parts(columns: Sequence[Iterable[bytes]]) -> Iterator[bytes]:
    rows = zip(*columns, strict=True)
    while part := b"".join(chain.from_iterable(islice(rows, _ROWS_PER_WRITE))):
        yield part


def _few_and_others(plain: pl.DataFrame) -> tuple[list[str], list[str]]:
    """Names of columns that hold few different values, as the first rows tell, and of the others."""
    few: list[str] = []
    combined, first = 1, plain.head(_ROWS_PER_WRITE)
    counts = {name: _keys(first[name]).n_unique() for name in plain.columns}
    for name in sorted(counts, key=lambda name: counts[name]):
        combined *= counts[name]
        if combined > len(plain) // _ROWS_PER_COMBINATION:
            break
        few.append(name)
    return few, [name for name in plain.columns if name not in few]


def _framed_together(frame: pl.DataFrame, types: Mapping[str, int]) -> list[bytes]:
    """The cells of several columns as one piece a row, written once per combination that occurs."""
    keys = pl.DataFrame([_keys(values).alias(str(place)) for place, values in enumerate(frame)])
    numbered = keys.with_row_index("row").unique(keys.columns, maintain_order=True, keep="first").with_row_index("number")
    numbers = keys.lazy().join(
        numbered.lazy(), on=keys.columns, how="left", nulls_equal=True, maintain_order="left"
    ).select("number").collect()["number"]  # fmt: skip
    distinct = frame[numbered["row"]]
    cells = [_framed(distinct[name].to_list(), types[name]) for name in frame.columns]
    written = [b"".join(row) for row in zip(*cells, strict=True)]
    return [written[number] for number in numbers.to_list()]


def _keys(values: pl.Series) -> pl.Series:
    """What tells values apart: a text for each list."""
    return _keys_of_lists(values) if values.dtype == pl.List else values


def _framed_sealed(cells: Cells) -> list[bytes]:
    lengths = _length
    return [_NULL if cell is None else lengths(len(cell)) + cell for cell in cells]


def _framed_plain(values: pl.Series, oid: int) -> list[bytes]:
    """Each cell with its length in front; other values than whole numbers are written once per distinct one."""
    if values.dtype == pl.Date and oid == _DATE:
        return _framed_integers(values.to_physical() - _DAYS_TO_2000, "i")
    if oid in _INTEGERS and values.dtype.is_integer():
        return _framed_integers(values, _INTEGERS[oid])
    frame = pl.DataFrame({"key": _keys(values), "value": values})
    distinct = frame.unique("key", maintain_order=True).with_row_index("number")
    numbers = frame.lazy().select("key").join(
        distinct.lazy().select("key", "number"), on="key", how="left", nulls_equal=True, maintain_order="left"
    ).collect()["number"]  # fmt: skip
    written = _framed(distinct["value"].to_list(), oid)
    return [written[number] for number in numbers.to_list()]


def _keys_of_lists(values: pl.Series) -> pl.Series:
    """A text for each list, another for another list."""
    plain = pl.element().str.replace_all("\x1e", "\x1e0", literal=True).str.replace_all("\x1f", "\x1e1", literal=True)
    return values.cast(pl.List(pl.String)).list.eval(pl.lit("\x1f") + plain).list.join("")


def _framed_integers(values: pl.Series, kind: str) -> list[bytes]:
    numbers = array(kind, values.fill_null(0).to_list())
    if sys.byteorder == "little":
        numbers.byteswap()
    data, step = numbers.tobytes(), numbers.itemsize
    head = _length(step)
    framed = [head + data[start : start + step] for start in range(0, len(data), step)]
    if values.null_count():
        for row in values.is_null().arg_true():
            framed[row] = _NULL
    return framed


def _framed(values: Iterable[Any], oid: int) -> list[bytes]:
    """Values as the wire has them, each with its length in front; the driver knows how."""
    transformer = Transformer(connection.connection)
    transformer.set_dumper_types([oid], Format.BINARY)
    framed = []
    for value in values:
        if value is None:
            framed.append(_NULL)
            continue
        if isinstance(value, str):
            data = (b"\x01" if oid == _JSONB else b"") + value.encode()
        else:
            data = bytes(transformer.dump_sequence([value], [PyFormat.BINARY])[0] or b"")
        framed.append(_length(len(data)) + data)
    return framed


@lru_cache(maxsize=4_096)
def _length(size: int) -> bytes:
    return size.to_bytes(4, "big")


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

"""Columns framed as COPY takes rows in binary form: no database and no Django, so that the process beside can do it.

Nothing is done per cell but to frame it: plain columns are written once per distinct value, sealed ones are bytes already.
"""

from __future__ import annotations

import io
import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice, repeat
from typing import Any

import polars as pl
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import Format

from audit.sealing import Unsealed, tokens_of, unpacked

Cells = Sequence[bytes | None]
#: Rows of one piece: a piece is whole rows, so that another hand can go on after any.
ROWS_PER_PIECE = 4_096

_NULL = b"\xff\xff\xff\xff"
#: Columns are framed together while at least so many rows share a combination of their values.
_ROWS_PER_COMBINATION = 8
_JSONB, _DATE = 3802, 1082
_DAYS_TO_2000 = 10_957
#: Integer types that are written without asking the driver: type id -> code of the array.
_INTEGERS = {20: "q", 23: "i", 21: "h"}


def few_and_others(plain: pl.DataFrame) -> tuple[list[str], list[str]]:
    """Names of columns that hold few different values, as the first rows tell, and of the others."""
    few: list[str] = []
    combined, first = 1, plain.head(ROWS_PER_PIECE)
    counts = {name: _keys(first[name]).n_unique() for name in plain.columns}
    for name in sorted(counts, key=lambda name: counts[name]):
        combined *= counts[name]
        if combined > len(plain) // _ROWS_PER_COMBINATION:
            break
        few.append(name)
    return few, [name for name in plain.columns if name not in few]


def head_of(same: Mapping[str, Any], types: Mapping[str, int], *, columns: int) -> bytes:
    """How each row begins: the number of its columns, and the cells that are the same in all."""
    return columns.to_bytes(2, "big") + b"".join(
        cell for name, value in same.items() for cell in _framed([value], types[name])
    )


def pieces(
    plain: pl.DataFrame, sealed: Sequence[Cells | Unsealed], few: Sequence[str], others: Sequence[str],
    types: Mapping[str, int], head: bytes,
) -> Iterator[bytes]:
    """Rows: the head, the columns of few values, the others, the sealed ones in their order."""
    columns: list[Iterable[bytes]] = [repeat(head, len(plain))]
    if few:
        columns.append(_framed_together(plain.select(few), types))
    columns += [_framed_plain(plain[name], types[name]) for name in others]
    columns += [_framed_sealed(tokens_of(cells)) for cells in sealed]
    rows = zip(*columns, strict=True)
    while piece := b"".join(chain.from_iterable(islice(rows, ROWS_PER_PIECE))):
        yield piece


def packed(
    plain: pl.DataFrame, sealed: Sequence[Cells | Unsealed], few: Sequence[str], others: Sequence[str],
    types: Mapping[str, int], head: bytes,
) -> tuple[Any, ...]:
    """The same as the process beside takes it: see `pieces_of_packed`."""
    frame = io.BytesIO()
    plain.write_ipc(frame)
    return (
        frame.getvalue(), [cells.packed() if isinstance(cells, Unsealed) else list(cells) for cells in sealed],
        list(few), list(others), {name: types[name] for name in plain.columns}, head,
    )


def pieces_of_packed(
    frame: bytes, sealed: list[Any], few: list[str], others: list[str], types: dict[str, int], head: bytes
) -> Iterator[bytes]:
    """`pieces` of what `packed` packed."""
    columns = [unpacked(*cells) if isinstance(cells, tuple) else cells for cells in sealed]
    return pieces(pl.read_ipc(io.BytesIO(frame)), columns, few, others, types, head)


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
    transformer = Transformer()
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

"""Columns by binary COPY: every type that staging has, to the database and back; and questions about columns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from audit import ciphers, sealing
from audit.sealing import Unsealed
from intake import copying, framing
from intake.copying import ask, copy_columns

pytestmark = pytest.mark.django_db

_COLUMNS = {
    "number": "bigint", "small": "smallint", "line": "integer", "text": "varchar(200)", "day": "date",
    "amount": "numeric(16,2)", "words": "varchar(24)[]", "ids": "bigint[]", "notes": "jsonb", "token": "bytea",
}


@pytest.fixture(autouse=True)
def table(db: Any) -> None:
    copying._types.cache_clear()
    with connection.cursor() as cursor:
        columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
        cursor.execute(f"CREATE TEMPORARY TABLE copied (place serial, {columns}) ON COMMIT DROP")


def kept() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(_COLUMNS)} FROM copied ORDER BY place")
        return list(cursor.fetchall())


_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
_row = st.tuples(
    st.none() | st.integers(-(2**63), 2**63 - 1), st.none() | st.integers(-32768, 32767),
    st.integers(-(2**31), 2**31 - 1), st.none() | _text, st.none() | st.dates(date(1800, 1, 1), date(9999, 12, 31)),
    st.none() | st.decimals(-10**13, 10**13, places=2), st.none() | st.lists(_text.map(lambda text: text[:24]), max_size=3),
    st.none() | st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3), st.none() | st.binary(max_size=300),
)


@pytest.mark.parametrize("together", [False, True])
@given(rows=st.lists(_row, min_size=1, max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_copied_comes_back_as_it_was(together: bool, rows: list[tuple[Any, ...]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # Columns are framed together in long chunks of few values; here in every one, or in none.
        patch.setattr(framing, "_ROWS_PER_COMBINATION", 1e-9 if together else 1e9)
        copied_and_kept(rows)


def copied_and_kept(rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE copied RESTART IDENTITY")
    number, small, line, text, day, amount, words, ids, token = zip(*rows, strict=True)
    plain = pl.DataFrame(
        {
            "number": pl.Series(number, dtype=pl.Int64), "small": pl.Series(small, dtype=pl.Int16),
            "line": pl.Series(line, dtype=pl.Int32), "text": pl.Series(text, dtype=pl.String),
            "day": pl.Series(day, dtype=pl.Date), "amount": pl.Series(amount, dtype=pl.Decimal(16, 2)),
            "words": pl.Series(words, dtype=pl.List(pl.String)), "ids": pl.Series(ids, dtype=pl.List(pl.Int64)),
        }
    )
    copy_columns("copied", plain, {"token": token}, same={"notes": '[["a", 1]]'})
    found = [(*row[:8], '[["a", 1]]', None if row[9] is None else bytes(row[9])) for row in kept()]
    assert found == [(*row[:8], '[["a", 1]]', row[8]) for row in rows]


def test_no_rows_are_no_rows() -> None:
    copy_columns("copied", pl.DataFrame(schema={"line": pl.Int32}), {"token": []}, same={"text": "x"})
    assert kept() == []


def test_more_rows_than_one_write_keep_their_order() -> None:
    lines = list(range(10_000))
    copy_columns("copied", pl.DataFrame({"line": lines}), {"token": [bytes([line % 251]) for line in lines]})
    assert [(row[2], row[9][0]) for row in kept()] == [(line, line % 251) for line in lines]


LONG = 3 * framing.ROWS_PER_PIECE


def long_chunk() -> tuple[pl.DataFrame, dict[str, Any]]:
    """Plain columns of every kind, one to be sealed and one that is."""
    numbers = list(range(LONG))
    plain = pl.DataFrame(
        {
            "line": pl.Series(numbers, dtype=pl.Int32), "text": [f"第{number % 5}村" for number in numbers],
            "day": pl.Series([date(1950 + number % 60, 1, 1) for number in numbers]),
            "amount": pl.Series([Decimal(number) / 100 for number in numbers], dtype=pl.Decimal(16, 2)),
            "words": [[f"码{number % 3}"] if number % 2 else None for number in numbers],
        }
    )
    texts = [f"王小明{number}" if number % 7 else None for number in numbers]
    return plain, {"token": Unsealed(ciphers.Aes256Gcm(bytes(32)), 7, texts, b"person.name")}


def told_of_the_chunk() -> list[tuple[Any, ...]]:
    """Rows as the database has them, tokens opened."""
    cipher = ciphers.Aes256Gcm(bytes(32))
    return [
        (*row[2:7], row[9] and ciphers.open_token(cipher, bytes(row[9]), b"person.name").decode()) for row in kept()
    ]


def wanted_of_the_chunk() -> list[tuple[Any, ...]]:
    plain, sealed = long_chunk()
    return [(*row, text) for row, text in zip(plain.iter_rows(), sealed["token"].texts, strict=True)]


def test_a_long_chunk_is_sealed_and_framed_by_the_process_beside() -> None:
    plain, sealed = long_chunk()
    with sealing.beside(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(framing, "pieces", None)  # not here
        copy_columns("copied", plain, sealed, same={"notes": "[]"})
    assert told_of_the_chunk() == wanted_of_the_chunk()


@pytest.mark.parametrize("pieces", [0, 1, 2])
def test_a_process_that_dies_between_two_pieces_costs_no_row_and_doubles_none(
    pieces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, sealed = long_chunk()
    received = sealing.receive
    taken: list[int] = []

    def dies(pipe: Any) -> Any:
        taken.append(1)
        if len(taken) > pieces:
            raise EOFError
        return received(pipe)

    with sealing.beside():
        monkeypatch.setattr(sealing, "receive", dies)
        copy_columns("copied", plain, sealed, same={"notes": "[]"})
    assert told_of_the_chunk() == wanted_of_the_chunk()
    assert len(taken) == pieces + 1


def test_a_copy_that_fails_midway_leaves_no_piece_for_the_next_one() -> None:
    plain, sealed = long_chunk()
    with sealing.beside():
        with pytest.raises(Exception, match="value too long"), transaction.atomic():
            copy_columns("copied", plain.with_columns(text=pl.lit("x" * 201)), sealed, same={"notes": "[]"})
        copy_columns("copied", plain, sealed, same={"notes": "[]"})
    assert told_of_the_chunk() == wanted_of_the_chunk()


def test_columns_of_unequal_length_are_refused_and_nothing_stays() -> None:
    with pytest.raises(ValueError, match="unequal"), connection.cursor():
        copy_columns("copied", pl.DataFrame({"line": [1, 2]}), {"token": [b"x"]})


def test_a_value_that_the_column_cannot_hold_is_refused_by_the_database() -> None:
    with pytest.raises(Exception, match="value too long"):
        copy_columns("copied", pl.DataFrame({"line": [1]}), same={"text": "x" * 201})


def test_a_question_takes_and_gives_bytes_as_they_are() -> None:
    every = bytes(range(256))
    statement = sql.SQL("SELECT substr(%(given)b, 17, 16), length(%(given)b), %(amount)s::numeric + 1")
    assert ask(statement, {"given": every, "amount": Decimal("0.01")}) == [(every[16:32], 256, Decimal("1.01"))]

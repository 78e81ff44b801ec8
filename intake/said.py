"""Which words of an office an import was read by, and of how many rows: what its reviewer can see one by one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from intake.checks.folding import folded, without_blanks
from intake.columns import Column, fold_header
from intake.models import Kind
from intake.readers import Sheet
from intake.wording import Marks

#: Rule of a column -> the kind of its words.
_KIND_OF = {"categories": Kind.CATEGORY, "region": Kind.REGION}
_NOTE = re.compile(r"\([^()]*\)$")
_BETWEEN = r"[、,,;;/|+。]+"


def used(frame: pl.DataFrame, sheets: Mapping[str, Sheet], columns: Sequence[Column], marks: Marks) -> dict[str, int]:
    """Id of a mapping -> rows of a chunk that were read by it; `frame`: as the reader gave it."""
    found = _headings(frame, sheets, marks.get(Kind.HEADING, {}))
    for column in columns:
        kind = _KIND_OF.get(column.clean)
        if kind is not None and (words := marks.get(kind)):
            found += _values(frame[column.key], words, several=kind == Kind.CATEGORY)
    return {str(number): rows for number, rows in sorted(found.items())}


def summed(chunks: Iterable[Any]) -> dict[str, int]:
    """The same over all chunks of an import."""
    total: Counter[str] = Counter()
    for chunk in chunks:
        total.update(chunk.counts.get("said", {}))
    return dict(sorted(total.items()))


def _headings(frame: pl.DataFrame, sheets: Mapping[str, Sheet], words: Mapping[str, int]) -> Counter[int]:
    """A heading that was said speaks for every row of its sheet."""
    found: Counter[int] = Counter()
    if not words:
        return found
    for name, rows in frame["sheet"].value_counts().iter_rows():
        sheet = sheets[name]
        for position in sheet.match.mapping.values():
            heading = fold_header(sheet.headers[position])
            number = words.get(heading) or words.get(_NOTE.sub("", heading))
            if number is not None:
                found[number] += rows
    return found


def _values(cells: pl.Series, words: Mapping[str, int], *, several: bool) -> Counter[int]:
    """Rows of each word among the cells of a column: each distinct cell is looked at once."""
    distinct = cells.drop_nulls().value_counts(name="rows")
    whole = distinct.select("rows", word=without_blanks(folded(pl.col(cells.name))))
    listed = whole.filter(pl.col("word").is_in(list(words)))
    if several:
        rest = whole.filter(~pl.col("word").is_in(list(words)))
        parts = rest.with_columns(pl.col("word").str.replace_all(_BETWEEN, ",").str.split(",").list.unique())
        listed = pl.concat([listed, parts.explode("word").filter(pl.col("word").is_in(list(words)))])
    found: Counter[int] = Counter()
    for rows, word in listed.iter_rows():
        found[words[word]] += rows
    return found

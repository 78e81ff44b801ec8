"""CSV text cut into records with their true line numbers, in bounded memory; no heading and no cell is judged here."""

from __future__ import annotations

import codecs
import csv
import io
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from intake.readers.sniffing import USUAL_LIMITS, Limits, Source, TextCoding, opened, refuse

_BLOCK = 8 * 1024**2
# The most line breaks that Excel allows in one cell; a quote that stays open longer was never meant as one.
_MAX_BREAKS = 253
# Lines inside quotes that have as many fields as so wide a header are rows behind a stray quote, not a cell's text.
_WIDE = 5
# The header and what stands above it are within the first quarter of a megabyte.
_HEAD = 256 * 1024


@dataclass(frozen=True, slots=True)
class Records:
    """`frame` holds one record a row: `raw` (its text, line breaks inside quotes kept), `line` Int32, `fields` Int32,
    `plain` (no quote stands inside an unquoted field); `done` counts the bytes read so far.

    `cells`, where it is given, are the cells of the same rows ("0", "1", ...): all have as many fields.
    """

    frame: pl.DataFrame
    done: int
    cells: pl.DataFrame | None = None


def text_blocks(
    source: Source, coding: TextCoding, limits: Limits, *, size: int | None = None
) -> Iterator[tuple[bytes, int, bool]]:
    """Whole lines as UTF-8 that end in LF or CRLF, the bytes read so far, and whether it is the last block."""
    size = min(size or _BLOCK, _BLOCK)
    decoder = None if coding.codec == "utf-8" else codecs.getincrementaldecoder(coding.codec)("strict")
    rest, done, only_cr = b"", coding.mark, None
    with opened(source) as stream:
        stream.seek(coding.mark)
        while True:
            block = stream.read(size)
            done += len(block)
            last = not block
            if decoder is not None:
                block = decoder.decode(block, final=last).encode()
            if only_cr is None:
                only_cr = b"\r" in block and b"\n" not in block
            block = rest + block
            block = block.replace(b"\r", b"\n") if only_cr else block
            if last:
                yield block, done, True
                return
            cut = block.rfind(b"\n") + 1
            rest = block[cut:]
            if len(rest) > limits.record:
                raise refuse("FILE_DAMAGED")
            if cut:
                yield block[:cut], done, False


def read_head(source: Source, coding: TextCoding, delimiter: str, limits: Limits) -> pl.DataFrame:
    """The first records, enough of them to find a header; without rows when the file holds nothing.

    Cut as if nothing came after: with another delimiter than its own, every line of a file can look like an open quote.
    """
    grammar, line = _Grammar(delimiter, 0), 1
    for block, _, _ in text_blocks(source, coding, limits, size=_HEAD):
        if not block:
            continue
        frame, used = grammar.split(pl.read_lines(block).get_column("line"), first_line=line, last=True)
        line += used
        frame = frame.filter(pl.col("raw").str.strip_chars(grammar.blank) != "")
        if len(frame):
            return frame
    return pl.DataFrame(schema={"raw": pl.String, "line": pl.Int32})


def read_records(
    source: Source,
    coding: TextCoding,
    delimiter: str,
    limits: Limits = USUAL_LIMITS,
    *,
    width: int = 0,
    grid: int = 0,
) -> Iterator[Records]:
    """Every record that holds anything, block by block; blank lines only count as lines.

    `width` (fields of the header, once it is known) tells a quote that opens a cell from one that is a slip. A block
    in which every line plainly has `grid` fields is cut into cells at once.
    """
    grammar = _Grammar(delimiter, width)
    rest, line = b"", 1
    for block, done, last in text_blocks(source, coding, limits):
        text = rest + block if rest else block
        if not text:
            continue
        lines = pl.read_lines(text).get_column("line")
        cells = _plain_cells(text, lines, delimiter, grid) if grid else None
        if cells is not None:
            rest = b""
            yield _plain_records(lines, cells, line, done, grammar.blank)
            line += len(lines)
            continue
        frame, used = grammar.split(lines, first_line=line, last=last)
        line += used
        rest = _joined(lines[used:]) if used < len(lines) else b""
        yield Records(frame.filter(pl.col("raw").str.strip_chars(grammar.blank) != ""), done)


def _plain_cells(text: bytes, lines: pl.Series, delimiter: str, grid: int) -> pl.DataFrame | None:
    """The cells of a text in which each line is a record of `grid` fields, quoted whole or not at all; nothing when it
    is not as plain as that."""
    schema = {str(position): pl.String for position in range(grid)}
    quotes = text.count(b'"') if b'"' in text else 0
    try:
        cells = pl.read_csv(
            text, has_header=False, separator=delimiter, schema=schema, quote_char='"' if quotes else None
        )
    except pl.exceptions.PolarsError:
        # A line has more fields.
        return None
    if len(cells) != len(lines) or (b"\r" in text and lines.str.contains("\r", literal=True).any()):
        return None
    # The lengths of all cells, delimiters and quotes are those of the lines, unless something was filled up.
    lengths = cells.select(pl.sum_horizontal(pl.all().str.len_bytes().sum())).item()
    if int(lengths) + len(lines) * (grid - 1) + quotes != int(lines.str.len_bytes().sum()):
        return None
    if quotes and cells.select(pl.any_horizontal(pl.all().str.contains('"', literal=True).any())).item():
        return None
    return cells


def _plain_records(lines: pl.Series, cells: pl.DataFrame, first_line: int, done: int, blank: str) -> Records:
    frame = lines.to_frame("raw").with_columns(line=pl.int_range(first_line, first_line + len(lines), dtype=pl.Int32))
    something = lines.str.contains(f"[^{_escaped(blank)}]")
    if not something.all():
        frame, cells = frame.filter(something), cells.filter(something)
    return Records(frame, done, cells)


def _escaped(characters: str) -> str:
    """Characters for use inside the brackets of a pattern."""
    return "".join(f"\\x{{{ord(character):x}}}" for character in characters)


def _joined(lines: pl.Series) -> bytes:
    return ("\n".join(lines.to_list()) + "\n").encode()


class _Grammar:
    """Where a record ends: a quote opens a field only at its start, as spreadsheets write it."""

    def __init__(self, delimiter: str, width: int) -> None:
        escaped = "\\t" if delimiter == "\t" else delimiter
        quoted = r'"(?:[^"]|"")*"'
        bare = rf'(?:[^"{escaped}][^{escaped}]*)?'
        field = rf"(?:{quoted}|{bare})"
        self.delimiter, self.width = delimiter, width
        self.blank = f'{delimiter} "\r\n\t\u00a0\u3000\ufeff'
        self.strict = rf'^(?:{quoted}|[^"{escaped}]*)(?:{escaped}(?:{quoted}|[^"{escaped}]*))*$'
        self.complete = rf"^{field}(?:{escaped}{field})*$"
        self.closing = rf'^(?:[^"]|"")*"(?:{escaped}{field})*$'
        self.quoted_field = rf"(^|{escaped}){quoted}"

    def split(self, lines: pl.Series, *, first_line: int, last: bool) -> tuple[pl.DataFrame, int]:
        """The records of these lines and how many lines they use; a record still open at the end waits for more."""
        frame = self._measured(lines, first_line)
        if frame.item(0, "quotes") is None or not frame["quotes"].any():
            return frame.drop("quotes", "whole"), len(lines)
        broken = frame.with_row_index().filter(~pl.col("whole"))["index"].to_list()
        if not broken:
            return frame.drop("quotes", "whole"), len(lines)
        return self._mended(frame, lines, broken, first_line=first_line, last=last)

    def _measured(self, lines: pl.Series, first_line: int) -> pl.DataFrame:
        frame = lines.to_frame("raw").with_columns(
            line=pl.int_range(first_line, first_line + len(lines), dtype=pl.Int32),
            fields=self._delimiters(pl.col("raw")) + 1,
            plain=pl.lit(True),
            quotes=pl.col("raw").str.contains('"', literal=True),
            whole=pl.lit(True),
        )
        if not frame["quotes"].any():
            return frame
        quoted = frame.with_row_index().filter("quotes").with_columns(plain=pl.col("raw").str.contains(self.strict))
        plain = quoted.filter("plain").with_columns(
            fields=self._delimiters(pl.col("raw").str.replace_all(r'"(?:[^"]|"")*"', "")) + 1
        )
        odd = quoted.filter(~pl.col("plain")).with_columns(
            whole=pl.col("raw").str.contains(self.complete),
            fields=self._delimiters(pl.col("raw").str.replace_all(self.quoted_field, "$1")) + 1,
        )
        unquoted = frame.with_row_index().filter(~pl.col("quotes"))
        return pl.concat([unquoted, plain, odd]).sort("index").drop("index")

    def _delimiters(self, text: pl.Expr) -> pl.Expr:
        return text.str.count_matches(self.delimiter, literal=True).cast(pl.Int32)

    def _mended(
        self, frame: pl.DataFrame, lines: pl.Series, broken: list[int], *, first_line: int, last: bool
    ) -> tuple[pl.DataFrame, int]:
        """Lines that a quoted field runs over become one record; an opening quote that nobody closes stays one line."""
        closers = lines.to_frame("raw").with_row_index().filter(
            pl.col("raw").str.contains('"', literal=True) & pl.col("raw").str.contains(self.closing)
        )["index"].to_list()  # fmt: skip
        used, after = len(lines), -1
        joined: list[tuple[int, str, int]] = []
        swallowed: list[int] = []
        for start in broken:
            if start <= after:
                continue
            end = _first(closers, after=start, upto=start + _MAX_BREAKS)
            if end is None:
                if not last and start + _MAX_BREAKS >= len(lines):
                    used = start
                    break
                joined.append((start, lines[start], 0))
                continue
            text = "\n".join(lines[start : end + 1].to_list())
            width = len(split_raw(text, self.delimiter))
            if (width != self.width or width >= _WIDE) and _looks_whole(frame, start + 1, end, self.width):
                joined.append((start, lines[start], 0))
                continue
            joined.append((start, text, width))
            swallowed.extend(range(start + 1, end + 1))
            after = end
        return self._rebuilt(frame, used, joined, swallowed), used

    def _rebuilt(
        self, frame: pl.DataFrame, used: int, joined: list[tuple[int, str, int]], swallowed: list[int]
    ) -> pl.DataFrame:
        schema = {"index": pl.UInt32, "text": pl.String, "width": pl.Int32}
        mended = pl.DataFrame(joined, schema=schema, orient="row")
        gone = pl.Series(swallowed, dtype=pl.UInt32)
        return (
            frame.with_row_index()
            .head(used)
            .filter(~pl.col("index").is_in(gone.implode()))
            .join(mended, on="index", how="left", maintain_order="left")
            .with_columns(
                raw=pl.coalesce("text", "raw"),
                fields=pl.coalesce("width", "fields"),
                plain=pl.col("plain") & pl.col("text").is_null(),
            )
            .drop("index", "text", "width", "quotes", "whole")
        )


def _first(closers: list[int], *, after: int, upto: int) -> int | None:
    at = bisect_left(closers, after + 1)
    return closers[at] if at < len(closers) and closers[at] <= upto else None


def _looks_whole(frame: pl.DataFrame, start: int, end: int, width: int) -> bool:
    """Whether the lines that a stray quote would swallow are records of the header's width on their own: all of them, or
    most of them where the header is wide."""
    lines = frame.slice(start, end - start).filter(pl.col("raw") != "")
    if lines.is_empty():
        return False
    whole = lines["whole"] & (lines["fields"] == width)
    return bool(whole.all()) or (width >= _WIDE and int(whole.sum()) * 2 > len(lines))


def parse_records(frame: pl.DataFrame, delimiter: str, width: int) -> pl.DataFrame:
    """The cells of records that all have `width` fields: columns "0", "1", ...; an empty cell is null."""
    schema = {str(position): pl.String for position in range(width)}
    if frame.is_empty():
        return pl.DataFrame(schema=schema)
    raw = frame["raw"]
    if not frame["plain"].all():
        raw = raw.to_frame().with_columns(
            pl.when(frame["plain"]).then("raw").otherwise(pl.Series(_rewritten(frame, delimiter), dtype=pl.String))
        )["raw"]
    text = io.BytesIO()
    raw.to_frame().write_csv(text, include_header=False, quote_style="never")
    try:
        cells = pl.read_csv(text.getvalue(), has_header=False, separator=delimiter, schema=schema)
    except pl.exceptions.PolarsError:
        # A carriage return inside a record can make its first fields all there is.
        cells = pl.DataFrame()
    if len(cells) != len(frame):
        rows = [(split_raw(record, delimiter) + [""] * width)[:width] for record in frame["raw"]]
        cells = pl.DataFrame([[cell or None for cell in row] for row in rows], schema=schema, orient="row")
    return cells


def _rewritten(frame: pl.DataFrame, delimiter: str) -> list[str | None]:
    """Records with odd quotes written once more by the book, null for the others."""
    return [
        None if plain else join_raw(split_raw(raw, delimiter), delimiter)
        for raw, plain in zip(frame["raw"], frame["plain"], strict=True)
    ]


def split_raw(raw: str, delimiter: str) -> list[str]:
    """The cells of one record's text; a text that is no record is one cell."""
    try:
        rows = list(csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter))
    except csv.Error:
        return [raw]
    return rows[0] if len(rows) == 1 else [raw]


def join_raw(cells: Sequence[str], delimiter: str) -> str:
    """One record's text, quoted only where it must be."""
    text = io.StringIO(newline="")
    # The writer quotes a cell for the characters of its line end, so it must have one.
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return text.getvalue()[:-2]

"""Rows of one import that name the same person twice, found across chunks and files in about 40 bytes a row."""

from __future__ import annotations

import polars as pl


class DuplicateFinder:
    """Remembers a 16-byte key and the place of every row it was shown; the first of equals is right, the later ones
    are duplicates. Keys are two 64-bit hashes of the given columns."""

    _SEEDS = (11, 53)

    def __init__(self) -> None:
        schema = {"a": pl.UInt64, "b": pl.UInt64, "first_line": pl.Int32, "first_sheet": pl.Int16}
        self._seen = pl.DataFrame(schema=schema)
        #: Rows of earlier files that were refused: a later one with the same key is no duplicate but their correction.
        self._refused = pl.DataFrame(schema=schema)
        self._sheets: dict[tuple[int, str], int] = {}
        self._file, self._name = 0, ""
        self._names: dict[int, str] = {}

    def open_file(self, number: int, name: str) -> None:
        """What comes next is another file: `number` is its own, `name` what duplicates of its rows are told."""
        self._file, self._name = number, name
        self._names[number] = name

    def close_file(self, refused: pl.DataFrame) -> None:
        """The file has ended; `refused`: `sheet` and `line` of its rows that cannot be used, for whatever reason."""
        if refused.is_empty():
            return
        places = refused.select(
            first_line=pl.col("line").cast(pl.Int32),
            first_sheet=pl.col("sheet").replace_strict(
                {sheet: number for (file, sheet), number in self._sheets.items() if file == self._file},
                default=None, return_dtype=pl.Int16,
            ),
        )
        on = ["first_line", "first_sheet"]
        self._refused = pl.concat([self._refused, self._seen.join(places, on=on, how="semi")])
        self._seen = self._seen.join(places, on=on, how="anti", maintain_order="left")

    def add(self, frame: pl.DataFrame, *keys: str) -> pl.DataFrame:
        """Rows of `frame` that came before, in this chunk or an earlier one: `row`, `first_file` ("" for this file),
        `first_sheet`, `first_line`.

        `frame` has `sheet`, `line` and the key columns; rows with a null among the keys are nobody's duplicate.
        """
        for name in frame["sheet"].unique(maintain_order=True):
            self._sheets.setdefault((self._file, name), len(self._sheets))
        here = self._keyed(frame, keys)
        own = here.unique(["a", "b"], keep="first", maintain_order=True)
        # A filter before the joins: they then build tables of this chunk's size, never of all rows so far.
        known = self._seen.filter(pl.col("a").is_in(own["a"].implode()))
        firsts = pl.concat([known, own.drop("row")]).unique(["a", "b"], keep="first", maintain_order=True)
        fresh = own.join(known, on=["a", "b"], how="anti")
        later = here.join(fresh.select("row"), on="row", how="anti").select("row", "a", "b")
        self._seen = pl.concat([self._seen, fresh.drop("row")], rechunk=False)
        return self._told(later, firsts)

    def corrected(self, frame: pl.DataFrame, *keys: str) -> pl.DataFrame:
        """Rows of `frame` whose key only a refused row of an earlier file holds: `row`, `file`, `first_sheet`,
        `first_line`, the last of several."""
        if self._refused.is_empty():
            return pl.DataFrame(schema={"row": pl.UInt32, "file": pl.Int64, "first_sheet": pl.String, "first_line": pl.Int32})
        lasts = self._refused.unique(["a", "b"], keep="last", maintain_order=True)
        hit = self._keyed(frame, keys).select("row", "a", "b").join(lasts, on=["a", "b"], how="inner", maintain_order="left")
        files = {number: file for (file, _sheet), number in self._sheets.items()}
        names = {number: sheet for (_file, sheet), number in self._sheets.items()}
        return hit.select(
            "row", pl.col("first_sheet").replace_strict(files, return_dtype=pl.Int64).alias("file"),
            pl.col("first_sheet").replace_strict(names, return_dtype=pl.String), "first_line",
        )

    def _keyed(self, frame: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
        """The key and the place of each row that has one."""
        joined = pl.concat_str(*keys, separator="\x1f")
        whole = pl.all_horizontal(pl.col(key).is_not_null() for key in keys)
        numbered = frame.select("sheet", "line", *keys).with_row_index("row").filter(whole)
        sheets = {sheet: number for (file, sheet), number in self._sheets.items() if file == self._file}
        return numbered.select(
            "row",
            a=joined.hash(self._SEEDS[0]),
            b=joined.hash(self._SEEDS[1]),
            first_line=pl.col("line").cast(pl.Int32),
            first_sheet=pl.col("sheet").replace_strict(sheets, default=None, return_dtype=pl.Int16),
        )

    def _told(self, later: pl.DataFrame, firsts: pl.DataFrame) -> pl.DataFrame:
        """The repeated rows with the place of the first of each."""
        names = {number: sheet for (_file, sheet), number in self._sheets.items()}
        files = {
            number: "" if file == self._file else self._names[file] for (file, _sheet), number in self._sheets.items()
        }
        return later.join(firsts, on=["a", "b"], how="left", maintain_order="left").select(
            "row", pl.col("first_sheet").replace_strict(files, return_dtype=pl.String).alias("first_file"),
            pl.col("first_sheet").replace_strict(names, return_dtype=pl.String), "first_line",
        ).sort("row")  # fmt: skip

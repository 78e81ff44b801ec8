"""Rows of one file that name the same person twice, found across chunks in about 40 bytes a row."""

from __future__ import annotations

import polars as pl


class DuplicateFinder:
    """Remembers a 16-byte key and the place of every row it was shown; the first of equals is right, the later ones
    are duplicates. Keys are two 64-bit hashes of the given columns."""

    _SEEDS = (11, 53)

    def __init__(self) -> None:
        schema = {"a": pl.UInt64, "b": pl.UInt64, "first_line": pl.Int32, "first_sheet": pl.Int16}
        self._seen = pl.DataFrame(schema=schema)
        self._sheets: dict[str, int] = {}

    def add(self, frame: pl.DataFrame, *keys: str) -> pl.DataFrame:
        """Rows of `frame` that came before, in this chunk or an earlier one: `row`, `first_sheet`, `first_line`.

        `frame` has `sheet`, `line` and the key columns; rows with a null among the keys are nobody's duplicate.
        """
        for name in frame["sheet"].unique(maintain_order=True):
            self._sheets.setdefault(name, len(self._sheets))
        joined = pl.concat_str(*keys, separator="\x1f")
        whole = pl.all_horizontal(pl.col(key).is_not_null() for key in keys)
        numbered = frame.select("sheet", "line", *keys).with_row_index("row").filter(whole)
        here = numbered.select(
            "row",
            a=joined.hash(self._SEEDS[0]),
            b=joined.hash(self._SEEDS[1]),
            first_line=pl.col("line").cast(pl.Int32),
            first_sheet=pl.col("sheet").replace_strict(self._sheets, return_dtype=pl.Int16),
        )
        own = here.unique(["a", "b"], keep="first", maintain_order=True)
        # A filter before the joins: they then build tables of this chunk's size, never of all rows so far.
        known = self._seen.filter(pl.col("a").is_in(own["a"].implode()))
        firsts = pl.concat([known, own.drop("row")]).unique(["a", "b"], keep="first", maintain_order=True)
        fresh = own.join(known, on=["a", "b"], how="anti")
        later = here.join(fresh.select("row"), on="row", how="anti").select("row", "a", "b")
        self._seen = pl.concat([self._seen, fresh.drop("row")], rechunk=False)
        names = {number: name for name, number in self._sheets.items()}
        return later.join(firsts, on=["a", "b"], how="left", maintain_order="left").select(
            "row", pl.col("first_sheet").replace_strict(names, return_dtype=pl.String), "first_line"
        ).sort("row")  # fmt: skip

"""Rules that look words up in what the context knows: regions and categories."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from intake.checks.folding import folded, without_blanks
from intake.checks.plain import odd_rows
from intake.checks.work import Context, Work, patched
from intake.columns import Column


def check_region(work: Work, column: Column) -> None:
    """A known region code, a retired one replaced by its heir, inside the allowed prefixes.

    Trailing zeros of a padded code fall away (441602000000, 441600). Where towns or villages of a county are not
    loaded, its longer codes stand for the nearest known region above them.
    """
    raw = work.raw[column.key]
    known = work.context.known_regions
    frame = pl.DataFrame({"code": raw}).join(known, left_on="code", right_on="known", how="left", coalesce=False)
    good = (frame["known"].is_not_null() & frame["heir"].is_null() & (frame["code"].str.len_bytes() >= 6)).fill_null(
        value=False
    )
    value = raw
    rows = odd_rows(work, column, good)
    if len(rows):
        cells = _looked_up(raw.gather(rows), work.context)
        for code in ("REGION_UNKNOWN", "REGION_ENDED", "REGION_RETIRED"):
            hit = (cells["code"] == code).fill_null(value=False)
            extra = cells["value"].filter(hit) if code == "REGION_RETIRED" else ""
            work.find_rows(code, column, rows.filter(hit), extra=extra)
        value = patched(raw, rows, cells["value"])
    work.cleaned[column.key] = value
    allowed = [pl.col("value").str.starts_with(prefix) for prefix in work.context.prefixes]
    inside = pl.any_horizontal(pl.lit(value=False), *allowed)
    outside = value.to_frame("value").select(outside=pl.col("value").is_not_null() & ~inside)["outside"]
    work.find("OUT_OF_SCOPE", column, outside)


def _looked_up(cells: pl.Series, context: Context) -> pl.DataFrame:
    """`value` and `code` of cells that are not simply a valid code."""
    text = without_blanks(folded(pl.col("cell"))).str.replace(r"\.0$", "")
    frame = cells.to_frame("cell").select(text=text.replace(dict(context.places)) if context.places else text)
    frame = frame.with_columns(found=pl.lit(None, pl.String), heir=pl.lit(None, pl.String))
    usable = pl.col("text").str.contains("^[0-9]{6}(?:[0-9]{3})?(?:[0-9]{3})?$")
    for attempt in _nearest(pl.col("text"), context):
        tried = frame.select(tried=pl.when(usable & pl.col("found").is_null()).then(attempt))
        hit = tried.join(context.known_regions, left_on="tried", right_on="known", how="left", maintain_order="left",
                         coalesce=False)  # fmt: skip
        frame = frame.with_columns(
            found=pl.coalesce("found", hit["known"]),
            heir=pl.when(pl.col("found").is_null()).then(hit["heir"]).otherwise("heir"),
        )
    return frame.select(
        value=pl.when(pl.col("heir").is_null()).then("found").when(pl.col("heir") != "").then("heir"),
        code=pl.when(pl.col("text") == "").then(None)
        .when(pl.col("found").is_null()).then(pl.lit("REGION_UNKNOWN"))
        .when(pl.col("heir") == "").then(pl.lit("REGION_ENDED"))
        .when(pl.col("heir").is_not_null()).then(pl.lit("REGION_RETIRED")),
    )  # fmt: skip


def _nearest(full: pl.Expr, context: Context) -> list[pl.Expr]:
    """What a code may stand for, the most exact first: itself, without padding, or the region above it."""
    county, city, size = full.str.slice(0, 6), full.str.slice(0, 4), full.str.len_bytes()
    village = county.is_in(list(context.detailed_counties[12]))
    town = county.is_in(list(context.detailed_counties[9]))
    padded_town = (size == 12) & full.str.ends_with("000000") | (size == 9) & full.str.ends_with("000")
    padded_county = (size == 6) & full.str.ends_with("00") & ~city.is_in(list(context.cities_with_counties))
    return [
        full,
        pl.when((size == 12) & (full.str.ends_with("000") | ~village)).then(full.str.slice(0, 9)),
        pl.when(padded_town | ((size >= 9) & ~town)).then(county),
        pl.when(padded_county).then(city),
    ]


def check_categories(work: Work, column: Column) -> None:
    """The codes of the categories that a cell names, in its order, each once; one unknown word refuses the row."""
    raw = work.raw[column.key]
    words = work.context.categories
    single = raw.replace_strict(dict(words), default=None, return_dtype=pl.String) if words else raw.clear(len(raw))
    good = single.is_not_null()
    value = single.to_frame("single").select(pl.when(good).then(pl.concat_list("single")).alias(column.key))[column.key]
    rows = odd_rows(work, column, good)
    if len(rows):
        cells = _split_categories(raw.gather(rows), words)
        hit = cells["unknown"].is_not_null()
        work.find_rows("CATEGORY_UNKNOWN", column, rows.filter(hit), extra=cells["unknown"].filter(hit))
        value = patched(value, rows, cells["value"])
    work.cleaned[column.key] = value


def _split_categories(cells: pl.Series, words: Mapping[str, str]) -> pl.DataFrame:
    """`value` (codes) and `unknown` (the words that stand for nothing) of each cell."""
    narrow = pl.Series(list(words), dtype=pl.String).to_frame("word").select(folded(pl.col("word")))["word"]
    codes = dict(zip(narrow, words.values(), strict=True))
    whole = without_blanks(folded(pl.col("cell")))
    frame = cells.to_frame("cell").with_row_index("at").with_columns(whole=whole)
    split = pl.col("whole").str.replace_all(r"[、,,;;/|+。]+", ",").str.strip_chars(",").str.split(",")
    listed = pl.when(pl.col("whole").is_in(list(codes))).then(pl.concat_list("whole")).otherwise(split)
    parts = frame.select("at", word=listed).explode("word").filter(pl.col("word") != "")
    parts = parts.with_columns(code=pl.col("word").replace_strict(codes, default=None, return_dtype=pl.String))
    # What is shown of a word: never the number of a person that slipped in.
    shown = pl.col("word").str.replace_all(r"[0-9]{6,}[0-9Xx]", "****").str.slice(0, 20)
    grouped = parts.group_by("at", maintain_order=True).agg(
        codes=pl.col("code").unique(maintain_order=True), missing=shown.filter(pl.col("code").is_null())
    )
    joined = frame.select("at").join(grouped, on="at", how="left", maintain_order="left")
    unknown = pl.col("missing").list.len() > 0
    return joined.select(
        value=pl.when(~unknown).then("codes"), unknown=pl.when(unknown).then(pl.col("missing").list.join("、"))
    )

"""Personal values made unreadable, as expressions: enough is left to recognise the cell in one's own file."""

from __future__ import annotations

import polars as pl

from intake.columns import Personal

_DOUBLE_SURNAMES = tuple(
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳"[at : at + 2]
    for at in range(0, 38, 2)
) + tuple(
    "公冶太叔申屠公孙慕容仲孙钟离长孙宇文司徒鲜于司空闾丘子车亓官司寇令狐轩辕呼延百里"[at : at + 2]
    for at in range(0, 40, 2)
)
_MARK = "\x1a"


def masked(value: pl.Expr, personal: Personal | None, clean: str = "text") -> pl.Expr:
    """The value as a finding may show it; "" for an empty cell."""
    plain = value.fill_null("").str.replace(rf"^{_MARK}[NF]", "").str.replace_all(r"\s+", " ").str.strip_chars()
    if personal == "name":
        return _masked_name(plain)
    if personal == "document":
        return _kept_ends(plain, head=4, tail=4)
    if personal == "phone":
        return _kept_ends(plain, head=3, tail=4)
    if personal == "card":
        return _kept_ends(plain, head=0, tail=4)
    if personal == "address":
        return plain.str.slice(0, 3) + pl.when(plain.str.len_chars() > 3).then(pl.lit("****")).otherwise(pl.lit(""))
    if personal == "health":
        return pl.when(plain != "").then(pl.lit("****")).otherwise(pl.lit(""))
    if clean == "region":
        return pl.when(plain.str.contains("^[0-9]{1,12}$")).then(plain).otherwise(_without_numbers(plain))
    return _without_numbers(plain)


def _masked_name(name: pl.Expr) -> pl.Expr:
    double = name.str.slice(0, 2).is_in(_DOUBLE_SURNAMES) & (name.str.len_chars() > 2)
    kept = pl.when(double).then(2).otherwise(1)
    return name.str.slice(0, kept) + pl.lit("*").repeat_by(
        (name.str.len_chars().cast(pl.Int64) - kept).clip(0, 30)
    ).list.join("")


def _kept_ends(value: pl.Expr, *, head: int, tail: int) -> pl.Expr:
    """Head and tail of a long value; of a short one only the last character."""
    length = value.str.len_chars().cast(pl.Int64)
    long = length >= head + tail + 4
    stars = pl.when(long).then(length - head - tail).otherwise(length - 1).clip(0, 40)
    hidden = pl.lit("*").repeat_by(stars).list.join("")
    shown = pl.when(long).then(tail).otherwise(1)
    return pl.when(long).then(value.str.slice(0, head)).otherwise(pl.lit("")) + hidden + value.str.tail(shown)


def _without_numbers(value: pl.Expr) -> pl.Expr:
    """A cell of an open column may hold what slipped in from its neighbour: long numbers never show."""
    return value.str.replace_all(r"[0-9\u{ff10}-\u{ff19}]{6,}[0-9\u{ff10}-\u{ff19}Xx]", "****").str.slice(0, 40)

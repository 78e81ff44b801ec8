"""Rows of any import under review: which ones a page shows, and how it turns.

A page costs the same at the millionth row: by keyset, in the order of the file or by verdict. What a chunk counted of its
rows says which chunks need not be read at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _t

from intake.findings import MEANINGS, SEVERITY_OF, Verdict, plain_words

#: Rows that an address names at most.
FOUND = 50
BY_VERDICT = "verdict"


@dataclass(frozen=True)
class Shown:
    """Which rows a page shows, as its address says: open facts only, a name or a document number is never in it."""

    verdict: int | None = None
    code: str = ""
    sheet: str = ""
    file: int | None = None
    aside: bool = False
    kept: bool = False
    only: tuple[int, ...] = ()
    #: "" as in the file, "verdict", or an order that a room adds.
    sort: str = ""

    @property
    def narrowed(self) -> bool:
        """Whether it is less than all rows."""
        return replace(self, sort="") != type(self)()

    @property
    def by_verdict(self) -> bool:
        """The one order that an index holds."""
        return self.sort == BY_VERDICT


def shown(query: QueryDict, *, sorts: Sequence[str] = (BY_VERDICT,)) -> Shown:
    """What an address asks for; what makes no sense is left out."""
    code, verdict = query.get("code", ""), number(query.get("verdict", ""))
    return Shown(
        verdict=verdict if verdict in {int(each) for each in Verdict} else None,
        code=code if code in MEANINGS else "",
        sheet=query.get("sheet", "")[:80].replace("\x00", ""),
        file=number(query.get("file", "")),
        aside=query.get("aside", "") == "1",
        kept=query.get("kept", "") == "1",
        only=tuple(found for part in query.get("only", "").split(",")[:FOUND] if (found := number(part)) is not None),
        sort=sort if (sort := query.get("sort", "")) in sorts else "",
    )


def number(text: str) -> int | None:
    """A number in an address; None for anything else."""
    return int(text[:18]) if text.isascii() and text.isdecimal() else None


def narrow(rows: QuerySet, wanted: Shown, numbers: Sequence[int] | None) -> QuerySet:
    """Of an import's rows those that are wanted. `numbers`: see `chunks_of`."""
    if wanted.only:
        rows = rows.filter(pk__in=wanted.only)
    if wanted.verdict is not None:
        rows = rows.filter(verdict=wanted.verdict)
    if wanted.code:
        rows = rows.filter(codes__contains=[wanted.code])
    for name, value in (("file", wanted.file), ("sheet", wanted.sheet)):
        if value not in (None, ""):
            rows = rows.filter(**{name: value})
    if wanted.aside:
        rows = rows.exclude(set_aside="")
    if wanted.kept:
        rows = rows.exclude(kept="")
    return rows if numbers is None else rows.filter(chunk__in=numbers)


def in_order(rows: QuerySet, wanted: Shown) -> QuerySet:
    """As in the file, or by verdict."""
    return rows.order_by("verdict", "pk") if wanted.by_verdict else rows.order_by("pk")


def chunks_of(
    wanted: Shown, chunks: Sequence[Any], *, further: Sequence[Callable[[Any], bool]] = ()
) -> list[int] | None:
    """Numbers of the chunks in which such rows are, by their counts and `further` tests; None when that says nothing."""
    tests: list[Callable[[Any], bool]] = list(further)
    if wanted.code and wanted.code in SEVERITY_OF:
        tests.append(lambda chunk: wanted.code in chunk.counts["codes"])
    if wanted.verdict is not None:
        tests.append(lambda chunk: str(wanted.verdict) in chunk.counts["verdicts"])
    if wanted.aside:
        tests.append(lambda chunk: chunk.set_aside_rows > 0)
    if not tests:
        return None
    numbers = [chunk.number for chunk in chunks if all(test(chunk) for test in tests)]
    return None if len(numbers) == len(chunks) else numbers


def page_of(found: QuerySet, wanted: Shown, query: QueryDict, *, size: int) -> tuple[list[Any], str]:
    """The rows of a page, and where the next one begins ("" for the last)."""
    row, after = number(query.get("row", "")), query.get("after", "")
    if row is not None:
        found = found.filter(pk__gte=row)
    elif wanted.by_verdict and "." in after:
        verdict, _dot, last_id = after.partition(".")
        at, beyond = number(verdict), number(last_id)
        if at is not None and beyond is not None:
            # Two ranges of the index, where one condition for both would read a verdict from its first row.
            page = list(found.filter(verdict=at, pk__gt=beyond)[: size + 1])
            page += list(found.filter(verdict__gt=at)[: size + 1 - len(page)])
            return cut(page, _place(wanted), size=size)
    elif (last := number(after)) is not None:
        found = found.filter(pk__gt=last)
    return cut(list(found[: size + 1]), _place(wanted), size=size)


def _place(wanted: Shown) -> Callable[[Any], str]:
    return lambda row: f"{row.verdict}.{row.pk}" if wanted.by_verdict else str(row.pk)


def cut(page: list[Any], place: Callable[[Any], str], *, size: int) -> tuple[list[Any], str]:
    """A page read one row too far, and where the next one begins."""
    return (page, "") if len(page) <= size else (page[:size], place(page[size - 1]))


@dataclass(frozen=True)
class Option:
    """One choice of a filter."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Filter:
    """A filter of the page: its name in the address, its choices."""

    name: str
    label: str
    options: list[Option]


#: (name in the address, label, value -> words, the chosen value)
Offered = tuple[str, str, Mapping[str, str], str]


def filters(offered: Sequence[Offered]) -> list[Filter]:
    """Those that have a choice."""
    return [
        Filter(name, label, [Option(value, text, value == chosen) for value, text in choices.items()])
        for name, label, choices, chosen in offered if choices
    ]


def offered(subject: Any, wanted: Shown, chunks: Sequence[Any]) -> dict[str, Offered]:
    """What the import's own counts, files and sheets let a reader choose, by name; one question."""
    files = {str(file.pk): file.name for file in subject.files.all()}
    sheets = {layout["name"]: layout["name"] for layouts in subject.layouts.values() for layout in layouts if layout["name"]}
    found: list[Offered] = [
        ("verdict", _t("verdict"), {
            str(int(each)): str(each.label) for each in Verdict if subject.verdict_count(each)
        }, str(wanted.verdict or "")),
        ("code", _t("finding"), {
            code: plain_words(MEANINGS[code].cause) for code in subject.counts.get("codes", {}) if code in MEANINGS
        }, wanted.code),
        ("file", _t("file"), files if len(files) > 1 else {}, str(wanted.file or "")),
        ("sheet", _t("sheet"), sheets if len(sheets) > 1 else {}, wanted.sheet),
        ("sort", _t("order"), {BY_VERDICT: _t("by verdict")}, wanted.sort),
        ("aside", _t("outcome"), {"1": _t("set aside")} if any(
            chunk.set_aside_rows for chunk in chunks
        ) else {}, "1" if wanted.aside else ""),
    ]
    return {each[0]: each for each in found}

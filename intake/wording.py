"""Words that a check does not know, counted so that a person can say once what they mean; and what an office has said.

What is kept of them is limited: a wrong column may hold people. No word with a long number in it, none longer than
`LONGEST`, and none at all where a column holds more different unknown words than `MANY`.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import polars as pl
from django.db.models import Q

from intake.checks.folding import folded, without_blanks
from intake.columns import fold_header
from intake.models import Kind, WordMapping
from intake.readers.seen import SheetSeen

LONGEST, MANY = 20, 50
_NUMBER = re.compile(r"[0-9]{6,}|\*{4}")
_LETTER = re.compile(r"[^\W\d_]")
#: Code of a finding -> what its word is, and where the finding keeps it.
_SAID_IN = {"CATEGORY_UNKNOWN": (Kind.CATEGORY, "extra"), "REGION_UNKNOWN": (Kind.REGION, "value_masked")}


def fold_word(kind: str, word: str) -> str:
    """A word as the checks compare it: a heading like a heading, a value like a cell."""
    if kind == Kind.HEADING:
        return fold_header(word)
    frame = pl.DataFrame({"word": [word]}, schema={"word": pl.String})
    return str(frame.select(without_blanks(folded(pl.col("word")))).item())


def showable(word: str) -> bool:
    """Whether a word may be kept and shown: short, made of letters, without a long number."""
    return 0 < len(word) <= LONGEST and not _NUMBER.search(word) and bool(_LETTER.search(word))


def count_unknown(findings: pl.DataFrame) -> dict[str, Any]:
    """The unknown values of a chunk with their rows: {"category": {word: rows}, "region": {...}, "too_many": [kind]}."""
    found: dict[str, Any] = {}
    for code, (kind, place) in _SAID_IN.items():
        cells = findings.filter(pl.col("code") == code)[place].to_list()
        words = Counter(
            fold_word(kind, word) for cell in cells for word in (cell or "").split("、") if showable(word)
        ) if cells else Counter()
        if words:
            found[kind.value] = dict(words)
    return limited(found)


def add_up(counts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The same over all chunks."""
    found: dict[str, Any] = {}
    too_many: set[str] = set()
    for count in counts:
        too_many.update(count.get("too_many", ()))
        for kind in (Kind.CATEGORY.value, Kind.REGION.value):
            found[kind] = dict(Counter(found.get(kind, {})) + Counter(count.get(kind, {})))
    return limited(found, too_many)


def limited(found: Mapping[str, Any], too_many: Iterable[str] = ()) -> dict[str, Any]:
    """Without the kinds of which there are so many words that their column must be another one."""
    over = {*too_many, *(kind for kind, words in found.items() if len(words) > MANY)}
    kept: dict[str, Any] = {kind: dict(sorted(words.items())) for kind, words in found.items() if words and kind not in over}
    return {**kept, "too_many": sorted(over)} if over else kept


def headings_of(sheets: Sequence[SheetSeen]) -> dict[str, Any]:
    """Headings that mean nothing here with a few masked cells below each, and the columns that are named already: by each
    sheet that has such a heading, for a column that one sheet names may stand under another heading in the next."""
    found: dict[str, list[str]] = {}
    for sheet in sheets:
        for word, samples in sheet.unknown.items():
            if showable(word) and fold_header(word):
                found.setdefault(word, list(samples))
    if len(found) > MANY:
        return {}
    named = [sheet.known for sheet in sheets if sheet.unknown]
    taken = sorted(frozenset.intersection(*named)) if named else []
    return {Kind.HEADING.value: found, "taken": taken} if found else {}


def standing(organization_id: int, template: str, *, at: datetime | None = None) -> dict[str, dict[str, str]]:
    """What an office's words stand for, by kind; `at`: as it was then, so that a check that goes on reads as it began."""
    return _by_kind(organization_id, template, "target", at=at)


#: By kind: word -> id of the mapping that says what it stands for.
Marks: TypeAlias = Mapping[str, Mapping[str, int]]


def marks(organization_id: int, template: str, *, at: datetime | None = None) -> Marks:
    """The same words with the mapping that says each."""
    return _by_kind(organization_id, template, "pk", at=at)


def _by_kind(organization_id: int, template: str, name: str, *, at: datetime | None) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {kind: {} for kind in Kind.values}
    lives = Q(ended_at=None) if at is None else Q(made_at__lte=at) & (Q(ended_at=None) | Q(ended_at__gt=at))
    said = WordMapping.objects.filter(lives, organization=organization_id, template=template)
    for kind, word, value in said.order_by("pk").values_list("kind", "word", name):
        found[kind][word] = value
    return found


def knowing(context: Any, words: Mapping[str, Mapping[str, str]]) -> Any:
    """The template's context with an office's words for categories and regions."""
    categories, regions = words[Kind.CATEGORY], words[Kind.REGION]
    if not categories and not regions:
        return context
    known = set(context.checks.categories.values())
    added = {word: code for word, code in categories.items() if code in known}
    checks = dataclasses.replace(
        context.checks, categories={**context.checks.categories, **added}, places=dict(regions)
    )
    return dataclasses.replace(context, checks=checks)


#: (template, kind, target)
Target = tuple[str, str, str]
_names: dict[str, Callable[[set[tuple[str, str]]], Mapping[tuple[str, str], str]]] = {}


def register_targets(template: str, names: Callable[[set[tuple[str, str]]], Mapping[tuple[str, str], str]]) -> None:
    """How a template's (kind, target) read in words; from `ready()`."""
    _names[template] = names


def targets_in_words(targets: Iterable[Target]) -> dict[Target, str]:
    """What targets are called, asked once for all of them."""
    wanted: dict[str, set[tuple[str, str]]] = {}
    for template, kind, target in targets:
        wanted.setdefault(template, set()).add((kind, target))
    return {
        (template, kind, target): name
        for template, pairs in wanted.items() if template in _names
        for (kind, target), name in _names[template](pairs).items()
    }

"""One declaration per column of a file, and the match of a file's headers against it; no cells are read here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from django.utils.functional import Promise

Personal = Literal["name", "document", "phone", "card", "address", "health"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column's headers, cleaning, meaning and example: reader, checks, template, export and documentation follow it.

    `clean` names a rule of `checks.RULES`. `companions` names, by the rule's own word, the keys of the columns that the
    rule reads along (a document's `type`, `birth`, `sex`). `choices` are the drop-down values of the template.
    `fill_down`: a value merged over several rows (a household's head) stands for each of them; in any other column
    merged cells refuse their rows.
    """

    key: str
    label: str | Promise
    synonyms: tuple[str, ...] = ()
    required: bool = False
    clean: str = "text"
    personal: Personal | None = None
    example: str = ""
    help: str | Promise = ""
    choices: tuple[str, ...] = ()
    companions: Mapping[str, str] = field(default_factory=dict)
    max_length: int = 200
    fill_down: bool = False

    @property
    def headers(self) -> tuple[str, ...]:
        """Every heading this column answers to, its label first."""
        return (str(self.label), *self.synonyms)


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """`mapping` gives the position of each recognised column; the other three hold labels or headings for people."""

    mapping: dict[str, int]
    missing: tuple[str, ...]
    twice: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def usable(self) -> bool:
        return not self.missing and not self.twice


# Headings that a file of refused rows carries besides its own: they come back with it and mean nothing.
OWN_HEADINGS = frozenset({"行号", "原因", "line", "reason"})

# Blanks of every width, invisible joiners, and the marks people put around or after a heading.
_BLANKS = re.compile(r"[\s\u00a0\u200b-\u200f\u2060\u3000\ufeff]+")
_MARKS = re.compile(r"^[*※'\"]+|[*※:'\"]+$")
_NOTE = re.compile(r"\([^()]*\)$")


def fold_header(text: str | None) -> str:
    """A heading without blanks, width, case and the asterisk of a required column; "" for an empty cell."""
    folded = _BLANKS.sub("", unicodedata.normalize("NFKC", text or "")).casefold()
    return _MARKS.sub("", folded)


def match_headers(
    headers: Sequence[str | None],
    columns: Iterable[Column],
    *,
    aliases: Mapping[str, str] | None = None,
    known: KnownHeadings | None = None,
) -> HeaderMatch:
    """Position of each column among the headings.

    `aliases` maps a heading to a column key: what a person chose. It wins over the declaration of that heading; but a
    column that another heading of the file names by declaration stays with that one, and the chosen heading is unknown.
    `known` saves the work of folding all headings anew when many rows are tried.
    A heading with a note in brackets ("证件号码(18位)") is tried without it when it is unknown as it stands.
    """
    columns = tuple(columns)
    known = known or KnownHeadings(columns, aliases)
    found: dict[str, list[int]] = {}
    unknown = []
    declared = {known.key_of(heading) for heading in headers if not known.is_alias(heading)}
    for position, heading in enumerate(headers):
        folded = fold_header(heading)
        key = known.key_of(heading)
        if key and not (known.is_alias(heading) and key in declared):
            found.setdefault(key, []).append(position)
        elif folded and folded not in OWN_HEADINGS:
            unknown.append((heading or "").strip())
    labels = {column.key: str(column.label) for column in columns}
    return HeaderMatch(
        mapping={key: positions[0] for key, positions in found.items()},
        missing=tuple(labels[column.key] for column in columns if column.required and column.key not in found),
        twice=tuple(labels[key] for key, positions in found.items() if len(positions) > 1),
        unknown=tuple(unknown),
    )


class KnownHeadings:
    """What each heading stands for; `aliases` win over the declaration."""

    def __init__(self, columns: Iterable[Column], aliases: Mapping[str, str] | None = None) -> None:
        columns = tuple(columns)
        self._keys: dict[str, str] = {}
        for column in columns:
            for heading in column.headers:
                self._keys.setdefault(fold_header(heading), column.key)
        keys = {column.key for column in columns}
        self._aliases = {fold_header(heading): key for heading, key in (aliases or {}).items() if key in keys}
        self._keys.update(self._aliases)

    def is_alias(self, heading: str | None) -> bool:
        """Whether a person said what this heading names."""
        folded = fold_header(heading)
        return folded in self._aliases or (folded not in self._keys and _NOTE.sub("", folded) in self._aliases)

    def key_of(self, heading: str | None) -> str | None:
        """The key of the column that a heading names."""
        folded = fold_header(heading)
        return self._keys.get(folded) or self._keys.get(_NOTE.sub("", folded))

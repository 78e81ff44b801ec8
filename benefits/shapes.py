"""How records are read from plain data and written back: one declaration per field, problems collected with their place."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from benefits import labels, wording
from benefits.facts import HIGHEST, FactsRefused

#: What a codec gives for a value that it refuses; the problem is already reported.
REFUSED: Any = object()
#: Decimal places of ratios and factors.
RATIO_PLACES = 6


class Problem(NamedTuple):
    """What is wrong, where: a place as in `responsibilities[2].bands[1].ratio`, a code, values for the sentence."""

    place: str
    code: str
    values: Mapping[str, Any]

    def say(self, language: str = "en") -> str:
        """The problem with its place."""
        template = wording.PROBLEMS[self.code][wording.LANGUAGES.index(language)]
        values = dict(self.values)
        if "part" in values:
            values["part"] = wording.say(labels.UNKNOWN_PARTS, values["part"], language)
        sentence = template.format(**values)
        return f"{self.place}{wording.mark('colon', language)}{sentence}" if self.place else sentence


class FileRefused(ValueError):
    """A file that does not hold what it should; `problems` says all that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.say() for problem in self.problems))

    def say(self, language: str) -> list[str]:
        """All problems in a language."""
        return [problem.say(language) for problem in self.problems]


class Report:
    """Problems met while reading."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def add(self, place: str, code: str, **values: Any) -> Any:
        """Note a problem; gives what the codec then gives."""
        self.problems.append(Problem(place, code, values))
        return REFUSED

    def raise_if_any(self) -> None:
        """Refuse the file."""
        if self.problems:
            raise FileRefused(self.problems)


class Codec(Protocol):
    """Reads a value from plain data and writes it back."""

    @property
    def says(self) -> str:
        """What it is, for the documentation."""

    def read(self, value: Any, place: str, report: Report) -> Any:
        """The value, or REFUSED with the problem reported."""

    def write(self, value: Any) -> Any:
        """Plain data that `read` reads back to the same."""


def plain_number(value: Decimal) -> Decimal | int:
    """A number as it is written: without needless zeros or exponent."""
    whole = value.to_integral_value()
    if value == whole:
        return int(whole)
    return Decimal(f"{value.normalize():f}")


def shown(value: Any) -> str:
    """A value in a message, not longer than a message should be."""
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


@dataclass(frozen=True)
class Text:
    """A text."""

    longest: int = 500
    pattern: str = ""
    says: str = "text"

    def read(self, value: Any, place: str, report: Report) -> Any:
        """A text of the pattern."""
        if not isinstance(value, str):
            return report.add(place, "no_text", value=shown(value))
        if len(value) > self.longest:
            return report.add(place, "too_long", number=len(value), longest=self.longest)
        if self.pattern and not re.fullmatch(self.pattern, value):
            return report.add(place, "pattern", value=shown(value), pattern=self.pattern)
        return value

    def write(self, value: Any) -> Any:
        """As it is."""
        return value


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    options: tuple[str, ...]

    @property
    def says(self) -> str:
        """The options."""
        return " / ".join(f"`{option}`" for option in self.options)

    def read(self, value: Any, place: str, report: Report) -> Any:
        """One of the options."""
        if isinstance(value, str) and value in self.options:
            return value
        return report.add(place, "choice", value=shown(value), options=", ".join(self.options))

    def write(self, value: Any) -> Any:
        """As it is."""
        return value


@dataclass(frozen=True)
class Flag:
    """true or false."""

    says: str = "true / false"

    def read(self, value: Any, place: str, report: Report) -> Any:
        """True or false, never a word that sounds like it."""
        return value if isinstance(value, bool) else report.add(place, "no_flag", value=shown(value))

    def write(self, value: Any) -> Any:
        """As it is."""
        return value


@dataclass(frozen=True)
class Whole:
    """A whole number."""

    lowest: int = 0
    highest: int = 10_000

    @property
    def says(self) -> str:
        """The range."""
        return f"whole number {self.lowest}-{self.highest}"

    def read(self, value: Any, place: str, report: Report) -> Any:
        """A whole number within the range."""
        if isinstance(value, bool) or not isinstance(value, int):
            return report.add(place, "no_whole", value=shown(value))
        if value < self.lowest:
            return report.add(place, "below", value=shown(value), bottom=self.lowest)
        if value > self.highest:
            return report.add(place, "above", value=shown(value), top=self.highest)
        return value

    def write(self, value: Any) -> Any:
        """As it is."""
        return value


@dataclass(frozen=True)
class Number:
    """A decimal number from 0 to `top` with so many places; never read through a float."""

    top: Decimal
    places: int
    says: str

    def read(self, value: Any, place: str, report: Report) -> Any:
        """A number within the range."""
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            return report.add(place, "no_number", value=shown(value))
        number = Decimal(value)
        if not number.is_finite():
            return report.add(place, "no_number", value=shown(value))
        if number < 0:
            return report.add(place, "below", value=shown(value), bottom=0)
        if number > self.top:
            return report.add(place, "above", value=shown(value), top=self.top)
        if number != round(number, self.places):
            return report.add(place, "places", value=shown(value), places=self.places)
        return number

    def write(self, value: Any) -> Any:
        """Without needless zeros."""
        return plain_number(value)


MONEY = Number(HIGHEST, 2, "yuan")
RATIO = Number(Decimal(1), RATIO_PLACES, "0-1")


@dataclass(frozen=True)
class Day:
    """A day as YYYY-MM-DD."""

    says: str = "YYYY-MM-DD"

    def read(self, value: Any, place: str, report: Report) -> Any:
        """A day of the calendar."""
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        return report.add(place, "no_day", value=shown(value))

    def write(self, value: Any) -> Any:
        """ISO."""
        return value.isoformat()


@dataclass(frozen=True)
class Moment:
    """A moment as YYYY-MM-DD or YYYY-MM-DDTHH:MM, a zone where it is stated; a day alone is its beginning."""

    says: str = "YYYY-MM-DD[THH:MM[+08:00]]"

    def read(self, value: Any, place: str, report: Report) -> Any:
        """A moment."""
        if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value):
            try:
                return datetime.fromisoformat(value)
            except ValueError:
                pass
        return report.add(place, "no_moment", value=shown(value))

    def write(self, value: Any) -> Any:
        """ISO."""
        return value.isoformat()


@dataclass(frozen=True)
class Listed:
    """A list of one kind of value."""

    codec: Codec
    as_set: bool = False
    shortest: int = 0
    longest: int = 1000

    @property
    def says(self) -> str:
        """Of what."""
        return f"list of {self.codec.says}"

    def read(self, value: Any, place: str, report: Report) -> Any:
        """A tuple, or a frozenset."""
        if not isinstance(value, list):
            return report.add(place, "no_list", value=shown(value))
        if len(value) > self.longest:
            return report.add(place, "list_long", number=len(value), longest=self.longest)
        if len(value) < self.shortest:
            return report.add(place, "list_short", number=len(value), shortest=self.shortest)
        read = [self.codec.read(one, f"{place}[{position}]", report) for position, one in enumerate(value)]
        if any(one is REFUSED for one in read):
            return REFUSED
        return frozenset(read) if self.as_set else tuple(read)

    def write(self, value: Any) -> Any:
        """In order; a set sorted."""
        return [self.codec.write(one) for one in (sorted(value) if self.as_set else value)]


@dataclass(frozen=True)
class Field:
    """One field of a record: its key in files, the codec, whether it must be there, what it means."""

    key: str
    codec: Codec
    required: bool = False
    default: Any = None
    means: str = ""
    attribute: str = ""

    @property
    def name(self) -> str:
        """The attribute of the record."""
        return self.attribute or self.key


@dataclass(frozen=True)
class Record:
    """A record of fields; unknown keys are refused with the nearest known one."""

    title: str
    make: Callable[..., Any]
    fields: tuple[Field, ...]
    says: str = field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "says", f"[{self.title}](#{self.title.lower().replace(' ', '-')})")

    def read(self, value: Any, place: str, report: Report) -> Any:
        """The record."""
        values = self.values(value, place, report)
        if values is REFUSED:
            return REFUSED
        try:
            return self.make(**values)
        except FactsRefused as error:
            inner = place if error.place in ("", "payer") else within(place, error.place)
            return report.add(inner, "facts", reason=error.reason)

    def values(self, value: Any, place: str, report: Report) -> Any:
        """The values of all fields that are stated, by attribute."""
        if not isinstance(value, dict):
            return report.add(place, "no_record", value=shown(value))
        known = {one.key for one in self.fields}
        before = len(report.problems)
        for key in value:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, 1)
                report.add(within(place, str(key)), "unknown_key_near" if near else "unknown_key", near=near[0] if near else "")
        values = {}
        for one in self.fields:
            if value.get(one.key) is None:
                if one.required:
                    report.add(within(place, one.key), "missing")
                continue
            values[one.name] = one.codec.read(value[one.key], within(place, one.key), report)
        return values if len(report.problems) == before else REFUSED

    def write(self, value: Any) -> Any:
        """What differs from the default, in the fields' order."""
        written = {}
        for one in self.fields:
            held = getattr(value, one.name)
            if one.required or held != one.default:
                written[one.key] = one.codec.write(held)
        return written


def within(place: str, key: str) -> str:
    """The place of a key within a place."""
    return f"{place}.{key}" if place else key

"""Plans and cases as forms: fields made of the declarations that read the files, and what was filled in made plain data again.

A form is a tree of `Node`s. The name of an input is the place of its value (`responsibilities[2].bands[1].to`), as problems name
it: what is wrong stands at its input. What was filled in comes back as plain data for the same codec, so a form and a file cannot
differ in what they admit. Nothing is lost on the way: a text that is no number stays the text, for the codec to refuse.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from benefits import labels, wording
from benefits.facts_file import COUNTED, PAYMENT, Counters, Payments
from benefits.plan_file import RESPONSIBILITIES, Flat, Name, OfBenefit, Tabled, row_record
from benefits.shapes import (
    RATIO,
    Choice,
    Day,
    Flag,
    Listed,
    Moment,
    Number,
    Problem,
    Record,
    Text,
    Whole,
    within,
)
from benefits.terms import PlanTerms

#: Fields that only few plans or cases need: forms fold them away while they are empty.
RARE = frozenset({
    "bands_per", "claimed_before", "days_per_event", "days_per_year", "deductible_per", "department", "diagnosis", "disease_group",
    "events", "exclusions", "factors", "false_papers", "held_to", "hospital", "indicated", "indication_required", "kinds",
    "lists", "number", "of_remainder", "payments", "refused_departments", "required_list", "settlement_required", "several",
    "shared_deductible", "shared_limits", "tags", "unknown", "used_before",
    "waiting_days", "waiting_waived_when_renewing", "within_days",
    "age", "conditions", "premium_due", "premium_paid", "occupation_class", "injuries", "died_on", "death_paid_elsewhere",
    "read_on", "source",
})
#: Longest list that a form takes in.
MOST = 100
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_SPLIT = re.compile(r"[,,、;;\n]")
_INDEX = re.compile(r"\[(\d+)\]")
Given = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Node:
    """A part of a form. `kind`: an input (text, long, number, choice, choices, flag, list) with its `value`, or a part that holds
    others: record, rows (records of inputs alone, one below the other), table (a number for everybody, or rows of circumstances)
    and cards (records that hold more)."""

    place: str
    key: str
    kind: str
    label: str
    value: Any = ""
    hint: str = ""
    options: tuple[tuple[str, str], ...] = ()
    children: tuple[Node, ...] = ()
    problems: tuple[str, ...] = ()
    required: bool = False
    rare: bool = False

    @property
    def is_input(self) -> bool:
        """Whether it is filled in itself."""
        return self.kind not in ("record", "rows", "table", "cards")

    @property
    def is_simple(self) -> bool:
        """Whether a table is one number for everybody."""
        return len(self.children) == 1 and all(child.is_empty for child in self.children[0].children[:-1])

    @property
    def simple(self) -> Node:
        """The number for everybody of a table."""
        return self.children[0].children[-1]

    @property
    def folds(self) -> bool:
        """Whether some of its fields are folded away."""
        return any(child.folded for child in self.children)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is filled in, nor wrong."""
        if self.problems:
            return False
        if self.is_input:
            return not self.value
        return all(child.is_empty for child in self.children) and (self.kind in ("record", "table") or not self.children)

    @property
    def folded(self) -> bool:
        """Whether a form begins with it out of sight."""
        return self.rare and self.is_empty

    def walk(self) -> Iterable[Node]:
        """It and all within it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Form:
    """What a form needs besides the declaration: language, problems by their place, options of names that a plan makes up."""

    language: str
    problems: Sequence[Problem] = ()
    names: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)

    def node(self, codec: Any, data: Any, place: str, key: str, *, required: bool = False) -> Node:
        """The part of a form for a value."""
        common: dict[str, Any] = {
            "place": place, "key": key, "label": labels.label(key, self.language), "required": required, "rare": key in RARE,
            "problems": self._problems(place),
        }
        match codec:
            case Record() | Name() | Flat():
                if isinstance(data, str):
                    data = {"zh": data}
                return Node(kind="record", children=self._fields(record_of(codec), data, place), **common)
            case OfBenefit():
                found = RESPONSIBILITIES.get(data.get("benefit", "") if isinstance(data, dict) else "")
                return Node(kind="record", children=self._fields(found, data, place) if found else (), **common)
            case Tabled():
                # The number for everybody is always asked for.
                rows = self._many(Flat(row_record(codec.number)), rows_of(data) or [{}], common)
                return replace(rows, kind="table")
            case Payments():
                return self._many(PAYMENT, payments_of(data), common)
            case Counters():
                return self._many(COUNTED, counters_of(data), common)
            case Listed() if holds_records(codec.codec):
                return self._many(codec.codec, data if isinstance(data, list) else [], common)
            case Listed():
                return self._list(codec, data, common)
        return self._input(codec, data, common)

    def _fields(self, record: Record, data: Any, place: str) -> tuple[Node, ...]:
        held = data if isinstance(data, dict) else {}
        return tuple(
            self.node(one.codec, held.get(one.key), within(place, one.key), one.key, required=one.required)
            for one in record.fields if one.key != "ratio" or "bands" not in {other.key for other in record.fields}
        )

    def _many(self, codec: Any, data: Sequence[Any], common: Mapping[str, Any]) -> Node:
        place, key = common["place"], common["key"]
        children = tuple(self.node(codec, one, f"{place}[{position}]", key) for position, one in enumerate(data))
        flat = not isinstance(codec, OfBenefit) and all(_is_leaf(one.codec) for one in record_of(codec).fields)
        return Node(**{**common, "kind": "rows" if flat else "cards", "children": children})

    def _list(self, codec: Listed, data: Any, common: Mapping[str, Any]) -> Node:
        values = tuple(_text(one) for one in data) if isinstance(data, list) else ()
        options = self._options(common["key"], codec.codec)
        if options:
            known = {value for value, _label in options}
            options += tuple((value, value) for value in values if value not in known)
            return Node(**{**common, "kind": "choices", "value": values, "options": options})
        return Node(**{**common, "kind": "list", "value": "、".join(values)})

    def _input(self, codec: Any, data: Any, common: Mapping[str, Any]) -> Node:
        value = "" if data is None else _text(data)
        options = self._options(common["key"], codec)
        if options:
            if value and value not in {each for each, _label in options}:
                options += ((value, value),)
            return Node(**{**common, "kind": "choice", "value": value, "options": options})
        kind = "number" if isinstance(codec, Number | Whole) else "text"
        if isinstance(codec, Text) and codec.longest > 500:
            kind = "long"
        return Node(**{**common, "kind": kind, "value": value, "hint": _hint(codec, common["key"], self.language)})

    def _options(self, key: str, codec: Any) -> tuple[tuple[str, str], ...]:
        if isinstance(codec, Choice):
            return tuple((each, labels.option(key, each, self.language)) for each in codec.options)
        if isinstance(codec, Flag):
            return tuple((each, labels.option(key, each, self.language)) for each in ("true", "false"))
        return tuple(self.names.get(key, ())) if isinstance(codec, Text) else ()

    def _problems(self, place: str) -> tuple[str, ...]:
        return tuple(
            problem._replace(place="").say(self.language) for problem in self.problems if shown_at(problem.place) == place
        )


def names_in(terms_data: Any, language: str) -> dict[str, list[tuple[str, str]]]:
    """Options for fields that name something of the plan: kinds of expense, shared deductibles and limits, responsibilities."""
    data = terms_data if isinstance(terms_data, dict) else {}

    def all_of(key: str, by: str) -> list[tuple[str, str]]:
        held = data.get(key)
        found = [one for one in held if isinstance(one, dict) and one.get(by)] if isinstance(held, list) else []
        return [(str(one[by]), named(one.get("name"), language) or str(one[by])) for one in found]

    kinds = [(code, wording.say(wording.KINDS, code, language)) for code in wording.KINDS] + all_of("kinds", "code")
    limits, deductibles = all_of("limits", "name"), all_of("deductibles", "name")
    return {
        "counts": kinds, "kinds": kinds, "kind": kinds, "shared_limits": limits, "shared_deductible": deductibles,
        "deducts": all_of("responsibilities", "code"),
        "part": [(part, wording.say(labels.UNKNOWN_PARTS, part, language)) for part in labels.UNKNOWN_PARTS],
    }


def named(value: Any, language: str) -> str:
    """A name as plain data, in a language; "" where there is none."""
    if isinstance(value, dict):
        return str(value.get(language) or value.get("zh") or "")
    return value if isinstance(value, str) else ""


def filled(codec: Any, given: Given, place: str) -> Any:
    """What was filled in for a codec, as plain data; None where nothing was."""
    match codec:
        case Record() | Name() | Flat():
            held = {one.key: filled(one.codec, given, within(place, one.key)) for one in record_of(codec).fields}
            return {key: value for key, value in held.items() if value is not None} or None
        case OfBenefit():
            benefit = _one(given, within(place, "benefit"))
            record = RESPONSIBILITIES.get(benefit)
            return {"benefit": benefit} if record is None else filled(record, given, place)
        case Tabled():
            rows = _filled_many(Flat(row_record(codec.number)), given, place)
            return rows[0]["value"] if rows and len(rows) == 1 and set(rows[0]) == {"value"} else rows
        case Payments():
            return _filled_many(PAYMENT, given, place)
        case Counters():
            return _filled_many(COUNTED, given, place)
        case Listed() if holds_records(codec.codec):
            return _filled_many(codec.codec, given, place)
        case Listed():
            texts = [part.strip() for text in given.get(place, ()) for part in _SPLIT.split(text)]
            return [_read(codec.codec, text) for text in texts if text] or None
    text = _one(given, place)
    if isinstance(codec, Text) and not codec.pattern:
        return text or None
    text = unicodedata.normalize("NFKC", text).strip()
    return _read(codec, text) if text else None


def _filled_many(codec: Any, given: Given, place: str) -> list[Any] | None:
    """Elements that stand in the form, in its order; those with nothing in them fall out."""
    positions = set()
    for name in given:
        found = _INDEX.match(name, len(place)) if name.startswith(place) else None
        if found is not None:
            positions.add(int(found[1]))
    elements = [filled(codec, given, f"{place}[{position}]") for position in sorted(positions)[:MOST]]
    return [one for one in elements if one is not None] or None


def record_of(codec: Any) -> Record:
    """The record behind a codec."""
    match codec:
        case Record():
            return codec
        case Flat():
            return codec.record
        case Name():
            return codec.record(dict)
    raise TypeError(f"{codec} is no record")


def holds_records(codec: Any) -> bool:
    """Whether a list of it is one of records."""
    return isinstance(codec, Record | Flat | Name | OfBenefit)


def rows_of(data: Any) -> list[Any]:
    """A table as rows, however it is written: a number alone is the row that holds always."""
    if isinstance(data, list):
        return data
    return [] if data is None else [{"value": data}]


def payments_of(data: Any) -> list[Any]:
    """Payments as a list, however they are written."""
    if isinstance(data, dict):
        return [{"payer": payer, "amount": amount} for payer, amount in data.items()]
    return data if isinstance(data, list) else []


def counters_of(data: Any) -> list[Any]:
    """Counters as a list, however they are written."""
    if isinstance(data, dict):
        return [{"counter": name, "number": number} for name, number in data.items()]
    return data if isinstance(data, list) else []


def whole(data: Any) -> Any:
    """A responsibility whose ratio stands as its only band: forms show bands alone."""
    if not isinstance(data, dict) or data.get("ratio") is None or data.get("bands") is not None:
        return data
    given = {key: value for key, value in data.items() if key != "ratio"}
    return {**given, "bands": [{"ratio": data["ratio"]}]}


def added(data: Any, place: str, element: Any) -> Any:
    """The data with one element more at the end of a list."""
    return _changed(data, steps_of(place), lambda held: [*(held if isinstance(held, list) else rows_of(held)), element])


def removed(data: Any, place: str) -> Any:
    """The data without the element that a place names."""
    *path, last = steps_of(place)
    return _changed(data, path, lambda held: [one for position, one in enumerate(rows_of(held)) if position != last] or None)


def moved(data: Any, place: str, by: int) -> Any:
    """The data with an element of a list moved up (-1) or down (1)."""
    *path, last = steps_of(place)

    def swap(held: Any) -> Any:
        to = int(last) + by
        if not isinstance(held, list) or not 0 <= to < len(held):
            return held
        order = list(held)
        order[int(last)], order[to] = order[to], order[int(last)]
        return order

    return _changed(data, path, swap)


def replaced(data: Any, place: str, value: Any) -> Any:
    """The data with another value at a place; None takes it out."""
    return _changed(data, steps_of(place), lambda _held: value)


def found_at(data: Any, place: str) -> Any:
    """What stands at a place; None where nothing does."""
    for step in steps_of(place):
        if isinstance(step, int):
            data = data[step] if isinstance(data, list) and step < len(data) else None
        else:
            data = data.get(step) if isinstance(data, dict) else None
    return data


def steps_of(place: str) -> list[str | int]:
    """A place as keys and positions."""
    return [int(step) if step.isdecimal() else step for step in re.findall(r"[^.\[\]]+", place)]


def _changed(data: Any, path: Sequence[str | int], change: Any) -> Any:
    if not path:
        return change(data)
    step, *rest = path
    if isinstance(step, int):
        held = list(rows_of(data))
        if step >= len(held):
            return held
        held[step] = _changed(held[step], rest, change)
        return held
    record = dict(data) if isinstance(data, dict) else {}
    value = _changed(record.get(step), rest, change)
    if value is None:
        record.pop(step, None)
    else:
        record[step] = value
    return record


def place_in_words(place: str, terms: PlanTerms | None, language: str) -> str:
    """A place as people say it: the name of the responsibility, then the fields, positions counted from one."""
    said: list[str] = []
    steps = steps_of(place)
    for at, step in enumerate(steps):
        if isinstance(step, str):
            said.append(labels.label(step, language))
        elif steps[at - 1] == "responsibilities" and terms is not None and step < len(terms.responsibilities):
            said[-1] = terms.responsibilities[step].name.say(language)
        else:
            said[-1] = f"{said[-1]} {step + 1}"
    return " · ".join(said)


def problem_in_words(problem: Problem, terms: PlanTerms | None, language: str) -> str:
    """What is wrong, with its place as people say it."""
    sentence = problem._replace(place="").say(language)
    place = place_in_words(problem.place, terms, language)
    return f"{place}{wording.mark('colon', language)}{sentence}" if place else sentence


def shown_at(place: str) -> str:
    """Where a form shows a problem: a ratio alone stands in the first band there."""
    return re.sub(r"^(responsibilities\[\d+\])\.ratio\b", r"\1.bands[0].ratio", place)


def _is_leaf(codec: Any) -> bool:
    if isinstance(codec, Listed):
        return not holds_records(codec.codec)
    return isinstance(codec, Text | Choice | Flag | Whole | Number | Day | Moment)


def _one(given: Given, place: str) -> str:
    texts = given.get(place, ())
    return texts[-1].strip() if texts else ""


def _read(codec: Any, text: str) -> Any:
    """A text as the file would hold it; what is not of its kind stays as it is, and the codec says so."""
    if isinstance(codec, Flag):
        return {"true": True, "false": False}.get(text, text)
    if not isinstance(codec, Number | Whole):
        return text
    plain = unicodedata.normalize("NFKC", text).replace(",", "").strip()
    percent = codec is RATIO and plain.endswith("%")
    plain = plain.removesuffix("%").strip() if percent else plain
    if not _NUMBER.fullmatch(plain) or len(plain) > 40:
        return text
    number = Decimal(plain) / 100 if percent else Decimal(plain)
    return int(number) if number == number.to_integral_value() else number


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _hint(codec: Any, key: str, language: str) -> str:
    if codec is RATIO:
        return "0.7 = 70%"
    if isinstance(codec, Text) and codec.pattern:
        return wording.say(labels.HINTS, key, language) if key in labels.HINTS else ""
    return {Day: "YYYY-MM-DD", Moment: "YYYY-MM-DD HH:MM"}.get(type(codec), "")


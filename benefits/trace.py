"""The steps of a decision: what went in, the rule, what came out; as a table for a reviewer, as sentences for the insured."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from benefits import labels, wording
from benefits.case import Step as RawStep
from benefits.terms import Words

#: Values that are money or ratios, in plain data kept as text.
MONEY = frozenset({
    "amount", "base", "cap", "deductible", "due", "elsewhere", "end", "limit", "paid", "part", "result", "start", "taken",
    "used",
})
RATIOS = frozenset({"factor", "ratio"})
_PLACE = re.compile(r"^bills\[(\d+)\](?:\.lines\[(\d+)\])?$")


class Step(NamedTuple):
    """One step: rule code, the responsibility's code ("" for the whole case), values that went in, what came out."""

    number: int
    rule: str
    responsibility: str
    inputs: Mapping[str, Any]
    result: Any


class Trace:
    """The steps of one decision, in order, with the names that the plan gives its responsibilities and kinds."""

    __slots__ = ("_names", "_steps")

    def __init__(self, steps: Sequence[RawStep], names: Mapping[str, Words]) -> None:
        self._steps = steps
        self._names = names

    def __len__(self) -> int:
        return len(self._steps)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Trace):
            return NotImplemented
        return list(self._steps) == list(other._steps)

    def __hash__(self) -> int:
        return hash(len(self._steps))

    @property
    def steps(self) -> list[Step]:
        """The steps."""
        return [
            Step(
                number, rule, responsibility, {name: value for name, value in values.items() if name != "result"},
                values.get("result"),
            )
            for number, (rule, responsibility, values) in enumerate(self._steps, 1)
        ]

    def table(self, language: str = "zh") -> list[tuple[str, str, str, str, str]]:
        """Rows of text: number, responsibility, what went in, rule, what came out."""
        rows = []
        for step in self.steps:
            inputs = [
                f"{wording.say(wording.INPUTS, name, language)} {said}"
                for name, value in step.inputs.items()
                if (said := self._say(name, value, language))
            ]
            rows.append((
                str(step.number), self._name(step.responsibility, language), wording.mark("semicolon", language).join(inputs),
                wording.RULES[step.rule][0][wording.LANGUAGES.index(language)],
                "" if step.result is None else self._say("result", step.result, language),
            ))
        return rows

    def text_table(self, language: str = "zh") -> str:
        """The table for a terminal."""
        head = tuple(wording.say(wording.COLUMNS, column, language) for column in wording.COLUMNS)
        rows = [head, *self.table(language)]
        widths = [max(_width(row[place]) for row in rows) for place in range(len(head))]
        return "\n".join(
            "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )

    def sentences(self, language: str = "zh") -> list[str]:
        """Plain sentences, one a step, each said of its responsibility."""
        said = []
        for step in self.steps:
            template = _template(step)[wording.LANGUAGES.index(language)]
            values = {name: self._in_sentence(name, value, language) for name, value in step.inputs.items()}
            if step.result is not None:
                values["result"] = self._say("result", step.result, language)
            sentence = template.format(**values)
            if step.responsibility:
                sentence = f"{self._name(step.responsibility, language)}{wording.mark('colon', language)}{sentence}"
            said.append(sentence)
        return said

    def before_total(self, steps: Sequence[RawStep], *, result: Decimal) -> Trace:
        """With further steps ahead of the total, which then comes to another result."""
        rule, responsibility, values = self._steps[-1]
        return Trace([*self._steps[:-1], *steps, (rule, responsibility, {**values, "result": result})], self._names)

    def to_data(self) -> dict[str, Any]:
        """Plain data that `from_data` reads back: amounts are text."""
        return {
            "steps": [
                {"rule": rule, "responsibility": responsibility, **{name: _plain(value) for name, value in values.items()}}
                for rule, responsibility, values in self._steps
            ],
            "names": {code: {"zh": name.zh, "en": name.en} for code, name in self._names.items()},
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Trace:
        """A trace that was kept."""
        steps: list[RawStep] = []
        for kept in data["steps"]:
            values = {
                name: Decimal(value) if name in MONEY | RATIOS and isinstance(value, str) else value
                for name, value in kept.items() if name not in ("rule", "responsibility")
            }
            steps.append((kept["rule"], kept["responsibility"], values))
        return cls(steps, {code: Words(name["zh"], name["en"]) for code, name in data["names"].items()})

    def _name(self, code: str, language: str) -> str:
        name = self._names.get(code)
        return code if name is None else name.say(language)

    def _in_sentence(self, name: str, value: Any, language: str) -> str:
        said = self._say(name, value, language)
        if name == "reason" and said:
            return wording.bracketed(said, language)
        if name == "name" and said:
            return f" ({said})" if language == "en" else f"「{said}」"
        return said

    def _say(self, name: str, value: Any, language: str) -> str:
        if value is None:
            return ""
        if name in RATIOS:
            return percent(value)
        if name in MONEY and isinstance(value, Decimal):
            return yuan(value, language)
        own = self._names.get(f"{name}:{value}") if name in ("kind", "reason") else None
        if own is not None:
            return own.say(language)
        if name == "kind":
            return wording.say(wording.KINDS, value, language)
        if name == "place":
            return place_in_words(value, language)
        if name == "other":
            return self._name(value, language)
        comma = wording.mark("comma", language)
        if name in ("parts", "injuries", "tables"):
            table = wording.TABLES if name == "tables" else labels.UNKNOWN_PARTS
            return comma.join(wording.say(table, str(one), language) for one in value)
        if isinstance(value, dict):
            return comma.join(wording.circumstance(what, how, language) for what, how in value.items())
        tables = {"payer": wording.PAYERS, "per": wording.PERIODS, "code": wording.REFUSALS, "what": wording.ASSUMED}
        return wording.say(tables[name], value, language) if name in tables else str(value)


def _template(step: Step) -> tuple[str, str]:
    """A step's sentence in both languages."""
    if step.rule == "band" and step.inputs["end"] is None:
        return wording.OPEN_BAND if step.inputs["start"] else wording.ONLY_BAND
    return wording.RULES[step.rule][1]


def yuan(amount: Decimal, language: str) -> str:
    """An amount with its unit; fractions of a fen, which exist before rounding only, are shown in full."""
    digits = max(2, -int(amount.normalize().as_tuple().exponent))
    return f"{amount:,.{digits}f}{wording.say(wording.WORDS, 'yuan', language)}"


def percent(ratio: Decimal) -> str:
    """A ratio as a percentage without needless zeros."""
    return f"{(ratio * 100).normalize():f}%"


def place_in_words(place: str, language: str) -> str:
    """A place in the facts as people count: the second line of the first bill."""
    found = _PLACE.match(place)
    if found is None:
        return place or wording.say(wording.WORDS, "of_case", language)
    bill = int(found[1]) + 1
    if found[2] is None:
        return f"第{bill}张票据" if language == "zh" else f"bill {bill}"
    line = int(found[2]) + 1
    return f"第{bill}张票据第{line}项" if language == "zh" else f"bill {bill}, line {line}"


def _plain(value: Any) -> Any:
    """Plain data of one's own: steps of a compiled plan are shared by its decisions."""
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, list):
        return list(value)
    return str(value) if isinstance(value, Decimal) else value


def _width(text: str) -> int:
    """Columns of a terminal that a text takes."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)

"""A case as a YAML or JSON file, for quotes and trials; the same care as for plans. The format is described in docs/plans.md."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from benefits.facts import (
    PAYERS,
    UNSTATED_HOSPITAL,
    Bill,
    Cover,
    Event,
    Facts,
    FactsRefused,
    Hospital,
    Insured,
    Line,
    Payment,
)
from benefits.plan_file import CODE, WORD
from benefits.shapes import (
    MONEY,
    REFUSED,
    Choice,
    Day,
    Field,
    Flag,
    Listed,
    Moment,
    Number,
    Record,
    Report,
    Text,
    Whole,
    within,
)
from benefits.terms import EVENT_KINDS, HEALTH_CLASSES, LOCALITIES, SETTINGS
from benefits.text_data import read_text, write_text
from benefits.usage import NOTHING_USED, Usage

PAYMENT = Record("Payment", Payment, (
    Field("payer", Choice(PAYERS), required=True), Field("amount", MONEY, required=True),
    Field("kinds", Listed(CODE), default=(), means="kinds of lines it is for"),
))
COUNTER = Number(Decimal("1e12"), 12, "number")


@dataclass(frozen=True)
class Payments:
    """What others paid: {payer: yuan}, or a list of payments."""

    says: str = "{payer: yuan}, or list of [payments](#payment)"

    def read(self, value: Any, place: str, report: Report) -> Any:
        """A tuple of payments."""
        if isinstance(value, list):
            return Listed(PAYMENT).read(value, place, report)
        if not isinstance(value, dict):
            return report.add(place, "no_record", value=str(value)[:60])
        read = []
        for payer, amount in value.items():
            if payer not in PAYERS:
                return report.add(within(place, payer), "choice", value=payer, options=", ".join(PAYERS))
            number = MONEY.read(amount, within(place, payer), report)
            if number is REFUSED:
                return REFUSED
            read.append(Payment(payer, number))
        return tuple(read)

    def write(self, value: tuple[Payment, ...]) -> Any:
        """As a list."""
        return Listed(PAYMENT).write(value)


_WORDS = Listed(WORD, as_set=True)
NOTHING: frozenset[str] = frozenset()
LINE = Record("Line", Line, (
    Field("kind", CODE, required=True, means="what it is; `self_pay` is in-catalogue cost"),
    Field("amount", MONEY, required=True, means="the whole cost"),
    Field("payments", Payments(), default=(), means="what others paid of it"),
    Field("code", WORD, default=""),
    Field("lists", _WORDS, default=NOTHING, means="lists on which it stands on its day"),
    Field("indicated", Flag(), default=True),
    Field("tags", _WORDS, default=NOTHING),
))
HOSPITAL = Record("Hospital", Hospital, (
    Field("level", Whole(0, 3)), Field("public", Flag()), Field("department", WORD, default="general"),
    Field("lists", _WORDS, default=NOTHING), Field("code", WORD, default=""),
))
BILL = Record("Bill", Bill, (
    Field("number", WORD, default="", means="invoice number; twice in a case: refused"),
    Field("day", Day()),
    Field("setting", Choice(SETTINGS), default="inpatient"),
    Field("locality", Choice(LOCALITIES), default="local"),
    Field("settled", Flag(), default=True, means="through basic insurance"),
    Field("hospital", HOSPITAL, default=UNSTATED_HOSPITAL),
    Field("diagnosis", WORD, default="", means="ICD-10"),
    Field("disease_group", WORD, default=""),
    Field("days", Whole(0, 3650), default=0, means="in hospital"),
    Field("lines", Listed(LINE), default=()),
    Field("payments", Payments(), default=(), means="of the bill, naming no line"),
    Field("tags", _WORDS, default=NOTHING),
    Field("claimed_before", Flag(), default=False),
    Field("false_papers", Flag(), default=False),
))
INSURED = Record("Insured", Insured, (
    Field("birth_on", Day()), Field("age", Whole(0, 150)),
    Field("health_class", Choice(HEALTH_CLASSES), default="", means="overrides what follows from `conditions`"),
    Field("conditions", _WORDS, default=NOTHING, means="groups of diseases had before the cover"),
    Field("continuity_years", Whole(0, 100), default=0), Field("claim_free_years", Whole(0, 100), default=0),
    Field("occupation_class", Whole(1, 7)), Field("premium_paid", MONEY), Field("premium_due", MONEY),
))
COVER = Record("Cover", Cover, (Field("starts_at", Moment(), required=True), Field("ends_at", Moment(), required=True)))
EVENT = Record("Event", Event, (
    Field("code", WORD, default="", means="a case's reference"),
    Field("kind", Choice(EVENT_KINDS), default="illness"),
    Field("at", Moment()), Field("diagnosis", WORD, default=""), Field("disease_group", WORD, default=""),
    Field("tags", _WORDS, default=NOTHING),
    Field("injuries", Listed(Whole(1, 10)), default=(), means="disability grades, 1 the gravest"),
    Field("died_on", Day()), Field("death_paid_elsewhere", MONEY, default=Decimal(0)),
))
CASE_FIELDS = (
    Field("insured", INSURED, default=Insured()), Field("cover", COVER), Field("event", EVENT, default=Event()),
    Field("bills", Listed(BILL), default=()),
)


COUNTED = Record("Counter", dict, (Field("counter", WORD, required=True), Field("number", COUNTER, required=True)))


@dataclass(frozen=True)
class Counters:
    """Usage: {counter: number}, or a list of counters as a form fills it in."""

    says: str = "{counter: number}"

    def read(self, value: Any, place: str, report: Report) -> Any:
        """Usage; a counter that a list names twice is refused."""
        if isinstance(value, list) and value:
            return self._read_rows(value, place, report)
        if not isinstance(value, dict):
            return report.add(place, "no_record", value=str(value)[:60])
        read = {name: COUNTER.read(amount, within(place, name), report) for name, amount in value.items()}
        return REFUSED if any(amount is REFUSED for amount in read.values()) else Usage(read)

    def _read_rows(self, value: list[Any], place: str, report: Report) -> Any:
        rows = Listed(COUNTED).read(value, place, report)
        if rows is REFUSED:
            return REFUSED
        read: dict[str, Decimal] = {}
        for position, row in enumerate(rows):
            if row["counter"] in read:
                return report.add(f"{place}[{position}].counter", "counter_twice", value=row["counter"])
            read[row["counter"]] = row["number"]
        return Usage(read)

    def write(self, value: Usage) -> Any:
        """Numbers by name."""
        return {name: COUNTER.write(amount) for name, amount in value.items()}


@dataclass(frozen=True, slots=True)
class NamedCase:
    """A case of a file with its name."""

    name: str
    facts: Facts


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Cases in order of settlement, and what was used before the first."""

    cases: tuple[NamedCase, ...]
    used_before: Usage = NOTHING_USED


def _case(name: str = "", **values: Any) -> tuple[str, dict[str, Any]]:
    return name, values


CASE = Record("Case", _case, (Field("name", Text(100), default=""), *CASE_FIELDS))
CASE_FILE = Record("Case file", dict, (
    *CASE_FIELDS,
    Field("cases", Listed(CASE), means="several, one after the other; what stands above holds for each unless it says otherwise"),
    Field("used_before", Counters(), means="counters of the cover before the first case"),
))


def cases_of(data: Any) -> CaseFile:
    """Cases from plain data; raises FileRefused with everything that is wrong."""
    report = Report()
    read = CASE_FILE.read(data, "", report)
    report.raise_if_any()
    used = read.pop("used_before", NOTHING_USED)
    given = read.pop("cases", None)
    named = [("", {})] if given is None else given
    cases = []
    for position, (name, values) in enumerate(named):
        place = "" if given is None else f"cases[{position}]"
        try:
            facts = Facts(**{**read, **values})
        except FactsRefused as error:
            report.add(within(place, error.place), "facts", reason=error.reason)
        else:
            cases.append(NamedCase(name or f"{position + 1}", facts))
    report.raise_if_any()
    return CaseFile(tuple(cases), used)


def load(text: str, *, form: str = "yaml") -> CaseFile:
    """Cases from a YAML or JSON text."""
    return cases_of(read_text(text, form=form))


def load_path(path: Path) -> CaseFile:
    """Cases from a file, by its ending."""
    return load(path.read_text(encoding="utf-8-sig"), form="json" if path.suffix.lower() == ".json" else "yaml")



def dump(facts: Facts, *, form: str = "json") -> str:
    """A text of one case that `load` reads back to the same facts."""
    return write_text(Record("Facts", dict, CASE_FIELDS).write(facts), form=form)

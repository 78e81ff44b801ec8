"""A plan as a YAML or JSON file: load, dump, and messages that name the place. The format is described in docs/plans.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from benefits import soundness
from benefits.shapes import (
    MONEY,
    RATIO,
    REFUSED,
    Choice,
    Codec,
    Day,
    Field,
    FileRefused,
    Flag,
    Listed,
    Number,
    Record,
    Report,
    Text,
    Whole,
    within,
)
from benefits.terms import (
    ALWAYS,
    BENEFITS,
    DECISIVE,
    EVENT_KINDS,
    HEALTH_CLASSES,
    LOCALITIES,
    OPEN,
    PLAN_KINDS,
    SETTINGS,
    AgeRange,
    Allowance,
    Band,
    Death,
    Disability,
    Exclusion,
    Expense,
    Factor,
    HospitalCondition,
    Limit,
    LumpSum,
    Named,
    Note,
    Occupations,
    PlanTerms,
    PreExisting,
    Price,
    Responsibility,
    Row,
    SharedDeductible,
    SharedLimit,
    Table,
    Unknown,
    When,
    Words,
)
from benefits.text_data import read_text, write_text

CODE = Text(40, r"[a-z][a-z0-9_]*", "code: small letters, digits, _")
PLAN_CODE = Text(60, r"[a-z0-9][a-z0-9-]*", "code: small letters, digits, -")
REFUSAL = Text(40, r"[A-Z][A-Z0-9_]*", "refusal code: capitals, digits, _")
WORD = Text(60, says="text")


@dataclass(frozen=True)
class Name:
    """A name: Chinese as a text, or both languages as {zh, en}."""

    says: str = "name, or {zh, en}"
    longest: int = 500

    def read(self, value: Any, place: str, report: Report) -> Any:
        """Words."""
        if isinstance(value, str):
            text = Text(self.longest).read(value, place, report)
            return text if text is REFUSED else Words(text)
        return self.record(Words).read(value, place, report)

    def write(self, value: Words) -> Any:
        """A text where there is no English."""
        return self.record(Words).write(value) if value.en else value.zh

    def record(self, make: Callable[..., Any]) -> Record:
        """Both languages as a record of whatever `make` makes."""
        text = Text(self.longest)
        return Record("Name", make, (Field("zh", text, required=True), Field("en", text, default="")))


NAME = Name()

WHEN_FIELDS = (
    Field("health_class", Choice(HEALTH_CLASSES), means="class of the expense under the plan's `pre_existing` rule"),
    Field("continuity_from", Whole(0, 100), default=0, means="insured for so many years in a row before this one, or more"),
    Field("claim_free_from", Whole(0, 100), default=0, means="so many years in a row without a claim, or more"),
    Field("locality", Choice(LOCALITIES), means="where the treatment was"),
    Field("settled", Flag(), means="whether the bill was settled through basic insurance"),
    Field("age_from", Whole(0, 150), means="age in full years, inclusive"),
    Field("age_to", Whole(0, 150), means="age in full years, inclusive"),
)
_WHEN_NAMES = tuple(one.name for one in WHEN_FIELDS)


def _row(value: Decimal, **when: Any) -> Row:
    return Row(value, When(**when) if when else ALWAYS)


@dataclass(frozen=True)
class Flat:
    """A record whose `when` is written beside its own fields."""

    record: Record
    says: str = "row"

    def read(self, value: Any, place: str, report: Report) -> Any:
        """The record with its circumstances."""
        return self.record.read(value, place, report)

    def write(self, value: Any) -> Any:
        """Circumstances first, then what holds in them."""
        written = {}
        for one in self.record.fields:
            held = getattr(value.when if one.name in _WHEN_NAMES else value, one.name)
            if one.required or held != one.default:
                written[one.key] = one.codec.write(held)
        return written


def row_record(number: Codec) -> Record:
    """A row of a table of money or ratios."""
    return Record("Row", _row, (*WHEN_FIELDS, Field("value", number, required=True, means="the value in these circumstances")))


@dataclass(frozen=True)
class Tabled:
    """One number for everybody, or rows of which the first that holds gives the number."""

    number: Number

    @property
    def says(self) -> str:
        """Number or rows."""
        return f"{self.number.says}, or [rows](#row)"

    def read(self, value: Any, place: str, report: Report) -> Any:
        """A table."""
        if isinstance(value, list):
            return Listed(Flat(row_record(self.number)), shortest=1, longest=100).read(value, place, report)
        number = self.number.read(value, place, report)
        return number if number is REFUSED else (Row(number),)

    def write(self, value: Table) -> Any:
        """A number where it is the same for everybody."""
        if len(value) == 1 and value[0].when == ALWAYS:
            return self.number.write(value[0].value)
        return Listed(Flat(row_record(self.number))).write(value)


MONEY_TABLE, RATIO_TABLE = Tabled(MONEY), Tabled(RATIO)

BAND = Record("Band", Band, (
    Field("from", MONEY, default=Decimal(0), attribute="start", means="first yuan of the band"),
    Field("to", MONEY, attribute="end", means="where the next band begins; left out: no end"),
    Field("ratio", RATIO_TABLE, required=True, means="paid part of what falls into the band"),
))


def _factor(value: Decimal, kinds: tuple[str, ...] = (), **when: Any) -> Factor:
    return Factor(value, kinds, When(**when) if when else ALWAYS)


FACTOR = Record("Factor", _factor, (
    Field("kinds", Listed(CODE), default=(), means="kinds it concerns; left out: all"),
    *WHEN_FIELDS,
    Field("value", RATIO, required=True, means="the part of the expense that counts"),
))
LIMIT = Record("Limit", Limit, (
    Field("amount", MONEY_TABLE, required=True, means="the most that is paid"),
    Field("per", Choice(Limit.PERIODS), default="year", means="of one line, one day, one event, or the year of cover"),
))
SHARED_LIMIT = Record("Shared limit", SharedLimit, (
    Field("name", CODE, required=True, means="what responsibilities call it by"),
    Field("amount", MONEY_TABLE, required=True, means="the most that is paid together"),
    Field("per", Choice(SharedLimit.PERIODS), default="year"),
))
SHARED_DEDUCTIBLE = Record("Shared deductible", SharedDeductible, (
    Field("name", CODE, required=True, means="what responsibilities call it by"),
    Field("amount", MONEY_TABLE, required=True),
    Field("per", Choice(SharedLimit.PERIODS), default="year"),
))
EXCLUSION = Record("Exclusion", Exclusion, (
    Field("name", NAME, required=True, means="what is excluded, in words"),
    Field("code", REFUSAL, default="EXCLUDED", means="the refusal code"),
    Field("tags", Listed(WORD), default=(), means="marks a reviewer sets on event, bill or line"),
    Field("diagnoses", Listed(WORD), default=(), means="beginnings of ICD-10 codes"),
    Field("kinds", Listed(CODE), default=(), means="kinds of lines"),
    Field("settings", Listed(Choice(SETTINGS)), default=()),
))
HOSPITAL = Record("Hospital condition", HospitalCondition, (
    Field("level_from", Whole(1, 3), means="lowest level"),
    Field("public", Flag(), default=False, means="true: public hospitals only"),
    Field("listed", WORD, default="", means="name of a list on which the hospital must stand"),
    Field("refused_departments", Listed(WORD), default=(), means="departments that do not count: special_needs, international"),
))
AGE = Record("Age", AgeRange, (
    Field("lowest", Whole(0, 150)), Field("highest", Whole(0, 150), means="inclusive"),
    Field("on", Choice(AgeRange.DAYS), default="cover_start", means="the day on which it counts"),
))


def _quoted(parts: tuple[str, ...]) -> str:
    return ", ".join(f"`{part}`" for part in parts)


UNKNOWN = Record("Unknown", Unknown, (
    Field("part", CODE, required=True,
          means=f"{_quoted(DECISIVE)} keep the responsibility from being decided; {_quoted(OPEN)} are taken as no condition, "
          "and decisions say so; any other code is only told"),
    Field("text", NAME, required=True, means="what the source does not say"),
))

COMMON_FIELDS = (
    Field("code", CODE, required=True, means="stable, unique in the plan"),
    Field("name", NAME, required=True),
    Field("benefit", Choice(tuple(BENEFITS)), required=True, means="what kind of responsibility it is"),
)
CONDITION_FIELDS = (
    Field("events", Listed(Choice(EVENT_KINDS)), default=(), means="left out: any"),
    Field("held_to", Choice(Responsibility.HELD_TO), default="treatment",
          means="whether the day of treatment or the moment of the event must lie in the cover; without bills always the event"),
    Field("waiting_days", Whole(0, 1000), default=0, means="days from the start of cover; accidents are exempt"),
    Field("waiting_waived_when_renewing", Flag(), default=True),
    Field("within_days", Whole(0, 3650), means="treatment or death at most so many days after the event"),
    Field("age", AGE),
)
BILL_FIELDS = (
    Field("settings", Listed(Choice(SETTINGS)), default=(), means="left out: any"),
    Field("hospital", HOSPITAL),
    Field("settlement_required", Flag(), default=False, means="true: only bills settled through basic insurance count"),
)
END_FIELDS = (
    Field("limits", Listed(LIMIT), default=(), means="its own"),
    Field("shared_limits", Listed(CODE), default=(), means="names of the plan's `limits`"),
    Field("exclusions", Listed(EXCLUSION), default=()),
    Field("unknown", Listed(UNKNOWN), default=()),
)
EXPENSE_FIELDS = (
    Field("counts", Listed(CODE), default=(), means="kinds of lines; a line counts in the first responsibility that admits it"),
    Field("of_remainder", Flag(), default=False, means="true: counts what earlier responsibilities left unpaid of a line"),
    Field("required_list", WORD, default="", means="name of a list on which the line must stand"),
    Field("indication_required", Flag(), default=False),
    Field("factors", Listed(Flat(FACTOR, "[factors](#factor)")), default=(), means="all that hold are multiplied"),
    Field("deductible", MONEY_TABLE, default=(), means="its own"),
    Field("deductible_per", Choice(SharedLimit.PERIODS), default="year"),
    Field("shared_deductible", CODE, default="", means="name of one of the plan's `deductibles`"),
    Field("ratio", RATIO_TABLE, default=(), means="short for one band without end"),
    Field("bands", Listed(BAND, shortest=1, longest=50), default=()),
    Field("bands_counted", Choice(Expense.BANDS_COUNTED), default="after_deductible",
          means="whether bands begin at the first yuan above the deductible or at the first that counts"),
    Field("bands_per", Choice(SharedLimit.PERIODS), default="year"),
)
LUMP_SUM_FIELDS = (
    Field("amount", MONEY_TABLE, default=(), means="the fixed amount"),
    Field("diagnoses", Listed(WORD), default=(), means="beginnings of ICD-10 codes"),
    Field("times", Whole(1, 100), default=1, means="so often in a cover"),
)
ALLOWANCE_FIELDS = (
    Field("amount", MONEY_TABLE, default=(), means="yuan a day"),
    Field("days_unpaid", Whole(0, 365), default=0, means="first days of an event that are not paid"),
    Field("days_per_event", Whole(0, 3650)),
    Field("days_per_year", Whole(0, 366)),
)
DEATH_FIELDS = (
    Field("amount", MONEY_TABLE, default=(), means="the sum insured"),
    Field("deducts", Listed(CODE), default=(), means="responsibilities whose payments under the same cover are deducted"),
    Field("cap_over_policies", MONEY_TABLE, default=(), means="the most over all policies; who has no row has no cap"),
)
DISABILITY_FIELDS = (
    Field("amount", MONEY_TABLE, default=(), means="the sum insured"),
    Field("scale", Listed(RATIO, shortest=1, longest=10), default=(), means="paid part for grade 1, 2, ..."),
    Field("several", Choice(Disability.SEVERAL), default="worst_raised",
          means="several injuries: the worst grade; `worst_raised`: equal worst grades count one graver"),
)
SHAPES: dict[type[Responsibility], tuple[Field, ...]] = {
    Expense: (*COMMON_FIELDS, *EXPENSE_FIELDS[:4], *BILL_FIELDS, *CONDITION_FIELDS, *EXPENSE_FIELDS[4:], *END_FIELDS),
    LumpSum: (*COMMON_FIELDS, *LUMP_SUM_FIELDS, *CONDITION_FIELDS, *END_FIELDS),
    Allowance: (*COMMON_FIELDS, *ALLOWANCE_FIELDS, *BILL_FIELDS, *CONDITION_FIELDS, *END_FIELDS),
    Death: (*COMMON_FIELDS, *DEATH_FIELDS, *CONDITION_FIELDS, *END_FIELDS),
    Disability: (*COMMON_FIELDS, *DISABILITY_FIELDS, *CONDITION_FIELDS, *END_FIELDS),
}


def _made(kind: type[Responsibility], **values: Any) -> Responsibility:
    values.pop("benefit", None)
    ratio = values.pop("ratio", None)
    if ratio is not None:
        values["bands"] = (Band(ratio),)
    return kind(**values)


RESPONSIBILITIES: dict[str, Record] = {
    kind.benefit: Record(f"Benefit {kind.benefit}", partial(_made, kind), fields) for kind, fields in SHAPES.items()
}


@dataclass(frozen=True)
class OfBenefit:
    """A responsibility, of the shape that its `benefit` names."""

    says: str = "[responsibility](#responsibilities)"

    def read(self, value: Any, place: str, report: Report) -> Any:
        """The responsibility."""
        if not isinstance(value, dict):
            return report.add(place, "no_record", value=str(value)[:60])
        benefit = value.get("benefit")
        if not isinstance(benefit, str) or benefit not in RESPONSIBILITIES:
            if benefit is None:
                return report.add(within(place, "benefit"), "missing")
            return Choice(tuple(BENEFITS)).read(benefit, within(place, "benefit"), report)
        if value.get("ratio") is not None and value.get("bands") is not None:
            report.add(within(place, "bands"), "ratio_twice")
        return RESPONSIBILITIES[benefit].read(value, place, report)

    def write(self, value: Responsibility) -> Any:
        """In the shape's order; one band without end is written as its ratio."""
        single = isinstance(value, Expense) and len(value.bands) == 1 and value.bands[0] == Band(value.bands[0].ratio)
        written: dict[str, Any] = {}
        for one in RESPONSIBILITIES[value.benefit].fields:
            if one.key == "ratio":
                if single and isinstance(value, Expense):
                    written["ratio"] = one.codec.write(value.bands[0].ratio)
                continue
            held = getattr(value, one.name)
            if (one.required or held != one.default) and not (single and one.key == "bands"):
                written[one.key] = one.codec.write(held)
        return written


NAMED = Record("Named", Named, (Field("code", CODE, required=True), Field("name", NAME, required=True)))
PRE_EXISTING_RULE = Record("Pre-existing conditions", PreExisting, (
    Field("by", Choice(PreExisting.WAYS), required=True,
          means="`person`: all expenses of who had such a disease; `treatment`: expenses for it alone"),
    Field("groups", Listed(NAMED), default=(), means="groups of diseases that count; left out: any"),
))
PRICE = Record("Price", Price, (
    Field("amount", MONEY, required=True), Field("age_from", Whole(0, 150), means="inclusive"),
    Field("age_to", Whole(0, 150), means="inclusive"), Field("student", Flag()), Field("name", NAME),
    Field("category", Text(40, r"[a-z][a-z0-9_]*", "code of a category"), default="", means="a category of the portal's table"),
))
OCCUPATIONS = Record("Occupations", Occupations, (
    Field("highest_class", Whole(1, 7), required=True, means="classes above it cannot be insured"),
    Field("wrong_class", Choice(Occupations.WRONG), required=True,
          means="a class stated wrong: pay in the ratio of premium paid to premium due, or in full"),
))
NOTE = Record("Note", Note, (
    Field("mark", Choice(Note.MARKS), required=True,
          means="P read on a public page, S claims report, M general knowledge, X our proposal"),
    Field("place", Text(200), default="", means="what it is about; left out: the plan"),
    Field("source", NAME, means="what was read: a document, a page; P and S name it"),
    Field("read_on", Day(), means="when; left out: not known, and nobody read it again"),
    Field("text", Name(longest=1000), required=True),
))
PLAN = Record("Plan", PlanTerms, (
    Field("code", PLAN_CODE, required=True, means="the file's name"),
    Field("name", NAME, required=True),
    Field("kind", Choice(PLAN_KINDS), default="supplementary"),
    Field("year", Whole(2000, 2100), means="left out: unknown"),
    Field("region", Text(12, r"\d{2,12}", "region code"), default="", means="where it applies"),
    Field("starts", Text(5, r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "MM-DD"), default="", means="common first day of cover"),
    Field("prices", Listed(PRICE), default=(), means="yuan a person; the first that fits holds"),
    Field("pre_existing", PRE_EXISTING_RULE, means="left out: nothing is pre-existing unless a reviewer says so"),
    Field("occupations", OCCUPATIONS),
    Field("kinds", Listed(NAMED), default=(), means="kinds of expenses beside the common ones"),
    Field("deductibles", Listed(SHARED_DEDUCTIBLE), default=(), means="shared by responsibilities that name them"),
    Field("limits", Listed(SHARED_LIMIT), default=(), means="shared by responsibilities that name them"),
    Field("exclusions", Listed(EXCLUSION), default=(), means="for all responsibilities"),
    Field("responsibilities", Listed(OfBenefit(), shortest=1, longest=100), required=True, means="in order of settlement"),
    Field("notes", Listed(NOTE), default=(), means="sources"),
    Field("unknown", Listed(UNKNOWN), default=(), means="what the source does not state"),
))


class PlanRefused(FileRefused):
    """A file that is no plan."""


def terms_of(data: Any) -> PlanTerms:
    """A plan from plain data; raises PlanRefused with everything that is wrong."""
    report = Report()
    terms = PLAN.read(data, "", report)
    if report.problems:
        raise PlanRefused(report.problems)
    faults = soundness.faults(terms)
    if faults:
        raise PlanRefused(faults)
    assert isinstance(terms, PlanTerms)
    return terms


def data_of(terms: PlanTerms) -> dict[str, Any]:
    """Plain data that `terms_of` reads back to the same terms."""
    written: dict[str, Any] = PLAN.write(terms)
    return written


def load(text: str, *, form: str = "yaml") -> PlanTerms:
    """A plan from a YAML or JSON text."""
    try:
        return terms_of(read_text(text, form=form))
    except PlanRefused:
        raise
    except FileRefused as error:
        raise PlanRefused(error.problems) from error


def dump(terms: PlanTerms, *, form: str = "yaml") -> str:
    """A text that `load` reads back to the same terms."""
    return write_text(data_of(terms), form=form)


def load_path(path: Path) -> PlanTerms:
    """A plan from a file, by its ending."""
    return load(path.read_text(encoding="utf-8-sig"), form="json" if path.suffix.lower() == ".json" else "yaml")

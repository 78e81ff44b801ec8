"""A plan version as immutable facts that an actuary can read: no arithmetic lives here.

Money is Decimal yuan, ratios and factors are Decimals from 0 to 1, bands and limits are half-open: from <= x < to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

ZERO = Decimal(0)
ONE = Decimal(1)

HEALTHY = "healthy"
PRE_EXISTING = "pre_existing"
HEALTH_CLASSES = (HEALTHY, PRE_EXISTING)
SETTINGS = ("inpatient", "outpatient", "special_outpatient", "pharmacy")
LOCALITIES = ("local", "elsewhere_registered", "elsewhere", "abroad")
EVENT_KINDS = ("illness", "accident")
#: What an expense line is; a plan may declare more.
KINDS = (
    "self_pay", "class_b_first", "out_of_catalogue", "special_drug", "device", "proton_heavy_ion", "overseas_drug",
    "car_t",
)
PLAN_KINDS = ("supplementary", "hardship", "day_cover")
#: Parts of a responsibility without which it cannot be decided.
DECISIVE = ("counts", "deductible", "ratio", "amount")
#: Parts without which a case is decided as if there were no such condition; doubts and decisions say so.
OPEN = ("settings", "hospitals", "pre_existing", "waiting_days", "within_days", "exclusions", "limit")


@dataclass(frozen=True, slots=True)
class Words:
    """A name in both languages; English may be left out."""

    zh: str
    en: str = ""

    def say(self, language: str) -> str:
        """The name in "zh" or "en"; what is not said in English is said in Chinese."""
        return self.en or self.zh if language == "en" else self.zh


@dataclass(frozen=True, slots=True)
class When:
    """Circumstances in which a row of a table holds; what is not stated holds always. Ages are inclusive."""

    health_class: str | None = None
    continuity_from: int = 0
    claim_free_from: int = 0
    locality: str | None = None
    settled: bool | None = None
    age_from: int | None = None
    age_to: int | None = None


ALWAYS = When()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: its value, and when."""

    value: Decimal
    when: When = ALWAYS


#: The first row whose circumstances are met gives the value.
Table = tuple[Row, ...]


def fixed(value: Decimal | int | str) -> Table:
    """A table with one value for everybody."""
    return (Row(Decimal(value)),)


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of expenses and the ratio paid of it; `end` None is without end."""

    ratio: Table
    start: Decimal = ZERO
    end: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Factor:
    """The part of an expense that counts at all: of these kinds (none named: all), in these circumstances."""

    value: Decimal
    kinds: tuple[str, ...] = ()
    when: When = ALWAYS


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that is paid `per` item, day, event or year."""

    amount: Table
    per: str = "year"

    PERIODS: ClassVar[tuple[str, ...]] = ("item", "day", "event", "year")


@dataclass(frozen=True, slots=True)
class SharedLimit:
    """A limit over all responsibilities that name it, `per` event or year."""

    name: str
    amount: Table
    per: str = "year"

    PERIODS: ClassVar[tuple[str, ...]] = ("event", "year")


@dataclass(frozen=True, slots=True)
class SharedDeductible:
    """A deductible over all responsibilities that name it, `per` event or year; consumed in the plan's order."""

    name: str
    amount: Table
    per: str = "year"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What is never paid: a line or event that meets each stated list in one of its entries.

    `diagnoses` are beginnings of ICD-10 codes, `tags` are marks that a reviewer sets (drunk_driving, cosmetic).
    """

    name: Words
    code: str = "EXCLUDED"
    tags: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HospitalCondition:
    """Which hospitals count. `listed` names a list; who keeps lists says in the facts on which a hospital stands."""

    level_from: int | None = None
    public: bool = False
    listed: str = ""
    refused_departments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgeRange:
    """Ages inclusive, on the first day of cover or on the day of the event."""

    lowest: int | None = None
    highest: int | None = None
    on: str = "cover_start"

    DAYS: ClassVar[tuple[str, ...]] = ("cover_start", "event")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A part that the source does not state: a decisive one keeps the responsibility from being decided, an open one is
    taken as no condition, others are only told."""

    part: str
    text: Words


@dataclass(frozen=True, kw_only=True, slots=True)
class Responsibility:
    """What all responsibilities (责任) state: where, when and for whom they hold, and what caps them."""

    benefit: ClassVar[str] = ""

    code: str
    name: Words
    events: tuple[str, ...] = ()
    held_to: str = "treatment"
    waiting_days: int = 0
    waiting_waived_when_renewing: bool = True
    within_days: int | None = None
    age: AgeRange | None = None
    exclusions: tuple[Exclusion, ...] = ()
    limits: tuple[Limit, ...] = ()
    shared_limits: tuple[str, ...] = ()
    unknown: tuple[Unknown, ...] = ()

    HELD_TO: ClassVar[tuple[str, ...]] = ("treatment", "occurrence")

    @property
    def decisive_unknown(self) -> tuple[Unknown, ...]:
        """What is missing for a decision."""
        return tuple(unknown for unknown in self.unknown if unknown.part in DECISIVE)


@dataclass(frozen=True, kw_only=True, slots=True)
class BillConditions(Responsibility):
    """What responsibilities that look at bills state besides."""

    settings: tuple[str, ...] = ()
    hospital: HospitalCondition | None = None
    settlement_required: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Expense(BillConditions):
    """Pays a part of what was spent, never above the cost.

    `bands_counted` says whether bands start at the first yuan that counts ("before_deductible") or at the first above
    the deductible ("after_deductible"). `of_remainder` counts what earlier responsibilities left unpaid of a line.
    """

    benefit: ClassVar[str] = "expense"

    counts: tuple[str, ...] = ()
    factors: tuple[Factor, ...] = ()
    deductible: Table = ()
    deductible_per: str = "year"
    shared_deductible: str = ""
    bands: tuple[Band, ...] = ()
    bands_counted: str = "after_deductible"
    bands_per: str = "year"
    required_list: str = ""
    indication_required: bool = False
    of_remainder: bool = False

    BANDS_COUNTED: ClassVar[tuple[str, ...]] = ("after_deductible", "before_deductible")


@dataclass(frozen=True, kw_only=True, slots=True)
class LumpSum(Responsibility):
    """Pays a fixed amount when a named disease is found, so many times in a cover."""

    benefit: ClassVar[str] = "lump_sum"

    amount: Table = ()
    diagnoses: tuple[str, ...] = ()
    times: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance(BillConditions):
    """Pays an amount for each day in hospital after the first `days_unpaid` of an event."""

    benefit: ClassVar[str] = "allowance"

    amount: Table = ()
    days_unpaid: int = 0
    days_per_event: int | None = None
    days_per_year: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Death(Responsibility):
    """Pays the sum insured less what `deducts` paid under the same cover.

    `cap_over_policies` is the most that all insurers together may pay for a minor; a person it names no row for has none.
    """

    benefit: ClassVar[str] = "death"

    amount: Table = ()
    deducts: tuple[str, ...] = ()
    cap_over_policies: Table = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Disability(Responsibility):
    """Pays the scale's part of the sum insured. The scale's first entry is for grade 1, the gravest.

    `several` says what several injuries of one event give: "worst", or "worst_raised": equal worst grades count as one
    grade graver, never past grade 1.
    """

    benefit: ClassVar[str] = "disability"

    amount: Table = ()
    scale: tuple[Decimal, ...] = ()
    several: str = "worst_raised"

    SEVERAL: ClassVar[tuple[str, ...]] = ("worst_raised", "worst")


BENEFITS: dict[str, type[Responsibility]] = {
    kind.benefit: kind for kind in (Expense, LumpSum, Allowance, Death, Disability)
}


@dataclass(frozen=True, slots=True)
class Named:
    """A code of the plan's own and its name: a kind of expense beside the common ones, a group of diseases."""

    code: str
    name: Words


@dataclass(frozen=True, slots=True)
class PreExisting:
    """Whose expenses count as pre-existing: those of a `person` with a group's disease, or only the `treatment` of it."""

    by: str = "treatment"
    groups: tuple[Named, ...] = ()

    WAYS: ClassVar[tuple[str, ...]] = ("treatment", "person")


@dataclass(frozen=True, slots=True)
class Price:
    """What the cover costs; the first price whose age range (inclusive) and standing are met holds."""

    amount: Decimal
    age_from: int | None = None
    age_to: int | None = None
    student: bool | None = None
    name: Words | None = None
    category: str = ""


@dataclass(frozen=True, slots=True)
class Occupations:
    """Classes of work that may be insured, and what a wrong class means at a claim."""

    highest_class: int = 6
    wrong_class: str = "reduce"

    WRONG: ClassVar[tuple[str, ...]] = ("reduce", "ignore")


@dataclass(frozen=True, slots=True)
class Note:
    """Where a value comes from: P read on a public page, S the claims report, M general knowledge, X our proposal.

    `source` names what was read, `read_on` the day; without a day it is not known when, and nobody read it again.
    """

    mark: str
    text: Words
    place: str = ""
    source: Words | None = None
    read_on: date | None = None

    MARKS: ClassVar[tuple[str, ...]] = ("P", "S", "M", "X")


@dataclass(frozen=True, kw_only=True)
class PlanTerms:
    """One version of a plan. `starts` is a day of the year as MM-DD; `year` None is an unknown one.

    Not slotted: the compiled form is kept with its terms, outside of equality (see `benefits.compiled`).
    """

    code: str
    name: Words
    kind: str = "supplementary"
    year: int | None = None
    region: str = ""
    starts: str = ""
    prices: tuple[Price, ...] = ()
    pre_existing: PreExisting | None = None
    occupations: Occupations | None = None
    kinds: tuple[Named, ...] = ()
    deductibles: tuple[SharedDeductible, ...] = ()
    limits: tuple[SharedLimit, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    responsibilities: tuple[Responsibility, ...] = ()
    notes: tuple[Note, ...] = ()
    unknown: tuple[Unknown, ...] = ()

    compiled: Any = field(default=None, init=False, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """Terms travel without their compiled form, which is made anew where they arrive."""
        return {**self.__dict__, "compiled": None}

    def price_for(self, *, age: int | None = None, student: bool = False, category: str = "") -> Decimal | None:
        """The price for a person; None where no row fits."""
        for price in self.prices:
            if price.student is not None and price.student != student:
                continue
            if price.category and price.category != category:
                continue
            if price.age_from is not None and (age is None or age < price.age_from):
                continue
            if price.age_to is not None and (age is None or age > price.age_to):
                continue
            return price.amount
        return None

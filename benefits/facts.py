"""What happened to one person in one case, as immutable facts; whoever keeps lists and histories looks them up before.

Money is Decimal yuan with at most two places. Days are those of China's clock; moments are naive and of that clock, or aware.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from benefits.terms import HEALTH_CLASSES, ZERO

#: Who pays before us, in this order.
PAYERS = ("basic", "major_illness", "assistance", "third_party", "commercial")
FEN = Decimal("0.01")
CHINA = timezone(timedelta(hours=8))
#: No line of a bill reaches a billion yuan.
HIGHEST = Decimal("999999999.99")


class FactsRefused(ValueError):
    """Facts that cannot be true: `place` names where, as in `bills[0].lines[1].amount`."""

    def __init__(self, place: str, reason: str) -> None:
        self.place = place
        self.reason = reason
        super().__init__(f"{place}: {reason}")


def checked_money(amount: Decimal, place: str) -> None:
    """Refuse what is no amount of money."""
    if not isinstance(amount, Decimal):
        raise FactsRefused(place, f"{type(amount).__name__} is no Decimal")
    if not amount.is_finite() or not ZERO <= amount <= HIGHEST:
        raise FactsRefused(place, f"{amount} is no amount from 0 to {HIGHEST}")
    if amount != amount.quantize(FEN):
        raise FactsRefused(place, f"{amount} has more than two decimal places")


def day_of(moment: datetime) -> date:
    """The day in China."""
    return moment.date() if moment.tzinfo is None else moment.astimezone(CHINA).date()


@dataclass(frozen=True, slots=True)
class Payment:
    """What another payer paid, of these kinds of lines (none named: all)."""

    payer: str
    amount: Decimal
    kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.payer not in PAYERS:
            raise FactsRefused("payer", f"{self.payer} is none of {', '.join(PAYERS)}")
        checked_money(self.amount, "payments")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill: its whole cost, and what others paid of it.

    `lists` names the reference lists (special drugs) on which it stands on its day. `indicated` False: a drug used outside
    its indication.
    """

    kind: str
    amount: Decimal
    payments: tuple[Payment, ...] = ()
    code: str = ""
    lists: frozenset[str] = frozenset()
    indicated: bool = True
    tags: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        checked_money(self.amount, "amount")
        if self.payments and sum((payment.amount for payment in self.payments), ZERO) > self.amount:
            raise FactsRefused("payments", f"others paid more than the line costs, {self.amount}")


@dataclass(frozen=True, slots=True)
class Hospital:
    """A hospital, as far as a condition may ask; `lists` names those on which it stands on that day."""

    level: int | None = None
    public: bool | None = None
    department: str = "general"
    lists: frozenset[str] = frozenset()
    code: str = ""


UNSTATED_HOSPITAL = Hospital()


@dataclass(frozen=True, slots=True)
class Bill:
    """One invoice. `days` are the days in hospital. `payments` are those that name no line; they go to the lines in order.

    `claimed_before` and `false_papers` are findings of whoever checked the invoice.
    """

    lines: tuple[Line, ...] = ()
    day: date | None = None
    number: str = ""
    setting: str = "inpatient"
    locality: str = "local"
    settled: bool = True
    hospital: Hospital = UNSTATED_HOSPITAL
    diagnosis: str = ""
    disease_group: str = ""
    days: int = 0
    payments: tuple[Payment, ...] = ()
    tags: frozenset[str] = frozenset()
    claimed_before: bool = False
    false_papers: bool = False

    def __post_init__(self) -> None:
        if self.days < 0:
            raise FactsRefused("days", f"{self.days} is below 0")
        if not self.payments:
            return
        left = sum((line.amount for line in self.lines), ZERO)
        left -= sum((payment.amount for line in self.lines for payment in line.payments), ZERO)
        paid = sum((payment.amount for payment in self.payments), ZERO)
        if paid > left:
            raise FactsRefused("payments", f"others paid {paid} more, only {left} was left of the bill")


@dataclass(frozen=True, slots=True)
class Cover:
    """When the person is covered: starts_at <= moment < ends_at."""

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if (self.starts_at.tzinfo is None) != (self.ends_at.tzinfo is None):
            raise FactsRefused("ends_at", "one moment states its time zone, the other does not")
        if self.ends_at <= self.starts_at:
            raise FactsRefused("ends_at", f"{self.ends_at} is not after {self.starts_at}")


@dataclass(frozen=True, slots=True)
class Insured:
    """The person. `conditions` are the groups of diseases had before the cover; `health_class` overrides what follows from them.

    `continuity_years` counts the years insured in a row before this one, `claim_free_years` those in a row without a claim.
    `premium_paid` and `premium_due` matter where the class of work was stated wrong.
    """

    birth_on: date | None = None
    age: int | None = None
    health_class: str = ""
    conditions: frozenset[str] = frozenset()
    continuity_years: int = 0
    claim_free_years: int = 0
    occupation_class: int | None = None
    premium_paid: Decimal | None = None
    premium_due: Decimal | None = None

    def __post_init__(self) -> None:
        if self.health_class not in ("", *HEALTH_CLASSES):
            raise FactsRefused("health_class", f"{self.health_class} is none of {', '.join(HEALTH_CLASSES)}")
        if self.continuity_years < 0 or self.claim_free_years < 0:
            raise FactsRefused("continuity_years", "years cannot be below 0")
        if self.age is not None and not 0 <= self.age <= 150:
            raise FactsRefused("age", f"{self.age} is no age")
        if (self.premium_paid is None) != (self.premium_due is None):
            raise FactsRefused("premium_due", "state both the premium paid and the premium due, or none")
        if self.premium_paid is not None and self.premium_due is not None:
            checked_money(self.premium_paid, "premium_paid")
            checked_money(self.premium_due, "premium_due")
            if not self.premium_due:
                raise FactsRefused("premium_due", "it cannot be zero")

    def age_on(self, day: date | None) -> int | None:
        """Full years on a day; the stated age where no birthday is known."""
        if self.birth_on is None or day is None:
            return self.age
        had = (day.month, day.day) >= (self.birth_on.month, self.birth_on.day)
        return max(0, day.year - self.birth_on.year - (not had))


@dataclass(frozen=True, slots=True)
class Event:
    """The accident or illness. `code` is a case's reference (never a person's number): counters of the event carry it.

    `injuries` are disability grades 1 (gravest) to 10. `death_paid_elsewhere`: death cover of other insurers for a minor.
    """

    code: str = ""
    kind: str = "illness"
    at: datetime | None = None
    diagnosis: str = ""
    disease_group: str = ""
    tags: frozenset[str] = frozenset()
    injuries: tuple[int, ...] = ()
    died_on: date | None = None
    death_paid_elsewhere: Decimal = ZERO

    def __post_init__(self) -> None:
        for position, grade in enumerate(self.injuries):
            if not 1 <= grade <= 10:
                raise FactsRefused(f"injuries[{position}]", f"{grade} is no grade from 1 to 10")
        checked_money(self.death_paid_elsewhere, "death_paid_elsewhere")


@dataclass(frozen=True, slots=True)
class Facts:
    """One case: a person, a cover, an event and its bills. Without a cover its window and waiting period are assumed met."""

    insured: Insured = Insured()
    cover: Cover | None = None
    event: Event = Event()
    bills: tuple[Bill, ...] = ()

    def __post_init__(self) -> None:
        at, cover = self.event.at, self.cover
        if at is not None and cover is not None and (at.tzinfo is None) != (cover.starts_at.tzinfo is None):
            raise FactsRefused("event.at", "the event and the cover must both state a time zone, or neither")

    @property
    def cost(self) -> Decimal:
        """What all bills cost together."""
        return sum((line.amount for bill in self.bills for line in bill.lines), ZERO)

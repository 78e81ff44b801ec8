"""The conditions and circumstances of docs/plans.md, read literally for `literal.evaluate`; no amount is reckoned here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from benefits.facts import Bill, Facts, Insured, Line
from benefits.terms import (
    Allowance,
    Death,
    Exclusion,
    Expense,
    Factor,
    HospitalCondition,
    PlanTerms,
    Responsibility,
    When,
)

BEIJING = timezone(timedelta(hours=8))


def china_day(moment: datetime) -> date:
    """The day on China's clock."""
    return (moment if moment.tzinfo is None else moment.astimezone(BEIJING)).date()


def event_day(facts: Facts) -> date | None:
    """The day of the event."""
    return None if facts.event.at is None else china_day(facts.event.at)


def first_day(facts: Facts) -> date | None:
    """The first day of cover."""
    return None if facts.cover is None else china_day(facts.cover.starts_at)


def full_years(insured: Insured, day: date | None) -> int | None:
    """Age in full years on a day."""
    born = insured.birth_on
    if born is None or day is None:
        return insured.age
    years = day.year - born.year
    if (day.month, day.day) < (born.month, born.day):
        years -= 1
    return max(years, 0)


# Circumstances


@dataclass(frozen=True)
class Standing:
    """In what circumstances something is looked at: of a bill, or of the event where there is none."""

    health: str
    age: int | None
    continuity: int
    claim_free: int
    locality: str
    settled: bool


def standing(facts: Facts, terms: PlanTerms, bill: Bill | None = None) -> Standing:
    """The circumstances of a bill, or of the event, which stands where its first bill does and counts as settled."""
    person = facts.insured
    group = bill.disease_group if bill is not None and bill.disease_group else facts.event.disease_group
    of_event = facts.bills[0].locality if facts.bills else "local"
    day = facts.event.died_on or event_day(facts) or first_day(facts)
    return Standing(
        health_class(person, group, terms), full_years(person, day), person.continuity_years, person.claim_free_years,
        bill.locality if bill else of_event, bill.settled if bill else True,
    )


def health_class(person: Insured, group: str, terms: PlanTerms) -> str:
    """Healthy or pre-existing: what a reviewer said, or what follows from the diseases had before the cover."""
    rule = terms.pre_existing
    if person.health_class:
        return person.health_class
    if rule is None:
        return "healthy"
    counting = {one.code for one in rule.groups}
    had = {one for one in person.conditions if not counting or one in counting}
    struck = bool(had) if rule.by == "person" else group in had
    return "pre_existing" if struck else "healthy"


def met(when: When, now: Standing) -> bool:
    """Whether a row holds."""
    return (
        when.health_class in (None, now.health)
        and now.continuity >= when.continuity_from
        and now.claim_free >= when.claim_free_from
        and when.locality in (None, now.locality)
        and when.settled in (None, now.settled)
        and (when.age_from is None or (now.age is not None and now.age >= when.age_from))
        and (when.age_to is None or (now.age is not None and now.age <= when.age_to))
    )


# Conditions


def excluded(exclusion: Exclusion, facts: Facts, bill: Bill | None, line: Line | None) -> bool:
    """Whether an exclusion meets a line, a stay, or the event: each stated list in one of its entries."""
    event = facts.event
    tags = set(event.tags) | set(bill.tags if bill else ()) | set(line.tags if line else ())
    diagnosis = bill.diagnosis if bill and bill.diagnosis else event.diagnosis
    return all((
        not exclusion.tags or any(tag in tags for tag in exclusion.tags),
        not exclusion.diagnoses or any(diagnosis.startswith(one) for one in exclusion.diagnoses),
        not exclusion.kinds or (line is not None and line.kind in exclusion.kinds),
        not exclusion.settings or (bill is not None and bill.setting in exclusion.settings),
    ))


def first_exclusion(exclusions: Iterable[Exclusion], facts: Facts, bill: Bill | None, line: Line | None) -> str:
    """The code of the first exclusion that holds, or ""."""
    return next((one.code for one in exclusions if excluded(one, facts, bill, line)), "")


def spoilt(bills: tuple[Bill, ...], at: int) -> str:
    """Why a whole bill does not count, or ""."""
    bill = bills[at]
    if bill.false_papers:
        return "FALSE_PAPERS"
    twice = bill.number and any(other.number == bill.number and not other.false_papers for other in bills[:at])
    return "DUPLICATE_BILL" if bill.claimed_before or twice else ""


def outside_cover(part: Responsibility, facts: Facts, bill: Bill | None) -> str:
    """BEFORE_COVER, AFTER_COVER or ""; what cannot be looked at is taken as met."""
    cover = facts.cover
    if cover is None:
        return ""
    if bill is None or part.held_to == "occurrence":
        at = facts.event.at
        if at is None:
            return ""
        return "BEFORE_COVER" if at < cover.starts_at else "AFTER_COVER" if at >= cover.ends_at else ""
    day = bill.day or event_day(facts)
    if day is None:
        return ""
    last = china_day(cover.ends_at - timedelta(microseconds=1))
    return "BEFORE_COVER" if day < china_day(cover.starts_at) else "AFTER_COVER" if day > last else ""


def of_bill(part: Expense | Allowance, bill: Bill) -> str:
    """Kind of care, hospital, settlement."""
    if part.settings and bill.setting not in part.settings:
        return "OUTPATIENT" if bill.setting == "outpatient" else "SETTING"
    why = "" if part.hospital is None else of_hospital(part.hospital, bill)
    return why or ("NOT_SETTLED" if part.settlement_required and not bill.settled else "")


def of_hospital(rule: HospitalCondition, bill: Bill) -> str:
    """Which hospitals count: department, list, level, public; a level or standing not stated is taken as met."""
    hospital = bill.hospital
    if hospital.department in rule.refused_departments:
        return "SPECIAL_WARD"
    if rule.listed and rule.listed not in hospital.lists:
        return "HOSPITAL_NOT_LISTED"
    if rule.level_from is not None and hospital.level is not None and hospital.level < rule.level_from:
        return "HOSPITAL_LEVEL"
    return "HOSPITAL_NOT_PUBLIC" if rule.public and hospital.public is False else ""


def of_line(part: Expense, line: Line) -> str:
    """The list on which a line must stand, and its indication."""
    if part.required_list and part.required_list not in line.lists:
        return "DRUG_NOT_LISTED"
    return "INDICATION" if part.indication_required and not line.indicated else ""


def waiting(part: Responsibility, facts: Facts, bill: Bill | None) -> str:
    """WAITING_PERIOD or ""."""
    start = first_day(facts)
    onset = event_day(facts) or (bill.day if bill else None)
    if not part.waiting_days or facts.event.kind == "accident" or start is None or onset is None:
        return ""
    if part.waiting_waived_when_renewing and facts.insured.continuity_years >= 1:
        return ""
    return "WAITING_PERIOD" if onset < start + timedelta(days=part.waiting_days) else ""


def too_late(part: Responsibility, facts: Facts, bill: Bill | None) -> str:
    """TOO_LATE or "": of a treatment, or of a death."""
    happened = event_day(facts)
    day = bill.day if bill else facts.event.died_on if isinstance(part, Death) else None
    if part.within_days is None or happened is None or day is None:
        return ""
    return "TOO_LATE" if (day - happened).days > part.within_days else ""


def of_age(part: Responsibility, facts: Facts, bill: Bill | None) -> str:
    """AGE or "": on the first day of cover or the day of the event; where that is not known, on the next that is."""
    rule = part.age
    if rule is None:
        return ""
    day = (first_day(facts) if rule.on == "cover_start" else None) or event_day(facts) or (bill.day if bill else None)
    age = full_years(facts.insured, day)
    if age is None:
        return ""
    too_young = rule.lowest is not None and age < rule.lowest
    return "AGE" if too_young or (rule.highest is not None and age > rule.highest) else ""


def why_refused(
    part: Responsibility, facts: Facts, terms: PlanTerms, bill: Bill | None = None, line: Line | None = None
) -> str:
    """The first condition that a line, a stay or an event does not meet, or ""."""
    if part.events and facts.event.kind not in part.events:
        return "OTHER_EVENT"
    why = outside_cover(part, facts, bill)
    if isinstance(part, Expense | Allowance) and bill is not None:
        why = why or of_bill(part, bill)
    if isinstance(part, Expense) and line is not None:
        why = why or of_line(part, line)
    exclusions = part.exclusions if line is not None else (*part.exclusions, *terms.exclusions)
    return (
        why or waiting(part, facts, bill) or too_late(part, facts, bill) or of_age(part, facts, bill)
        or first_exclusion(exclusions, facts, bill, line)
    )


def why_zero(part: Expense, kind: str, now: Standing) -> str:
    """Why nothing of a kind is paid in these circumstances: every band pays zero, or a factor is zero; "" otherwise."""
    rows = [next((row for row in band.ratio if met(row.when, now)), None) for band in part.bands]
    if not any(row is not None and row.value for row in rows):
        return next((named(row.when) for row in reversed(rows) if row is not None), "NOT_COVERED")
    zeros = [one for one in part.factors if not one.value and concerns(one, kind, now)]
    return named(zeros[-1].when) if zeros else ""


def named(when: When) -> str:
    """The refusal code of a row of zero: health before settlement before place."""
    if when.health_class == "pre_existing":
        return "PRE_EXISTING"
    if when.settled is False:
        return "NOT_SETTLED"
    return "NOT_COVERED" if when.locality is None else "LOCALITY"


def concerns(factor: Factor, kind: str, now: Standing) -> bool:
    """Whether a factor is of a kind, in these circumstances."""
    return (not factor.kinds or kind in factor.kinds) and met(factor.when, now)

"""Whether a bill's line or an event counts under a responsibility, and the refusal code if not; no amounts here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from benefits.case import Case
from benefits.facts import Bill, Line
from benefits.terms import (
    AgeRange,
    BillConditions,
    Death,
    Exclusion,
    Expense,
    HospitalCondition,
    Responsibility,
)

#: Gives a refusal code, with what an exclusion is called, or None. Bill and line are None where the event alone is looked at.
Check = Callable[[Case, Bill | None, Line | None], tuple[str, str] | None]


def checks_of(terms: Responsibility) -> tuple[Check, ...]:
    """The checks that a responsibility's terms ask for, the most telling first."""
    checks: list[Check] = []
    if terms.events:
        checks.append(_of_event(terms.events))
    checks.append(_within_cover(terms))
    if isinstance(terms, BillConditions):
        checks += _of_bill(terms)
    if isinstance(terms, Expense):
        checks += _of_line(terms)
    if terms.waiting_days:
        checks.append(_after_waiting(terms.waiting_days, waived=terms.waiting_waived_when_renewing))
    if terms.within_days is not None:
        checks.append(_in_time(terms.within_days, of_death=isinstance(terms, Death)))
    if terms.age is not None:
        checks.append(_of_age(terms.age))
    checks += [excluded(exclusion) for exclusion in terms.exclusions]
    return tuple(checks)


def _of_bill(terms: BillConditions) -> list[Check]:
    checks: list[Check] = []
    if terms.settings:
        checks.append(_in_setting(terms.settings))
    if terms.hospital is not None:
        checks.append(_in_hospital(terms.hospital))
    if terms.settlement_required:
        checks.append(_settled)
    return checks


def _of_line(terms: Expense) -> list[Check]:
    checks: list[Check] = []
    if terms.required_list:
        checks.append(_on_list(terms.required_list))
    if terms.indication_required:
        checks.append(_indicated)
    return checks


def _of_event(kinds: tuple[str, ...]) -> Check:
    def check(case: Case, bill: Bill | None, line: Line | None) -> tuple[str, str] | None:
        return None if case.event.kind in kinds else ("OTHER_EVENT", "")

    return check


def _within_cover(terms: Responsibility) -> Check:
    if terms.held_to == "occurrence" or not isinstance(terms, BillConditions):
        return _occurred_in_cover
    return _treated_in_cover


def _occurred_in_cover(case: Case, bill: Bill | None, line: Line | None) -> tuple[str, str] | None:
    cover, at = case.facts.cover, case.event.at
    if cover is None:
        case.assume("cover")
    elif at is None:
        case.assume("event_at")
    elif at < cover.starts_at:
        return "BEFORE_COVER", ""
    elif at >= cover.ends_at:
        return "AFTER_COVER", ""
    return None


def _treated_in_cover(case: Case, bill: Bill | None, line: Line | None) -> tuple[str, str] | None:
    if case.first_day is None or case.last_day is None:
        case.assume("cover")
        return None
    day = case.event_day if bill is None or bill.day is None else bill.day
    if day is None:
        case.assume("bill_day")
    elif day < case.first_day:
        return "BEFORE_COVER", ""
    elif day > case.last_day:
        return "AFTER_COVER", ""
    return None


def _in_setting(settings: tuple[str, ...]) -> Check:
    def check(case: Case, bill: Bill | None, line: Line | None) -> tuple[str, str] | None:
        if bill is None or bill.setting in settings:
            return None
        return ("OUTPATIENT" if bill.setting == "outpatient" else "SETTING"), ""

    return check


def _in_hospital(condition: HospitalCondition) -> Check:
    def check(case: Case, bill: Bill | None, line: Line | None) -> tuple[str, str] | None:
        if bill is None:
            return None
        hospital = bill.hospital
        if hospital.department in condition.refused_departments:
            return "SPECIAL_WARD", ""
        if condition.listed and condition.listed not in hospital.lists:
            return "HOSPITAL_NOT_LISTED", ""
        if condition.level_from is not None:
            if hospital.level is None:
                case.assume("hospital_level")
            elif hospital.level < condition.level_from:
                return "HOSPITAL_LEVEL", ""
        if condition.public:
            if hospital.public is None:
                case.assume("hospital_public")
            elif not hospital.public:
                return "HOSPITAL_NOT_PUBLIC", ""
        return None

    return check


def _settled(case: Case, bill: Bill | None, line: Line | None) -> tuple[str, str] | None:
    return None if bill is None or bill.settled else ("NOT_SETTLED", "")


def _on_list(name: str) -> Check:
    def check(case: Case, bill: Bill | None, line: Line | None) -> tuple[str, str] | None:
        return None if line is None or name in line.lists else ("DRUG_NOT_LISTED", "")

    return check


def _indicated(case: Case, bill: Bill | None, line: Line | None) -> tuple[str, str] | None:
    return None if line is None or line.indicated else ("INDICATION", "")


def _after_waiting(days: int, *, waived: bool) -> Check:
    def check(case: Case, bill: Bill | None, line: Line | None) -> tuple[str, str] | None:
        if case.event.kind == "accident" or (waived and case.insured.continuity_years > 0):
            return None
        day = case.event_day
        if day is None and bill is not None:
            day = bill.day
        if case.first_day is None or day is None:
            case.assume("waiting")
        elif (day - case.first_day).days < days:
            return "WAITING_PERIOD", ""
        return None

    return check


def _in_time(days: int, *, of_death: bool) -> Check:
    def check(case: Case, bill: Bill | None, line: Line | None) -> tuple[str, str] | None:
        day: date | None = case.event.died_on if of_death else None if bill is None else bill.day
        if bill is None and not of_death:
            return None
        if day is None or case.event_day is None:
            case.assume("event_at")
        elif (day - case.event_day).days > days:
            return "TOO_LATE", ""
        return None

    return check


def _of_age(ages: AgeRange) -> Check:
    def check(case: Case, bill: Bill | None, line: Line | None) -> tuple[str, str] | None:
        day = case.first_day
        if ages.on == "event" or day is None:
            day = case.event_day if bill is None or case.event_day is not None else bill.day
        age = case.insured.age_on(day)
        if age is None:
            case.assume("age")
        elif (ages.lowest is not None and age < ages.lowest) or (ages.highest is not None and age > ages.highest):
            return "AGE", ""
        return None

    return check


def excluded(exclusion: Exclusion) -> Check:
    """The check of one exclusion: of a line with its bill, or of the event alone."""
    tags, answer = frozenset(exclusion.tags), (exclusion.code, exclusion.name.zh)

    def check(case: Case, bill: Bill | None, line: Line | None) -> tuple[str, str] | None:
        event = case.event
        if tags:
            marked = event.tags
            if bill is not None:
                marked = marked | bill.tags
            if line is not None:
                marked = marked | line.tags
            if tags.isdisjoint(marked):
                return None
        if exclusion.diagnoses:
            diagnosis = (bill.diagnosis if bill is not None else "") or event.diagnosis
            if not diagnosis.startswith(exclusion.diagnoses):
                return None
        if exclusion.kinds and (line is None or line.kind not in exclusion.kinds):
            return None
        if exclusion.settings and (bill is None or bill.setting not in exclusion.settings):
            return None
        return answer

    return check

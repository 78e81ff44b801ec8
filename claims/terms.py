"""Which terms hold for a claim, and its last day in time; reads the calendar and the terms, writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Q

from claims.models.calendar import DayKind, Holiday
from claims.models.service_term import ServiceTerm, TermSetting, TermState
from claims.rules.almanac import known_until
from claims.rules.clock import Pause, Term, WorkCalendar, due_on

#: Where care of a bill stands, by the engine's words: a pharmacy's and a special clinic's bills are outpatient cases.
SETTING_OF: Mapping[str, str] = {
    "inpatient": TermSetting.INPATIENT, "outpatient": TermSetting.OUTPATIENT, "special_outpatient": TermSetting.OUTPATIENT,
    "pharmacy": TermSetting.OUTPATIENT,
}


@dataclass(frozen=True)
class Due:
    """The nearest last day, and the term that gives it; `day` None while the clock stands."""

    day: date | None
    term: ServiceTerm


def calendar_now() -> WorkCalendar:
    """The calendar as it stands, in one question of some hundred short rows: never older than what is in the database."""
    days: dict[str, set[date]] = {kind: set() for kind in DayKind.values}
    for day, kind in Holiday.objects.values_list("day", "kind"):
        days[kind].add(day)
    off = frozenset(days[DayKind.OFF])
    return WorkCalendar(off, frozenset(days[DayKind.WORKED]), known_until(off))


def rows_of(program_id: int, plan_id: int | None, setting: str, kind: str, on: date) -> list[ServiceTerm]:
    """The law's terms that hold on a day, and of the program's promises the one that is most its own: of the plan before the
    program's, of the setting before that of all cases. In one question."""
    rows = terms_since(program_id).filter(kind=kind)
    return chosen_of(
        rows, program_id=program_id, plan_id=plan_id, setting=SETTING_OF.get(setting, setting), kind=kind, on=on
    )


def terms_of(program_id: int, plan_id: int | None, setting: str, kind: str, on: date) -> list[tuple[Term, str]]:
    """As `rows_of`: each term with where it is laid down."""
    return [(row.term, row.source) for row in rows_of(program_id, plan_id, setting, kind, on) if row.term is not None]


def due_of(
    program_id: int, plan_id: int | None, setting: str, kind: str, *, begun_on: date, pauses: Iterable[Pause] = (),
    calendar: WorkCalendar | None = None,
) -> Due | None:
    """The nearest last day, by the terms that held when the clock began; None where no term holds."""
    return nearest(
        rows_of(program_id, plan_id, setting, kind, begun_on), begun_on=begun_on, pauses=tuple(pauses),
        calendar=calendar if calendar is not None else calendar_now(),
    )


def nearest(rows: Iterable[ServiceTerm], *, begun_on: date, pauses: Iterable[Pause], calendar: WorkCalendar) -> Due | None:
    """Of terms that hold, the one that ends first; of those whose clock stands, the shortest."""
    stands = tuple(pauses)
    found = [
        Due(due_on(begun_on, term, pauses=stands, calendar=calendar), row) for row in rows if (term := row.term) is not None
    ]
    return min(found, key=lambda due: (due.day is None, due.day or date.max, due.term.days or 0, due.term.pk), default=None)


def chosen_of(
    terms: Iterable[ServiceTerm], *, program_id: int, plan_id: int | None, setting: str, kind: str, on: date
) -> list[ServiceTerm]:
    """Of terms in force, read before, those that hold for a claim: see `rows_of`."""
    law: list[ServiceTerm] = []
    promised: list[ServiceTerm] = []
    for row in terms:
        if row.kind != kind or row.setting not in (TermSetting.ALL, setting) or not row.holds(on):
            continue
        if row.program_id is None:
            law.append(row)
        elif row.program_id == program_id and row.plan_id in (None, plan_id):
            promised.append(row)
    best = max(promised, key=lambda row: (row.plan_id is not None, row.setting != TermSetting.ALL), default=None)
    return [row for row in [*law, *([] if best is None else [best])] if row.days is not None]


def terms_since(program_id: int | None) -> Any:
    """Terms in force, whenever they held or will: of the law and of one program, or of all."""
    rows = ServiceTerm.objects.filter(state=TermState.IN_FORCE).order_by(F("program").asc(nulls_first=True), "pk")
    return rows if program_id is None else rows.filter(Q(program__isnull=True) | Q(program=program_id))


def terms_on(program_id: int, on: date) -> list[ServiceTerm]:
    """All terms of a program that hold on a day: the law's, then its own."""
    return [row for row in terms_since(program_id).select_related("plan") if row.days is not None and row.holds(on)]

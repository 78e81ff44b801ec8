"""The last day in time of claims: on which term their state runs, since when, where their clock stood; asked for many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.db import connection

from audit.faults import fault_point
from claims.models.service_term import ServiceTerm, TermKind, TermSetting
from claims.rules.clock import Pause, WorkCalendar, days_left, due_on
from claims.rules.states import OPEN, State
from claims.terms import Due, calendar_now, chosen_of, nearest, terms_since

_ASKED = """
SELECT c.id, c.program_id, c.plan_id, c.clock_begun_on, c.due_on, c.state,
    (SELECT (d.decided_at AT TIME ZONE 'Asia/Shanghai')::date FROM claims_decision d
        WHERE d.claim_id = c.id AND d.state = 'approved' ORDER BY d.number DESC LIMIT 1),
    EXISTS (SELECT FROM claims_letter l JOIN claims_decision d ON d.id = l.decision_id
        WHERE l.claim_id = c.id AND l.kind = 'refusal' AND d.state = 'approved'),
    (SELECT max((b.setting = 'inpatient')::int) FROM claims_bill b
        WHERE b.case_id = c.case_id AND b.standing IN ('stands', 'allowed')),
    EXISTS (SELECT FROM claims_claimstep s WHERE s.claim_id = c.id AND s.to_state = %(complex)s),
    (SELECT array_agg(r.asked_on ORDER BY r.id) FROM claims_paperrequest r WHERE r.claim_id = c.id),
    (SELECT array_agg(r.complete_on ORDER BY r.id) FROM claims_paperrequest r WHERE r.claim_id = c.id),
    (SELECT k.reported_on FROM claims_case k WHERE k.id = c.case_id)
FROM claims_claim c WHERE c.id = ANY(%(ids)s) ORDER BY c.id
"""
_WRITE = """
UPDATE claims_claim c SET due_on = counted.day
FROM unnest(%s::bigint[], %s::date[]) AS counted(id, day) WHERE c.id = counted.id AND c.due_on IS DISTINCT FROM counted.day
"""
#: States whose clock runs; a refusal's runs until its notice is printed.
RUNNING = (*OPEN, State.PAYABLE)
#: Nobody has looked yet which papers are missing; who files a claim has.
_UNASKED = (State.REPORTED, State.ACCEPTED)
_DECIDED = {State.PAYABLE: TermKind.PAY, State.REFUSED: TermKind.REFUSAL_NOTICE}


@dataclass(frozen=True)
class Clock:
    """What a claim's last day is counted from; claims with the same clock have the same day."""

    program_id: int
    plan_id: int
    setting: str
    kind: TermKind
    begun_on: date
    pauses: tuple[Pause, ...] = ()


@dataclass(frozen=True)
class Running:
    """A claim, its clocks (none before one begins; two at most) and the day that is kept."""

    claim_id: int
    clocks: tuple[Clock, ...]
    kept: date | None


def running(ids: Sequence[int]) -> list[Running]:
    """The clocks of claims, in one question."""
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, {"ids": list(ids), "complex": str(State.INVESTIGATION)})
        return [_running(*row) for row in cursor.fetchall()]


def _running(
    claim_id: int, program_id: int, plan_id: int, begun_on: date | None, kept: date | None, state: str, decided_on: date | None,
    is_told: bool, inpatient: int | None, is_complex: bool, asked: list[date] | None, complete: list[date | None] | None,
    reported_on: date,
) -> Running:
    setting = TermSetting.ALL if inpatient is None else TermSetting.INPATIENT if inpatient else TermSetting.OUTPATIENT
    if State(state) in _DECIDED and decided_on is not None and not (state == State.REFUSED and is_told):
        return Running(claim_id, (Clock(program_id, plan_id, setting, _DECIDED[State(state)], decided_on),), kept)
    clocks = []
    if state in _UNASKED and not asked:
        clocks.append(Clock(program_id, plan_id, setting, TermKind.ASK_PAPERS, reported_on))
    if state in OPEN and begun_on is not None:
        pauses = tuple(Pause(day, until) for day, until in zip(asked or (), complete or (), strict=True))
        kind = TermKind.DECIDE_COMPLEX if is_complex else TermKind.DECIDE
        clocks.append(Clock(program_id, plan_id, setting, kind, begun_on, pauses))
    return Running(claim_id, tuple(clocks), kept)


class Counting:
    """Terms and calendar as they stand, read once; the day of each clock is counted once."""

    def __init__(self) -> None:
        self.calendar: WorkCalendar = calendar_now()
        self._terms: list[ServiceTerm] = list(terms_since(None))
        self.due = lru_cache(maxsize=50_000)(self._due)

    def stands_like(self, other: Counting) -> bool:
        """Whether nothing that days are counted with has changed between the two."""
        return self.calendar == other.calendar and self._key() == other._key()

    def _key(self) -> list[tuple[int, str, date | None]]:
        return [(row.pk, row.state, row.valid_to) for row in self._terms]

    def holding(self, clock: Clock) -> list[ServiceTerm]:
        """Terms that hold for a clock."""
        return chosen_of(
            self._terms, program_id=clock.program_id, plan_id=clock.plan_id, setting=clock.setting, kind=clock.kind,
            on=clock.begun_on,
        )

    def _due(self, clock: Clock) -> Due | None:
        return nearest(self.holding(clock), begun_on=clock.begun_on, pauses=clock.pauses, calendar=self.calendar)


def days_of(ids: Iterable[int]) -> dict[int, date | None]:
    """Of each claim, its last day in time by what stands now; None where nobody knows it."""
    counting = Counting()
    return {each.claim_id: _day(each, counting) for each in running(list(ids))}


def _day(claim: Running, counting: Counting) -> date | None:
    due = _nearest(claim, counting)
    return None if due is None else due.day


def _nearest(claim: Running, counting: Counting) -> Due | None:
    """Of its clocks the one that ends first; while all stand, the first of them."""
    found = [due for clock in claim.clocks if (due := counting.due(clock)) is not None]
    return min(found, key=lambda due: (due.day is None, due.day or date.max), default=None)


def write_days(claims: Sequence[Running], counting: Counting) -> int:
    """Within the caller's transaction: days that differ from what is kept, in one statement."""
    days = {each.claim_id: day for each in claims if (day := _day(each, counting)) != each.kept}
    if not days:
        return 0
    fault_point("claims.write_days.before")
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [list(days), list(days.values())])
    fault_point("claims.write_days.after")
    return len(days)


def keep_day(claim: Any) -> None:
    """Within the transaction that moved a locked claim: its last day as it is now."""
    day = days_of([claim.pk])[claim.pk]
    if day != claim.due_on:
        fault_point("claims.keep_day.before")
        claim.due_on = day
        claim.save(update_fields=["due_on"])
        fault_point("claims.keep_day.after")


def due_of_claim(claim: Any) -> Due | None:
    """The last day of one claim and the term that gives it."""
    return _nearest(running([claim.pk])[0], Counting())


@dataclass(frozen=True)
class Told:
    """One term of a claim, for its page: `left` is below zero once it is overdue; `day` None while the clock stands."""

    term: ServiceTerm
    day: date | None
    left: int


def terms_of_claim(claim: Any, *, today: date) -> tuple[tuple[Clock, ...], list[Told]]:
    """The clocks of a claim that a term holds for, else those that run, and each of the terms, the nearest first."""
    clocks = running([claim.pk])[0].clocks
    counting, told, held = Counting(), [], []
    for clock in clocks:
        rows = counting.holding(clock)
        held += [clock] if rows else []
        for row in rows:
            term: Any = row.term
            given: dict[str, Any] = {"pauses": clock.pauses, "calendar": counting.calendar}
            day = due_on(clock.begun_on, term, **given)
            told.append(Told(row, day, days_left(clock.begun_on, term, today=today, **given)))
    return tuple(held) or clocks, sorted(told, key=lambda each: (each.day or date.max, each.term.pk))

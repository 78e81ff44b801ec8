"""Years insured in a row before a cover, and those without a paid claim: one statement for one cover and for a million.

A year is a period of the program in which the person had a cover that stood, whatever its plan version or office. Years are
in a row while no more days than the asked cover's plan allows lie between the end of one and the beginning of the next;
holes within a period are not looked at. What a list of earlier years tells is continued from the day after its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from audit import blind_index
from beneficiaries.models import Enrollment
from beneficiaries.models.enrollment import EnrollmentState
from beneficiaries.models.person import IDENTITY
from continuity import claims
from programs.models import Plan

#: SQL over a cover `c`: it covered its person for some moment.
STOOD = f"(c.state IN ('{EnrollmentState.IN_FORCE}', '{EnrollmentState.ENDED}') AND c.ends_at > c.starts_at)"

# `asked`: the covers in question. `held`: the asked one's period and those over when it
# began (no other tier of its year), each with its first and last moment. `walked`
# goes back from the asked one: `breaks` counts the gaps passed so far, `claims` the years with a paid claim. `f`: the newest
# figure of a list about the person, by any of their documents that is theirs.
_YEARS = """
WITH asked AS MATERIALIZED (
    SELECT e.id, e.person_id, e.program_id, e.period_id, e.starts_at, plan.gap_days, period.starts_on
    FROM beneficiaries_enrollment e
    JOIN programs_plan plan ON plan.id = e.plan_id
    JOIN programs_period period ON period.id = e.period_id
    WHERE e.id IN ({covers}) AND e.period_kind = '{annual}'
), held AS (
    SELECT a.id, c.period_id, period.starts_on, min(c.starts_at) AS first, max(c.ends_at) AS last,
        bool_or(period.starts_on < a.starts_on AND {paid}) AS paid
    FROM asked a
    JOIN beneficiaries_enrollment c ON c.person_id = a.person_id AND c.program_id = a.program_id
        AND c.period_kind = '{annual}' AND ({stood} OR c.id = a.id)
    JOIN programs_period period ON period.id = c.period_id
        AND (period.ends_on <= a.starts_on OR c.period_id = a.period_id)
    GROUP BY a.id, c.period_id, period.starts_on
), stepped AS (
    SELECT h.*, a.gap_days, h.period_id <> a.period_id AS is_before,
        lag(h.first) OVER (PARTITION BY h.id ORDER BY h.period_id = a.period_id DESC, h.starts_on DESC, h.period_id) AS next_first
    FROM held h JOIN asked a ON a.id = h.id
), walked AS (
    SELECT s.*,
        sum(CASE WHEN s.next_first - s.last > make_interval(days => s.gap_days) THEN 1 ELSE 0 END) OVER back AS breaks,
        sum(CASE WHEN s.paid THEN 1 ELSE 0 END) OVER back AS claims
    FROM stepped s WINDOW back AS (PARTITION BY s.id ORDER BY s.is_before, s.starts_on DESC, s.period_id)
), told AS (
    SELECT a.id, f.list_id, f.as_of, f.continuity_years, f.claim_free_years,
        (f.as_of + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' AS ends
    FROM asked a JOIN beneficiaries_person person ON person.id = a.person_id
    CROSS JOIN LATERAL (
        SELECT y.list_id, y.as_of, y.continuity_years, y.claim_free_years FROM continuity_earlieryears y
        WHERE y.program_id = a.program_id AND y.as_of < a.starts_on AND y.identity_index_{slot} IN (
            SELECT person.identity_index_{slot} UNION ALL
            SELECT d.identity_index_{slot} FROM beneficiaries_persondocument d
            WHERE d.person_id = person.id AND d.standing <> 'mistaken')
        ORDER BY y.list_id DESC, y.id DESC LIMIT 1
    ) AS f
), counted AS (
    SELECT w.id,
        count(*) FILTER (WHERE w.is_before AND w.breaks = 0) AS years,
        count(*) FILTER (WHERE w.is_before AND w.breaks = 0 AND w.claims = 0) AS free,
        count(*) FILTER (WHERE w.is_before AND w.breaks = 0 AND w.starts_on > t.as_of) AS years_after,
        count(*) FILTER (WHERE w.is_before AND w.breaks = 0 AND w.starts_on > t.as_of AND w.claims = 0) AS free_after,
        min(w.first) FILTER (WHERE w.breaks = 0 AND (w.starts_on > t.as_of OR NOT w.is_before)) - min(t.ends)
            <= make_interval(days => min(w.gap_days)) AS is_continued,
        array_agg(w.period_id ORDER BY w.starts_on DESC, w.period_id)
            FILTER (WHERE w.is_before AND w.breaks = 0) AS periods
    FROM walked w LEFT JOIN told t ON t.id = w.id GROUP BY w.id
)
SELECT n.id AS cover_id,
    CASE WHEN u.uses THEN n.years_after + t.continuity_years ELSE n.years END AS continuity_years,
    CASE WHEN NOT u.uses THEN n.free WHEN n.free_after = n.years_after THEN n.years_after + t.claim_free_years
        ELSE n.free_after END AS claim_free_years,
    coalesce(n.periods, '{{}}') AS periods, t.list_id, t.as_of, t.continuity_years AS told_years,
    t.claim_free_years AS told_free, u.uses AS uses_told
FROM counted n LEFT JOIN told t ON t.id = n.id
CROSS JOIN LATERAL (
    SELECT coalesce(n.is_continued AND n.years_after + t.continuity_years >= n.years, false) AS uses
) AS u
"""


@dataclass(frozen=True)
class Told:
    """What a list of earlier years tells: list number, last day, years in a row, those without a claim."""

    list_id: int
    as_of: date
    continuity_years: int
    claim_free_years: int


@dataclass(frozen=True)
class Years:
    """Of one cover: years in a row before it, those without a claim, and what they rest on.

    `periods`: numbers of the periods here that are in a row with it, newest first. `told`: the figure of the newest list, or
    None; `uses_told`: whether it is continued, or lies too far back or says less than the history here.
    """

    continuity: int
    claim_free: int
    periods: tuple[int, ...]
    told: Told | None
    uses_told: bool


def years_sql(covers: str) -> str:
    """A statement of (cover_id, continuity_years, claim_free_years, periods, list_id, as_of, told_years, told_free, uses_told).

    `covers`: SQL that gives numbers of covers, as it stands in a list or a subquery. Covers of spans have no row.
    """
    return _YEARS.format(
        covers=covers, annual=Plan.PeriodKind.ANNUAL, stood=STOOD, paid=claims.paid("c.id"),
        slot=blind_index.active_slot(IDENTITY),
    )


def years_of(covers: Sequence[int]) -> dict[int, Years]:
    """Cover -> its years; of a span none. One question, however many."""
    with connection.cursor() as cursor:
        cursor.execute(years_sql("SELECT unnest(%(covers)s::bigint[])"), {"covers": list(covers)})
        return {row[0]: _read(row) for row in cursor.fetchall()}


def years_of_cover(cover: Enrollment) -> Years | None:
    """Of one cover; None for a span."""
    return years_of([cover.pk]).get(cover.pk)


def _read(row: Sequence[Any]) -> Years:
    _cover, years, free, periods, list_id, as_of, told_years, told_free, uses = row
    told = None if list_id is None else Told(list_id, as_of, told_years, told_free)
    return Years(years, free, tuple(periods), told, uses)

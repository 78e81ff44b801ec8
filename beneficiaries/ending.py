"""Rosters that end covers: who left, moved away or died. Cover ends with the end of a day; no premium is given back.

Whoever only waits for a gate never covers: such a cover is voided, and what was used for it goes back.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import polars as pl
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries import known
from beneficiaries.applying import SETTINGS
from beneficiaries.models import Roster
from beneficiaries.models.enrollment import EnrollmentState
from beneficiaries.models.roster import EndReason
from beneficiaries.template import KnownPeopleTemplate, RosterContext
from beneficiaries.turns import record_deaths_alone, work_beside_others
from beneficiaries.updating import known_columns
from beneficiaries.voiding import void_of_owners
from intake.columns import Column
from intake.copying import ask
from intake.findings import Severity
from intake.models import Chunk
from intake.template import Applied

_USABLE = pl.col("worst") < Severity.ERROR.weight
#: As files say it -> the reason.
REASONS = {"退出": EndReason.LEFT, "迁出": EndReason.MOVED, "身故": EndReason.DECEASED}
END_COLUMNS = (
    *known_columns("name", "document_type", "document"),
    Column(
        "end_reason", "终止原因", ("原因类别", "退出原因"), required=True, clean="choice", choices=tuple(REASONS),
        example="迁出", help=_("Whoever is recorded as deceased is never enrolled again."),
    ),
    Column(
        "ended_on", "最后保障日", ("终止日期", "退出日期", "死亡日期"), required=True, clean="date", example="2026-06-30",
        help=_("Cover ends with the end of this day; it does not lie in the future."),
    ),
)
#: What a line, or a change of one person, ends: covers of this very office that would last longer, in force or waiting for
#: a gate; not those of a roster that is being applied, or undone, which takes them back itself.
LASTING = """
cover.person_id = {person} AND cover.program_id = %(program)s AND cover.organization_id = %(organization)s
    AND cover.ends_at > ({day} + 1)::timestamp AT TIME ZONE %(zone)s
    AND (cover.state = 'in_force' OR (cover.state = 'awaiting' AND NOT EXISTS (
        SELECT FROM beneficiaries_roster source WHERE source.id = cover.roster_id
            AND source.state NOT IN ('applied', 'undo_asked'))))
"""
_TO_END = sql.SQL("""
SELECT wanted.row FROM unnest(%(rows)s::int[], %(people)s::bigint[], %(days)s::date[]) AS wanted(row, person, day)
WHERE EXISTS (SELECT FROM beneficiaries_enrollment cover WHERE {lasting})
""").format(lasting=sql.SQL(LASTING.format(person="wanted.person", day="wanted.day")))
_DRIFT = (
    "NOT EXISTS (SELECT FROM beneficiaries_enrollment cover WHERE "
    + LASTING.format(person="known.id", day="r.ended_on")
    + ") AND (r.end_reason <> 'deceased' OR known.deceased_on IS NOT NULL)"
)
_COVERS = "beneficiaries_enrollment cover JOIN roster_work w ON " + LASTING.format(person="w.person_id", day="w.ended_on")
_ROSTERS = f"SELECT DISTINCT cover.roster_id FROM {_COVERS} AND cover.state = 'awaiting'"  # noqa: S608 - constants of this module
_LOCK = f"""
SELECT cover.id, cover.roster_id, cover.purchase_id, cover.state = 'awaiting' FROM {_COVERS}
ORDER BY cover.id FOR NO KEY UPDATE OF cover
"""  # noqa: S608 - constants of this module
_LOCK_PEOPLE = """
SELECT FROM beneficiaries_person p JOIN roster_work w ON w.person_id = p.id
WHERE w.end_reason = 'deceased' ORDER BY p.id FOR NO KEY UPDATE OF p
"""
_ENDINGS = f"""
INSERT INTO beneficiaries_ending (enrollment_id, row_id, reason, ended_on, ended_before, created_at)
SELECT cover.id, w.row_id, w.end_reason, w.ended_on, cover.ends_at, %(at)s FROM {_COVERS} ORDER BY cover.id
"""  # noqa: S608 - constants of this module
# A cover that had not begun covers no moment at all.
_ENDED = """
UPDATE beneficiaries_enrollment cover
SET state = 'ended', ends_at = greatest(cover.starts_at, (ending.ended_on + 1)::timestamp AT TIME ZONE %(zone)s)
FROM roster_work w JOIN beneficiaries_ending ending ON ending.row_id = w.row_id
WHERE cover.id = ending.enrollment_id AND cover.state = 'in_force'
"""
# The first day that was told stands: another office's line changes nothing of it.
_DECEASED = """
UPDATE beneficiaries_person p SET deceased_on = w.ended_on
FROM roster_work w WHERE p.id = w.person_id AND w.end_reason = 'deceased' AND p.deceased_on IS NULL
"""


class EndTemplate(KnownPeopleTemplate):
    """One line, one person whose cover ends, or is voided where it waits for a gate."""

    title = _("End covers")
    columns = END_COLUMNS
    staged = (
        "name", "document", "document_type", "identity_index_a", "identity_index_b", "name_index_a", "name_index_b",
        "known_person_id", "end_reason", "ended_on",
    )
    marks = ()

    def judge(
        self, frame: pl.DataFrame, findings: pl.DataFrame, context: RosterContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """No day to come, and something that ends: a cover, or the life of somebody without one."""
        frame = frame.with_columns(
            end_reason=pl.col("end_reason").replace_strict(
                {word: reason.value for word, reason in REASONS.items()}, default=None, return_dtype=pl.String
            )
        )
        frame, findings = self.refuse(
            frame, findings, "DATE_FUTURE", "ended_on", _USABLE & (pl.col("ended_on") > context.checks.today)
        )
        frame = frame.with_columns(covered=_covered(frame, context))
        died = (pl.col("end_reason") == EndReason.DECEASED.value) & ~pl.col("deceased")
        idle = _USABLE & ~pl.col("covered") & ~died
        frame, findings = self.refuse(frame, findings, "NOTHING_TO_END", "document", idle)
        return frame.with_columns(changes=pl.lit(value=True)), findings

    def apply_chunk(self, subject: Any, chunk: Chunk, *, context: RosterContext, at: datetime) -> Applied:
        """Covers and people of one chunk."""
        facts = known.facts_of(context.roster, chunk.number, at=at)
        with connection.cursor() as cursor:
            fault_point("beneficiaries.end.before")
            record_deaths_alone(cursor)
            set_aside = known.make_work(cursor, context.roster, facts, columns="r.end_reason, r.ended_on", drift=_DRIFT)
            rosters = _lock_rosters(cursor, facts)
            cursor.execute(_LOCK, facts)
            waiting = [(pk, roster, purchase) for pk, roster, purchase, waits in cursor.fetchall() if waits]
            cursor.execute(_LOCK_PEOPLE, facts)
            for step, statement in (("endings", _ENDINGS), ("covers", _ENDED), ("deceased", _DECEASED)):
                fault_point(f"beneficiaries.end.{step}.before")
                plan_anew(cursor)
                cursor.execute(statement, facts)
            cursor.execute("SELECT count(*) FROM roster_work")
            applied = cursor.fetchone()[0]
            cursor.execute("DROP TABLE roster_work")
            fault_point("beneficiaries.end.waiting.before")
            # Last, since it moves money: whoever gives back to one budget takes turns until the commit.
            void_of_owners(waiting, rosters, by=context.roster.decided_by, at=at)
            fault_point("beneficiaries.end.after")
        return Applied(applied, set_aside)


def _lock_rosters(cursor: Any, facts: dict[str, Any]) -> dict[int, Roster]:
    """The rosters of the covers that a chunk voids, locked before these: gates and lapses meet there."""
    cursor.execute(_ROSTERS, facts)
    found = Roster.objects.filter(pk__in=[pk for (pk,) in cursor.fetchall() if pk is not None])
    return {roster.pk: roster for roster in found.select_related("organization").select_for_update(of=("self",)).order_by("pk")}


def _covered(frame: pl.DataFrame, context: RosterContext) -> pl.Series:
    """Whether a row's person has a cover of this office that lasts beyond the day, in force or waiting."""
    rows = frame.select(_USABLE & pl.col("known_person_id").is_not_null()).to_series().fill_null(value=False).arg_true()
    lines = frame.select("known_person_id", "ended_on")[rows.to_list()]
    found = ask(
        _TO_END,
        {
            "rows": rows.to_list(), "people": lines["known_person_id"].to_list(), "days": lines["ended_on"].to_list(),
            "program": context.roster.program_id, "organization": context.roster.organization_id,
            "zone": settings.TIME_ZONE,
        },
    ) if len(rows) else []
    places = [row for (row,) in found]
    return pl.zeros(len(frame), dtype=pl.UInt8, eager=True).scatter(places, 1).cast(pl.Boolean)


_MISSING_ENDINGS = """
INSERT INTO beneficiaries_ending (enrollment_id, roster_id, reason, ended_on, ended_before, created_at)
SELECT id, %(roster)s, %(reason)s, %(day)s, ends_at, %(at)s FROM beneficiaries_enrollment
WHERE id = ANY(%(covers)s) ORDER BY id
"""
_MISSING_ENDED = """
UPDATE beneficiaries_enrollment SET state = 'ended', ends_at = greatest(starts_at, %(tomorrow)s) WHERE id = ANY(%(covers)s)
"""


def end_covers(roster: Roster, covers: QuerySet, at: datetime) -> int:
    """End covers of who is missing from a full list with the end of the day; how many that were.

    As a line of a roster would: those in force that would last longer. Whoever waits for a gate is left to it.
    """
    day = timezone.localdate(at)
    tomorrow = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    with connection.cursor() as cursor:
        fault_point("beneficiaries.end_covers.before")
        cursor.execute(SETTINGS)
        work_beside_others(cursor, roster)
        lasting = covers.filter(state=EnrollmentState.IN_FORCE, ends_at__gt=tomorrow)
        found = list(lasting.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        facts: dict[str, Any] = {
            "covers": found, "roster": roster.pk, "reason": EndReason.OFF_LIST, "day": day, "tomorrow": tomorrow, "at": at,
        }
        for step, statement in (("endings", _MISSING_ENDINGS), ("covers", _MISSING_ENDED)):
            fault_point(f"beneficiaries.end_covers.{step}.before")
            plan_anew(cursor)
            cursor.execute(statement, facts)
        fault_point("beneficiaries.end_covers.after")
    return len(found)


END = EndTemplate()

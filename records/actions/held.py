"""Held records of a file decided by a person before it is submitted: proposed as they are or under another cover, or left out.

The covers of decided records are calculated anew, for what one record uses up is not left for the next.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection, transaction
from psycopg import sql

from accounts.models import User
from audit import events
from audit.faults import fault_point
from beneficiaries.covers_named import IN_COVER
from beneficiaries.models.enrollment import enrollment_id_of
from intake.copying import ask
from intake.deciding import in_review, reason_of, settle
from intake.held import ACCEPT, MARKS, Choice, HeldLines
from programs.plan_views import PlanView
from records.actions.lists import SUBMIT
from records.deciding import COVERED, recalculate
from records.errors import RecordsRefused
from records.matching import RecordContext, claimed_sql
from records.models import LineDecision, RecordDecision, RecordList, RecordRow
from records.reach import refuse_beyond
from records.template import template_of

#: SQL over a record `r`: it would propose something. Its cover stands, nobody has claimed it, and the plan says what it pays.
_ABLE = """(r.plan_id = ANY(%(plans)s::bigint[]) AND EXISTS (
        SELECT FROM beneficiaries_enrollment e WHERE e.id = r.enrollment_id AND e.plan_id = r.plan_id AND {covered}
            AND ({claimed}) IS NULL AND NOT EXISTS (
                SELECT FROM records_proposal other WHERE other.program_id = e.program_id
                    AND other.settlement_number = r.settlement_number AND other.undone_at IS NULL))
    AND NOT EXISTS (
        SELECT FROM jsonb_array_elements_text(%(open_kinds)s::jsonb -> r.plan_id::text) silent(kind)
        WHERE coalesce((r.figures ->> silent.kind)::numeric, 0) > 0))"""
# Of records that were put under another cover: back to the one that they were matched to.
_BACK = """
UPDATE records_recordrow r SET enrollment_id = (f.mark -> 'before' ->> 0)::bigint, plan_id = (f.mark -> 'before' ->> 1)::bigint,
    age = (f.mark -> 'before' ->> 2)::smallint
FROM records_recordrow held CROSS JOIN LATERAL (
    SELECT value AS mark FROM jsonb_array_elements(held.findings) WHERE value ? 'before' LIMIT 1
) f
WHERE held.record_list_id = %(record_list)s AND held.id = ANY(%(rows)s) AND r.id = held.id
"""
_PUT = """
UPDATE records_recordrow r SET enrollment_id = e.id, plan_id = e.plan_id,
    age = extract(year FROM age((e.starts_at AT TIME ZONE 'Asia/Shanghai')::date, person.birth_on))::int
FROM beneficiaries_enrollment e JOIN beneficiaries_person person ON person.id = e.person_id
WHERE r.record_list_id = %(record_list)s AND r.id = ANY(%(rows)s) AND e.id = %(cover)s
"""


@dataclass(frozen=True)
class Decided:
    """What a decision did; `left`: records that were chosen and cannot be so decided."""

    decision: RecordDecision
    left: int


@cache
def held_lines() -> HeldLines:
    """Records, what marks their decisions, what keeps one from being proposed: asked once all rooms have told what they know."""
    able = _ABLE.format(claimed=claimed_sql(), covered=IN_COVER.format(day="r.discharged_on"))
    cover = str(LineDecision.COVER)
    return HeldLines(
        RecordRow._meta.db_table, "record_list_id", marks={**MARKS, cover: COVERED}, able={ACCEPT: able, cover: able}
    )


def decide_lines(
    record_list: RecordList, *, choice: Choice, kind: LineDecision, reason: str, cover: str = "", by: User, at: datetime
) -> Decided:
    """Decide the chosen records of a file in review, all in one transaction. `cover`: the number of another one, for one record."""
    with transaction.atomic():
        fault_point("records.decide_lines.locking")
        template = template_of(record_list)
        found: RecordList = in_review(record_list, template)
        refuse_beyond(by, SUBMIT, organization=found.organization, region_code=found.region_code, program_id=found.program_id)
        reason = reason_of(reason)
        events.refuse_personal(reason)
        context = template.context(found, at=at)
        touched, facts, also = _matched(found, choice), dict(choice.facts), "'{}'::jsonb"
        if kind == LineDecision.COVER:
            number = _put(found, choice, cover, context)
            facts["cover"] = number
            # The mark keeps to which cover the record was matched.
            also = f"jsonb_build_object('before', '{json.dumps(list(touched[-1]))}'::jsonb)"
        held = held_lines()
        left, rows = held.choose(found, choice, str(kind), **_plans(context.plans))
        if not rows:
            raise RecordsRefused("NOTHING_TO_DECIDE")
        covers = {each[0] for each in touched}
        covers |= {each for (each,) in ask(sql.Composed([sql.SQL("SELECT DISTINCT enrollment_id FROM deciding")]), {})}
        fault_point("records.decide_lines.before")
        decision = RecordDecision.objects.create(
            record_list=found, kind=kind, reason=reason, chosen=facts, rows=rows, decided_by=by, decided_at=at
        )
        changes = held.write(str(kind), decision=decision.pk, reason=reason, also=also)
        recalculate(found, context.plans, [cover for cover in covers if cover is not None])
        settle(found, template, changes, at=at)
        events.record(
            "record_list.decided", found, by=by, at=at, organization=found.organization, region_code=found.region_code,
            program_id=found.program_id,
            data={"rows": rows, "kind": kind.value, "reason": reason, "decision": decision.pk, "digest": found.digest[:12]},
        )
        fault_point("records.decide_lines.after")
    return Decided(decision, left)


def _plans(plans: Mapping[int, PlanView]) -> dict[str, Any]:
    """What `_ABLE` asks with: plans that say what they pay, and kinds of expenses of which one does not."""
    said = {plan: view for plan, view in plans.items() if view.expenses and not view.is_open}
    return {
        "plans": list(said), "open_kinds": json.dumps({str(plan): sorted(view.open_kinds) for plan, view in said.items()}),
    }


def _matched(found: RecordList, choice: Choice) -> list[tuple[int | None, int | None, int | None]]:
    """Named records as the check matched them (cover, plan, age), those under another cover put back; the covers that they were
    under come first."""
    if not choice.rows:
        return []
    rows = RecordRow.objects.filter(record_list=found, pk__in=choice.rows).order_by("pk")
    under = [(cover, None, None) for cover in rows.values_list("enrollment_id", flat=True)]
    with connection.cursor() as cursor:
        fault_point("records.match_again.before")
        cursor.execute(_BACK, {"record_list": found.pk, "rows": list(choice.rows)})
        fault_point("records.match_again.after")
    return [*under, *rows.values_list("enrollment_id", "plan_id", "age")]


def _put(found: RecordList, choice: Choice, number: str, context: RecordContext) -> int:
    """Put the one chosen record under the cover that a number names; its own number."""
    if len(choice.rows) != 1:
        raise RecordsRefused("ONE_RECORD")
    row = RecordRow.objects.filter(record_list=found, pk=choice.rows[0]).first()
    cover = enrollment_id_of(number)
    reach = context.reach
    known = ask(
        sql.SQL(
            "SELECT {covered} FROM beneficiaries_enrollment e WHERE e.id = %(cover)s AND e.program_id = %(program)s"
            " AND e.organization_id = ANY(%(offices)s) AND starts_with(e.region_code, %(region)s)"
        ).format(covered=sql.SQL(IN_COVER.format(day="%(day)s::date"))),
        {
            "cover": cover, "program": reach.program_id, "offices": list(reach.offices), "region": reach.region_code,
            "day": row.discharged_on,
        },
    ) if row is not None and cover is not None and row.discharged_on is not None else []
    if row is None or cover is None or not known:
        raise RecordsRefused("COVER_UNKNOWN")
    if not known[0][0]:
        raise RecordsRefused("COVER_NOT_THEN")
    if row.enrollment_id == cover:
        raise RecordsRefused("COVER_SAME")
    with connection.cursor() as cursor:
        fault_point("records.put_under_cover.before")
        cursor.execute(_PUT, {"record_list": found.pk, "rows": [row.pk], "cover": cover})
        fault_point("records.put_under_cover.after")
    return cover

"""Who is to be handed over: whom an insurer has not been told of, and who goes of those it was; nothing is written here."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from psycopg import sql

from beneficiaries.gating import DEAD, PASSABLE, PASSED, Gate, asked_gates
from handover.models import Direction, HandOver, LeaveReason
from intake.copying import ask
from programs.models import FundingSplit
from subsidies.giving_back import Kind, backs_of

ZERO = Decimal("0.00")
#: The advisory lock of whoever releases for a period.
TURN = "handover:{period}"

# Whoever is on a standing line is on none else; whose roster is being undone is left, and whose data is restricted (ADR 27).
_ENTRIES = """
SELECT e.id, e.region_code, e.premium, NULL::bigint AS split_id, ''::text AS leave_reason, NULL::date AS last_day
FROM beneficiaries_enrollment e JOIN accounts_organization o ON o.id = e.organization_id
LEFT JOIN beneficiaries_roster r ON r.id = e.roster_id
WHERE e.period_id = %(period)s AND {waits}
    AND starts_with(o.path, %(path)s) AND starts_with(e.region_code, %(region)s)
    AND (r.id IS NULL OR r.state = ANY(%(passable)s))
    AND NOT EXISTS (
        SELECT FROM handover_handoverline l WHERE l.enrollment_id = e.id AND l.direction = 'entry' AND l.stands)
    AND NOT EXISTS (SELECT FROM beneficiaries_beneficiary b WHERE b.id = e.beneficiary_id AND b.restricted_at IS NOT NULL)
"""
_GOES = """
FROM handover_handoverline told JOIN handover_handover h ON h.id = told.hand_over_id
JOIN beneficiaries_enrollment e ON e.id = told.enrollment_id
JOIN accounts_organization o ON o.id = e.organization_id
LEFT JOIN LATERAL (
    SELECT reason, ended_on, paid.ended_before FROM beneficiaries_ending
    CROSS JOIN LATERAL (
        SELECT ended_before FROM beneficiaries_ending WHERE enrollment_id = e.id ORDER BY id LIMIT 1) paid
    WHERE enrollment_id = e.id ORDER BY id DESC LIMIT 1) gone ON true
"""
_GONE = """
WHERE h.period_id = %(period)s AND told.direction = 'entry' AND told.stands AND told.answer <> 'refused'
    AND e.state IN ('ended', 'voided', 'lapsed')
    AND starts_with(o.path, %(path)s) AND starts_with(e.region_code, %(region)s)
    AND NOT EXISTS (
        SELECT FROM handover_handoverline l WHERE l.enrollment_id = e.id AND l.direction = 'leave' AND l.stands)
"""
_PAID_UNTIL = "coalesce(gone.ended_before, e.ends_at)"
_USED = "(e.state = 'ended' AND e.ends_at > e.starts_at)"
_KINDS = f"SELECT DISTINCT e.split_id, e.plan_id, e.starts_at, e.ends_at, {_PAID_UNTIL} {_GOES} {_GONE} AND {_USED}"
# Of whoever was covered for a while what the plan's rule gives back of the premium; who was never covered costs nothing, nor
# whose cover ended before it began. Who ended since the rule was asked goes with the next removals.
_LEAVES = f"""
SELECT e.id, e.region_code, CASE WHEN {_USED} THEN back.amount ELSE e.premium END AS premium,
    CASE WHEN {_USED} THEN back.part_id END AS split_id,
    CASE WHEN e.state = 'ended' THEN coalesce(gone.reason, '{LeaveReason.LEFT}') ELSE '{LeaveReason.UNDONE}' END AS leave_reason,
    CASE WHEN e.state = 'ended' THEN gone.ended_on END AS last_day
{_GOES}
LEFT JOIN unnest(
    %(splits)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[], %(befores)s::timestamptz[],
    %(amounts)s::numeric[], %(parts)s::bigint[]
) AS back(split_id, starts_at, ends_at, ended_before, amount, part_id)
    ON back.split_id = e.split_id AND back.starts_at = e.starts_at AND back.ends_at = e.ends_at
    AND back.ended_before = {_PAID_UNTIL}
{_GONE} AND (NOT {_USED} OR back.split_id IS NOT NULL)
"""
_COUNT = sql.SQL("SELECT count(*), coalesce(sum(premium), 0.00) FROM ({chosen}) chosen")
LINES = """
INSERT INTO handover_handoverline (
    hand_over_id, enrollment_id, number, direction, region_code, premium, split_id, leave_reason, last_day, stands, answer,
    policy_number, refusal)
SELECT %(hand_over)s, id, row_number() OVER (ORDER BY region_code, id), %(direction)s, region_code, premium, split_id,
    leave_reason, last_day, true, '', '', ''
FROM ({chosen}) chosen ORDER BY region_code, id
"""


def _no_row(_plan: int, _lines: Any, *, own_share: Decimal) -> None:
    """Who only looks keeps no division."""


def chosen(hand_over: HandOver, *, divide: Callable[..., FundingSplit | None] = _no_row) -> tuple[str, dict[str, Any]]:
    """Statement and values: id, region, premium, its division where it is a part, reason and last day of who is to be handed over.

    `divide` keeps the division of a part of a premium: `split_of_parts` for whoever writes the lines.
    """
    values = {
        "period": hand_over.period_id, "path": hand_over.organization.path, "region": hand_over.region_code,
        "passable": [state.value for state in PASSABLE], "hand_over": hand_over.pk, "direction": hand_over.direction.value,
    }
    if hand_over.direction == Direction.LEAVE:
        return _LEAVES, {**values, **_backs(values, divide)}
    asked = asked_gates(hand_over.period.plan)
    # Where nobody waits for the insurer, it is told of cover that stands.
    waits = "e.state = 'in_force'"
    if Gate.ACCEPTANCE in asked:
        passed = "".join(f" AND {PASSED[gate]}" for gate in asked if gate is not Gate.ACCEPTANCE)
        waits = f"e.state = 'awaiting' AND e.accepted_at IS NULL{passed} AND NOT {DEAD}"
    return _ENTRIES.format(waits=waits), values


def _backs(values: dict[str, Any], divide: Callable[..., FundingSplit | None]) -> dict[str, list[Any]]:
    """What goes back of each kind of cover that ended, as columns."""
    columns: dict[str, list[Any]] = {name: [] for name in ("splits", "starts", "ends", "befores", "amounts", "parts")}
    for kind, backs in backs_of(Kind(*row) for row in ask(sql.SQL(_KINDS).format(), values)):
        own = sum((amount for funder, _share, amount in backs if funder is None), ZERO)
        lines = [(funder, amount) for funder, _share, amount in backs if funder is not None]
        part = divide(kind.plan, lines, own_share=own) if backs else None
        whole = own + sum((amount for _funder, amount in lines), ZERO)
        row = (kind.split, kind.starts_at, kind.ends_at, kind.ended_before, whole, None if part is None else part.pk)
        for column, value in zip(columns.values(), row, strict=True):
            column.append(value)
    return columns


def outlook(hand_over: HandOver) -> tuple[int, Decimal]:
    """How many would be handed over now, and the yuan that their premium comes to."""
    found, values = chosen(hand_over)
    people, premium = ask(_COUNT.format(chosen=sql.SQL(found)), values)[0]
    return people, premium

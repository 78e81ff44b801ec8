"""Who is to be handed over: whom an insurer has not been told of, and who goes of those it was; nothing is written here."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from psycopg import sql

from beneficiaries.gating import PASSABLE, PASSED, Gate, asked_gates
from handover.models import Direction, HandOver, LeaveReason
from intake.copying import ask

# Whoever is on a standing line is on none else; whose roster is being undone is left, and whose data is restricted (ADR 27).
_ENTRIES = """
SELECT e.id, e.region_code, e.premium, ''::text AS leave_reason, NULL::date AS last_day
FROM beneficiaries_enrollment e JOIN accounts_organization o ON o.id = e.organization_id
LEFT JOIN beneficiaries_roster r ON r.id = e.roster_id
WHERE e.period_id = %(period)s AND {waits}
    AND starts_with(o.path, %(path)s) AND starts_with(e.region_code, %(region)s)
    AND (r.id IS NULL OR r.state = ANY(%(passable)s))
    AND NOT EXISTS (
        SELECT FROM handover_handoverline l WHERE l.enrollment_id = e.id AND l.direction = 'entry' AND l.stands)
    AND NOT EXISTS (SELECT FROM beneficiaries_beneficiary b WHERE b.id = e.beneficiary_id AND b.restricted_at IS NOT NULL)
"""
# Of whoever ended nothing is paid back; who was never covered costs nothing, nor whose cover ended before it began.
_LEAVES = f"""
SELECT e.id, e.region_code, CASE WHEN e.state = 'ended' AND e.ends_at > e.starts_at THEN 0.00 ELSE e.premium END AS premium,
    CASE WHEN e.state = 'ended' THEN coalesce(gone.reason, '{LeaveReason.LEFT}') ELSE '{LeaveReason.UNDONE}' END AS leave_reason,
    CASE WHEN e.state = 'ended' THEN gone.ended_on END AS last_day
FROM handover_handoverline told JOIN handover_handover h ON h.id = told.hand_over_id
JOIN beneficiaries_enrollment e ON e.id = told.enrollment_id
JOIN accounts_organization o ON o.id = e.organization_id
LEFT JOIN LATERAL (
    SELECT reason, ended_on FROM beneficiaries_ending WHERE enrollment_id = e.id ORDER BY id DESC LIMIT 1) gone ON true
WHERE h.period_id = %(period)s AND told.direction = 'entry' AND told.stands AND told.answer <> 'refused'
    AND e.state IN ('ended', 'voided', 'lapsed')
    AND starts_with(o.path, %(path)s) AND starts_with(e.region_code, %(region)s)
    AND NOT EXISTS (
        SELECT FROM handover_handoverline l WHERE l.enrollment_id = e.id AND l.direction = 'leave' AND l.stands)
"""  # noqa: S608 - words of this room
_COUNT = sql.SQL("SELECT count(*), coalesce(sum(premium), 0.00) FROM ({chosen}) chosen")
LINES = """
INSERT INTO handover_handoverline (
    hand_over_id, enrollment_id, number, direction, region_code, premium, leave_reason, last_day, stands, answer,
    policy_number, refusal)
SELECT %(hand_over)s, id, row_number() OVER (ORDER BY region_code, id), %(direction)s, region_code, premium, leave_reason,
    last_day, true, '', '', ''
FROM ({chosen}) chosen ORDER BY region_code, id
"""


def chosen(hand_over: HandOver) -> tuple[str, dict[str, Any]]:
    """Statement and values: id, region, premium, reason and last day of whoever is to be handed over now."""
    values = {
        "period": hand_over.period_id, "path": hand_over.organization.path, "region": hand_over.region_code,
        "passable": [state.value for state in PASSABLE], "hand_over": hand_over.pk, "direction": hand_over.direction.value,
    }
    if hand_over.direction == Direction.LEAVE:
        return _LEAVES, values
    asked = asked_gates(hand_over.period.plan)
    # Where nobody waits for the insurer, it is told of cover that stands.
    waits = "e.state = 'in_force'"
    if Gate.ACCEPTANCE in asked:
        passed = "".join(f" AND {PASSED[gate]}" for gate in asked if gate is not Gate.ACCEPTANCE)
        waits = f"e.state = 'awaiting' AND e.accepted_at IS NULL{passed}"
    return _ENTRIES.format(waits=waits), values


def outlook(hand_over: HandOver) -> tuple[int, Decimal]:
    """How many would be handed over now, and the yuan that their premium comes to."""
    found, values = chosen(hand_over)
    people, premium = ask(_COUNT.format(chosen=sql.SQL(found)), values)[0]
    return people, premium

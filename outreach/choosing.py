"""Who is to be told: found set-wise, each with how they are reached or why they are left out; nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import sql

from beneficiaries.gating import PASSED, Gate, asked_gates
from intake.copying import ask
from outreach.models import Sending, Topic

#: Occasion -> the condition of an enrollment `e`; rooms above give those that only they know.
_TOPICS: dict[str, str] = {
    Topic.TO_PAY: "e.state = 'awaiting' AND e.own_share > 0 AND e.own_paid_at IS NULL"
    # An employer pays for its staff by one bill.
    " AND NOT EXISTS (SELECT FROM beneficiaries_roster r WHERE r.id = e.roster_id AND r.employer_id IS NOT NULL){before_payment}",
    Topic.IN_FORCE: "e.state = 'in_force' AND e.ends_at > %(at)s",
    Topic.ENDS_SOON: "e.state = 'in_force' AND e.ends_at > %(at)s AND e.ends_at <= %(until)s",
    Topic.ENDED: "(e.state = 'ended' OR (e.state = 'in_force' AND e.ends_at <= %(at)s))",
}
# One person once, by the newest of their covers. Whoever was told is told no second time for the same; a reminder goes to
# whoever got the message before it.
# A minor's message goes to the guardian, that of whoever has no telephone to their agent.
MINOR = "(p.birth_on IS NOT NULL AND p.birth_on + interval '18 years' > %(at)s)"
SPEAKS = f"""
SELECT r.phone FROM beneficiaries_representative r
WHERE r.beneficiary_id = b.id AND r.ended_by_id IS NULL AND r.ended_row_id IS NULL AND r.phone IS NOT NULL
    AND r.role = CASE WHEN {MINOR} THEN 'guardian' ELSE 'agent' END
    AND (r.valid_from IS NULL OR r.valid_from <= %(at)s) AND (r.valid_to IS NULL OR r.valid_to >= (%(at)s)::date)
ORDER BY r.id DESC LIMIT 1
"""  # noqa: S608 - words of this room
_CHOSEN = """
SELECT DISTINCT ON (e.person_id) e.id, e.region_code,
    CASE WHEN p.deceased_on IS NOT NULL THEN 'deceased' WHEN b.restricted_at IS NOT NULL THEN 'restricted'
        WHEN EXISTS (SELECT FROM outreach_sendingline l
            WHERE l.enrollment_id = e.id AND l.topic = %(topic)s AND l.turn = %(turn)s AND l.stands) THEN 'told'
        WHEN NOT %(village_only)s AND (b.phone IS NOT NULL OR {speaks}) THEN 'phone' ELSE 'village' END AS reach
FROM beneficiaries_enrollment e JOIN accounts_organization o ON o.id = e.organization_id
JOIN beneficiaries_beneficiary b ON b.id = e.beneficiary_id
JOIN beneficiaries_person p ON p.id = e.person_id
WHERE e.period_id = %(period)s AND {topic} AND starts_with(o.path, %(path)s) AND starts_with(e.region_code, %(region)s)
    {reminded}
ORDER BY e.person_id, e.id DESC
"""
_REMINDED = """
AND EXISTS (SELECT FROM outreach_sendingline earlier WHERE earlier.enrollment_id = e.id AND earlier.topic = %(topic)s
    AND earlier.turn = %(turn)s - 1 AND earlier.stands)
"""
_COUNT = sql.SQL("SELECT reach, count(*) FROM ({chosen}) chosen GROUP BY reach")
LINES = """
INSERT INTO outreach_sendingline (sending_id, enrollment_id, number, region_code, reach, topic, turn, stands)
SELECT %(sending)s, id, row_number() OVER (ORDER BY region_code, id), region_code, reach, %(topic)s, %(turn)s, true
FROM ({chosen}) chosen WHERE reach IN ('phone', 'village') ORDER BY region_code, id
"""


@dataclass(frozen=True)
class Outlook:
    """How many would be told now, by which way, and how many are left out for which reason."""

    phone: int = 0
    village: int = 0
    told: int = 0
    restricted: int = 0
    deceased: int = 0

    @property
    def people(self) -> int:
        """Whoever is to be told."""
        return self.phone + self.village


def register_topic(topic: Topic, condition: str) -> None:
    """A condition of an enrollment `e` that only a room above can ask; its own words, nothing of a user's."""
    _TOPICS[topic] = condition


def chosen(sending: Sending, *, at: datetime) -> tuple[str, dict[str, Any]]:
    """Statement and values: id, region and reach of whoever the occasion concerns at a moment."""
    before = "".join(
        f" AND {PASSED[gate]}" for gate in asked_gates(sending.period.plan) if gate is Gate.NOTICE
    ) if sending.topic == Topic.TO_PAY else ""
    condition = _TOPICS[sending.topic].replace("{before_payment}", before)
    values: dict[str, Any] = {
        "period": sending.period_id, "path": sending.organization.path, "region": sending.region_code, "at": at,
        "until": at + timedelta(days=sending.within_days or 0), "topic": str(sending.topic), "turn": sending.turn,
        "sending": sending.pk, "village_only": sending.village_only,
    }
    return _CHOSEN.format(topic=condition, speaks=f"EXISTS ({SPEAKS})", reminded=_REMINDED if sending.turn > 1 else ""), values


def outlook(sending: Sending, *, at: datetime) -> Outlook:
    """One question, however many they are."""
    found, values = chosen(sending, at=at)
    counts: Mapping[str, int] = dict(ask(_COUNT.format(chosen=sql.SQL(found)), values))
    return Outlook(**counts)

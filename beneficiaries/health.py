"""Health classes of people: who says which from which day on, and what holds of a cover on a day.

What was said last for a day, by any office of the program, holds: a later day beats an earlier one, a later word the same day's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from audit import keys
from audit.faults import fault_point
from beneficiaries.change_events import tell
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models import Beneficiary, HealthClass, HealthSource, HealthStatement, PersonChange
from programs.benefit_terms import benefit_terms
from programs.models import Plan

#: What can be stated.
CLASSES = (HealthClass.HEALTHY, HealthClass.PRE_EXISTING)
# A person's rows of the program, those of whoever was merged into them too; the newest word that has begun.
_HOLDS = """
SELECT e.id, said.id, said.health_class, said.groups, said.from_on, said.source
FROM beneficiaries_enrollment e
CROSS JOIN LATERAL (
    SELECT h.id, h.health_class, h.groups, h.from_on, h.source
    FROM beneficiaries_healthstatement h
    JOIN beneficiaries_beneficiary b ON b.id = h.beneficiary_id
    JOIN beneficiaries_person p ON p.id = b.person_id
    WHERE (p.id = e.person_id OR p.merged_into_id = e.person_id) AND b.program_id = e.program_id
        AND h.from_on <= %(day)s AND h.health_class <> 'unknown' AND h.taken_back_at IS NULL
    ORDER BY h.from_on DESC, h.id DESC LIMIT 1
) AS said
WHERE e.id = ANY(%(covers)s)
"""


@dataclass(frozen=True)
class Health:
    """What holds: the class, groups of diseases by their codes, since when, and what it rests on (`HealthSource`)."""

    statement: int
    health_class: str
    groups: tuple[str, ...]
    from_on: date
    source: str


def health_on(covers: Sequence[int], *, day: date) -> dict[int, Health]:
    """Cover -> what holds of its person on a day; who never said anything is left out. One question, however many."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLDS, {"covers": list(covers), "day": day})
        rows = cursor.fetchall()
    opened = keys.open_many([None if row[3] is None else bytes(row[3]) for row in rows], "beneficiary.health_groups")
    return {
        row[0]: Health(row[1], row[2], codes_in(groups), row[4], row[5]) for row, groups in zip(rows, opened, strict=True)
    }


def codes_in(groups: str | None) -> tuple[str, ...]:
    """Codes of groups as they are kept."""
    return tuple(code for code in (groups or "").split(",") if code)


def said_on(beneficiary: Beneficiary, *, day: date) -> HealthStatement | None:
    """The newest word of one office that has begun on a day."""
    said = HealthStatement.objects.filter(beneficiary=beneficiary, from_on__lte=day, taken_back_at=None)
    return said.order_by("-from_on", "-pk").first()


def groups_of(program_id: int) -> dict[str, str]:
    """Groups of diseases that the program's plans ask for, code -> name; of several versions the newest names it."""
    found: dict[str, str] = {}
    for plan in Plan.objects.filter(program=program_id).exclude(state=Plan.State.DRAFT).order_by("number"):
        terms = benefit_terms(plan)
        if terms is not None and terms.pre_existing is not None:
            found.update({each.code: each.name.zh for each in terms.pre_existing.groups})
    return found


def fit_groups(program_id: int, health_class: str, groups: Sequence[str]) -> str | None:
    """Groups as they are kept; refuses what no plan of the program knows, and a healthy person with any."""
    wanted = sorted(set(groups))
    if health_class not in CLASSES:
        raise BeneficiariesRefused("HEALTH_CLASS")
    if wanted and health_class == HealthClass.HEALTHY:
        raise BeneficiariesRefused("HEALTHY_WITH_GROUPS")
    known = groups_of(program_id)
    if any(code not in known for code in wanted):
        raise BeneficiariesRefused("HEALTH_GROUPS")
    return ",".join(wanted) or None


def declare_health(change: PersonChange, *, by: Any, at: datetime) -> None:
    """State what was declared at the counter and approved."""
    assert change.valid_from is not None
    fault_point("beneficiaries.declare_health.before")
    HealthStatement.objects.create(
        beneficiary=change.beneficiary, health_class=change.health_class, groups=change.health_groups,
        from_on=change.valid_from, source=HealthSource.CHANGE, change=change, by_label=str(by)[:80], created_at=at,
    )
    tell("person.health_stated", change, by=by, at=at, day=str(change.valid_from))
    fault_point("beneficiaries.declare_health.after")

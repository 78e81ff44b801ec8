"""One cover of a program at a time: where a year has a period for each tier, nobody is covered by both on one day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from beneficiaries.models.enrollment import LIVE
from intake.copying import ask
from intake.findings import Meaning, Severity
from programs.models import Period, Plan

COVERED_BESIDE = "COVERED_BESIDE"
MEANINGS = (
    Meaning(
        COVERED_BESIDE, Severity.ERROR, _("covered on these days by another period of this program (%(extra)s)"),
        _("a person has one cover of a program at a time: end or give back the other one first"),
    ),
)
_HELD = """
SELECT DISTINCT ON (e.person_id) e.person_id, p.code FROM beneficiaries_enrollment e JOIN programs_period p ON p.id = e.period_id
WHERE e.person_id = ANY(%(people)s::bigint[]) AND e.period_id = ANY(%(periods)s::bigint[]) AND e.state = ANY(%(live)s)
    AND e.ends_at > %(begin)s ORDER BY e.person_id, e.id
"""


def beside(period: Period) -> list[int]:
    """Annual periods of the same program with days in common; none where each year has one period."""
    others = Period.objects.filter(program=period.program_id, starts_on__lt=period.ends_on, ends_on__gt=period.starts_on)
    return list(others.filter(plan__period_kind=Plan.PeriodKind.ANNUAL).exclude(pk=period.pk).values_list("pk", flat=True))


def covered_beside(people: Sequence[int], *, periods: Sequence[int], begin: date) -> dict[int, str]:
    """Person -> the other period's code, of those who wait or are covered there from a day on; nothing is asked without one."""
    if not people or not periods:
        return {}
    found = ask(sql.Composed([sql.SQL(_HELD)]), {
        "people": list(people), "periods": list(periods), "live": [state.value for state in LIVE],
        "begin": timezone.make_aware(datetime.combine(begin, time())),
    })
    return dict(found)

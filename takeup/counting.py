"""How many stand enrolled in a period, by county, day, age and way in: one pass over the counts, for one reader."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Case, CharField, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Left, TruncDate

from beneficiaries.counted import COUNTED_IN
from beneficiaries.models import DayStanding, Enrollment, Purchase, Roster
from beneficiaries.models.enrollment import EnrollmentState
from beneficiaries.models.roster import Purpose
from beneficiaries.money import COUNTY_DIGITS
from beneficiaries.whereabouts import reaches_below_counties
from programs.models import Period
from takeup.models import DayCount

VIEW, PEOPLE = "takeup.view_takeup", "beneficiaries.view_enrollment"
#: What the way in of a roster's people is told by.
_OF_ROSTER = {"purpose": "purpose", "employer": "employer", "before": "renewed_period"}
_COLUMNS = ("pk", "organization", "county", "day", "age_band", "channel", "people")


@dataclass
class Counted:
    """People by each key; `until`: the same of those enrolled up to the day that was asked for."""

    county: Counter[str] = field(default_factory=Counter)
    day: Counter[date] = field(default_factory=Counter)
    band: Counter[int | None] = field(default_factory=Counter)
    channel: Counter[str] = field(default_factory=Counter)
    until: dict[str, Counter[Any]] = field(default_factory=lambda: defaultdict(Counter))
    #: (path of the office, county) of every row.
    places: set[tuple[str, str]] = field(default_factory=set)

    def add(self, name: str, key: Any, people: int, early: int) -> None:
        """More people of a key, and how many of them were enrolled by the day."""
        getattr(self, name)[key] += int(people)
        self.until[name][key] += int(early)

    @property
    def people(self) -> int:
        """All of them."""
        return self.channel.total()

    @property
    def people_until(self) -> int:
        """Those enrolled up to the day."""
        return self.until["channel"].total()


# Ages and ways are told together, days alone: each row of the counts is looked at twice.
_SUMS = """
WITH sums AS MATERIALIZED (
    SELECT organization_id, county, day, age_band, channel, grouping(day) = 0 AS of_day, sum(people) AS people,
        coalesce(sum(people) FILTER (WHERE day <= %s), 0) AS early, min(id) AS sample
    FROM ({rows}) AS counts(id, organization_id, county, day, age_band, channel, people)
    GROUP BY GROUPING SETS ((organization_id, county, age_band, channel), (organization_id, county, day)) HAVING sum(people) <> 0
)
SELECT of_day, office.path, county, day, age_band, channel, people, early
FROM sums JOIN accounts_organization office ON office.id = organization_id {seen}
"""
# Office and county are what it depends on whether a row is seen: it is asked of one of each.
_SEEN = "WHERE (organization_id, county) IN ({rows})"
_SAMPLES = RawSQL("SELECT min(sample) FROM sums GROUP BY organization_id, county", [])


def count(period: Period, user: Any, *, until: date) -> Counted:
    """One question, whose cost grows with days and counties, not with people."""
    found = Counted()
    with connection.cursor() as cursor:
        cursor.execute(*_question(period, user, until))
        for of_day, path, county, day, band, channel, people, early in cursor.fetchall():
            if of_day:
                found.add("day", day, people, early)
                continue
            found.places.add((path, county))
            for name, key in (("county", county), ("band", band), ("channel", channel)):
                found.add(name, key, people, early)
    return found


def _question(period: Period, user: Any, until: date) -> tuple[str, list[Any]]:
    """SQL and its values; whoever reaches less than a county, where the counts are blind, reads few enough enrollments."""
    if reaches_below_counties(user, VIEW):
        sql, given = _enrolled(period, user).query.sql_with_params()
        return _SUMS.format(rows=sql, seen=""), [until, *given]
    sql, given = DayStanding.objects.filter(period=period).order_by().values_list(*_COLUMNS).query.sql_with_params()
    seen = DayCount.objects.visible_to(user, VIEW).filter(pk__in=_SAMPLES).order_by().values_list("organization", "county")
    which, of_user = seen.query.sql_with_params()
    return _SUMS.format(rows=sql, seen=_SEEN.format(rows=which)), [until, *given, *of_user]


def _enrolled(period: Period, user: Any) -> QuerySet[Any]:
    """Enrollments that stand, as rows of counts."""
    seen = Enrollment.objects.visible_to(user, VIEW).filter(period=period, period_kind="annual").order_by()
    bought = Subquery(_of_one(Purchase, "purchase").values("channel"))
    listed = Case(
        When(_purpose=Purpose.RENEW, then=Value(DayStanding.Channel.RENEWAL.value)),
        When(_employer__isnull=False, then=Value(DayStanding.Channel.EMPLOYER.value)),
        When(_before__isnull=False, then=Value(DayStanding.Channel.KNOWN.value)),
        default=Value(DayStanding.Channel.LIST.value), output_field=CharField(),
    )
    stood = seen.exclude(state__in=(EnrollmentState.LAPSED, EnrollmentState.VOIDED)).filter(ends_at__gt=F("starts_at"))
    return stood.annotate(
        county=Left("region_code", COUNTY_DIGITS), day=TruncDate("created_at", tzinfo=COUNTED_IN),
        **{f"_{name}": Subquery(_of_one(Roster, "roster").values(column)) for name, column in _OF_ROSTER.items()},
        channel=Coalesce(bought, listed), people=Value(1),
    ).values_list(*_COLUMNS)


def _of_one(model: Any, name: str) -> QuerySet[Any]:
    return model.objects.filter(pk=OuterRef(f"{name}_id"))


def sees_people(user: Any, path: str, county: str, program_id: int) -> bool:
    """Whether a role of the reader opens the people behind a number."""
    return any(
        path.startswith(grant.organization_path)
        and county.startswith(grant.region_prefix[:COUNTY_DIGITS])
        and (grant.program_ids is None or program_id in grant.program_ids)
        for grant in user.grants(PEOPLE)
    )

"""How many stand enrolled in a period, by county, day, age and way in: one pass over the counts, for one reader."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Case, CharField, F, OuterRef, QuerySet, Subquery, Value, When
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
_COLUMNS = ("organization__path", "county", "day", "age_band", "channel", "people")


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

    @property
    def people(self) -> int:
        """All of them."""
        return self.channel.total()

    @property
    def people_until(self) -> int:
        """Those enrolled up to the day."""
        return self.until["channel"].total()


def count(period: Period, user: Any, *, until: date) -> Counted:
    """One question, whose cost grows with days and counties, not with people."""
    sql, given = _rows(period, user).query.sql_with_params()
    found = Counted()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT grouping(path, county, day, age_band, channel), path, county, day, age_band, channel, sum(people),
                coalesce(sum(people) FILTER (WHERE day <= %s), 0)
            FROM ({sql}) AS counts(path, county, day, age_band, channel, people)
            GROUP BY GROUPING SETS ((path, county), (day), (age_band), (channel)) HAVING sum(people) <> 0""",  # noqa: S608
            [until, *given],
        )
        for kind, path, county, day, band, channel, people, before in cursor.fetchall():
            # The bits of what a row does not tell.
            name, key = {
                0b00111: ("county", county), 0b11011: ("day", day), 0b11101: ("band", band), 0b11110: ("channel", channel)
            }[kind]
            getattr(found, name)[key] += int(people)
            found.until[name][key] += int(before)
            if name == "county":
                found.places.add((path, county))
    return found


def _rows(period: Period, user: Any) -> QuerySet[Any]:
    """Counts; whoever reaches less than a county, where they are blind, reads few enough enrollments."""
    if not reaches_below_counties(user, VIEW):
        return DayCount.objects.visible_to(user, VIEW).filter(period=period).order_by().values_list(*_COLUMNS)
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

"""Enrollments in figures for one reader, from the counts that triggers keep: the workbench reads no millions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, DateField, Q, QuerySet, Sum, Value
from django.db.models.functions import Left, TruncMonth
from django.utils import timezone

from beneficiaries.gating import Gate
from beneficiaries.models import CountyStanding, Enrollment
from beneficiaries.models.enrollment import LIVE, EnrollmentState
from beneficiaries.money import COUNTY_DIGITS
from beneficiaries.whereabouts import reaches_below_counties, waiting_kinds
from programs.models import FundingSplitLine, Plan

#: The triggers' own, whatever the reader's.
COUNTED_IN = ZoneInfo("Asia/Shanghai")
TOWN_DIGITS = 9
ZERO = Decimal("0.00")


def counts_for(user: Any, permission: str) -> QuerySet[Any]:
    """Rows with `people`, `county`, `category`, `split`, `month`, `state` and gates, to be summed up.

    Whoever reaches less than a county reads few enough enrollments to count them, by town.
    """
    if not reaches_below_counties(user, permission):
        return CountyStanding.objects.visible_to(user, permission).order_by()
    seen = Enrollment.objects.visible_to(user, permission).filter(period_kind=Plan.PeriodKind.ANNUAL).order_by()
    return seen.annotate(
        people=Value(1), county=Left("region_code", TOWN_DIGITS),
        month=TruncMonth("created_at", tzinfo=COUNTED_IN, output_field=DateField()),
        noticed=Q(notice_passed_at__isnull=False), paid=Q(own_paid_at__isnull=False) | Q(own_share=0),
        accepted=Q(accepted_at__isnull=False),
    )


def people_in(counts: QuerySet[Any], *states: str) -> int:
    """How many stand in these states."""
    return int(counts.filter(state__in=states).aggregate(sum=Sum("people", default=0))["sum"])


def spans_now(user: Any, permission: str) -> QuerySet[Enrollment]:
    """Spans in force that are not over: the counts know nothing of them."""
    seen = Enrollment.objects.visible_to(user, permission).order_by()
    return seen.filter(
        period_kind=Plan.PeriodKind.SPAN, state=EnrollmentState.IN_FORCE, ends_at__gt=timezone.now(),
    ).filter(state__in=LIVE)


def premium_of(counts: QuerySet[Any]) -> Decimal:
    """Yuan of who waits or is covered."""
    by_split = counts.filter(state__in=LIVE).values_list("split__premium").annotate(number=Sum("people"))
    return sum((premium * number for premium, number in by_split), ZERO)


def live_by(user: Any, permission: str, column: str) -> list[tuple[str, int]]:
    """People by a column's values, who wait or are covered; spans as long as they run. The most first; one question.

    "county" is a place's code, of a town where the reader reaches no further.
    """
    counted = counts_for(user, permission).filter(state__in=LIVE).values_list(column).annotate(number=Sum("people"))
    spans = spans_now(user, permission)
    if column == "county":
        digits = TOWN_DIGITS if reaches_below_counties(user, permission) else COUNTY_DIGITS
        spans = spans.annotate(county=Left("region_code", digits))
    running = spans.values_list(column).annotate(covers=Count("pk"))
    found: dict[str, int] = {}
    for name, number in counted.union(running, all=True):
        found[name] = found.get(name, 0) + number
    return sorted(((name, number) for name, number in found.items() if number), key=lambda pair: (-pair[1], pair[0]))


def months_of(user: Any, permission: str, first: date) -> dict[date, int]:
    """Month -> how many were enrolled in it, whatever became of them."""
    counted = counts_for(user, permission).filter(month__gte=first).values_list("month").annotate(number=Sum("people"))
    return {month: number for month, number in counted if number}


@dataclass
class PlacePeople:
    """People of one county, or of one town where the reader reaches no further."""

    covered: int
    waiting: dict[Gate, int]
    this_month: int
    last_month: int


def people_by_place(user: Any, permission: str, months: Sequence[date]) -> dict[str, PlacePeople]:
    """Place -> who is covered, who waits at which gate, who was enrolled in the last month and the one before it."""
    last, this = months[-2:]
    waiting = {gate.value: Sum("people", filter=waiting_kinds(gate), default=0) for gate in Gate}
    rows = counts_for(user, permission).values("county").annotate(
        covered=Sum("people", filter=Q(state=EnrollmentState.IN_FORCE), default=0),
        in_this_month=Sum("people", filter=Q(month=this), default=0),
        in_last_month=Sum("people", filter=Q(month=last), default=0), **waiting,
    )
    return {
        row["county"]: PlacePeople(
            row["covered"], {gate: row[gate.value] for gate in Gate}, row["in_this_month"], row["in_last_month"]
        )
        for row in rows
    }


#: What each payer of a premium is called by: the insured, or the kind of the funder.
PERSON = "person"


def premium_by_place(user: Any, permission: str) -> dict[str, dict[str, Decimal]]:
    """Place -> payer ("person", or a funder's kind) -> yuan of the premium of who is covered or waits. Two questions."""
    rows = list(
        counts_for(user, permission).filter(state__in=LIVE).values_list("county", "split", "split__own_share")
        .annotate(number=Sum("people"))
    )
    lines: dict[int, list[tuple[str, Decimal]]] = {}
    of_splits = FundingSplitLine.objects.filter(split__in={split for _county, split, _own, _number in rows})
    for split, kind, amount in of_splits.values_list("split", "funder__kind", "amount"):
        lines.setdefault(split, []).append((kind, amount))
    found: dict[str, dict[str, Decimal]] = {}
    for county, split, own, number in rows:
        place = found.setdefault(county, {})
        for payer, amount in ((PERSON, own), *lines.get(split, ())):
            place[payer] = place.get(payer, ZERO) + number * amount
    return found



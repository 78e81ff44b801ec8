"""A funder's statement for a period by county and category: what is used, given back, asked, and still to be asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F, Sum

from accounts.models import Region
from beneficiaries.money import COUNTY_DIGITS
from programs.models import BudgetReservationLine, Category, Funder, Period
from subsidies.models import FundRequestPart
from subsidies.models.request import ASKED
from subsidies.rules import hidden
from subsidies.summary import ALL

ZERO = Decimal("0.00")
#: Of the covers that differences name, by the place of the line that each came from.
_GIVEN_BACK = f"""
SELECT left(coalesce(r.region_code, e.region_code), {COUNTY_DIGITS}), coalesce(r.category_id, e.category_id), sum(l.amount)
FROM subsidies_differenceline l JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
LEFT JOIN beneficiaries_rosterrow r ON r.id = e.row_id
WHERE l.stands AND l.funder_id = %s AND l.differences_id IN (SELECT id FROM subsidies_differences WHERE period_id = %s)
GROUP BY 1, 2
"""  # noqa: S608 - a number of our own


@dataclass
class Sums:
    """Yuan of one county and category: `used` of budgets, `given_back` by differences, `asked`, `left_out` of requests."""

    people: int = 0
    times: int = 0
    used: Decimal = ZERO
    given_back: Decimal = ZERO
    asked: Decimal = ZERO
    left_out: Decimal = ZERO

    @property
    def to_ask(self) -> Decimal:
        """What the next request would ask, or take off below zero: covers that wait for a gate are part of it."""
        return self.used - self.given_back - self.asked - self.left_out

    def add(self, other: Sums) -> None:
        """Sum up."""
        for name in ("people", "times", "used", "given_back", "asked", "left_out"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True)
class Row:
    """A line of the statement in words; its sums are None when they are hidden from this reader."""

    county: str
    category: str
    sums: Sums | None


@dataclass(frozen=True)
class PlaceStatement:
    """Lines by county and category, and their sum, which is the funder's whole."""

    rows: Sequence[Row]
    total: Sums
    has_gaps: bool = field(default=False)


def statement_of(funder: Funder, period: Period, *, hides: bool) -> PlaceStatement:
    """What the books, the requests and the differences say of each place. Five questions."""
    places: dict[tuple[str, int], Sums] = defaultdict(Sums)
    held: Any = BudgetReservationLine.objects.filter(reservation__funder=funder, reservation__period=period).order_by()
    for county, category, used in held.values_list("reservation__region_code", "reservation__category").annotate(sum=Sum("used")):
        places[county, category].used += used
    parts: Any = FundRequestPart.objects.filter(request__funder=funder, request__period=period, request__state__in=ASKED)
    for row in parts.order_by().values("county", "category").annotate(
        covers=Sum(F("people") + F("removals")), times_sum=Sum("times"), amount_sum=Sum("amount"), left_out_sum=Sum("left_out")
    ):
        sums = places[row["county"], row["category"]]
        sums.people, sums.times = row["covers"], row["times_sum"]
        sums.asked, sums.left_out = row["amount_sum"], row["left_out_sum"]
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN_BACK, [funder.pk, period.pk])
        for county, category, amount in cursor.fetchall():
            places[county, category].given_back += amount
    total = Sums()
    for sums in places.values():
        total.add(sums)
    gaps = _gaps(places) if hides else set()
    names = Region.objects.names_of({county for county, _category in places})
    categories = dict(
        Category.objects.filter(pk__in={category for _county, category in places}).order_by("position", "pk")
        .values_list("pk", "name")
    )
    order = {pk: place for place, pk in enumerate(categories)}
    return PlaceStatement(
        [
            Row(
                names.get(county, county), categories.get(category, ""),
                None if (county, category) in gaps else places[county, category],
            )
            for county, category in sorted(places, key=lambda place: (place[0], order.get(place[1], 0)))
        ],
        total, bool(gaps),
    )


def _gaps(places: dict[tuple[str, int], Sums]) -> set[tuple[str, int]]:
    """Places that are not shown: of fewer covers than may be told, or used by somebody who was never asked for."""
    numbers: dict[tuple[str, str], int] = defaultdict(int)
    for (county, category), sums in places.items():
        number = sums.people or (1 if sums.used else 0)
        for place in ((county, str(category)), (county, ALL), (ALL, str(category)), (ALL, ALL)):
            numbers[place] += number
    found = hidden(numbers, known=frozenset({(ALL, ALL)}))
    return {(county, int(category)) for county, category in found if ALL not in (county, category)}

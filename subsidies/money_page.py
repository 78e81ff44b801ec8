"""A funder's money from grant to person-times, as far as its reader may see it; read from sums, never from enrollments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _t

from programs.models import Budget, Funder, LedgerAccount, Program
from programs.models.ledger import AccountKind
from subsidies.models import FundMovement, FundRequest, FundRequestPart
from subsidies.models.movement import MovementKind, MovementState
from subsidies.models.request import ASKED
from subsidies.rules import LEAST_SHOWN
from subsidies.summary import Table, entries_of, hides_people, table_of

ZERO = Decimal("0.00")
VIEW = "subsidies.view_fundrequest"
#: Months that the course shows; the newest.
MONTHS = 24
#: And at least so many, so that one of them does not fill the drawing.
FEWEST = 6
#: Units of a column of the drawing, and of its height.
STEP, BAR, HEIGHT = 10, 4, 100


@dataclass(frozen=True)
class Step:
    """One station of the money, and its share of the greatest in percent."""

    label: str
    amount: Decimal
    share: int


@dataclass(frozen=True)
class Year:
    """One period of a program: yuan of its budgets and requests, people and person-times paid for."""

    title: str
    granted: Decimal
    reserved: Decimal
    used: Decimal
    asked: Decimal
    received: Decimal
    left: Decimal
    people: int
    times: int
    hides: bool = False

    @property
    def has_few(self) -> bool:
        """So few that their number would tell this reader who they are."""
        return self.hides and any(0 < number < LEAST_SHOWN for number in (self.people, self.times))


@dataclass(frozen=True)
class Month:
    """What was asked and what came in within a month; `bars`: (tone, left, top, height) of the drawing."""

    label: str
    shown: bool
    asked: Decimal
    received: Decimal
    times: int
    bars: Sequence[tuple[int, str, str, str]]


@dataclass(frozen=True)
class FundsPage:
    """What the page shows; no step when the funder has no budget that this reader may see."""

    steps: Sequence[Step]
    years: Sequence[Year]
    total: Year
    table: Table
    months: Sequence[Month]
    top: Decimal
    width: int
    requests: Sequence[FundRequest]


def page_of(funder: Funder, user: Any) -> FundsPage:
    """Of one funder, for one reader. A dozen questions, whose cost grows with requests and counties, not with people."""
    requests = FundRequest.objects.visible_to(user, VIEW).filter(funder=funder, state__in=ASKED)
    parts = FundRequestPart.objects.filter(request__in=requests.order_by().values("pk"))
    years, hides = _years(funder, user, requests, parts)
    total = _total(years, hides=hides)
    by_place = parts.order_by().values("county", "category").annotate(
        covers=Sum(F("people") + F("removals")), times_sum=Sum("times"), amount_sum=Sum("amount")
    )
    months, top = _months(funder, user, requests, parts)
    return FundsPage(
        steps=_steps(funder, user, requests, total), years=years, total=total,
        table=table_of(entries_of(by_place), hides=hides), months=months, top=top,
        width=STEP * max(1, len(months)), requests=list(requests.select_related("program", "period")[:12]),
    )


def _years(funder: Funder, user: Any, requests: Any, parts: Any) -> tuple[list[Year], bool]:
    budgets: Any = (
        Budget.objects.visible_to(user, "programs.view_budget").filter(funder=funder).exclude(state=Budget.State.DRAFT)
        .order_by().values("program", "period", "program__name", "period__code")
        .annotate(
            sum_granted=Sum("granted"), sum_reserved=Sum("reserved"), sum_used=Sum("used"),
            sum_left=Sum(F("granted") - F("reserved") - F("used"), filter=Q(state=Budget.State.APPROVED), default=ZERO),
        )
    )
    asked = {
        row["period"]: row for row in requests.order_by().values("period").annotate(
            sum_asked=Sum("amount"), sum_received=Sum("allocated")
        )
    }
    people = {
        row["request__period"]: row for row in parts.order_by().values("request__period").annotate(
            sum_people=Sum("new_people"), sum_times=Sum("times")
        )
    }
    found = sorted(budgets, key=lambda row: (row["program__name"], row["period__code"]))
    hides = hides_people(user, Program.objects.select_related("organization").filter(pk__in={row["program"] for row in found}))
    return [
        Year(
            f"{row['program__name']} {row['period__code']}", row["sum_granted"], row["sum_reserved"], row["sum_used"],
            asked.get(row["period"], {}).get("sum_asked", ZERO), asked.get(row["period"], {}).get("sum_received", ZERO),
            row["sum_left"], people.get(row["period"], {}).get("sum_people", 0),
            people.get(row["period"], {}).get("sum_times", 0), hides,
        )
        for row in found
    ], hides


def _total(years: Sequence[Year], *, hides: bool) -> Year:
    granted, reserved, used, asked, received, left = (
        sum((getattr(year, name) for year in years), ZERO)
        for name in ("granted", "reserved", "used", "asked", "received", "left")
    )
    # A whole of which one part is hidden would tell that part.
    alone = sum(year.has_few for year in years) == 1
    people, times = (1 if alone else sum(getattr(year, name) for year in years) for name in ("people", "times"))
    return Year(_t("In all"), granted, reserved, used, asked, received, left, people, times, hides)


def _steps(funder: Funder, user: Any, requests: Any, total: Year) -> list[Step]:
    moved: Mapping[str, Decimal] = dict(
        FundMovement.objects.visible_to(user, "subsidies.view_fundmovement").filter(
            funder=funder, state=MovementState.CONFIRMED
        ).order_by().values_list("kind").annotate(sum=Sum("amount"))
    )
    held = LedgerAccount.objects.visible_to(user, "programs.view_statement").filter(
        funder=funder, kind=AccountKind.FUNDER_CREDIT
    ).aggregate(sum=Sum("balance"))["sum"] or ZERO
    written_off = requests.aggregate(sum=Sum("written_off"))["sum"] or ZERO
    stations = (
        (_t("granted"), total.granted), (_t("reserved"), total.reserved), (_t("used"), total.used),
        (_t("requested"), total.asked), (_t("received"), moved.get(MovementKind.RECEIPT, ZERO)),
        (_t("settled"), total.received), (_t("written off"), written_off),
        (_t("held for the funder"), -held), (_t("paid back"), moved.get(MovementKind.PAYBACK, ZERO)),
        (_t("still to be reserved"), total.left),
    )
    most = max((amount for _label, amount in stations), default=ZERO)
    return [Step(label, amount, int(max(ZERO, amount) * 100 / most) if most else 0) for label, amount in stations]


def _months(funder: Funder, user: Any, requests: Any, parts: Any) -> tuple[list[Month], Decimal]:
    asked: dict[date, Decimal] = defaultdict(lambda: ZERO)
    times: dict[date, int] = defaultdict(int)
    received: dict[date, Decimal] = defaultdict(lambda: ZERO)
    rows = parts.order_by().annotate(month=TruncMonth("request__approved_at")).values_list("month").annotate(
        amount_sum=Sum("asked"), times_sum=Sum("times")
    )
    for month, amount, number in rows:
        asked[timezone.localdate(month)] += amount
        times[timezone.localdate(month)] += number
    receipts = FundMovement.objects.visible_to(user, "subsidies.view_fundmovement").filter(
        funder=funder, kind=MovementKind.RECEIPT, state=MovementState.CONFIRMED
    )
    by_month = receipts.order_by().annotate(month=TruncMonth("moved_on")).values_list("month")
    for month, amount in by_month.annotate(sum=Sum("amount")):
        received[month] += amount
    days = _every_month(asked.keys() | received.keys())
    most = max((max(asked[day], received[day]) for day in days), default=ZERO)
    every = max(1, -(-len(days) // 8))
    return [
        Month(f"{day:%Y-%m}", at % every == 0, asked[day], received[day], times[day], _bars(at, (asked[day], received[day]), most))
        for at, day in enumerate(days)
    ], most


def _every_month(found: Any) -> list[date]:
    """From the first to the last of some months without a gap, the newest MONTHS of them; half a year at least."""
    if not found:
        return []
    last, days = max(found), []
    day = min(min(found), _before(last, FEWEST - 1))
    while day <= last:
        days.append(day)
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return days[-MONTHS:]


def _before(day: date, months: int) -> date:
    """The first of the month so many months earlier."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


def _bars(at: int, amounts: Sequence[Decimal], most: Decimal) -> list[tuple[int, str, str, str]]:
    """Two columns side by side."""
    bars = []
    for tone, amount in enumerate(amounts, 1):
        height = amount * HEIGHT / most if most else ZERO
        if height:
            left = at * STEP + 1 + (tone - 1) * BAR
            bars.append((tone, str(left), f"{HEIGHT - height:.2f}", f"{height:.2f}"))
    return bars

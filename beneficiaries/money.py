"""What a roster costs whom: each row's division of the premium, sums by funder, the hold on budgets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl

from accounts.models import Region
from audit import events
from audit.faults import fault_point
from beneficiaries.models import Roster, RosterChunk
from intake.findings import Severity, Verdict
from programs import actions as programs
from programs.actions import Demand
from programs.models import Category, Funder, FundingSplit, FundingSplitLine, PlanCategory
from programs.rules import prices
from programs.rules.allocation import Place, allocate, fill, fits

COUNTY_DIGITS = 6
REFUSED = Severity.ERROR.weight
_APPLICABLE = (int(Verdict.NEW), int(Verdict.CHANGED), int(Verdict.UNCHANGED))
_MONEY = pl.Decimal(16, 2)
ZERO = Decimal(0)


def with_splits(frame: pl.DataFrame, context: Any) -> pl.DataFrame:
    """The frame with `category_id`, `split_id`, `premium` and `own_share`; `unfunded` says why a row has none."""
    ids = context.category_ids
    frame = frame.with_columns(
        category_id=pl.col("category_code").replace_strict(ids, default=None, return_dtype=pl.Int64),
        county=pl.col("region_code").str.slice(0, COUNTY_DIGITS),
    )
    place = ["county", "category_id"]
    if context.terms.prices:
        place.append("price")
        frame = frame.with_columns(price=prices.price_number(context.terms, day=context.counting_day))
    usable = frame.filter(pl.col("worst") < REFUSED).select(place).unique().drop_nulls().sort(place)
    known, lacking = _divided(usable, context)
    joined = frame.join(known, on=place, how="left", maintain_order="left")
    joined = joined.join(lacking, on=place, how="left", maintain_order="left")
    # Lines that only add to a cover cost nothing.
    refused = (pl.col("worst") >= REFUSED) | pl.col("adds")
    return joined.with_columns(
        pl.when(refused).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("split_id", "premium", "own_share", "unfunded")
    )


def _divided(places: pl.DataFrame, context: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The division of each (county, category and, where the plan has prices, place of the price), or why there is none.

    Each price is asked once for all its places: a few dozen rows, however many people.
    """
    known: list[tuple[Any, ...]] = []
    lacking: list[tuple[Any, ...]] = []
    for number, price in enumerate(prices.amounts(context.terms)):
        here = places.filter(pl.col("price") == number) if context.terms.prices else places
        wanted = [(county, category) for county, category in here.select("county", "category_id").iter_rows()]
        splits, reasons = programs.resolve_splits(
            context.terms, wanted, premium=context.premium_at(price), price=price
        )
        known += [(*at, number, split.pk, split.premium, split.own_share) for at, split in splits.items()]
        lacking += [(*at, number, reason) for at, reason in reasons.items()]
    where = {"county": pl.String, "category_id": pl.Int64, "price": pl.Int16}
    found = (
        pl.DataFrame(
            known, schema={**where, "split_id": pl.Int64, "premium": _MONEY, "own_share": _MONEY}, orient="row"
        ),
        pl.DataFrame(lacking, schema={**where, "unfunded": pl.String}, orient="row"),
    )
    return found if context.terms.prices else (found[0].drop("price"), found[1].drop("price"))


def tally(frame: pl.DataFrame) -> dict[str, Any]:
    """{"places": [[division, county, category id, rows], ...]} of a chunk's rows that would be enrolled."""
    enrolled = frame.filter(pl.col("verdict").is_in(_APPLICABLE) & pl.col("split_id").is_not_null())
    places = enrolled.group_by("split_id", "county", "category_id").len().sort("split_id", "county", "category_id")
    return {"places": [list(place) for place in places.iter_rows()]}


@dataclass(frozen=True)
class Cost:
    """What the rows of one division, county and category cost: yuan a row, and each funder's part of it."""

    place: Place
    rows: int
    premium: Decimal
    own_share: Decimal
    parts: Sequence[tuple[int, str, Decimal]]


def _costs(roster: Roster) -> list[Cost]:
    """From the chunks' tallies, before anything of the roster is set aside: a few hundred at most, in three queries."""
    rows: Counter[tuple[int, str, int]] = Counter()
    for counts in RosterChunk.objects.filter(roster=roster).values_list("counts", flat=True):
        for split, county, category, number in counts["tally"]["places"]:
            rows[split, county, category] += number
    splits = FundingSplit.objects.in_bulk({split for split, _county, _category in rows})
    parts: dict[int, list[tuple[int, str, Decimal]]] = defaultdict(list)
    lines = FundingSplitLine.objects.filter(split__in=splits).order_by("split_id", "position")
    for split, funder, name, amount in lines.values_list("split_id", "funder_id", "funder__name", "amount"):
        parts[split].append((funder, name, amount))
    return [
        Cost((county, category), number, splits[split].premium, splits[split].own_share, parts[split])
        for (split, county, category), number in sorted(rows.items())
    ]


def preview(roster: Roster) -> dict[str, Any]:
    """{"rows", "premium", "own_share", "funders": [{"funder", "name", "amount", "rows"}], "demands": [[funder, county,
    category, amount, people]], "groups": [[county, category, rows, premium]]}; amounts as text in yuan.

    Demands and groups are a few hundred at most: pages read them here and never the roster's rows.
    """
    return _priced(_costs(roster))


def _priced(costs: Sequence[Cost]) -> dict[str, Any]:
    demands, groups = _demands(costs), _groups(costs)
    names = {funder: name for cost in costs for funder, name, _amount in cost.parts}
    funders: dict[int, dict[str, Any]] = {}
    for demand in demands:
        line = funders.setdefault(
            demand.funder_id,
            {"funder": demand.funder_id, "name": names[demand.funder_id], "amount": ZERO, "rows": 0},
        )
        line["amount"] += demand.amount
        line["rows"] += demand.count
    return {
        "rows": sum(cost.rows for cost in costs),
        "premium": str(sum((cost.premium * cost.rows for cost in costs), ZERO)),
        "own_share": str(sum((cost.own_share * cost.rows for cost in costs), ZERO)),
        "funders": [{**line, "amount": str(line["amount"])} for line in funders.values()],
        "demands": [
            [demand.funder_id, demand.county, demand.category_id, str(demand.amount), demand.count] for demand in demands
        ],
        "groups": [[*place, rows, str(premium)] for place, (rows, premium) in sorted(groups.items())],
    }


def demands_of(roster: Roster) -> list[Demand]:
    """What a roster asks of each funder, by county and category."""
    return _demands(_costs(roster))


def reserve_roster(roster: Roster, *, by: Any, at: datetime) -> None:
    """Reserve the whole roster's sum or refuse it."""
    programs.reserve(roster, demands_of(roster), program_id=roster.program_id, period_id=roster.period_id, by=by, at=at)


def reserve_by_priority(roster: Roster, *, expected: Sequence[Place] | None, by: Any, at: datetime) -> None:
    """Reserve whole categories of counties in the plan's order; write down on the roster which are left out.

    From then on the roster's money is that of what is held; `whole` keeps what the whole roster would have cost.
    """
    filled = programs.reserve_by_priority(
        roster, demands_of(roster), priorities=priorities_of(roster), program_id=roster.program_id,
        period_id=roster.period_id, by=by, at=at, expected=expected,
    )
    if not filled.left_out:
        return
    every = _costs(roster)
    costs, out = _groups(every), set(filled.left_out)
    left_out = [
        {"county": county, "category": category, "rows": costs[county, category][0], "premium": str(costs[county, category][1])}
        for county, category in filled.left_out
    ]
    whole = {name: roster.money[name] for name in ("rows", "premium", "own_share", "funders")}
    roster.money = {
        **_priced([cost for cost in every if cost.place not in out]), "left_out": left_out, "whole": whole,
    }
    fault_point("beneficiaries.leave_out.before")
    events.record(
        "roster.left_out", roster, by=by, at=at, organization=roster.organization, region_code=roster.region_code,
        program_id=roster.program_id,
        data={
            "rows": sum(costs[place][0] for place in filled.left_out), "groups": len(left_out),
            "premium": str(sum((costs[place][1] for place in filled.left_out), ZERO)),
        },
    )
    fault_point("beneficiaries.leave_out.after")


def left_out_of(roster: Roster) -> list[Place]:
    """The (county, category id) groups that the approver left out for lack of budget."""
    return [(group["county"], group["category"]) for group in roster.money.get("left_out", [])]


def priorities_of(roster: Roster) -> list[int]:
    """Category ids, the plan's first in front."""
    held = PlanCategory.objects.filter(plan=roster.plan_id)
    return list(held.order_by("priority", "id").values_list("category_id", flat=True))


@dataclass(frozen=True)
class FunderOutlook:
    """What a roster asks of one funder, what the budgets that fit it still have, and what is missing; yuan."""

    name: str
    people: int
    wanted: Decimal
    available: Decimal
    short: Decimal


@dataclass(frozen=True)
class GroupOutlook:
    """One category of one county: rows, yuan of premium, and whether the money goes so far by priority."""

    place: Place
    county: str
    category: str
    rows: int
    premium: Decimal
    held: bool


@dataclass(frozen=True)
class Outlook:
    """What approving a roster now would do to the budgets; nothing is locked or held."""

    funders: Sequence[FunderOutlook]
    groups: Sequence[GroupOutlook]

    @property
    def suffices(self) -> bool:
        """Whether the whole sum can be reserved."""
        return not any(funder.short for funder in self.funders)

    @property
    def left_out(self) -> list[GroupOutlook]:
        """Groups for which the money does not go far enough."""
        return [group for group in self.groups if not group.held]

    @property
    def held(self) -> list[GroupOutlook]:
        """Groups that would be enrolled."""
        return [group for group in self.groups if group.held]


def outlook(roster: Roster) -> Outlook:
    """What each funder would pay and has left, and by group who would be enrolled by priority. Five queries."""
    demands = [
        Demand(funder_id, county, category, Decimal(amount), people)
        for funder_id, county, category, amount, people in roster.money.get("demands", [])
    ]
    costs = {
        (county, category): (rows, Decimal(premium))
        for county, category, rows, premium in roster.money.get("groups", [])
    }
    priorities = priorities_of(roster)
    budgets = programs.open_budgets(demands, program_id=roster.program_id, period_id=roster.period_id)
    short = allocate(demands, budgets)[1]
    left_out = set(fill(demands, budgets, priorities=priorities).left_out)
    names = dict(Funder.objects.filter(pk__in={each.funder_id for each in demands}).values_list("pk", "name"))
    funders = []
    for funder_id in sorted({each.funder_id for each in demands}):
        own = [each for each in demands if each.funder_id == funder_id]
        fitting = [budget for budget in budgets if any(fits(budget, each) for each in own)]
        funders.append(
            FunderOutlook(
                names[funder_id], sum(each.count for each in own), sum((each.amount for each in own), ZERO),
                sum((budget.available for budget in fitting), ZERO), short.get(funder_id, ZERO),
            )
        )
    rank = {category: place for place, category in enumerate(priorities)}
    counties = dict(Region.objects.filter(pk__in={county for county, _category in costs}).values_list("pk", "name"))
    categories = dict(Category.objects.filter(pk__in={category for _c, category in costs}).values_list("pk", "name"))
    groups = [
        GroupOutlook(
            place, counties.get(place[0], place[0]), categories[place[1]], *costs[place], held=place not in left_out
        )
        for place in sorted(costs, key=lambda place: (rank.get(place[1], len(rank)), place))
    ]
    return Outlook(funders, groups)


def release_roster(roster: Roster, *, at: datetime) -> None:
    """Release what the applied rows did not use."""
    programs.release_reservation(roster, by="system:intake", at=at)


def _demands(costs: Sequence[Cost]) -> list[Demand]:
    found: dict[tuple[int, str, int], tuple[Decimal, int]] = defaultdict(lambda: (ZERO, 0))
    for cost in costs:
        for funder, _name, amount in cost.parts:
            before = found[funder, *cost.place]
            found[funder, *cost.place] = (before[0] + amount * cost.rows, before[1] + cost.rows)
    return [
        Demand(funder_id=funder, county=county, category_id=category, amount=amount, count=count)
        for (funder, county, category), (amount, count) in sorted(found.items())
    ]


def _groups(costs: Sequence[Cost]) -> dict[Place, tuple[int, Decimal]]:
    """Rows and premium of every (county, category id) that would be enrolled."""
    found: dict[Place, tuple[int, Decimal]] = defaultdict(lambda: (0, ZERO))
    for cost in costs:
        before = found[cost.place]
        found[cost.place] = (before[0] + cost.rows, before[1] + cost.premium * cost.rows)
    return dict(found)

"""What a roster costs whom: each row's division of the premium, sums by funder, the hold on budgets."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
from django.db import connection

from beneficiaries.models import Roster
from intake.findings import Severity, Verdict
from programs import actions as programs
from programs.actions import Demand

COUNTY_DIGITS = 6
REFUSED = Severity.ERROR.weight
_APPLICABLE = (int(Verdict.NEW), int(Verdict.CHANGED), int(Verdict.UNCHANGED))
_MONEY = pl.Decimal(16, 2)


def with_splits(frame: pl.DataFrame, context: Any) -> pl.DataFrame:
    """The frame with `category_id`, `split_id`, `premium` and `own_share`; `unfunded` says why a row has none."""
    ids = context.category_ids
    frame = frame.with_columns(
        category_id=pl.col("category_code").replace_strict(ids, default=None, return_dtype=pl.Int64),
        county=pl.col("region_code").str.slice(0, COUNTY_DIGITS),
    )
    usable = frame.filter(pl.col("worst") < REFUSED).select("county", "category_id").unique().drop_nulls()
    wanted = [(county, category) for county, category in usable.sort("county", "category_id").iter_rows()]
    splits, reasons = programs.resolve_splits(context.terms, wanted, premium=context.premium)
    known = pl.DataFrame(
        [(county, category, split.pk, split.premium, split.own_share) for (county, category), split in splits.items()],
        schema={
            "county": pl.String, "category_id": pl.Int64, "split_id": pl.Int64, "premium": _MONEY, "own_share": _MONEY,
        },
        orient="row",
    )
    lacking = pl.DataFrame(
        [(county, category, reason) for (county, category), reason in reasons.items()],
        schema={"county": pl.String, "category_id": pl.Int64, "unfunded": pl.String}, orient="row",
    )
    place = ["county", "category_id"]
    joined = frame.join(known, on=place, how="left", maintain_order="left")
    joined = joined.join(lacking, on=place, how="left", maintain_order="left")
    refused = pl.col("worst") >= REFUSED
    return joined.with_columns(
        pl.when(refused).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("split_id", "premium", "own_share", "unfunded")
    )


# Grouped before it is joined: a few dozen divisions stand for all rows.
_BY_FUNDER = """
SELECT line.funder_id, funder.name, place.county, place.category_id, sum(line.amount * place.people), sum(place.people)::bigint
FROM (
    SELECT split_id, left(region_code, {digits}) AS county, category_id, count(*) AS people
    FROM beneficiaries_rosterrow WHERE roster_id = %s AND verdict = ANY(%s) AND set_aside = '' GROUP BY 1, 2, 3
) AS place
JOIN programs_fundingsplitline line ON line.split_id = place.split_id
JOIN programs_funder funder ON funder.id = line.funder_id
GROUP BY 1, 2, 3, 4 ORDER BY 1, 3, 4
"""
_TOTAL = """
SELECT count(*), coalesce(sum(premium), 0), coalesce(sum(own_share), 0) FROM beneficiaries_rosterrow
WHERE roster_id = %s AND verdict = ANY(%s) AND set_aside = ''
"""


def preview(roster: Roster) -> dict[str, Any]:
    """{"rows", "premium", "own_share", "funders": [{"funder", "name", "amount", "rows"}]}; amounts as text in yuan."""
    with connection.cursor() as cursor:
        cursor.execute(_TOTAL, [roster.pk, list(_APPLICABLE)])
        rows, premium, own = cursor.fetchone()
    funders: dict[int, dict[str, Any]] = {}
    for funder_id, name, _county, _category, amount, count in _by_funder(roster):
        line = funders.setdefault(funder_id, {"funder": funder_id, "name": name, "amount": Decimal(0), "rows": 0})
        line["amount"] += amount
        line["rows"] += count
    return {
        "rows": rows, "premium": str(premium), "own_share": str(own),
        "funders": [{**line, "amount": str(line["amount"])} for line in funders.values()],
    }


def demands_of(roster: Roster) -> list[Demand]:
    """What a roster asks of each funder, by county and category."""
    return [
        Demand(funder_id=funder_id, county=county, category_id=category, amount=amount, count=count)
        for funder_id, _name, county, category, amount, count in _by_funder(roster)
    ]


def reserve_roster(roster: Roster, *, by: Any, at: datetime) -> None:
    """Reserve the whole roster's sum or refuse it."""
    programs.reserve(roster, demands_of(roster), program_id=roster.program_id, period_id=roster.period_id, by=by, at=at)


def release_roster(roster: Roster, *, at: datetime) -> None:
    """Release what the applied rows did not use."""
    programs.release_reservation(roster, by="system:intake", at=at)


def _by_funder(roster: Roster) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_BY_FUNDER.format(digits=COUNTY_DIGITS), [roster.pk, list(_APPLICABLE)])
        return list(cursor.fetchall())

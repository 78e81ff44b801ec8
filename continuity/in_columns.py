"""Many lines of expenses as the benefit engine takes them in columns: with the facts of their covers, a row for each amount."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from django.db import connection
from django.utils import timezone

from beneficiaries.health import health_on
from benefits.terms import HEALTHY, PRE_EXISTING
from continuity.counting import years_sql
from programs.plan_views import PlanView


def engine_lines(cases: pl.DataFrame, view: PlanView) -> pl.DataFrame:
    """One row for each amount above zero, as `decide_batch` takes them; in the order of the plan's kinds within a case."""
    common = {
        "person": "enrollment_id", "case": "row_id", "place": "place", "health_class": "health_class", "continuity": "continuity",
        "claim_free": "claim_free", "locality": "locality", "settled": "settled", "age": "age", "setting": "setting",
    }
    parts = [
        cases.filter(pl.col(f"of:{kind}").fill_null(0) > 0).select(
            **{name: pl.col(column) for name, column in common.items()}, kind=pl.lit(kind), eligible=pl.col(f"of:{kind}"),
            order=pl.lit(at),
        )
        for at, kind in enumerate(view.kinds)
    ]
    found = pl.concat(parts).sort("place", "order", maintain_order=True).drop("order")
    if view.lists:
        found = found.with_columns(lists=pl.lit(list(view.lists), pl.List(pl.String)))
    # Columns that tell nothing apart cost a key each.
    alike = [name for name in ("locality", "setting", "settled", "age") if found[name].n_unique() == 1 and name != "age"]
    usual = {"locality": "local", "setting": "inpatient", "settled": True}
    return found.drop([name for name in alike if found[name].head(1).to_list() == [usual[name]]])


def with_facts(cases: pl.DataFrame, view: PlanView) -> pl.DataFrame:
    """With `health_class`, `continuity`, `claim_free`, and words where the line says none."""
    covers = cases["enrollment_id"].unique().to_list()
    years = _years(covers) if view.looks_at_years else pl.DataFrame(schema=_YEARS)
    ill = []
    if view.looks_at_people:
        said = health_on(covers, day=timezone.localdate())
        ill = [cover for cover, health in said.items() if health.groups or health.health_class == PRE_EXISTING]
    of_person = pl.col("enrollment_id").is_in(ill) if ill else pl.lit(value=False)
    return cases.join(years, on="enrollment_id", how="left", maintain_order="left").with_columns(
        pl.col("continuity", "claim_free").fill_null(0), pl.col("setting").fill_null("inpatient"),
        pl.col("locality").fill_null("local"), age=pl.col("age") if view.looks_at_ages else pl.lit(None, pl.Int32),
        health_class=pl.when(pl.col("pre_existing").fill_null(of_person)).then(pl.lit(PRE_EXISTING)).otherwise(pl.lit(HEALTHY)),
    )


_YEARS: dict[str, Any] = {"enrollment_id": pl.Int64, "continuity": pl.Int64, "claim_free": pl.Int64}


def _years(covers: Sequence[int]) -> pl.DataFrame:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT cover_id, continuity_years, claim_free_years FROM ({years_sql('SELECT unnest(%(covers)s::bigint[])')}) y",  # noqa: S608
            {"covers": list(covers)},
        )
        return pl.DataFrame(cursor.fetchall(), schema=_YEARS, orient="row")

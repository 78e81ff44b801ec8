"""Whether what a line of a report says is recorded already, and what keeps it from being recorded: by columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from psycopg import sql

from beneficiaries.covers_named import USABLE, Reach
from intake.checks import Context
from intake.copying import ask
from programs.plan_views import PlanView
from results.models import Report
from results.models.result import NOT_PAID

#: Findings of the comparison for which a line is held until a person has decided about it.
HELD_CODES = ("IDENTITY_CONFLICT", "OUTSIDE_COVER", "DOUBLED", "PAID_ABOVE_COST", "BEYOND_LIMIT")


@dataclass(frozen=True)
class ReportContext:
    """What one job needs to check and match a report's lines."""

    report: Report
    checks: Context
    offices: list[int]
    plans: dict[int, PlanView]
    year: int

    @property
    def reach(self) -> Reach:
        """Of whose covers its lines may speak."""
        of = self.report
        return Reach(of.program_id, of.program.code, self.offices, of.region_code)

    @property
    def program_code(self) -> str:
        """The program whose data keys seal the lines."""
        return self.report.program.code


#: SQL over rows `r` with the columns of a line, and standing results `other` of the same program: it is the same payout.
SAME_BILL = """other.enrollment_id = r.enrollment_id AND other.event_on = r.event_on AND CASE
    WHEN r.bill_number IS NOT NULL AND other.bill_number <> '' THEN other.bill_number = r.bill_number
    ELSE other.hospital = coalesce(r.hospital, '') AND other.paid = r.paid AND other.cost IS NOT DISTINCT FROM r.cost END"""
COUNTING = "other.undone_at IS NULL AND other.bank_result <> ALL(%(not_paid)s)"
NOT_PAID_WORDS = [word.value for word in NOT_PAID]
# Looked up row by row: of a line the number of the report that recorded it, where the reader's own offices did.
_DOUBLED = f"""
SELECT r.row, CASE WHEN report.organization_id = ANY(%(offices)s) THEN '#' || report.id ELSE '' END
FROM unnest(%(rows)s::int[], %(claims)s::text[], %(enrollments)s::bigint[], %(events)s::date[], %(bills)s::text[],
    %(hospitals)s::text[], %(paid)s::numeric[], %(costs)s::numeric[])
    AS r(row, claim_number, enrollment_id, event_on, bill_number, hospital, paid, cost)
CROSS JOIN LATERAL (
    SELECT other.report_id FROM results_result other
    WHERE other.program_id = %(program)s AND other.insurer_id = %(insurer)s AND other.claim_number = r.claim_number AND {COUNTING}
    UNION ALL
    SELECT other.report_id FROM results_result other WHERE {SAME_BILL} AND {COUNTING}
    LIMIT 1
) AS found
JOIN results_report report ON report.id = found.report_id
"""  # noqa: S608 - words of this module


def doubled(frame: pl.DataFrame, context: ReportContext) -> pl.DataFrame:
    """Rows whose payout is recorded already: `row`, `recorded_by`."""
    rows = frame.filter(USABLE & pl.col("enrollment_id").is_not_null())
    found = ask(
        sql.Composed([sql.SQL(_DOUBLED)]),
        {
            "rows": rows["row"].to_list(), "claims": rows["claim_number"].to_list(),
            "enrollments": rows["enrollment_id"].to_list(), "events": rows["event_on"].to_list(),
            "bills": rows["bill_number"].to_list(), "hospitals": rows["hospital"].to_list(), "paid": rows["paid"].to_list(),
            "costs": rows["cost"].to_list(), "program": context.report.program_id, "insurer": context.report.insurer_id,
            "offices": context.offices, "not_paid": NOT_PAID_WORDS,
        },
    ) if len(rows) else []
    return pl.DataFrame(found, schema={"row": pl.UInt32, "recorded_by": pl.String}, orient="row")


def judged(frame: pl.DataFrame, context: ReportContext) -> pl.DataFrame:
    """`code` of what keeps a usable row from being recorded at once, null where nothing does; `extra`: the fact that it tells."""
    today = context.checks.today
    left = pl.col("cost") - pl.col("basic_paid").fill_null(0) - pl.col("others_paid").fill_null(0)
    of_bills = [plan for plan, view in context.plans.items() if view.pays_bills_alone]
    names_nobody = pl.col("number").is_null() & pl.col("document").is_null() & pl.col("policy_number").is_null()
    # Who has a number and not its name learns nothing of its cover.
    code = (
        pl.when(~USABLE).then(None)
        .when((pl.col("event_on") > today) | (pl.col("paid_on") > today)).then(pl.lit("RESULT_IN_FUTURE"))
        .when(pl.col("paid_on") < pl.col("event_on")).then(pl.lit("PAID_BEFORE_EVENT"))
        .when(left < 0).then(pl.lit("PAYERS_ABOVE_COST"))
        .when(pl.col("parts_sum").is_not_null() & (pl.col("parts_sum") != pl.col("paid"))).then(pl.lit("PARTS_SUM"))
        .when(pl.col("misfit")).then(pl.lit("RESULT_NUMBER"))
        .when(names_nobody).then(pl.lit("RESULT_OF_WHOM"))
        .when(pl.col("enrollment_id").is_null()).then(pl.lit("RESULT_NOBODY"))
        .when(~pl.col("same_name") | ~pl.col("same_document")).then(pl.lit("IDENTITY_CONFLICT"))
        .when(~pl.col("in_cover")).then(pl.lit("OUTSIDE_COVER"))
        .when(pl.col("recorded_by").is_not_null()).then(pl.lit("DOUBLED"))
        .when(pl.col("plan_id").is_in(of_bills) & (pl.col("paid") > left)).then(pl.lit("PAID_ABOVE_COST"))
    )  # fmt: skip
    frame = frame.with_columns(code=code)
    extra = (
        pl.when(pl.col("code") == "DOUBLED").then("recorded_by")
        .when(pl.col("code") == "PARTS_SUM").then(pl.col("parts_sum").cast(pl.String))
        .when(pl.col("code") == "PAID_ABOVE_COST").then(left.cast(pl.String))
        .otherwise(pl.lit(""))
    )  # fmt: skip
    return frame.with_columns(extra=extra.fill_null(""))


#: Code -> the column that it is told of; others: the one that names the person.
TOLD_OF = {
    "RESULT_IN_FUTURE": "paid_on", "PAID_BEFORE_EVENT": "paid_on", "PAYERS_ABOVE_COST": "cost", "PARTS_SUM": "paid",
    "RESULT_NUMBER": "number", "IDENTITY_CONFLICT": "name", "OUTSIDE_COVER": "event_on", "DOUBLED": "claim_number",
    "PAID_ABOVE_COST": "paid",
}
JUDGED_CODES: Sequence[str] = (
    "RESULT_IN_FUTURE", "PAID_BEFORE_EVENT", "PAYERS_ABOVE_COST", "PARTS_SUM", "RESULT_NUMBER", "RESULT_OF_WHOM", "RESULT_NOBODY",
    "IDENTITY_CONFLICT", "OUTSIDE_COVER", "DOUBLED", "PAID_ABOVE_COST",
)

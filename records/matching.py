"""Whose cover a settlement record falls under, and whether it is claimed already: by columns, a chunk in two questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from psycopg import sql

from beneficiaries import covers_named
from beneficiaries.covers_named import USABLE, Reach
from claims.elsewhere import settled_elsewhere
from intake.checks import Context
from intake.copying import ask
from programs.expense_columns import KIND
from programs.plan_views import PlanView
from records.models import RecordList

#: What others paid before whoever was treated.
PAYERS = ("fund", "major_illness", "assistance", "others")


@dataclass(frozen=True)
class RecordContext:
    """What one job needs to check and match records."""

    record_list: RecordList
    checks: Context
    offices: list[int]
    plans: dict[int, PlanView]
    year: int

    @property
    def reach(self) -> Reach:
        """Of whose covers its lines may speak."""
        of = self.record_list
        return Reach(of.program_id, of.program.code, self.offices, of.region_code)

    @property
    def program_code(self) -> str:
        """The program whose data keys seal the lines."""
        return self.record_list.program.code


def known(frame: pl.DataFrame, context: RecordContext) -> pl.DataFrame:
    """What is known of whoever the rows name, of this program and these offices only; `in_cover`: on the day of discharge."""
    rows = frame.filter(pl.col("document").is_not_null() & pl.col("discharged_on").is_not_null())
    return covers_named.known(
        rows.with_columns(
            event_on="discharged_on", cover_id=pl.lit(None, pl.Int64), misfit=pl.lit(value=False),
            policy_number=pl.lit(None, pl.String)
        ),
        context.reach,
    )


#: SQL over rows `r` with the columns of a record, and a cover `e`: claims that stand, of the invoice and of the stay.
INVOICE_CLAIMED = """EXISTS (
    SELECT FROM claims_bill b WHERE b.invoice_number = r.invoice_number AND b.invoice_code = r.invoice_code
        AND b.standing <> 'removed' AND EXISTS (
            SELECT FROM claims_claim c WHERE c.case_id = b.case_id AND c.state NOT IN ('withdrawn', 'declined')))"""
STAY_CLAIMED = """EXISTS (
    SELECT FROM beneficiaries_enrollment beside
    JOIN claims_claim c ON c.enrollment_id = beside.id AND c.state NOT IN ('withdrawn', 'declined')
    JOIN claims_bill b ON b.case_id = c.case_id AND b.standing <> 'removed'
    LEFT JOIN programs_hospital h ON h.id = b.hospital_id
    WHERE beside.person_id = e.person_id AND coalesce(b.admitted_on, b.issued_on) <= r.discharged_on
        AND coalesce(b.discharged_on, b.issued_on) >= coalesce(r.admitted_on, r.discharged_on)
        AND (b.hospital_name = r.hospital OR h.name = r.hospital OR h.code = r.hospital_code))"""


def claimed_sql() -> str:
    """SQL over a row `r` and its cover `e`: the code of what says that it is claimed already, or null."""
    elsewhere = settled_elsewhere(
        cover="r.enrollment_id", invoice="r.invoice_number", hospital="r.hospital",
        first="coalesce(r.admitted_on, r.discharged_on)", last="r.discharged_on",
    )
    return (
        f"CASE WHEN {INVOICE_CLAIMED} THEN 'INVOICE_CLAIMED' WHEN {STAY_CLAIMED} THEN 'STAY_CLAIMED'"
        f" WHEN {elsewhere} THEN 'PAID_BY_INSURER' END"
    )


# Of a settlement that was taken in before, the number of the file, where the reader's own offices did.
_CLAIMED = """
SELECT r.row, coalesce(CASE WHEN before.id IS NOT NULL THEN 'TAKEN_BEFORE' END, {claimed}),
    CASE WHEN before.organization_id = ANY(%(offices)s) THEN '#' || before.id ELSE '' END
FROM unnest(%(rows)s::int[], %(settlements)s::text[], %(enrollments)s::bigint[], %(codes)s::text[], %(numbers)s::text[],
    %(hospital_codes)s::text[], %(hospitals)s::text[], %(admitted)s::date[], %(discharged)s::date[])
    AS r(row, settlement_number, enrollment_id, invoice_code, invoice_number, hospital_code, hospital, admitted_on, discharged_on)
CROSS JOIN LATERAL (SELECT * FROM beneficiaries_enrollment WHERE id = r.enrollment_id LIMIT 1) AS e
LEFT JOIN LATERAL (
    SELECT list.id, list.organization_id FROM records_proposal other JOIN records_recordlist list ON list.id = other.record_list_id
    WHERE other.program_id = %(program)s AND other.settlement_number = r.settlement_number AND other.undone_at IS NULL LIMIT 1
) AS before ON true
"""
_CLAIMED_SCHEMA: dict[str, Any] = {"row": pl.UInt32, "claimed": pl.String, "claimed_extra": pl.String}


def claimed(frame: pl.DataFrame, context: RecordContext) -> pl.DataFrame:
    """By row why it is claimed already, null where it is not."""
    rows = frame.filter(USABLE & pl.col("enrollment_id").is_not_null() & pl.col("in_cover"))
    if rows.is_empty():
        return pl.DataFrame(schema=_CLAIMED_SCHEMA)
    found = ask(
        sql.Composed([sql.SQL(_CLAIMED.format(claimed=claimed_sql()))]),
        {
            "rows": rows["row"].to_list(), "settlements": rows["settlement_number"].to_list(),
            "enrollments": rows["enrollment_id"].to_list(), "codes": rows["invoice_code"].to_list(),
            "numbers": rows["invoice_number"].to_list(), "hospital_codes": rows["hospital_code"].to_list(),
            "hospitals": rows["hospital"].to_list(), "admitted": rows["admitted_on"].to_list(),
            "discharged": rows["discharged_on"].to_list(), "program": context.record_list.program_id, "offices": context.offices,
        },
    )
    return pl.DataFrame(found, schema=_CLAIMED_SCHEMA, orient="row").unique("row", keep="first", maintain_order=True)


def judged(frame: pl.DataFrame, context: RecordContext, kinds: Sequence[str]) -> pl.DataFrame:
    """`code` of what keeps a usable row from a proposal, null where nothing does; `extra`: the fact that it tells; `warned`:
    the code of a warning. `kinds`: keys of the columns of kinds."""
    today = context.checks.today
    left = pl.sum_horizontal([pl.col(key).fill_null(0) for key in kinds]).cast(pl.Decimal(16, 2))
    together = left + pl.sum_horizontal([pl.col(key).fill_null(0) for key in PAYERS]).cast(pl.Decimal(16, 2))
    begun = pl.coalesce("admitted_on", "discharged_on")
    code = (
        pl.when(~USABLE).then(None)
        .when((pl.col("discharged_on") > today) | (pl.col("settled_on") > today)).then(pl.lit("RECORD_IN_FUTURE"))
        .when(pl.col("discharged_on") < begun).then(pl.lit("STAY_TURNED"))
        .when((pl.col("setting").fill_null("inpatient") == "inpatient") & pl.col("admitted_on").is_null())
        .then(pl.lit("NO_ADMISSION"))
        .when(pl.col("settled_on") < pl.col("discharged_on")).then(pl.lit("SETTLED_BEFORE"))
        .when(pl.col("total") <= 0).then(pl.lit("TOTAL_NOTHING"))
        .when(pl.col("figures").is_null()).then(pl.lit("NO_EXPENSES"))
        .when(together > pl.col("total")).then(pl.lit("PARTS_ABOVE_TOTAL"))
        .when(pl.col("invoice_code").is_null() != pl.col("invoice_number").is_null()).then(pl.lit("INVOICE_HALF"))
        .when(pl.col("enrollment_id").is_null()).then(pl.lit("NOBODY_COVERED"))
        .when(~pl.col("in_cover")).then(pl.lit("NOT_COVERED_THEN"))
        .when(~pl.col("same_name")).then(pl.lit("RECORD_OTHER_NAME"))
        .when(pl.col("claimed").is_not_null()).then(pl.col("claimed"))
        .when(_left_open(context, kinds)).then(pl.lit("PLAN_LEAVES_OPEN"))
    )  # fmt: skip
    frame = frame.with_columns(code=code, together=together)
    extra = (
        pl.when(pl.col("code") == "TAKEN_BEFORE").then("claimed_extra")
        .when((pl.col("code") == "PARTS_ABOVE_TOTAL") | (pl.col("together") < pl.col("total")))
        .then(pl.col("together").cast(pl.String))
        .otherwise(pl.lit(""))
    )  # fmt: skip
    below = USABLE & pl.col("code").is_null() & (pl.col("together") < pl.col("total"))
    return frame.with_columns(
        extra=extra.fill_null(""), warned=pl.when(below).then(pl.lit("PARTS_BELOW_TOTAL")),
    )


def _left_open(context: RecordContext, kinds: Sequence[str]) -> pl.Expr:
    """Whether the plan of a row's cover does not say what it pays of these expenses."""
    silent = [plan for plan, view in context.plans.items() if not view.expenses or view.is_open]
    found = pl.col("plan_id").is_in(silent) if silent else pl.lit(value=False)
    for plan, view in context.plans.items():
        for key in (f"{KIND}{kind}"[:40] for kind in sorted(view.open_kinds)):
            if key in kinds:
                found = found | ((pl.col("plan_id") == plan) & (pl.col(key).fill_null(0) > 0))
    return found


#: Code -> the column that it is told of; others: the one that names the person.
TOLD_OF = {
    "RECORD_IN_FUTURE": "discharged_on", "STAY_TURNED": "discharged_on", "NO_ADMISSION": "admitted_on",
    "SETTLED_BEFORE": "settled_on", "TOTAL_NOTHING": "total", "NO_EXPENSES": "total", "PARTS_ABOVE_TOTAL": "total",
    "PARTS_BELOW_TOTAL": "total", "INVOICE_HALF": "invoice_number", "NOT_COVERED_THEN": "discharged_on",
    "RECORD_OTHER_NAME": "name",
    "TAKEN_BEFORE": "settlement_number", "INVOICE_CLAIMED": "invoice_number", "STAY_CLAIMED": "hospital",
    "PAID_BY_INSURER": "hospital", "PLAN_LEAVES_OPEN": "total",
}
#: Somebody has claimed it, or it was taken in before: it proposes nothing.
CLAIMED_CODES = ("TAKEN_BEFORE", "INVOICE_CLAIMED", "STAY_CLAIMED", "PAID_BY_INSURER")
JUDGED_CODES: Sequence[str] = (
    "RECORD_IN_FUTURE", "STAY_TURNED", "NO_ADMISSION", "SETTLED_BEFORE", "TOTAL_NOTHING", "NO_EXPENSES", "PARTS_ABOVE_TOTAL",
    "INVOICE_HALF", "NOBODY_COVERED", "NOT_COVERED_THEN", "RECORD_OTHER_NAME", *CLAIMED_CODES, "PLAN_LEAVES_OPEN",
)

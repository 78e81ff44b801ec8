"""Whose cover a line of a report speaks of, whether its event lies in it, and whether it is recorded already: by columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from psycopg import sql

from audit import blind_index
from beneficiaries.models.person import IDENTITY
from beneficiaries.models.person import NAME as NAME_INDEX
from intake.checks import Context
from intake.copying import ask
from intake.findings import Severity
from programs.plan_views import PlanView
from results.models import Report
from results.models.result import NOT_PAID

REFUSED = Severity.ERROR.weight
USABLE = pl.col("worst") < REFUSED
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
    def program_code(self) -> str:
        """The program whose data keys seal the lines."""
        return self.report.program.code


#: SQL over a day {day} and a cover `e`: the day lies in it.
IN_COVER = (
    "(e.state IN ('in_force', 'ended') AND e.ends_at > e.starts_at"
    " AND {day}::timestamp AT TIME ZONE 'Asia/Shanghai' < e.ends_at"
    " AND ({day} + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' > e.starts_at)"
)
_COVERS = IN_COVER.format(day="wanted.event")
_FIELDS = f"""
SELECT wanted.place, e.id, e.plan_id, {_COVERS},
    wanted.name IS NULL OR person.{{name}} = wanted.name,
    wanted.identity IS NULL OR person.{{identity}} = wanted.identity OR EXISTS (
        SELECT FROM beneficiaries_persondocument other WHERE other.person_id = person.id
            AND other.{{identity}} = wanted.identity AND other.standing <> 'mistaken')
FROM (
    SELECT place, (%(events)s::date[])[place + 1] AS event, (%(covers)s::bigint[])[place + 1] AS cover,
        nullif(substr(%(identities)b, place * {{size}} + 1, {{size}}), %(nothing)b) AS identity,
        nullif(substr(%(names)b, place * {{size}} + 1, {{size}}), %(nothing)b) AS name
    FROM generate_series(0, %(count)s::int - 1) AS place
) AS wanted
"""  # noqa: S608 - names of this module
_REACH = "e.program_id = %(program)s AND e.organization_id = ANY(%(offices)s) AND starts_with(e.region_code, %(region)s)"
_BY_NUMBER = f"""{_FIELDS}
JOIN beneficiaries_enrollment e ON e.id = wanted.cover AND {_REACH}
JOIN beneficiaries_person person ON person.id = e.person_id
"""
# Of several covers of one person the one in which the event lies, else the last.
_BY_IDENTITY = f"""{_FIELDS}
JOIN LATERAL (
    SELECT id FROM beneficiaries_person WHERE {{identity}} = wanted.identity
    UNION
    SELECT person_id FROM beneficiaries_persondocument WHERE {{identity}} = wanted.identity AND standing <> 'mistaken'
) AS found ON true
JOIN beneficiaries_person person ON person.id = found.id
JOIN LATERAL (
    SELECT * FROM beneficiaries_enrollment e WHERE e.person_id = person.id AND {_REACH}
    ORDER BY {_COVERS} DESC, (e.state IN ('in_force', 'ended')) DESC, e.starts_at DESC, e.id DESC LIMIT 1
) AS e ON true
"""  # noqa: S608 - names of this module
# A number under which several people stand names nobody.
_BY_POLICY = """
SELECT wanted.place, min(e.id)
FROM unnest(%(policies)s::text[]) WITH ORDINALITY AS wanted(policy, place)
JOIN beneficiaries_enrollment e ON e.insurer_policy_number = wanted.policy AND e.insurer_policy_number <> '' AND {reach}
GROUP BY 1 HAVING count(DISTINCT e.person_id) = 1 AND count(*) = 1
"""
_KNOWN_SCHEMA: dict[str, Any] = {
    "row": pl.UInt32, "enrollment_id": pl.Int64, "plan_id": pl.Int64, "in_cover": pl.Boolean, "same_name": pl.Boolean,
    "same_document": pl.Boolean,
}


def with_numbers(frame: pl.DataFrame, context: ReportContext) -> pl.DataFrame:
    """`cover_id` of each cover number of this program that fits its check digits; `misfit` for another."""
    number = pl.col("number").str.to_uppercase().str.replace_all(" ", "", literal=True)
    prefix = f"{context.report.program.code}-".upper()
    digits = number.str.extract(r"([0-9]{12,18})$").cast(pl.Int64, strict=False)
    ours = number.str.starts_with(prefix) | number.str.contains("^[0-9]+$")
    fits = ((digits % 97 == 1) & ours).fill_null(value=False)
    return frame.with_columns(
        number=number, cover_id=pl.when(fits).then(digits // 100), misfit=pl.col("number").is_not_null() & ~fits,
    )


def known(frame: pl.DataFrame, context: ReportContext) -> pl.DataFrame:
    """What is known of whoever the rows name, of this program and these offices only: at most three questions a chunk."""
    usable = frame.filter(USABLE & ~pl.col("misfit"))
    by_number = usable.filter(pl.col("cover_id").is_not_null())
    by_document = usable.filter(pl.col("cover_id").is_null() & pl.col("document").is_not_null())
    by_policy = usable.filter(
        pl.col("cover_id").is_null() & pl.col("document").is_null() & pl.col("policy_number").is_not_null()
    )
    if len(by_policy):
        named = _under(by_policy, context)
        by_number = pl.concat([by_number, by_policy.drop("cover_id").join(named, on="row").select(by_number.columns)])
    found = [*_asked(by_number, _BY_NUMBER, context), *_asked(by_document, _BY_IDENTITY, context)]
    return pl.DataFrame(found, schema=_KNOWN_SCHEMA, orient="row").unique("row", keep="first", maintain_order=True)


def _given(context: ReportContext) -> dict[str, Any]:
    of = context.report
    return {"program": of.program_id, "offices": context.offices, "region": of.region_code}


def _under(rows: pl.DataFrame, context: ReportContext) -> pl.DataFrame:
    """The cover that a policy number alone names, by row."""
    found = ask(
        sql.SQL(_BY_POLICY).format(reach=sql.SQL(_REACH)), {**_given(context), "policies": rows["policy_number"].to_list()}
    )
    places = rows["row"].to_list()
    return pl.DataFrame(
        [(places[place - 1], cover) for place, cover in found], schema={"row": pl.UInt32, "cover_id": pl.Int64}, orient="row"
    )


def _asked(rows: pl.DataFrame, statement: str, context: ReportContext) -> list[tuple[Any, ...]]:
    if rows.is_empty():
        return []
    slots = {"identity": blind_index.active_slot(IDENTITY), "name": blind_index.active_slot(NAME_INDEX)}
    documents = rows.select(pl.col("document_type") + pl.lit("|") + pl.col("document")).to_series().to_list()
    nothing = bytes(blind_index.SIZE)
    answer = ask(
        sql.SQL(statement).format(
            identity=sql.Identifier(f"identity_index_{slots['identity']}"), name=sql.Identifier(f"name_index_{slots['name']}"),
            size=sql.Literal(blind_index.SIZE),
        ),
        {
            **_given(context), "covers": rows["cover_id"].fill_null(0).to_list(), "events": rows["event_on"].to_list(),
            "count": len(rows), "nothing": nothing,
            "identities": b"".join(each or nothing for each in blind_index.index_many(IDENTITY, documents)),
            "names": b"".join(each or nothing for each in blind_index.index_many(NAME_INDEX, rows["name"].to_list())),
        },
    )
    places = rows["row"].to_list()
    return [(places[place], *rest) for place, *rest in answer]


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

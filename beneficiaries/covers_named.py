"""Whose cover the lines of a file name, and whether an event lies in it: by columns, of one program and some offices only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from psycopg import sql

from audit import blind_index
from beneficiaries.models.person import IDENTITY
from beneficiaries.models.person import NAME as NAME_INDEX
from intake.copying import ask
from intake.findings import Severity

#: Of a checked line: it has what it needs.
USABLE = pl.col("worst") < Severity.ERROR.weight


@dataclass(frozen=True)
class Reach:
    """Of whose covers lines may speak: of one program, of these offices and of a region."""

    program_id: int
    program_code: str
    offices: Sequence[int]
    region_code: str


#: SQL over a day {day} and a cover `e`: the day lies in it.
IN_COVER = (
    "(e.state IN ('in_force', 'ended') AND e.ends_at > e.starts_at"
    " AND {day}::timestamp AT TIME ZONE 'Asia/Shanghai' < e.ends_at"
    " AND ({day} + 1)::timestamp AT TIME ZONE 'Asia/Shanghai' > e.starts_at)"
)
_COVERS = IN_COVER.format(day="wanted.event")
# Columns are unfolded, not subscribed: an array with empty places in it is walked from its beginning for each place asked for.
#
# Every table is looked up row by row behind a fence (OFFSET 0), by its key alone. A planner without statistics, as
# after a roster that nobody analyzed yet, believes that few covers are of an office, and read all of them for each line.
_FIELDS = f"""
SELECT wanted.place, e.id, e.plan_id, {_COVERS},
    wanted.name IS NULL OR person.{{name}} = wanted.name,
    wanted.identity IS NULL OR person.{{identity}} = wanted.identity OR EXISTS (
        SELECT FROM (SELECT * FROM beneficiaries_persondocument WHERE {{identity}} = wanted.identity OFFSET 0) AS other
        WHERE other.person_id = person.id AND other.standing <> 'mistaken'),
    extract(year FROM age((e.starts_at AT TIME ZONE 'Asia/Shanghai')::date, person.birth_on))::int
FROM (
    SELECT given.place - 1 AS place, given.event, given.cover,
        nullif(substr(%(identities)b, (given.place::int - 1) * {{size}} + 1, {{size}}), %(nothing)b) AS identity,
        nullif(substr(%(names)b, (given.place::int - 1) * {{size}} + 1, {{size}}), %(nothing)b) AS name
    FROM unnest(%(events)s::date[], %(covers)s::bigint[]) WITH ORDINALITY AS given(event, cover, place) OFFSET 0
) AS wanted
"""  # noqa: S608 - names of this module
_REACH = "e.program_id = %(program)s AND e.organization_id = ANY(%(offices)s) AND starts_with(e.region_code, %(region)s)"
_PERSON = "SELECT id, birth_on, {identity}, {name} FROM beneficiaries_person WHERE id = {whose} OFFSET 0"
_BY_NUMBER = f"""{_FIELDS}
JOIN LATERAL (SELECT * FROM beneficiaries_enrollment WHERE id = wanted.cover OFFSET 0) AS e ON {_REACH}
JOIN LATERAL ({_PERSON.replace("{whose}", "e.person_id")}) AS person ON true
"""  # noqa: S608 - names of this module
# Of several covers of one person the one in which the event lies, else the last.
_BY_IDENTITY = f"""{_FIELDS}
JOIN LATERAL (
    SELECT id FROM beneficiaries_person WHERE {{identity}} = wanted.identity
    UNION
    SELECT person_id FROM beneficiaries_persondocument WHERE {{identity}} = wanted.identity AND standing <> 'mistaken'
) AS found ON true
JOIN LATERAL ({_PERSON.replace("{whose}", "found.id")}) AS person ON true
JOIN LATERAL (
    SELECT * FROM (SELECT * FROM beneficiaries_enrollment WHERE person_id = found.id OFFSET 0) AS e WHERE {_REACH}
    ORDER BY {_COVERS} DESC, (e.state IN ('in_force', 'ended')) DESC, e.starts_at DESC, e.id DESC LIMIT 1
) AS e ON true
"""  # noqa: S608 - names of this module
# A number under which several people stand names nobody.
_BY_POLICY = """
SELECT wanted.place, min(e.id)
FROM unnest(%(policies)s::text[]) WITH ORDINALITY AS wanted(policy, place)
JOIN LATERAL (
    SELECT * FROM beneficiaries_enrollment
    WHERE insurer_policy_number = wanted.policy AND insurer_policy_number <> '' OFFSET 0
) AS e ON {reach}
GROUP BY 1 HAVING count(DISTINCT e.person_id) = 1 AND count(*) = 1
"""
_KNOWN_SCHEMA: dict[str, Any] = {
    "row": pl.UInt32, "enrollment_id": pl.Int64, "plan_id": pl.Int64, "in_cover": pl.Boolean, "same_name": pl.Boolean,
    "same_document": pl.Boolean, "age": pl.Int16,
}


def with_numbers(frame: pl.DataFrame, reach: Reach) -> pl.DataFrame:
    """`cover_id` of each cover number of this program that fits its check digits; `misfit` for another."""
    number = pl.col("number").str.to_uppercase().str.replace_all(" ", "", literal=True)
    prefix = f"{reach.program_code}-".upper()
    digits = number.str.extract(r"([0-9]{12,18})$").cast(pl.Int64, strict=False)
    ours = number.str.starts_with(prefix) | number.str.contains("^[0-9]+$")
    fits = ((digits % 97 == 1) & ours).fill_null(value=False)
    return frame.with_columns(
        number=number, cover_id=pl.when(fits).then(digits // 100), misfit=pl.col("number").is_not_null() & ~fits,
    )


def known(frame: pl.DataFrame, reach: Reach) -> pl.DataFrame:
    """What is known of whoever the rows name, of this program and these offices only: at most three questions a chunk.

    `age`: of the person as the cover began.
    """
    usable = frame.filter(USABLE & ~pl.col("misfit"))
    by_number = usable.filter(pl.col("cover_id").is_not_null())
    by_document = usable.filter(pl.col("cover_id").is_null() & pl.col("document").is_not_null())
    by_policy = usable.filter(
        pl.col("cover_id").is_null() & pl.col("document").is_null() & pl.col("policy_number").is_not_null()
    )
    if len(by_policy):
        named = _under(by_policy, reach)
        by_number = pl.concat([by_number, by_policy.drop("cover_id").join(named, on="row").select(by_number.columns)])
    found = [*_asked(by_number, _BY_NUMBER, reach), *_asked(by_document, _BY_IDENTITY, reach)]
    return pl.DataFrame(found, schema=_KNOWN_SCHEMA, orient="row").unique("row", keep="first", maintain_order=True)


def _given(reach: Reach) -> dict[str, Any]:
    return {"program": reach.program_id, "offices": list(reach.offices), "region": reach.region_code}


def _under(rows: pl.DataFrame, reach: Reach) -> pl.DataFrame:
    """The cover that a policy number alone names, by row."""
    found = ask(
        sql.SQL(_BY_POLICY).format(reach=sql.SQL(_REACH)), {**_given(reach), "policies": rows["policy_number"].to_list()}
    )
    places = rows["row"].to_list()
    return pl.DataFrame(
        [(places[place - 1], cover) for place, cover in found], schema={"row": pl.UInt32, "cover_id": pl.Int64}, orient="row"
    )


def _asked(rows: pl.DataFrame, statement: str, reach: Reach) -> list[tuple[Any, ...]]:
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
            **_given(reach), "covers": rows["cover_id"].fill_null(0).to_list(), "events": rows["event_on"].to_list(),
            "nothing": nothing,
            "identities": b"".join(each or nothing for each in blind_index.index_many(IDENTITY, documents)),
            "names": b"".join(each or nothing for each in blind_index.index_many(NAME_INDEX, rows["name"].to_list())),
        },
    )
    places = rows["row"].to_list()
    return [(places[place], *rest) for place, *rest in answer]

"""What a person should look at of people this office knows: the same person under another document, moved, another account.

Only people whom the office of the roster knows in the roster's program are compared: a roster says nothing of others'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
from psycopg import sql

from audit import blind_index, keys
from beneficiaries.models import Beneficiary
from beneficiaries.models.person import NAME
from beneficiaries.money import COUNTY_DIGITS
from intake.copying import ask
from intake.findings import Severity
from intake.framing import Cells

_REFUSED = Severity.ERROR.weight
#: Adds a finding to the rows of a mask: `RosterTemplate._add`.
Add = Callable[..., pl.DataFrame]

# Three are enough to know that there is more than one; the lateral query goes by the index of name and birth.
_ALIKE = """
SELECT wanted.place, person.id, person.region_code, person.phone
FROM (
    SELECT place, substr(%(names)b, place * {size} + 1, {size}) AS name, (%(births)s::date[])[place + 1] AS birth_on
    FROM generate_series(0, %(count)s::int - 1) AS place
) AS wanted
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (b.person_id) b.person_id AS id, b.region_code, b.phone FROM beneficiaries_person p
    JOIN beneficiaries_beneficiary b ON b.person_id = coalesce(p.merged_into_id, p.id) AND b.program_id = %(program)s
        AND b.organization_id = %(organization)s
    WHERE p.{name} = wanted.name AND p.birth_on = wanted.birth_on LIMIT {most}
) AS person
ORDER BY 1, 2
"""
_MOST = 20
_HELD = """
SELECT person_id, region_code, bank_account FROM beneficiaries_beneficiary
WHERE person_id = ANY(%(people)s) AND program_id = %(program)s AND organization_id = %(organization)s
"""


def judged(
    frame: pl.DataFrame, findings: pl.DataFrame, indexes: Mapping[str, Cells], context: Any, *, add: Add
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The frame with `in_doubt`, and the findings of people alike, moved, or paid elsewhere.

    A move to another county waits for a person: another county pays its share, and another office sees the person. An
    account that differs is told and goes on: people change their banks, and the payment has checks of its own.
    """
    fine = frame["worst"] < _REFUSED
    roster = context.roster
    alike = _alike(frame, fine, indexes, roster)
    whom = pl.DataFrame(
        [(row, people[0], len(people) > 1) for row, people in alike.items()],
        schema={"row": frame.schema["row"], "alike": pl.String, "several": pl.Boolean}, orient="row",
    )
    frame = frame.join(whom, on="row", how="left", maintain_order="left")
    one = frame["alike"].is_not_null() & ~frame["several"].fill_null(value=False)
    findings = add(findings, frame, "SAME_PERSON", "document", one, extra="alike")
    findings = add(findings, frame, "SAME_PERSON_SEVERAL", "document", frame["several"])
    moved, other_account = _departing(frame, fine, roster)
    findings = add(findings, frame, "REGION_MOVED", "region_code", moved)
    findings = add(findings, frame, "ACCOUNT_CHANGED", "bank_account", other_account)
    return frame.with_columns(in_doubt=frame["alike"].is_not_null() | moved), findings


def _alike(frame: pl.DataFrame, fine: pl.Series, indexes: Mapping[str, Cells], roster: Any) -> dict[int, list[str]]:
    """Row -> ids of known people with its name and birth date, and its county or telephone, under another document."""
    known = Beneficiary.objects.filter(organization=roster.organization_id, program=roster.program_id)
    wanted = fine & frame["known_person_id"].is_null() & frame["birth_on"].is_not_null()
    rows = wanted.arg_true().to_list()
    if not rows or not known.exists():
        return {}
    names = indexes[f"name_index_{blind_index.active_slot(NAME)}"]
    nothing = bytes(blind_index.SIZE)
    statement = sql.SQL(_ALIKE).format(
        size=blind_index.SIZE, name=sql.Identifier(f"name_index_{blind_index.active_slot(NAME)}"), most=_MOST
    )
    found = ask(
        statement,
        {
            "names": b"".join(names[row] or nothing for row in rows), "births": frame["birth_on"].gather(rows).to_list(),
            "count": len(rows), "program": roster.program_id, "organization": roster.organization_id,
        },
    )
    phones = keys.open_many([phone for _place, _person, _region, phone in found], "beneficiary.phone")
    alike: dict[int, list[str]] = {}
    for (place, person, region, _phone), phone in zip(found, phones, strict=True):
        row = rows[place]
        same_county = (frame["region_code"][row] or "")[:COUNTY_DIGITS] == region[:COUNTY_DIGITS]
        if same_county or (phone is not None and phone == frame["phone"][row]):
            alike.setdefault(row, []).append(str(person))
    return alike


def _departing(frame: pl.DataFrame, fine: pl.Series, roster: Any) -> tuple[pl.Series, pl.Series]:
    """Masks: rows to be enrolled of known people from another county; rows with another account than is registered."""
    changed = frame.filter(fine & frame["same_contact"].eq(False).fill_null(False)).select(
        "row", "known_person_id", "region_code", "bank_account", "enrollment_id"
    )
    nothing = pl.repeat(False, len(frame), eager=True, dtype=pl.Boolean)
    if changed.is_empty():
        return nothing, nothing
    held = ask(
        sql.SQL(_HELD).format(),
        {
            "people": changed["known_person_id"].to_list(), "program": roster.program_id,
            "organization": roster.organization_id,
        },
    )
    accounts = keys.open_many([account for _person, _region, account in held], "beneficiary.bank_account")
    known = pl.DataFrame(
        [(person, region, account) for (person, region, _sealed), account in zip(held, accounts, strict=True)],
        schema={"known_person_id": pl.Int64, "held_region": pl.String, "held_account": pl.String}, orient="row",
    )
    both = changed.join(known, on="known_person_id", how="left")
    county = pl.col("region_code").str.slice(0, COUNTY_DIGITS) != pl.col("held_region").str.slice(0, COUNTY_DIGITS)
    moved = both.filter(county & pl.col("enrollment_id").is_null())["row"]
    paid = both.filter((pl.col("bank_account") != pl.col("held_account")) & (pl.col("bank_account") != ""))["row"]
    return frame["row"].is_in(moved.to_list()), frame["row"].is_in(paid.to_list())

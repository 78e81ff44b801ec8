"""Pairs of contact that change together: a bank and its account, a guardian and their document.

Applying replaces a pair whole, led by the account and the guardian's name. A line that names the same account or the same
guardian and leaves the other cell empty means the pair that is known: it is completed here, before it is sealed.
"""

from __future__ import annotations

from typing import Any

import polars as pl
from psycopg import sql

from audit import keys
from beneficiaries.models.person import Beneficiary
from intake.copying import ask
from intake.findings import Severity

#: The column that leads -> the one that goes with it.
PAIRS = {"bank_account": "bank_name", "guardian_name": "guardian_document"}
_REFUSED = Severity.ERROR.weight
_STANDING = sql.SQL("""
SELECT wanted.row, beneficiary.{lead}, beneficiary.{other}
FROM unnest(%(rows)s::int[], %(people)s::bigint[]) AS wanted(row, person)
JOIN beneficiaries_beneficiary beneficiary ON beneficiary.person_id = wanted.person
    AND beneficiary.program_id = %(program)s AND beneficiary.organization_id = %(organization)s
WHERE beneficiary.{lead} IS NOT NULL
""")


def completed(frame: pl.DataFrame, context: Any) -> pl.DataFrame:
    """The frame with half pairs of known people completed; asked only where a line changes something and has half a pair."""
    for lead, other in PAIRS.items():
        half = frame.select(
            (pl.col("worst") < _REFUSED) & pl.col("same_name") & ~pl.col("same_contact") & pl.col(lead).is_not_null()
            & pl.col(other).is_null()
        ).to_series().fill_null(value=False).arg_true()
        if len(half):
            frame = _completed(frame, half, lead, other, context)
    return frame


def differing(frame: pl.DataFrame, name: str, context: Any) -> pl.Series:
    """Where a line says another value than the one that is registered, of a column that leads a pair."""
    rows = frame.select(
        (pl.col("worst") < _REFUSED) & ~pl.col("same_contact") & pl.col(name).is_not_null()
    ).to_series().fill_null(value=False).arg_true()
    said = dict(zip(rows.to_list(), frame[name].gather(rows).to_list(), strict=True))
    wrong = [row for row, before, _other in _standing(frame, rows, name, context) if before != said[row]]
    return pl.zeros(len(frame), dtype=pl.UInt8, eager=True).scatter(wrong, 1).cast(pl.Boolean)


def _completed(frame: pl.DataFrame, half: pl.Series, lead: str, other: str, context: Any) -> pl.DataFrame:
    said = dict(zip(half.to_list(), frame[lead].gather(half).to_list(), strict=True))
    kept = {
        row: value for row, before, value in _standing(frame, half, lead, context) if value and before == said[row]
    }
    if not kept:
        return frame
    values = frame[other].to_list()
    for row, value in kept.items():
        values[row] = value
    return frame.with_columns(pl.Series(other, values, dtype=pl.String))


def _standing(frame: pl.DataFrame, rows: pl.Series, lead: str, context: Any) -> list[tuple[int, str | None, str | None]]:
    """(row, what leads, what goes with it) as registered with the roster's own office, in the clear."""
    if not len(rows):
        return []
    roster, other = context.roster, PAIRS[lead]
    found = ask(
        _STANDING.format(lead=sql.Identifier(lead), other=sql.Identifier(other)),
        {
            "rows": rows.to_list(), "people": frame["known_person_id"].gather(rows).to_list(),
            "program": roster.program_id, "organization": roster.organization_id,
        },
    )
    leads = _opened(lead, [before for _row, before, _other in found])
    others = _opened(other, [after for _row, _lead, after in found])
    return [(row, *pair) for (row, _lead, _other), *pair in zip(found, leads, others, strict=True)]


def _opened(name: str, values: list[Any]) -> list[str | None]:
    """Values in the clear; the name of a bank is never sealed."""
    logical_name = getattr(Beneficiary._meta.get_field(name), "logical_name", "")
    if not logical_name:
        return values
    return list(keys.open_many([bytes(value) if value is not None else None for value in values], logical_name))

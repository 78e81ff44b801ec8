"""What a line adds to a person who is covered already: categories, and contact where none is registered; no cover, no money.

Lists of several departments overlap. The second one's line brings its category instead of bouncing; it replaces nothing.
"""

from __future__ import annotations

from typing import Any

import polars as pl
from psycopg import sql

from intake.copying import ask
from intake.findings import Severity

#: Contact that a line may add, by the column that leads its pair.
CONTACT = ("phone", "address", "bank_account", "guardian_name")
_REFUSED = Severity.ERROR.weight
# Only what this very office knows: another office of the program has its own list, and this line is none of its data.
_HELD = sql.SQL("""
SELECT wanted.row, ARRAY(
        SELECT held.category_id FROM beneficiaries_beneficiarycategory held
        WHERE held.beneficiary_id = beneficiary.id AND (held.valid_to IS NULL OR held.valid_to > %(day)s)
    ), ARRAY[{lacks}]
FROM unnest(%(rows)s::int[], %(people)s::bigint[]) AS wanted(row, person)
JOIN beneficiaries_beneficiary beneficiary ON beneficiary.person_id = wanted.person
    AND beneficiary.program_id = %(program)s AND beneficiary.organization_id = %(organization)s
""").format(lacks=sql.SQL(", ").join(sql.SQL("beneficiary.{} IS NULL").format(sql.Identifier(name)) for name in CONTACT))


def with_additions(frame: pl.DataFrame, context: Any) -> pl.DataFrame:
    """The frame with `added` (names of categories, null for none), `fills` (contact) and `adds` (either of them).

    Asked only of covered people of whom the line says something else than what is registered: a list that is new, or
    the same as before, costs nothing.
    """
    rows = frame.select(
        (pl.col("worst") < _REFUSED) & pl.col("same_name") & ~pl.col("same_contact") & pl.col("enrollment_id").is_not_null()
    ).to_series().fill_null(value=False).arg_true()
    added: list[str | None] = [None] * len(frame)
    fills = [False] * len(frame)
    if len(rows):
        lines = frame.select("categories", "known_person_id", *CONTACT).with_row_index("place")[rows.to_list()]
        said = {line["place"]: line for line in lines.iter_rows(named=True)}
        roster = context.roster
        found = ask(
            _HELD,
            {
                "rows": rows.to_list(), "people": lines["known_person_id"].to_list(), "day": context.checks.today,
                "program": roster.program_id, "organization": roster.organization_id,
            },
        )
        for row, held, lacks in found:
            new = [code for code in said[row]["categories"] or () if context.category_ids[code] not in held]
            added[row] = "、".join(context.category_names[code] for code in new) or None
            fills[row] = any(
                lacking and said[row][name] is not None for name, lacking in zip(CONTACT, lacks, strict=True)
            )
    return frame.with_columns(
        added=pl.Series(added, dtype=pl.String), fills=pl.Series(fills, dtype=pl.Boolean)
    ).with_columns(adds=pl.col("added").is_not_null() | pl.col("fills"))


def with_guardians(frame: pl.DataFrame) -> pl.DataFrame:
    """The same where a covered person has no guardian on record and the line names one; who has one keeps it."""
    brings = (
        (pl.col("worst") < _REFUSED) & pl.col("same_name") & pl.col("enrollment_id").is_not_null()
        & pl.col("begins_guardian") & ~pl.col("guarded")
    ).fill_null(value=False)
    return frame.with_columns(fills=pl.col("fills") | brings, adds=pl.col("adds") | brings)

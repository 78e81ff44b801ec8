"""Who takes part in basic insurance: asked of the room that keeps the lists, by blind index alone; rules and SQL, no list here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _
from psycopg import sql

from audit import blind_index
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.models.person import IDENTITY
from intake.copying import ask
from intake.findings import Meaning, Severity

#: Code of whoever is found on no list, and of a region that no list in force speaks of.
NOT_INSURED, NO_LIST = "NOT_INSURED", "NO_PARTICIPANTS"
MEANINGS = (
    Meaning(
        NOT_INSURED, Severity.ERROR, _("on no list of participants of basic insurance that is in force"),
        _("check the document number, or have the bureau's newer list uploaded, then upload the row again"),
    ),
    Meaning(
        NO_LIST, Severity.ERROR,
        _("the plan takes in participants of basic insurance only, and no list of them is in force for this region"),
        _("have the office of the region upload the bureau's list, then upload this file again"),
    ),
)
#: Region of the office -> SQL that holds for an identity's index value "{identity}" on a list in force; None without such a list.
Among = Callable[[str], str | None]
_among: list[Among] = []


def register_participants(among: Among) -> None:
    """Called once at start by the room that keeps the lists."""
    if _among and _among != [among]:
        raise ValueError("the participants of basic insurance are kept already")
    _among[:] = [among]


def among(region_code: str, *, identity: str) -> str | None:
    """SQL of whether somebody takes part, as an expression of their index value in the slot that answers; None without a list."""
    found = _among[0](region_code) if _among else None
    return found and found.format(identity=identity)


def among_or_refuse(region_code: str, *, identity: str) -> str:
    """The same; BeneficiariesRefused where no list in force speaks of the region."""
    found = among(region_code, identity=identity)
    if found is None:
        raise BeneficiariesRefused(NO_LIST)
    return found


def of_person(person: str) -> str:
    """The index value of a row of people that answers now."""
    return f"{person}.identity_index_{blind_index.active_slot(IDENTITY)}"


# One value for a chunk, cut on the server, as people are found by it.
_ABSENT = """
SELECT wanted.place FROM (
    SELECT place, substr(%(identities)b, place * {size} + 1, {size}) AS identity
    FROM generate_series(0, %(count)s::int - 1) AS place
) AS wanted WHERE NOT {among}
"""


def absent(region_code: str, identities: Sequence[Any]) -> list[int] | None:
    """Places of index values that are on no list in force; without a list None. One question a chunk."""
    rows = [row for row, identity in enumerate(identities) if identity is not None]
    found = among(region_code, identity="wanted.identity")
    if found is None:
        return None
    if not rows:
        return []
    statement = _ABSENT.format(size=blind_index.SIZE, among=found)
    given = {"identities": b"".join(identities[row] for row in rows), "count": len(rows)}
    return [rows[place] for (place,) in ask(sql.SQL(statement).format(), given)]


def mark_drift(cursor: Any, region_code: str) -> None:
    """In the work table of a chunk: who is on no list any more since the review."""
    found = among(region_code, identity=f"w.identity_index_{blind_index.active_slot(IDENTITY)}")
    if found is not None:
        cursor.execute(
            f"UPDATE roster_work w SET drift = 'CHANGED_SINCE_REVIEW' WHERE NOT w.adds AND w.drift = '' AND NOT {found}"  # noqa: S608
        )

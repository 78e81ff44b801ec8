"""Covers that lines name are found by their keys alone, whatever the planner believes: as after a roster that nobody analyzed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl
import pytest
from django.db import connection
from psycopg import Cursor, sql

from beneficiaries import covers_named
from beneficiaries.covers_named import Reach
from beneficiaries.tests.purchasing import day_market
from beneficiaries.tests.test_spans_apart import Book
from portal.local.pytest_plugin import SERVER

#: People of one office, each with a cover.
PEOPLE = 4_000
TABLES = ("beneficiaries_enrollment", "beneficiaries_person", "beneficiaries_persondocument")
#: Rows and pages that tables of people and covers are believed to hold: nobody looked, few when somebody did, many on each page.
BELIEFS = ((-1, 0), (3, 1), (100_000, 1))
#: What each table may be looked up by.
KEYS = {
    "beneficiaries_enrollment": ("(id = ", "(person_id = ", "(insurer_policy_number)"),
    "beneficiaries_person": ("(id = ", "(identity_index_"), "beneficiaries_persondocument": ("(identity_index_",),
}


@pytest.fixture(params=BELIEFS)
def reach(request: Any, db: Any) -> Iterator[Reach]:
    """Of the office, whose people and covers the planner knows nothing of, or wrongly."""
    book = Book(day_market(), workers=PEOPLE)
    first = book.people[0]
    spans = f"SELECT {first} + n AS person_id, 8 AS begins, 32 AS ends, n + 1 AS line FROM generate_series(0, {PEOPLE - 1}) AS n"
    assert book.run(book.statement(spans)) == PEOPLE
    believe(*request.param)
    yield Reach(book.market.program.pk, book.market.program.code, [book.market.world.office.pk], "4416")
    believe(-1, 0)


def believe(rows: float, pages: int) -> None:
    with SERVER.connect(str(connection.settings_dict["NAME"])) as superuser:
        superuser.execute(
            "UPDATE pg_class SET reltuples = %(rows)s, relpages = %(pages)s WHERE oid = ANY(%(tables)s::regclass[]) OR oid IN "
            "(SELECT indexrelid FROM pg_index WHERE indrelid = ANY(%(tables)s::regclass[]))",
            {"rows": rows, "pages": pages, "tables": list(TABLES[:2])},
        )


def scans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "Relation Name" in node:
        yield node
    for below in node.get("Plans", ()):
        yield from scans(below)


def test_each_line_is_looked_up_by_its_key_whatever_the_planner_believes_of_the_tables(
    reach: Reach, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = []

    def explained(statement: sql.Composed, given: Any) -> list[Any]:
        with Cursor(connection.connection) as cursor:
            (plan,) = cursor.execute(sql.SQL("EXPLAIN (FORMAT JSON) ") + statement, given, binary=True).fetchone() or ()
            plans.append(plan[0]["Plan"])
        return []

    monkeypatch.setattr(covers_named, "ask", explained)
    lines = 3_000
    frame = pl.DataFrame({
        "row": range(lines), "worst": [0] * lines, "misfit": [False] * lines,
        "cover_id": [at if at % 3 == 0 else None for at in range(lines)],
        "document_type": ["resident_id"] * lines, "document": [f"44160{at:013d}" if at % 3 == 1 else None for at in range(lines)],
        "name": ["王小明"] * lines, "policy_number": [f"PA{at}" for at in range(lines)],
        "event_on": [None if at % 7 == 0 else date(2027, 3, 1) for at in range(lines)],
    }, schema_overrides={"row": pl.UInt32, "cover_id": pl.Int64, "event_on": pl.Date})
    assert covers_named.known(frame, reach).is_empty()
    assert len(plans) == 3
    read = [scan for plan in plans for scan in scans(plan)]
    assert {scan["Relation Name"] for scan in read} == set(TABLES)
    for scan in read:
        by = scan.get("Index Cond", scan.get("Recheck Cond", ""))
        assert any(key in by for key in KEYS[scan["Relation Name"]]), (sorted(scan.items(), key=str))

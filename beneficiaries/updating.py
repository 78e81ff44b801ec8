"""Rosters that update known people: contact, bank accounts, and categories with the days on which they hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import polars as pl
from django.db import connection
from django.utils.translation import gettext_lazy as _
from psycopg import sql

from audit.faults import fault_point
from audit.history import plan_anew
from beneficiaries import entrusting, known, pairs
from beneficiaries.applying import CHANGED_BENEFICIARIES
from beneficiaries.columns import COLUMNS
from beneficiaries.template import KnownPeopleTemplate, RosterContext
from intake.checks.plain import FOREVER
from intake.columns import Column
from intake.copying import ask
from intake.findings import Severity
from intake.models import Chunk
from intake.template import Applied

_USABLE = pl.col("worst") < Severity.ERROR.weight
#: Required of whoever is enrolled, and not of whoever is known.
_OPTIONAL = ("region_code", "categories")
_LEFT_OUT = ("sex", "birth_on")


def known_columns(*keys: str) -> tuple[Column, ...]:
    """Columns of the plain layout for people who are known: their document says nothing of birth and sex."""
    found = {column.key: column for column in COLUMNS}
    return tuple(
        replace(
            found[key], required=found[key].required and key not in _OPTIONAL,
            companions={"type": "document_type"} if key == "document" else found[key].companions,
        )
        for key in keys
    )


UPDATE_COLUMNS = (
    *known_columns(*(column.key for column in COLUMNS if column.key not in _LEFT_OUT)),
    Column(
        "valid_from", "类别起始日期", ("认定日期", "识别时间"), clean="date", example="2026-01-01",
        help=_("The first day of the categories in this line; empty means today."),
    ),
    Column(
        "valid_to", "类别终止日期", ("解除时间", "有效期至"), clean="date", example="2026-12-31",
        companions={"start": "valid_from"},
        help=_("The last day of the categories in this line: ends the ones that are registered."),
    ),
)
_HELD = sql.SQL("""
SELECT wanted.row, ARRAY(
    SELECT held.category_id FROM beneficiaries_beneficiarycategory held
    WHERE held.beneficiary_id = beneficiary.id AND (held.valid_to IS NULL OR held.valid_to > %(day)s)
)
FROM unnest(%(rows)s::int[], %(people)s::bigint[]) AS wanted(row, person)
JOIN beneficiaries_beneficiary beneficiary ON beneficiary.person_id = wanted.person
    AND beneficiary.program_id = %(program)s AND beneficiary.organization_id = %(organization)s
""").format()
# Ends before begins: a line that names both days of a category that is registered says until when it holds.
_ENDED = """
UPDATE beneficiaries_beneficiarycategory held
SET valid_to = greatest(held.valid_from, w.valid_to + 1), ended_row_id = w.row_id
FROM roster_work w WHERE held.beneficiary_id = w.beneficiary_id AND w.is_changed AND w.valid_to IS NOT NULL
    AND held.category_id = ANY(w.category_ids) AND (held.valid_to IS NULL OR held.valid_to > %(day)s)
"""
_BEGUN = """
INSERT INTO beneficiaries_beneficiarycategory (beneficiary_id, category_id, valid_from, valid_to, row_id, ended_row_id)
SELECT w.beneficiary_id, named.category_id, coalesce(w.valid_from, %(day)s), w.valid_to + 1, w.row_id,
    CASE WHEN w.valid_to IS NOT NULL THEN w.row_id END
FROM roster_work w CROSS JOIN LATERAL unnest(w.category_ids) AS named(category_id)
WHERE w.is_changed AND (w.valid_to IS NULL OR w.valid_from IS NOT NULL) AND NOT EXISTS (
    SELECT 1 FROM beneficiaries_beneficiarycategory held
    WHERE held.beneficiary_id = w.beneficiary_id AND held.category_id = named.category_id
    AND (w.valid_to IS NULL OR held.valid_from <= w.valid_to)
    AND (held.valid_to IS NULL OR held.valid_to > coalesce(w.valid_from, %(day)s)))
"""
_CONTACT = (
    "r.region_code, r.phone, r.address, r.bank_name, r.bank_account, r.guardian_name, r.guardian_document, "
    "r.contact_digest, r.category_ids, r.valid_from, r.valid_to, r.phone_mark_a, r.phone_mark_b"
)
_DRIFT = "r.known_contact_digest IS DISTINCT FROM beneficiary.contact_digest"


class UpdateTemplate(KnownPeopleTemplate):
    """One line, one known person: what it leaves empty stays as it is."""

    title = _("Update known people")
    columns = UPDATE_COLUMNS
    staged = (
        "name", "document", "document_type", "identity_index_a", "identity_index_b", "name_index_a", "name_index_b",
        "region_code", "phone", "address", "bank_name", "bank_account", "guardian_name", "guardian_document",
        "contact_digest", "category_ids", "valid_from", "valid_to", "known_person_id", "known_contact_digest",
    )

    marks = ("phone_mark",)

    def judge(
        self, frame: pl.DataFrame, findings: pl.DataFrame, context: RosterContext
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Accounts that differ are pointed out; a category that ends must be registered, or say since when it held."""
        frame = pairs.completed(frame, context)
        findings = self._add(
            findings, frame, "ACCOUNT_CHANGED", "bank_account", pairs.differing(frame, "bank_account", context)
        )
        # 长期: no last day.
        frame = frame.with_columns(
            valid_to=pl.when(pl.col("valid_to") < FOREVER).then("valid_to"),
            category_ids=pl.col("categories").list.eval(
                pl.element().replace_strict(context.category_ids, default=None, return_dtype=pl.Int64)
            ),
        )
        dated = pl.col("valid_from").is_not_null() | pl.col("valid_to").is_not_null()
        frame, findings = self.refuse(
            frame, findings, "CELL_EMPTY", "categories", _USABLE & dated & pl.col("categories").is_null()
        )
        frame = frame.with_columns(missing=_not_held(frame, context))
        frame, findings = self.refuse(
            frame, findings, "CATEGORY_NOT_HELD", "categories", _USABLE & pl.col("missing").is_not_null(), extra="missing"
        )
        frame, findings = self.compare_guardians(frame, findings, context, day=context.checks.today, demanded=False)
        begins = pl.col("begins_guardian").fill_null(value=False)
        return frame.with_columns(changes=~pl.col("same_contact") | begins), findings

    def apply_chunk(self, subject: Any, chunk: Chunk, *, context: RosterContext, at: datetime) -> Applied:
        """Contact and categories of one chunk."""
        facts = known.facts_of(context.roster, chunk.number, at=at)
        with connection.cursor() as cursor:
            fault_point("beneficiaries.update.before")
            set_aside = known.make_work(cursor, context.roster, facts, columns=_CONTACT, drift=_DRIFT)
            entrusting.put_on_record(cursor, facts)
            for step, statement in (("changes", CHANGED_BENEFICIARIES), ("ended", _ENDED), ("begun", _BEGUN)):
                fault_point(f"beneficiaries.update.{step}.before")
                plan_anew(cursor)
                cursor.execute(statement, facts)
            cursor.execute("SELECT count(*) FROM roster_work")
            applied = cursor.fetchone()[0]
            cursor.execute("DROP TABLE roster_work")
            fault_point("beneficiaries.update.after")
        return Applied(applied, set_aside)


def _not_held(frame: pl.DataFrame, context: RosterContext) -> pl.Series:
    """Names of categories that a line ends without saying since when they held, and that are not registered."""
    rows = frame.select(
        _USABLE & ~pl.col("same_contact") & pl.col("valid_to").is_not_null() & pl.col("valid_from").is_null()
        & pl.col("categories").is_not_null()
    ).to_series().fill_null(value=False).arg_true()
    missing: list[str | None] = [None] * len(frame)
    if len(rows):
        said = dict(zip(rows.to_list(), frame["categories"].gather(rows).to_list(), strict=True))
        found = ask(
            _HELD,
            {
                "rows": rows.to_list(), "people": frame["known_person_id"].gather(rows).to_list(),
                "day": context.checks.today, "program": context.roster.program_id, "organization": context.roster.organization_id,
            },
        )
        for row, held in found:
            names = [context.category_names[code] for code in said[row] if context.category_ids[code] not in held]
            missing[row] = "、".join(names) or None
    return pl.Series("missing", missing, dtype=pl.String)


UPDATE = UpdateTemplate()

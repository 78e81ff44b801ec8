"""Draws a sample in the database: the rule of `samples.rules` over any number of covers, in two statements."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection

from programs.months import Month
from samples.models import Sample, Stratum
from samples.rules import quotas

#: A cover's number as `beneficiaries.models.enrollment.cover_number` says it; the draw goes over numbers alone.
_NUMBER = (
    "program.code || '-' || period.code || '-' || lpad(e.id::text, greatest(length(e.id::text), 10), '0')"
    " || lpad((98 - (e.id * 100) %% 97)::text, 2, '0')"
)
_STRATUM = {
    Stratum.NONE: "''", Stratum.COUNTY: "left(e.region_code, 6)",
    Stratum.CATEGORY: "(SELECT c.code FROM programs_category c WHERE c.id = e.category_id)",
}
#: Covers that stand or stood, of people whose data is not restricted.
_COVERS = """
    FROM beneficiaries_enrollment e
    JOIN programs_program program ON program.id = e.program_id
    JOIN programs_period period ON period.id = e.period_id
    JOIN accounts_organization office ON office.id = e.organization_id
    JOIN beneficiaries_beneficiary b ON b.id = e.beneficiary_id
    WHERE e.program_id = %(program)s AND e.state IN ('in_force', 'ended') AND b.restricted_at IS NULL
        AND starts_with(office.path, %(path)s) AND starts_with(e.region_code, %(region)s)
        AND (%(period)s::bigint IS NULL OR e.period_id = %(period)s)
        AND (%(category)s::bigint IS NULL OR e.category_id = %(category)s)
        AND (%(begin)s::timestamptz IS NULL OR (e.starts_at >= %(begin)s AND e.starts_at < %(end)s))
"""


def population_of(sample: Sample) -> tuple[dict[str, int], str]:
    """Covers of each stratum, and the digest of all numbers in ascending order."""
    covers = f"SELECT {_STRATUM[Stratum(sample.stratum)]} AS stratum, {_NUMBER} AS number {_COVERS}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH covers AS MATERIALIZED ({covers})
            SELECT (SELECT jsonb_object_agg(stratum, covers)
                    FROM (SELECT stratum, count(*) AS covers FROM covers GROUP BY 1) s),
                (SELECT encode(sha256(convert_to(coalesce(
                    string_agg(number || E'\\n', '' ORDER BY number COLLATE "C"), ''), 'UTF8')), 'hex') FROM covers)
            """,  # noqa: S608 - statements of ours
            _facts(sample),
        )
        strata, digest = cursor.fetchone()
    return (json.loads(strata) if strata else {}), str(digest)


def write_items(sample: Sample, strata: dict[str, int]) -> int:
    """Draw: of each stratum those with the smallest ranks."""
    wanted = quotas(strata, sample.size)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH covers AS MATERIALIZED (
                SELECT e.id, {_STRATUM[Stratum(sample.stratum)]} AS stratum, {_NUMBER} AS number {_COVERS}
            ), ranked AS (
                SELECT id, stratum, number, encode(sha256(convert_to(%(seed)s || ':' || number, 'UTF8')), 'hex') AS rank FROM covers
            ), placed AS (
                SELECT *, row_number() OVER (PARTITION BY stratum ORDER BY rank COLLATE "C") AS place FROM ranked
            )
            INSERT INTO samples_sampleitem (sample_id, position, stratum, enrollment_id, number, rank, finding, note)
            SELECT %(sample)s, row_number() OVER (ORDER BY p.stratum COLLATE "C", p.place), p.stratum, p.id, p.number, p.rank,
                'open', ''
            FROM placed p JOIN unnest(%(codes)s::text[], %(quotas)s::int[]) AS wanted (stratum, quota) ON wanted.stratum = p.stratum
            WHERE p.place <= wanted.quota ORDER BY 2
            """,  # noqa: S608 - statements of ours
            {**_facts(sample), "sample": sample.pk, "seed": sample.seed, "codes": list(wanted), "quotas": list(wanted.values())},
        )
        return int(cursor.rowcount)


def _facts(sample: Sample) -> dict[str, Any]:
    month = Month(sample.program_id, sample.closing.month) if sample.closing is not None else None
    return {
        "program": sample.program_id, "path": sample.organization.path, "region": sample.region_code,
        "period": sample.period_id, "category": sample.category_id, "begin": month.begins_at if month else None,
        "end": month.ends_at if month else None,
    }

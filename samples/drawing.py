"""Draws a sample in the database: the rule of `samples.rules` over any number of covers or payouts, in two statements."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection

from programs.months import Month
from samples.models import Sample, Stratum, Subject
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
#: Of whoever the draw is about, at a payout's cover.
_MEANT = """
    JOIN accounts_organization office ON office.id = e.organization_id
    JOIN beneficiaries_beneficiary b ON b.id = e.beneficiary_id
    WHERE e.program_id = %(program)s AND b.restricted_at IS NULL
        AND starts_with(office.path, %(path)s) AND starts_with(e.region_code, %(region)s)
        AND (%(period)s::bigint IS NULL OR e.period_id = %(period)s)
        AND (%(category)s::bigint IS NULL OR e.category_id = %(category)s)
"""


def _padded(number: str, digits: int) -> str:
    return f"lpad({number}::text, greatest(length({number}::text), {digits}), '0')"


#: What is drawn -> SELECT of id (the cover's), stratum, number, payout, reported, amount. A payout's number is that of its line
#: (`payouts.models.BatchLine.key`), that of a reported one R and the number in our books.
_POPULATIONS = {
    Subject.COVERS: f"""
    SELECT e.id, {{stratum}} AS stratum, {_NUMBER} AS number, NULL::bigint AS payout, NULL::bigint AS reported,
        NULL::numeric AS amount {_COVERS}""",
    Subject.PAYOUTS: f"""
    SELECT e.id, {{stratum}} AS stratum, 'P' || {_padded("l.batch_id", 9)} || '-' || {_padded("l.number", 6)} AS number,
        l.id AS payout, NULL::bigint AS reported, l.amount
    FROM payouts_batchline l JOIN payouts_bankresult r ON r.line_id = l.id AND r.outcome = 'paid' AND NOT l.is_test
    JOIN claims_payable p ON p.id = l.payable_id JOIN claims_claim c ON c.id = p.claim_id
    JOIN beneficiaries_enrollment e ON e.id = c.enrollment_id
    {_MEANT} AND (%(begin)s::timestamptz IS NULL OR (r.at >= %(begin)s AND r.at < %(end)s))""",  # noqa: S608
    Subject.REPORTED: f"""
    SELECT e.id, {{stratum}} AS stratum, 'R' || {_padded("r.id", 10)} AS number, NULL::bigint AS payout, r.id AS reported,
        r.paid AS amount
    FROM results_result r JOIN beneficiaries_enrollment e ON e.id = r.enrollment_id
    {_MEANT} AND r.undone_at IS NULL AND r.paid > 0
        AND (%(begin)s::timestamptz IS NULL OR (r.applied_at >= %(begin)s AND r.applied_at < %(end)s))""",  # noqa: S608
}
#: As `samples.rules.weighted`.
WEIGHTED = "-ln((('x' || left({rank}, 13))::bit(52)::bigint + 0.5)::float8 / 4503599627370496::float8) / {amount}::float8"


def _population(sample: Sample) -> str:
    return _POPULATIONS[Subject(sample.subject)].format(stratum=_STRATUM[Stratum(sample.stratum)])


def population_of(sample: Sample) -> tuple[dict[str, int], str]:
    """Covers or payouts of each stratum, and the digest of all numbers in ascending order."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH covers AS MATERIALIZED ({_population(sample)})
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
            WITH covers AS MATERIALIZED ({_population(sample)}), ranked AS (
                SELECT *, encode(sha256(convert_to(%(seed)s || ':' || number, 'UTF8')), 'hex') AS rank FROM covers
            ), placed AS (
                SELECT *, row_number() OVER (PARTITION BY stratum ORDER BY
                    CASE WHEN %(weighted)s THEN {WEIGHTED.format(rank="rank", amount="amount")} ELSE 0 END, rank COLLATE "C"
                ) AS place FROM ranked
            )
            INSERT INTO samples_sampleitem (
                sample_id, position, stratum, enrollment_id, payout_id, reported_id, amount, number, rank, finding, note
            )
            SELECT %(sample)s, row_number() OVER (ORDER BY p.stratum COLLATE "C", p.place), p.stratum, p.id, p.payout, p.reported,
                p.amount, p.number, p.rank, 'open', ''
            FROM placed p JOIN unnest(%(codes)s::text[], %(quotas)s::int[]) AS wanted (stratum, quota) ON wanted.stratum = p.stratum
            WHERE p.place <= wanted.quota ORDER BY 2
            """,  # noqa: S608 - statements of ours
            {
                **_facts(sample), "sample": sample.pk, "seed": sample.seed, "weighted": sample.is_weighted, "codes": list(wanted),
                "quotas": list(wanted.values()),
            },
        )
        return int(cursor.rowcount)


def _facts(sample: Sample) -> dict[str, Any]:
    month = Month(sample.program_id, sample.closing.month) if sample.closing is not None else None
    return {
        "program": sample.program_id, "path": sample.organization.path, "region": sample.region_code,
        "period": sample.period_id, "category": sample.category_id, "begin": month.begins_at if month else None,
        "end": month.ends_at if month else None,
    }

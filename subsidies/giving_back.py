"""What each payer gets back of which enrollment, set-wise: what the plan's rule says now, less what earlier lists gave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Min

from audit.faults import fault_point
from beneficiaries.models import Ending
from beneficiaries.models.enrollment import EnrollmentState
from programs.models import FundingSplit, FundingSplitLine, Period, Plan
from subsidies.models import Differences
from subsidies.rules import given_back, used_premium

_SETTINGS = "SET LOCAL work_mem = '64MB'"
#: The first ending of each cover: until when it had been paid for.
_ENDED = """
SELECT enrollment_id, (array_agg(ended_before ORDER BY id))[1] AS ended_before FROM beneficiaries_ending GROUP BY 1
"""
#: Lines that are to be written: (enrollment, payer, amount, reason, booked here, paid).
NOW = f"""
WITH back AS (
    SELECT * FROM unnest(
        %(splits)s::bigint[], %(starts)s::timestamptz[], %(ends)s::timestamptz[], %(befores)s::timestamptz[],
        %(funders)s::bigint[], %(shares)s::numeric[], %(amounts)s::numeric[]
    ) AS back(split_id, starts_at, ends_at, ended_before, funder_id, share, amount)
), given AS (
    SELECT d.enrollment_id, d.funder_id, d.books, sum(d.amount) FILTER (WHERE d.reason <> 'elsewhere') AS by_rule,
        sum(d.amount) FILTER (WHERE d.reason = 'elsewhere') AS elsewhere
    FROM subsidies_differenceline d JOIN beneficiaries_enrollment e ON e.id = d.enrollment_id
    WHERE d.stands AND e.period_id = %(period)s GROUP BY 1, 2, 3
), wanted AS (
    SELECT e.id AS enrollment_id, back.funder_id, true AS books, 'ended' AS reason,
        least(back.amount, back.share - coalesce(given.elsewhere, 0)) AS amount
    FROM beneficiaries_enrollment e JOIN ({_ENDED}) AS ending ON ending.enrollment_id = e.id
    JOIN back ON back.split_id = e.split_id AND back.starts_at = e.starts_at AND back.ends_at = e.ends_at
        AND back.ended_before = ending.ended_before
    LEFT JOIN given ON given.enrollment_id = e.id AND given.funder_id IS NOT DISTINCT FROM back.funder_id AND given.books
    WHERE e.period_id = %(period)s AND e.state = 'ended'
    UNION ALL
    SELECT e.id, NULL, false, 'voided', e.own_share FROM beneficiaries_enrollment e
    WHERE e.period_id = %(period)s AND e.state = 'voided' AND e.own_paid_at IS NOT NULL AND e.own_share > 0
)
SELECT found.enrollment_id, found.funder_id, found.amount, CASE WHEN found.amount < 0 THEN 'taken_back' ELSE found.reason END,
    found.books, e.own_paid_at IS NOT NULL
FROM (
    SELECT coalesce(w.enrollment_id, g.enrollment_id) AS enrollment_id, coalesce(w.funder_id, g.funder_id) AS funder_id,
        coalesce(w.amount, 0) - coalesce(g.by_rule, 0) AS amount, coalesce(w.reason, 'ended') AS reason,
        coalesce(w.books, g.books) AS books
    FROM wanted w FULL JOIN given g ON g.enrollment_id = w.enrollment_id
        AND coalesce(g.funder_id, 0) = coalesce(w.funder_id, 0) AND g.books = w.books
) AS found JOIN beneficiaries_enrollment e ON e.id = found.enrollment_id WHERE found.amount <> 0
"""  # noqa: S608 - constants of this module
_COLUMNS = "enrollment_id, funder_id, amount, reason, books, paid"
_WRITE = f"""
INSERT INTO subsidies_differenceline (differences_id, {_COLUMNS}, stands)
SELECT %(list)s, found.*, false FROM ({NOW}) AS found ORDER BY found.enrollment_id, found.funder_id, found.books
"""  # noqa: S608 - constants of this module
_DRIFT = f"""
SELECT count(*) FROM (
    (SELECT {_COLUMNS} FROM subsidies_differenceline WHERE differences_id = %(list)s EXCEPT ({NOW}))
    UNION ALL (({NOW}) EXCEPT SELECT {_COLUMNS} FROM subsidies_differenceline WHERE differences_id = %(list)s)
) AS changed
"""  # noqa: S608 - constants of this module
_SUMS = """
SELECT count(DISTINCT enrollment_id), coalesce(sum(amount) FILTER (WHERE funder_id IS NOT NULL), 0.00),
    coalesce(sum(amount) FILTER (WHERE funder_id IS NULL), 0.00),
    coalesce(sum(amount) FILTER (WHERE funder_id IS NULL AND paid), 0.00),
    encode(sha256(convert_to(coalesce(string_agg(
        enrollment_id || ' ' || coalesce(funder_id, 0) || ' ' || reason || ' ' || books || ' ' || amount, E'\\n'
        ORDER BY enrollment_id, coalesce(funder_id, 0), books
    ), ''), 'UTF8')), 'hex')
FROM subsidies_differenceline WHERE differences_id = %s
"""


def write_lines(differences: Differences) -> int:
    """Write what is owed back of a period and was not given yet; how many lines those are."""
    with connection.cursor() as cursor:
        fault_point("subsidies.write_lines.before")
        cursor.execute(_SETTINGS)
        cursor.execute(_WRITE, {"list": differences.pk, **_facts(differences.period)})
        written = cursor.rowcount
        fault_point("subsidies.write_lines.after")
    return int(written)


def has_drifted(differences: Differences) -> bool:
    """Whether the plan's rule would say something else now than when the list was made."""
    with connection.cursor() as cursor:
        cursor.execute(_DRIFT, {"list": differences.pk, **_facts(differences.period)})
        return bool(cursor.fetchone()[0])


def waiting(period: Period) -> int:
    """Covers of a period for which something is owed back that no list has given yet."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(DISTINCT enrollment_id) FROM ({NOW}) AS found", _facts(period))  # noqa: S608
        return int(cursor.fetchone()[0])


def sum_up(differences: Differences) -> None:
    """A list's sums and digest, from its lines; saved by the caller."""
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, [differences.pk])
        (
            differences.people, differences.funders_amount, differences.own_amount, differences.refund_amount,
            differences.digest,
        ) = cursor.fetchone()


def _facts(period: Period) -> dict[str, Any]:
    """The plan's rule for each kind of ending that the period has: by division of the premium, begin, end and paid end."""
    endings = (
        Ending.objects.filter(enrollment__period=period, enrollment__state=EnrollmentState.ENDED).order_by()
        .values("enrollment_id").annotate(first=Min("pk")).values("first")
    )
    kinds = set(
        Ending.objects.filter(pk__in=endings).values_list(
            "enrollment__split", "enrollment__plan", "enrollment__starts_at", "enrollment__ends_at", "ended_before"
        )
    )
    rows = [
        (kind.split, kind.starts_at, kind.ends_at, kind.ended_before, *part)
        for kind, parts in backs_of(Kind(*each) for each in kinds) for part in parts
    ]
    names = ("splits", "starts", "ends", "befores", "funders", "shares", "amounts")
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * len(names)
    return {"period": period.pk, **{name: list(column) for name, column in zip(names, columns, strict=True)}}


@dataclass(frozen=True, order=True)
class Kind:
    """What decides how much of a premium goes back: its division and plan, and when cover began, ended, and was to end."""

    split: int
    plan: int
    starts_at: datetime
    ends_at: datetime
    ended_before: datetime


def backs_of(kinds: Iterable[Kind]) -> list[tuple[Kind, list[tuple[int | None, Decimal, Decimal]]]]:
    """Of each kind (payer, share, what goes back) by the plan's rule, the insured person (None) first; none who gets nothing."""
    found = sorted(kinds)
    plans = Plan.objects.in_bulk({kind.plan for kind in found})
    splits = _payers({kind.split for kind in found})
    backs = []
    for kind in found:
        plan, payers = plans[kind.plan], splits[kind.split]
        shares = [share for _funder, share in payers]
        used = used_premium(
            sum(shares, Decimal("0.00")), rule=plan.proration, is_span=plan.period_kind == Plan.PeriodKind.SPAN,
            starts_at=kind.starts_at, ends_at=kind.ends_at, ended_before=kind.ended_before, minimum=plan.minimum_premium,
        )
        back = zip(payers, given_back(shares, used=used), strict=True)
        backs.append((kind, [(funder, share, amount) for (funder, share), amount in back if amount]))
    return backs


def _payers(splits: set[int]) -> dict[int, list[tuple[int | None, Decimal]]]:
    """(funder, share) of each division in the order of its payers, the insured person (None) first; a funder stands once."""
    found: dict[int, dict[int | None, Decimal]] = defaultdict(dict)
    for split in FundingSplit.objects.filter(pk__in=splits):
        found[split.pk][None] = split.own_share
    lines = FundingSplitLine.objects.filter(split__in=splits).order_by("split", "position")
    for split_id, funder_id, amount in lines.values_list("split_id", "funder_id", "amount"):
        found[split_id][funder_id] = found[split_id].get(funder_id, Decimal("0.00")) + amount
    return {split_id: list(payers.items()) for split_id, payers in found.items()}

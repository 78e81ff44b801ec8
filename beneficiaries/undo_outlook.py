"""What the undo of a roster would take back, and what it did: counts and sums for pages and the command; nothing is changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Sum

from beneficiaries.keepers import ALREADY_ENDED, keeper_case, kept_in_words
from beneficiaries.models import Enrollment, Roster
from beneficiaries.models.enrollment import LIVE, EnrollmentState
from programs.models import FundingSplit, FundingSplitLine

ZERO = Decimal("0.00")
_COVERS = """
SELECT CASE WHEN kept <> '' THEN kept WHEN live THEN '' ELSE %(already_ended)s END, split_id, count(*),
    count(*) FILTER (WHERE own_paid_at IS NOT NULL AND own_share > 0),
    coalesce(sum(own_share) FILTER (WHERE own_paid_at IS NOT NULL), 0),
    count(*) FILTER (WHERE state = %(in_force)s)
FROM (
    SELECT e.split_id, e.state, e.own_share, e.own_paid_at, e.state = ANY(%(live)s) AS live, {keeper} AS kept
    FROM beneficiaries_enrollment e WHERE e.roster_id = %(roster)s AND e.state <> %(voided)s
) AS cover
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class FunderBack:
    """What goes back to one funder's budgets: covers and yuan."""

    name: str
    people: int
    amount: Decimal


@dataclass(frozen=True)
class Kept:
    """How many covers stay, and why in words."""

    code: str
    words: str
    number: int


@dataclass(frozen=True)
class UndoOutlook:
    """`covers` would be voided, `in_force` of them stand now; yuan of premium, by funder, of own shares paid already."""

    covers: int
    in_force: int
    premium: Decimal
    own_share: Decimal
    funders: Sequence[FunderBack]
    paid: int
    refunds: Decimal
    kept: Sequence[Kept]


def undo_outlook(roster: Roster) -> UndoOutlook:
    """What an undo would take back now. Three queries, whatever the roster's size."""
    with connection.cursor() as cursor:
        cursor.execute(
            _COVERS.format(keeper=keeper_case()),
            {
                "roster": roster.pk, "live": list(LIVE), "already_ended": ALREADY_ENDED,
                "in_force": EnrollmentState.IN_FORCE, "voided": EnrollmentState.VOIDED,
            },
        )
        rows = cursor.fetchall()
    back = {split: people for kept, split, people, *_rest in rows if not kept}
    stays: Counter[str] = Counter()
    for kept, _split, people, *_rest in rows:
        if kept:
            stays[kept] += people
    splits = FundingSplit.objects.in_bulk(back)
    funders: dict[str, tuple[int, Decimal]] = defaultdict(lambda: (0, ZERO))
    lines = FundingSplitLine.objects.filter(split__in=back).order_by("funder_id", "split_id")
    for split, name, amount in lines.values_list("split_id", "funder__name", "amount"):
        people, sum_before = funders[name]
        funders[name] = (people + back[split], sum_before + amount * back[split])
    return UndoOutlook(
        covers=sum(back.values()),
        in_force=sum(row[5] for row in rows if not row[0]),
        premium=sum((splits[split].premium * people for split, people in back.items()), ZERO),
        own_share=sum((splits[split].own_share * people for split, people in back.items()), ZERO),
        funders=[FunderBack(name, people, amount) for name, (people, amount) in funders.items()],
        paid=sum(row[3] for row in rows if not row[0]),
        refunds=sum((row[4] for row in rows if not row[0]), ZERO),
        kept=in_words(stays),
    )


def in_words(counts: dict[str, int]) -> list[Kept]:
    """Reasons with their numbers, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Kept(code, kept_in_words(code), number) for code, number in ordered]


def refunds_of(roster: Roster) -> tuple[int, Decimal]:
    """Own shares that were received for covers that are voided: how many people, yuan."""
    found = Enrollment.objects.filter(
        roster=roster, state=EnrollmentState.VOIDED, own_paid_at__isnull=False, own_share__gt=0
    ).aggregate(people=Count("pk"), yuan=Sum("own_share"))
    return found["people"], found["yuan"] or ZERO

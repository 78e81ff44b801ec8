"""What a hand-over costs whom: people and premium by county, category, payer and insurer, from the lines and their divisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _t

from accounts.models import Region
from handover.models import HandOver
from programs.filing import insurers_of, parts_of
from programs.models import Category, FundingSplit, FundingSplitLine, PlanInsurer
from programs.rules.coinsurance import divide, percent

COUNTY_DIGITS = 6
ZERO = Decimal("0.00")

# A division of premium is one of a few dozen: people are counted by it, never summed one by one.
_COUNTED = """
SELECT left(l.region_code, {digits}), e.category_id, coalesce(l.split_id, e.split_id), count(*),
    count(*) FILTER (WHERE l.premium > 0),
    count(*) FILTER (WHERE l.answer = 'accepted'), count(*) FILTER (WHERE l.answer = 'refused'),
    count(*) FILTER (WHERE l.answer = 'accepted' AND l.premium > 0),
    count(*) FILTER (WHERE l.answer = 'refused' AND l.premium > 0)
FROM handover_handoverline l JOIN beneficiaries_enrollment e ON e.id = l.enrollment_id
WHERE l.hand_over_id = %s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def counted(hand_over: HandOver) -> list[list[Any]]:
    """[county, category, split, people, of whom premium counts, accepted, refused, and of both whose premium counts]."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED.format(digits=COUNTY_DIGITS), [hand_over.pk])
        return [list(row) for row in cursor.fetchall()]


@dataclass
class Sums:
    """People and yuan: all, those accepted, those refused; what is open is the rest."""

    people: int = 0
    premium: Decimal = ZERO
    accepted: int = 0
    accepted_premium: Decimal = ZERO
    refused: int = 0
    refused_premium: Decimal = ZERO

    def add(self, other: Sums) -> None:
        """Sum up."""
        for name in ("people", "premium", "accepted", "accepted_premium", "refused", "refused_premium"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def open(self) -> int:
        """People without an answer."""
        return self.people - self.accepted - self.refused

    @property
    def open_premium(self) -> Decimal:
        """Yuan without an answer."""
        return self.premium - self.accepted_premium - self.refused_premium


@dataclass(frozen=True)
class Line:
    """A county, category or payer with its sums."""

    label: str
    sums: Sums


@dataclass
class Statement:
    """The whole, and the same by county, by category, by payer and by co-insurer; each part adds up to the whole to the fen."""

    total: Sums = field(default_factory=Sums)
    counties: Sequence[Line] = ()
    categories: Sequence[Line] = ()
    payers: Sequence[Line] = ()
    #: None where one insurer bears the whole.
    insurers: Sequence[Line] = ()


def statement_of(hand_over: HandOver) -> Statement:
    """The statement as it stands, in a few questions whatever the people: from the counts that are kept with the row."""
    rows = [tuple(row) for row in hand_over.statement]
    splits = FundingSplit.objects.in_bulk({row[2] for row in rows})
    parts: dict[int, list[tuple[int, str, Decimal]]] = {}
    for part in FundingSplitLine.objects.filter(split__in=splits).select_related("funder").order_by("position"):
        parts.setdefault(part.split_id, []).append((part.funder_id, part.funder.name, part.amount))
    total = Sums()
    places: dict[str, Sums] = {}
    kinds: dict[int, Sums] = {}
    payers: dict[tuple[int, str], Sums] = {}
    for county, category, split_id, people, counting, accepted, refused, accepted_counting, refused_counting in rows:
        split = splits[split_id]

        def part_of(
            amount: Decimal, *, people: int = people, counting: int = counting, accepted: int = accepted,
            refused: int = refused, taken: int = accepted_counting, turned: int = refused_counting,
        ) -> Sums:
            return Sums(people, counting * amount, accepted, taken * amount, refused, turned * amount)

        whole = part_of(split.premium)
        for sums in (total, places.setdefault(county, Sums()), kinds.setdefault(category, Sums())):
            sums.add(whole)
        if split.own_share:
            payers.setdefault((0, _t("the insured themselves")), Sums()).add(part_of(split.own_share))
        for funder, name, amount in parts.get(split_id, []):
            payers.setdefault((funder, name), Sums()).add(part_of(amount))
    names = Region.objects.names_of(places)
    words = dict(Category.objects.filter(pk__in=kinds).values_list("pk", "name"))
    return Statement(
        total,
        [Line(names.get(code) or code or _t("without a region"), sums) for code, sums in sorted(places.items())],
        [Line(words.get(pk, ""), sums) for pk, sums in sorted(kinds.items())],
        [Line(name, sums) for (_pk, name), sums in sorted(payers.items())],
        [
            Line(f"{each.insurer.name} {percent(each.share)}%", sums)
            for each, sums in by_insurer(total, insurers_of(hand_over.period.plan))
        ],
    )


def by_insurer(total: Sums, insurers: Sequence[PlanInsurer]) -> list[tuple[PlanInsurer, Sums]]:
    """What falls to each insurer, exact to the fen. What was accepted, refused and not answered is divided apart, so that
    rows and columns add up; each insurer covers every person."""
    if not insurers:
        return []
    parts = parts_of(list(insurers))
    columns = [divide(amount, parts) for amount in (total.accepted_premium, total.refused_premium, total.open_premium)]
    return [
        (each, Sums(total.people, taken + turned + still, total.accepted, taken, total.refused, turned))
        for each, taken, turned, still in zip(insurers, *columns, strict=True)
    ]

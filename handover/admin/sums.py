"""How an invoice without lines stands against our lists: by who comes and goes, by payer, county and category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _t

from accounts.models import Region
from handover.models import Direction, Invoice
from handover.totals import difference_of
from programs.models import Category, FundingSplit, FundingSplitLine

ZERO = Decimal("0.00")
#: Columns of a counted row behind its keys: lines and those whose premium counts.
_NAMES = ("due", "before", "open", "refused")


@dataclass
class Sums:
    """Lines that are due, and yuan: due, agreed before, not answered, refused."""

    lines: int = 0
    due: Decimal = ZERO
    before: Decimal = ZERO
    open: Decimal = ZERO
    refused: Decimal = ZERO

    def add(self, lines: int, paying: Sequence[int], amount: Decimal) -> None:
        """So many lines of so much each."""
        self.lines += lines
        for name, number in zip(_NAMES, paying, strict=True):
            setattr(self, name, getattr(self, name) + number * amount)

    @property
    def says_something(self) -> bool:
        """Whether anything is not nothing."""
        return any(getattr(self, each.name) for each in fields(self))


@dataclass(frozen=True)
class Line:
    """A county, category, payer or side with its sums."""

    label: str
    sums: Sums


def tables_of(invoice: Invoice) -> list[dict[str, Any]]:
    """The parts, each with the whole below it; a handful of questions whatever the people: from the counts that are kept."""
    rows = invoice.money.get("statement", [])
    splits = FundingSplit.objects.in_bulk({row[3] for row in rows})
    parts: dict[int, list[tuple[int, str, Decimal]]] = {}
    for part in FundingSplitLine.objects.filter(split__in=splits).select_related("funder").order_by("position"):
        parts.setdefault(part.split_id, []).append((part.funder_id, part.funder.name, part.amount))
    total = Sums()
    sides: dict[str, Sums] = {}
    payers: dict[tuple[int, str], Sums] = {}
    places: dict[str, Sums] = {}
    kinds: dict[int, Sums] = {}
    for direction, county, category, split, lines, *numbers in rows:
        paying, sign = numbers[0::2], 1 if direction == Direction.ENTRY else -1
        premium = sign * splits[split].premium
        for sums in (
            total, sides.setdefault(direction, Sums()), places.setdefault(county, Sums()), kinds.setdefault(category, Sums())
        ):
            sums.add(lines, paying, premium)
        shares = [(0, _t("the insured themselves"), splits[split].own_share), *parts.get(split, [])]
        for funder, name, amount in shares:
            if amount:
                payers.setdefault((funder, name), Sums()).add(lines, paying, sign * amount)
    names = Region.objects.names_of(places)
    words = dict(Category.objects.filter(pk__in=kinds).values_list("pk", "name"))
    told = (
        ("sides", _t("By who comes and who goes"), _t("direction"),
         [Line(str(Direction(side).label), sums) for side, sums in sorted(sides.items())]),
        ("payers", _t("Premium by payer"), _t("payer"), [Line(name, sums) for (_pk, name), sums in sorted(payers.items())]),
        ("counties", _t("Premium by county"), _t("county"),
         [Line(names.get(code) or code or _t("without a region"), sums) for code, sums in sorted(places.items())]),
        ("categories", _t("Premium by category"), _t("category"),
         [Line(words.get(pk, ""), sums) for pk, sums in sorted(kinds.items())]),
    )  # fmt: skip
    return [
        {"key": key, "title": title, "head": head, "lines": [line for line in lines if line.sums.says_something], "total": total}
        for key, title, head, lines in told
    ]


def hint_of(invoice: Invoice, total: Sums) -> str:
    """What explains the difference to the fen, where something does."""
    difference = difference_of(invoice)
    if not difference:
        return ""
    for amount, words in (
        (total.open, _t("The difference is exactly what the insurer has not answered yet.")),
        (total.refused, _t("The difference is exactly what the insurer itself has refused.")),
        (total.before, _t("The difference is exactly what was agreed on earlier invoices.")),
    ):
        if amount and amount == difference:
            return words
    return ""

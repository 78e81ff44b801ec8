"""Rows of a roster ordered by what they say: by region, or by premium; a page of them begins where the last one ended.

No index holds these orders: it would cost every staged row, for a page that few ask for. The database sorts what the
filters leave instead, up to `SORTED_AT_MOST` rows, and above that the page says to narrow them down first.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import F, Q, QuerySet

from beneficiaries.models import RosterChunk, RosterRow

#: More rows than that are not sorted: the page would take longer than a person waits.
SORTED_AT_MOST = 100_000
#: Order in the address -> field, and whether the highest stands first. Rows without a value come last.
FIELDS = {"region": ("region_code", False), "premium": ("premium", True)}


def ordered(found: QuerySet, sort: str) -> QuerySet:
    """The rows in one of the orders; equals stay as in the file."""
    name, falling = FIELDS[sort]
    value = F(name).desc(nulls_last=True) if falling else F(name).asc(nulls_last=True)
    return found.order_by(value, "pk")


def after(found: QuerySet, sort: str, place: str) -> QuerySet:
    """The rows that come after a place, as `place_of` told it; a place that makes no sense is the beginning."""
    name, falling = FIELDS[sort]
    text, _dot, number = place.rpartition(".")
    if not (number.isascii() and number.isdecimal() and len(number) <= 18):
        return found
    pk = int(number)
    if not text:
        return found.filter(**{f"{name}__isnull": True, "pk__gt": pk})
    value = _value(sort, text)
    if value is None:
        return found
    beyond = Q(**{f"{name}__{'lt' if falling else 'gt'}": value}) | Q(**{f"{name}__isnull": True})
    return found.filter(beyond | Q(**{name: value, "pk__gt": pk}))


def _value(sort: str, text: str) -> Any:
    if sort == "region":
        return text if text.isascii() and text.isdecimal() and len(text) <= 12 else None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) < 10**14 else None


def place_of(row: RosterRow, sort: str) -> str:
    """Where the page after this row begins."""
    value = getattr(row, FIELDS[sort][0])
    return f"{'' if value is None else value}.{row.pk}"


def too_many(
    found: QuerySet, chunks: Sequence[RosterChunk], *, verdict: int | None, code: str, narrowed_otherwise: bool
) -> bool:
    """Whether the filters leave more rows than are sorted: from what the chunks counted, asking the rows only where
    another filter than verdict or finding narrows them down."""
    most = 0
    for chunk in chunks:
        known = [chunk.rows]
        if verdict is not None:
            known.append(chunk.counts["verdicts"].get(str(verdict), 0))
        if code:
            known.append(chunk.counts["codes"].get(code, 0))
        most += min(known)
    if most <= SORTED_AT_MOST or not (narrowed_otherwise or (verdict is not None and code)):
        return most > SORTED_AT_MOST
    return bool(found.order_by()[: SORTED_AT_MOST + 1].count() > SORTED_AT_MOST)

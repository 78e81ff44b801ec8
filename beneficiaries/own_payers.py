"""The door through which a room above says how own shares were paid: by which payment and channel, and by whose money."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.functional import Promise

from beneficiaries.models.payer import Way

#: An expression (text, null where it knows nothing) over rows; given the path from a row to its enrollment, ending in "__".
Told = Callable[[str], Any]


@dataclass(frozen=True)
class OwnPaid:
    """What one room knows. `way`: codes, whose words are `words`; `sponsor`: the name of who paid for others.

    `has_sponsors`: whether there is one in a program.
    """

    reference: Told
    way: Told
    sponsor: Told
    has_sponsors: Callable[[int], bool]
    words: Mapping[str, str | Promise]


_told: list[OwnPaid] = []


def register_own_paid(told: OwnPaid) -> None:
    """Called once at start by the room that records payments."""
    if _told and _told != [told]:
        raise ValueError("how own shares were paid is told already")
    _told[:] = [told]


def with_own_payment(rows: QuerySet[Any], path: str) -> QuerySet[Any]:
    """Rows with `own_reference` and `own_way` of the payment of their cover's own share; "" where nobody knows."""
    bought = NullIf(F(f"{path}purchase__payment_reference"), Value(""))
    return rows.annotate(
        own_reference=_first([bought, *(each.reference(path) for each in _told)]),
        own_way=_first([*(each.way(path) for each in _told), F(f"{path}purchase__payer__way")]),
    )


def with_sponsor(rows: QuerySet[Any], path: str) -> QuerySet[Any]:
    """Rows with `sponsor`: the name of the funder that paid the own share, "" where the insured or an employer did."""
    return rows.annotate(sponsor=_first([each.sponsor(path) for each in _told]))


def has_sponsors(program_id: int) -> bool:
    """Whether anybody's own share was paid by a funder for others."""
    return any(each.has_sponsors(program_id) for each in _told)


def way_in_words(code: str) -> str:
    """A way or channel of payment as pages say it."""
    words: dict[str, Any] = dict(Way.choices)
    for each in _told:
        words |= each.words
    return str(words.get(code, code))


def _first(found: list[Any]) -> Any:
    return Coalesce(*found, Value(""), output_field=TextField()) if found else Value("", TextField())

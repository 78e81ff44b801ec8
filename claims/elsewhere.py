"""What is settled of covers beside our own claims: rooms above tell it at start (an insurer's payouts, say); none is known here."""

from __future__ import annotations

from dataclasses import dataclass

#: What a query of lines gives, in this order. Days are dates, amounts yuan as text by kind or responsibility (jsonb).
LINE = (
    "enrollment_id", "settled_on", "event_on", "setting", "locality", "settled", "pre_existing", "figures", "parts", "computable",
)


@dataclass(frozen=True)
class Settled:
    """What one room knows of.

    `condition`: SQL, true where a stay or visit of a cover is settled there; it names {cover}, {invoice} (its number, or null),
    {hospital} (its name), {first} and {last} (days). `lines`: SQL of the expenses behind it, columns as `LINE`, for covers in a
    relation `asked (cover_id)`: what they use of deductibles and limits is used for whoever decides next.
    """

    condition: str
    lines: str


_settled: list[Settled] = []


def register_settled(settled: Settled) -> None:
    """Called at start by each room that knows of settlements."""
    if settled not in _settled:
        _settled.append(settled)


def settled_elsewhere(**names: str) -> str:
    """SQL: whether any room knows a stay as settled; false while nobody tells. `names`: SQL of what the conditions name."""
    return f"({' OR '.join(f'({each.condition.format(**names)})' for each in _settled)})" if _settled else "false"


def lines_elsewhere() -> str:
    """SQL of all that is settled elsewhere of the covers `asked (cover_id)`; "" while nobody tells."""
    return " UNION ALL ".join(f"({each.lines})" for each in _settled)

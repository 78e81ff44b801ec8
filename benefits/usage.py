"""What a person has used of one cover so far: counters by name, added to by each decision; no rule lives here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from benefits.terms import ZERO


class Usage(Mapping[str, Decimal]):
    """Counters of one person's one cover (one year); a counter not yet used is zero. Immutable.

    Names: `base:R` expenses counted, `above:R` those above the deductible, `paid:R` yuan paid, `days:R`, `times:R`,
    `deductible:D` and `limit:L` for own (D = R) and shared ones. An event's counter ends in `@EVENT`, a day's in `#DAY`.
    """

    __slots__ = ("_counters",)

    def __init__(self, counters: Mapping[str, Decimal] | None = None) -> None:
        self._counters: dict[str, Decimal] = {} if counters is None else dict(counters)

    @classmethod
    def keeping(cls, counters: dict[str, Decimal]) -> Usage:
        """Usage around a dictionary that nobody else holds."""
        usage = cls.__new__(cls)
        usage._counters = counters
        return usage

    def __getitem__(self, name: str) -> Decimal:
        return self._counters.get(name, ZERO)

    def __contains__(self, name: object) -> bool:
        return name in self._counters

    def get(self, name: str, default: Decimal | None = None) -> Decimal:  # type: ignore[override]
        """A counter; zero where it is unused."""
        return self._counters.get(name, ZERO if default is None else default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._counters)

    def __len__(self) -> int:
        return len(self._counters)

    def __repr__(self) -> str:
        return f"Usage({self._counters!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Usage):
            return NotImplemented
        return _used(self) == _used(other)

    def __hash__(self) -> int:
        return hash(frozenset(_used(self).items()))

    def copied(self) -> dict[str, Decimal]:
        """The counters, for a decision to add to."""
        return self._counters.copy()

    def plus(self, used: Mapping[str, Decimal]) -> Usage:
        """Usage after another decision's share of it."""
        counters = self.copied()
        for name, amount in used.items():
            counters[name] = counters.get(name, ZERO) + amount
        return Usage.keeping(counters)

    def minus(self, used: Mapping[str, Decimal]) -> Usage:
        """Usage without a decision's share of it: what was there before it, if nothing came between."""
        return self.plus({name: -amount for name, amount in used.items()})

    def to_data(self) -> dict[str, str]:
        """Counters as text, for JSON."""
        return {name: str(amount) for name, amount in sorted(_used(self).items())}

    @classmethod
    def from_data(cls, data: Mapping[str, str]) -> Usage:
        """Counters from `to_data`."""
        return cls({name: Decimal(amount) for name, amount in data.items()})


def _used(usage: Usage) -> dict[str, Decimal]:
    return {name: amount for name, amount in usage._counters.items() if amount}


NOTHING_USED = Usage()

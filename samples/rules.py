"""How a sample is drawn, so that anybody can draw it again: rules only, the same as the statement in `samples.drawing`."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal


def rank_of(seed: str, number: str) -> str:
    """Where a cover stands in the draw: SHA-256 of `seed:number` in UTF-8, as hexadecimal; the smallest are drawn first."""
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()


#: Of the rank's first thirteen hexadecimal digits.
_WHOLE = 1 << 52


def weighted(seed: str, number: str, amount: Decimal) -> float:
    """Where a payout stands in a draw by sums: -ln(u) / yuan, with u in (0, 1) of the rank; the smallest are drawn first.

    So each is drawn as often as its part of the sum left over (Efraimidis and Spirakis, 2006).
    """
    return -math.log((int(rank_of(seed, number)[:13], 16) + 0.5) / _WHOLE) / float(amount)


def quotas(strata: Mapping[str, int], size: int) -> dict[str, int]:
    """How many of each stratum are drawn: in proportion to its covers, by largest remainders, equal ones in the order of codes.

    `strata`: code -> covers, none empty. Never more than a stratum has; all of them where the sample is as large as the whole.
    """
    whole = sum(strata.values())
    size = min(size, whole)
    if not whole:
        return {}
    shares = {code: divmod(covers * size, whole) for code, covers in strata.items()}
    left = size - sum(full for full, _rest in shares.values())
    first = sorted(shares, key=lambda code: (-shares[code][1], code))[:left]
    return {code: full + (code in first) for code, (full, _rest) in sorted(shares.items())}


def drawn(
    seed: str, covers: Iterable[tuple[str, str]], *, size: int, amounts: Mapping[str, Decimal] | None = None
) -> list[tuple[str, str]]:
    """(stratum, number) of the sample in the order of strata and ranks, from (stratum, number) of the whole population.

    `amounts`: yuan by number, where the draw is weighted by them.
    """

    def place(number: str) -> tuple[float, str]:
        return (0.0 if amounts is None else weighted(seed, number, amounts[number]), rank_of(seed, number))

    strata: dict[str, list[str]] = {}
    for stratum, number in covers:
        strata.setdefault(stratum, []).append(number)
    wanted = quotas({code: len(numbers) for code, numbers in strata.items()}, size)
    return [
        (code, number)
        for code in sorted(strata)
        for number in sorted(strata[code], key=place)[: wanted[code]]
    ]


def digest_of(numbers: Sequence[str]) -> str:
    """SHA-256 of cover numbers in their order, each followed by a line feed."""
    return hashlib.sha256("".join(f"{number}\n" for number in numbers).encode()).hexdigest()

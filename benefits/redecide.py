"""What changes when an earlier case is decided anew: cases consume deductible and limits in order, so later ones may change."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from benefits.decide import Decision, decide
from benefits.facts import Facts
from benefits.terms import PlanTerms
from benefits.usage import NOTHING_USED, Usage


@dataclass(frozen=True, slots=True)
class Settled:
    """A case as it was decided; a sequence of them is in order of settlement."""

    key: Hashable
    facts: Facts
    decision: Decision


@dataclass(frozen=True, slots=True)
class Change:
    """A case whose payment is another one now. `difference` above zero is owed to the insured, below zero was overpaid."""

    key: Hashable
    before: Decision
    after: Decision

    @property
    def difference(self) -> Decimal:
        """New amount less old."""
        return self.after.amount - self.before.amount


@dataclass(frozen=True, slots=True)
class Redecision:
    """All cases of a cover decided anew: `decisions` by key, `changes` in order of settlement, `usage` after the last."""

    decisions: Mapping[Hashable, Decision]
    changes: tuple[Change, ...]
    usage: Usage


def redecide(
    settled: Sequence[Settled], terms: PlanTerms, *, corrected: Mapping[Hashable, Facts], used_before: Usage = NOTHING_USED
) -> Redecision:
    """Decide a cover's cases again with some cases' facts corrected; those before the first corrected one stay as they are.

    `used_before` is what was used before the first case of `settled`. A withdrawn case is corrected to facts without bills.
    """
    unknown = set(corrected) - {case.key for case in settled}
    if unknown:
        raise KeyError(f"no such case was settled: {', '.join(sorted(map(str, unknown)))}")
    usage = used_before
    decisions: dict[Hashable, Decision] = {}
    changes: list[Change] = []
    reached = False
    for case in settled:
        reached = reached or case.key in corrected
        if reached:
            after = decide(corrected.get(case.key, case.facts), terms, usage)
            if benefits_differ(case.decision, after):
                changes.append(Change(case.key, case.decision, after))
        else:
            after = case.decision
        decisions[case.key] = after
        usage = after.usage
    return Redecision(decisions, tuple(changes), usage)


def benefits_differ(before: Decision, after: Decision) -> bool:
    """Whether a responsibility pays another amount."""
    paid = ({benefit.code: benefit.amount for benefit in side.benefits if benefit.amount} for side in (before, after))
    first, second = paid
    return first != second

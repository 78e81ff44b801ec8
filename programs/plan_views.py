"""A plan version as whoever decides many lines in columns needs it: its terms, limits of the year, what columns can decide."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from benefits.compiled import Plan as Compiled
from benefits.compiled import compile_terms, shared_limit
from benefits.terms import Expense, PlanTerms
from programs.benefit_terms import terms_of_program
from programs.models import Plan

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class PlanView:
    """`terms`: None where the plan states no benefits."""

    plan_id: int
    cover_limit: Decimal
    terms: PlanTerms | None

    @cached_property
    def compiled(self) -> Compiled | None:
        """The terms made ready."""
        return None if self.terms is None else compile_terms(self.terms)

    @cached_property
    def expenses(self) -> tuple[Expense, ...]:
        """Responsibilities that pay a part of bills, in their order."""
        parts = () if self.terms is None else self.terms.responsibilities
        return tuple(part for part in parts if isinstance(part, Expense))

    @cached_property
    def others(self) -> tuple[str, ...]:
        """Codes of responsibilities that pay fixed amounts."""
        parts = () if self.terms is None else self.terms.responsibilities
        return tuple(part.code for part in parts if not isinstance(part, Expense))

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Codes of all responsibilities."""
        return () if self.terms is None else tuple(part.code for part in self.terms.responsibilities)

    @property
    def pays_bills_alone(self) -> bool:
        """Whether nothing it pays is above a cost."""
        return bool(self.expenses) and not self.others

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of expenses that count."""
        return tuple(dict.fromkeys(kind for part in self.expenses for kind in part.counts))

    @cached_property
    def open_kinds(self) -> frozenset[str]:
        """Kinds whose responsibility cannot be decided since its terms are not known."""
        return frozenset(kind for part in self.expenses if part.decisive_unknown for kind in part.counts)

    @cached_property
    def is_open(self) -> bool:
        """Whether it is not known what an undecided responsibility counts."""
        return any(unknown.part == "counts" for part in self.expenses for unknown in part.decisive_unknown)

    @cached_property
    def lists(self) -> tuple[str, ...]:
        """Lists on which lines must stand: a report's lines do, or the insurer would not name their kind."""
        return tuple(dict.fromkeys(part.required_list for part in self.expenses if part.required_list))

    @property
    def looks_at_years(self) -> bool:
        """Whether years in a row or without a claim matter."""
        return self.compiled is not None and bool(self.compiled.continuity_top or self.compiled.claim_free_top)

    @property
    def looks_at_ages(self) -> bool:
        """Whether ages matter."""
        return self.compiled is not None and bool(self.compiled.ages)

    @property
    def looks_at_people(self) -> bool:
        """Whether all expenses of somebody count as pre-existing."""
        rule = None if self.terms is None else self.terms.pre_existing
        return rule is not None and rule.by == "person"

    @cached_property
    def limits(self) -> dict[tuple[str, ...], Decimal]:
        """Responsibilities that share a limit of the year -> its highest amount, whatever the circumstances."""
        found: dict[tuple[str, ...], Decimal] = {}
        parts = () if self.terms is None else self.terms.responsibilities
        for part in parts:
            own = [limit for limit in part.limits if limit.per == "year"]
            for limit in own:
                _least(found, (part.code,), max(row.value for row in limit.amount))
        names = dict.fromkeys(name for part in parts for name in part.shared_limits)
        for name in names:
            assert self.terms is not None
            shared = shared_limit(self.terms, name)
            if shared.per == "year":
                members = tuple(part.code for part in parts if name in part.shared_limits)
                _least(found, members, max(row.value for row in shared.amount))
        return found


def _least(found: dict[tuple[str, ...], Decimal], members: tuple[str, ...], amount: Decimal) -> None:
    found[members] = min(amount, found.get(members, amount))


def plans_of(program_id: int) -> dict[int, PlanView]:
    """Every version of a program's plan; two questions."""
    terms = terms_of_program(program_id)
    limits = Plan.objects.filter(program=program_id).values_list("pk", "cover_limit")
    return {plan: PlanView(plan, limit, terms.get(plan)) for plan, limit in limits}

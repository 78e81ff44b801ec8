"""Terms made ready for many decisions: checks as functions, counters' names, and tables looked up once per circumstances."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from benefits.case import Circumstances, Step
from benefits.circumstances import Telling
from benefits.conditions import Check, checks_of, excluded
from benefits.terms import (
    ONE,
    OPEN,
    PRE_EXISTING,
    ZERO,
    Allowance,
    Band,
    Death,
    Disability,
    Expense,
    Factor,
    LumpSum,
    PlanTerms,
    Responsibility,
    Row,
    SharedDeductible,
    SharedLimit,
    Table,
    When,
    Words,
)

#: Circumstances kept at most; a plan has a few dozen that differ.
KEPT = 4096


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit in given circumstances: the counter of what is used of it, and whether that is an event's counter."""

    name: str
    per: str
    counter: str
    amount: Decimal
    of_event: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """One responsibility's values in given circumstances.

    `refusal` says why nothing is paid at all in them; `refused_kinds` why nothing of a kind is.
    `bands` are (start, end or None, ratio), those that pay nothing left out. `told` is the step that says which
    circumstances they are, where tables tell them apart.
    """

    refusal: str = ""
    refused_kinds: dict[str, str] | None = None
    factors: dict[str, Decimal] | None = None
    deductible: Decimal = ZERO
    bands: tuple[tuple[Decimal, Decimal | None, Decimal], ...] = ()
    caps: tuple[Cap, ...] = ()
    item_limit: Decimal | None = None
    day_limit: Decimal | None = None
    amount: Decimal = ZERO
    cap_over_policies: Decimal | None = None
    told: Step | None = field(default=None, compare=False)


class Rule:
    """One responsibility, compiled."""

    __slots__ = (
        "above_counter", "base_counter", "before", "by_line", "checks", "code", "day_limited", "days_counter",
        "deductible_counter", "deductible_of_event", "event_counted", "event_limits", "index", "kinds", "paid_counter",
        "position_of_event", "remainder", "telling", "terms", "times_counter", "undecided",
    )

    def __init__(self, terms: Responsibility, *, index: int, plan: PlanTerms) -> None:
        code = terms.code
        self.terms = terms
        self.index = index
        self.code = code
        self.checks: tuple[Check, ...] = checks_of(terms)
        self.telling = Telling(terms, plan)
        self.undecided = bool(terms.decisive_unknown)
        self.paid_counter = f"paid:{code}"
        self.base_counter = f"base:{code}"
        self.above_counter = f"above:{code}"
        self.days_counter = f"days:{code}"
        self.times_counter = f"times:{code}"
        self.kinds: frozenset[str] = frozenset()
        self.remainder = self.by_line = self.before = self.position_of_event = self.deductible_of_event = False
        self.day_limited = any(limit.per == "day" for limit in terms.limits)
        self.event_counted = any(limit.per == "event" for limit in terms.limits) or isinstance(terms, Disability)
        self.event_limits = frozenset(
            name for name in terms.shared_limits if shared_limit(plan, name).per == "event"
        )
        self.deductible_counter = f"deductible:{code}"
        if isinstance(terms, Expense):
            self._compile_expense(terms, plan)
        else:
            # An expense's lines meet the plan's own exclusions before any responsibility looks at them.
            self.checks += tuple(excluded(exclusion) for exclusion in plan.exclusions)

    def _compile_expense(self, terms: Expense, plan: PlanTerms) -> None:
        self.kinds = frozenset(terms.counts)
        self.remainder = terms.of_remainder
        self.by_line = any(limit.per in ("item", "day") for limit in terms.limits) or any(
            isinstance(other, Expense) and other.of_remainder for other in plan.responsibilities
        )
        self.before = terms.bands_counted == "before_deductible"
        self.position_of_event = terms.bands_per == "event"
        self.deductible_of_event = terms.deductible_per == "event"
        if terms.shared_deductible:
            shared = shared_deductible(plan, terms.shared_deductible)
            self.deductible_counter = f"deductible:{shared.name}"
            self.deductible_of_event = shared.per == "event"

    @property
    def looks_at_event(self) -> bool:
        """Whether its counters tell events apart."""
        return bool(
            self.event_counted or self.event_limits or self.position_of_event or self.deductible_of_event
            or isinstance(self.terms, Allowance)
        )


class Plan:
    """A plan version, compiled."""

    __slots__ = (
        "ages", "checks", "claim_free_top", "continuity_top", "expense", "kinds", "known", "looks_at_event", "names", "reduces",
        "rules", "terms", "unstated",
    )

    def __init__(self, terms: PlanTerms) -> None:
        self.terms = terms
        self.rules = tuple(Rule(part, index=index, plan=terms) for index, part in enumerate(terms.responsibilities))
        self.checks: tuple[Check, ...] = tuple(excluded(exclusion) for exclusion in terms.exclusions)
        self.unstated = self._unstated()
        self.kinds = frozenset().union(*(rule.kinds for rule in self.rules))
        self.looks_at_event = any(rule.looks_at_event for rule in self.rules)
        whens = [row.when for table in tables_of(terms) for row in table] + [
            factor.when for part in terms.responsibilities if isinstance(part, Expense) for factor in part.factors
        ]
        self.continuity_top = max((when.continuity_from for when in whens), default=0)
        self.claim_free_top = max((when.claim_free_from for when in whens), default=0)
        self.ages = any(when.age_from is not None or when.age_to is not None for when in whens)
        self.reduces = terms.occupations is not None and terms.occupations.wrong_class == "reduce"
        self.expense = {part.code: isinstance(part, Expense) for part in terms.responsibilities}
        self.names: dict[str, Words] = {part.code: part.name for part in terms.responsibilities}
        exclusions = [*terms.exclusions, *(one for part in terms.responsibilities for one in part.exclusions)]
        self.names.update({f"reason:{exclusion.name.zh}": exclusion.name for exclusion in exclusions})
        self.names.update({f"kind:{kind.code}": kind.name for kind in terms.kinds})
        self.known: dict[Circumstances, tuple[Figures, ...]] = {}

    def _unstated(self) -> Step | None:
        """The step that names what is taken as no condition because it is not known; shared by all cases."""
        gaps = [*self.terms.unknown, *(gap for rule in self.rules if not rule.undecided for gap in rule.terms.unknown)]
        parts = [part for part in OPEN if any(gap.part == part for gap in gaps)]
        if not parts or all(rule.undecided for rule in self.rules):
            return None
        return "unstated", "", {"parts": parts}

    def circumstances(
        self, health: str, *, continuity: int, claim_free: int, locality: str, settled: bool, age: int | None
    ) -> Circumstances:
        """Circumstances as far as this plan tells them apart."""
        return Circumstances(
            health, min(continuity, self.continuity_top), min(claim_free, self.claim_free_top), locality, settled,
            age if self.ages else None,
        )

    def figures(self, circumstances: Circumstances) -> tuple[Figures, ...]:
        """The values of all responsibilities, by index."""
        found = self.known.get(circumstances)
        if found is None:
            if len(self.known) >= KEPT:
                self.known.clear()
            found = self.known[circumstances] = tuple(
                _figures(rule, circumstances, self.terms) for rule in self.rules
            )
        return found


def compile_terms(terms: PlanTerms) -> Plan:
    """Terms ready for decisions; done once, kept with the terms."""
    plan: Plan | None = terms.compiled
    if plan is None:
        plan = Plan(terms)
        object.__setattr__(terms, "compiled", plan)
    return plan


def tables_of(terms: PlanTerms) -> list[Table]:
    """Every table of a plan."""
    tables = [shared.amount for shared in terms.deductibles] + [shared.amount for shared in terms.limits]
    for part in terms.responsibilities:
        tables += [limit.amount for limit in part.limits]
        if isinstance(part, Expense):
            tables += [part.deductible, *(band.ratio for band in part.bands)]
        elif isinstance(part, LumpSum | Allowance | Death | Disability):
            tables.append(part.amount)
        if isinstance(part, Death):
            tables.append(part.cap_over_policies)
    return tables


def shared_deductible(terms: PlanTerms, name: str) -> SharedDeductible:
    """A plan's shared deductible."""
    for shared in terms.deductibles:
        if shared.name == name:
            return shared
    raise ValueError(f"{terms.code} has no shared deductible {name}")


def shared_limit(terms: PlanTerms, name: str) -> SharedLimit:
    """A plan's shared limit."""
    for shared in terms.limits:
        if shared.name == name:
            return shared
    raise ValueError(f"{terms.code} has no shared limit {name}")


def holds(when: When, at: Circumstances) -> bool:
    """Whether a row's circumstances are met."""
    if when.health_class is not None and when.health_class != at.health_class:
        return False
    if at.continuity < when.continuity_from or at.claim_free < when.claim_free_from:
        return False
    if when.locality is not None and when.locality != at.locality:
        return False
    if when.settled is not None and when.settled != at.settled:
        return False
    if when.age_from is not None and (at.age is None or at.age < when.age_from):
        return False
    return when.age_to is None or (at.age is not None and at.age <= when.age_to)


def row_of(table: Table, at: Circumstances) -> Row | None:
    """The first row that holds."""
    for row in table:
        if holds(row.when, at):
            return row
    return None


def value_of(table: Table, at: Circumstances, default: Decimal = ZERO) -> Decimal:
    """The value of the first row that holds."""
    row = row_of(table, at)
    return default if row is None else row.value


def _figures(rule: Rule, at: Circumstances, terms: PlanTerms) -> Figures:
    part = rule.terms
    common = Figures(
        caps=_caps(part, at, terms), item_limit=_least(part, "item", at), day_limit=_least(part, "day", at),
        told=rule.telling.step(at),
    )
    if isinstance(part, Expense):
        deductible = shared_deductible(terms, part.shared_deductible).amount if part.shared_deductible else part.deductible
        refused, factors = _factors(part, at)
        return replace(
            common, refusal=_refusal(part.bands, at), refused_kinds=refused or None, factors=factors or None,
            deductible=value_of(deductible, at), bands=_bands(part.bands, at),
        )
    if isinstance(part, LumpSum | Allowance | Disability):
        return replace(common, amount=value_of(part.amount, at))
    if isinstance(part, Death):
        cap = row_of(part.cap_over_policies, at)
        return replace(common, amount=value_of(part.amount, at), cap_over_policies=None if cap is None else cap.value)
    raise TypeError(f"{type(part).__name__} is no responsibility that can be decided")


def _least(part: Responsibility, per: str, at: Circumstances) -> Decimal | None:
    amounts = [row.value for limit in part.limits if limit.per == per and (row := row_of(limit.amount, at)) is not None]
    return min(amounts, default=None)


def _caps(part: Responsibility, at: Circumstances, terms: PlanTerms) -> tuple[Cap, ...]:
    caps = [
        Cap("", limit.per, f"paid:{part.code}", row.value, limit.per == "event")
        for limit in part.limits
        if limit.per in ("event", "year") and (row := row_of(limit.amount, at)) is not None
    ]
    for name in part.shared_limits:
        shared = shared_limit(terms, name)
        row = row_of(shared.amount, at)
        if row is not None:
            caps.append(Cap(name, shared.per, f"limit:{name}", row.value, shared.per == "event"))
    return tuple(caps)


def _bands(bands: tuple[Band, ...], at: Circumstances) -> tuple[tuple[Decimal, Decimal | None, Decimal], ...]:
    valued = ((band.start, band.end, value_of(band.ratio, at)) for band in bands)
    return tuple((start, end, ratio) for start, end, ratio in valued if ratio)


def _refusal(bands: tuple[Band, ...], at: Circumstances) -> str:
    """Why all bands pay nothing in these circumstances; "" where one pays."""
    code = "NOT_COVERED"
    for band in bands:
        row = row_of(band.ratio, at)
        if row is not None and row.value:
            return ""
        if row is not None:
            code = _code_of(row.when)
    return code


def _code_of(when: When) -> str:
    if when.health_class == PRE_EXISTING:
        return "PRE_EXISTING"
    if when.settled is False:
        return "NOT_SETTLED"
    if when.locality is not None:
        return "LOCALITY"
    return "NOT_COVERED"


def _factors(part: Expense, at: Circumstances) -> tuple[dict[str, str], dict[str, Decimal]]:
    refused: dict[str, str] = {}
    factors: dict[str, Decimal] = {}
    for kind in part.counts:
        held = [factor for factor in part.factors if _concerns(factor, kind, at)]
        product = ONE
        for factor in held:
            product *= factor.value
            if not factor.value:
                refused[kind] = _code_of(factor.when)
        if product != ONE:
            factors[kind] = product
    return refused, factors


def _concerns(factor: Factor, kind: str, at: Circumstances) -> bool:
    return (not factor.kinds or kind in factor.kinds) and holds(factor.when, at)



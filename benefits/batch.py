"""Expenses of many people at once, in columns and whole fen, without a trace; agrees with `decide` to the fen on every case.

For recomputing millions of lines. What the columns cannot say in one pass (a case whose lines stand in different circumstances,
terms that look at events, days or single lines) goes through `decide` itself, so every plan can be given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl

from benefits.case import Case
from benefits.compiled import Cap, Figures, Plan, Rule, compile_terms
from benefits.decide import decide
from benefits.expenses import refusal_of
from benefits.facts import Bill, Event, Facts, Insured, Line
from benefits.terms import HEALTH_CLASSES, LOCALITIES, ONE, SETTINGS, ZERO, Expense, PlanTerms
from benefits.usage import NOTHING_USED, Usage

#: Columns of the lines and what holds where one is not given; `person`, `case`, `kind` and `eligible` must be.
#: `eligible` is whole fen after other payers, `place` the case's order of settlement, lines are in order within a case.
DEFAULTS: dict[str, Any] = {
    "place": 0, "health_class": "healthy", "continuity": 0, "claim_free": 0, "locality": "local", "settled": True, "age": None,
    "setting": "inpatient", "indicated": True, "lists": None,
}
#: What all lines of a case have in common.
OF_CASE = ("person", "place", "health_class", "continuity", "claim_free", "age")
NEEDED = ("person", "case", "kind", "eligible")
#: Products stay below this in 64 bits; beyond it a batch is decided case by case.
ROOM = 2**62
_NOTHING = -1


class BatchRefused(ValueError):
    """Lines that cannot be decided: a column is missing, or an amount is none."""


class _Standing(NamedTuple):
    """What a line's circumstances mean: the responsibility that counts it, the factor, and the figures of all."""

    responsibility: int
    factor: Decimal
    figures: tuple[Figures, ...]


def decide_batch(
    lines: pl.DataFrame, terms: PlanTerms, *, used_before: Mapping[Any, Usage] | None = None
) -> pl.DataFrame:
    """What each case pays: `person`, `case`, `amount` and for each expense responsibility `paid:CODE`, in whole fen.

    A person's cases are settled in the order of `place`, ties in the order given. `used_before` holds usage by person.
    """
    plan = compile_terms(terms)
    rules = [rule for rule in plan.rules if isinstance(rule.terms, Expense)]
    given = set(lines.columns)
    lines = _completed(lines)
    if lines.is_empty():
        return _empty(lines, rules)
    used = used_before or {}
    if not _columnar(plan, rules):
        return _slowly(lines, terms, rules, used)
    keyed, keys = _keyed(lines, plan, given)
    standings = [_standing(row, plan, rules) for row in keys.iter_rows(named=True)]
    scale = _Scale.of(standings, rules)
    figures = _distinct(standing.figures for standing in standings)
    fixed = keys.select("key").with_columns(
        pl.Series("responsibility", [standing.responsibility for standing in standings], pl.Int64),
        pl.Series("factor", [scale.factor(standing.factor) for standing in standings], pl.Int64),
        pl.Series("figures", [figures.index(standing.figures) for standing in standings], pl.Int64),
    )
    cases = _cases(keyed.join(fixed, on="key", how="left", maintain_order="left"), len(rules))
    if not scale.fits(cases, figures, rules, used):
        return _slowly(lines, terms, rules, used)
    mixed = cases.filter(pl.col("mixed"))["person"].unique()
    if not len(mixed):
        return _in_rounds(cases, figures, rules, scale, used).sort("row").drop("row")
    of_mixed = pl.col("person").is_in(mixed.implode())
    slow = _slowly(lines.filter(of_mixed), terms, rules, used).join(cases.select("case", "row"), on="case")
    return pl.concat([_in_rounds(cases.filter(~of_mixed), figures, rules, scale, used), slow]).sort("row").drop("row")


def decide_one_by_one(
    lines: pl.DataFrame, terms: PlanTerms, *, used_before: Mapping[Any, Usage] | None = None
) -> pl.DataFrame:
    """The same answer through `decide` alone: what the columns are checked against."""
    rules = [rule for rule in compile_terms(terms).rules if isinstance(rule.terms, Expense)]
    return _slowly(_completed(lines), terms, rules, used_before or {})


def _completed(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines with every column; refuses what cannot be decided."""
    missing = [name for name in NEEDED if name not in lines.columns]
    if missing:
        raise BatchRefused(f"lines lack the columns {', '.join(missing)}")
    if lines["eligible"].dtype != pl.Int64:
        raise BatchRefused(f"eligible is {lines['eligible'].dtype}, not Int64: whole fen")
    if lines["eligible"].null_count() or (lines["eligible"] < 0).any():
        raise BatchRefused("eligible holds an amount that is missing or below 0")
    added = [pl.lit(value).alias(name) for name, value in DEFAULTS.items() if name not in lines.columns]
    return lines.with_columns(added)


def _columnar(plan: Plan, rules: list[Rule]) -> bool:
    """Whether terms look at sums of a year alone."""
    return not plan.checks and not plan.looks_at_event and not any(
        rule.undecided or rule.by_line or rule.terms.events or rule.terms.waiting_days or rule.terms.age is not None
        or rule.terms.within_days is not None or rule.terms.exclusions or rule.terms.held_to != "treatment"
        or (isinstance(rule.terms, Expense) and rule.terms.hospital is not None)
        for rule in rules
    )


def _keyed(lines: pl.DataFrame, plan: Plan, given: set[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lines with a number for their circumstances, and one row for each number; columns not given are the same for all."""
    kinds = sorted(plan.kinds)
    lists = sorted({part.required_list for part in plan.terms.responsibilities if isinstance(part, Expense)} - {""})
    parts: dict[str, tuple[pl.Expr, int]] = {
        "kind": (_coded("kind", kinds), len(kinds) + 1),
        "health_class": (_coded("health_class", HEALTH_CLASSES), len(HEALTH_CLASSES) + 1),
        "continuity": (pl.col("continuity").clip(0, plan.continuity_top), plan.continuity_top + 1),
        "claim_free": (pl.col("claim_free").clip(0, plan.claim_free_top), plan.claim_free_top + 1),
        "locality": (_coded("locality", LOCALITIES), len(LOCALITIES) + 1),
        "settled": (pl.col("settled"), 2),
        "setting": (_coded("setting", SETTINGS), len(SETTINGS) + 1),
        "indicated": (pl.col("indicated"), 2),
    }
    if plan.ages:
        parts["age"] = (pl.col("age").cast(pl.Int64).fill_null(_NOTHING) + 1, 152)
    told_apart = [part for name, part in parts.items() if name in given]
    if "lists" in given and _has_lists(lines):
        told_apart += [(pl.col("lists").list.contains(name).fill_null(value=False), 2) for name in lists]
    key = pl.lit(0, pl.Int64)
    for part, size in told_apart:
        key = key * size + part.cast(pl.Int64)
    keyed = lines.with_columns(key=key)
    first = keyed.unique("key", keep="first", maintain_order=True)
    return keyed.select("person", "case", "place", "eligible", "key"), first


def _has_lists(lines: pl.DataFrame) -> bool:
    return isinstance(lines["lists"].dtype, pl.List)


def _coded(name: str, words: Iterable[str]) -> pl.Expr:
    """A word's number from 1; 0 for a word that the plan does not know."""
    numbers = {word: number for number, word in enumerate(words, 1)}
    if not numbers:
        return pl.lit(0, pl.Int64)
    return pl.col(name).replace_strict(numbers, default=0, return_dtype=pl.Int64)


def _standing(row: dict[str, Any], plan: Plan, rules: list[Rule]) -> _Standing:
    """What the circumstances of a row mean, by the same checks that `decide` makes."""
    facts = _facts([row])
    figures = plan.figures(plan.circumstances(
        row["health_class"], continuity=row["continuity"], claim_free=row["claim_free"], locality=row["locality"],
        settled=row["settled"], age=row["age"],
    ))
    case = Case(facts, {})
    bill = facts.bills[0]
    line: Any = _Bare(bill, bill.lines[0])
    for position, rule in enumerate(rules):
        if row["kind"] in rule.kinds and refusal_of(rule, case, line, figures[rule.index]) is None:
            factors = figures[rule.index].factors or {}
            return _Standing(position, factors.get(row["kind"], ONE), figures)
    return _Standing(_NOTHING, ZERO, figures)


class _Bare(NamedTuple):
    """As much of an open line as the checks look at."""

    bill: Bill
    line: Line

    @property
    def kind(self) -> str:
        """The line's kind."""
        return self.line.kind


def _distinct(all_figures: Iterable[tuple[Figures, ...]]) -> list[tuple[Figures, ...]]:
    found: list[tuple[Figures, ...]] = []
    for figures in all_figures:
        if figures not in found:
            found.append(figures)
    return found


class _Scale(NamedTuple):
    """Whole numbers in which a plan's factors and ratios are exact: a base is in fen / `base`, a payment before rounding in fen
    / (`base` x `ratio`)."""

    base: int
    ratio: int

    @classmethod
    def of(cls, standings: list[_Standing], rules: list[Rule]) -> _Scale:
        """The smallest powers of ten that do."""
        factors = [standing.factor for standing in standings]
        ratios = [
            ratio for standing in standings for rule in rules for _start, _end, ratio in standing.figures[rule.index].bands
        ]
        return cls(10 ** max((_places(one) for one in factors), default=0), 10 ** max((_places(one) for one in ratios), default=0))

    def factor(self, value: Decimal) -> int:
        """A factor as a whole number."""
        return int(value * self.base)

    def share(self, value: Decimal) -> int:
        """A ratio as a whole number."""
        return int(value * self.ratio)

    def fen(self, amount: Decimal) -> int:
        """Yuan as fen."""
        return int(amount * 100)

    def fits(
        self, cases: pl.DataFrame, figures: list[tuple[Figures, ...]], rules: list[Rule], used: Mapping[Any, Usage]
    ) -> bool:
        """Whether all products stay within 64 bits, and what was used before is whole in these numbers."""
        before = [amount * 100 * self.base for usage in used.values() for amount in usage.values()]
        if any(amount != int(amount) for amount in before):
            return False
        most = max([1, *(_highest(cases[f"base:{at}"]) for at in range(len(rules)))])
        amounts = [
            self.fen(amount) for one in figures for rule in rules
            for amount in (one[rule.index].deductible, *(cap.amount for cap in one[rule.index].caps))
        ]
        ends = [
            self.fen(end) for one in figures for rule in rules for _start, end, _ratio in one[rule.index].bands if end is not None
        ]
        rounds = _highest(cases["round"]) + 1
        highest = max(most * rounds + int(max(before, default=ZERO)), *(self.base * one for one in [*amounts, *ends, 1]))
        return highest * self.ratio < ROOM


def _highest(column: pl.Series) -> int:
    return max((one for one in [column.max()] if isinstance(one, int)), default=0)


def _places(number: Decimal) -> int:
    return max(0, -int(number.normalize().as_tuple().exponent))


def _cases(lines: pl.DataFrame, responsibilities: int) -> pl.DataFrame:
    """One row for each case: what each responsibility counts, whether its lines stand in different circumstances, its round."""
    base = pl.col("eligible") * pl.col("factor")
    spread = lines.select("case", "person", "place", "figures", *(
        pl.when(pl.col("responsibility") == at).then(base).otherwise(0).alias(f"base:{at}") for at in range(responsibilities)
    ))
    cases = spread.group_by("case", maintain_order=True).agg(
        pl.col("person").first(), pl.col("place").first(), pl.col("figures").first(),
        pl.col("figures").min().alias("lowest"), pl.col("figures").max().alias("highest"),
        pl.col("person").min().alias("one"), pl.col("person").max().alias("other"),
        *(pl.col(f"base:{at}").sum() for at in range(responsibilities)),
    )
    several = cases.filter(pl.col("one") != pl.col("other"))["case"]
    if len(several):
        raise BatchRefused(f"the lines of case {several[0]} differ in person")
    ordered = cases.with_columns((pl.col("lowest") != pl.col("highest")).alias("mixed")).with_row_index("row").sort(
        "person", "place", "row"
    )
    new = pl.col("person").ne_missing(pl.col("person").shift(1)) | (pl.int_range(pl.len()) == 0)
    return ordered.with_columns(new.alias("new"), pl.int_range(pl.len(), dtype=pl.Int64).alias("at")).with_columns(
        (pl.col("at") - pl.when("new").then("at").forward_fill()).alias("round"),
    ).drop("lowest", "highest", "one", "other", "at")


def _in_rounds(
    cases: pl.DataFrame, figures: list[tuple[Figures, ...]], rules: list[Rule], scale: _Scale, used: Mapping[Any, Usage]
) -> pl.DataFrame:
    """Decide everybody's first case, then everybody's second, and so on: a round is one pass over columns."""
    seated = cases.with_columns((pl.col("new").cast(pl.Int64).cum_sum() - 1).alias("seat"))
    counters = _Counters(seated.filter("new")["person"], scale, used)
    for rule in rules:
        counters.open_for(rule, figures)
    values = _values(figures, rules, scale)
    decided = []
    for _number, turn in sorted(seated.partition_by("round", as_dict=True).items()):
        answer = turn.with_columns(values.select(pl.exclude("figures")).select(pl.all().gather(turn["figures"])))
        for at, rule in enumerate(rules):
            answer = _settle(answer, at, rule, figures, counters, scale)
        decided.append(answer.select(
            "person", "case", pl.sum_horizontal(pl.lit(0, pl.Int64), *(f"paid:{rule.code}" for rule in rules)).alias("amount"),
            *(f"paid:{rule.code}" for rule in rules), "row",
        ))
    return pl.concat(decided) if decided else _empty(cases, rules).with_columns(pl.lit(0, pl.UInt32).alias("row"))


def _values(figures: list[tuple[Figures, ...]], rules: list[Rule], scale: _Scale) -> pl.DataFrame:
    """The figures of all responsibilities as columns: deductible, caps, bands; a band without end ends at the highest number."""
    columns: dict[str, list[int]] = {"figures": list(range(len(figures)))}

    def put(name: str, value: Callable[[tuple[Figures, ...]], int]) -> None:
        columns[name] = [value(one) for one in figures]

    for at, rule in enumerate(rules):
        index = rule.index
        put(f"deductible:{at}", lambda one, index=index: scale.fen(one[index].deductible) * scale.base)  # type: ignore[misc]
        for place in range(_most(figures, rule, "caps")):
            put(f"cap:{at}:{place}", lambda one, index=index, place=place: _cap(one[index], place, scale))  # type: ignore[misc]
        for place in range(_most(figures, rule, "bands")):
            for part in range(3):
                put(
                    f"band:{at}:{place}:{part}",
                    lambda one, index=index, place=place, part=part: _band(one[index], place, part, scale),  # type: ignore[misc]
                )
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Int64))


def _most(figures: list[tuple[Figures, ...]], rule: Rule, name: str) -> int:
    return max(len(getattr(one[rule.index], name)) for one in figures)


def _cap(figures: Figures, place: int, scale: _Scale) -> int:
    return scale.fen(figures.caps[place].amount) if place < len(figures.caps) else ROOM


def _band(figures: Figures, place: int, part: int, scale: _Scale) -> int:
    if place >= len(figures.bands):
        return 0
    start, end, ratio = figures.bands[place]
    return (
        scale.fen(start) * scale.base, ROOM if end is None else scale.fen(end) * scale.base, scale.share(ratio),
    )[part]


class _Counters:
    """What everybody has used: a column for each counter that the terms look at, a seat for each person."""

    def __init__(self, people: pl.Series, scale: _Scale, used: Mapping[Any, Usage]) -> None:
        self.people = people
        self.scale = scale
        self.used = used
        self.columns: dict[str, pl.Series] = {}

    def open_for(self, rule: Rule, figures: list[tuple[Figures, ...]]) -> None:
        """Open the counters that a responsibility looks at in these figures."""
        of_rule = [one[rule.index] for one in figures]
        for counter in {cap.counter for one in of_rule for cap in one.caps}:
            self._open(counter, 100)
        if any(one.deductible for one in of_rule):
            self._open(rule.deductible_counter, 100 * self.scale.base)
        if any(start or end is not None for one in of_rule for start, end, _ratio in one.bands):
            self._open(position_of(rule), 100 * self.scale.base)

    def _open(self, name: str, unit: int) -> None:
        if name not in self.columns:
            held = pl.zeros(len(self.people), pl.Int64, eager=True)
            if self.used:
                held = pl.Series([
                    int(self.used.get(person, NOTHING_USED)[name] * unit) for person in self.people.to_list()
                ], dtype=pl.Int64)
            self.columns[name] = held

    def of(self, name: str, seats: pl.Series) -> pl.Series | pl.Expr:
        """A counter of these people; zero where nobody looks at it."""
        return self.columns[name].gather(seats) if name in self.columns else pl.lit(0, pl.Int64)

    def add(self, name: str, seats: pl.Series, amounts: pl.Series) -> None:
        """Count; a seat comes once in a round."""
        if name in self.columns:
            self.columns[name].scatter(seats, self.columns[name].gather(seats) + amounts)


def position_of(rule: Rule) -> str:
    """The counter at which a responsibility's bands go on."""
    return rule.base_counter if rule.before else rule.above_counter


def _settle(
    turn: pl.DataFrame, at: int, rule: Rule, figures: list[tuple[Figures, ...]], counters: _Counters, scale: _Scale
) -> pl.DataFrame:
    """One responsibility of one round: deductible, bands, limits, rounding, in the order of docs/adr/0010."""
    seats, base = turn["seat"], pl.col(f"base:{at}")
    position = position_of(rule)
    turn = turn.with_columns(
        counters.of(rule.deductible_counter, seats).alias("used"), counters.of(position, seats).alias("position"),
    ).with_columns(
        pl.min_horizontal(base, (pl.col(f"deductible:{at}") - pl.col("used")).clip(0)).alias("taken"),
    ).with_columns(
        (pl.col("position") + (pl.col("taken") if rule.before else 0)).alias("low"),
        (pl.col("position") + base - (0 if rule.before else pl.col("taken"))).alias("high"),
    )
    exact = pl.lit(0, pl.Int64)
    for place in range(_most(figures, rule, "bands")):
        start, end, ratio = (pl.col(f"band:{at}:{place}:{part}") for part in range(3))
        part = pl.min_horizontal("high", end) - pl.max_horizontal("low", start)
        exact = exact + part.clip(0) * ratio
    unit = scale.base * scale.ratio
    paid = (exact + unit // 2) // unit
    for place, cap in enumerate(_longest(figures, rule)):
        left = (pl.col(f"cap:{at}:{place}") - counters.of(cap.counter, seats)).clip(0)
        paid = pl.min_horizontal(paid, left)
    name = f"paid:{rule.code}"
    turn = turn.with_columns(paid.alias(name))
    counters.add(rule.deductible_counter, seats, turn["taken"])
    counters.add(position, seats, turn[f"base:{at}"] if rule.before else turn[f"base:{at}"] - turn["taken"])
    for counter in (rule.paid_counter, *(f"limit:{limit}" for limit in rule.terms.shared_limits)):
        counters.add(counter, seats, turn[name])
    return turn


def _longest(figures: list[tuple[Figures, ...]], rule: Rule) -> tuple[Cap, ...]:
    """The caps of a responsibility; tables of limits always have a last row, so all figures have the same ones."""
    return max((one[rule.index].caps for one in figures), key=len)


def _slowly(
    lines: pl.DataFrame, terms: PlanTerms, rules: list[Rule], used: Mapping[Any, Usage]
) -> pl.DataFrame:
    """The same through `decide`."""
    rows: dict[Any, list[dict[str, Any]]] = {}
    for row in lines.iter_rows(named=True):
        rows.setdefault(row["case"], []).append(row)
    usage: dict[Any, Usage] = {}
    paid: dict[Any, list[int]] = {}
    for case in sorted(rows, key=lambda case: rows[case][0]["place"]):
        person = rows[case][0]["person"]
        decision = decide(_facts(rows[case]), terms, usage.get(person) or used.get(person, NOTHING_USED))
        usage[person] = decision.usage
        paid[case] = [int(decision.paid(rule.code) * 100) for rule in rules]
    columns: dict[str, Any] = {
        "person": [rows[case][0]["person"] for case in rows], "case": list(rows), "amount": [sum(paid[case]) for case in rows],
    }
    columns.update({f"paid:{rule.code}": [paid[case][at] for case in rows] for at, rule in enumerate(rules)})
    return pl.DataFrame(columns, schema_overrides=_schema(lines, rules))


def _facts(rows: list[dict[str, Any]]) -> Facts:
    """A case from its lines: each a bill of its own, in order."""
    first = rows[0]
    for name in OF_CASE:
        if any(row[name] != first[name] for row in rows):
            raise BatchRefused(f"the lines of case {first['case']} differ in {name}")
    insured = Insured(
        age=first["age"], health_class=first["health_class"], continuity_years=first["continuity"],
        claim_free_years=first["claim_free"],
    )
    bills = tuple(
        Bill(
            lines=(Line(
                row["kind"], Decimal(row["eligible"]).scaleb(-2), lists=frozenset(row["lists"] or ()), indicated=row["indicated"],
            ),),
            setting=row["setting"], locality=row["locality"], settled=row["settled"],
        )
        for row in rows
    )
    return Facts(insured=insured, event=Event(code=str(first["case"])), bills=bills)


def _schema(lines: pl.DataFrame, rules: list[Rule]) -> dict[str, Any]:
    return {
        "person": lines["person"].dtype, "case": lines["case"].dtype, "amount": pl.Int64,
        **{f"paid:{rule.code}": pl.Int64 for rule in rules},
    }


def _empty(lines: pl.DataFrame, rules: list[Rule]) -> pl.DataFrame:
    return pl.DataFrame(schema=_schema(lines, rules))

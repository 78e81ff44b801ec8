"""What is wrong (faults) or odd (doubts) in terms beyond their form: gaps, overlaps, names that lead nowhere. For editors too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from benefits.shapes import Problem, plain_number
from benefits.terms import (
    ALWAYS,
    DECISIVE,
    KINDS,
    OPEN,
    Allowance,
    Band,
    Death,
    Disability,
    Exclusion,
    Expense,
    LumpSum,
    PlanTerms,
    Responsibility,
    Table,
    Unknown,
    When,
)


def faults(terms: PlanTerms) -> list[Problem]:
    """What keeps terms from being used."""
    found = [
        *_codes(terms), *_prices(terms),
        *(problem for position, part in enumerate(terms.exclusions) for problem in _exclusion(part, f"exclusions[{position}]")),
    ]
    for position, part in enumerate(terms.responsibilities):
        found += _responsibility(part, f"responsibilities[{position}]", terms)
    for place, table in _tables(terms):
        found += table_faults(table, place, for_everybody=not place.endswith(".cap_over_policies"))
    return found


def doubts(terms: PlanTerms) -> list[Problem]:
    """What may be meant but should be looked at: gaps between bands, limits and rows never reached, kinds counted twice,
    unknowns."""
    found = _open(terms.unknown, "unknown")
    found += [problem for place, table in _tables(terms) for problem in rows_covered(table, place)]
    counted: dict[str, str] = {}
    for position, part in enumerate(terms.responsibilities):
        place = f"responsibilities[{position}]"
        found += [
            Problem(f"{place}.unknown[{at}]", "unknown_decisive", {"part": unknown.part})
            for at, unknown in enumerate(part.unknown) if unknown.part in DECISIVE
        ]
        found += _open(part.unknown, f"{place}.unknown")
        if isinstance(part, Expense):
            found += band_gaps(part.bands, f"{place}.bands")
            found += _counted_twice(part, place, counted)
        if not part.limits and not part.shared_limits and isinstance(part, Expense):
            found.append(Problem(place, "unlimited", {}))
        found += _limits_never_reached(part, place, terms)
        found += _limits_crossed(part, place, terms.responsibilities[position + 1:])
    return found


def _open(gaps: Sequence[Unknown], place: str) -> list[Problem]:
    """What is taken as no condition because it is not known; a limit that is missing is said by itself."""
    return [
        Problem(f"{place}[{at}]", "unknown_open", {"part": gap.part})
        for at, gap in enumerate(gaps) if gap.part in OPEN and gap.part != "limit"
    ]


def band_faults(bands: Sequence[Band], place: str) -> list[Problem]:
    """Bands that are empty, out of order, overlap, or can never be reached."""
    found = []
    for position, band in enumerate(bands):
        where = f"{place}[{position}]"
        if band.end is not None and band.end <= band.start:
            found.append(Problem(f"{where}.to", "band_empty", _shown(start=band.start, end=band.end)))
        if not position:
            continue
        before = bands[position - 1]
        if band.start < before.start:
            found.append(Problem(f"{where}.from", "band_order", _shown(start=band.start, before=before.start)))
        elif before.end is None:
            found.append(Problem(where, "band_unreachable", {}))
        elif band.start < before.end:
            found.append(Problem(f"{where}.from", "band_overlap", _shown(start=band.start, end=before.end)))
    return found


def band_gaps(bands: Sequence[Band], place: str) -> list[Problem]:
    """Stretches that no band holds, from zero to without end."""
    found = []
    reached: Any = 0
    for position, band in enumerate(bands):
        if reached is not None and band.start > reached:
            found.append(Problem(f"{place}[{position}].from", "band_gap", _shown(start=reached, end=band.start)))
        reached = band.end
    if bands and reached is not None:
        found.append(Problem(f"{place}[{len(bands) - 1}].to", "band_gap", {**_shown(start=reached), "end": "∞"}))
    return found


def table_faults(table: Table, place: str, *, for_everybody: bool = True) -> list[Problem]:
    """Rows that are never reached; people for whom no row holds."""
    found = []
    for position, row in enumerate(table):
        lowest, highest = row.when.age_from, row.when.age_to
        if lowest is not None and highest is not None and lowest > highest:
            found.append(Problem(f"{place}[{position}].age_from", "range_empty", {"lowest": lowest, "highest": highest}))
        found += _unreachable(table, position, place, lambda wide, narrow: wide in (ALWAYS, narrow))
    if for_everybody and table and table[-1].when != ALWAYS:
        found.append(Problem(f"{place}[{len(table) - 1}]", "row_default", {}))
    return found


def rows_covered(table: Table, place: str) -> list[Problem]:
    """Rows that are never reached because a wider one stands above them.

    A doubt, no fault: a version in force, which nobody can change, has to stay readable.
    """
    return [problem for position in range(len(table)) for problem in _unreachable(table, position, place, _includes)]


def _unreachable(table: Table, position: int, place: str, includes: Callable[[When, When], bool]) -> list[Problem]:
    """The first row above one that takes all it would hold for."""
    for number, above in enumerate(table[:position], 1):
        if includes(above.when, table[position].when):
            return [Problem(f"{place}[{position}]", "row_unreachable", {"row": number})]
    return []


def _includes(wide: When, narrow: When) -> bool:
    """Whether one row's circumstances hold wherever another's do."""
    for name in ("health_class", "locality", "settled"):
        if getattr(wide, name) not in (None, getattr(narrow, name)):
            return False
    if wide.continuity_from > narrow.continuity_from or wide.claim_free_from > narrow.claim_free_from:
        return False
    return _includes_ages(wide, narrow)


def _includes_ages(wide: When, narrow: When) -> bool:
    """Whether one row's ages hold all of another's. A row that states any does not hold for who is of unknown age."""
    if wide.age_from is None and wide.age_to is None:
        return True
    if narrow.age_from is None and narrow.age_to is None:
        return False
    if (narrow.age_from or 0) < (wide.age_from or 0):
        return False
    return wide.age_to is None or (narrow.age_to is not None and narrow.age_to <= wide.age_to)


def _tables(terms: PlanTerms) -> Iterator[tuple[str, Table]]:
    """Every table with its place."""
    yield from ((f"deductibles[{at}].amount", shared.amount) for at, shared in enumerate(terms.deductibles))
    yield from ((f"limits[{at}].amount", shared.amount) for at, shared in enumerate(terms.limits))
    for position, part in enumerate(terms.responsibilities):
        place = f"responsibilities[{position}]"
        yield from ((f"{place}.limits[{at}].amount", limit.amount) for at, limit in enumerate(part.limits))
        if isinstance(part, Expense):
            yield f"{place}.deductible", part.deductible
            for at, band in enumerate(part.bands):
                yield f"{place}.ratio" if len(part.bands) == 1 else f"{place}.bands[{at}].ratio", band.ratio
        elif isinstance(part, LumpSum | Allowance | Death | Disability):
            yield f"{place}.amount", part.amount
        if isinstance(part, Death):
            yield f"{place}.cap_over_policies", part.cap_over_policies


def _shown(**amounts: Any) -> dict[str, Any]:
    return {name: amount if isinstance(amount, int) else plain_number(amount) for name, amount in amounts.items()}


def _codes(terms: PlanTerms) -> list[Problem]:
    """Codes and names that stand twice."""
    found = []
    for place, codes in (
        ("responsibilities[{}].code", [part.code for part in terms.responsibilities]),
        ("deductibles[{}].name", [shared.name for shared in terms.deductibles]),
        ("limits[{}].name", [shared.name for shared in terms.limits]),
        ("kinds[{}].code", [*(kind.code for kind in terms.kinds)]),
    ):
        for position, code in enumerate(codes):
            first = codes.index(code)
            if first < position:
                found.append(Problem(place.format(position), "code_twice", {"value": code, "other": place.format(first)}))
    names = {shared.name for shared in terms.deductibles}
    for position, part in enumerate(terms.responsibilities):
        # An own deductible is counted under the responsibility's code, a shared one under its name.
        if part.code in names:
            found.append(Problem(
                f"responsibilities[{position}].code", "code_twice", {"value": part.code, "other": "deductibles"},
            ))
    return found


def _prices(terms: PlanTerms) -> list[Problem]:
    return [
        Problem(f"prices[{position}].age_from", "range_empty", {"lowest": price.age_from, "highest": price.age_to})
        for position, price in enumerate(terms.prices)
        if price.age_from is not None and price.age_to is not None and price.age_from > price.age_to
    ]


def _exclusion(exclusion: Exclusion, place: str) -> list[Problem]:
    if exclusion.tags or exclusion.diagnoses or exclusion.kinds or exclusion.settings:
        return []
    return [Problem(place, "empty_exclusion", {})]


def _responsibility(part: Responsibility, place: str, terms: PlanTerms) -> list[Problem]:
    found = [
        problem for position, exclusion in enumerate(part.exclusions)
        for problem in _exclusion(exclusion, f"{place}.exclusions[{position}]")
    ]
    for position, limit in enumerate(part.limits):
        if limit.per in ("item", "day") and not isinstance(part, Expense):
            found.append(Problem(f"{place}.limits[{position}].per", "choice", {"value": limit.per, "options": "event, year"}))
    found += _named(part.shared_limits, [shared.name for shared in terms.limits], f"{place}.shared_limits", "limits")
    age = part.age
    if age is not None and age.lowest is not None and age.highest is not None and age.lowest > age.highest:
        found.append(Problem(f"{place}.age", "range_empty", {"lowest": age.lowest, "highest": age.highest}))
    if isinstance(part, Expense):
        return found + _expense(part, place, terms)
    return found + _fixed(part, place, terms)


def _expense(part: Expense, place: str, terms: PlanTerms) -> list[Problem]:
    known = [*KINDS, *(kind.code for kind in terms.kinds)]
    found = _named(part.counts, known, f"{place}.counts", "kinds")
    for position, factor in enumerate(part.factors):
        found += _named(factor.kinds, part.counts, f"{place}.factors[{position}].kinds", "counts")
    found += _stated(part, place, "counts", bool(part.counts)) + _stated(part, place, "ratio", bool(part.bands))
    found += band_faults(part.bands, f"{place}.bands")
    if part.shared_deductible:
        names = [shared.name for shared in terms.deductibles]
        found += _named([part.shared_deductible], names, f"{place}.shared_deductible", "deductibles", single=True)
        if part.deductible:
            found.append(Problem(f"{place}.deductible", "deductible_twice", {}))
    return found


def _fixed(part: Responsibility, place: str, terms: PlanTerms) -> list[Problem]:
    found: list[Problem] = []
    if isinstance(part, LumpSum | Allowance | Death | Disability):
        found += _stated(part, place, "amount", bool(part.amount))
    if isinstance(part, LumpSum) and not part.diagnoses:
        found += _stated(part, place, "counts", stated=False, key="diagnoses")
    if isinstance(part, Death):
        found += _named(part.deducts, [other.code for other in terms.responsibilities], f"{place}.deducts", "responsibilities")
    if isinstance(part, Disability):
        found += _stated(part, place, "ratio", bool(part.scale), key="scale")
        for position, (before, value) in enumerate(zip(part.scale, part.scale[1:], strict=False), 1):
            if value > before:
                found.append(Problem(f"{place}.scale[{position}]", "scale_order", _shown(value=value, before=before)))
    return found


def _stated(part: Responsibility, place: str, what: str, stated: bool, *, key: str = "") -> list[Problem]:
    if stated or any(unknown.part == what for unknown in part.unknown):
        return []
    return [Problem(f"{place}.{key or what}", "missing_or_unknown", {})]


def _named(
    names: Iterable[str], known: Iterable[str], place: str, where: str, *, single: bool = False
) -> list[Problem]:
    """Names that lead nowhere."""
    known = list(known)
    return [
        Problem(place if single else f"{place}[{position}]", "names_unstated", {"value": name, "where": where})
        for position, name in enumerate(names) if name not in known
    ]


def _counted_twice(part: Expense, place: str, counted: dict[str, str]) -> list[Problem]:
    found = []
    for position, kind in enumerate(part.counts):
        if kind in counted and not part.of_remainder:
            found.append(Problem(f"{place}.counts[{position}]", "kind_twice", {"kind": kind, "other": counted[kind]}))
        counted.setdefault(kind, part.code)
    return found


def _limits_crossed(part: Responsibility, place: str, later: Sequence[Responsibility]) -> list[Problem]:
    """Two shared limits that part from each other later: a yuan paid here takes one from each, so a dearer bill may pay less."""
    for name in part.shared_limits:
        for other in part.shared_limits:
            lose = [after.code for after in later if name in after.shared_limits and other not in after.shared_limits]
            lose_too = [after.code for after in later if other in after.shared_limits and name not in after.shared_limits]
            if lose and lose_too:
                return [Problem(f"{place}.shared_limits", "limits_crossed", {
                    "one": name, "other": other, "first": lose[0], "second": lose_too[0],
                })]
    return []


def _limits_never_reached(part: Responsibility, place: str, terms: PlanTerms) -> list[Problem]:
    found = []
    for position, limit in enumerate(part.limits):
        for shared in terms.limits:
            if shared.name not in part.shared_limits or shared.per != "year":
                continue
            lowest, highest = min(row.value for row in limit.amount), max(row.value for row in shared.amount)
            if lowest > highest:
                found.append(Problem(
                    f"{place}.limits[{position}].amount", "limit_within",
                    {**_shown(amount=lowest, limit=highest), "name": shared.name},
                ))
    return found

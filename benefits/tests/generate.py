"""Random plans and cases from a source of chance: hypothesis's, which shrinks, or a seeded one for long searches."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from benefits.facts import Bill, Event, Facts, Insured, Line, Payment
from benefits.terms import (
    LOCALITIES,
    SETTINGS,
    Band,
    Expense,
    Factor,
    Limit,
    PlanTerms,
    Row,
    SharedDeductible,
    SharedLimit,
    Table,
    When,
    Words,
)

KINDS = ("self_pay", "class_b_first", "out_of_catalogue", "special_drug")
FIRST = date(2025, 1, 1)


def fen(chance: Random, highest: int) -> Decimal:
    """An amount in fen up to so many yuan, often a round one."""
    if chance.random() < 0.4:
        return Decimal(chance.randint(0, highest // 100) * 100)
    return Decimal(chance.randint(0, highest * 100)).scaleb(-2)


def ratio(chance: Random) -> Decimal:
    """From 0 to 1 with at most four places."""
    if chance.random() < 0.6:
        return Decimal(chance.randint(0, 20)) / 20
    return Decimal(chance.randint(0, 10_000)).scaleb(-4)


def when(chance: Random) -> When:
    """One or two circumstances."""
    stated: dict[str, Any] = {}
    for _once in range(chance.randint(1, 2)):
        match chance.randint(0, 6):
            case 0 | 1:
                stated["health_class"] = chance.choice(["healthy", "pre_existing"])
            case 2:
                stated["continuity_from"] = chance.randint(1, 3)
            case 3:
                stated["claim_free_from"] = chance.randint(1, 3)
            case 4:
                stated["locality"] = chance.choice(LOCALITIES[:2])
            case 5:
                stated["settled"] = chance.random() < 0.5
            case _:
                stated["age_from"] = chance.randint(0, 60)
    return When(**stated)


def table(chance: Random, value: Any) -> Table:
    """A value for everybody, sometimes with rows before it; `value` draws one."""
    rows: list[Row] = []
    while chance.random() < 0.3 and len(rows) < 3:
        circumstances = when(chance)
        if all(row.when != circumstances for row in rows):
            rows.append(Row(value(chance), circumstances))
    return (*rows, Row(value(chance)))


def money_table(chance: Random, highest: int) -> Table:
    """Amounts."""
    return table(chance, lambda source: fen(source, highest))


def bands(chance: Random, *, linear: bool = False) -> tuple[Band, ...]:
    """One to three bands in order, sometimes with a gap, sometimes with an end."""
    count = 1 if linear else chance.randint(1, 3)
    found = []
    start = Decimal(0)
    for position in range(count):
        if position and chance.random() < 0.2:
            start += fen(chance, 2_000)
        end = start + fen(chance, 30_000) + Decimal("0.01")
        last = position == count - 1
        found.append(Band(table(chance, ratio), start, None if last and (linear or chance.random() < 0.8) else end))
        start = end
    return tuple(found)


def responsibility(chance: Random, position: int, plan: dict[str, Any], *, yearly: bool = False) -> Expense:
    """An expense responsibility; `yearly`: nothing of it looks at events, days or single lines."""
    stated: dict[str, Any] = {
        "counts": tuple(chance.sample(KINDS, chance.randint(1, 3))), "bands": bands(chance),
        "bands_counted": chance.choice(["after_deductible", "before_deductible"]),
    }
    match chance.randint(0, 3):
        case 0 | 1:
            stated["deductible"] = money_table(chance, 20_000)
        case 2 if plan["deductibles"]:
            stated["shared_deductible"] = chance.choice(plan["deductibles"]).name
    pers = ["year"] if yearly else ["item", "day", "event", "year"]
    stated["limits"] = tuple(
        Limit(money_table(chance, 40_000), chance.choice(pers)) for _one in range(chance.choice([0, 0, 1, 1, 2]))
    )
    stated["shared_limits"] = tuple(shared.name for shared in plan["limits"] if chance.random() < 0.5)
    stated["factors"] = tuple(
        Factor(ratio(chance), tuple(chance.sample(stated["counts"], 1)) if chance.random() < 0.5 else (),
               when(chance) if chance.random() < 0.4 else When())
        for _one in range(chance.choice([0, 0, 0, 1, 2]))
    )
    if chance.random() < 0.2:
        stated["settings"] = tuple(chance.sample(SETTINGS, 2))
    stated["settlement_required"] = chance.random() < 0.1
    if not yearly:
        stated["deductible_per"] = chance.choice(["year", "year", "event"])
        stated["bands_per"] = chance.choice(["year", "year", "event"])
        stated["of_remainder"] = chance.random() < 0.15
    return Expense(code=f"r{position}", name=Words(f"责任{position}"), **stated)


def plan(chance: Random, *, yearly: bool = False, most_shared_limits: int = 2) -> PlanTerms:
    """A plan of one to four expense responsibilities."""
    pers = ["year"] if yearly else ["year", "year", "event"]
    shared: dict[str, Any] = {
        "deductibles": tuple(
            SharedDeductible(f"d{one}", money_table(chance, 20_000), chance.choice(pers)) for one in range(chance.randint(0, 2))
        ),
        "limits": tuple(
            SharedLimit(f"l{one}", money_table(chance, 60_000), chance.choice(pers))
            for one in range(chance.randint(0, most_shared_limits))
        ),
    }
    parts = tuple(responsibility(chance, one, shared, yearly=yearly) for one in range(chance.randint(1, 4)))
    return PlanTerms(code="random", name=Words("随机"), responsibilities=parts, **shared)


def payments(chance: Random, most: Decimal) -> tuple[Payment, ...]:
    """What others paid, at most so much together."""
    found = []
    for payer in chance.sample(["commercial", "basic", "assistance"], chance.choice([0, 0, 1, 2])):
        amount = (most * ratio(chance) / 2).quantize(Decimal("0.01"))
        amount = min(amount, most)
        most -= amount
        found.append(Payment(payer, amount, (chance.choice(KINDS),) if chance.random() < 0.3 else ()))
    return tuple(found)


def bill(chance: Random) -> Bill:
    """A bill of one to three lines."""
    lines = []
    for _one in range(chance.randint(1, 3)):
        amount = fen(chance, 30_000)
        lines.append(Line(chance.choice(KINDS), amount, payments(chance, amount)))
    rest = sum((line.amount - sum((one.amount for one in line.payments), Decimal(0)) for line in lines), Decimal(0))
    return Bill(
        lines=tuple(lines), day=FIRST + timedelta(days=chance.randint(0, 3)), setting=chance.choice(SETTINGS),
        locality=chance.choice(LOCALITIES[:2]), settled=chance.random() < 0.8,
        payments=payments(chance, rest) if chance.random() < 0.3 else (),
    )


def person(chance: Random) -> Insured:
    """A person."""
    return Insured(
        age=chance.randint(0, 90), health_class=chance.choice(["", "healthy", "pre_existing"]),
        continuity_years=chance.randint(0, 4), claim_free_years=chance.randint(0, 4),
    )


def case(chance: Random, insured: Insured) -> Facts:
    """A case of a person."""
    return Facts(
        insured=insured, event=Event(code=chance.choice(["E1", "E2"])),
        bills=tuple(bill(chance) for _one in range(chance.randint(1, 3))),
    )


def cases(chance: Random) -> list[Facts]:
    """One person's cases in a year, in order of settlement."""
    insured = person(chance)
    return [case(chance, insured) for _one in range(chance.randint(1, 4))]

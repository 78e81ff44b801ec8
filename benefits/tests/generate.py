"""Random plans and cases from a source of chance: hypothesis's, which shrinks, or a seeded one for long searches."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from benefits.facts import CHINA, Bill, Cover, Event, Facts, Hospital, Insured, Line, Payment
from benefits.terms import (
    DECISIVE,
    EVENT_KINDS,
    LOCALITIES,
    SETTINGS,
    ZERO,
    AgeRange,
    Allowance,
    Band,
    BillConditions,
    Death,
    Disability,
    Exclusion,
    Expense,
    Factor,
    HospitalCondition,
    Limit,
    LumpSum,
    Named,
    Occupations,
    PlanTerms,
    PreExisting,
    Responsibility,
    Row,
    SharedDeductible,
    SharedLimit,
    Table,
    Unknown,
    When,
    Words,
)

KINDS = ("self_pay", "class_b_first", "out_of_catalogue", "special_drug")
FIRST = date(2025, 1, 1)
START = datetime(2025, 1, 1, 6, tzinfo=CHINA)
GROUPS = ("tumor", "lung")
LISTS = ("drugs", "named")
TAGS = ("cosmetic", "drunk_driving", "abroad_by_choice")
DIAGNOSES = ("C34.1", "C44", "I21.0", "J18", "S72")
DEPARTMENTS = ("general", "special_needs", "international")


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


def any_plan(chance: Random) -> PlanTerms:
    """A plan of one to five responsibilities of every kind, with every condition that terms can state."""
    base = plan(chance)
    kinds = tuple(Named(code, Words(code)) for code in GROUPS if chance.random() < 0.6)
    parts = [condition(chance, part) for part in base.responsibilities[:chance.randint(0, 3)]]
    while not parts or (len(parts) < 5 and chance.random() < 0.7):
        parts.append(condition(chance, fixed_kind(chance, f"f{len(parts)}", [part.code for part in parts])))
    chance.shuffle(parts)
    parts = [
        replace(part, shared_limits=tuple(shared.name for shared in base.limits if chance.random() < 0.4)) for part in parts
    ]
    return replace(
        base, responsibilities=tuple(parts),
        pre_existing=PreExisting(chance.choice(PreExisting.WAYS), kinds) if chance.random() < 0.5 else None,
        occupations=Occupations(chance.randint(4, 6), chance.choice(Occupations.WRONG)) if chance.random() < 0.4 else None,
        exclusions=exclusions(chance),
    )


def fixed_kind(chance: Random, code: str, others: list[str]) -> Responsibility:
    """A responsibility that looks at no expense; a death may be paid less what `others` paid."""
    common: dict[str, Any] = {"code": code, "name": Words(f"定额{code}"), "amount": money_table(chance, 60_000)}
    common["limits"] = tuple(
        Limit(money_table(chance, 80_000), chance.choice(["event", "year"])) for _one in range(chance.choice([0, 0, 1, 2]))
    )
    match chance.randint(0, 3):
        case 0:
            return LumpSum(**common, diagnoses=tuple(chance.sample(["C", "I2", "I21", "J"], 2)), times=chance.randint(1, 2))
        case 1:
            several = {name: chance.choice([None, chance.randint(0, 60)]) for name in ("days_per_event", "days_per_year")}
            common["limits"] = tuple(replace(limit, amount=money_table(chance, 3_000)) for limit in common["limits"])
            return Allowance(**{**common, "amount": money_table(chance, 300)}, days_unpaid=chance.choice([0, 0, 1, 3]), **several)
        case 2:
            cap = (Row(fen(chance, 50_000), When(age_to=chance.randint(5, 30))),) if chance.random() < 0.4 else ()
            return Death(**common, deducts=tuple(one for one in others if chance.random() < 0.4), cap_over_policies=cap)
        case _:
            scale = tuple(sorted((ratio(chance) for _one in range(chance.choice([3, 10]))), reverse=True))
            return Disability(**common, scale=scale, several=chance.choice(Disability.SEVERAL))


def condition(chance: Random, part: Responsibility) -> Responsibility:
    """A responsibility under some conditions; each is rare, so that most cases are paid."""
    stated: dict[str, Any] = {"exclusions": exclusions(chance), "held_to": chance.choice(["treatment", "treatment", "occurrence"])}
    if chance.random() < 0.15:
        stated["events"] = (chance.choice(EVENT_KINDS),)
    if chance.random() < 0.2:
        stated |= {"waiting_days": chance.choice([1, 30, 90]), "waiting_waived_when_renewing": chance.random() < 0.7}
    if chance.random() < 0.2:
        stated["within_days"] = chance.choice([0, 3, 30, 180])
    if chance.random() < 0.2:
        lowest, highest = sorted(chance.sample(range(91), 2))
        stated["age"] = AgeRange(chance.choice([None, lowest]), chance.choice([None, highest]), chance.choice(AgeRange.DAYS))
    if chance.random() < 0.06:
        stated["unknown"] = (Unknown(chance.choice([*DECISIVE, "limit"]), Words("来源未说明")),)
        if any(gap.part == "counts" for gap in stated["unknown"]) and chance.random() < 0.5:
            nothing = {"counts": (), "factors": ()} if isinstance(part, Expense) else {"diagnoses": ()}
            stated |= nothing if isinstance(part, Expense | LumpSum) else {}
    if isinstance(part, BillConditions):
        stated |= bill_conditions(chance)
    part = replace(part, **stated)
    return replace(part, **expense_conditions(chance, part)) if isinstance(part, Expense) else part


def expense_conditions(chance: Random, part: Expense) -> dict[str, Any]:
    """What an expense's lines may have to meet: a list, an indication, circumstances in which nothing at all is paid."""
    stated: dict[str, Any] = {}
    if chance.random() < 0.2:
        stated |= {"required_list": chance.choice(["", *LISTS]), "indication_required": chance.random() < 0.7}
    if chance.random() < 0.2:
        never = chance.choice([When(health_class="pre_existing"), When(settled=False), When(locality=LOCALITIES[1]), when(chance)])
        rest = [(band, tuple(row for row in band.ratio if row.when != never)) for band in part.bands]
        stated["bands"] = tuple(replace(band, ratio=(Row(ZERO, never), *rows)) for band, rows in rest)
    if chance.random() < 0.2:
        stated["factors"] = (*part.factors, Factor(ZERO, (), when(chance)))
    return stated


def bill_conditions(chance: Random) -> dict[str, Any]:
    """What those that look at bills may ask besides."""
    stated: dict[str, Any] = {"settlement_required": chance.random() < 0.1}
    if chance.random() < 0.2:
        stated["settings"] = tuple(chance.sample(SETTINGS, 2))
    if chance.random() < 0.25:
        stated["hospital"] = HospitalCondition(
            chance.choice([None, 1, 2, 3]), chance.random() < 0.5, chance.choice(["", "", *LISTS]),
            tuple(chance.sample(DEPARTMENTS[1:], chance.randint(0, 2))),
        )
    return stated


def exclusions(chance: Random) -> tuple[Exclusion, ...]:
    """None, mostly; else one or two, each with one or two lists of what it meets."""
    found = []
    while chance.random() < 0.2 and len(found) < 2:
        lists: dict[str, Any] = {}
        for _once in range(chance.randint(1, 2)):
            lists |= chance.choice([
                {"tags": tuple(chance.sample(TAGS, chance.randint(1, 2)))}, {"kinds": (chance.choice(KINDS),)},
                {"diagnoses": (chance.choice(["C", "C34", "I2", "J18"]),)}, {"settings": (chance.choice(SETTINGS),)},
            ])
        found.append(Exclusion(Words(f"免责{len(found)}"), chance.choice(["EXCLUDED", "COSMETIC"]), **lists))
    return tuple(found)


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


def any_bill(chance: Random) -> Bill:
    """A bill with whatever conditions may ask of it."""
    first, bare = bill(chance), chance.random() < 0.1
    lines = tuple(
        replace(
            line, lists=frozenset(one for one in LISTS if chance.random() < 0.7), indicated=chance.random() < 0.8,
            tags=frozenset(chance.sample(TAGS, 1)) if chance.random() < 0.1 else frozenset(),
        )
        for line in first.lines
    )
    return replace(
        first, lines=() if bare else lines, payments=() if bare else first.payments,
        day=None if chance.random() < 0.05 else FIRST + timedelta(days=chance.choice([-1, 0, 0, 1, 1, 2, 3, 29, 120, 364, 365])),
        number=chance.choice(["", "", "", "", "N1", "N2", "N3"]), diagnosis=chance.choice(["", "", *DIAGNOSES]),
        disease_group=chance.choice(["", *GROUPS]), days=chance.choice([0, 0, 1, 5, 14]),
        hospital=Hospital(
            chance.choice([None, 0, 1, 2, 3, 3]), chance.choice([None, True, True, False]),
            chance.choice([*DEPARTMENTS, "general", "general"]), frozenset(one for one in LISTS if chance.random() < 0.7),
        ),
        tags=frozenset(chance.sample(TAGS, 1)) if chance.random() < 0.1 else frozenset(),
        claimed_before=chance.random() < 0.04, false_papers=chance.random() < 0.04,
    )


def any_person(chance: Random) -> Insured:
    """A person of whom more, or less, is known."""
    first = person(chance)
    paid = {"premium_paid": fen(chance, 6), "premium_due": fen(chance, 9) + Decimal("0.01")} if chance.random() < 0.4 else {}
    born = date(2025 - chance.randint(0, 90), chance.randint(1, 12), chance.randint(1, 28))
    return replace(
        first, health_class=first.health_class if chance.random() < 0.3 else "",
        age=first.age if chance.random() < 0.9 else None,
        birth_on=born if chance.random() < 0.5 else None,
        conditions=frozenset(one for one in GROUPS if chance.random() < 0.3),
        occupation_class=chance.choice([None, 1, 2, 3, 4, 5, 7]), **paid,
    )


def any_event(chance: Random) -> Event:
    """An illness or accident, with what fixed sums are paid for."""
    # 713 and 714: the last hour of the thirtieth day and the first of the next.
    hours = chance.choice([-1, 0, 0, 9, 9, 48, 713, 714, 2_500, 8_759, 8_760])
    return Event(
        code=chance.choice(["E1", "E1", "E2", ""]), kind=chance.choice(EVENT_KINDS),
        at=None if chance.random() < 0.15 else START + timedelta(hours=hours),
        diagnosis=chance.choice(["", *DIAGNOSES, *DIAGNOSES]), disease_group=chance.choice(["", *GROUPS]),
        tags=frozenset(chance.sample(TAGS, 1)) if chance.random() < 0.1 else frozenset(),
        injuries=tuple(chance.randint(1, 10) for _one in range(chance.randint(1, 3))) if chance.random() < 0.4 else (),
        died_on=FIRST + timedelta(days=chance.choice([0, 3, 30, 200])) if chance.random() < 0.3 else None,
        death_paid_elsewhere=fen(chance, 40_000) if chance.random() < 0.3 else Decimal(0),
    )


def any_cases(chance: Random) -> list[Facts]:
    """One person's cases in a year with everything that facts can state, in order of settlement."""
    insured = any_person(chance)
    start = START.astimezone(chance.choice([CHINA, UTC]))
    hours = chance.choice([8_760, 8_760, 8_760, 8_760, 43.5, 42])
    cover = None if chance.random() < 0.1 else Cover(start, start + timedelta(hours=hours))
    return [
        Facts(insured, cover, any_event(chance), tuple(any_bill(chance) for _one in range(chance.randint(0, 3))))
        for _case in range(chance.randint(1, 4))
    ]


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

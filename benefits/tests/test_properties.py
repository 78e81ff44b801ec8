"""What must hold for every plan and every year of cases, searched at random.

Longer: BENEFITS_EXAMPLES=20000 python -m pytest benefits/tests/test_properties.py
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from benefits import plan_file
from benefits.decide import Decision, decide
from benefits.facts import Bill, Event, Facts, Line
from benefits.redecide import Settled, redecide
from benefits.terms import (
    ONE,
    ZERO,
    Allowance,
    Band,
    Death,
    Disability,
    Expense,
    Limit,
    LumpSum,
    PlanTerms,
    Responsibility,
    SharedDeductible,
    Table,
    Words,
    fixed,
)
from benefits.tests import generate
from benefits.tests.literal import half_up
from benefits.tests.literal_conditions import met, standing
from benefits.trace import Step, Trace
from benefits.usage import NOTHING_USED, Usage

FEN = Decimal("0.01")
searched = settings(max_examples=int(os.environ.get("BENEFITS_EXAMPLES", "60")), deadline=None)
SEEDS = st.integers(0, 2**64)


def decided(terms: PlanTerms, cases: list[Facts]) -> list[tuple[Facts, Usage, Decision]]:
    """Cases one after the other: facts, usage before, decision."""
    usage, found = NOTHING_USED, []
    for facts in cases:
        decision = decide(facts, terms, usage)
        found.append((facts, usage, decision))
        usage = decision.usage
    return found


def year(chance: Random, terms: PlanTerms) -> list[tuple[Facts, Usage, Decision]]:
    """A year of expenses."""
    return decided(terms, generate.cases(chance))


def any_year(chance: Random) -> tuple[PlanTerms, list[tuple[Facts, Usage, Decision]]]:
    """A plan of every kind of responsibility, or of expenses alone, and a year of cases."""
    if chance.random() < 0.5:
        terms = generate.plan(chance)
        return terms, year(chance, terms)
    terms = generate.any_plan(chance)
    return terms, decided(terms, generate.any_cases(chance))


def most(table: Table) -> Decimal:
    """The highest value of a table."""
    return max(row.value for row in table)


def most_here(table: Table, facts: Facts, terms: PlanTerms, bills: Iterable[Bill | None]) -> Decimal | None:
    """The highest of what a table says in the circumstances of these bills (of the event for None); None where one has no row."""
    found = [next((row.value for row in table if met(row.when, standing(facts, terms, bill))), None) for bill in bills]
    return None if None in found else max(value for value in found if value is not None)


def looked_at(part: Responsibility, facts: Facts) -> tuple[Bill | None, ...]:
    """In whose circumstances a responsibility is paid: its bills', or the event's."""
    return facts.bills if isinstance(part, Expense | Allowance) else (None,)


@searched
@given(SEEDS)
def test_nothing_is_negative_and_all_together_bear_just_the_cost(seed: int) -> None:
    terms, decisions = any_year(Random(seed))
    expenses = {part.code for part in terms.responsibilities if isinstance(part, Expense)}
    for facts, _used, decision in decisions:
        assert all(one.amount >= 0 and one.counted >= one.deducted >= 0 and one.days >= 0 for one in decision.benefits)
        assert all(amount >= 0 for amount in decision.burden.values())
        assert sum(decision.burden.values()) == facts.cost
        assert decision.burden["ours"] == sum(one.amount for one in decision.benefits if one.code in expenses)
        assert decision.amount == sum(one.amount for one in decision.benefits)
        assert all(one.amount == one.amount.quantize(FEN) for one in decision.benefits)
        assert all(amount >= 0 for amount in decision.usage.values())


@searched
@given(SEEDS)
def test_no_payment_goes_above_a_limit_of_its_circumstances(seed: int) -> None:
    terms, decisions = any_year(Random(seed))
    for facts, _used, decision in decisions:
        for part in terms.responsibilities:
            if decision.paid(part.code):
                within_own_limits(part, facts, terms, decision)
                within_shared_limits(part, facts, terms, decision)


def within_own_limits(part: Responsibility, facts: Facts, terms: PlanTerms, decision: Decision) -> None:
    """Assert it of a responsibility that paid: per item, day, event, year."""
    paid = f"paid:{part.code}"
    for limit in part.limits:
        if limit.per == "item":
            items = [
                most_here(limit.amount, facts, terms, [bill]) for bill in facts.bills for line in bill.lines
                if isinstance(part, Expense) and line.kind in part.counts
            ]
            assert decision.paid(part.code) <= sum((one for one in items if one is not None), ZERO)
        elif limit.per == "day":
            for day in {bill.day for bill in facts.bills if decision.used.get(f"{paid}#{bill.day}")}:
                highest = most_here(limit.amount, facts, terms, [bill for bill in facts.bills if bill.day == day])
                assert highest is None or decision.usage[f"{paid}#{day}"] <= highest
        else:
            highest = most_here(limit.amount, facts, terms, looked_at(part, facts))
            assert highest is None or decision.usage[paid if limit.per == "year" else f"{paid}@{facts.event.code}"] <= highest


def within_shared_limits(part: Responsibility, facts: Facts, terms: PlanTerms, decision: Decision) -> None:
    """Assert it of a responsibility that paid."""
    for shared in terms.limits:
        highest = most_here(shared.amount, facts, terms, looked_at(part, facts))
        if shared.name in part.shared_limits and highest is not None:
            assert decision.usage[f"limit:{shared.name}" + (f"@{facts.event.code}" if shared.per == "event" else "")] <= highest


@searched
@given(SEEDS)
def test_no_fixed_sum_pays_above_its_amount(seed: int) -> None:
    chance = Random(seed)
    terms = generate.any_plan(chance)
    for facts, _used, decision in decided(terms, generate.any_cases(chance)):
        for part in terms.responsibilities:
            if isinstance(part, LumpSum | Death | Disability):
                highest = most_here(part.amount, facts, terms, [None])
                assert highest is not None
                assert decision.paid(part.code) <= highest
                if isinstance(part, Death | Disability) and decision.paid(part.code):
                    assert decision.usage[f"paid:{part.code}"] <= highest
            if isinstance(part, LumpSum):
                assert decision.usage[f"times:{part.code}"] <= part.times
            if isinstance(part, Allowance):
                days = sum(one.days for one in decision.benefits if one.code == part.code)
                assert days <= sum(bill.days for bill in facts.bills)
                assert decision.paid(part.code) <= days * most(part.amount)


@searched
@given(SEEDS)
def test_a_yearly_deductible_is_used_at_most_once_a_year(seed: int) -> None:
    terms, decisions = any_year(Random(seed))
    usage = decisions[-1][2].usage
    for shared in terms.deductibles:
        if shared.per == "year":
            assert usage[f"deductible:{shared.name}"] <= most(shared.amount)
    for part in terms.responsibilities:
        if isinstance(part, Expense) and part.deductible and part.deductible_per == "year":
            assert usage[f"deductible:{part.code}"] <= most(part.deductible)


@searched
@given(SEEDS)
def test_usage_is_what_the_decisions_used(seed: int) -> None:
    for _facts, before, decision in any_year(Random(seed))[1]:
        assert before.plus(decision.used) == decision.usage
        assert decision.usage.minus(decision.used) == before
        assert Usage.from_data(decision.usage.to_data()) == decision.usage


def alike(facts: Facts) -> Facts:
    """A case whose bills all stand in the circumstances of the first."""
    first = facts.bills[0]
    return replace(facts, bills=tuple(
        replace(bill, setting=first.setting, locality=first.locality, settled=first.settled) for bill in facts.bills
    ))


def of_expenses(terms: PlanTerms, *, without: tuple[str, ...], **changes: Any) -> PlanTerms:
    """Terms whose expense responsibilities have no limits per `without`, and other changes."""
    return replace(terms, responsibilities=tuple(
        replace(part, limits=tuple(limit for limit in part.limits if limit.per not in without), **changes)
        for part in terms.responsibilities
    ))


def monotone_year(chance: Random) -> tuple[PlanTerms, Facts, Usage]:
    """Terms and a last case for which more spent is never less paid (docs/adr/0010 says what would break it)."""
    terms = of_expenses(generate.plan(chance, most_shared_limits=1), without=("item", "day"))
    facts, usage, _decision = year(chance, terms)[-1]
    return terms, alike(facts), usage


@searched
@given(SEEDS, st.integers(1, 5_000_000))
def test_a_dearer_line_never_pays_less(seed: int, more: int) -> None:
    chance = Random(seed)
    terms, facts, usage = monotone_year(chance)
    at = chance.randrange(len(facts.bills))
    bill = facts.bills[at]
    line_at = chance.randrange(len(bill.lines))
    dearer = replace(bill.lines[line_at], amount=bill.lines[line_at].amount + Decimal(more).scaleb(-2))
    lines = (*bill.lines[:line_at], dearer, *bill.lines[line_at + 1:])
    # What others pay stays on its line: a payment that names none could move to the dearer line.
    bills = tuple(replace(one, payments=()) for one in facts.bills)
    before = decide(replace(facts, bills=bills), terms, usage)
    after = replace(bills[at], lines=lines)
    assert decide(replace(facts, bills=(*bills[:at], after, *bills[at + 1:])), terms, usage).amount >= before.amount


@searched
@given(SEEDS)
def test_what_others_pay_never_raises_what_we_pay(seed: int) -> None:
    terms, facts, usage = monotone_year(Random(seed))
    decision = decide(facts, terms, usage)
    alone = tuple(
        replace(bill, payments=(), lines=tuple(replace(line, payments=()) for line in bill.lines)) for bill in facts.bills
    )
    assert decide(replace(facts, bills=alone), terms, usage).amount >= decision.amount


def halves(chance: Random, whole: Facts) -> tuple[Facts, Facts]:
    """A case of one bill as two, of a part of each line and of the rest."""
    bill = whole.bills[0]
    parts = [(line.amount * chance.randint(0, 100) / 100).quantize(FEN) for line in bill.lines]
    first = tuple(replace(line, amount=part) for line, part in zip(bill.lines, parts, strict=True))
    rest = tuple(replace(line, amount=line.amount - part) for line, part in zip(bill.lines, parts, strict=True))
    return replace(whole, bills=(replace(bill, lines=first),)), replace(whole, bills=(replace(bill, lines=rest),))


def one_bill(chance: Random) -> Facts:
    """A case of one bill of which nobody else paid anything."""
    case = generate.case(chance, generate.person(chance))
    bill = case.bills[0]
    lines = tuple(replace(line, payments=()) for line in bill.lines)
    return replace(case, bills=(replace(bill, payments=(), lines=lines),))


@searched
@given(SEEDS)
def test_a_bill_split_over_two_cases_pays_the_same_but_for_one_fen_a_responsibility_where_nothing_is_shared(seed: int) -> None:
    chance = Random(seed)
    terms = of_expenses(
        generate.plan(chance), without=("item",), of_remainder=False, shared_deductible="", shared_limits=(),
    )
    whole = one_bill(chance)
    together = decide(whole, terms)
    first, second = (decision for _facts, _used, decision in decided(terms, list(halves(chance, whole))))
    for part in terms.responsibilities:
        assert abs(first.paid(part.code) + second.paid(part.code) - together.paid(part.code)) <= FEN
    for name, amount in together.usage.items():
        assert abs(second.usage[name] - amount) <= (FEN if name.startswith("paid:") else ZERO)


@searched
@given(SEEDS)
def test_a_bill_split_under_shared_terms_moves_at_most_the_shared_deductible_and_keeps_every_limit(seed: int) -> None:
    chance = Random(seed)
    terms = generate.plan(chance, most_shared_limits=chance.randint(0, 2))
    terms = of_expenses(terms, without=("item",), of_remainder=False)
    if not terms.deductibles:
        terms = replace(terms, deductibles=(SharedDeductible("d0", generate.money_table(chance, 20_000)),))
    parts = [replace(part, deductible=(), shared_deductible="d0") for part in terms.responsibilities[:2]]
    terms = replace(terms, responsibilities=(*parts, *terms.responsibilities[2:]))
    whole = one_bill(chance)
    together = decide(whole, terms)
    decisions = decided(terms, list(halves(chance, whole)))
    second = decisions[1][2]
    for name, amount in together.usage.items():
        if name.startswith(("base:", "deductible:")):
            assert second.usage[name] == amount
    for facts, _used, decision in decisions:
        for part in terms.responsibilities:
            if decision.paid(part.code):
                within_own_limits(part, facts, terms, decision)
                within_shared_limits(part, facts, terms, decision)
    paid = sum((decision.amount for _facts, _used, decision in decisions), ZERO)
    assert paid <= whole.cost
    if not any(part.shared_limits for part in terms.responsibilities):
        moved = sum((amount for name, amount in second.usage.items() if name.startswith("deductible:d")), ZERO)
        assert abs(paid - together.amount) <= moved + FEN * len(terms.responsibilities)


def test_a_bill_split_under_a_shared_deductible_may_pay_more_than_the_whole() -> None:
    """The exception that docs/adr/0010 names: the deductible goes to whoever comes first, and a split changes who that is."""
    terms = PlanTerms(
        code="shared", name=Words("共用"), deductibles=(SharedDeductible("both", fixed(1_000)),),
        responsibilities=tuple(
            Expense(code=code, name=Words(code), counts=(kind,), shared_deductible="both", bands=(Band(fixed(ratio)),))
            for code, kind, ratio in (("in", "self_pay", "0.8"), ("out", "out_of_catalogue", "0.3"))
        ),
    )
    lines = [Line("self_pay", Decimal(1_000)), Line("out_of_catalogue", Decimal(1_000))]
    whole, *split = (
        Facts(event=Event(code="E1"), bills=(Bill(lines=tuple(one)),)) for one in (lines, lines[1:], lines[:1])
    )
    # The whole takes the deductible from what is paid at 80 %, the two cases from what is paid at 30 %.
    assert decide(whole, terms).amount == Decimal(300)
    assert [decision.amount for _facts, _used, decision in decided(terms, split)] == [Decimal(0), Decimal(800)]


def linear(chance: Random) -> PlanTerms:
    """One ratio, own yearly deductible, mostly one yearly limit each: what is paid depends on sums alone."""
    return PlanTerms(code="linear", name=Words("线性"), responsibilities=tuple(
        Expense(
            code=kind, name=Words(kind), counts=(kind,), deductible=fixed(generate.fen(chance, 20_000)),
            bands=(Band(fixed(generate.ratio(chance))),),
            limits=(Limit(fixed(generate.fen(chance, 20_000))),) if chance.random() < 0.8 else (),
        )
        for kind in generate.KINDS
    ))


@searched
@given(SEEDS)
def test_order_within_a_day_changes_nothing_where_terms_are_linear(seed: int) -> None:
    chance = Random(seed)
    terms = linear(chance)
    facts = generate.case(chance, generate.person(chance))
    bills = [replace(bill, day=generate.FIRST) for bill in facts.bills for _twice in range(2)]
    shuffled = bills.copy()
    chance.shuffle(shuffled)
    first, second = (decide(replace(facts, bills=tuple(order)), terms) for order in (bills, shuffled))
    assert first.amount == second.amount
    assert first.usage == second.usage


@searched
@given(SEEDS)
def test_order_of_cases_within_a_day_moves_at_most_a_fen_a_case_where_terms_are_linear(seed: int) -> None:
    chance = Random(seed)
    terms, insured = linear(chance), generate.person(chance)
    one, two = generate.case(chance, insured), generate.case(chance, insured)
    sums = []
    for order in ((one, two), (two, one)):
        first = decide(order[0], terms)
        second = decide(order[1], terms, first.usage)
        sums.append({part.code: first.paid(part.code) + second.paid(part.code) for part in terms.responsibilities})
    assert all(abs(sums[0][code] - sums[1][code]) <= FEN for code in sums[0])


@searched
@given(SEEDS)
def test_all_is_paid_where_nothing_holds_back(seed: int) -> None:
    chance = Random(seed)
    facts = generate.case(chance, generate.person(chance))
    terms = PlanTerms(code="all", name=Words("全部"), responsibilities=(
        Expense(code="all", name=Words("全部"), counts=generate.KINDS, bands=(Band(fixed(ONE)),)),
    ))
    decision = decide(facts, terms)
    others = sum((amount for who, amount in decision.burden.items() if who not in ("ours", "person")), ZERO)
    assert decision.amount == facts.cost - others


@searched
@given(SEEDS)
def test_deciding_a_year_anew_without_corrections_changes_nothing(seed: int) -> None:
    terms, decisions = any_year(Random(seed))
    settled = [Settled(at, facts, decision) for at, (facts, _used, decision) in enumerate(decisions)]
    again = redecide(settled, terms, corrected={0: settled[0].facts})
    assert again.changes == ()
    assert again.usage == settled[-1].decision.usage


@searched
@given(SEEDS)
def test_a_corrected_year_is_the_year_decided_from_the_corrected_facts(seed: int) -> None:
    chance = Random(seed)
    terms, decisions = any_year(chance)
    settled = [Settled(at, facts, decision) for at, (facts, _used, decision) in enumerate(decisions)]
    at = chance.randrange(len(settled))
    new = generate.case(chance, settled[at].facts.insured)
    again = redecide(settled, terms, corrected={at: new})
    usage = NOTHING_USED
    for place, case in enumerate(settled):
        fresh = decide(new if place == at else case.facts, terms, usage)
        assert again.decisions[place].benefits == fresh.benefits
        usage = fresh.usage
    assert again.usage == usage
    changed = {change.key for change in again.changes}
    assert all(place >= at for place in changed)
    for place, case in enumerate(settled):
        if case.decision.amount != again.decisions[place].amount:
            assert place in changed


@searched
@given(SEEDS, st.sampled_from(["yaml", "json"]))
def test_any_plan_is_read_back_as_it_was_written(seed: int, form: str) -> None:
    terms = generate.any_plan(Random(seed))
    text = plan_file.dump(terms, form=form)
    assert plan_file.load(text, form=form) == terms
    assert plan_file.dump(plan_file.load(text, form=form), form=form) == text


@searched
@given(SEEDS)
def test_any_trace_is_said_in_both_languages_and_read_back(seed: int) -> None:
    for _facts, _used, decision in any_year(Random(seed))[1]:
        assert Trace.from_data(decision.trace.to_data()) == decision.trace
        for language in ("zh", "en"):
            assert len(decision.trace.sentences(language)) == len(decision.trace.table(language)) == len(decision.trace)
            assert not any("{" in sentence or "None" in sentence for sentence in decision.trace.sentences(language))


@searched
@given(SEEDS)
def test_each_payment_is_the_trace_added_up(seed: int) -> None:
    _terms, decisions = any_year(Random(seed))
    for _facts, _used, decision in decisions:
        added = {one.code: added_up(decision.trace.steps, one.code) for one in decision.benefits}
        assert added == {one.code: (one.counted, one.deducted, one.amount) for one in decision.benefits}
        totals = [step.result for step in decision.trace.steps if step.rule == "total"]
        assert totals == [sum(one.amount for one in decision.benefits)]


#: Steps with which a sum begins that no line or stay before it has a part in.
BEGINS = ("counted", "factor", "allowance", "lump_sum", "sum_insured", "disability")


def added_up(steps: list[Step], code: str) -> tuple[Decimal, Decimal, Decimal]:
    """What counts, what the deductible takes and what is paid, reckoned from one responsibility's steps alone.

    A run is what some lines or a stay come to, through bands and limits; the runs together are reduced or rounded once.
    Steps of other rules say something else and are passed over.
    """
    counted = deducted = runs = run = ZERO
    pays = None
    for step in (step for step in steps if step.responsibility == code):
        given, result = step.inputs, step.result
        if step.rule in BEGINS:
            runs, run = runs + run, ZERO
        match step.rule:
            case "counted":
                counted += result
            case "factor":
                assert result == given["amount"] * given["factor"]
                counted += result
            case "deductible":
                assert given["taken"] == min(max(given["deductible"] - given["used"], ZERO), given["base"])
                assert result == given["base"] - given["taken"]
                deducted += given["taken"]
            case "band":
                assert result == given["part"] * given["ratio"]
                run += result
            case "allowance":
                assert result == given["counted"] * given["amount"]
                run = result
            case "disability":
                assert result == given["amount"] * given["ratio"]
                run = result
            case "lump_sum" | "sum_insured":
                run = result
            case "limit":
                assert (given["amount"], result) == (run, max(given["limit"] - given["used"], ZERO))
                run = result
            case "less_paid":
                assert (given["amount"], result) == (run, max(run - given["paid"], ZERO))
                run = result
            case "cap_over_policies":
                assert given["amount"] == run
                assert result <= min(run, max(given["cap"] - given["elsewhere"], ZERO))
                run = result
            case "reduced" | "rounded":
                assert given["amount"] == runs + run
                share = Fraction(given["paid"]) / Fraction(given["due"]) if step.rule == "reduced" else Fraction(1)
                assert Fraction(result) == half_up(Fraction(runs + run) * share)
                runs, run = ZERO, result
            case "pays":
                assert result == runs + run
                pays = result
    assert pays is not None
    return counted, deducted, pays

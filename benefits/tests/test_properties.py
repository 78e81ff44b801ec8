"""What must hold for every plan and every year of cases, searched at random.

Longer: BENEFITS_EXAMPLES=20000 python -m pytest benefits/tests/test_properties.py
"""

from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from benefits import plan_file
from benefits.decide import Decision, decide
from benefits.facts import Facts
from benefits.redecide import Settled, redecide
from benefits.terms import ONE, ZERO, Band, Expense, PlanTerms, Table, Words, fixed
from benefits.tests import generate
from benefits.trace import Trace
from benefits.usage import NOTHING_USED, Usage

FEN = Decimal("0.01")
searched = settings(max_examples=int(os.environ.get("BENEFITS_EXAMPLES", "60")), deadline=None)
SEEDS = st.integers(0, 2**64)


def year(chance: Random, terms: PlanTerms) -> list[tuple[Facts, Usage, Decision]]:
    """A year of cases: facts, usage before, decision."""
    usage, decided = NOTHING_USED, []
    for facts in generate.cases(chance):
        decision = decide(facts, terms, usage)
        decided.append((facts, usage, decision))
        usage = decision.usage
    return decided


def most(table: Table) -> Decimal:
    """The highest value of a table."""
    return max(row.value for row in table)


@searched
@given(SEEDS)
def test_nothing_is_negative_and_all_together_bear_just_the_cost(seed: int) -> None:
    chance = Random(seed)
    for facts, _used, decision in year(chance, generate.plan(chance)):
        assert all(one.amount >= 0 and one.counted >= one.deducted >= 0 for one in decision.benefits)
        assert all(amount >= 0 for amount in decision.burden.values())
        assert sum(decision.burden.values()) == facts.cost
        assert decision.amount == decision.burden["ours"] == sum(one.amount for one in decision.benefits)
        assert all(one.amount == one.amount.quantize(FEN) for one in decision.benefits)


@searched
@given(SEEDS)
def test_no_payment_goes_above_a_limit(seed: int) -> None:
    chance = Random(seed)
    terms = generate.plan(chance)
    decided = year(chance, terms)
    usage = decided[-1][2].usage
    for part in terms.responsibilities:
        for limit in part.limits:
            counters = {
                "year": [f"paid:{part.code}"], "event": [f"paid:{part.code}@E1", f"paid:{part.code}@E2"],
                "day": [name for name in usage if name.startswith(f"paid:{part.code}#")], "item": [],
            }[limit.per]
            assert all(usage[counter] <= most(limit.amount) for counter in counters)
    for shared in terms.limits:
        for event in ("@E1", "@E2") if shared.per == "event" else ("",):
            assert usage[f"limit:{shared.name}{event}"] <= most(shared.amount)


@searched
@given(SEEDS)
def test_a_yearly_deductible_is_used_at_most_once_a_year(seed: int) -> None:
    chance = Random(seed)
    terms = generate.plan(chance)
    usage = year(chance, terms)[-1][2].usage
    for shared in terms.deductibles:
        if shared.per == "year":
            assert usage[f"deductible:{shared.name}"] <= most(shared.amount)
    for part in terms.responsibilities:
        if isinstance(part, Expense) and part.deductible and part.deductible_per == "year":
            assert usage[f"deductible:{part.code}"] <= most(part.deductible)


@searched
@given(SEEDS)
def test_usage_is_what_the_decisions_used(seed: int) -> None:
    chance = Random(seed)
    for _facts, before, decision in year(chance, generate.plan(chance)):
        assert before.plus(decision.used) == decision.usage
        assert decision.usage.minus(decision.used) == before
        assert Usage.from_data(decision.usage.to_data()) == decision.usage


def alike(facts: Facts) -> Facts:
    """A case whose bills all stand in the circumstances of the first."""
    first = facts.bills[0]
    return replace(facts, bills=tuple(
        replace(bill, setting=first.setting, locality=first.locality, settled=first.settled) for bill in facts.bills
    ))


def monotone_year(chance: Random) -> tuple[PlanTerms, Facts, Usage]:
    """Terms and a last case for which more spent is never less paid (docs/adr/0010 says what would break it)."""
    terms = generate.plan(chance, yearly=True, most_shared_limits=1)
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


@searched
@given(SEEDS)
def test_a_bill_split_over_two_cases_pays_the_same_but_for_one_fen_a_responsibility(seed: int) -> None:
    chance = Random(seed)
    terms = generate.plan(chance, yearly=True)
    insured = generate.person(chance)
    whole = generate.case(chance, insured)
    whole = replace(whole, bills=tuple(
        replace(one, payments=(), lines=tuple(replace(line, payments=()) for line in one.lines)) for one in whole.bills[:1]
    ))
    bill = whole.bills[0]
    parts = [(line.amount * chance.randint(0, 100) / 100).quantize(FEN) for line in bill.lines]
    halves = [
        replace(whole, bills=(replace(bill, lines=tuple(
            replace(line, amount=part if first else line.amount - part) for line, part in zip(bill.lines, parts, strict=True)
        )),))
        for first in (True, False)
    ]
    first = decide(halves[0], terms)
    second = decide(halves[1], terms, first.usage)
    together = decide(whole, terms)
    # Shared deductibles and limits go to whoever comes first, which splitting changes.
    if any(isinstance(part, Expense) and (part.shared_deductible or part.shared_limits) for part in terms.responsibilities):
        return
    for part in terms.responsibilities:
        split = first.paid(part.code) + second.paid(part.code)
        assert abs(split - together.paid(part.code)) <= FEN
        assert second.usage[f"base:{part.code}"] == together.usage[f"base:{part.code}"]
        assert second.usage[f"deductible:{part.code}"] == together.usage[f"deductible:{part.code}"]


def linear(chance: Random) -> PlanTerms:
    """One ratio, own yearly deductible, one yearly limit each: what is paid depends on sums alone."""
    return PlanTerms(code="linear", name=Words("线性"), responsibilities=tuple(
        Expense(
            code=kind, name=Words(kind), counts=(kind,), deductible=fixed(generate.fen(chance, 20_000)),
            bands=(Band(fixed(generate.ratio(chance))),),
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
    chance = Random(seed)
    terms = generate.plan(chance)
    settled = [Settled(at, facts, decision) for at, (facts, _used, decision) in enumerate(year(chance, terms))]
    again = redecide(settled, terms, corrected={0: settled[0].facts})
    assert again.changes == ()
    assert again.usage == settled[-1].decision.usage


@searched
@given(SEEDS)
def test_a_corrected_year_is_the_year_decided_from_the_corrected_facts(seed: int) -> None:
    chance = Random(seed)
    terms = generate.plan(chance)
    decided = year(chance, terms)
    settled = [Settled(at, facts, decision) for at, (facts, _used, decision) in enumerate(decided)]
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
    terms = generate.plan(Random(seed))
    text = plan_file.dump(terms, form=form)
    assert plan_file.load(text, form=form) == terms
    assert plan_file.dump(plan_file.load(text, form=form), form=form) == text


@searched
@given(SEEDS)
def test_any_trace_is_said_in_both_languages_and_read_back(seed: int) -> None:
    chance = Random(seed)
    for _facts, _used, decision in year(chance, generate.plan(chance)):
        assert Trace.from_data(decision.trace.to_data()) == decision.trace
        for language in ("zh", "en"):
            assert len(decision.trace.sentences(language)) == len(decision.trace.table(language)) == len(decision.trace)
            assert not any("{" in sentence or "None" in sentence for sentence in decision.trace.sentences(language))


@searched
@given(SEEDS)
def test_each_payment_is_the_trace_added_up(seed: int) -> None:
    chance = Random(seed)
    terms = generate.plan(chance)
    for _facts, _used, decision in year(chance, terms):
        pays = {step.responsibility: step.result for step in decision.trace.steps if step.rule == "pays"}
        assert pays == {one.code: one.amount for one in decision.benefits}
        counted = {
            one.code: sum((
                step.result for step in decision.trace.steps
                if step.responsibility == one.code and step.rule in ("counted", "factor")
            ), ZERO)
            for one in decision.benefits
        }
        assert counted == {one.code: one.counted for one in decision.benefits}


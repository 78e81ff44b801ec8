"""The columnar path agrees with `decide` to the fen on every case."""

from __future__ import annotations

import os
from decimal import Decimal
from random import Random
from typing import Any

import polars as pl
import pytest

from benefits import batch
from benefits.batch import BatchRefused, decide_batch
from benefits.decide import decide
from benefits.facts import Bill, Event, Facts, FactsRefused, Insured, Line
from benefits.terms import LOCALITIES, SETTINGS, Band, Death, Expense, Limit, PlanTerms, Unknown, Words, fixed
from benefits.tests import generate
from benefits.tests.cases import PLANS, expense, plan, terms
from benefits.usage import NOTHING_USED, Usage

EXAMPLES = int(os.environ.get("BENEFITS_EXAMPLES", "300"))
ON_LISTS = ["shanghai-2022-special-drugs"]


def rows_of(chance: Random, people: int, *, kinds: tuple[str, ...] = generate.KINDS) -> list[dict[str, Any]]:
    """Lines of some people's cases; most cases are of one kind of circumstances, some are mixed."""
    rows = []
    for person in range(people):
        of_person = {"health_class": chance.choice(["healthy", "pre_existing"]), "age": chance.randint(0, 90)}
        for number in range(chance.randint(1, 3)):
            of_case = {
                "person": person, "case": f"{person}-{number}", "place": chance.randint(0, 2), **of_person,
                "continuity": chance.randint(0, 4), "claim_free": chance.randint(0, 4),
            }
            of_bill = bill_of(chance)
            for _line in range(chance.randint(1, 4)):
                if chance.random() < 0.1:
                    of_bill = bill_of(chance)
                rows.append({
                    **of_case, **of_bill, "kind": chance.choice(kinds), "eligible": int(generate.fen(chance, 30_000) * 100),
                    "indicated": chance.random() < 0.9, "lists": ON_LISTS if chance.random() < 0.8 else [],
                })
    chance.shuffle(rows)
    return rows


def bill_of(chance: Random) -> dict[str, Any]:
    """Circumstances of a bill."""
    return {
        "locality": chance.choice(LOCALITIES[:2]), "settled": chance.random() < 0.9,
        "setting": "inpatient" if chance.random() < 0.8 else chance.choice(SETTINGS),
    }


def one_by_one(rows: list[dict[str, Any]], plan: PlanTerms, used: dict[Any, Usage]) -> dict[str, dict[str, int]]:
    """What `decide` says, written without the batch's own means."""
    cases: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        cases.setdefault(row["case"], []).append(row)
    usage = dict(used)
    answers = {}
    for case, lines in sorted(cases.items(), key=lambda item: item[1][0]["place"]):
        first = lines[0]
        facts = Facts(
            Insured(age=first["age"], health_class=first["health_class"], continuity_years=first["continuity"],
                    claim_free_years=first["claim_free"]),
            event=Event(code=case),
            bills=tuple(
                Bill(
                    (Line(line["kind"], Decimal(line["eligible"]) / 100, lists=frozenset(line["lists"]),
                          indicated=line["indicated"]),),
                    setting=line["setting"], locality=line["locality"], settled=line["settled"],
                )
                for line in lines
            ),
        )
        decision = decide(facts, plan, usage.get(first["person"], NOTHING_USED))
        usage[first["person"]] = decision.usage
        answers[case] = {part.code: int(decision.paid(part.code) * 100) for part in plan.responsibilities
                         if isinstance(part, Expense)}
    return answers


def batch_answers(answer: pl.DataFrame) -> dict[str, dict[str, int]]:
    """The batch's answer in the same form; each sum is that of its parts."""
    found = {}
    for row in answer.iter_rows(named=True):
        parts = {name.removeprefix("paid:"): paid for name, paid in row.items() if name.startswith("paid:")}
        assert row["amount"] == sum(parts.values())
        found[row["case"]] = parts
    return found


def compare(chance: Random, terms: PlanTerms, *, people: int = 4, kinds: tuple[str, ...] = generate.KINDS) -> int:
    """Decide both ways; gives the fen paid."""
    rows = rows_of(chance, people, kinds=kinds)
    used = {} if chance.random() < 0.7 else {0: Usage({
        f"{name}:{part.code}": Decimal(chance.randint(0, 500_000)) / 100
        for part in terms.responsibilities for name in ("paid", "deductible", "base", "above")
    })}
    answer = decide_batch(pl.DataFrame(rows), terms, used_before=used)
    expected = one_by_one(rows, terms, used)
    assert batch_answers(answer) == expected
    assert answer["case"].to_list() == list(dict.fromkeys(row["case"] for row in rows))
    return int(answer["amount"].sum())


def test_a_batch_agrees_with_decide_on_random_yearly_plans() -> None:
    paid = 0
    for seed in range(EXAMPLES):
        chance = Random(seed)
        try:
            paid += compare(chance, generate.plan(chance, yearly=True))
        except AssertionError as error:
            pytest.fail(f"seed {seed}: {error}")
    assert paid > EXAMPLES * 1_000_000


def test_a_batch_agrees_with_decide_on_plans_that_look_at_events_days_and_remainders() -> None:
    for seed in range(EXAMPLES // 6):
        chance = Random(seed)
        compare(chance, generate.plan(chance))


def test_a_batch_agrees_with_decide_on_plans_of_every_kind_and_condition() -> None:
    for seed in range(EXAMPLES // 6):
        chance = Random(seed)
        compare(chance, generate.any_plan(chance))


@pytest.mark.parametrize("code", sorted(path.stem for path in PLANS.glob("*.yaml")))
def test_a_batch_agrees_with_decide_on_the_real_plans(code: str) -> None:
    kinds = ("self_pay", "class_b_first", "out_of_catalogue", "special_drug", "proton_heavy_ion", "car_t", "unheard_of")
    for seed in range(10):
        compare(Random(seed), plan(code), people=10, kinds=kinds)


def test_the_columns_are_used_and_only_mixed_cases_go_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    slow = batch._slowly

    def watched(lines: pl.DataFrame, *others: Any) -> pl.DataFrame:
        seen.append(lines.height)
        return slow(lines, *others)

    monkeypatch.setattr(batch, "_slowly", watched)
    lines = pl.DataFrame({
        "person": [1, 1, 2, 2], "case": [11, 12, 21, 21], "kind": ["self_pay"] * 4, "eligible": [3_000_000] * 4,
        "settled": [True, True, True, False],
    })
    answer = decide_batch(lines, plan("yantai"))
    assert seen == [2]
    assert dict(zip(answer["case"], answer["amount"], strict=True)) == {11: 800_000, 12: 2_400_000, 21: 800_000}


def test_a_limit_is_reached_over_rounds_and_columns_left_out_have_their_defaults() -> None:
    part = expense(bands=(Band(fixed("0.5")),), limits=(Limit(fixed(100)),))
    lines = pl.DataFrame({
        "person": [1, 1, 1], "case": [1, 2, 3], "kind": ["self_pay"] * 3, "eligible": [15_001, 15_001, 15_001], "place": [3, 2, 1],
    })
    answer = decide_batch(lines, terms(part))
    assert answer.rows() == [(1, 1, 0, 0), (1, 2, 2_499, 2_499), (1, 3, 7_501, 7_501)]


def test_usage_that_is_not_whole_in_the_columns_numbers_is_still_exact() -> None:
    part = expense(deductible=fixed(100), bands=(Band(fixed(1)),))
    lines = pl.DataFrame({"person": [1], "case": [1], "kind": ["self_pay"], "eligible": [20_000]})
    used = {1: Usage({"deductible:medical": Decimal("50.005")})}
    assert decide_batch(lines, terms(part), used_before=used)["amount"].to_list() == [15_001]


def test_amounts_too_large_for_the_columns_are_still_exact() -> None:
    part = expense(bands=(Band(fixed("0.333333")),))
    lines = pl.DataFrame({
        "person": [1] * 300, "case": list(range(300)), "kind": ["self_pay"] * 300, "eligible": [99_999_999_999] * 300,
    })
    assert decide_batch(lines, terms(part))["amount"].unique().to_list() == [33_333_300_000]


@pytest.mark.parametrize(("lines", "message"), [
    ({"case": [1], "kind": ["self_pay"], "eligible": [1]}, "lines lack the columns person"),
    ({"person": [1], "case": [1], "kind": ["self_pay"], "eligible": [1.5]}, "eligible is Float64, not Int64: whole fen"),
    ({"person": [1], "case": [1], "kind": ["self_pay"], "eligible": [-1]}, "eligible holds an amount that is missing or below 0"),
    ({"person": [1, 2], "case": [1, 1], "kind": ["self_pay"] * 2, "eligible": [1, 1]}, "the lines of case 1 differ in person"),
])
def test_lines_that_cannot_be_decided_are_refused(lines: dict[str, Any], message: str) -> None:
    with pytest.raises(BatchRefused) as refused:
        decide_batch(pl.DataFrame(lines), plan("yantai"))
    assert str(refused.value) == message


def test_an_unknown_class_of_health_is_refused() -> None:
    lines = pl.DataFrame({"person": [1], "case": [1], "kind": ["self_pay"], "eligible": [1], "health_class": ["ill"]})
    with pytest.raises(FactsRefused, match="health_class: ill is none of healthy, pre_existing"):
        decide_batch(lines, plan("yantai"))


def test_no_lines_give_no_cases() -> None:
    lines = pl.DataFrame(schema={"person": pl.Int64, "case": pl.Int64, "kind": pl.String, "eligible": pl.Int64})
    answer = decide_batch(lines, plan("weifang"))
    assert (answer.height, answer.columns[:3]) == (0, ["person", "case", "amount"])


def test_a_plan_without_expenses_pays_nothing_in_a_batch() -> None:
    lines = pl.DataFrame({"person": [1], "case": [7], "kind": ["self_pay"], "eligible": [100]})
    death = Death(code="death", name=Words("身故"), amount=fixed(1_000))
    answer = decide_batch(lines, terms(death))
    assert (answer.columns, answer.rows()) == (["person", "case", "amount"], [(1, 7, 0)])


def test_an_undecided_responsibility_pays_nothing_in_a_batch() -> None:
    gap = (Unknown("ratio", Words("比例")),)
    part = Expense(code="medical", name=Words("医疗"), counts=("self_pay",), unknown=gap)
    lines = pl.DataFrame({"person": [1], "case": [1], "kind": ["self_pay"], "eligible": [100]})
    assert decide_batch(lines, terms(part)).rows() == [(1, 1, 0, 0)]

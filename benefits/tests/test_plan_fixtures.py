"""The plan files that come with the portal: readable, written as dump writes, sourced, honest about what is unknown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from benefits import plan_file, soundness
from benefits.decide import decide
from benefits.terms import DECISIVE, Expense, PlanTerms, Table
from benefits.tests.cases import PLANS, bill, facts, line, plan, yuan
from benefits.text_data import read_text

FILES = sorted(path.stem for path in PLANS.glob("*.yaml"))
SUPPLEMENTARY = [code for code in FILES if plan(code).kind == "supplementary"]
#: Places of notes that say why nothing stands there.
LEFT_OUT = {("shanghai-2022", "responsibilities[1].deductible"), ("guangzhou-2025", "pre_existing")}
#: Responsibilities that have none: their sources state one for others alone.
WITHOUT_DEDUCTIBLE = {
    *(("shanghai-2022", code) for code in ("special_drugs", "proton_heavy_ion", "overseas_drugs", "car_t")),
    ("chengdu-2023", "special_drugs"), ("mianyang", "special_drugs"),
}
HAN = re.compile(r"[\u3001-\u9fff]")
PLACE = re.compile(r"([a-z_]+)|\[(\d+)\]")


def at(data: Any, place: str) -> Any:
    """What stands at a place of plain data."""
    for name, position in PLACE.findall(place):
        data = data[name] if name else data[int(position)]
    return data


def test_the_products_and_examples_are_there() -> None:
    assert FILES == [
        "aixinbao-example", "beijing-2025", "chengdu-2023", "chongqing-2022-basic", "chongqing-2022-upgraded",
        "day-cover-600k", "day-cover-650k", "day-cover-example", "guangzhou-2025", "hangzhou-2022", "mianyang", "ningbo-2025",
        "shanghai-2022", "weifang", "yantai",
    ]


@pytest.mark.parametrize("code", FILES)
def test_a_plan_file_holds_just_what_dump_writes(code: str) -> None:
    data = read_text((PLANS / f"{code}.yaml").read_text(encoding="utf-8"))
    assert data["code"] == code
    written = plan_file.data_of(plan(code))
    assert written == data
    assert list(written) == list(data)


@pytest.mark.parametrize("code", FILES)
@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_plan_survives_dump_and_load(code: str, form: str) -> None:
    text = plan_file.dump(plan(code), form=form)
    assert plan_file.load(text, form=form) == plan(code)
    assert plan_file.dump(plan_file.load(text, form=form), form=form) == text


@pytest.mark.parametrize("code", FILES)
def test_each_note_names_a_place_that_exists_and_each_plan_its_source(code: str) -> None:
    data, terms = read_text((PLANS / f"{code}.yaml").read_text(encoding="utf-8")), plan(code)
    assert terms.notes
    for note in terms.notes:
        if note.place and (code, note.place) not in LEFT_OUT:
            at(data, note.place)
        assert HAN.search(note.text.zh) or note.text.zh.startswith("JR/T")
    said = [note.text for note in terms.notes] + [note.source for note in terms.notes if note.source is not None]
    said += [gap.text for gap in (*terms.unknown, *(gap for part in terms.responsibilities for gap in part.unknown))]
    assert [words for words in said if not words.en or HAN.search(words.en)] == []


@pytest.mark.parametrize("code", FILES)
def test_what_was_read_somewhere_says_where_and_no_note_claims_a_day_on_which_it_was_read(code: str) -> None:
    for note in plan(code).notes:
        assert (note.source is not None) == (note.mark in ("P", "S"))
        assert note.source is None or (note.source.zh and note.source.en)
        assert note.read_on is None


def gaps(terms: PlanTerms, part: Expense) -> set[str]:
    """What the source does not state of a responsibility or of the whole plan."""
    return {gap.part for gap in (*terms.unknown, *part.unknown)}


@pytest.mark.parametrize("code", SUPPLEMENTARY)
def test_a_product_states_what_decides_or_marks_it_as_unknown(code: str) -> None:
    terms = plan(code)
    explained = {note.place for note in terms.notes}
    for part in terms.responsibilities:
        assert isinstance(part, Expense)
        stated = {
            "year": terms.year, "price": terms.prices, "starts": terms.starts,
            "pre_existing": terms.pre_existing or "pre_existing" in explained, "settings": part.settings,
            "hospitals": part.hospital, "waiting_days": part.waiting_days, "exclusions": terms.exclusions or part.exclusions,
            "limit": part.limits or part.shared_limits, "counts": part.counts, "ratio": part.bands,
            "deductible": part.deductible or part.shared_deductible or (code, part.code) in WITHOUT_DEDUCTIBLE,
        }
        assert [name for name, value in stated.items() if not value and name not in gaps(terms, part)] == []


@pytest.mark.parametrize("code", SUPPLEMENTARY)
def test_what_is_taken_as_no_condition_is_a_doubt_and_is_said_by_each_decision_but_holds_up_none(code: str) -> None:
    terms = plan(code)
    named = {doubt.values["part"] for doubt in soundness.doubts(terms) if doubt.code == "unknown_open"}
    assert named >= {"settings", "waiting_days", "exclusions"} and not named & set(DECISIVE)
    decision = decide(facts(bill(line("self_pay", 100_000), setting="outpatient")), terms)
    told = [step.inputs["parts"] for step in decision.trace.steps if step.rule == "unstated"]
    if all(part.decisive_unknown for part in terms.responsibilities):
        assert (told, decision.undecided != ()) == ([], True)
    else:
        assert {"settings", "waiting_days", "exclusions"} <= set(told[0]) and len(told) == 1
        assert decision.undecided == ()


@pytest.mark.parametrize("code", FILES)
def test_each_row_of_each_table_is_reached(code: str) -> None:
    assert [doubt.place for doubt in soundness.doubts(plan(code)) if doubt.code == "row_unreachable"] == []


@pytest.mark.parametrize(("code", "undecided"), [
    ("chongqing-2022-basic", ("medical",)), ("chongqing-2022-upgraded", ("medical",)), ("guangzhou-2025", ("in_catalogue",)),
    ("hangzhou-2022", ("first", "second", "third", "fourth", "fifth")), ("ningbo-2025", ("medical",)),
])
def test_a_plan_whose_deductible_is_unknown_decides_nothing_and_says_so(code: str, undecided: tuple[str, ...]) -> None:
    decision = decide(facts(bill(line("self_pay", 100_000))), plan(code))
    assert (decision.amount, decision.undecided, decision.refusals) == (yuan(0), undecided, ())
    assert dict(decision.used) == {}
    assert any(doubt.code == "unknown_decisive" for doubt in soundness.doubts(plan(code)))


def test_hangzhou_states_five_limits_that_sum_to_3150000() -> None:
    limits = [part.limits[0].amount[0].value for part in plan("hangzhou-2022").responsibilities]
    assert (len(limits), sum(limits)) == (5, yuan(3_150_000))


#: Every figure of every product, as DOMAIN section 2 states it: yuan, ratios, first days. Circumstances stand in brackets.
FIGURES: dict[str, dict[str, int | str]] = {
    "shanghai-2022": {
        "year": 2022, "starts": "07-01", "price": 129,
        "inpatient_self_paid deductible": 20_000, "inpatient_self_paid ratio [pre_existing]": "0.3",
        "inpatient_self_paid ratio": "0.7", "inpatient_self_paid limit": 1_000_000,
        "special_drugs ratio [pre_existing]": "0.3", "special_drugs ratio": "0.7", "special_drugs limit": 1_000_000,
        "proton_heavy_ion ratio [pre_existing]": "0.3", "proton_heavy_ion ratio": "0.7", "proton_heavy_ion limit": 300_000,
        "overseas_drugs ratio [pre_existing]": "0.3", "overseas_drugs ratio": "0.7", "overseas_drugs limit": 300_000,
        "car_t ratio": 1, "car_t limit": 500_000,
    },
    "beijing-2025": {
        "year": 2025, "price": 195,
        "in_catalogue deductible": 30_404, "in_catalogue ratio [pre_existing]": "0.4", "in_catalogue ratio": "0.8",
        "in_catalogue limit": 1_000_000,
        "out_of_catalogue deductible [pre_existing, claim_free_from 3]": 15_000,
        "out_of_catalogue deductible [pre_existing]": 20_000, "out_of_catalogue deductible [claim_free_from 3]": 5_000,
        "out_of_catalogue deductible": 15_000,
        "out_of_catalogue ratio [pre_existing]": "0.35", "out_of_catalogue ratio": "0.7", "out_of_catalogue limit": 1_000_000,
    },
    "chengdu-2023": {
        "year": 2023, "price": 59,
        "in_catalogue deductible [continuity_from 1]": 8_000, "in_catalogue deductible": 15_000, "in_catalogue ratio": "0.75",
        "out_of_catalogue deductible [continuity_from 1]": 13_000, "out_of_catalogue deductible": 15_000,
        "out_of_catalogue ratio": "0.3",
        "special_drugs ratio [pre_existing, continuity_from 1]": "0.3", "special_drugs ratio [pre_existing]": 0,
        "special_drugs ratio": "0.75",
    },
    "chongqing-2022-basic": {
        "year": 2022, "price": 69, "limit total": 3_000_000, "medical ratio [pre_existing]": "0.1", "medical ratio": "0.55",
    },
    "chongqing-2022-upgraded": {
        "year": 2022, "price": 169, "limit total": 3_500_000, "medical ratio [pre_existing]": "0.3", "medical ratio": "0.8",
    },
    "hangzhou-2022": {
        "year": 2022, "price [age_to 17]": 100, "price [student]": 100, "price": 150,
        "first limit": 1_200_000, "second limit": 1_200_000, "third limit": 500_000, "fourth limit": 150_000,
        "fifth limit": 100_000,
    },
    "ningbo-2025": {"year": 2025, "price [age_to 17]": 50, "price [student]": 50, "price": 100, "limit total": 2_000_000},
    "weifang": {
        "price": 149,
        "in_catalogue deductible": 18_000, "in_catalogue ratio to 100000": "0.65", "in_catalogue ratio from 100000": "0.8",
        "out_of_catalogue_drugs deductible": 20_000, "out_of_catalogue_drugs ratio": "0.6",
        "special_drugs deductible": 10_000, "special_drugs ratio": "0.8",
    },
    "mianyang": {
        "price": 89,
        "in_catalogue factor class_b_first": "0.5", "in_catalogue deductible": 15_000, "in_catalogue ratio": "0.7",
        "out_of_catalogue deductible": 20_000, "out_of_catalogue ratio": "0.4", "special_drugs ratio": "0.7",
    },
    "guangzhou-2025": {"year": 2025, "price": 180, "in_catalogue ratio": "0.85"},
    "yantai": {"in_catalogue deductible": 20_000, "in_catalogue ratio [not settled]": 0, "in_catalogue ratio": "0.8"},
}


def figures_of(terms: PlanTerms) -> Iterator[tuple[str, Any]]:
    """Every figure of a plan of expenses, by what it is."""
    yield "year", terms.year
    yield "starts", terms.starts
    for price in terms.prices:
        yield "price" + stated(student=price.student, age_from=price.age_from, age_to=price.age_to), price.amount
    for one in (*terms.limits, *terms.deductibles):
        yield from rows_of(f"{'limit' if one in terms.limits else 'deductible'} {one.name}", one.amount)
    for part in terms.responsibilities:
        assert isinstance(part, Expense)
        yield from ((f"{part.code} factor {' '.join(factor.kinds)}", factor.value) for factor in part.factors)
        yield from rows_of(f"{part.code} deductible", part.deductible)
        for band in part.bands:
            stretch = (f" from {band.start}" if band.start else "") + (f" to {band.end}" if band.end is not None else "")
            yield from rows_of(f"{part.code} ratio{stretch}", band.ratio)
        for limit in part.limits:
            yield from rows_of(f"{part.code} limit" + ("" if limit.per == "year" else f" per {limit.per}"), limit.amount)


def rows_of(name: str, table: Table) -> Iterator[tuple[str, Any]]:
    """A table's figures."""
    yield from ((name + stated(**asdict(row.when)), row.value) for row in table)


def stated(*, health_class: str | None = None, student: bool | None = None, settled: bool | None = None, **more: Any) -> str:
    """Circumstances in brackets."""
    said = [health_class] if health_class else []
    said += [] if student is None else ["student" if student else "no student"]
    said += [] if settled is None else ["settled" if settled else "not settled"]
    said += [f"{name} {value}" for name, value in more.items() if value]
    return f" [{', '.join(said)}]" if said else ""


def test_the_table_of_figures_names_every_product() -> None:
    assert sorted(FIGURES) == SUPPLEMENTARY


@pytest.mark.parametrize("code", FIGURES)
def test_each_figure_of_a_product_is_the_one_that_its_source_states_and_there_is_no_other(code: str) -> None:
    expected = {name: value if name == "starts" else yuan(value) for name, value in FIGURES[code].items()}
    assert {name: value for name, value in figures_of(plan(code)) if value not in (None, "")} == expected


def test_what_no_term_can_say_yet_of_ningbo_and_chengdu_is_kept_in_words() -> None:
    assert any("1,800,000" in gap.text.say("en") and "180万元" in gap.text.say("zh") for gap in plan("ningbo-2025").unknown)
    assert any("10 May to 30 June" in note.text.en and "5月10日至6月30日" in note.text.zh for note in plan("chengdu-2023").notes)

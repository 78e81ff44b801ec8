"""Two versions that differ in anything are told apart in words: one value after the other of a plan that states every field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from benefits import editing, plan_file
from benefits.outline import changes
from benefits.plan_file import PlanRefused
from benefits.shapes import RATIO, Choice, Listed, Record
from benefits.terms import PlanTerms
from benefits.text_data import read_text

STATED: Any = read_text("""
code: rich
name: {zh: 丰盛, en: Rich}
kind: supplementary
year: 2025
region: "4416"
starts: 07-01
prices:
  - {amount: 50, age_from: 3, age_to: 17, student: true, category: dibao, name: {zh: 少儿, en: child}}
  - {amount: 100}
pre_existing: {by: person, groups: [{code: tumor, name: {zh: 肿瘤, en: tumors}}]}
occupations: {highest_class: 5, wrong_class: reduce}
kinds: [{code: rehabilitation, name: {zh: 康复费用, en: rehabilitation}}]
deductibles: [{name: yearly, amount: 5000, per: event}]
limits: [{name: total, amount: 1000000, per: event}]
exclusions:
  - {name: {zh: 整形, en: cosmetic}, code: COSMETIC, tags: [cosmetic], diagnoses: [Z41], kinds: [device], settings: [outpatient]}
responsibilities:
  - code: in_catalogue
    name: {zh: 目录内, en: In catalogue}
    benefit: expense
    counts: [self_pay, rehabilitation]
    of_remainder: true
    required_list: drugs
    indication_required: true
    factors: [{kinds: [rehabilitation], value: 0.5}]
    deductible: 10000
    deductible_per: event
    bands: [{from: 100, to: 50000, ratio: 0.6}, {from: 50000, ratio: 0.8}]
    bands_counted: before_deductible
    bands_per: event
  - {code: out_of_catalogue, name: {zh: 目录外, en: Out of catalogue}, benefit: expense, counts: [out_of_catalogue],
     shared_deductible: yearly, ratio: 0.4}
  - {code: lump_sum, name: {zh: 慰问金, en: Lump sum}, benefit: lump_sum, amount: 10000, diagnoses: [C], times: 2}
  - {code: allowance, name: {zh: 津贴, en: Allowance}, benefit: allowance, amount: 50, days_unpaid: 3, days_per_event: 90,
     days_per_year: 180}
  - {code: lasting, name: {zh: 伤残, en: Disability}, benefit: disability, amount: 500000, scale: [0.8, 0.3], several: worst}
  - {code: death, name: {zh: 身故, en: Death}, benefit: death, amount: 500000, deducts: [lasting], cap_over_policies: 200000}
notes: [{mark: M, place: name, source: {zh: 某页, en: a page}, read_on: 2025-05-30, text: {zh: 说明, en: a note}}]
unknown: [{part: year, text: {zh: 年度, en: the year}}]
""")
#: What every responsibility states besides, as far as its kind has it.
BESIDES: Any = read_text("""
settings: [inpatient, special_outpatient]
hospital: {level_from: 2, public: true, listed: named, refused_departments: [special_needs]}
settlement_required: true
events: [illness]
held_to: occurrence
waiting_days: 30
waiting_waived_when_renewing: false
within_days: 180
age: {lowest: 1, highest: 80, on: event}
limits: [{amount: 300000, per: event}]
shared_limits: [total]
exclusions:
  - {name: {zh: 酒驾, en: drunk driving}, code: DRUNK, tags: [drunk], diagnoses: [F10], kinds: [self_pay], settings: [inpatient]}
unknown: [{part: limit, text: {zh: 限额, en: the limit}}]
""")
#: Circumstances that every table and factor tells apart.
WHEN: Any = read_text("""
{health_class: pre_existing, continuity_from: 3, claim_free_from: 3, locality: abroad, settled: true, age_from: 20, age_to: 50}
""")
#: Values that an outline need not tell, and why; positions left out.
SILENT = {
    "responsibilities[].benefit": "another kind has other fields: it is another responsibility, told whole",
}


def enriched(codec: Any, data: Any) -> Any:
    """Plain data with everything stated that all responsibilities, tables and factors have in common."""
    match codec:
        case plan_file.OfBenefit():
            record = plan_file.RESPONSIBILITIES[data["benefit"]]
            common = {field.key: BESIDES[field.key] for field in record.fields if field.key in BESIDES}
            return enriched(record, {**common, **data})
        case plan_file.Tabled():
            other = 1 - data if codec.number is RATIO else data * 2
            return [{**WHEN, "value": other}, {"value": data}]
        case plan_file.Flat():
            return {**WHEN, **data}
        case Record() if isinstance(data, dict):
            return {field.key: enriched(field.codec, data[field.key]) for field in codec.fields if field.key in data}
        case Listed():
            return [enriched(codec.codec, one) for one in data]
    return data


RICH: Any = enriched(plan_file.PLAN, STATED)


def leaves(codec: Any, data: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Places of all values of plain data, each with the codec that reads it."""
    match codec:
        case plan_file.OfBenefit():
            yield from leaves(plan_file.RESPONSIBILITIES[data["benefit"]], data, place)
        case Record() | plan_file.Flat() | plan_file.Name() if isinstance(data, dict):
            for field in editing.record_of(codec).fields:
                if field.key in data:
                    yield from leaves(field.codec, data[field.key], f"{place}.{field.key}" if place else field.key)
        case plan_file.Tabled():
            yield from leaves(Listed(plan_file.Flat(plan_file.row_record(codec.number))), data, place)
        case Listed():
            for position, one in enumerate(data):
                yield from leaves(codec.codec, one, f"{place}[{position}]")
        case _:
            yield place, codec


def fields(codec: Any, place: str = "") -> Iterator[str]:
    """Places of all values that a plan may state, positions left out."""
    match codec:
        case plan_file.OfBenefit():
            for record in plan_file.RESPONSIBILITIES.values():
                yield from fields(record, place)
        case Record() | plan_file.Flat() | plan_file.Name():
            for field in editing.record_of(codec).fields:
                yield from fields(field.codec, f"{place}.{field.key}" if place else field.key)
        case plan_file.Tabled():
            yield from fields(Listed(plan_file.Flat(plan_file.row_record(codec.number))), place)
        case Listed():
            yield from fields(codec.codec, f"{place}[]")
        case _:
            yield place


def without_positions(place: str) -> str:
    """A place whatever positions it names."""
    return re.sub(r"\[\d+\]", "[]", place)


def renamed(data: Any, old: str, new: str) -> Any:
    """The data with a name changed wherever it stands."""
    if isinstance(data, dict):
        return {key: renamed(value, old, new) for key, value in data.items()}
    if isinstance(data, list):
        return [renamed(one, old, new) for one in data]
    return new if isinstance(data, str) and data == old else data


def otherwise(codec: Any, place: str) -> Iterator[Any]:
    """The rich plan with another value at a place, in several ways; not each of them is a plan."""
    value = editing.found_at(RICH, place)
    if isinstance(codec, Choice):
        yield from (editing.replaced(RICH, place, option) for option in codec.options if option != value)
    elif isinstance(value, bool):
        yield editing.replaced(RICH, place, not value)
    elif isinstance(value, str):
        others = (f"{value}x", f"{value}X", f"{value}0", "03-03", "2025-05-31", "device", "self_pay", "lump_sum")
        yield from (editing.replaced(RICH, place, other) for other in others if other != value)
        yield renamed(RICH, value, f"{value}x")
    else:
        yield from (editing.replaced(RICH, place, other) for other in (value + 1, value - 1, value / 2))


def readable(ways: Iterator[Any]) -> Iterator[PlanTerms]:
    """Those that are plans."""
    for data in ways:
        try:
            yield plan_file.terms_of(data)
        except PlanRefused:
            continue


def languages(place: str) -> tuple[str, ...]:
    """In which a value is read: a name in its own language, anything else in both."""
    last = place.rsplit(".", 1)[-1]
    return (last,) if last in ("zh", "en") else ("zh", "en")


LEAVES = dict(leaves(plan_file.PLAN, RICH))


def test_the_rich_plan_states_every_field_of_every_record() -> None:
    assert set(fields(plan_file.PLAN)) - {without_positions(place) for place in LEAVES} == set()
    assert set(SILENT) <= set(fields(plan_file.PLAN))


@pytest.mark.parametrize("place", [place for place in LEAVES if without_positions(place) not in SILENT])
def test_whatever_value_of_a_plan_changes_its_words_differ(place: str) -> None:
    before = plan_file.terms_of(RICH)
    others = list(readable(otherwise(LEAVES[place], place)))
    assert others, "no other value is admitted here"
    for other in others:
        assert [language for language in languages(place) if not changes(before, other, language)] == []

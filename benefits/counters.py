"""Counters of a cover in words: what a plan counts of earlier cases, for forms that begin with it."""

from __future__ import annotations

from collections.abc import Iterator

from benefits import wording
from benefits.compiled import compile_terms
from benefits.terms import Allowance, Expense, LumpSum, PlanTerms


def counters_in(terms: PlanTerms, language: str) -> list[tuple[str, str]]:
    """The counters of the year that a plan looks at, each with its words; those of an event carry its reference besides."""
    return [(counter, in_words(counter, terms, language)) for counter in dict.fromkeys(_counters(terms))]


def in_words(counter: str, terms: PlanTerms, language: str) -> str:
    """`deductible:in_catalogue` as the plan calls it; the event or day of a counter in brackets."""
    what, _colon, rest = counter.partition(":")
    for mark in "@#":
        name, found, of = rest.partition(mark)
        if found:
            break
    known = {part.code: part.name.say(language) for part in terms.responsibilities}
    said = f"{wording.say(wording.COUNTERS, what, language)}{wording.mark('colon', language)}{known.get(name, name)}"
    return f"{said}{wording.bracketed(of, language)}" if of else said


def _counters(terms: PlanTerms) -> Iterator[str]:
    for rule in compile_terms(terms).rules:
        part = rule.terms
        if isinstance(part, Expense):
            if not rule.deductible_of_event:
                yield rule.deductible_counter
            if not rule.position_of_event:
                yield rule.base_counter if rule.before else rule.above_counter
        elif isinstance(part, Allowance):
            yield rule.days_counter
        elif isinstance(part, LumpSum):
            yield rule.times_counter
        yield rule.paid_counter
    yield from (f"limit:{shared.name}" for shared in terms.limits if shared.per == "year")

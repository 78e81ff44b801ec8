"""The cases of a file decided one after the other: what `manage.py quote` prints and a trial shows."""

from __future__ import annotations

from typing import NamedTuple

from benefits.decide import Decision, decide
from benefits.facts import FactsRefused
from benefits.facts_file import CaseFile
from benefits.terms import PlanTerms


class Quoted(NamedTuple):
    """A case of a file, by its name, as the plan decides it."""

    name: str
    decision: Decision


def quoted(cases: CaseFile, terms: PlanTerms) -> tuple[Quoted, ...]:
    """Each case after what those before it used; FactsRefused names the case whose facts cannot be true."""
    usage, found = cases.used_before, []
    for case in cases.cases:
        try:
            decision = decide(case.facts, terms, usage)
        except FactsRefused as error:
            raise FactsRefused(case.name, str(error)) from error
        found.append(Quoted(case.name, decision))
        usage = decision.usage
    return tuple(found)

"""Marks that a reviewer sets: those that exclusions of a plan ask for, in words."""

from __future__ import annotations

from collections.abc import Iterable

from benefits import wording
from benefits.terms import PlanTerms


def marks_in(terms: PlanTerms, language: str) -> dict[str, str]:
    """By mark what it excludes, the plan's own exclusions first; an exclusion of several marks names each besides."""
    found: dict[str, dict[str, None]] = {}
    for exclusion in (*terms.exclusions, *(each for part in terms.responsibilities for each in part.exclusions)):
        name = exclusion.name.say(language)
        for mark in exclusion.tags:
            words = name if len(exclusion.tags) == 1 else f"{name}{wording.bracketed(mark, language)}"
            found.setdefault(mark, {})[words] = None
    return {mark: listed(words, language) for mark, words in found.items()}


def listed(words: Iterable[str], language: str) -> str:
    """One after the other."""
    return wording.mark("comma", language).join(words)

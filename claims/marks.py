"""Marks (标记) of a case, its bills and their charges: what exclusions of its plans ask a reviewer about. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benefits.marks import listed, marks_in
from claims.models import Bill, Case
from programs.benefit_terms import benefit_terms, engine_language


def known_marks(case: Case, language: str = "") -> dict[str, str]:
    """By mark what it excludes, in a language ("": the page's); of the case's plans in the order in which they pay."""
    found: dict[str, str] = {}
    for claim in case.claims.select_related("plan").order_by("position"):
        terms = benefit_terms(claim.plan)
        for mark, words in ({} if terms is None else marks_in(terms, language or engine_language())).items():
            found.setdefault(mark, words)
    return found


def said_of(marks: Iterable[str], known: Mapping[str, str], language: str = "") -> str:
    """Marks in words, one after the other."""
    return listed([known.get(mark, mark) for mark in marks], language or engine_language())


def all_marks(bill: Bill) -> list[str]:
    """Of a bill and its charges, each once."""
    return list(dict.fromkeys([*bill.marks, *(mark for line in bill.lines.all() for mark in line.marks)]))

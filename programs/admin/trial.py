"""A trial calculation: a case as a form, and what a plan pays for it; nothing is kept."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from audit.errors import Refused
from benefits import editing, facts_file, plan_file
from benefits.decide import Decision, decide
from benefits.facts import FactsRefused
from benefits.shapes import FileRefused, Problem, Record
from benefits.terms import Expense, PlanTerms
from programs import trial_facts
from programs.admin.filling import changed_by
from programs.benefit_terms import engine_language

CASE = Record("Case", dict, tuple(field for field in facts_file.CASE_FIELDS if field.key != "cover"))


class Trial:
    """A case as a form, and what the plan pays for it."""

    def __init__(self, terms: PlanTerms, request: HttpRequest) -> None:
        self.terms, self.language = terms, engine_language()
        self.problems: tuple[Problem, ...] = ()
        self.refusal = ""
        self.decision: Decision | None = None
        self.data: dict[str, Any] = {"bills": [{"lines": [{}]}]}
        #: A cover by its number, whose facts the case begins with.
        self.offers_covers, self.cover = trial_facts.are_given(), request.GET.get("cover", "").strip()[:60]
        if request.method != "POST" and self.offers_covers and self.cover:
            self._begin_with_cover(request)
        if request.method == "POST":
            self._take_in(request)

    def _begin_with_cover(self, request: HttpRequest) -> None:
        try:
            self.data = {**self.data, **trial_facts.facts_of(self.cover, by=request.user)}
        except Refused as refused:
            self.refusal = str(refused)

    def _take_in(self, request: HttpRequest) -> None:
        given = {name: values for name, values in request.POST.lists() if not name.startswith("_")}
        self.data = editing.filled(CASE, given, "") or {"bills": [{"lines": [{}]}]}
        changed = changed_by(request.POST, self.data)
        if changed is not None:
            self.data = changed
            return
        try:
            case = facts_file.cases_of(self.data).cases[0]
            self.decision = decide(case.facts, self.terms)
        except FileRefused as refused:
            self.problems = refused.problems
        except FactsRefused as refused:
            self.refusal = str(refused)

    @property
    def node(self) -> editing.Node:
        """The form."""
        names = editing.names_in(plan_file.data_of(self.terms), self.language)
        lists = [
            part.required_list for part in self.terms.responsibilities if isinstance(part, Expense) and part.required_list
        ]
        names["lists"] = [(each, each) for each in dict.fromkeys(lists)]
        return editing.Form(self.language, self.problems, names).node(CASE, self.data, "", "case")

    @property
    def elsewhere(self) -> list[str]:
        """Problems that no input shows."""
        places = {node.place for node in self.node.walk()}
        found = [
            editing.problem_in_words(problem, None, self.language) for problem in self.problems if problem.place not in places
        ]
        return [*found, self.refusal] if self.refusal else found

    @property
    def paid(self) -> list[tuple[str, Any]]:
        """What each responsibility pays, in yuan."""
        names = {part.code: part.name.say(self.language) for part in self.terms.responsibilities}
        return [] if self.decision is None else [(names[each.code], each.amount) for each in self.decision.benefits]

    @property
    def steps(self) -> list[tuple[str, str, str, str, str]]:
        """The trace as a table."""
        return [] if self.decision is None else self.decision.trace.table(self.language)

    @property
    def sentences(self) -> list[str]:
        """The trace in plain words."""
        return [] if self.decision is None else self.decision.trace.sentences(self.language)

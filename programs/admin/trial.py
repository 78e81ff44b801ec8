"""A trial calculation: a case as a form, or cases as a file, and what a plan pays for them; nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from audit.errors import Refused
from benefits import editing, facts_file, plan_file
from benefits.counters import counters_in, in_words
from benefits.decide import Decision
from benefits.facts import FactsRefused
from benefits.facts_file import CaseFile
from benefits.marks import marks_in
from benefits.quotes import quoted
from benefits.shapes import FileRefused, Problem, Record
from benefits.terms import Expense, PlanTerms
from programs import trial_facts
from programs.admin.filling import changed_by
from programs.admin.uploads import read_upload
from programs.benefit_terms import engine_language

#: A case file of one case: all that `manage.py quote` reads but the list of several.
CASE = Record("Case", dict, tuple(field for field in facts_file.CASE_FILE.fields if field.key != "cases"))
BLANK: dict[str, Any] = {"bills": [{"lines": [{}]}]}


class CaseFileForm(forms.Form):
    """A case file, as `manage.py quote` reads it."""

    file = forms.FileField(
        label=_("case file"), widget=UnfoldAdminFileFieldWidget(),
        help_text=_("YAML or JSON, as the shell's quote reads it: cases one after the other, and what was used before them."),
    )

    def clean_file(self) -> CaseFile:
        """The cases of the file."""
        cases: CaseFile = read_upload(self.cleaned_data["file"], facts_file.load)
        return cases


@dataclass(frozen=True)
class Decided:
    """A case as the plan decides it, in words of a language."""

    name: str
    decision: Decision
    terms: PlanTerms
    language: str

    @property
    def paid(self) -> list[tuple[str, Any]]:
        """What each responsibility pays, in yuan."""
        names = {part.code: part.name.say(self.language) for part in self.terms.responsibilities}
        return [(names[each.code], each.amount) for each in self.decision.benefits]

    @property
    def steps(self) -> list[tuple[str, str, str, str, str]]:
        """The trace as a table."""
        return self.decision.trace.table(self.language)

    @property
    def sentences(self) -> list[str]:
        """The trace in plain words."""
        return self.decision.trace.sentences(self.language)

    @property
    def used(self) -> list[tuple[str, Any]]:
        """What is used of the cover after the case, counter by counter."""
        return [(in_words(name, self.terms, self.language), used) for name, used in self.decision.usage.items() if used]


class Trial:
    """A case as a form or cases of a file, and what the plan pays for them."""

    def __init__(self, terms: PlanTerms, request: HttpRequest) -> None:
        self.terms, self.language = terms, engine_language()
        self.problems: tuple[Problem, ...] = ()
        self.refusal = ""
        self.decided: tuple[Decided, ...] = ()
        self.data: dict[str, Any] = BLANK
        self.file_form = CaseFileForm()
        #: A cover by its number, whose facts the case begins with.
        self.offers_covers, self.cover = trial_facts.are_given(), request.GET.get("cover", "").strip()[:60]
        if request.method != "POST" and self.offers_covers and self.cover:
            self._begin_with_cover(request)
        if request.method == "POST" and "_file" in request.POST:
            self._take_file(request)
        elif request.method == "POST":
            self._take_in(request)

    def _begin_with_cover(self, request: HttpRequest) -> None:
        try:
            self.data = {**self.data, **trial_facts.facts_of(self.cover, by=request.user)}
        except Refused as refused:
            self.refusal = str(refused)

    def _take_file(self, request: HttpRequest) -> None:
        self.file_form = CaseFileForm(request.POST, request.FILES)
        if self.file_form.is_valid():
            self._decide(self.file_form.cleaned_data["file"])

    def _take_in(self, request: HttpRequest) -> None:
        given = {name: values for name, values in request.POST.lists() if not name.startswith("_")}
        self.data = editing.filled(CASE, given, "") or BLANK
        changed = changed_by(request.POST, self.data)
        if changed is not None:
            self.data = changed
            return
        try:
            self._decide(facts_file.cases_of(self.data))
        except FileRefused as refused:
            self.problems = refused.problems
        if self.decided and "_next" in request.POST:
            self._begin_next()

    def _decide(self, cases: CaseFile) -> None:
        try:
            found = quoted(cases, self.terms)
        except FactsRefused as refused:
            self.refusal = str(refused)
            return
        self.decided = tuple(Decided(name, decision, self.terms, self.language) for name, decision in found)

    def _begin_next(self) -> None:
        """Another case of the same person under the same cover, after what this one used."""
        kept: dict[str, Any] = {key: self.data[key] for key in ("insured", "cover") if key in self.data}
        used = {name: number for name, number in sorted(self.decided[-1].decision.usage.items()) if number}
        self.data = {**BLANK, **kept, "used_before": used}

    @property
    def node(self) -> editing.Node:
        """The form."""
        names = editing.names_in(plan_file.data_of(self.terms), self.language)
        lists = [
            part.required_list for part in self.terms.responsibilities if isinstance(part, Expense) and part.required_list
        ]
        names["lists"] = [(each, each) for each in dict.fromkeys(lists)]
        names["counter"] = counters_in(self.terms, self.language)
        names["tags"] = list(marks_in(self.terms, self.language).items())
        return editing.Form(self.language, self.problems, names).node(CASE, self.data, "", "case")

    @property
    def elsewhere(self) -> list[str]:
        """Problems that no input shows."""
        places = {node.place for node in self.node.walk()}
        found = [
            editing.problem_in_words(problem, None, self.language) for problem in self.problems if problem.place not in places
        ]
        return [*found, self.refusal] if self.refusal else found

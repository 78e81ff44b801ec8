"""Held lines of an import decided on its pages: one, or all with a finding; and what was decided so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget

from intake.deciding import decided_counts
from intake.findings import MEANINGS, SEVERITY_OF, Severity, Verdict, plain_words
from intake.held import ACCEPT, REFUSE, Choice
from intake.models import State
from intake.pages import rows
from intake.pages.context import RowLine


@dataclass(frozen=True)
class Made:
    """A decision as the page lists it: rows it changed when it was made, rows that stand by it now."""

    what: str
    reason: str
    who: str
    at: datetime
    made: int
    rows: int


class DecideForm(forms.Form):
    """What becomes of the chosen lines, and why."""

    kind = forms.ChoiceField(label=_("Decision"), widget=UnfoldAdminRadioSelectWidget())
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))

    def __init__(self, data: Any, *, kinds: Sequence[Any], help_text: Any = "") -> None:
        super().__init__(data)
        fields: Any = self.fields
        fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]
        fields["reason"].help_text = help_text
        self._kinds = {kind.value: kind for kind in kinds}

    def clean_kind(self) -> Any:
        """The kind itself."""
        return self._kinds[self.cleaned_data["kind"]]


class HeldPages:
    """Mixed into the pages of an import before `ImportPages`; the class gives `has_decide_permission` and what stands below."""

    #: The room's lines (`HeldLines`), its decisions' words (accept, refuse, reopen and others), its rows, the rows of decisions.
    held_lines: Any
    line_decisions: Any
    held_row_model: Any
    decision_model: Any
    #: Decisions that only one line at a time can have.
    of_one_line: tuple[str, ...] = ()
    decide_sentence: Any = ""
    decide_help: Any = ""

    def decide_chosen(self, subject: Any, **given: Any) -> Any:
        """The room's action: gives the decision, and how many of the chosen lines cannot be so decided."""
        raise NotImplementedError

    def line_facts(self, row: Any) -> list[tuple[str, Any]]:
        """What the page says of one line, masked."""
        raise NotImplementedError

    def decide_form(self, data: Any, *, kinds: Sequence[Any]) -> forms.Form:
        """What people fill in."""
        return DecideForm(data, kinds=kinds, help_text=self.decide_help)

    def decided_at(self, subject: Any, request: HttpRequest) -> Callable[[str], str]:
        """Where all held lines with a finding are decided, for a reader who may."""
        page = self._decide_address(subject, request)
        return lambda code: f"{page}?code={code}" if page and SEVERITY_OF[code] == Severity.DOUBT else ""

    def _decide_address(self, subject: Any, request: HttpRequest) -> str:
        """The page on which lines are decided; "" for a reader or a state in which none are."""
        pages: Any = self
        if subject.state != State.REVIEW or not pages.has_decide_permission(request, subject.pk):
            return ""
        return reverse(f"admin:{pages.opts.app_label}_{pages.opts.model_name}_decide", args=[subject.pk])

    def row_lines(self, subject: Any, page: Sequence[Any], request: HttpRequest) -> list[RowLine]:
        """Each held or decided line with the way to decide it."""
        lines: list[RowLine] = super().row_lines(subject, page, request)  # type: ignore[misc]
        address = self._decide_address(subject, request)
        if not address:
            return lines
        marks = set(self.held_lines.marks.values())
        return [
            replace(line, decide=f"{address}?only={row.pk}") if row.verdict == Verdict.DOUBTFUL or set(row.codes) & marks else line
            for row, line in zip(page, lines, strict=True)
        ]

    @action(description=_("Decide held lines"), url_path="decide", permissions=["decide"], icon="gavel")
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lines that the address names, or all that are held."""
        pages: Any = self
        subject = pages.visible_or_404(request, object_id)
        wanted = rows.shown(request.GET)
        choice = Choice(rows=wanted.only, code=wanted.code)

        def run(given: dict[str, Any]) -> str:
            done = self.decide_chosen(subject, choice=choice, **given)
            if not done.left:
                return _t("%(rows)s rows were decided.") % {"rows": f"{done.decision.rows:,}"}
            return _t("%(rows)s rows were decided; %(left)s cannot be decided like this and stay as they are.") % {
                "rows": f"{done.decision.rows:,}", "left": f"{done.left:,}",
            }

        kinds = [
            kind for kind in self.line_decisions
            if choice.rows or kind in (ACCEPT, REFUSE)
            if len(choice.rows) == 1 or kind not in self.of_one_line
        ]
        found: HttpResponse = pages.button_page(
            request, title=_t("Decide held lines"), button=_t("Decide"), subject=subject, run=run,
            form=self.decide_form(request.POST if request.method == "POST" else None, kinds=kinds),
            sentence=str(self.decide_sentence), facts=self._choice_facts(subject, choice),
        )
        return found

    def _choice_facts(self, subject: Any, choice: Choice) -> list[tuple[str, Any]]:
        """Which lines are meant, masked where it is one."""
        pages: Any = self
        found: QuerySet = self.held_row_model.objects.filter(**{pages.desk.template_of(subject).import_key: subject})
        found = found.filter(pk__in=choice.rows) if choice.rows else found.filter(verdict=Verdict.DOUBTFUL)
        if choice.code and not choice.rows:
            found = found.filter(codes__contains=[choice.code])
        facts: list[tuple[str, Any]] = [*pages.confirm_facts(subject)[:2], (_t("rows"), f"{found.count():,}")]
        if choice.code in MEANINGS:
            facts.append((_t("finding"), plain_words(MEANINGS[choice.code].cause)))
        if len(choice.rows) == 1 and (row := found.first()) is not None:
            facts += self.line_facts(row)
        return facts

    def decisions_of(self, subject: Any) -> list[Made]:
        """What was decided, the latest first."""
        pages: Any = self
        standing = decided_counts(list(subject.chunks.all()))
        key = pages.desk.template_of(subject).import_key
        made = self.decision_model.objects.filter(**{key: subject}).select_related("decided_by").order_by("-pk")[:200]
        return [
            Made(
                str(self.line_decisions(each.kind).label), each.reason, each.decided_by.get_full_name(), each.decided_at, each.rows,
                standing.get(each.pk, 0),
            )
            for each in made
        ]

"""Doubtful lines of a statement decided on its pages: one, or all with a finding; and what was decided so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminRadioSelectWidget

from gates import actions
from gates.admin.clearing_forms import WhyForm
from gates.deciding import DECIDED_CODES, Choice
from gates.models import LineDecision, Statement, StatementDecision, StatementRow
from intake.deciding import decided_counts
from intake.findings import MEANINGS, SEVERITY_OF, Severity, Verdict, plain_words
from intake.models import State
from intake.pages import rows
from intake.pages.context import RowLine


class DecideForm(WhyForm):
    """What the chosen lines are, and why."""

    kind = forms.ChoiceField(label=_("Decision"), widget=UnfoldAdminRadioSelectWidget())
    field_order = ("kind", "reason")

    def __init__(self, data: Any, *, kinds: Sequence[LineDecision]) -> None:
        super().__init__(data)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]

    def clean_kind(self) -> LineDecision:
        """The kind itself."""
        return LineDecision(self.cleaned_data["kind"])


@dataclass(frozen=True)
class Made:
    """A decision as the page lists it: rows it changed when it was made, rows that stand by it now."""

    what: str
    reason: str
    who: str
    at: datetime
    made: int
    rows: int


class DecidingPages:
    """Mixed into the pages of statements; the class gives `has_decide_permission`."""

    def decided_at(self, subject: Statement, request: HttpRequest) -> Callable[[str], str]:
        """Where all doubtful lines with a finding are decided, for a reader who may."""
        page = self._decide_address(subject, request)
        return lambda code: f"{page}?code={code}" if page and SEVERITY_OF[code] == Severity.DOUBT else ""

    def _decide_address(self, subject: Statement, request: HttpRequest) -> str:
        """The page on which lines are decided; "" for a reader or a state in which none are."""
        if subject.state != State.REVIEW or not self.has_decide_permission(request, subject.pk):  # type: ignore[attr-defined]
            return ""
        return reverse("admin:gates_statement_decide", args=[subject.pk])

    def row_lines(self, subject: Statement, page: Sequence[Any], request: HttpRequest) -> list[RowLine]:
        """Each doubtful or decided line with the way to decide it."""
        lines: list[RowLine] = super().row_lines(subject, page, request)  # type: ignore[misc]
        address = self._decide_address(subject, request)
        if not address:
            return lines
        return [
            replace(line, decide=f"{address}?only={row.pk}")
            if row.verdict == Verdict.DOUBTFUL or set(row.codes) & set(DECIDED_CODES) else line
            for row, line in zip(page, lines, strict=True)
        ]

    @action(description=_("Decide doubtful lines"), url_path="decide", permissions=["decide"], icon="gavel")
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lines that the address names, or all in doubt."""
        pages: Any = self
        statement = pages.visible_or_404(request, object_id)
        wanted = rows.shown(request.GET)
        choice = Choice(rows=wanted.only, code=wanted.code)

        def run(given: dict[str, Any]) -> str:
            done = actions.decide_lines(statement, choice=choice, **given)
            if not done.left:
                return _t("%(rows)s rows were decided.") % {"rows": f"{done.decision.rows:,}"}
            return _t("%(rows)s rows were decided; %(left)s cannot be decided like this and stay as they are.") % {
                "rows": f"{done.decision.rows:,}", "left": f"{done.left:,}",
            }

        kinds = list(LineDecision) if choice.rows else [LineDecision.ACCEPT, LineDecision.HOLD]
        found: HttpResponse = pages.button_page(
            request, title=_t("Decide doubtful lines"), button=_t("Decide"), subject=statement, run=run,
            form=DecideForm(request.POST if request.method == "POST" else None, kinds=kinds),
            sentence=_t(
                "Accepted, a line pays the cover that it names, where that waits for exactly this payment. Otherwise its money is "
                "held. The approver sees what was decided, and why."
            ),
            facts=choice_facts(statement, choice),
        )
        return found


def choice_facts(statement: Statement, choice: Choice) -> list[tuple[str, Any]]:
    """Which lines are meant, masked where it is one."""
    found = StatementRow.objects.filter(statement=statement)
    found = found.filter(pk__in=choice.rows) if choice.rows else found.filter(verdict=Verdict.DOUBTFUL)
    if choice.code and not choice.rows:
        found = found.filter(codes__contains=[choice.code])
    facts: list[tuple[str, Any]] = [
        (_t("collection statement"), statement.reference), (_t("rows"), f"{found.count():,}"),
    ]
    if choice.code in MEANINGS:
        facts.append((_t("finding"), plain_words(MEANINGS[choice.code].cause)))
    if len(choice.rows) == 1 and (row := found.first()) is not None:
        facts += [
            (_t("cover or document number"), row.number or str(row.document or "")), (_t("name"), str(row.name or "")),
            (_t("amount (yuan)"), f"{row.amount:,.2f}" if row.amount is not None else ""), (_t("paid on"), row.paid_on),
        ]
    return facts


def decisions_of(statement: Statement) -> list[Made]:
    """What was decided, the latest first."""
    standing = decided_counts(list(statement.chunks.all()))
    made = StatementDecision.objects.filter(statement=statement).select_related("decided_by").order_by("-pk")[:200]
    return [
        Made(
            str(LineDecision(each.kind).label), each.reason, each.decided_by.get_full_name(), each.decided_at, each.rows,
            standing.get(each.pk, 0),
        )
        for each in made
    ]

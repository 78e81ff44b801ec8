"""What is answered to the insurer about differences, on the pages of its invoices: line by line, or about one sum."""

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
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextareaWidget

from handover import actions
from handover.actions import Choice
from handover.admin.sums import hint_of, tables_of
from handover.models import DecisionKind, Invoice, InvoiceDecision, InvoiceRow
from handover.totals import settled
from intake.deciding import decided_counts
from intake.findings import MEANINGS, SEVERITY_OF, Severity, Verdict, plain_words
from intake.models import State
from intake.pages import download, rows
from intake.pages.context import RowLine

#: Verdicts of lines that differ.
DIFFERING = (Verdict.DOUBTFUL, Verdict.REFUSED, Verdict.COVERED)
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class AnswerForm(forms.Form):
    """What is answered, and why."""

    kind = forms.ChoiceField(label=_("Decision"), widget=UnfoldAdminRadioSelectWidget())
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("The approver reads it, and the insurer where ours is insisted on or something is asked; no names or numbers."),
    )

    def __init__(self, data: Any, *, kinds: Sequence[DecisionKind]) -> None:
        super().__init__(data)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]

    def clean_kind(self) -> DecisionKind:
        """The kind itself."""
        return DecisionKind(self.cleaned_data["kind"])


@dataclass(frozen=True)
class Made:
    """A decision as the page lists it: rows it changed when it was made, rows that stand by it now."""

    what: str
    reason: str
    who: str
    at: datetime
    made: int
    rows: int
    whole: bool


class AnswerPages:
    """Mixed into the pages of invoices; the class gives `has_decide_permission`, `has_take_permission`."""

    def answers_context(self, subject: Invoice) -> dict[str, Any]:
        """Decisions, and how one sum stands against our lists."""
        tables = tables_of(subject) if not subject.has_lines and subject.money else []
        return {
            "decisions": decisions_of(subject), "sums": tables, "hint": hint_of(subject, tables[0]["total"]) if tables else "",
        }

    def decided_at(self, subject: Invoice, request: HttpRequest) -> Callable[[str], str]:
        """Where all lines with a finding are decided, for a reader who may."""
        page = self.decide_address(subject, request)
        # What was only mended is no difference.
        return lambda code: f"{page}?code={code}" if page and SEVERITY_OF[code] != Severity.REPAIRED.value else ""

    def decide_address(self, subject: Invoice, request: HttpRequest) -> str:
        """The page on which lines are decided; "" for a reader or a state in which none are."""
        if subject.state != State.REVIEW or not subject.has_lines:
            return ""
        if not self.has_decide_permission(request, subject.pk):  # type: ignore[attr-defined]
            return ""
        return reverse("admin:handover_invoice_decide", args=[subject.pk])

    def with_answers(self, subject: Invoice, page: Sequence[Any], lines: list[RowLine], request: HttpRequest) -> list[RowLine]:
        """Each line with what was decided of it and the way to decide it."""
        address = self.decide_address(subject, request)
        made = InvoiceDecision.objects.in_bulk({row.decision_id for row in page if row.decision_id})
        found = []
        for row, line in zip(page, lines, strict=True):
            decision = made.get(row.decision_id)
            said = _t("%(decision)s: %(reason)s") % {
                "decision": DecisionKind(decision.kind).label, "reason": decision.reason,
            } if decision is not None else ""
            decides = f"{address}?only={row.pk}" if address and row.verdict in DIFFERING else ""
            found.append(replace(line, said=said, decide=decides))
        return found

    @action(description=_("Decide differences"), url_path="decide", permissions=["decide"], icon="gavel")
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lines that the address names, or all with a finding that nobody has decided yet."""
        pages: Any = self
        invoice = pages.visible_or_404(request, object_id)
        wanted = rows.shown(request.GET)
        choice = Choice(rows=wanted.only, code=wanted.code)

        def run(given: dict[str, Any]) -> str:
            done = actions.decide_lines(invoice, choice=choice, **given)
            if not done.left:
                return _t("%(rows)s rows were decided.") % {"rows": f"{done.decision.rows:,}"}
            return _t("%(rows)s rows were decided; %(left)s cannot be decided like this and stay as they are.") % {
                "rows": f"{done.decision.rows:,}", "left": f"{done.left:,}",
            }

        found: HttpResponse = pages.button_page(
            request, title=_t("Decide differences"), button=_t("Decide"), subject=invoice, run=run,
            form=AnswerForm(request.POST if request.method == "POST" else None, kinds=list(DecisionKind)),
            sentence=_t(
                "Accepted: the insurer's figure is paid, and the funder who pays most of the premium bears the difference. "
                "Insisted: ours is paid where more is charged. What is insisted on or asked goes back to the insurer as a file."
            ),
            facts=choice_facts(invoice, choice),
        )
        return found

    @action(description=_("Decide the difference"), url_path="decide-sum", permissions=["decide"], icon="gavel")
    def decide_sum(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Of an invoice without lines, as one."""
        pages: Any = self
        invoice = pages.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> str:
            actions.decide_sum(invoice, **given)
            return _t("Decided; it takes effect once a colleague agrees to the invoice.")

        found: HttpResponse = pages.button_page(
            request, title=_t("Decide the difference"), button=_t("Decide"), subject=invoice, run=run, facts=pages.summary(invoice),
            form=AnswerForm(request.POST if request.method == "POST" else None, kinds=list(DecisionKind)),
            sentence=_t(
                "Accepted: the sum is paid as charged, and the funder who pays most of it bears the difference. Insisted: ours is "
                "paid where more is charged; where less is charged nothing is agreed until a corrected invoice comes."
            ),
        )
        return found

    @action(description=_("Objections"), url_path="objections", permissions=["take"], icon="outgoing_mail")
    def objections(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The file that goes back to the insurer."""
        pages: Any = self
        invoice = pages.visible_or_404(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            content = actions.write_objections(invoice, **given)
            return download(content, f"invoice-{invoice.pk}-objections.xlsx", _SHEET)

        found: HttpResponse = pages.button_page(
            request, title=_t("Objections"), button=_t("Download"), subject=invoice, run=run, facts=pages.summary(invoice),
            sentence=_t(
                "What is insisted on and what is asked, with both figures and the reason, for the insurer. It names cover numbers "
                "and no person. The download is recorded."
            ),
        )
        return found


def says_something(invoice: Invoice) -> bool:
    """Whether an agreed invoice has objections."""
    decided = invoice.money.get("decided", {})
    if invoice.has_lines:
        left = invoice.money.get("more", [0])[0] - decided.get("dearer", 0) if invoice.pays_ours else 0
        return bool(left or any(decided.get(kind.value, [0])[0] for kind in (DecisionKind.INSIST, DecisionKind.ASK)))
    return settled(invoice) in (DecisionKind.INSIST, DecisionKind.ASK)


def decisions_of(invoice: Invoice) -> list[Made]:
    """What was decided, the latest first."""
    standing = decided_counts(list(invoice.chunks.all()))
    made = InvoiceDecision.objects.filter(invoice=invoice).select_related("decided_by").order_by("-pk")[:200]
    return [
        Made(
            str(DecisionKind(each.kind).label), each.reason, each.decided_by.get_full_name(), each.decided_at, each.rows,
            standing.get(each.pk, 0), bool(each.chosen.get("whole")),
        )
        for each in made
    ]


def choice_facts(invoice: Invoice, choice: Choice) -> list[tuple[str, Any]]:
    """Which lines are meant: how many, why they differ, both figures where it is one."""
    found = InvoiceRow.objects.filter(invoice=invoice, verdict__in=DIFFERING)
    found = found.filter(pk__in=choice.rows) if choice.rows else found.filter(decision=None)
    if choice.code and not choice.rows:
        found = found.filter(codes__contains=[choice.code])
    facts: list[tuple[str, Any]] = [(_t("invoice number"), invoice.number), (_t("rows"), f"{found.count():,}")]
    if choice.code in MEANINGS:
        facts.append((_t("finding"), plain_words(MEANINGS[choice.code].cause)))
    if len(choice.rows) == 1 and (row := found.first()) is not None:
        facts += [
            (_t("charged (yuan)"), f"{row.amount:,.2f}" if row.amount is not None else ""),
            (_t("due by our list (yuan)"), f"{row.due:,.2f}" if row.due is not None else ""),
        ]
    return facts


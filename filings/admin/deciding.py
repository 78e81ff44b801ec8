"""Held lines of a file of claims decided on its pages: one, or all with a finding; and what was decided so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from filings import actions
from filings.admin.forms import DecideForm
from filings.deciding import DECIDED_CODES, Choice
from filings.models import ClaimFile, ClaimFileRow, FilingDecision, LineDecision
from intake.deciding import decided_counts
from intake.findings import MEANINGS, SEVERITY_OF, Severity, Verdict, plain_words
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


class DecidingPages:
    """Mixed into the pages of files of claims; the class gives `has_decide_permission`."""

    def decided_at(self, subject: ClaimFile, request: HttpRequest) -> Callable[[str], str]:
        """Where all held lines with a finding are decided, for a reader who may."""
        page = self._decide_address(subject, request)
        return lambda code: f"{page}?code={code}" if page and SEVERITY_OF[code] == Severity.DOUBT else ""

    def _decide_address(self, subject: ClaimFile, request: HttpRequest) -> str:
        """The page on which lines are decided; "" for a reader or a state in which none are."""
        if subject.state != State.REVIEW or not self.has_decide_permission(request, subject.pk):  # type: ignore[attr-defined]
            return ""
        return reverse("admin:filings_claimfile_decide", args=[subject.pk])

    def row_lines(self, subject: ClaimFile, page: Sequence[Any], request: HttpRequest) -> list[RowLine]:
        """Each held or decided line with the way to decide it."""
        lines: list[RowLine] = super().row_lines(subject, page, request)  # type: ignore[misc]
        address = self._decide_address(subject, request)
        if not address:
            return lines
        return [
            replace(line, decide=f"{address}?only={row.pk}")
            if row.verdict == Verdict.DOUBTFUL or set(row.codes) & set(DECIDED_CODES) else line
            for row, line in zip(page, lines, strict=True)
        ]

    @action(description=_("Decide held lines"), url_path="decide", permissions=["decide"], icon="gavel")
    def decide(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lines that the address names, or all that are held."""
        pages: Any = self
        claim_file = pages.visible_or_404(request, object_id)
        wanted = rows.shown(request.GET)
        choice = Choice(rows=wanted.only, code=wanted.code)

        def run(given: dict[str, Any]) -> str:
            done = actions.decide_lines(claim_file, choice=choice, **given)
            if not done.left:
                return _t("%(rows)s rows were decided.") % {"rows": f"{done.decision.rows:,}"}
            return _t("%(rows)s rows were decided; %(left)s cannot be decided like this and stay as they are.") % {
                "rows": f"{done.decision.rows:,}", "left": f"{done.left:,}",
            }

        kinds = list(LineDecision) if choice.rows else [LineDecision.ACCEPT, LineDecision.REFUSE]
        found: HttpResponse = pages.button_page(
            request, title=_t("Decide held lines"), button=_t("Decide"), subject=claim_file, run=run,
            form=DecideForm(request.POST if request.method == "POST" else None, kinds=kinds),
            sentence=_t(
                "Taken, a line becomes a bill of its case; what does not fit stays with the bill for a second person. Left out, it "
                "goes back with the refused rows. The approver sees what was decided, and why."
            ),
            facts=choice_facts(claim_file, choice),
        )
        return found


def choice_facts(subject: ClaimFile, choice: Choice) -> list[tuple[str, Any]]:
    """Which lines are meant, masked where it is one."""
    found = ClaimFileRow.objects.filter(claim_file=subject)
    found = found.filter(pk__in=choice.rows) if choice.rows else found.filter(verdict=Verdict.DOUBTFUL)
    if choice.code and not choice.rows:
        found = found.filter(codes__contains=[choice.code])
    facts: list[tuple[str, Any]] = [(_t("sender"), subject.sender.name), (_t("rows"), f"{found.count():,}")]
    if choice.code in MEANINGS:
        facts.append((_t("finding"), plain_words(MEANINGS[choice.code].cause)))
    if len(choice.rows) == 1 and (row := found.first()) is not None:
        facts += [
            (_t("sender's claim number"), row.claim_number), (_t("name"), str(row.name or "")),
            (_t("day of the event"), row.event_on), (_t("total (yuan)"), f"{row.total:,.2f}" if row.total is not None else ""),
        ]
    return facts


def decisions_of(subject: ClaimFile) -> list[Made]:
    """What was decided, the latest first."""
    standing = decided_counts(list(subject.chunks.all()))
    made = FilingDecision.objects.filter(claim_file=subject).select_related("decided_by").order_by("-pk")[:200]
    return [
        Made(
            str(LineDecision(each.kind).label), each.reason, each.decided_by.get_full_name(), each.decided_at, each.rows,
            standing.get(each.pk, 0),
        )
        for each in made
    ]

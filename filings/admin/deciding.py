"""What pages of files of claims say where held lines are decided."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from filings import actions
from filings.deciding import HELD
from filings.models import ClaimFile, ClaimFileRow, FilingDecision, LineDecision
from intake.pages.held import HeldPages


class DecidingPages(HeldPages):
    """Mixed into the pages of files of claims; the class gives `has_decide_permission`."""

    held_lines, line_decisions, held_row_model, decision_model = HELD, LineDecision, ClaimFileRow, FilingDecision
    decide_sentence = _(
        "Taken, a line becomes a bill of its case; what does not fit stays with the bill for a second person. Left out, it "
        "goes back with the refused rows. The approver sees what was decided, and why."
    )
    decide_help = _("What was compared, what the sender said. Write no names and numbers of people.")

    def decide_chosen(self, subject: ClaimFile, **given: Any) -> Any:
        """By the action."""
        return actions.decide_lines(subject, **given)

    def line_facts(self, row: ClaimFileRow) -> list[tuple[str, Any]]:
        """Of one line, masked."""
        return [
            (_t("sender's claim number"), row.claim_number), (_t("name"), str(row.name or "")),
            (_t("day of the event"), row.event_on), (_t("total (yuan)"), f"{row.total:,.2f}" if row.total is not None else ""),
        ]

"""What pages of reports say where held lines are decided."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from intake.pages.held import HeldPages
from results import actions
from results.deciding import HELD
from results.models import LineDecision, Report, ReportDecision, ReportRow


class DecidingPages(HeldPages):
    """Mixed into the pages of reports; the class gives `has_decide_permission`."""

    held_lines, line_decisions, held_row_model, decision_model = HELD, LineDecision, ReportRow, ReportDecision
    decide_sentence = _(
        "Recorded, a line counts towards the limits of its cover like any other. Left out, it goes back with the refused "
        "rows. Lines of the same covers are recalculated. The approver sees what was decided, and why."
    )
    decide_help = _("What was compared, what the insurer said. Write no names and numbers of people.")

    def decide_chosen(self, subject: Report, **given: Any) -> Any:
        """By the action."""
        return actions.decide_lines(subject, **given)

    def line_facts(self, row: ReportRow) -> list[tuple[str, Any]]:
        """Of one line, masked."""
        return [
            (_t("claim number"), row.claim_number), (_t("name"), str(row.name or "")),
            (_t("day of the event"), row.event_on), (_t("paid (yuan)"), f"{row.paid:,.2f}" if row.paid is not None else ""),
        ]

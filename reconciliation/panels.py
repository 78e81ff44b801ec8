"""What this room adds: on a funder's page what was paid, month by month, to people whose cover it shares; without people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel
from closing.models import ClosedFigure, ClosingState, MonthClosing
from exports.tables import said
from programs.models import Funder
from reconciliation.statement import COFUNDED, cofunded
from subsidies.money_page import VIEW

#: Months that a panel shows.
SHOWN = 24


def _closings(funder: Funder, user: Any) -> Any:
    """Closed months: of every program for the funder itself, else of those that the reader's own office operates."""
    found = MonthClosing.objects.filter(state=ClosingState.CLOSED)
    path = funder.organization.path if funder.organization is not None else ""
    own = [grant for grant in user.grants(VIEW) if path and path.startswith(grant.organization_path) and not grant.region_prefix]
    if any(grant.program_ids is None for grant in own):
        return found
    if own:
        return found.filter(program__in={program for grant in own for program in grant.program_ids})
    return found.visible_to(user, "closing.view_monthclosing")


def _funder(funder: Funder, user: Any) -> Mapping[str, Any]:
    rows = ClosedFigure.objects.filter(closing__in=_closings(funder, user), funder=funder, measure__in=COFUNDED)
    by: dict[MonthClosing, list[ClosedFigure]] = defaultdict(list)
    for row in rows.select_related("closing__program").order_by("-closing__month", "closing__program__code", "closing_id", "id"):
        by[row.closing].append(row)
    months = []
    for closing, figures in list(by.items())[:SHOWN]:
        table = cofunded(figures)
        months.append((closing, [said(cell) for cell in table.total[1]] if table.total is not None else []))
    return {"months": months, "headings": cofunded([]).headings, "remark": cofunded([]).remark}


PANELS = (
    PagePanel(
        "reconciliation.funder", _("Paid to people whose cover this payer shares"), "programs.funder", VIEW, _funder,
        "reconciliation/funder.html", 30,
    ),
)


def register() -> None:
    """Called once at start."""
    for panel in PANELS:
        panels.register_page_panel(panel)

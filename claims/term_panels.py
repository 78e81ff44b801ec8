"""What the calendar and the terms add to the workbench: a year that is missing, terms that wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel, Urgency, queue_of
from claims.actions.service_terms import APPROVE
from claims.due import terms_of_claim
from claims.models.calendar import DayKind
from claims.models.service_term import TermKind, TermState
from claims.rules.almanac import known_until, missing_year
from claims.terms import terms_on

_HOLIDAY, _TERM = "claims.holiday", "claims.serviceterm"


def _last_known(days: Any, user: Any) -> Any:
    """The last day off that is known, where the year after it should be known by now and is not."""
    off = days.model.objects.filter(kind=DayKind.OFF).values_list("day", flat=True)
    known = known_until(list(off))
    if missing_year(known, today=timezone.localdate()) is None or known is None:
        return days.none()
    last = days.visible_to(user, "claims.import_holiday").filter(kind=DayKind.OFF, day__lte=known)
    return last.filter(pk__in=last.order_by("-day").values("pk")[:1])


def _to_approve(terms: Any, user: Any) -> Any:
    return terms.visible_to(user, APPROVE).filter(state=TermState.PROPOSED).exclude(proposed_by=user)


def _of_program(program: Any, user: Any) -> Mapping[str, Any]:
    """The law's terms and the program's promises that hold today, by what they are for."""
    rows = terms_on(program.pk, timezone.localdate())
    return {"kinds": [(kind.label, held) for kind in TermKind if (held := [row for row in rows if row.kind == kind])]}


PANEL = PagePanel(
    "claims.terms_of_program", _("Terms of claims"), "programs.program", "claims.view_serviceterm", _of_program,
    "claims/program_terms.html", order=160,
)
def _of_claim(claim: Any, user: Any) -> Mapping[str, Any]:
    """Each term of the claim with its last day; nothing where no clock runs."""
    clocks, told = terms_of_claim(claim, today=timezone.localdate())
    begun = ", ".join(f"{day:%Y-%m-%d}" for day in sorted({clock.begun_on for clock in clocks}))
    return {"begun": begun, "told": told, "stands": bool(told) and all(each.day is None for each in told)}


CLAIM_PANEL = PagePanel(
    "claims.terms_of_claim", _("Days of this claim"), "claims.claim", "claims.view_serviceterm", _of_claim,
    "claims/claim_terms.html", order=30,
)
QUEUES = (
    queue_of(
        _HOLIDAY, "claims.calendar_missing", _("The next year's calendar of working days is missing"), "claims.import_holiday",
        _last_known, Urgency.NOW,
    ),
    queue_of(_TERM, "claims.terms_to_approve", _("Terms of claims to approve"), APPROVE, _to_approve),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in (PANEL, CLAIM_PANEL):
        panels.register_page_panel(panel)

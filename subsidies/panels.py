"""What this room adds: queues of the workbench, a funder's money from grant to person-times, what a person was subsidized by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit import panels
from audit.panels import PagePanel, Urgency, queue_of
from beneficiaries.own_payers import with_sponsor
from subsidies import place_table
from subsidies.models import DifferenceLine, FundRequestLine
from subsidies.models.difference import DifferencesState
from subsidies.models.movement import MovementState
from subsidies.models.request import RequestState
from subsidies.money_page import VIEW, page_of
from subsidies.reach import payer_in_words

#: Lines of one enrollment that a panel shows.
SHOWN = 20
_REQUEST, _MOVEMENT, _DIFFERENCES = "subsidies.fundrequest", "subsidies.fundmovement", "subsidies.differences"


def _to_approve(requests: Any, user: Any) -> Any:
    waiting = requests.visible_to(user, "subsidies.approve_request").filter(state=RequestState.SUBMITTED)
    return waiting.exclude(made_by=user).exclude(submitted_by=user)


def _drafts(requests: Any, user: Any) -> Any:
    return requests.visible_to(user, "subsidies.make_request").filter(state=RequestState.DRAFT)


def _open(requests: Any, user: Any) -> Any:
    return requests.visible_to(user, "subsidies.record_movement").filter(state=RequestState.SENT)


def _to_confirm(movements: Any, user: Any) -> Any:
    waiting = movements.visible_to(user, "subsidies.confirm_movement").filter(state=MovementState.PROPOSED)
    return waiting.exclude(made_by=user)


def _differences(lists: Any, user: Any) -> Any:
    waiting = lists.visible_to(user, "subsidies.approve_differences").filter(state=DifferencesState.PROPOSED)
    return waiting.exclude(made_by=user)


QUEUES = (
    queue_of(
        _MOVEMENT, "subsidies.to_confirm", _("Movements of funds to confirm"), "subsidies.confirm_movement", _to_confirm,
        Urgency.NOW,
    ),
    queue_of(
        _REQUEST, "subsidies.to_approve", _("Requests for funds to approve"), "subsidies.approve_request", _to_approve, Urgency.NOW
    ),
    queue_of(
        _DIFFERENCES, "subsidies.differences", _("Differences to approve"), "subsidies.approve_differences", _differences
    ),
    queue_of(_REQUEST, "subsidies.drafts", _("Drafts of requests for funds"), "subsidies.make_request", _drafts),
    queue_of(
        _REQUEST, "subsidies.open", _("Requests for funds that are open"), "subsidies.record_movement", _open, Urgency.CALM
    ),
)


def _funder(funder: Any, user: Any) -> Mapping[str, Any]:
    page = page_of(funder, user)
    return {
        "page": page,
        "requests": [(each, reverse("admin:subsidies_fundrequest_change", args=[each.pk])) for each in page.requests],
    }


def _enrollment(enrollment: Any, user: Any) -> Mapping[str, Any]:
    asked = FundRequestLine.objects.visible_to(user, "subsidies.view_fundrequestline").filter(enrollment=enrollment)
    back = DifferenceLine.objects.visible_to(user, "subsidies.view_differenceline").filter(enrollment=enrollment, stands=True)
    return {
        "asked": list(asked.select_related("request", "funder").order_by("pk")[:SHOWN]),
        "back": [
            (line, payer_in_words(line))
            for line in with_sponsor(back, "enrollment__").select_related("funder", "enrollment__roster__employer")
            .order_by("pk")[:SHOWN]
        ],
    }


PANELS = (
    PagePanel("subsidies.funder", _("From grant to person-times"), "programs.funder", VIEW, _funder, "subsidies/funder.html", 10),
    PagePanel(
        "subsidies.enrollment", _("Subsidies"), "beneficiaries.enrollment", "subsidies.view_fundrequestline", _enrollment,
        "subsidies/enrollment.html", 20,
    ),
)


def register() -> None:
    """Called once at start."""
    for queue in QUEUES:
        panels.register_queue(queue)
    for panel in PANELS:
        panels.register_page_panel(panel)
    panels.register_place_table(place_table.TABLE)

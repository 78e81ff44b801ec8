"""Papers of the world of Latin data: printings and requests in each state that has a page of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from beneficiaries.models import Enrollment
from jobs.testing import drain
from papers import actions
from papers.models import Asker, IdentityCheck, RequestKind


def add_papers(world: Any, *, reason: str) -> None:
    """A printing to approve, one declined, cancelled, ready, of one person; requests to decide, declined, with their copy."""
    clerk, reviewer = world.users["county clerk"], world.users["city reviewer"]
    officer = world.users["city security_admin"]
    covers = Enrollment.objects.filter(state="in_force", organization=world.county, period=world.period).order_by("pk")
    cover, other = covers.select_related("beneficiary__person", "beneficiary__organization")[:2]

    def now() -> Any:
        return timezone.now()

    def asked(by: Any = clerk) -> Any:
        return actions.ask_printing(
            world.period, organization=world.county, region_code="441602", purpose="Zqpurpose", by=by, at=now()
        )

    actions.write_wording(world.program, how_to_claim="Zqclaim", phone="0762-3380000", by=reviewer, at=now())
    actions.decline_printing(asked(), reason=reason, by=reviewer, at=now())
    actions.cancel_printing(asked(), by=clerk, at=now())
    actions.approve_printing(asked(), by=reviewer, at=now())
    drain()
    actions.print_certificate(cover, purpose="Zqpurpose", by=clerk, at=now())
    asked()
    given: dict[str, Any] = {
        "asker": Asker.AGENT, "asker_name": "Zqagent", "identity_check": IdentityCheck.BOTH, "text": "Zqsaid",
        "received_on": timezone.localdate() - timedelta(days=13), "by": clerk,
    }

    def recorded(kind: RequestKind, whose: Enrollment = cover) -> Any:
        return actions.record_request(whose.beneficiary, kind=kind, at=now(), **given)

    actions.grant_request(recorded(RequestKind.ACCESS), answer="Zqanswer", by=officer, at=now())
    drain()
    actions.decline_request(recorded(RequestKind.CORRECTION), answer="Zqanswer", by=officer, at=now())
    actions.withdraw_request(recorded(RequestKind.DELETION), by=clerk, at=now())
    for kind in (RequestKind.RESTRICTION, RequestKind.LIFTING):
        actions.grant_request(recorded(kind, other), answer="Zqanswer", by=officer, at=now())
    recorded(RequestKind.WITHDRAWAL)

"""The demo comes about through the portal's own actions, holds what a visitor should see, and loads once."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Membership, User
from accounts.roles import Role
from audit.models import Event
from audit.testing import FULL_SWEEP
from beneficiaries.models import Enrollment, Roster
from gates.models import Arrival, Clearing, HeldPayment, Uncollected
from handover.models import Invoice, Remittance
from outreach.models import DeliveryReport
from payouts.models import Batch
from portal.verify import check_all
from programs.models import Budget, Program
from reconciliation.books import books_of
from reconciliation.span import Span
from subsidies.models import FundRequest
from years.models import PlanReview

pytestmark = pytest.mark.django_db


def state_of_everything() -> dict[str, Any]:
    """What a second load must leave as it is."""
    return {
        "events": Event.objects.count(), "users": list(User.objects.order_by("pk").values_list("pk", "username", "password")),
        "rosters": list(Roster.objects.order_by("pk").values_list("pk", "state")), "covers": Enrollment.objects.count(),
        "budgets": list(Budget.objects.order_by("pk").values_list("pk", "granted", "reserved", "used", "settled")),
        "requests": list(FundRequest.objects.order_by("pk").values_list("pk", "state", "amount", "allocated")),
    }


def test_the_demo_loads_through_actions_stands_verified_and_loads_once(
    tmp_path: Path, settings: Any
) -> None:
    settings.DEMO_ONE_IN = 1 if FULL_SWEEP else 10
    logins = tmp_path / "logins.txt"
    call_command("load_demo", logins=logins)
    by_state = Counter(Roster.objects.values_list("state", flat=True))
    assert by_state == {"applied": 10, "submitted": 2, "review": 3, "refused": 1, "withdrawn": 1, "failed": 1}
    assert {role: Membership.objects.filter(role=role).exists() for role in Role.values} == dict.fromkeys(Role.values, True)
    assert {line.split()[0] for line in logins.read_text(encoding="utf-8").splitlines()} == set(
        User.objects.values_list("username", flat=True)
    )
    assert set(Budget.objects.values_list("state", flat=True)) == {"approved"}
    assert Budget.objects.filter(used__gt=0).exists() and Budget.objects.filter(reserved__gt=0).count() == 0
    assert set(Enrollment.objects.values_list("state", flat=True)) == {"awaiting", "in_force", "voided"}
    assert Enrollment.objects.count() > (2_000 if FULL_SWEEP else 200)
    invoices = sorted(Invoice.objects.values_list("state", "covers", "agreed_lines"))
    assert invoices == [("applied", "", 5), ("review", "hand_over", 0)]
    assert list(Remittance.objects.values_list("state", flat=True)) == ["prepared"]
    assert list(Arrival.objects.values_list("purchase__people", flat=True)) == [3] * 13
    assert list(Clearing.objects.values_list("kind", "state", "done_lines")) == [("unpaid", "done", 1)]
    (review,) = PlanReview.objects.all()
    said = {each["code"]: (each["expected"], each["actual"]) for each in review.figures}
    assert (review.state, said["people"], said["premium"][0], said["claims"]) == (
        "approved", ("12", "9"), "1600.00", ("1360.00", None),
    )
    came = Arrival.objects.filter(purchase__period=review.period).values_list("amount", flat=True)
    assert Decimal(said["premium"][1]) == sum(came)
    assert list(Uncollected.objects.values_list("people", flat=True)) == [3, 3]
    assert list(HeldPayment.objects.filter(statement__channel="account").values_list("kind", flat=True)) == ["unknown"]
    assert list(Batch.objects.order_by("pk").values_list("state", flat=True)) == ["succeeded", "prepared"]
    assert {books_of(program, Span(), at=timezone.now()).apart for program in Program.objects.all()} == {0}
    assert list(DeliveryReport.objects.values_list("state", flat=True)) == ["applied"]
    verbs = set(Event.objects.values_list("verb", flat=True))
    assert {
        "roster.received", "roster.submitted", "roster.approved", "roster.refused", "roster.withdrawn", "roster.gate_passed",
        "plan.approved", "budget.approved", "period.opened", "user.created", "funds.request_sent", "funds.movement_confirmed",
    } <= verbs
    assert all(roster.decided_by_id not in (None, roster.uploaded_by_id) for roster in Roster.objects.filter(state="applied"))
    assert [found.name for found in check_all() if found.rows] == []
    before = state_of_everything()
    call_command("load_demo", logins=logins)
    assert state_of_everything() == before

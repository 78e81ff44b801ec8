"""An employer's contact is destroyed with the last of those whom its rosters enrolled, and stays while one of them is kept."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from audit import ciphers
from beneficiaries.models import Employer, Enrollment
from beneficiaries.testing import CODES, World, applied, employer_of, make_world, people
from gates.actions import confirm_bill_payment, record_bill_payment
from gates.models import EmployerBill
from portal.verify import check_all
from retention.testing import done, ended_long_ago, officer_of

pytestmark = pytest.mark.django_db


def covered(world: World, employer: Employer, *, first: int) -> list[Enrollment]:
    """Two people whom the employer has paid for."""
    roster = applied(world, people(2, first=first), employer=employer)
    payment = record_bill_payment(
        EmployerBill.objects.get(roster=roster), reference=f"DG-{first}", paid_on=timezone.localdate(), amount=Decimal("0.02"),
        by=world.finance_maker, at=timezone.now(),
    )
    confirm_bill_payment(payment, by=world.finance_checker, at=timezone.now())
    return list(roster.enrollments.order_by("pk"))


def test_a_contact_goes_with_the_last_of_those_whom_the_employer_enrolled() -> None:
    world = make_world(requires_own_payment=True)
    officer_of(world)
    gone, kept = employer_of(world), employer_of(world, uscc=CODES[1], name="示例电子厂", contact_name="李主任")
    old, both = covered(world, gone, first=0), covered(world, kept, first=20)
    ended_long_ago([*old, both[0]], years=11)
    ended_long_ago(both[1:], years=1)
    run = done(world)
    assert (run.state, run.done_counts["person"], run.done_counts["employer"]) == ("done", 3, 1)
    gone.refresh_from_db()
    kept.refresh_from_db()
    assert (bytes(gone.contact_name.token), gone.destroyed_at is not None) == (ciphers.DESTROYED, True)
    assert (kept.contact_name.reveal(), kept.destroyed_at) == ("李主任", None)
    # It comes again: its code is free.
    employer_of(world)
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []

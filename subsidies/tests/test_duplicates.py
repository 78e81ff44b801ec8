"""A person who was covered twice: what the cover given up by a merge had cost goes back to each who paid for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from audit.testing import shared
from beneficiaries.actions import propose_merge
from beneficiaries.models import Enrollment, Roster
from beneficiaries.testing import World, applied, make_world, people
from beneficiaries.tests.changing import approved
from portal.verify import check_all
from programs.actions import receive_own
from subsidies.testing import differences, funds, received, sent

pytestmark = pytest.mark.django_db
D = Decimal


def make() -> tuple[World, Roster]:
    """Two rows in force, which are one person; their own fen came in, their foundation was asked and has paid."""
    world = make_world()
    roster = applied(world, people(2))
    at = timezone.now()
    Enrollment.objects.filter(roster=roster).update(own_paid_at=at)
    receive_own(roster, D("0.02"), program_id=world.program.pk, people=2, by="system:test", at=at)
    sent(world)
    received(world, "137.98")
    return world, roster


_django_db_helper, one_world, kept_world = shared(make)


def test_a_cover_given_up_by_a_merge_goes_back_to_foundation_county_and_person(kept_world: Any) -> None:
    world, roster = kept_world
    one, two = roster.enrollments.select_related("beneficiary", "person").order_by("pk")
    change = propose_merge(
        one.beneficiary, other=two.person, given_up=[two.pk], reason="同一人两次申报", by=world.clerk, at=timezone.now()
    )
    approved(change, by=world.reviewer)
    two.refresh_from_db()
    assert (two.state, two.person_id) == ("voided", one.person_id)

    found = differences(world)
    lines = found.lines.select_related("funder").order_by("funder__kind", "pk")
    # The funders' shares go back by the next request, which asks for so much less; the person's own by this list.
    assert [(line.funder and line.funder.kind, line.amount, line.enrollment_id) for line in lines] == [(None, D("0.01"), two.pk)]
    request = sent(world)
    assert (request.amount, request.removals) == (D("-68.99"), 1)
    assert funds(world.foundation) == {"received": D("137.98"), "credit": D("-68.99")}
    assert [result.name for result in check_all() if result.rows] == []

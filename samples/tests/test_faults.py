"""Evidence being gathered, killed at every point of its way: every cover once, one manifest, one event each."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.roles import Role
from accounts.testing import make_user
from audit.faults import FaultAt, handled_by
from audit.models import Event
from audit.testing import FULL_SWEEP
from beneficiaries.testing import applied, make_world, people
from beneficiaries.tests.outcomes import LOST, recover
from jobs.testing import drain_through_failures
from portal.verify import check
from samples import actions
from samples.invariants import INVARIANTS
from samples.testing import asked, drawn


@pytest.mark.django_db(transaction=True)
def test_a_fault_at_any_point_of_gathering_loses_and_doubles_no_cover() -> None:
    world = make_world()
    applied(world, people(2))
    officer: Any = make_user("hy-security", organization=world.city, role=Role.SECURITY_ADMIN)
    sample = drawn(world)
    struck, k = 0, 1
    while True:
        bundle = asked(world, sample)
        actions.approve_evidence(bundle, by=officer, at=timezone.now())
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        recover()
        bundle.refresh_from_db()
        assert (bundle.state, bundle.parts.count()) == ("ready", 3), fault.seen[-1]
        opened = Event.objects.filter(verb="cover.evidence_opened", data__bundle=bundle.pk)
        gathered = Event.objects.filter(verb="evidence.gathered", subject_id=str(bundle.pk))
        assert (opened.count(), gathered.count()) == (2, 1), fault.seen[-1]
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 19
    assert struck > 1
    assert [each.name for each in INVARIANTS if check(each).rows] == []

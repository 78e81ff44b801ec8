"""A printing of many and a copy being gathered, killed at every point of their way: everybody once, one file, one event."""

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
from beneficiaries.tests.outcomes import LOST, recover
from jobs.testing import drain_through_failures
from papers import actions
from papers.models import Asker, IdentityCheck, PrintedPart, RequestKind
from papers.testing import approved, covers, make_covered
from portal.verify import check_all


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("without_outlines")
def test_a_fault_at_any_point_of_a_printing_or_a_gathering_loses_and_doubles_nobody(monkeypatch: Any) -> None:
    monkeypatch.setattr("papers.writing.STRETCH", 2)
    world = make_covered(3)
    officer = make_user("hy-security", organization=world.city, role=Role.SECURITY_ADMIN)
    known = covers(world)[0].beneficiary
    struck, k = 0, 1
    while True:
        printing = approved(world)
        request = actions.record_request(
            known, kind=RequestKind.ACCESS, asker=Asker.SELF, identity_check=IdentityCheck.DOCUMENT,
            received_on=timezone.localdate(), by=world.clerk, at=timezone.now(),
        )
        actions.grant_request(request, by=officer, at=timezone.now())
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        recover()
        printing.refresh_from_db()
        request.refresh_from_db()
        assert (printing.state, printing.people) == ("ready", 3), fault.seen[-1]
        parts = PrintedPart.objects.filter(printing=printing).order_by("number")
        assert list(parts.values_list("number", "stretch", "people")) == [(1, 1, 2), (2, 2, 1)], fault.seen[-1]
        assert request.storage_key and request.size, fault.seen[-1]
        for verb, subject in (("printing.made", printing), ("request.gathered", request)):
            assert Event.objects.filter(verb=verb, subject_id=str(subject.pk)).count() == 1, (verb, fault.seen[-1])
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 23
    assert struck > 1
    assert [result.name for result in check_all() if result.rows] == []

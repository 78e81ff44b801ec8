"""A sending killed at every point of its way: everybody in one message, once, one event."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.models import Event
from audit.testing import FULL_SWEEP
from beneficiaries.tests.outcomes import LOST, recover
from jobs.testing import drain_through_failures
from outreach import actions
from outreach.testing import line_numbers, make_paying, released
from outreach.writing import content_of
from portal.verify import check_all


@pytest.mark.django_db(transaction=True)
def test_a_fault_at_any_point_of_a_sending_loses_and_doubles_nobody(monkeypatch: Any) -> None:
    monkeypatch.setattr("outreach.writing.STEP_MESSAGES", 1)
    world = make_paying()
    numbers = line_numbers(world)
    first, other = sorted((min(numbers[:3]), numbers[3]))
    struck, k = 0, 1
    while True:
        sending = released(world)
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        recover()
        sending.refresh_from_db()
        assert (sending.state, sending.messages) == ("ready", 2), fault.seen[-1]
        assert list(sending.parts.values_list("number", "messages", "last_line")) == [(1, 1, first), (2, 1, other)], fault.seen[-1]
        assert Event.objects.filter(verb="sending.written", subject_id=str(sending.pk)).count() == 1, fault.seen[-1]
        content = b"".join(content_of(sending))
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            rows = [row for name in archive.namelist() for row in csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig")))]
        sent = [row[2] for row in rows if row[0] != "手机号"]
        assert sent == [f"M{sending.pk}-{first}", f"M{sending.pk}-{other}"], fault.seen[-1]
        actions.withdraw_sending(sending, reason="再来", by=world.reviewer, at=timezone.now())
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 13
    assert struck > 1
    assert [result.name for result in check_all() if result.rows] == []

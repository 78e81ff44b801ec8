"""The lists of a notice being written, killed at every point of their way: each village once, one event."""

from __future__ import annotations

import pytest
from django.db import connection

from audit.faults import FaultAt, handled_by
from audit.models import Event
from audit.testing import FULL_SWEEP
from beneficiaries.tests.outcomes import LOST, recover
from gates.models import NoticeFile
from gates.tests.test_notice_files import VILLAGES, asked, broken, fetched, made
from jobs.models import Job
from jobs.testing import drain_through_failures


@pytest.mark.django_db(transaction=True)
def test_a_job_that_is_killed_at_any_point_goes_on_and_writes_each_village_once() -> None:
    world = made()
    struck, k = 0, 1
    while True:
        asked(world)
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        recover()
        file = NoticeFile.objects.latest("pk")
        parts = list(file.parts.order_by("number").values_list("number", "region_code", "people"))
        assert parts == [(number, code, 2) for number, code in enumerate(VILLAGES, 1)], fault.seen[-1]
        job = Job.objects.filter(kind="gates.write_notice").latest("pk")
        assert (file.state, job.state, job.done, job.total) == ("ready", "done", 6, 6), fault.seen[-1]
        assert Event.objects.filter(verb="notice.file_written").count() == NoticeFile.objects.count()
        assert len(fetched(world)) == 3
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 7
    assert struck > 1
    assert broken() == []

"""A delivery report being uploaded, checked and kept, killed at every point of its way: each result once, the counts add up."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.testing import FULL_SWEEP
from beneficiaries.tests.outcomes import LOST, recover
from intake import staging
from jobs.testing import drain_through_failures
from outreach import actions
from outreach.models import DeliveryReport, SendingLine
from outreach.testing import line_numbers, make_paying, ready, reported
from portal.verify import check_all

#: Points between two strikes of the short form.
STEP = 1 if FULL_SWEEP else 23


@pytest.mark.django_db(transaction=True)
def test_a_fault_at_any_point_of_a_report_keeps_each_result_once(monkeypatch: Any) -> None:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 1)
    world = make_paying()
    sending = ready(world)
    numbers = line_numbers(world)
    struck, k = 0, 1
    while True:
        rows = [(f"M{sending.pk}-{min(numbers[:3])}", "失败", f"停机{k}"), (f"M{sending.pk}-{numbers[3]}", "送达", "")]
        uploading = FaultAt(k=k)
        try:
            with handled_by(uploading):
                reported(world, sending, rows, name=f"{k}.csv")
        except LOST:
            pass
        connection.close()
        recover()
        # A struck upload has left its report whole, or nothing that stands in the way of the next.
        report = DeliveryReport.objects.exclude(state__in=("applied", "withdrawn")).first() or reported(world, sending, rows)
        assert (report.state, report.row_count) == ("review", 2), uploading.seen[-1:]
        report = actions.REPORTS.submit(report, by=world.clerk, at=timezone.now())
        actions.REPORTS.approve(report, digest=report.digest, by=world.reviewer, at=timezone.now())
        keeping = FaultAt(k=k)
        try:
            with handled_by(keeping):
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        recover()
        report.refresh_from_db()
        sending.refresh_from_db()
        assert (report.state, sending.delivered, sending.failed) == ("applied", 1, 3), keeping.seen[-1:]
        assert [result.name for result in check_all() if result.rows] == [], keeping.seen[-1:]
        if not (uploading.struck or keeping.struck):
            break
        struck += uploading.struck + keeping.struck
        # As if nothing had been reported: the next turn begins anew.
        SendingLine.objects.filter(sending=sending).update(outcome="", failure="", report_row_id=None)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE outreach_sending SET delivered = 0, failed = 0, results = '[]'")
            cursor.execute(
                "UPDATE outreach_deliveryreportrow SET set_aside = 'CHANGED_SINCE_REVIEW' WHERE report_id = %s", [report.pk]
            )
        k += STEP
    assert struck > 1

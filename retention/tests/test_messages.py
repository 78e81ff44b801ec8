"""What became of messages: its lines are destroyed with whom the message was for."""

from __future__ import annotations

import pytest

from beneficiaries.models import Enrollment
from outreach.models import DeliveryReportRow
from outreach.testing import kept, line_numbers, make_paying, ready, reported
from portal.verify import check_all
from retention.models import RunKind
from retention.testing import age_import, done, ended_long_ago, officer_of
from retention.tests.test_runs import readable

pytestmark = pytest.mark.django_db


def test_lines_about_messages_go_with_whom_the_message_was_for_and_those_of_no_message_after_their_short_term() -> None:
    world = make_paying()
    officer_of(world)
    sending = ready(world)
    _shared, _second, _third, own = line_numbers(world)[:4]
    report = kept(
        world, reported(world, sending, [(f"M{sending.pk}-{own}", "成功", ""), (f"M{sending.pk}-99", "失败", "空号 13900139000")])
    )
    age_import(report, days=200)
    assert readable(DeliveryReportRow) == 2
    run = done(world, RunKind.IMPORTS)
    assert run.done_counts["deliveryreportrow"] == 1 and readable(DeliveryReportRow) == 1
    Enrollment.objects.update(state="in_force")
    ended_long_ago(Enrollment.objects.all(), years=11)
    assert done(world).done_counts["deliveryreportrow"] == 1 and readable(DeliveryReportRow) == 0
    assert [result.name for result in check_all() if result.rows] == []

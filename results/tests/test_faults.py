"""A report killed at every point of its check, its recording and its undo: each line once, every slice whole."""

from __future__ import annotations

from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.testing import FULL_SWEEP
from beneficiaries.tests.outcomes import LOST, recover
from intake.errors import IntakeRefused
from jobs.testing import drain, drain_through_failures
from portal.verify import check_all
from results.actions import DESK
from results.errors import ResultsRefused
from results.models import Recalculation, Report, ReportSlice, Result
from results.testing import Payouts, checked, line, payouts, uploaded

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def broken() -> list[str]:
    return [result.name for result in check_all() if result.rows]


def lines_of(world: Payouts, k: int) -> list[dict[str, str]]:
    """Two lines of one person whose deductible goes on, one that differs, one that is held."""
    return [
        line(world, 0, f"A{k}", bill_number=f"A{k}", **{"of:out_of_catalogue": "30000.00", "paid": "6000.00"}),
        line(world, 1, f"B{k}", bill_number=f"B{k}", **{"of:self_pay": "100.00", "paid": "1.00"}),
        line(world, 0, f"C{k}", bill_number=f"C{k}", **{"of:out_of_catalogue": "10000.00", "paid": "6000.00"}),
        line(world, 2, f"D{k}", name="张三丰", paid="2.00"),
    ]


def led_on(world: Payouts, reference: str) -> None:
    """As far as its people lead a report by their clicks; each step where it is its turn."""
    report = Report.objects.get(reference=reference)
    if report.state == "review":
        report = DESK.submit(report, by=world.clerk, at=timezone.now())
    if report.state == "submitted":
        DESK.approve(report, digest=report.digest, by=world.reviewer, at=timezone.now())
    drain_through_failures()
    report.refresh_from_db()
    if report.state == "applied":
        DESK.request_undo(report, reason="文件重复上报", by=world.clerk, at=timezone.now())
        report.refresh_from_db()
    if report.state == "undo_asked":
        DESK.approve_undo(report, by=world.reviewer, at=timezone.now())
    drain_through_failures()


def test_a_fault_at_any_point_of_a_reports_way_loses_and_doubles_nothing(monkeypatch: Any) -> None:
    monkeypatch.setattr("intake.staging.ROWS_PER_CHUNK", 2)
    monkeypatch.setattr("results.comparing.ROWS_PER_SLICE", 2)
    world = payouts()
    struck, k = 0, 1
    while True:
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                uploaded(world, lines_of(world, k), reference=f"R{k}")
                drain_through_failures()
                led_on(world, f"R{k}")
        except LOST:
            pass
        connection.close()
        # What was not received whole was not received at all, and comes again.
        if not Report.objects.filter(reference=f"R{k}").exists():
            uploaded(world, lines_of(world, k), reference=f"R{k}")
        recover()
        led_on(world, f"R{k}")
        recover()
        report = Report.objects.get(reference=f"R{k}")
        assert report.state == "undone", (report.state, fault.seen[-1])
        results = Result.objects.filter(report=report)
        assert sorted(results.values_list("claim_number", "comparison", "due")) == [
            (f"A{k}", "equal", D("6000.00")), (f"B{k}", "different", D("0.00")), (f"C{k}", "equal", D("6000.00")),
        ], fault.seen[-1]
        assert not results.filter(undone_at=None).exists()
        assert Recalculation.objects.filter(report=report).count() == 3, fault.seen[-1]
        assert list(ReportSlice.objects.filter(report=report).order_by("number").values_list("number", "of")) == [(0, 2), (1, 2)]
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 61
    assert struck > 1
    assert broken() == []


def at_once(*works: Any) -> list[Any]:
    """What each gives or raises, run side by side on connections of their own."""
    found: list[Any] = [None] * len(works)

    def run(place: int) -> None:
        try:
            found[place] = works[place]()
        except (ResultsRefused, IntakeRefused) as refused:
            found[place] = refused
        finally:
            connection.close()

    threads = [Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_two_reports_of_one_program_are_never_recorded_at_once() -> None:
    world = payouts()
    both = []
    for number in range(2):
        report = checked(world, [line(world, 0, f"E{number}", bill_number=f"E{number}", paid="1.00")], reference=f"E{number}")
        both.append(DESK.submit(report, by=world.clerk, at=timezone.now()))
    answers = at_once(*(
        lambda report=report: DESK.approve(report, digest=report.digest, by=world.reviewer, at=timezone.now()) for report in both
    ))
    assert [each.code for each in answers if isinstance(each, Exception)] == ["ANOTHER_UNDER_WAY"]
    drain()
    assert sorted(Report.objects.values_list("state", flat=True)) == ["applied", "submitted"]
    assert Result.objects.count() == 1

"""A file killed at every point of its check, its taking in and its undo: each record once, every slice whole."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.testing import FULL_SWEEP
from beneficiaries.tests.outcomes import LOST, recover
from jobs.testing import drain, drain_through_failures
from portal.verify import check_all
from records.actions import DESK
from records.errors import RecordsRefused
from records.models import Calculation, Proposal, RecordList, RecordSlice
from records.testing import Bureau, bureau, checked, line, uploaded
from results.tests.test_faults import at_once

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def broken() -> list[str]:
    return [result.name for result in check_all() if result.rows]


def lines_of(world: Bureau, k: int) -> list[dict[str, str]]:
    """Two records of one person whose deductible goes on, one that comes to nothing, one that overlaps, one that is held."""
    return [
        line(world, 0, f"A{k}", hospital="甲医院", **{"of:self_pay": "20000.00"}), line(world, 1, f"B{k}"),
        line(world, 0, f"C{k}", hospital="乙医院", **{"of:self_pay": "10000.00"}), line(world, 0, f"D{k}", hospital="乙医院"),
        line(world, 2, f"E{k}", name="张三丰"),
    ]


def led_on(world: Bureau, reference: str) -> None:
    """As far as its people lead a file by their clicks; each step where it is its turn."""
    found = RecordList.objects.get(reference=reference)
    if found.state == "review":
        found = DESK.submit(found, by=world.clerk, at=timezone.now())
    if found.state == "submitted":
        DESK.approve(found, digest=found.digest, by=world.reviewer, at=timezone.now())
    drain_through_failures()
    found.refresh_from_db()
    if found.state == "applied":
        DESK.request_undo(found, reason="文件重复上报", by=world.clerk, at=timezone.now())
        found.refresh_from_db()
    if found.state == "undo_asked":
        DESK.approve_undo(found, by=world.reviewer, at=timezone.now())
    drain_through_failures()


def test_a_fault_at_any_point_of_a_files_way_loses_and_doubles_nothing(monkeypatch: Any) -> None:
    monkeypatch.setattr("intake.staging.ROWS_PER_CHUNK", 2)
    monkeypatch.setattr("records.deciding.ROWS_PER_SLICE", 3)
    world = bureau()
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
        if not RecordList.objects.filter(reference=f"R{k}").exists():
            uploaded(world, lines_of(world, k), reference=f"R{k}")
        recover()
        led_on(world, f"R{k}")
        recover()
        found = RecordList.objects.get(reference=f"R{k}")
        assert found.state == "undone", (found.state, fault.seen[-1])
        proposals = Proposal.objects.filter(record_list=found)
        assert sorted(proposals.values_list("settlement_number", "due", "state")) == [
            (f"A{k}", D("1300.00"), "lapsed"), (f"B{k}", D("0.00"), "lapsed"), (f"C{k}", D("6500.00"), "lapsed"),
        ], fault.seen[-1]
        assert Calculation.objects.filter(record_list=found).count() == 3, fault.seen[-1]
        assert found.counts["codes"]["STAY_TWICE"] == 1
        assert list(RecordSlice.objects.filter(record_list=found).order_by("number").values_list("number", "of")) == [
            (0, 2), (1, 2),
        ]
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 61
    assert struck > 1
    assert broken() == []


def test_two_files_of_one_program_are_never_taken_in_at_once() -> None:
    world = bureau()
    both = []
    for number in range(2):
        found = checked(world, [line(world, 0, f"E{number}", hospital=f"第{number}医院")], reference=f"E{number}")
        both.append(DESK.submit(found, by=world.clerk, at=timezone.now()))

    def approve(found: RecordList) -> Any:
        try:
            return DESK.approve(found, digest=found.digest, by=world.reviewer, at=timezone.now())
        except RecordsRefused as refused:
            return refused

    answers = at_once(*(lambda found=found: approve(found) for found in both))
    assert [each.code for each in answers if isinstance(each, Exception)] == ["ANOTHER_UNDER_WAY"]
    drain()
    assert sorted(RecordList.objects.values_list("state", flat=True)) == ["applied", "submitted"]
    assert Proposal.objects.count() == 1

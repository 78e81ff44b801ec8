"""A destruction killed at every point of its way: everybody of the list destroyed once, nobody else, one certificate."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from audit.faults import FaultAt, handled_by
from audit.models import Event
from audit.testing import FULL_SWEEP
from beneficiaries.models import Enrollment, Person, RosterRow
from beneficiaries.testing import applied, make_world, people, row
from beneficiaries.tests.outcomes import LOST, recover
from jobs.testing import drain_through_failures
from papers.testing import OPEN
from portal.verify import check_all
from retention.models import RunKind
from retention.testing import age_import, ended_long_ago, officer_of, released
from retention.tests.test_runs import readable


@pytest.mark.django_db(transaction=True)
def test_a_fault_at_any_point_of_a_destruction_destroys_everybody_of_the_list_once(monkeypatch: Any) -> None:
    monkeypatch.setattr("retention.destroying.STEP", 1)
    world = make_world(**OPEN)
    officer_of(world)
    struck, k, first = 0, 1, 0
    while True:
        roster = applied(world, people(2, first=first))
        first += 2
        covers = list(Enrollment.objects.filter(roster=roster))
        ended_long_ago(covers, years=11)
        run = released(world)
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        recover()
        run.refresh_from_db()
        assert (run.state, run.destroyed, run.spared) == ("done", 2, {}), fault.seen[-1]
        assert run.done_counts == {"person": 2, "beneficiary": 2, "rosterrow": 2, "files": 1} or (
            # Struck behind the deletion of the file: it is gone, and counted by nobody.
            run.done_counts == {"person": 2, "beneficiary": 2, "rosterrow": 2}
        ), fault.seen[-1]
        assert (readable(Person), readable(RosterRow)) == (0, 0), fault.seen[-1]
        assert roster.files.get().purged_at is not None
        assert Event.objects.filter(verb="destruction.done", subject_id=str(run.pk)).count() == 1, fault.seen[-1]
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 23
    assert struck > 1
    assert [result.name for result in check_all() if result.rows] == []


@pytest.mark.django_db(transaction=True)
def test_a_fault_at_any_point_of_a_run_of_imports_loses_no_line_of_a_cover() -> None:
    world = make_world(**OPEN)
    officer_of(world)
    struck, k, first = 0, 1, 0
    while True:
        roster = applied(world, [*people(1, first=first), row(document="441602196203151218", address=f"东埔街道{first}号")])
        first += 2
        age_import(roster, days=200)
        run = released(world, RunKind.IMPORTS)
        fault = FaultAt(k=k)
        try:
            with handled_by(fault):
                drain_through_failures()
        except LOST:
            pass
        connection.close()
        recover()
        run.refresh_from_db()
        assert (run.state, run.number, run.destroyed, run.done_counts) == ("done", 1, 1, {"rosterrow": 1}), fault.seen[-1]
        assert RosterRow.objects.filter(roster=roster).exclude(raw=None).count() == 1
        if not fault.struck:
            break
        struck += 1
        k += 1 if FULL_SWEEP else 11
    assert struck > 1
    assert [result.name for result in check_all() if result.rows] == []

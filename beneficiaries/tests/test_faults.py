"""Faults at the points of the engine: whatever strikes, nothing is lost and nothing is doubled."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from audit.faults import FaultAt, PlantedFault, handled_by
from audit.testing import FULL_SWEEP, in_turn
from beneficiaries.actions import approve_roster, submit_roster
from beneficiaries.models import Beneficiary, BeneficiaryCategory, Enrollment, Person, Roster, RosterChunk, RosterRow
from beneficiaries.testing import World, make_world, people, row, uploaded
from intake import staging
from intake.models import State
from jobs.actions import sweep
from jobs.models import Job
from jobs.testing import drain, drain_through_failures, let_lease_pass
from portal.verify import check_all
from programs.actions.budgets import _post_grant
from programs.models import Budget, LedgerEntry
from tests.kit.nursery import Nursery, nursery

pytestmark = pytest.mark.django_db(transaction=True)

#: In the short form every so many-th point is struck; the full sweep strikes all.
STEP = 1 if FULL_SWEEP else 54


@pytest.fixture
def world(transactional_db: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 20)
    return make_world()


def totals() -> dict[str, Any]:
    budgets = list(Budget.objects.order_by("pk").values_list("reserved", "used", "released"))
    return {
        "people": Person.objects.count(), "beneficiaries": Beneficiary.objects.count(),
        "categories": BeneficiaryCategory.objects.count(), "enrollments": Enrollment.objects.count(),
        "rows": RosterRow.objects.count(), "chunks": RosterChunk.objects.exclude(applied_at=None).count(),
        "budgets": budgets, "entries": LedgerEntry.objects.count(), "state": Roster.objects.get().state,
    }


EXPECTED = {
    "people": 45, "beneficiaries": 45, "categories": 45, "enrollments": 45, "rows": 47, "chunks": 3,
    "budgets": [(0, Decimal("3104.55"), 0), (0, Decimal("1350.00"), 0)], "state": State.APPLIED,
}


def whole_way(world: World) -> None:
    """Upload, check, submit, approve, apply; each step only where it is still to be done."""
    if not Roster.objects.exists():
        uploaded(world, [*people(45), row(name=""), row(document="441602196203151218")])
    # A run struck right after it was claimed leaves its lease behind: the sweep takes it.
    for job in Job.objects.filter(state=Job.State.RUNNING):
        let_lease_pass(job)
    sweep(at=timezone.now())
    drain_through_failures()
    roster = Roster.objects.get()
    if roster.state == State.REVIEW:
        roster = submit_roster(roster, by=world.clerk, at=timezone.now())
    if roster.state == State.SUBMITTED:
        approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    drain_through_failures()


def assert_whole() -> None:
    found = totals()
    assert {name: found[name] for name in EXPECTED} == EXPECTED
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []


def wipe() -> None:
    """Empty what a run has made; the world stays."""
    tables = (
        "beneficiaries_enrollment, beneficiaries_standing, beneficiaries_countystanding, beneficiaries_daystanding, "
        "beneficiaries_beneficiarycategory, "
        "beneficiaries_beneficiary, beneficiaries_person, "
        "beneficiaries_rosterrow, beneficiaries_rosterchunk, beneficiaries_rosterfile, beneficiaries_roster, intake_file, "
        "programs_budgetreservationline, programs_budgetreservation, programs_ledgerentry, "
        "programs_ledgertransaction, jobs_job"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables} CASCADE")
        cursor.execute("DELETE FROM programs_ledgeraccount")


@pytest.mark.parametrize("mode", in_turn(("raise", "disconnect"), 0))
def test_a_fault_at_any_point_loses_and_doubles_nothing(world: World, mode: str) -> None:
    counter = FaultAt(k=0)
    with handled_by(counter):
        whole_way(world)
    assert_whole()
    points = len(counter.seen)
    assert points > 100
    grants = list(Budget.objects.order_by("pk"))
    struck = 0
    for k in range(1 if mode == "raise" else 1 + STEP // 2, points + 1, STEP):
        wipe()
        regrant(grants, world)
        fault = FaultAt(k=k, mode=mode)
        with handled_by(fault):
            for _attempt in range(4):
                try:
                    whole_way(world)
                except (PlantedFault, OperationalError):
                    # Struck in the caller's own step: the person tries again.
                    continue
                break
        struck += fault.struck
        whole_way(world)
        assert_whole()
    assert struck > points // STEP - 2


def regrant(budgets: list[Budget], world: World) -> None:
    """Budgets as approved: their grant posted again after the ledger was emptied."""
    for budget in budgets:
        Budget.objects.filter(pk=budget.pk).update(reserved=0, used=0, released=0)
        _post_grant(budget, budget.granted, by=world.finance_checker, at=world.at)


@pytest.fixture(scope="module")
def processes(django_db_setup: None) -> Iterator[Nursery]:
    """Processes on the test database."""
    with nursery(environment={"DATABASE_URL": url_of_the_test_database()}) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("point", ["intake.stage_chunk.copied", "beneficiaries.apply.enrollments.after"])
def test_a_worker_killed_in_the_middle_is_followed_by_another(world: World, processes: Nursery, point: str) -> None:
    uploaded(world, [*people(45), row(name=""), row(document="441602196203151218")])
    if point.startswith("beneficiaries"):
        drain()
        roster = submit_roster(Roster.objects.get(), by=world.clerk, at=timezone.now())
        approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    killed = processes.start("manage", "run_jobs", "--drain", environment={"FAULT_POINT": point, "FAULT_MODE": "kill"})
    complaint = killed.communicate(timeout=60)[1]
    assert killed.returncode == -9, complaint[-2000:]
    job = Job.objects.get(state=Job.State.RUNNING)
    let_lease_pass(job)
    sweep(at=timezone.now())
    whole_way(world)
    assert_whole()


def url_of_the_test_database() -> str:
    """The address of the database that this test works on."""
    name = connection.settings_dict["NAME"]
    return os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{name}"

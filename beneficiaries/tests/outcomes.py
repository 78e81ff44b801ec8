"""Rosters of every kind of line, what a roster came to in a form that runs can be compared by, and recovery from faults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection, connections
from django.utils import timezone

from audit.events import seal_events, verify_chain
from audit.faults import FaultAt, PlantedFault, handled_by
from audit.invariants import INVARIANTS as AUDIT
from audit.models import Event
from beneficiaries.actions import approve_roster, submit_roster, upload_roster
from beneficiaries.invariants import INVARIANTS as BENEFICIARIES
from beneficiaries.models import Roster, RosterRow
from beneficiaries.template import ROSTER
from beneficiaries.testing import World, csv_of, make_world, people
from intake import staging
from intake.staging import chunk_digest, import_digest
from jobs.actions import sweep
from jobs.invariants import INVARIANTS as JOBS
from jobs.models import Job
from jobs.testing import drain_through_failures, let_lease_pass
from portal import verify
from programs.invariants import INVARIANTS as PROGRAMS
from programs.models import Period
from programs.testing import make_budget, make_period

#: Lines of one case, and people set apart for it.
LINES, ROOM = 60, 100
LOST = (PlantedFault, OperationalError, InterfaceError)


class Dropped(FaultAt):
    """A handler whose k-th point really closes the connection under the code's feet."""

    def __call__(self, name: str) -> None:
        """Strike as the server's death does: this connection never answers again."""
        self.seen.append(name)
        if len(self.seen) == self.k and connection.connection is not None:
            connection.connection.close()
            raise OperationalError(f"planted: the connection was closed at {name}")


@contextmanager
def in_one_chunk() -> Iterator[None]:
    """Rosters that are only to be there, in the midst of a test of small chunks."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(staging, "ROWS_PER_CHUNK", 50_000)
        yield


class Cases:
    """Many rosters of the same make with different people.

    Each has lines of people unchanged, changed, covered already, in conflict, refused, repeated and new; between its
    review and its approval four of its lines are overtaken by another roster.
    """

    def __init__(self, count: int) -> None:
        self.world: World = make_world()
        self.known_in = self.world.period
        self.period = self._period(1)
        self.other_period = self._period(2)
        before, covered = [], []
        for case in range(count):
            before += [*self._people(case, 0, 15), *self._people(case, 20, 25)]
            covered += self._people(case, 15, 20)
        with in_one_chunk():
            through(self.world, self.upload(before, self.known_in))
            through(self.world, self.upload(covered, self.period))

    def start(self, case: int) -> Roster:
        """The roster of one case, uploaded."""
        return self.upload(self.rows(case), self.period)

    def overtake(self, cases: list[int]) -> None:
        """Cover three new people of each case in its period, and change the contact of a known one."""
        moved = [row for case in cases for row in self._people(case, 0, 1, phone="13911112222")]
        with in_one_chunk():
            through(self.world, self.upload([row for case in cases for row in self._people(case, 57, 60)], self.period))
            through(self.world, self.upload(moved, self.other_period))

    def rows(self, case: int) -> list[list[str]]:
        """60 lines."""
        conflict = [["赵大", *row[1:]] for row in self._people(case, 20, 25)]
        refused = self._people(case, 25, 28)
        for row in refused:
            row[2] = row[2][:-1] + ("1" if row[2][-1] != "1" else "2")
        new = self._people(case, 30, 60)
        return [
            *self._people(case, 0, 10),
            *self._people(case, 10, 15, phone="13900000000", bank_account="", categories="特困人员"),
            *self._people(case, 15, 20), *conflict, *refused, *new[:10], *new[:2], *new[10:],
        ]

    def upload(self, rows: list[list[str]], period: Period) -> Roster:
        """Uploaded, not checked."""
        world = self.world
        return upload_roster(
            [("名册.csv", csv_of(rows))], period=period, organization=world.office, by=world.clerk, at=timezone.now()
        )

    def _people(self, case: int, first: int, last: int, **cells: str) -> list[list[str]]:
        return people(last - first, first=case * ROOM + first, **cells)

    def _period(self, later: int) -> Period:
        world = self.world
        year = timezone.localdate(world.at).year
        period = make_period(
            world.plan, year=year + 1 + later, by=world.finance_checker, at=world.at,
            enrollment_opens_on=date(year, 1, 1), enrollment_closes_on=date(year + 2, 1, 1),
        )
        for funder in (world.foundation, world.county):
            make_budget(
                funder, period=period, granted=world.budgets[0].granted, maker=world.finance_maker,
                checker=world.finance_checker, at=world.at,
            )
        return period


def approved(world: World, roster: Roster) -> Roster:
    """Submitted by the clerk, approved by the reviewer; not applied."""
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    return approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())


def through(world: World, roster: Roster) -> Roster:
    """The whole way."""
    drain_through_failures()
    approved(world, roster)
    drain_through_failures()
    return Roster.objects.get(pk=roster.pk)


def struck(fault: FaultAt) -> None:
    """Run every queued job with a fault planted; a run that dies is the fault's doing."""
    try:
        with handled_by(fault):
            drain_through_failures()
    except LOST:
        pass
    finally:
        connection.close()


def recover() -> None:
    """What the minute after a crash brings: leases pass, the sweep queues again, a worker works."""
    for job in Job.objects.filter(state=Job.State.RUNNING):
        let_lease_pass(job)
    sweep(at=timezone.now())
    drain_through_failures()


def close_all() -> None:
    """As a process's end closes them."""
    connections.close_all()


def broken() -> list[tuple[int, str, Any]]:
    """Invariants of every room that find a row."""
    return [
        (invariant.number, invariant.name, rows[:3]) for invariant in (*AUDIT, *JOBS, *PROGRAMS, *BENEFICIARIES)
        if (rows := verify.rows_of(invariant))
    ]


def broken_chain() -> list[str]:
    """What is wrong with the chain of events once all are sealed."""
    while seal_events(at=timezone.now() + timedelta(seconds=1)):
        pass
    return verify_chain().broken


_ROWS = """
SELECT r.line, r.chunk, r.verdict, r.codes, r.set_aside, r.region_code, r.premium, r.own_share, category.code,
    r.known_person_id IS NOT NULL,
    (SELECT array_agg(concat_ws(' ', e.state, e.verdict, e.premium, e.own_share, c.code, e.region_code,
        e.starts_at, e.ends_at, e.insurer_policy_number)) FROM beneficiaries_enrollment e
        JOIN programs_category c ON c.id = e.category_id WHERE e.row_id = r.id),
    (SELECT count(*) FROM beneficiaries_person p WHERE p.identity_index_a = r.identity_index_a),
    (SELECT count(*) FROM beneficiaries_person p WHERE p.identity_index_a = r.identity_index_a
        AND p.name_index_a = r.name_index_a AND p.birth_on = r.birth_on AND p.sex = r.sex),
    (SELECT array_agg(concat_ws(' ', b.region_code, b.bank_name, b.contact_digest = r.contact_digest,
        b.phone IS NOT NULL, b.bank_account IS NOT NULL))
        FROM beneficiaries_person p JOIN beneficiaries_beneficiary b ON b.person_id = p.id
        WHERE p.identity_index_a = r.identity_index_a),
    (SELECT array_agg(concat_ws(' ', c.code, h.valid_from, h.valid_to, h.row_id = r.id) ORDER BY c.code, h.id)
        FROM beneficiaries_person p JOIN beneficiaries_beneficiary b ON b.person_id = p.id
        JOIN beneficiaries_beneficiarycategory h ON h.beneficiary_id = b.id
        JOIN programs_category c ON c.id = h.category_id WHERE p.identity_index_a = r.identity_index_a)
FROM beneficiaries_rosterrow r LEFT JOIN programs_category category ON category.id = r.category_id
WHERE r.roster_id = %s ORDER BY r.line, r.id
"""
_MONEY = """
SELECT f.name, v.region_code, c.code, v.people, v.closed_at IS NOT NULL, l.reserved, l.used, l.released
FROM programs_budgetreservation v JOIN programs_funder f ON f.id = v.funder_id
JOIN programs_category c ON c.id = v.category_id
JOIN programs_budgetreservationline l ON l.reservation_id = v.id
WHERE v.owner_type = 'beneficiaries.roster' AND v.owner_id = %s ORDER BY 1, 2, 3, l.id
"""
_BOOKED = """
SELECT t.kind, t.memo, t.by_label, a.kind, f.name, e.amount FROM programs_ledgertransaction t
JOIN programs_ledgerentry e ON e.transaction_id = t.id JOIN programs_ledgeraccount a ON a.id = e.account_id
LEFT JOIN programs_funder f ON f.id = a.funder_id
WHERE t.source_type = 'beneficiaries.roster' AND t.source_id = %s ORDER BY 1, 2, 3, 4, 5, 6
"""


def outcome(roster: Roster) -> dict[str, Any]:
    """All that a roster brought about, without ids, names and digests; digests are computed again and compared."""
    roster = Roster.objects.get(pk=roster.pk)
    chunks = list(roster.chunks.order_by("number"))
    with connection.cursor() as cursor:
        tables = {}
        for name, statement in (("rows", _ROWS), ("money", _MONEY), ("booked", _BOOKED)):
            cursor.execute(statement, [roster.pk])
            tables[name] = cursor.fetchall()
    events = Event.objects.filter(subject_type="beneficiaries.roster", subject_id=str(roster.pk)).order_by("pk")
    return {
        "state": roster.state, "rows_counted": roster.row_count, "counts": roster.counts,
        "preview": (roster.money.get("rows"), roster.money.get("premium"), roster.money.get("own_share")),
        "chunks": [
            (chunk.number, chunk.rows, chunk.counts, chunk.applied_at is not None, chunk.applied_rows, chunk.set_aside_rows)
            for chunk in chunks
        ],
        "digests_hold": [chunk.digest == chunk_digest(ROSTER, roster.pk, chunk.number) for chunk in chunks]
        + [roster.digest == import_digest(ROSTER, roster)],
        "approved_digest_holds": roster.approved_digest in ("", roster.digest),
        "sealed": _sealed(roster),
        # Chunks are applied side by side: which comes first is no part of the end.
        "events": sorted(
            (
                (event.verb, {name: value for name, value in event.data.items() if name not in ("digest", "content")})
                for event in events
            ),
            key=str,
        ),
        "jobs": list(
            Job.objects.about(roster).order_by("pk").values_list("kind", "state", "done", "total", "error_code")
        ),
        **tables,
    }


def _sealed(roster: Roster) -> list[tuple[Any, ...]]:
    """Which sealed columns a line has, and that they open."""
    found = []
    for row in RosterRow.objects.filter(roster=roster).order_by("pk"):
        values = (row.name, row.document, row.phone, row.bank_account)
        found.append((row.raw is not None, *(value is not None and bool(value.reveal()) for value in values)))
    return found

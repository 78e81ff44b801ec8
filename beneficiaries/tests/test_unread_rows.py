"""Rows of a check that ends without a review are removed for good: chunk by chunk, whatever strikes, the history included."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit.faults import FaultAt, PlantedFault, handled_by
from audit.models import Event
from audit.testing import FULL_SWEEP, fault_at, in_turn
from beneficiaries.actions import approve_roster, submit_roster, withdraw_roster
from beneficiaries.models import Roster, RosterChunk, RosterRow
from beneficiaries.template import ROSTER
from beneficiaries.testing import World, make_world, people, uploaded
from intake import staging
from intake.closing import remove_unread
from intake.findings import FileFinding
from intake.models import State
from intake.readers import FileRefused
from jobs.models import Job
from jobs.testing import drain, drain_through_failures
from portal.verify import check_all

pytestmark = pytest.mark.django_db(transaction=True)

KEPT = RosterRow.pgh_event_model  # type: ignore[attr-defined]


@pytest.fixture
def second(transactional_db: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    """A city that asks about the ten people whom another city knows; chunks of three rows."""
    settings.IDENTITY_CONFLICTS_PER_DAY = 5
    first, second = make_world(), make_world(code="YJ", regions=("4417", "441702", "441702"))
    uploaded(first, people(10))
    drain()
    roster = submit_roster(Roster.objects.get(), by=first.clerk, at=timezone.now())
    approve_roster(roster, digest=roster.digest, by=first.reviewer, at=timezone.now())
    drain()
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 3)
    return second


def asked(world: World) -> Roster:
    """Eight people of the first city under a guessed name: three chunks, beyond the cap."""
    return uploaded(world, [["张三", *cells[1:5], "441702", *cells[6:]] for cells in people(8, county="441602")])


def left(roster: Roster) -> tuple[int, int, int]:
    """Rows, chunks, and versions of rows in the history."""
    return (
        RosterRow.objects.filter(roster=roster).count(), RosterChunk.objects.filter(roster=roster).count(),
        KEPT.objects.filter(roster_id=roster.pk).count(),
    )


def test_a_closed_roster_leaves_no_row_and_no_version_of_a_row(second: World) -> None:
    roster = asked(second)
    drain()
    roster.refresh_from_db()
    assert (roster.state, roster.row_count, roster.counts, roster.digest) == (State.FAILED, 0, {}, "")
    assert left(roster) == (0, 0, 0)
    assert Event.objects.filter(verb="roster.closed", subject_id=str(roster.pk)).count() == 1


def test_rows_are_removed_in_one_transaction_a_chunk(second: World) -> None:
    asked(second)
    counter = FaultAt()
    with handled_by(counter):
        drain()
    removals = [name for name in counter.seen if name.startswith(("intake.end_staging", "intake.remove_unread"))]
    assert removals == [
        "intake.end_staging.before", "intake.end_staging.after",
        *(f"intake.remove_unread.{step}" for _chunk in range(3) for step in ("before", "after", "committed")),
    ]


@pytest.mark.parametrize("mode", in_turn(("raise", "disconnect"), 1))
def test_a_removal_struck_at_any_point_is_finished_by_the_next_run(second: World, mode: str) -> None:
    struck = 0
    places = range(1, 12) if FULL_SWEEP else range(1 if mode == "raise" else 2, 12, 3)
    for nth in places:
        roster = asked(second)
        fault = FaultOfTheEnd(nth, mode=mode)
        with handled_by(fault):
            drain_through_failures()
        struck += fault.done
        roster.refresh_from_db()
        assert roster.state == State.FAILED, nth
        assert left(roster) == (0, 0, 0), nth
        assert Event.objects.filter(verb="roster.closed", subject_id=str(roster.pk)).count() == 1
        assert Job.objects.about(roster).get().state == Job.State.DONE
        withdraw_roster(roster, reason="换一份名单再试", by=second.clerk, at=timezone.now())
    assert struck == len(places)
    assert [(result.name, result.examples) for result in check_all() if result.rows] == []


class FaultOfTheEnd(FaultAt):
    """Strikes once, at the n-th point of the end of a check."""

    def __init__(self, nth: int, *, mode: str) -> None:
        super().__init__(mode=mode)
        self.nth, self.done, self.at_end = nth, False, 0

    def __call__(self, name: str) -> None:
        """Count, and strike."""
        if name.startswith(("intake.end_staging", "intake.remove_unread")):
            self.at_end += 1
            if self.at_end == self.nth and not self.done:
                self.done, self.k = True, len(self.seen) + 1
        super().__call__(name)


def test_a_roster_withdrawn_in_the_middle_of_its_removal_is_still_emptied(second: World) -> None:
    roster = asked(second)
    with fault_at("intake.remove_unread.committed"), pytest.raises(PlantedFault):
        drain()
    roster.refresh_from_db()
    assert (roster.state, left(roster)) == (State.FAILED, (5, 2, 0))
    withdraw_roster(roster, reason="换一份名单再试", by=second.clerk, at=timezone.now())
    drain_through_failures()
    assert left(roster) == (0, 0, 0)


def test_a_file_that_breaks_off_leaves_nothing_of_what_was_staged_before(
    second: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    roster = uploaded(second, people(8, county="441702", first=50))

    class Broken:
        """A table that ends in a refusal after two chunks."""

        def __init__(self, table: Any) -> None:
            self.table, self.sheets, self.findings, self.seen = table, table.sheets, table.findings, table.seen

        def chunks(self, **options: Any) -> Any:
            for number, chunk in enumerate(self.table.chunks(**options)):
                if number == 2:
                    raise FileRefused(FileFinding("FILE_DAMAGED"))
                yield chunk

        def close(self) -> None:
            self.table.close()

    opened = staging.open_table
    monkeypatch.setattr(staging, "open_table", lambda *given, **named: Broken(opened(*given, **named)))
    drain()
    roster.refresh_from_db()
    assert (roster.state, [finding[1] for finding in roster.file_findings]) == (State.FAILED, ["FILE_DAMAGED"])
    assert left(roster) == (0, 0, 0)


def test_rows_of_a_reviewed_roster_are_not_removed_and_no_hand_deletes_them(second: World) -> None:
    roster = uploaded(second, people(8, county="441702", first=50))
    drain()
    roster.refresh_from_db()
    assert roster.state == State.REVIEW
    roster = withdraw_roster(roster, reason="换一份名单再试", by=second.clerk, at=timezone.now())
    assert remove_unread(None, roster, ROSTER) == 0
    assert left(roster) == (8, 3, 0)
    with pytest.raises(IntegrityError, match="stays after the check"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM beneficiaries_rosterrow WHERE roster_id = %s AND chunk = 0", [roster.pk])
    assert left(roster) == (8, 3, 0)

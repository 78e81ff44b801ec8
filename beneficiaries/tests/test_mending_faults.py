"""A roster that is mended and whose worker dies at any point ends as one whose worker lived."""

from __future__ import annotations

import pytest
from django.utils import timezone

from audit.faults import FaultAt, PlantedFault, handled_by
from beneficiaries import actions
from beneficiaries.models import Roster, RosterRow
from beneficiaries.testing import World, csv_of, make_world, people, uploaded
from beneficiaries.tests.outcomes import recover
from intake import staging
from intake.actions import Said
from intake.models import State
from jobs.testing import drain, drain_through_failures

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 2)
    return make_world()


class Once(FaultAt):
    """Strikes at the first passing of a point only, as a worker dies once."""

    def __call__(self, name: str) -> None:
        """Strike, the first time."""
        self.seen.append(name)
        if name == self.name and self.seen.count(name) == 1:
            raise PlantedFault(name)


def outcome(roster: Roster) -> tuple[str, int, dict[str, int], list[tuple[int, int, int]]]:
    found = Roster.objects.get(pk=roster.pk)
    rows = RosterRow.objects.filter(roster=roster).order_by("chunk", "line").values_list("chunk", "line", "verdict")
    return found.state, found.row_count, found.counts["verdicts"], list(rows)


@pytest.mark.parametrize(
    "point",
    [
        "intake.remove_chunk.before", "intake.remove_chunk.after", "intake.remove_chunk.committed",
        "intake.start_staging.committed", "intake.stage_chunk.committed", "intake.finish_staging.before",
    ],
)
def test_a_recheck_that_dies_goes_on_and_stages_each_line_once(world: World, point: str) -> None:
    uploaded(world, [*people(3), *people(2, first=10, categories="乙类户")])
    drain()
    roster = Roster.objects.get()
    actions.map_words(roster, words=[Said("category", "乙类户", "dibao")], by=world.clerk, at=timezone.now())
    with handled_by(Once(name=point)):
        drain_through_failures()
    recover()
    assert outcome(roster) == (
        State.REVIEW, 5, {"1": 5}, [(0, 2, 1), (0, 3, 1), (1, 4, 1), (1, 5, 1), (2, 6, 1)]
    )


@pytest.mark.parametrize(
    "point",
    ["intake.replace_corrected.before", "intake.replace_corrected.after", "intake.replace_corrected.committed"],
)
def test_corrections_that_die_half_way_mark_each_line_once(world: World, point: str) -> None:
    refused = people(2, first=10, categories="乙类户")
    uploaded(world, [*people(1), *refused])
    drain()
    roster = Roster.objects.get()
    again = csv_of([[*line[:7], "低保对象", *line[8:]] for line in refused])
    actions.add_files(roster, [("补充.csv", again)], by=world.clerk, at=timezone.now())
    with handled_by(Once(name=point)):
        drain_through_failures()
    recover()
    assert outcome(roster) == (
        State.REVIEW, 5, {"1": 3, "7": 2}, [(0, 2, 1), (0, 3, 7), (1, 4, 7), (2, 2, 1), (2, 3, 1)]
    )
    assert Roster.objects.get().counts["codes"] == {"REPLACED": 2}

"""Files and lines behind no cover: listed and destroyed after their short term, chunk by chunk; lines of covers stay."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.utils import timezone

from audit.testing import shared
from beneficiaries.actions import refuse_roster, submit_roster
from beneficiaries.models import Enrollment, Person, Roster, RosterRow
from beneficiaries.testing import World, applied, make_world, people, row, uploaded
from intake.actions import purge_files
from intake.models import File, StagedRow
from jobs.testing import drain
from papers.testing import OPEN
from portal.verify import check_all
from retention import actions
from retention.imports import SOURCES, WITHOUT_PROGRAM
from retention.models import DestructionLine, RunKind
from retention.testing import age_import, done, drawn, officer_of, released
from retention.tests.test_runs import readable

pytestmark = pytest.mark.django_db


def made() -> World:
    """A list of two and one refused line that was applied; one of two that was sent back; one applied yesterday."""
    world = make_world(**OPEN)
    officer_of(world)
    age_import(applied(world, [*people(2), row(name="赵", document="441602196203151218")]), days=200)
    roster = uploaded(world, people(2, first=10))
    drain()
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    refuse_roster(roster, reason="名单有误", by=world.reviewer, at=timezone.now())
    age_import(roster, days=200)
    applied(world, people(1, first=20))
    return world


_django_db_helper, one_world, kept_world = shared(made)


def test_lines_and_files_behind_no_cover_go_and_those_of_covers_stay(kept_world: World) -> None:
    first, sent_back, young = Roster.objects.order_by("pk")
    run = done(kept_world, RunKind.IMPORTS)
    assert (run.state, run.number, run.rows, run.destroyed) == ("done", 2, 3, 2)
    assert run.done_counts == {"rosterrow": 3, "files": 1}
    assert set(DestructionLine.objects.values_list("subject_type", "subject_id")) == {
        ("beneficiaries.roster", first.pk), ("beneficiaries.roster", sent_back.pk)
    }
    assert readable(RosterRow) == 3
    assert {row.pk for row in RosterRow.objects.exclude(raw=None)} == set(Enrollment.objects.values_list("row_id", flat=True))
    gone, kept = sent_back.files.get(), first.files.get()
    assert (gone.purged_at is not None, default_storage.exists(gone.storage_key)) == (True, False)
    assert (kept.purged_at, default_storage.exists(kept.storage_key)) == (None, True)
    assert young.files.get().purged_at is None
    assert [result.name for result in check_all() if result.rows] == []
    assert drawn(kept_world, RunKind.IMPORTS).number == 0


def test_a_hold_between_release_and_destruction_spares_the_roster_its_lines_and_its_file(kept_world: World) -> None:
    run = released(kept_world, RunKind.IMPORTS)
    held = Roster.objects.order_by("pk")[1]
    actions.place_hold(held, reason="诉讼保全", by=kept_world.auditor, at=timezone.now())
    drain()
    run.refresh_from_db()
    assert (run.destroyed, run.spared, run.done_counts) == (1, {"other": 1}, {"rosterrow": 1})
    assert held.files.get().purged_at is None and RosterRow.objects.filter(roster=held).exclude(raw=None).count() == 2
    File.objects.update(purge_on=timezone.localdate())
    purge_files(at=timezone.now())
    left = File.objects.filter(purged_at=None).order_by("pk")
    assert [file.rosters.get() for file in left] == list(Roster.objects.order_by("pk"))
    Person.objects.update(destroyed_at=timezone.now())
    purge_files(at=timezone.now())
    assert list(File.objects.filter(purged_at=None)) == [held.files.get()]


def test_lines_of_every_import_are_destroyed_with_whoever_they_name() -> None:
    staged = {each for each in apps.get_models() if issubclass(each, StagedRow)}
    assert {source.rows for source in SOURCES} | set(WITHOUT_PROGRAM) == staged

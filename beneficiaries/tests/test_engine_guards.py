"""What must not slip between checking a roster and applying it: other chunk sizes, other keys, meddled rows, odd bytes."""

from __future__ import annotations

import io

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from audit import blind_index, resealing
from audit.errors import AuditRefused
from audit.faults import FaultAt, handled_by
from beneficiaries.actions import approve_roster, submit_roster, upload_roster
from beneficiaries.models import Enrollment, Person, Roster, RosterRow
from beneficiaries.models.person import IDENTITY, NAME
from beneficiaries.template import ROSTER
from beneficiaries.testing import World, csv_of, make_world, people, row, uploaded
from beneficiaries.tests.outcomes import broken, recover
from intake import staging
from intake.models import State
from jobs.models import Job
from jobs.testing import drain, drain_through_failures

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def submitted(world: World) -> Roster:
    drain()
    return submit_roster(Roster.objects.latest("pk"), by=world.clerk, at=timezone.now())


def approved(world: World, roster: Roster) -> Roster:
    return approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())


@pytest.mark.parametrize(("before", "after"), [(20, 40), (20, 7)])
def test_a_check_that_goes_on_under_another_chunk_size_stages_each_line_once(
    world: World, monkeypatch: pytest.MonkeyPatch, before: int, after: int
) -> None:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", before)
    uploaded(world, people(65))
    # The first chunk's commit is the last thing that the old release does.
    with handled_by(FaultAt(name="intake.stage_chunk.committed")):
        drain_through_failures()
    assert Roster.objects.get().chunks.count() >= 1
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", after)
    recover()
    roster = Roster.objects.latest("pk")
    assert (roster.state, roster.row_count) == (State.REVIEW, 65)
    assert list(roster.chunks.order_by("number").values_list("rows", flat=True)) == [20, 20, 20, 5]
    assert sorted(RosterRow.objects.filter(roster=roster).values_list("line", flat=True)) == list(range(2, 67))


def test_a_line_with_a_nul_is_refused_alone_and_the_roster_goes_on(world: World) -> None:
    odd = [
        row(name="王\x00小明", document="441602197001010017"), row(bank_name="农业\x00银行", document="44160219700101005X"),
    ]
    lines = [*people(3), *odd]
    utf16 = csv_of(lines).getvalue().decode("utf-8-sig").encode("utf-16")
    upload_roster(
        [("名册.csv", io.BytesIO(utf16))], period=world.period, organization=world.office, by=world.clerk,
        at=timezone.now(),
    )
    drain()
    roster = Roster.objects.latest("pk")
    assert roster.state == State.REVIEW
    assert roster.counts["codes"]["CONTROL_CHAR"] == 2
    assert roster.counts["verdicts"]["1"] == 3


def test_an_index_does_not_switch_while_a_checked_roster_lacks_the_new_slot(world: World) -> None:
    at = timezone.now()
    uploaded(world, people(3))
    roster = submitted(world)
    for purpose in (IDENTITY, NAME):
        blind_index.begin_rebuild(purpose, at=at)
        blind_index.rebuild(purpose)
        with pytest.raises(AuditRefused, match="缺 3 行"):
            blind_index.finish_rebuild(purpose, at=at)
    approved(world, roster)
    drain()
    for purpose in (IDENTITY, NAME):
        blind_index.rebuild(purpose)
        blind_index.finish_rebuild(purpose, at=at)
    assert Person.objects.with_document(people(1)[0][2]).count() == 1
    uploaded(world, people(4))
    drain()
    assert Roster.objects.latest("pk").counts["verdicts"] == {"1": 1, "4": 3}
    assert broken() == []


def test_a_chunk_checked_while_an_index_got_a_second_slot_is_checked_again_with_both(world: World) -> None:
    uploaded(world, people(3))

    begun: list[str] = []
    original = staging._prepared

    def prepared(*given: object) -> object:
        ready = original(*given)  # type: ignore[arg-type]
        if not begun:
            begun.append("begun")
            blind_index.begin_rebuild(IDENTITY, at=timezone.now())
        return ready

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(staging, "_prepared", prepared)
        drain_through_failures()
    recover()
    rows = RosterRow.objects.all()
    assert [(each.identity_index_a is not None, each.identity_index_b is not None) for each in rows] == [(True, True)] * 3


def test_a_submitted_roster_can_be_applied_after_people_were_sealed_anew(world: World) -> None:
    at = timezone.now()
    uploaded(world, people(3))
    roster = submitted(world)
    for purpose in ("person", "beneficiary"):
        resealing.reseal(purpose, at=at)
    approved(world, roster)
    drain()
    assert Roster.objects.get(pk=roster.pk).state == State.APPLIED
    assert Enrollment.objects.count() == 3


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE beneficiaries_rosterrow SET set_aside = 'NO_BUDGET' WHERE line = 3",
        "UPDATE beneficiaries_rosterrow SET premium = premium + 1 WHERE line = 3",
        "UPDATE beneficiaries_rosterrow SET category_ids = category_ids || 1::bigint WHERE line = 3",
    ],
)
def test_rows_meddled_with_after_the_approval_stop_the_roster(world: World, statement: str) -> None:
    uploaded(world, people(3))
    approved(world, submitted(world))
    with connection.cursor() as cursor:
        cursor.execute(statement)
    drain_through_failures()
    job = Job.objects.filter(kind="beneficiaries.apply_roster").get()
    assert (job.state, job.error_code) == ("failed", "DIGEST")
    assert (Enrollment.objects.count(), Person.objects.count()) == (0, 0)


def test_no_row_is_deleted_once_its_roster_has_been_checked(world: World) -> None:
    uploaded(world, people(3))
    drain()
    roster = Roster.objects.get()
    for _step in range(3):
        with pytest.raises(IntegrityError, match="stays after the check"), transaction.atomic():
            RosterRow.objects.filter(roster=roster, line=3).delete()
        if roster.state == State.REVIEW:
            roster = submitted(world)
        elif roster.state == State.SUBMITTED:
            roster = approved(world, roster)
    assert (roster.state, RosterRow.objects.count()) == (State.APPROVED, 3)


def test_rows_and_their_digest_changed_together_while_applying_stop_the_roster(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 2)
    monkeypatch.setattr("intake.applying.ABREAST", 1)
    uploaded(world, people(4))
    roster = approved(world, submitted(world))

    def meddle(name: str) -> None:
        if name == "intake.start_applying.committed":
            RosterRow.objects.filter(roster=roster, line=5).update(premium=1)
            roster.chunks.filter(number=1).update(digest=staging.chunk_digest(ROSTER, roster.pk, 1))

    with handled_by(meddle):
        drain_through_failures()
    assert Job.objects.get(kind="beneficiaries.apply_roster").error_code == "DIGEST"
    assert Enrollment.objects.count() == 2

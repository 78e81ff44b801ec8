"""Two at once: a merge or a correction beside a chunk that enrolls, and one change approved twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from audit.testing import Stepper
from beneficiaries.actions import (
    Gate,
    approve_change,
    pass_gate,
    propose_correction,
    propose_document,
    propose_ending,
    propose_merge,
)
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.identity import Identity
from beneficiaries.models import Enrollment, Person, PersonChange, Roster, RosterRow
from beneficiaries.models.roster import EndReason
from beneficiaries.shown_change import digest_of
from beneficiaries.testing import World, csv_of, make_world, people
from beneficiaries.tests.changing import REASON, known_of, person_of
from beneficiaries.tests.outcomes import approved, broken, through
from beneficiaries.tests.test_additions import next_period
from beneficiaries.tests.test_purpose_races import brought, work
from jobs.actions.execute import Ending as Ran

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    found = make_world()
    through(found, brought(found, csv_of(people(3))))
    return found


def approval(world: World, change: PersonChange) -> Callable[[], Any]:
    shown = digest_of(change)
    return lambda: approve_change(
        PersonChange.objects.get(pk=change.pk), shown=shown, by=world.reviewer, at=timezone.now()
    )


def test_a_merge_waits_for_a_chunk_that_enrolls_its_person_and_is_then_refused_as_moved(world: World) -> None:
    """Both would be covered in the next period, the other by the roster that is just being applied."""
    roster = brought(world, csv_of(people(2)), period=next_period(world))
    approved(world, roster)
    cover = Enrollment.objects.get(person=person_of(1))
    change = propose_merge(
        known_of(world), other=person_of(1), given_up=[cover.pk], reason=REASON, by=world.clerk, at=timezone.now()
    )
    with Stepper() as stepper:
        chunk = stepper.start(work(roster), stop_at="beneficiaries.apply.enrollments.before")
        merge = stepper.start(approval(world, change))
        assert merge.waits()
        chunk.go_on()
        assert chunk.result().ending == Ran.DONE
        refused = merge.error()
    assert isinstance(refused, BeneficiariesRefused) and refused.code == "CHANGE_STALE"
    assert Person.objects.filter(merged_into__isnull=False).count() == 0
    assert Enrollment.objects.live().count() == 5
    assert broken() == []


def test_a_chunk_waits_for_a_merge_and_then_enrolls_the_one_who_stays(world: World) -> None:
    roster = brought(world, csv_of(people(2)), period=next_period(world))
    approved(world, roster)
    cover = Enrollment.objects.get(person=person_of(1))
    change = propose_merge(
        known_of(world), other=person_of(1), given_up=[cover.pk], reason=REASON, by=world.clerk, at=timezone.now()
    )
    with Stepper() as stepper:
        merge = stepper.start(approval(world, change), stop_at="beneficiaries.merge.offices.before")
        chunk = stepper.start(work(roster))
        assert chunk.waits()
        merge.go_on()
        merge.result()
        assert chunk.result().ending == Ran.DONE
    rows = RosterRow.objects.filter(roster=roster).order_by("line").values_list("set_aside", flat=True)
    assert list(rows) == ["", "CHANGED_SINCE_REVIEW"]
    assert Enrollment.objects.live().filter(person=person_of()).count() == 2
    assert broken() == []


def test_a_new_person_and_a_document_of_the_same_number_never_stand_beside_each_other(world: World) -> None:
    line = people(1, first=5)[0]
    line[1], line[2], line[4] = "护照", "E12345678", "1977-07-07"
    roster = brought(world, csv_of([line]))
    approved(world, roster)
    change = propose_document(
        known_of(world), document_type="passport", document="E12345678", reason=REASON, by=world.clerk, at=timezone.now()
    )
    with Stepper() as stepper:
        chunk = stepper.start(work(roster), stop_at="beneficiaries.apply.people.before")
        document = stepper.start(approval(world, change))
        assert document.waits()
        chunk.go_on()
        assert chunk.result().ending == Ran.DONE
        refused = document.error()
    assert isinstance(refused, BeneficiariesRefused) and refused.code == "HELD_BY"
    assert (Person.objects.count(), person_of().documents.count()) == (4, 0)
    assert broken() == []


@pytest.mark.parametrize("accepted_first", [True, False])
def test_a_death_and_an_acceptance_at_once_end_in_a_cover_that_stands_no_more(accepted_first: bool) -> None:
    waiting = make_world(code="AW", requires_insurer_acceptance=True)
    through(waiting, brought(waiting, csv_of(people(2, first=30))))
    change = propose_ending(
        known_of(waiting, 30), end_reason=EndReason.DECEASED, ended_on=timezone.localdate(), reason=REASON, by=waiting.clerk,
        at=timezone.now(),
    )
    roster = Roster.objects.latest("pk")

    def accept() -> int:
        return pass_gate(roster, gate=Gate.ACCEPTANCE, policy_number="P1", by=waiting.clerk, at=timezone.now())

    die = approval(waiting, change)
    first, second = (accept, die) if accepted_first else (die, accept)
    stop_at = "beneficiaries.stamp_gate.after" if accepted_first else "beneficiaries.end_cover.covers.before"
    with Stepper() as stepper:
        leader = stepper.start(first, stop_at=stop_at)
        follower = stepper.start(second)
        assert follower.waits()
        leader.go_on()
        leader.result()
        follower.result()
    cover = Enrollment.objects.get(person=person_of(30))
    assert (cover.state, cover.accepted_at is None) == ("ended" if accepted_first else "voided", not accepted_first)
    assert Enrollment.objects.get(person=person_of(31)).state == "in_force"
    assert broken() == []


def test_a_double_click_approves_once(world: World) -> None:
    change = propose_correction(
        known_of(world), right=Identity("李韦", "", "", None, ""), reason=REASON, by=world.clerk, at=timezone.now()
    )
    with Stepper() as stepper:
        first = stepper.start(approval(world, change), stop_at="beneficiaries.correct_identity.person.before")
        second = stepper.start(approval(world, change))
        assert second.waits()
        first.go_on()
        first.result()
        refused = second.error()
    assert isinstance(refused, BeneficiariesRefused) and refused.code == "CHANGE_DECIDED"
    assert broken() == []

"""Destruction at the same instant as a new cover, a request, a change and a hold: whoever is first is seen by the other."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from audit.testing import Stepper
from beneficiaries.actions import approve_roster, submit_roster
from beneficiaries.actions.changes import propose_correction
from beneficiaries.errors import BeneficiariesRefused
from beneficiaries.identity import Identity
from beneficiaries.models import Beneficiary, Enrollment, Person, PersonChange, Roster
from beneficiaries.testing import World, people, uploaded
from jobs.actions import run_pending
from jobs.testing import drain
from papers.actions import record_request
from papers.errors import PapersRefused
from papers.models import Asker, IdentityCheck, RequestKind
from portal.verify import check_all
from retention import actions
from retention.testing import drawn, make_old, released

pytestmark = pytest.mark.django_db(transaction=True)


def broken() -> list[str]:
    return [result.name for result in check_all() if result.rows]


def request_of(world: World, known: Beneficiary) -> Any:
    at = timezone.now()
    return record_request(
        known, kind=RequestKind.ACCESS, asker=Asker.SELF, identity_check=IdentityCheck.DOCUMENT, text="请给我一份",
        received_on=timezone.localdate(at), by=world.clerk, at=at,
    )


def test_a_request_a_change_and_a_hold_that_come_while_somebody_is_destroyed_wait_and_are_refused_or_come_too_late() -> None:
    world = make_old(1)
    run = released(world)
    known = Beneficiary.objects.select_related("organization").get(person=Enrollment.objects.order_by("pk")[0].person_id)
    with Stepper() as stepper:
        destroying = stepper.start(drain, stop_at="retention.overwrite.people")
        asking = stepper.start(lambda: request_of(world, known))
        changing = stepper.start(lambda: propose_correction(
            known, right=Identity("王小明", "", "", None, ""), reason="户口本上更名", by=world.clerk, at=timezone.now()
        ))
        holding = stepper.start(lambda: actions.place_hold(known, reason="保全", by=world.auditor, at=timezone.now()))
        assert asking.waits() and changing.waits() and holding.waits()
        destroying.go_on()
        destroying.result()
        with pytest.raises(PapersRefused) as asked:
            asking.result()
        with pytest.raises(BeneficiariesRefused) as changed:
            changing.result()
        holding.result()
    assert (asked.value.code, changed.value.code) == ("DESTROYED", "DESTROYED")
    run.refresh_from_db()
    assert (run.destroyed, PersonChange.objects.count()) == (1, 0)
    assert broken() == []


def test_a_hold_that_comes_first_is_waited_for_and_spares_its_person() -> None:
    world = make_old(1)
    run = released(world)
    known = Beneficiary.objects.get(person=Enrollment.objects.order_by("pk")[0].person_id)
    with Stepper() as stepper:
        holding = stepper.start(
            lambda: actions.place_hold(known, reason="保全", by=world.auditor, at=timezone.now()),
            stop_at="retention.place_hold.after",
        )
        destroying = stepper.start(drain)
        assert destroying.waits()
        holding.go_on()
        holding.result(), destroying.result()
    run.refresh_from_db()
    assert (run.state, run.destroyed, run.spared) == ("done", 0, {"other": 1})
    assert Person.objects.exclude(destroyed_at=None).count() == 0 and broken() == []


@pytest.mark.parametrize("first", ["cover", "destruction"])
def test_a_new_cover_of_the_same_person_at_the_same_instant_spares_them_or_is_somebody_new(first: str) -> None:
    world = make_old(1)
    old = Enrollment.objects.order_by("pk")[0]
    Enrollment.objects.filter(pk=old.pk).update(state="ended")
    roster = uploaded(world, people(2, address="城南街道9号"))
    drain()
    roster = submit_roster(Roster.objects.get(pk=roster.pk), by=world.clerk, at=timezone.now())
    run = drawn(world)
    if first == "cover":
        approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    actions.release_run(run, digest=run.digest, by=world.reviewer, at=timezone.now())
    if first == "destruction":
        approve_roster(roster, digest=roster.digest, by=world.reviewer, at=timezone.now())
    with Stepper() as stepper:
        # The older job is taken first.
        stop = "beneficiaries.apply.people.before" if first == "cover" else "retention.overwrite.people"
        one = stepper.start(lambda: run_pending(limit=1), stop_at=stop)
        other = stepper.start(lambda: run_pending(limit=1))
        assert other.waits()
        one.go_on()
        one.result(), other.result()
    drain()
    run.refresh_from_db()
    person = Person.objects.get(pk=old.person_id)
    if first == "cover":
        assert (run.destroyed, run.spared, person.destroyed_at) == (0, {"cover": 1}, None)
    else:
        assert (run.destroyed, person.destroyed_at is not None) == (1, True)
        assert Enrollment.objects.filter(person=person).count() == 1
    assert broken() == []

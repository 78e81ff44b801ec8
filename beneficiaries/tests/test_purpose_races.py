"""Two at once: two lists that add one category, two that end one cover, a death beside a chunk that enrolls."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from audit.testing import Stepper
from beneficiaries.actions import upload_roster
from beneficiaries.models import BeneficiaryCategory, Ending, Enrollment, Roster, RosterRow
from beneficiaries.models.roster import Purpose
from beneficiaries.testing import World, csv_of, make_world, people
from beneficiaries.tests.outcomes import approved, broken, recover, through
from beneficiaries.tests.test_additions import next_period
from beneficiaries.tests.test_purposes import file_of, who
from jobs.actions import execute
from jobs.actions.execute import Ending as Ran
from jobs.actions.execute import Outcome
from jobs.actions.run import claim
from jobs.models import Job
from jobs.testing import drain
from programs.models import Period

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    found = make_world()
    through(found, brought(found, csv_of(people(3))))
    return found


def brought(world: World, file: object, purpose: Purpose = Purpose.ENROLL, period: Period | None = None) -> Roster:
    roster = upload_roster(
        [("名册.csv", file)], period=period or world.period, organization=world.office, by=world.clerk,  # type: ignore[list-item]
        at=timezone.now(), purpose=purpose,
    )
    drain()
    return Roster.objects.get(pk=roster.pk)


def work(roster: Roster) -> Callable[[], Outcome]:
    def run() -> Outcome:
        claimed = claim(job_id=Job.objects.about(roster).live().get().pk)
        assert claimed is not None
        return execute(claimed)

    return run


def set_aside(*rosters: Roster) -> list[str]:
    return list(RosterRow.objects.filter(roster__in=rosters).order_by("roster_id", "line").values_list("set_aside", flat=True))


def test_two_lists_that_add_one_category_at_once_add_it_once(world: World) -> None:
    rosters = [
        brought(world, csv_of(people(2, categories="特困人员", address=address))) for address in ("东埔街道1号", "东埔街道2号")
    ]
    for roster in rosters:
        approved(world, roster)
    with Stepper() as stepper:
        first = stepper.start(work(rosters[0]), stop_at="beneficiaries.apply.categories.before")
        second = stepper.start(work(rosters[1]), stop_at="")
        assert second.waits()
        first.go_on()
        assert (first.result().ending, second.result().ending) == (Ran.DONE, Ran.DONE)
    assert set_aside(*rosters) == ["", "", "CHANGED_SINCE_REVIEW", "CHANGED_SINCE_REVIEW"]
    assert BeneficiaryCategory.objects.filter(category__name="特困人员").count() == 2
    assert broken() == []


def test_two_rosters_that_end_one_cover_at_once_end_it_once(world: World) -> None:
    day = str(timezone.localdate())
    rosters = [
        brought(world, file_of(Purpose.END, [{**who(), "end_reason": reason, "ended_on": day}]), Purpose.END)
        for reason in ("退出", "迁出")
    ]
    for roster in rosters:
        approved(world, roster)
    with Stepper() as stepper:
        first = stepper.start(work(rosters[0]), stop_at="beneficiaries.end.covers.before")
        second = stepper.start(work(rosters[1]), stop_at="")
        assert second.waits()
        first.go_on()
        assert (first.result().ending, second.result().ending) == (Ran.DONE, Ran.DONE)
    assert set_aside(*rosters) == ["", "CHANGED_SINCE_REVIEW"]
    assert list(Ending.objects.values_list("reason", flat=True)) == ["left"]
    assert broken() == []


def test_nobody_is_enrolled_beside_the_record_of_their_death(world: World) -> None:
    following = next_period(world)
    death = file_of(Purpose.END, [{**who(), "end_reason": "身故", "ended_on": str(timezone.localdate())}])
    rosters = [brought(world, death, Purpose.END), brought(world, csv_of(people(3)), period=following)]
    for roster in rosters:
        approved(world, roster)
    with Stepper() as stepper:
        dying = stepper.start(work(rosters[0]), stop_at="beneficiaries.end.deceased.before")
        enrolling = stepper.start(work(rosters[1]), stop_at="")
        assert enrolling.waits()
        dying.go_on()
        assert (dying.result().ending, enrolling.result().ending) == (Ran.DONE, Ran.DONE)
    assert sorted(set_aside(rosters[1])) == ["", "", "STATUS_DECEASED"]
    assert Enrollment.objects.filter(period=following).count() == 2
    recover()
    assert broken() == []

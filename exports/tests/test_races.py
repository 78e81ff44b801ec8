"""Two at once on real connections: cancelling against writing and finishing, two askings at the day's cap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from audit.testing import Stepper
from beneficiaries.testing import World, make_world
from exports import writing
from exports.actions import cancel_export, open_export
from exports.errors import ExportsRefused
from exports.models import Export
from exports.tests.conftest import enrolled
from exports.tests.test_writing import asked, user_of
from jobs import stopping
from jobs.actions import run_pending
from jobs.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lasting(transactional_db: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    settings.SECOND_FACTOR_REQUIRED = False
    monkeypatch.setattr(writing, "STEP_ROWS", 4)
    world = make_world()
    enrolled(world, 6)
    yield world
    stopping.forget()


def cancel(made: Export) -> Export:
    return cancel_export(made, by="system:test", at=timezone.now())


def test_cancelling_waits_for_a_finish_and_comes_too_late(lasting: World) -> None:
    made = asked(lasting.clerk)
    with Stepper() as stepper:
        worker = stepper.start(run_pending, stop_at="exports.finish.before")
        late = stepper.start(lambda: cancel(made))
        assert late.waits()
        worker.go_on()
        assert [str(outcome.ending) for outcome in worker.result()] == ["done"]
        refused = late.error()
    assert isinstance(refused, ExportsRefused) and refused.code == "NOT_WAITING"
    made.refresh_from_db()
    assert (made.state, made.rows) == ("ready", 6)
    assert b"".join(open_export(made, by=user_of(lasting.clerk), at=timezone.now()))


@pytest.mark.parametrize("point", ["intake.store.saved", "exports.step.before"])
def test_a_step_under_way_when_it_is_cancelled_hands_nothing_out(lasting: World, point: str) -> None:
    made = asked(lasting.clerk)
    with Stepper() as stepper:
        worker = stepper.start(run_pending, stop_at=point)
        canceller = stepper.start(lambda: cancel(made))
        # A step that is being written down is waited for; one that still reads or seals is not.
        assert canceller.waits() == (point == "exports.step.before")
        worker.go_on()
        assert canceller.result().state == "cancelled"
        assert [str(outcome.ending) for outcome in worker.result()] == ["cancelled"]
    made.refresh_from_db()
    assert (made.state, made.rows, Job.objects.get(kind="exports.write").state) == ("cancelled", None, "cancelled")


def test_two_askings_do_not_pass_the_days_cap_together(lasting: World, settings: Any) -> None:
    settings.EXPORTS_PER_DAY = 1
    with Stepper() as stepper:
        first = stepper.start(lambda: asked(lasting.clerk), stop_at="exports.ask.before")
        second = stepper.start(lambda: asked(lasting.clerk))
        assert second.waits()
        first.go_on()
        assert first.result().state == "asked"
        refused = second.error()
    assert isinstance(refused, ExportsRefused) and refused.code == "DAY_CAP"
    assert Export.objects.count() == 1

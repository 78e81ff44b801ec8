"""Two receipts of the same people at once, an undo beside an answer, two releases at once: one effect, and the books add up."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.utils import timezone

from audit.faults import handled_by
from audit.testing import STEP_SECONDS, Stepper
from beneficiaries.actions import approve_undo, request_undo
from beneficiaries.models import Enrollment
from beneficiaries.testing import World, applied, make_world, people
from beneficiaries.tests.test_lapses import money_of
from handover import actions
from handover.errors import HandOverRefused
from handover.models import HandOver, HandOverLine, Receipt, ReceiptRow
from handover.testing import TERMS, approved, numbers_of, proposed, received, released
from intake import staging
from jobs.actions import claim, execute
from jobs.models import Job
from jobs.testing import drain
from portal.verify import check_all

pytestmark = pytest.mark.django_db(transaction=True)


def applying(receipt: Receipt) -> Callable[[], None]:
    """Its job, run by one worker."""
    number = Job.objects.get(kind="handover.apply_receipt", subject_id=str(receipt.pk)).pk

    def work() -> None:
        run = claim(job_id=number)
        assert run is not None
        execute(run)

    return work


def one_policy_for_two_people_by_two_receipts(world: World) -> None:
    """The second receipt waits for the first, though it answers other lines, and its line is set aside."""
    applied(world, people(2, first=30))
    told = released(world, kind="additions")
    one, two = numbers_of(told)
    first = received(world, told, [(one, "Y", "PX1", "")], name="四.csv")
    second = received(world, told, [(two, "Y", "PX1", "")], name="五.csv")
    approved(world, first), approved(world, second)
    with Stepper() as stepper:
        ahead = stepper.start(applying(first), stop_at="handover.answer.counted")
        behind = stepper.start(applying(second))
        assert behind.waits()
        ahead.go_on()
        ahead.result(), behind.result()
    drain()
    rows = ReceiptRow.objects.filter(receipt__in=[first, second]).order_by("pk")
    assert list(rows.values_list("set_aside", flat=True)) == ["", "CHANGED_SINCE_REVIEW"]
    assert list(told.lines.order_by("number").values_list("answer", flat=True)) == ["accepted", ""]


def chunks_go_side_by_side(world: World, monkeypatch: Any) -> None:
    """Two chunks of one receipt, of one roster, each with somebody accepted, stand in their answers at once."""
    monkeypatch.setattr(staging, "ROWS_PER_CHUNK", 2)
    applied(world, people(4, first=40))
    told = released(world, kind="additions")
    said = [
        (number, "N", "", "年龄超限") if place == 1 else (number, "Y", f"PS{place}", "")
        for place, number in enumerate(numbers_of(told))
    ]
    receipt = approved(world, received(world, told, said, name="六.csv"))
    meeting = Barrier(2, timeout=STEP_SECONDS)

    def both_there(name: str) -> None:
        if name == "beneficiaries.pass_gate_of.after":
            meeting.wait()

    with handled_by(both_there):
        drain()
    assert Receipt.objects.get(pk=receipt.pk).state == "applied"
    assert list(receipt.chunks.order_by("number").values_list("applied_rows", flat=True)) == [2, 2]
    answers = list(told.lines.order_by("number").values_list("answer", flat=True))
    assert answers == ["accepted", "refused", "accepted", "accepted"]


def test_answers_of_two_receipts_an_undo_and_two_releases_meet_and_each_person_ends_once(monkeypatch: Any) -> None:
    world = make_world(**TERMS)
    roster, other = applied(world, people(3)), applied(world, people(2, first=10))
    first = released(world)
    one, two, three, four, five = numbers_of(first)
    # Two receipts that contradict each other, applied at once: whoever comes second finds the lines answered.
    yes = received(world, first, [(number, "Y", f"PA{number[-3:]}", "") for number in (one, two, four)])
    no = received(world, first, [(number, "N", "", "年龄超限") for number in (one, two, three)], name="二.csv")
    approved(world, yes), approved(world, no)
    with Stepper() as stepper:
        ahead = stepper.start(applying(yes), stop_at="handover.answer.counted")
        behind = stepper.start(applying(no))
        assert behind.waits()
        ahead.go_on()
        ahead.result(), behind.result()
    drain()
    first.refresh_from_db()
    assert (first.accepted, first.refused, Receipt.objects.filter(state="applied").count()) == (3, 1, 2)
    answers = dict(zip(numbers_of(first), first.lines.order_by("number").values_list("answer", flat=True), strict=True))
    assert answers == {one: "accepted", two: "accepted", three: "refused", four: "accepted", five: ""}
    assert money_of(world.foundation)[2] == Decimal("68.99")
    # An undo that is approved while an answer is being applied waits for it, and then finds cover in force.
    last = approved(world, received(world, first, [(five, "Y", "PA5", "")], name="三.csv"))
    asked = request_undo(other, reason="名单发错了镇街", by=world.clerk, at=timezone.now())
    with Stepper() as stepper:
        ahead = stepper.start(applying(last), stop_at="handover.answer.counted")
        behind = stepper.start(lambda: approve_undo(asked, by=world.reviewer, at=timezone.now()))
        assert behind.waits()
        ahead.go_on()
        ahead.result(), behind.result()
    drain()
    assert set(other.enrollments.values_list("state", flat=True)) == {"voided"}
    assert set(roster.enrollments.values_list("state", flat=True)) == {"in_force", "voided"}
    # Two releases at once of the same people who go: the second finds nobody left.
    drafts = [proposed(world, kind="removals") for _turn in range(2)]
    with Stepper() as stepper:
        walkers = [
            stepper.start(
                lambda draft=draft: actions.release_handover(draft, shown=2, by=world.reviewer, at=timezone.now()),  # type: ignore[misc]
                stop_at="handover.release.fixed" if not place else "",
            )
            for place, draft in enumerate(drafts)
        ]
        assert walkers[1].waits()
        walkers[0].go_on()
        walkers[0].result()
        refused: Any = walkers[1].error()
    assert isinstance(refused, HandOverRefused) and refused.code == "NOBODY"
    drain()
    gone = HandOverLine.objects.filter(direction="leave")
    assert {line.enrollment_id for line in gone} == set(other.enrollments.values_list("pk", flat=True))
    assert (HandOver.objects.get(pk=drafts[1].pk).state, Enrollment.objects.filter(state="in_force").count()) == ("proposed", 2)
    one_policy_for_two_people_by_two_receipts(world)
    chunks_go_side_by_side(world, monkeypatch)
    assert [result.name for result in check_all() if result.rows] == []

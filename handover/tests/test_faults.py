"""A file being written and a receipt being applied, killed at every point of their way: everybody once, the books add up."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.faults import FaultAt, handled_by
from audit.models import Event
from audit.testing import FULL_SWEEP
from beneficiaries.testing import applied, make_world, people
from beneficiaries.tests.outcomes import LOST, recover
from beneficiaries.tests.test_lapses import money_of
from handover import actions, writing
from handover.models import HandOver, Kind, Receipt
from handover.testing import TERMS, approved, numbers_of, proposed, received
from jobs.testing import drain_through_failures
from portal.verify import check_all

#: Points between two strikes of the short form.
STEP = 1 if FULL_SWEEP else 23


@pytest.mark.django_db(transaction=True)
def test_a_fault_at_any_point_of_a_file_and_of_its_answers_loses_and_doubles_nothing(monkeypatch: Any) -> None:
    monkeypatch.setattr(writing, "STEP_LINES", 2)
    world = make_world(**TERMS)
    struck, k, turns = 0, 1, 0
    while True:
        turns += 1
        applied(world, people(3, first=10 * k))
        kind = Kind.INITIAL if turns == 1 else Kind.ADDITIONS
        hand_over = actions.release_handover(proposed(world, kind=kind), shown=3, by=world.reviewer, at=timezone.now())
        written = _through(FaultAt(k=k))
        hand_over = HandOver.objects.get(pk=hand_over.pk)
        assert hashlib.sha256(b"".join(writing.content_of(hand_over))).hexdigest() == hand_over.sha256, written.seen[-1:]
        assert list(hand_over.parts.order_by("number").values_list("number", "rows", "last_line")) == [(1, 2, 2), (2, 1, 3)]
        assert Event.objects.filter(verb="hand_over.written", subject_id=str(hand_over.pk)).count() == 1
        one, two, three = numbers_of(hand_over)
        before = money_of(world.foundation)[2]
        rows = [(one, "Y", f"PA{k}", ""), (two, "N", "", "年龄超限"), (three, "Y", f"PB{k}", "")]
        uploading = FaultAt(k=k)
        try:
            with handled_by(uploading):
                received(world, hand_over, rows)
        except LOST:
            pass
        connection.close()
        recover()
        # A struck upload has left its receipt whole, or nothing that stands in the way of the next.
        receipt = Receipt.objects.filter(hand_over=hand_over).first() or received(world, hand_over, rows)
        assert (receipt.state, receipt.row_count) == ("review", 3), uploading.seen[-1:]
        receipt = approved(world, receipt)
        answering = _through(FaultAt(k=k))
        hand_over.refresh_from_db()
        assert Receipt.objects.get(pk=receipt.pk).state == "applied", answering.seen[-1:]
        assert (hand_over.state, hand_over.accepted, hand_over.refused) == ("answered", 2, 1), answering.seen[-1:]
        states = {line.enrollment.state for line in hand_over.lines.filter(answer="accepted")}
        assert (states, hand_over.lines.get(answer="refused").enrollment.state) == ({"in_force"}, "voided")
        # The refused person's part went back once.
        assert money_of(world.foundation)[2] - before == Decimal("68.99"), answering.seen[-1:]
        if not (written.struck or answering.struck or uploading.struck):
            break
        struck += written.struck + answering.struck + uploading.struck
        k += STEP
    assert struck > 2
    assert [result.name for result in check_all() if result.rows] == []


def _through(fault: FaultAt) -> FaultAt:
    """Everything that waits, struck once and gone on from."""
    try:
        with handled_by(fault):
            drain_through_failures()
    except LOST:
        pass
    connection.close()
    recover()
    return fault
